/*
 * The model and the detectors under facts that make no sense: few pids, sessions and inodes, in any
 * order, with answers that come at any time.  Seeded; what it shows is memory that stays whole (run
 * it with -fsanitize=address,undefined) and findings that hold together.
 */
#include "tests/unit/detect_kit.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 60000

static uint64_t seed;

static uint32_t
any(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static struct kit k;
static uint64_t told;

static bool
whole_process(struct process *p, void *arg)
{
	assert_int_equal(p->ses, *(uint32_t *)arg);
	assert_ptr_equal(host_process(k.host, p->pid), p);
	return true;
}

static bool
whole_socket(struct usock *u, void *arg)
{
	assert_int_equal(u->owner_ses, *(uint32_t *)arg);
	return true;
}

static bool
whole_session(struct session *s, void *arg)
{
	uint32_t ses = s->ses;

	(void)arg;
	assert_ptr_equal(host_session(k.host, ses), s);
	host_each_process(k.host, ses, whole_process, &ses);
	host_each_socket(k.host, ses, whole_socket, &ses);
	return true;
}

static bool
ssh_port(uint16_t port, void *arg)
{
	(void)arg;
	return port == 22;
}

static void
whole_finding(const struct finding *f, void *arg)
{
	(void)arg;
	told++;
	assert_non_null(f->session);
	assert_true(f->count > 0);
	assert_true(f->reason[0] != '\0');
	assert_true(f->nancestry <= ST_ANCESTRY);
	for (size_t i = 0; i < f->nancestry; i++)
		assert_ptr_equal(host_process(k.host, f->ancestry[i]->pid), f->ancestry[i]);
	if (f->owner_session != NULL)
		assert_ptr_equal(host_session(k.host, f->owner_session->ses), f->owner_session);
}

static uint32_t
any_ses(void)
{
	uint32_t n = any(9);

	return n == 8 ? SES_UNSET : n;
}

static void
any_fact(void)
{
	static const char *const exes[] = {"/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/bash", "/usr/bin/tmux",
	    "/usr/bin/ssh-agent", "/usr/bin/nc", "/usr/sbin/cron", "/home/a/x", ""};
	static const char *const paths[] = {"/tmp/ssh-Xabcdefghi/agent.5", "/tmp/ssh-Xabcdefghi/agent.9",
	    "/home/a/.ssh/agent/s.1.sshd.2", "/home/a/.ssh/cm-x.AbCdEfGh01234567", "/home/a/.ssh/cm-x",
	    "/tmp/tmux-1000/default", "/dev/log", "./x", ""};
	static const char *const addrs[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1"};
	static const uint16_t ports[] = {22, 53, 0, 443, 88};
	static const int64_t exits[] = {0, 0, 0, -EINPROGRESS, -ECONNREFUSED, -ENOENT, -EACCES, -EISCONN, 7};
	static const uint16_t families[] = {AF_INET, AF_INET6, AF_UNIX, AF_UNIX, AF_UNSPEC};
	struct who w = {1 + any(24), any(24), any_ses(), 1000 + any(3), 1000 + any(3), exes[any(9)]};
	struct fact f = kit_task((enum fact_kind)any(FACT_CONFIG + 1), w);

	if (any(3) == 0)
		f.uid = f.euid = 0;
	f.family = families[any(5)];
	if (f.family == AF_INET || f.family == AF_INET6)
		f.peer = kit_endpoint(addrs[any(4)], ports[any(5)]);
	f.exit = exits[any(9)];
	f.un.path = bytes_of(paths[any(9)]);
	f.un.has_inode = any(2) == 0;
	f.un.inode = 1 + any(6);
	f.un.ouid = 1000 + any(3);
	f.exe_inode = any(5);
	f.argv = BYTES_LIT("ssh\0-p\0" "22\0db");
	f.way = (enum fact_way)any(4);
	f.a[0] = any(3);
	f.old_ses = any_ses();
	f.new_ses = f.ses;
	f.result = any(4) != 0;
	f.user_exe = bytes_of(exes[any(9)]);
	f.op = BYTES_LIT("PAM:setcred");
	f.acct = BYTES_LIT("alice");
	f.addr = BYTES_LIT("192.0.2.9");
	f.terminal = any(2) == 0 ? BYTES_LIT("ssh") : BYTES_NONE;
	kit_fact(&k, &f);
}

static void
any_word(void)
{
	struct report r = {.pid = 1 + any(24), .uid = 1000 + any(3), .auid = 1000 + any(3), .ses = any(8)};
	struct usock u = {.inode = any(7), .kind = (enum usock_kind)any(5), .owner_pid = 1 + any(24),
	    .owner_ses = any_ses(), .owner_uid = 1000, .owner_auid = 1000 + any(3), .forwarded = any(2) == 0};
	struct rtime now = {.ms = k.ms};

	switch (any(7)) {
	case 0:
		(void)host_open(k.host, &r, now);
		break;
	case 1:
		(void)host_found(k.host, r.ses, r.auid, r.pid, 1, kit_endpoint("192.0.2.9", 1),
		    kit_endpoint("192.0.2.1", 22), now);
		break;
	case 2:
		host_closed(k.host, r.ses, now);
		break;
	case 3:
		host_over(k.host, r.ses, now);
		break;
	case 4:
		host_program_set(k.host, any(5), 0, 0, any(2) == 0);
		break;
	case 5:
		host_owner_set(k.host, &u);
		break;
	default:
		kit_wait(&k, any(70000));
	}
}

static void
chaos(bool live)
{
	kit_open(&k, live);
	detect_free(&k.detect);
	k.detect = detect_new(&(struct detect_parts){.host = k.host, .is_ssh_port = ssh_port, .finding = whole_finding});
	assert_non_null(k.detect);
	told = 0;
	for (int i = 0; i < STEPS; i++) {
		if (any(12) == 0)
			any_word();
		else
			any_fact();
		k.ntasks = any(40);
		for (size_t t = 0; t < k.ntasks; t++) {
			k.tasks[t].pid = 1 + any(24);
			k.tasks[t].ppid = any(24);
			k.tasks[t].ses = any_ses();
		}
		if (i % 64 == 0)
			host_each_session(k.host, whole_session, NULL);
	}
	kit_flush(&k);
	assert_true(told > 100);
	kit_close(&k);
}

static void
without_a_probe(void **state)
{
	(void)state;
	seed = 1;
	chaos(false);
}

static void
with_a_probe_that_lies(void **state)
{
	(void)state;
	seed = 2;
	chaos(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_probe),
		cmocka_unit_test(with_a_probe_that_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which sockets the gates watch, and whose they are, on the kernel's word. */
#include "tests/monitor/kit.h"

#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agentd/monitor/gate_abi.h"
#include "base/proc.h"
#include "tests/unit/unit.h"

static struct request
socket_request(const char *name, uint32_t ses)
{
	struct request rq = {.kind = REQ_SOCKET, .ses = ses};
	struct stat st;

	assert_int_equal(stat(stage_path(name), &st), 0);
	rq.inode = st.st_ino;
	rq.dev_major = major(st.st_dev);
	rq.dev_minor = minor(st.st_dev);
	return rq;
}

static void
a_socket_is_of_the_session_that_listens(void **state)
{
	struct stage_session owner, other, unknown;
	struct request rq;
	int ours;

	(void)state;
	stage_session(&owner, KIT_AUID, true);
	stage_session(&other, KIT_AUID + 1, true);
	stage_session(&unknown, KIT_AUID, false);
	rq = socket_request(stage_agent(&owner), owner.ses);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	rq.ses = other.ses;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OTHER_SESSION);
	rq.ses = unknown.ses;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_NO_SESSION);
	rq = socket_request(stage_agent(&unknown), owner.ses);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OTHER_SESSION);
	/* What is in no session is an agent's, or nobody may be kept from it. */
	rq.ses = SES_UNSET;
	ours = kit_unix_listener(&rq);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_PROTECTED);
	rq.ses = owner.ses;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OTHER_SESSION);
	close(ours);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_NOT_FOUND);
	rq.flags = REQF_ALL;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	rq = (struct request){.kind = REQ_SOCKET, .ses = owner.ses};
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	stage_session_end(&owner);
	stage_session_end(&other);
	stage_session_end(&unknown);
}

static void
no_session_fills_the_table(void **state)
{
	struct stage_session s;
	enum result result = RES_OK;
	char name[32];
	unsigned n = 0;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	while (result == RES_OK && n < 64) {
		struct request rq;

		snprintf(name, sizeof(name), "agents/%u", n);
		assert_true(stage_order(&s, ORDER_LISTEN, name) >= 0);
		rq = socket_request(name, s.ses);
		result = stage_ask(&rq, NULL, NULL);
		n += result == RES_OK;
	}
	assert_int_equal(result, RES_RATE);
	assert_int_equal(n, 32);
	stage_session_end(&s);
}

/* By its path it is refused, by itself its client ends in connect(2): whichever this kernel can. */
static void
use(const struct stage_session *thief, const char *name, unsigned how)
{
	struct notice n;
	pid_t client = stage_order(thief, ORDER_CLIENT, name);

	assert_true(client > 0);
	assert_true(stage_gone_soon(client));
	assert_true(kit_saw(thief->ses, GATE_UNIX, &n));
	assert_int_equal(n.flags & (GATEN_REFUSED | GATEN_KILLED), how);
}

static void
anothers_agent_is_out_of_reach(void **state)
{
	struct stage_session owner, thief;
	struct request rq;
	struct notice n;
	char link_name[32] = "agents/link", name[64], target[64];
	unsigned gates = kit_gates();
	uint32_t generation = kit_classes("2222");
	struct grant g = kit_grant(generation);

	(void)state;
	if ((gates & GATEF_LISTENER) == 0)
		skip();
	stage_session(&owner, KIT_AUID, true);
	stage_session(&thief, KIT_AUID + 1, true);
	assert_int_equal(kit_give(&owner, &g), RES_OK);
	g.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
	assert_int_equal(kit_give(&thief, &g), RES_OK);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	snprintf(name, sizeof(name), "%s", stage_agent(&owner));
	rq = socket_request(name, owner.ses);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, name) >= 0);
	assert_true(kit_saw(thief.ses, GATE_UNIX, &n));
	assert_int_equal(n.flags & (GATEN_REFUSED | GATEN_KILLED), 0); /* audit mode */
	stage_mode("enforce");
	use(&thief, name, (gates & GATEF_PATH) != 0 ? GATEN_REFUSED : GATEN_KILLED);
	/* Under another name it is the same socket. */
	snprintf(target, sizeof(target), "agent.%d", (int)owner.child);
	assert_int_equal(symlink(target, stage_path(link_name)), 0);
	use(&thief, link_name, GATEN_KILLED);
	assert_true(stage_order(&owner, ORDER_CONNECT_UNIX, name) >= 0);
	stage_mode("audit");
	stage_session_end(&owner);
	stage_session_end(&thief);
}

#define OWNERS 9
#define CROWD  (8 * 32 + 4) /* of listeners: more than are cut one by one */

struct crowd {
	struct stage_session owner[OWNERS], thief;
};

/* Under a path that the gate does not know. */
static const char *
in_crowd(unsigned i, const char *folder)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s/crowd.%u", folder, i);
	return name;
}

static void
crowd_open(struct crowd *c)
{
	struct grant g = kit_grant(kit_classes("2222"));
	struct request rq;

	for (unsigned i = 0; i < OWNERS; i++)
		stage_session(&c->owner[i], KIT_AUID, true);
	stage_session(&c->thief, KIT_AUID + 1, true);
	g.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
	assert_int_equal(kit_give(&c->thief, &g), RES_OK);
	assert_int_equal(kit_classes_done(g.generation), RES_OK);
	for (unsigned i = 0; i < CROWD; i++) {
		const struct stage_session *s = &c->owner[i / 32];

		assert_true(stage_order(s, ORDER_LISTEN, in_crowd(i, "agents")) >= 0);
		rq = socket_request(in_crowd(i, "agents"), s->ses);
		assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	}
	assert_int_equal(symlink("agents", stage_path("alias")), 0);
	stage_mode("enforce");
}

static void
crowd_close(struct crowd *c)
{
	stage_mode("audit");
	assert_int_equal(unlink(stage_path("alias")), 0);
	for (unsigned i = 0; i < OWNERS; i++)
		stage_session_end(&c->owner[i]);
	stage_session_end(&c->thief);
}

/* Connections to listeners from the first on, and that the monitor goes on once they are there: none is kept. */
static void
none_is_kept(const struct crowd *c, unsigned first)
{
	pid_t pid[CROWD];

	for (unsigned i = first; i < CROWD; i++)
		pid[i] = stage_order(&c->thief, ORDER_SHARE, in_crowd(i, "alias"));
	for (unsigned i = first; i < CROWD; i++)
		assert_true(stage_alive(pid[i]));
	assert_int_equal(kill(stage_monitor(), SIGCONT), 0);
	for (unsigned i = first; i < CROWD; i++)
		if (!stage_gone_soon(pid[i]))
			fail_msg("connection %u is kept", i);
}

static void
however_many_at_once_none_is_kept(void **state)
{
	const unsigned room = GATE_RING / (sizeof(struct gate_saw) + BPF_RINGBUF_HDR_SZ), few = CROWD - 60;
	static struct crowd c;

	(void)state;
	if ((kit_gates() & GATEF_LISTENER) == 0)
		skip();
	crowd_open(&c);
	/* It hears of all of them at once; then it cannot even be told of them, the ring being full. */
	assert_int_equal(kill(stage_monitor(), SIGSTOP), 0);
	none_is_kept(&c, 0);
	assert_int_equal(kill(stage_monitor(), SIGSTOP), 0);
	for (unsigned i = 0; i <= room; i++) {
		pid_t pid = stage_order(&c.thief, ORDER_CLIENT, in_crowd(i % few, "alias"));

		if (i % few == 0)
			assert_true(stage_gone_soon(pid));
	}
	none_is_kept(&c, few);
	stage_deaf(); /* there is no room for more */
	crowd_close(&c);
}

static void
a_client_is_a_program_of_the_session(void **state)
{
	struct stage_session s, other;
	pid_t pid;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	stage_session(&other, KIT_AUID, true);
	pid = stage_order(&s, ORDER_EXEC, "/bin/sleep");
	assert_int_equal(kit_ask(REQ_CLIENT, &other, pid), RES_OTHER_SESSION);
	assert_int_equal(kit_ask(REQ_CLIENT, &s, 1), RES_OTHER_SESSION);
	assert_int_equal(kit_ask(REQ_CLIENT, &s, s.child), RES_PROTECTED); /* what sshd runs */
	assert_int_equal(kit_ask(REQ_CLIENT, &s, pid), RES_OK);
	stage_session_end(&s);
	stage_session_end(&other);
}

/* All that they start would be held for SSH. */
static void
a_shell_is_no_client_and_the_daemon_is_none(void **state)
{
	struct stage_session user, root;

	(void)state;
	stage_session(&user, KIT_AUID, true);
	stage_session(&root, 0, true);
	assert_int_equal(kit_ask(REQ_CLIENT, &user, stage_order(&user, ORDER_HALT, "/bin/sh")), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_CLIENT, &user, stage_order(&user, ORDER_HALT, "/bin/bash")), RES_PROTECTED);
	assert_int_equal(kit_ask(REQ_CLIENT, &user, stage_order(&user, ORDER_HALT, "/bin/sleep")), RES_OK);
	assert_int_equal(kit_ask(REQ_CLIENT, &root, stage_order(&root, ORDER_HALT, stage_daemon())), RES_PROTECTED);
	stage_session_end(&user);
	stage_session_end(&root);
}

static const struct CMUnitTest tests[] = {
	kit_test(a_socket_is_of_the_session_that_listens),
	kit_test(no_session_fills_the_table),
	kit_test(anothers_agent_is_out_of_reach),
	kit_test(however_many_at_once_none_is_kept),
	kit_test(a_client_is_a_program_of_the_session),
	kit_test(a_shell_is_no_client_and_the_daemon_is_none),
};

const struct kit_tests liar_listeners = {tests, sizeof(tests) / sizeof(*tests)};

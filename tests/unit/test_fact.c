/* fact: what events mean, from real bytes. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/fact.h"

/* The events of one run; each fact is handed to the test's check, with its place in line. */
typedef void check_fn(const struct fact *, unsigned nth);

struct run {
	struct fact_scratch *scratch;
	check_fn *check;
	unsigned n;
};

static void
on_event(const struct aev *ev, void *arg)
{
	struct run *run = arg;
	struct fact f;

	fact_from_event(ev, run->scratch, &f);
	assert_int_equal(f.serial, ev->serial);
	run->check(&f, run->n++);
}

static unsigned
feed(const char *p, size_t n, check_fn *check)
{
	struct run run = {.scratch = fact_scratch_new(), .check = check};
	struct aev_assembler *a = aev_new(on_event, &run);

	assert_non_null(a);
	assert_non_null(run.scratch);
	aev_feed(a, p, n);
	aev_flush(a);
	aev_free(&a);
	fact_scratch_free(&run.scratch);
	return run.n;
}

static unsigned
feed_text(const char *text, check_fn *check)
{
	return feed(text, strlen(text), check);
}

static unsigned
feed_file(const char *path, check_fn *check)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		fail_msg("cannot read %s: run the tests from the top folder", path);
	size_t n = fread(text, 1, sizeof(text), f);
	assert_true(feof(f));
	fclose(f);
	return feed(text, n, check);
}

static void
expect_bytes(struct bytes b, const char *s)
{
	if (b.n != strlen(s) || (b.n > 0 && memcmp(b.p, s, b.n) != 0))
		fail_msg("'%.*s' is not '%s'", (int)b.n, b.p, s);
}

static void
expect_peer(const struct fact *f, const char *address, uint16_t port)
{
	char text[ADDR_STRLEN];

	assert_string_equal(addr_str(f->peer.addr, text), address);
	assert_int_equal(f->peer.port, port);
}

/* --- a login, tests/data/sessions/a_nested_ssh.log -------------------------------------------- */

static void
check_login(const struct fact *f, unsigned nth)
{
	static const char *const nscd = "/var/run/nscd/socket";

	assert_true(f->has_task);
	switch (f->serial) {
	case 164: /* LOGIN, SYSCALL and PROCTITLE */
		assert_int_equal(nth, 0);
		assert_int_equal(f->kind, FACT_LOGINUID);
		assert_int_equal(f->time.ms, 1795303531254);
		assert_int_equal(f->pid, 24988);
		assert_int_equal(f->ppid, 15668);
		assert_int_equal(f->old_auid, AUID_UNSET);
		assert_int_equal(f->auid, 1001);
		assert_int_equal(f->new_auid, 1001);
		assert_int_equal(f->old_ses, SES_UNSET);
		assert_int_equal(f->ses, 4);
		assert_true(f->result);
		assert_int_equal(f->uid, 0);
		expect_bytes(f->tty, "");
		expect_bytes(f->exe, "/usr/sbin/sshd");
		break;
	case 169: /* an argument in hex */
		assert_int_equal(f->kind, FACT_EXEC);
		assert_int_equal(f->argc, 3);
		assert_false(f->argv_cut);
		assert_int_equal(f->argv.p[2], '\0');
		assert_memory_equal(f->argv.p, "sh\0-c\0/usr/bin/env -i PATH=", 27);
		assert_true(bytes_ends(f->argv, BYTES_LIT("> /run/motd.dynamic.new")));
		expect_bytes(f->path, "/bin/sh");
		expect_bytes(f->exe, "/usr/bin/dash");
		expect_bytes(f->cwd, "/");
		assert_int_equal(f->exe_inode, 247230);
		assert_int_equal(f->exe_dev_major, 0xfe);
		assert_int_equal(f->exe_dev_minor, 0);
		break;
	case 171: /* execve that found nothing */
		assert_int_equal(f->kind, FACT_OTHER);
		assert_int_equal(f->exit, -ENOENT);
		assert_false(f->success);
		break;
	case 175: /* a script: the file is the script, the exe its interpreter */
		assert_int_equal(f->kind, FACT_EXEC);
		expect_bytes(f->path, "/etc/update-motd.d/10-uname");
		expect_bytes(f->exe, "/usr/bin/dash");
		expect_bytes(f->comm, "10-uname");
		assert_int_equal(f->exe_inode, 247230); /* dash's, and not the script's */
		break;
	case 179:
		assert_int_equal(f->kind, FACT_USER_START);
		expect_bytes(f->acct, "alice");
		expect_bytes(f->user_exe, "/usr/sbin/sshd");
		expect_bytes(f->addr, "127.0.0.1");
		expect_bytes(f->hostname, "127.0.0.1");
		expect_bytes(f->terminal, "ssh");
		expect_bytes(f->op, "PAM:session_open");
		assert_true(bytes_starts(f->grantors, BYTES_LIT("pam_selinux,pam_dump,pam_loginuid")));
		assert_true(f->result);
		assert_int_equal(f->pid, 24988);
		assert_int_equal(f->auid, 1001);
		assert_int_equal(f->ses, 4);
		assert_int_equal(f->euid, 0);
		break;
	case 183: /* rubbish behind the path's NUL */
		assert_int_equal(f->kind, FACT_CONNECT);
		assert_int_equal(f->family, AF_UNIX);
		expect_bytes(f->un.path, nscd);
		assert_false(f->un.has_inode);
		assert_int_equal(f->exit, -ENOENT);
		break;
	case 193: /* the hop */
		assert_int_equal(f->kind, FACT_CONNECT);
		assert_int_equal(f->way, WAY_CONNECT);
		assert_int_equal(f->family, AF_INET);
		expect_peer(f, "127.0.0.2", 22);
		expect_bytes(f->comm, "ssh");
		assert_int_equal(f->uid, 1001);
		assert_int_equal(f->ses, 4);
		assert_false(f->compat);
		break;
	case 194: /* the agent */
		assert_int_equal(f->kind, FACT_CONNECT);
		expect_bytes(f->un.path, "/tmp/ssh-3ICtF9E0I4/agent.25032");
		assert_true(f->un.has_inode);
		assert_int_equal(f->un.inode, 10995950);
		assert_int_equal(f->un.dev_major, 0xfe);
		assert_int_equal(f->un.ouid, 1001);
		assert_int_equal(f->un.mode, 0140755);
		break;
	case 223:
		assert_int_equal(f->kind, FACT_USER_END);
		expect_bytes(f->acct, "alice");
		break;
	}
}

static void
a_login_is_understood(void **state)
{
	(void)state;
	assert_int_equal(feed_file("tests/data/sessions/a_nested_ssh.log", check_login), 59);
}

static void
check_no_result_yet(const struct fact *f, unsigned nth)
{
	(void)nth;
	if (f->kind != FACT_CONNECT || f->exit != -EINPROGRESS)
		return;
	assert_false(f->success);
	assert_int_equal(f->family, AF_INET);
	assert_int_equal(f->peer.port, 22);
}

static void
in_progress_is_kept_as_it_is(void **state)
{
	(void)state;
	(void)feed_file("tests/data/sessions/a3_nested_ConnectTimeout.log", check_no_result_yet);
}

/* --- root writes its loginuid, tests/data/sessions/p1_root_inherit.log ------------------------ */

static unsigned refused, dropped;

static void
check_loginuid(const struct fact *f, unsigned nth)
{
	(void)nth;
	if (f->serial == 2076) {
		assert_int_equal(f->kind, FACT_LOGINUID);
		assert_int_equal(f->old_auid, 0);
		assert_int_equal(f->auid, 1002);
		assert_int_equal(f->old_ses, 54);
		assert_int_equal(f->ses, 55);
	} else if (f->serial == 2079) {
		dropped++;
		assert_int_equal(f->auid, AUID_UNSET);
		assert_int_equal(f->ses, SES_UNSET);
		assert_int_equal(f->old_ses, 54);
		assert_true(f->result);
	} else if (f->serial == 2096) {
		refused++;
		assert_false(f->result);
		assert_int_equal(f->new_auid, 1002);
		assert_int_equal(f->new_ses, SES_UNSET);
		assert_int_equal(f->auid, 0); /* it stays who it is */
		assert_int_equal(f->ses, 54);
		assert_int_equal(f->uid, 1001);
	}
}

static void
loginuid_changed_dropped_refused(void **state)
{
	(void)state;
	refused = dropped = 0;
	assert_int_equal(feed_file("tests/data/sessions/p1_root_inherit.log", check_loginuid), 319);
	assert_int_equal(refused, 1);
	assert_int_equal(dropped, 1);
}

static void
check_lone_login(const struct fact *f, unsigned nth)
{
	assert_int_equal(f->kind, FACT_LOGINUID);
	assert_int_equal(f->pid, 31723);
	assert_int_equal(f->euid, 1001);
	assert_int_equal(f->ses, nth == 0 ? 54 : 55);
	assert_int_equal(f->auid, nth == 0 ? 0 : 1002);
	assert_int_equal(f->new_auid, 1002);
}

static void
login_without_its_syscall(void **state)
{
	(void)state;
	assert_int_equal(feed_text(
	    "type=LOGIN msg=audit(1795303970.678:1): pid=31723 uid=1001 old-auid=0 auid=1002 tty=(none) "
	    "old-ses=54 ses=4294967295 res=0UID=\"alice\" OLD-AUID=\"root\" AUID=\"bob\"\n"
	    "type=LOGIN msg=audit(1795303970.678:2): pid=31723 uid=1001 old-auid=0 auid=1002 tty=(none) "
	    "old-ses=54 ses=55 res=1\n", check_lone_login), 2);
}

/* --- every way to connect, tests/data/audit --------------------------------------------------- */

#define NO_PORT 0

struct way {
	unsigned serial;
	enum fact_kind kind;
	enum fact_way way;
	uint16_t family;
	uint16_t port;
	int exit;
	uint32_t syscall;
	bool compat;
};

static const struct way ways[] = {
	{258, FACT_CONFIG, WAY_CONNECT, 0, NO_PORT, 1056, 44, false},
	{261, FACT_EXEC, WAY_CONNECT, 0, NO_PORT, 0, 59, false},
	{262, FACT_CONNECT, WAY_FASTOPEN, AF_INET, 22, -ECONNREFUSED, 44, false},
	{263, FACT_CONNECT, WAY_FASTOPEN, AF_INET, 22, -ECONNREFUSED, 46, false},
	{264, FACT_CONNECT, WAY_FASTOPEN, AF_INET, 22, -ECONNREFUSED, 307, false},
	{265, FACT_BIND, WAY_CONNECT, AF_INET, 45678, 0, 49, false},
	{266, FACT_LISTEN, WAY_CONNECT, 0, NO_PORT, 0, 50, false},
	{267, FACT_BIND, WAY_CONNECT, AF_UNIX, NO_PORT, 0, 49, false},
	{268, FACT_LISTEN, WAY_CONNECT, 0, NO_PORT, 0, 50, false},
	{269, FACT_CONNECT, WAY_CONNECT, AF_UNIX, NO_PORT, 0, 42, false},
	{270, FACT_CONNECT, WAY_CONNECT, AF_UNIX, NO_PORT, -ECONNREFUSED, 42, false},
	{271, FACT_CONNECT, WAY_CONNECT, AF_UNSPEC, NO_PORT, 0, 42, false},
	{272, FACT_CONNECT, WAY_CONNECT, AF_INET, 22, 0, 42, false},
	{273, FACT_CONNECT, WAY_CONNECT, AF_INET6, 22, -ECONNREFUSED, 42, false},
	{274, FACT_CONNECT, WAY_URING, AF_INET, 22, 0, 16, false},
	{275, FACT_CONNECT, WAY_URING, AF_INET, 22, -EAGAIN, 16, false},
	{276, FACT_OTHER, WAY_URING, 0, NO_PORT, 0, 16, false},
	{278, FACT_OTHER, WAY_SOCKETCALL, 0, NO_PORT, 4, 102, true},
	{279, FACT_CONNECT, WAY_SOCKETCALL, AF_INET, 22, -ECONNREFUSED, 102, true},
	{281, FACT_CONNECT, WAY_FASTOPEN, AF_INET, 22, -ECONNREFUSED, 102, true},
	{282, FACT_CONNECT, WAY_CONNECT, AF_INET, 22, -ECONNREFUSED, 362, true},
	{284, FACT_BIND, WAY_SOCKETCALL, AF_INET, 45679, 0, 102, true},
	{285, FACT_LISTEN, WAY_SOCKETCALL, 0, NO_PORT, 0, 102, true},
	{288, FACT_LOGINUID, WAY_CONNECT, 0, NO_PORT, 5, 1, false},
};
#define NWAYS (sizeof(ways) / sizeof(ways[0]))

static unsigned ways_found;

static void
check_argv_long(const struct fact *f)
{
	assert_int_equal(f->argc, 5);
	assert_false(f->argv_cut);
	assert_int_equal(f->argv.n, 9 + 1 + 20000 + 1 + 3 + 1 + 12000 + 1 + 4);
	assert_int_equal(f->argv.p[10], 'z');
	assert_int_equal(f->argv.p[10 + 20000], '\0');
	assert_memory_equal(f->argv.p + 10 + 20001, "mid\0 ", 5);
	assert_true(bytes_ends(f->argv, (struct bytes){.p = " \0last", .n = 6}));
}

static void
check_ways(const struct fact *f, unsigned nth)
{
	(void)nth;
	for (size_t i = 0; i < NWAYS; i++) {
		const struct way *w = &ways[i];

		if (w->serial != f->serial)
			continue;
		ways_found++;
		if (f->kind != w->kind || f->way != w->way || f->family != w->family ||
		    f->peer.port != w->port || f->exit != w->exit || f->syscall != w->syscall ||
		    f->compat != w->compat)
			fail_msg("event %u: kind %d way %d family %u port %u exit %d syscall %u compat %d",
			    w->serial, f->kind, f->way, f->family, f->peer.port, (int)f->exit, f->syscall,
			    f->compat);
	}
	if (f->serial == 267 || f->serial == 269) { /* made, then used: the same socket */
		assert_true(f->un.has_inode);
		assert_int_equal(f->un.inode, 10953548);
		assert_int_equal(f->un.ouid, 65534);
		expect_bytes(f->un.path, "/tmp/a-odd.sock");
	} else if (f->serial == 270) {
		assert_int_equal(f->un.path.n, 13);
		assert_memory_equal(f->un.path.p, "\0abstract=x y", 13);
	} else if (f->serial == 274) { /* inside io_uring_enter(): the SYSCALL knows who */
		expect_bytes(f->comm, "odd");
		assert_true(f->success);
	} else if (f->serial == 275) { /* the SQPOLL thread's record does not */
		assert_int_equal(f->pid, 21731);
		assert_int_equal(f->uid, 65534);
		assert_int_equal(f->ses, SES_UNSET);
		assert_int_equal(f->auid, AUID_UNSET);
	} else if (f->serial == 286) {
		assert_int_equal(f->argc, 5);
		assert_int_equal(f->argv.n, 9 + 1 + 3 + 1 + 0 + 1 + 3 + 1 + 1);
		assert_memory_equal(f->argv.p, "/bin/true\0a b\0\0q\"x\0\1", f->argv.n);
	} else if (f->serial == 287)
		check_argv_long(f);
	else if (f->serial == 292) {
		assert_int_equal(f->kind, FACT_CONFIG);
		expect_bytes(f->op, "remove_rule");
		assert_false(f->result);
	} else if (f->serial >= 8000) {
		assert_int_equal(f->kind, FACT_CONFIG);
		expect_bytes(f->op, f->serial == 8578 ? "start" : "terminate");
		assert_true(f->result);
	}
}

static void
every_way_to_connect_is_seen(void **state)
{
	(void)state;
	ways_found = 0;
	assert_int_equal(feed_file("tests/data/audit/ways_af_unix.log", check_ways), 35);
	assert_int_equal(ways_found, NWAYS);
	assert_int_equal(feed_file("tests/data/audit/ways_file.log", check_ways), 40);
	assert_int_equal(ways_found, 2 * NWAYS);
}

/* --- what is missing, what is hostile --------------------------------------------------------- */

#define STAMP "msg=audit(1795303531.254:9): "
#define CALL(number, flags) \
	"type=SYSCALL " STAMP "arch=c000003e syscall=" number " success=yes exit=1 a0=5 a1=0 " flags \
	" items=0 pid=7\n"
#define TO_PORT_22 "type=SOCKADDR " STAMP "saddr=020000167F0000090000000000000000\n"

static enum fact_kind expected;

static void
check_kind(const struct fact *f, unsigned nth)
{
	assert_int_equal(nth, 0);
	assert_int_equal(f->kind, expected);
	assert_int_equal(f->ppid, 0);
	assert_int_equal(f->euid, UINT32_MAX);
}

static void
flags_count_in_their_own_argument(void **state)
{
	static const struct {
		const char *text;
		enum fact_kind kind;
	} cases[] = {
		{CALL("44", "a2=1 a3=20000000") TO_PORT_22, FACT_CONNECT},
		{CALL("44", "a2=20000000 a3=0") TO_PORT_22, FACT_OTHER},
		{CALL("46", "a2=20000000 a3=0") TO_PORT_22, FACT_CONNECT},
		{CALL("46", "a2=0 a3=20000000") TO_PORT_22, FACT_OTHER},
		{CALL("307", "a2=1 a3=20004000") TO_PORT_22, FACT_CONNECT},
		{CALL("307", "a2=20000000 a3=0") TO_PORT_22, FACT_OTHER},
		{CALL("1073741866", "a2=0 a3=0") TO_PORT_22, FACT_CONNECT}, /* x32 */
		{CALL("44", "a2=1 a3=20000000"), FACT_OTHER},
		{CALL("42", "a2=10 a3=0"), FACT_OTHER}, /* its address was lost */
		{CALL("42", "a2=10 a3=0") "type=SOCKADDR " STAMP "saddr=02\n", FACT_OTHER},
		{CALL("42", "a2=10 a3=0") "type=SOCKADDR " STAMP "saddr=zzzz\n", FACT_OTHER},
		{CALL("99999", "a2=10 a3=0") TO_PORT_22, FACT_OTHER},
		{TO_PORT_22, FACT_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expected = cases[i].kind;
		assert_int_equal(feed_text(cases[i].text, check_kind), 1);
	}
}

static void
check_inner(const struct fact *f, unsigned nth)
{
	static const char *const accounts[] = {"o'brien", "a b", "", "1234", "x"};

	expect_bytes(f->acct, accounts[nth]);
	assert_int_equal(f->ses, 1); /* never what stands in the message */
	assert_int_equal(f->auid, 1);
	expect_bytes(f->addr, nth == 2 ? "" : "10.0.0.1");
	expect_bytes(f->terminal, nth == 2 ? "" : "ssh");
	assert_int_equal(f->result, nth != 1);
	assert_int_equal(f->kind, nth == 3 ? FACT_USER_AUTH : FACT_USER_LOGIN);
}

/* --- a hand on another task; the ptrace lines are of a real gdb and a real strace --------------- */

#define GDB(serial, what)                                                                          \
	"type=SYSCALL msg=audit(1795321853.514:" serial "): arch=c000003e " what                   \
	" items=0 ppid=13443 pid=13446 auid=7003 uid=0 gid=0 euid=0 tty=(none) ses=5192 comm=\"gdb\" " \
	"exe=\"/usr/bin/gdb\" key=\"sshtether\"\n"

static const struct {
	const char *text;
	enum fact_kind kind;
	enum fact_touch touch;
	struct fact_target target;
} touches[] = {
	{GDB("1", "syscall=101 success=yes exit=0 a0=10 a1=346f a2=0 a3=0") /* PTRACE_ATTACH */
	 "type=OBJ_PID msg=audit(1795321853.514:1): opid=13423 oauid=7002 ouid=7002 oses=5191 "
	 "ocomm=\"ssh-agent\"\n",
	    FACT_PTRACE, TOUCH_ATTACH, {13423, true, 7002, 7002, 5191, BYTES_LIT("ssh-agent")}},
	{GDB("2", "syscall=101 success=no exit=-1 a0=4206 a1=3463 a2=0 a3=51"), FACT_PTRACE,
	    TOUCH_ATTACH, {0x3463, false, UINT32_MAX, UINT32_MAX, UINT32_MAX, {NULL, 0}}},
	{GDB("3", "syscall=101 success=yes exit=0 a0=1 a1=3463 a2=0 a3=0"), FACT_OTHER, 0,
	    {.auid = UINT32_MAX, .uid = UINT32_MAX, .ses = UINT32_MAX}}, /* PEEKTEXT: it is attached */
	{GDB("4", "syscall=310 success=yes exit=16 a0=346f a1=7f40 a2=1 a3=7f41"), FACT_PTRACE,
	    TOUCH_READ, {0x346f, false, UINT32_MAX, UINT32_MAX, UINT32_MAX, {NULL, 0}}},
	{GDB("5", "syscall=311 success=yes exit=16 a0=346f a1=7f40 a2=1 a3=7f41"), FACT_PTRACE,
	    TOUCH_WRITE, {0x346f, false, UINT32_MAX, UINT32_MAX, UINT32_MAX, {NULL, 0}}},
	{GDB("6", "syscall=434 success=yes exit=3 a0=346f a1=0 a2=7ffe a3=8c83f6"), FACT_PIDFD_OPEN, 0,
	    {0x346f, false, UINT32_MAX, UINT32_MAX, UINT32_MAX, {NULL, 0}}},
	{GDB("7", "syscall=438 success=yes exit=4 a0=3 a1=3 a2=0 a3=a62748"), FACT_PTRACE,
	    TOUCH_DESCRIPTOR, {.auid = UINT32_MAX, .uid = UINT32_MAX, .ses = UINT32_MAX}},
	{GDB("8", "syscall=117 success=yes exit=0 a0=1b59 a1=1b59 a2=1b59 a3=0"), FACT_SETUID, 0,
	    {.auid = UINT32_MAX, .uid = UINT32_MAX, .ses = UINT32_MAX}},
	{GDB("9", "syscall=105 success=no exit=-1 a0=0 a1=0 a2=0 a3=0"), FACT_OTHER, 0,
	    {.auid = UINT32_MAX, .uid = UINT32_MAX, .ses = UINT32_MAX}},
};

static void
check_touch(const struct fact *f, unsigned nth)
{
	const struct fact_target *want = &touches[f->serial - 1].target;

	assert_int_equal(nth, 0);
	assert_int_equal(f->kind, touches[f->serial - 1].kind);
	assert_int_equal(f->touch, touches[f->serial - 1].touch);
	assert_int_equal(f->target.pid, want->pid);
	assert_int_equal(f->target.known, want->known);
	assert_int_equal(f->target.auid, want->auid);
	assert_int_equal(f->target.uid, want->uid);
	assert_int_equal(f->target.ses, want->ses);
	assert_true(bytes_eq(f->target.comm, want->comm));
}

static void
a_hand_on_another_task(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(touches) / sizeof(touches[0]); i++)
		assert_int_equal(feed_text(touches[i].text, check_touch), 1);
}

static void
user_messages(void **state)
{
	(void)state;
	assert_int_equal(feed_text(
	    "type=USER_LOGIN " STAMP "pid=1 uid=0 auid=1 ses=1 msg='op=login acct=\"o'brien\" exe=\"/x\" "
	    "hostname=cafe addr=10.0.0.1 terminal=ssh res=success'\x1dUID=\"root\"\n"
	    "type=USER_LOGIN " STAMP "pid=1 uid=0 auid=1 ses=1 msg='op=login acct=612062 exe=\"/x\" "
	    "hostname=x res=success addr=10.0.0.1 terminal=ssh res=failed'\n"
	    "type=USER_LOGIN " STAMP "pid=1 uid=0 auid=1 ses=1 msg='op=login id=1001 exe=\"/x\" "
	    "hostname=? addr=? terminal=? res=success'UID=\"root\"\n"
	    "type=CRED_ACQ " STAMP "pid=1 uid=0 auid=1 ses=1 msg='op=PAM:setcred grantors=pam_unix "
	    "acct=\"1234\" exe=\"/x\" hostname=h addr=10.0.0.1 terminal=ssh res=success'\n"
	    "type=USER_LOGIN " STAMP "pid=1 uid=0 auid=1 ses=1 msg='op=login acct=\"x\" exe=\"/x\" "
	    "hostname=h\x1d' ses=7 auid=0 addr=1.1.1.1 addr=10.0.0.1 terminal=ssh "
	    "res=success'\x1dUID=\"r\"\n",
	    check_inner), 5);
}

static void
check_cut(const struct fact *f, unsigned nth)
{
	(void)nth;
	assert_int_equal(f->kind, FACT_EXEC);
	assert_true(f->argv_cut);
	assert_true(f->argv.n <= ST_ARGV_BYTES);
}

static void
a_hole_in_the_arguments_shows(void **state)
{
	static const char *const execs[] = {
		"argc=3 a0=\"x\" a1=\"y\"\n",
		"argc=2 a0=\"x\" a2=\"y\"\n",
		"argc=2 a1=\"y\"\n",
		"argc=2 a0=\"x\" a1_len=9 a1[0]=6161 a1[2]=6161\n",
		"argc=2 a0=\"x\" a1[1]=6161\n",
		"argc=2 a0=\"x\" a1=616\n",
		"a0=\"x\"\n",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(execs) / sizeof(execs[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text), CALL("59", "a2=0 a3=0") "%s%s",
		    execs[i][0] != '\0' ? "type=EXECVE " STAMP : "", execs[i]);
		assert_int_equal(feed_text(text, check_cut), 1);
	}
}

static void
a_long_argv_is_cut(void **state)
{
	static char text[ST_ARGV_BYTES * 3];
	size_t n = (size_t)snprintf(text, sizeof(text), CALL("59", "a2=0 a3=0"));

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "type=EXECVE " STAMP "%sa%u=\"",
		    i == 0 ? "argc=20 " : "", i);
		memset(text + n, 'a', 4000);
		n += 4000;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\"\n");
	}
	assert_int_equal(feed(text, n, check_cut), 1);
}

static void
check_many_paths(const struct fact *f, unsigned nth)
{
	(void)nth;
	expect_bytes(f->path, "ab");
	expect_bytes(f->un.path, "/x");
	assert_int_equal(f->un.inode, 7);
	assert_int_equal(f->un.mode, 0140777);
}

/* Names in hex of a thousand paths do not use up the room for what is kept. */
static void
many_paths_use_no_room(void **state)
{
	static char text[1 << 20];
	size_t n = (size_t)snprintf(text, sizeof(text),
	    CALL("42", "a2=0 a3=0") "type=PATH " STAMP "item=0 name=6162\n");

	(void)state;
	for (unsigned i = 1; i < 900; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "type=PATH " STAMP "item=%u name=", i);
		memset(text + n, '4', 400);
		n += 400;
		n += (size_t)snprintf(text + n, sizeof(text) - n, " inode=7 dev=fe:0z mode=0%s\n",
		    i == 450 ? "140777" : "100644");
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n,
	    "type=SOCKADDR " STAMP "saddr=01002F780000\n");
	assert_int_equal(feed(text, n, check_many_paths), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_is_understood),
		cmocka_unit_test(in_progress_is_kept_as_it_is),
		cmocka_unit_test(loginuid_changed_dropped_refused),
		cmocka_unit_test(login_without_its_syscall),
		cmocka_unit_test(every_way_to_connect_is_seen),
		cmocka_unit_test(flags_count_in_their_own_argument),
		cmocka_unit_test(a_hand_on_another_task),
		cmocka_unit_test(user_messages),
		cmocka_unit_test(a_hole_in_the_arguments_shows),
		cmocka_unit_test(a_long_argv_is_cut),
		cmocka_unit_test(many_paths_use_no_room),
	};

	return cmocka_run_group_tests_name("fact", tests, NULL, NULL);
}

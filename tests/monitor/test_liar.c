/*
 * The monitor against an engine that lies: every request that it must refuse, each beside the honest
 * twin that it must obey.  Real processes, real login uids, real session ids.
 */
#include "tests/monitor/stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/safe.h"
#include "tests/unit/unit.h"

#define AUID 4001

static struct request
request_for(enum request_kind kind, const struct stage_session *s, pid_t pid)
{
	struct request rq = {.kind = kind, .ses = s->ses, .pid = (uint32_t)pid, .time_ms = stage_now_ms()};

	return rq;
}

static enum result
ask(enum request_kind kind, const struct stage_session *s, pid_t pid)
{
	struct request rq = request_for(kind, s, pid);

	return stage_ask(&rq, NULL, NULL);
}

/* --- logins and registration -------------------------------------------------------------------------- */

static void
a_login_is_told_with_the_kernels_facts(void **state)
{
	struct stage_session s;
	struct notice n;
	struct verdict v = {.magic = VERDICT_MAGIC, .version = REPORT_VERSION, .action = VERDICT_ALLOW,
	    .source = VERDICT_POLICY}, got;

	(void)state;
	stage_session(&s, AUID, true);
	assert_int_equal(s.login.result, RES_OK);
	assert_int_equal(s.login.ses, s.ses);
	assert_int_equal(s.login.auid, AUID);
	assert_int_equal(s.login.pid, s.top);
	assert_int_equal(s.login.uid, 0);
	assert_int_equal(packet_send(s.passed, &v, sizeof(v), NULL, 0), 0);
	stage_send(&(struct request){.kind = REQ_ANSWERED, .id = s.login.id}, sizeof(struct request));
	assert_int_equal(packet_recv(s.report, &got, sizeof(got), NULL, 0), sizeof(got));
	assert_int_equal(got.source, VERDICT_POLICY);
	stage_session_end(&s);
	assert_true(stage_hear(NOTE_OVER, 0, &n, NULL) && n.ses == s.ses);
}

static void
a_silent_engine_is_answered_for(void **state)
{
	struct stage_session s;
	struct notice n;
	struct verdict got;
	int64_t start = stage_now_ms(), took;

	(void)state;
	stage_session(&s, AUID, true);
	assert_int_equal(packet_recv(s.report, &got, sizeof(got), NULL, 0), sizeof(got));
	took = stage_now_ms() - start;
	assert_int_equal(got.source, VERDICT_FALLBACK);
	assert_int_equal(got.action, VERDICT_ALLOW);
	assert_true(took >= 250 && took < 2000);
	assert_true(stage_hear(NOTE_FALLBACK, 0, &n, NULL));
	stage_session_end(&s);
}

/* A root user of a session plays sshd, to be given another's protection. */
static void
a_session_is_not_registered_twice(void **state)
{
	struct stage_session s;
	struct notice n;
	pid_t pid;

	(void)state;
	stage_session(&s, 0, true);
	assert_true(stage_order(&s, ORDER_REPORT, NULL) >= 0);
	assert_true(stage_hear(NOTE_LOGIN, 0, &n, NULL));
	assert_int_equal(n.pid, s.work);
	assert_int_equal(n.result, RES_OTHER_SESSION);
	stage_mode("enforce");
	assert_int_equal(ask(REQ_KILL, &s, s.top), RES_PROTECTED);
	pid = stage_order(&s, ORDER_EXEC, "/bin/sleep");
	(void)usleep(100000);
	assert_int_equal(ask(REQ_KILL, &s, pid), RES_OK);
	stage_mode("audit");
	stage_session_end(&s);
}

static void
only_root_reports(void **state)
{
	struct stage_session s;

	(void)state;
	stage_session(&s, AUID, true);
	assert_int_equal(stage_order(&s, ORDER_REPORT, NULL), -EACCES);
	stage_session_end(&s);
}

/* --- kill --------------------------------------------------------------------------------------------- */

static void
nothing_is_killed_in_audit_mode(void **state)
{
	struct stage_session s;

	(void)state;
	stage_session(&s, AUID, true);
	assert_int_equal(ask(REQ_KILL, &s, s.work), RES_MODE_AUDIT);
	assert_int_equal(ask(REQ_TERMINATE, &s, 0), RES_MODE_AUDIT);
	assert_true(stage_alive(s.work));
	stage_session_end(&s);
}

static void
a_forged_session_is_refused(void **state)
{
	struct stage_session unknown, other;
	struct request rq;

	(void)state;
	stage_mode("enforce");
	stage_session(&unknown, AUID, false);
	stage_session(&other, AUID, true);
	assert_int_equal(ask(REQ_KILL, &unknown, unknown.work), RES_NO_SESSION);
	assert_int_equal(ask(REQ_TERMINATE, &unknown, 0), RES_NO_SESSION);
	assert_int_equal(ask(REQ_PROGRAM, &unknown, unknown.work), RES_NO_SESSION);
	/* The process of one session under the name of another. */
	assert_int_equal(ask(REQ_KILL, &other, unknown.work), RES_OTHER_SESSION);
	/* What is in no session at all. */
	assert_int_equal(ask(REQ_KILL, &other, 1), RES_OTHER_SESSION);
	assert_int_equal(ask(REQ_KILL, &other, stage_monitor()), RES_OTHER_SESSION);
	rq = request_for(REQ_KILL, &other, other.work);
	rq.ses = SES_UNSET;
	assert_int_not_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_alive(unknown.work) && stage_alive(other.work));
	stage_mode("audit");
	stage_session_end(&unknown);
	stage_session_end(&other);
}

static void
a_pid_used_again_is_refused(void **state)
{
	struct stage_session s;
	struct request rq;

	(void)state;
	stage_mode("enforce");
	stage_session(&s, AUID, true);
	rq = request_for(REQ_KILL, &s, s.work);
	rq.time_ms -= 5000; /* the record is older than the process that has the number now */
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_YOUNGER);
	rq.time_ms = 0;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	rq.time_ms = stage_now_ms() + 60000; /* a record of the future would make every process old */
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	assert_true(stage_alive(s.work));
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(s.work));
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_GONE);
	stage_mode("audit");
	stage_session_end(&s);
}

static void
only_the_named_process_dies(void **state)
{
	struct stage_session s;
	pid_t sibling;

	(void)state;
	stage_mode("enforce");
	stage_session(&s, AUID, true);
	sibling = stage_order(&s, ORDER_FORK, NULL);
	assert_int_equal(ask(REQ_KILL, &s, sibling), RES_OK);
	assert_true(stage_gone_soon(sibling));
	assert_true(stage_alive(s.work) && stage_alive(s.child) && stage_alive(s.top));
	stage_mode("audit");
	stage_session_end(&s);
}

static void
copy_sleep(const char *name)
{
	struct buf b = BUF_INIT;

	assert_int_equal(plain_read("/bin/sleep", 1 << 20, &b), 0);
	assert_int_equal(atomic_write(stage_path(name), buf_bytes(&b), 0755), 0);
	buf_free(&b);
}

static void
the_protected_are_refused(void **state)
{
	struct stage_session s, glass;
	pid_t sshd, other, named;

	(void)state;
	copy_sleep("sshd");
	stage_mode("enforce");
	stage_session(&s, 0, true);
	stage_session(&glass, STAGE_GLASS, true);
	sshd = stage_order(&s, ORDER_SERVE, stage_path("sshd")); /* as an administrator restarts it */
	/* A copy of anything can have the name. */
	named = stage_order(&s, ORDER_EXEC, stage_path("sshd"));
	other = stage_order(&s, ORDER_EXEC, "/bin/sleep");
	(void)usleep(100000);
	assert_int_equal(ask(REQ_KILL, &s, sshd), RES_PROTECTED);
	assert_int_equal(ask(REQ_KILL, &s, named), RES_OK);
	assert_int_equal(ask(REQ_KILL, &s, s.top), RES_PROTECTED);
	assert_int_equal(ask(REQ_KILL, &s, s.child), RES_PROTECTED);
	assert_int_equal(ask(REQ_KILL, &glass, glass.work), RES_PROTECTED);
	assert_int_equal(ask(REQ_TERMINATE, &glass, 0), RES_PROTECTED);
	/* The end of the session does not take that sshd along. */
	assert_int_equal(ask(REQ_TERMINATE, &s, 0), RES_OK);
	assert_true(stage_alive(sshd) && stage_alive(glass.work));
	assert_false(stage_alive(other));
	(void)kill(sshd, SIGKILL);
	stage_mode("audit");
	stage_session_end(&s);
	stage_session_end(&glass);
}

/* --- the mode ----------------------------------------------------------------------------------------- */

static void
the_engines_user_cannot_reach_the_mode(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char answer[256];
	pid_t pid;
	int status;

	(void)state;
	(void)bytes_copy(bytes_of(stage_path("run/monitor.sock")), sun.sun_path, sizeof(sun.sun_path));
	pid = fork();
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (setgid(STAGE_UID) == -1 || setuid(STAGE_UID) == -1)
			_exit(1);
		_exit(connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 && errno == EACCES ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	stage_verb("{\"verb\":\"mode\"}\n", answer, sizeof(answer));
	assert_string_equal(answer, "{\"mode\":\"audit\"}");
	stage_verb("{\"verb\":\"mode\",\"set\":\"off\"}\n", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"status\":1"));
}

static void
no_request_raises_the_mode(void **state)
{
	static const uint32_t kinds[] = {0, REQ_MAX, REQ_MAX + 1, NOTE_MODE + 1000, UINT32_MAX};
	struct stage_session s;
	char answer[256];

	(void)state;
	stage_session(&s, AUID, true);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		assert_int_equal(ask((enum request_kind)kinds[i], &s, s.work), RES_BAD);
	/* Nor does a policy that says so. */
	stage_send(&(struct request){.kind = REQ_POLICY, .value = 9, .limit = 1000, .window_s = 1,
	    .action = DO_TERMINATE, .flags = UINT32_MAX}, sizeof(struct request));
	assert_int_equal(ask(REQ_KILL, &s, s.work), RES_MODE_AUDIT);
	stage_verb("{\"verb\":\"mode\"}\n", answer, sizeof(answer));
	assert_string_equal(answer, "{\"mode\":\"audit\"}");
	stage_session_end(&s);
}

static void
the_stop_limit_brings_audit_back(void **state)
{
	struct stage_session s[3];
	struct notice n;
	pid_t pid[3], again;
	char kept[32] = "";
	int fd;

	(void)state;
	stage_mode("enforce");
	stage_send(&(struct request){.kind = REQ_POLICY, .limit = 2, .window_s = 600}, sizeof(struct request));
	for (uint32_t i = 0; i < 3; i++) {
		stage_session(&s[i], AUID + i, true);
		pid[i] = stage_order(&s[i], ORDER_FORK, NULL);
	}
	/* One user who tries again and again is one stop: he cannot switch enforcement off. */
	for (int i = 0; i < 5; i++) {
		again = stage_order(&s[0], ORDER_FORK, NULL);
		(void)usleep(2000); /* another record */
		assert_int_equal(ask(REQ_KILL, &s[0], again), RES_OK);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(REQ_KILL, &s[i], pid[i]), i < 2 ? RES_OK : RES_MODE_AUDIT);
	assert_true(stage_alive(pid[2]));
	fd = open(stage_path("state/monitor/mode"), O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, kept, sizeof(kept) - 1) > 0);
	close(fd);
	assert_string_equal(kept, "audit\n");
	/* Only root, at the other socket, switches it on again. */
	stage_mode("enforce");
	assert_true(stage_hear(NOTE_MODE, 0, &n, NULL));
	assert_int_equal(n.mode, MODE_ENFORCE);
	stage_send(&(struct request){.kind = REQ_POLICY, .limit = 0}, sizeof(struct request));
	assert_int_equal(ask(REQ_KILL, &s[2], pid[2]), RES_OK);
	stage_mode("audit");
	for (int i = 0; i < 3; i++)
		stage_session_end(&s[i]);
}

/* --- connections -------------------------------------------------------------------------------------- */

static int
tcp_listener(char port[8], struct report_addr *to)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	snprintf(port, 8, "%u", ntohs(sin.sin_port));
	*to = (struct report_addr){.family = 4, .port = ntohs(sin.sin_port)};
	memcpy(to->b, &sin.sin_addr, 4);
	return fd;
}

/* 0: open and silent, 1: closed or reset. */
static int
ended(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno != EAGAIN);
}

static void
only_this_sessions_tcp_is_destroyed(void **state)
{
	struct stage_session mine, other;
	struct request rq;
	struct notice n;
	char port[8];
	int listener, a, b;

	(void)state;
	stage_session(&mine, AUID, true);
	stage_session(&other, AUID, true);
	rq = request_for(REQ_DESTROY, &mine, 0);
	listener = tcp_listener(port, &rq.to);
	assert_true(stage_order(&mine, ORDER_CONNECT_TCP, port) >= 0);
	a = accept(listener, NULL, NULL);
	assert_true(stage_order(&other, ORDER_CONNECT_TCP, port) >= 0);
	b = accept(listener, NULL, NULL);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_MODE_AUDIT);
	assert_int_equal(ended(a), 0);
	stage_mode("enforce");
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 1);
	(void)usleep(20000);
	assert_int_equal(ended(a), 1);
	assert_int_equal(ended(b), 0);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_NOT_FOUND);
	rq.to.family = 9;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	assert_true(stage_alive(mine.work));
	stage_mode("audit");
	close(a);
	close(b);
	close(listener);
	stage_session_end(&mine);
	stage_session_end(&other);
}

static int
unix_listener(struct request *rq)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unlink(stage_path("unix"));
	(void)bytes_copy(bytes_of(stage_path("unix")), sun.sun_path, sizeof(sun.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(chmod(sun.sun_path, 0777), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(stat(sun.sun_path, &st), 0);
	rq->inode = st.st_ino;
	rq->dev_major = major(st.st_dev);
	rq->dev_minor = minor(st.st_dev);
	return fd;
}

/* A kill alone would leave the connection to the sibling. */
static void
a_cut_reaches_every_holder(void **state)
{
	struct stage_session thief, owner;
	struct request rq;
	int listener, a, b;
	pid_t sibling;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, AUID, true);
	stage_session(&owner, AUID, true);
	rq = request_for(REQ_KILL, &thief, thief.work);
	listener = unix_listener(&rq);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, "unix") >= 0);
	a = accept(listener, NULL, NULL);
	assert_true(stage_order(&owner, ORDER_CONNECT_UNIX, "unix") >= 0);
	b = accept(listener, NULL, NULL);
	sibling = stage_order(&thief, ORDER_FORK, NULL);
	assert_int_equal(ended(a), 0);
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(thief.work));
	assert_true(stage_alive(sibling));
	assert_int_equal(ended(a), 1);
	assert_int_equal(ended(b), 0);
	/* The same without a kill, for sshd at another's agent. */
	rq.kind = REQ_DESTROY;
	rq.ses = owner.ses;
	rq.pid = 0;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_int_equal(ended(b), 1);
	assert_true(stage_alive(owner.work));
	(void)kill(sibling, SIGKILL);
	stage_mode("audit");
	close(a);
	close(b);
	close(listener);
	stage_session_end(&thief);
	stage_session_end(&owner);
}

/* A listener that is slow, or stopped, to accept.  The kernel lists such a connection under the listener only. */
static void
a_cut_reaches_what_waits_to_be_accepted(void **state)
{
	struct stage_session thief;
	struct request rq;
	int listener, late;
	pid_t sibling;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, AUID, true);
	rq = request_for(REQ_KILL, &thief, thief.work);
	listener = unix_listener(&rq);
	assert_true(stage_order(&thief, ORDER_CONNECT_UNIX, "unix") >= 0);
	sibling = stage_order(&thief, ORDER_FORK, NULL);
	rq.time_ms = stage_now_ms();
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(thief.work));
	assert_true(stage_alive(sibling));
	late = accept(listener, NULL, NULL);
	assert_int_equal(ended(late), 1);
	(void)kill(sibling, SIGKILL);
	stage_mode("audit");
	close(late);
	close(listener);
	stage_session_end(&thief);
}

/* As a ControlMaster's client or ssh-add does when the other side goes. */
static void
a_client_that_ends_by_the_cut_was_stopped(void **state)
{
	struct stage_session thief;
	struct request rq;
	struct notice n;

	(void)state;
	stage_mode("enforce");
	stage_session(&thief, AUID, true);
	for (int i = 0; i < 4; i++) {
		pid_t client;
		int listener, conn;

		rq = request_for(REQ_KILL, &thief, 0);
		listener = unix_listener(&rq);
		client = stage_order(&thief, ORDER_CLIENT, "unix");
		assert_true(client > 0);
		conn = accept(listener, NULL, NULL);
		rq.pid = (uint32_t)client;
		rq.time_ms = stage_now_ms();
		assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
		assert_int_equal(n.value, 1);
		assert_true(stage_gone_soon(client));
		close(conn);
		close(listener);
	}
	stage_mode("audit");
	stage_session_end(&thief);
}

static void
the_owner_of_a_socket_is_who_listens(void **state)
{
	struct stage_session s;
	struct request rq;
	struct notice n;
	int listener;

	(void)state;
	stage_session(&s, AUID, true);
	rq = request_for(REQ_OWNER, &s, 0);
	listener = unix_listener(&rq);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.pid, getpid());
	assert_int_equal(n.uid, getuid());
	close(listener);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_NOT_FOUND);
	rq.inode = 0;
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_BAD);
	stage_session_end(&s);
}

/* --- the whole session -------------------------------------------------------------------------------- */

static void
a_session_ends_whole_but_for_what_is_spared(void **state)
{
	struct stage_session s, other;
	struct request rq;
	struct notice n;
	pid_t spared, sibling;

	(void)state;
	copy_sleep("spared");
	stage_mode("enforce");
	stage_session(&s, AUID, true);
	stage_session(&other, AUID, true);
	spared = stage_order(&s, ORDER_EXEC, stage_path("spared"));
	sibling = stage_order(&s, ORDER_FORK, NULL);
	(void)usleep(100000);
	rq = request_for(REQ_SPARE, &s, other.work);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OTHER_SESSION);
	assert_int_equal(ask(REQ_SPARE, &s, spared), RES_OK);
	rq = request_for(REQ_TERMINATE, &s, 0);
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.value, 2); /* work and sibling; the rest went by itself */
	assert_false(stage_alive(s.work) || stage_alive(sibling) || stage_alive(s.child) || stage_alive(s.top));
	assert_true(stage_alive(spared) && stage_alive(other.work) && stage_alive(other.top));
	/* Spared once: the next end takes it, and so does `terminate all`. */
	rq = request_for(REQ_TERMINATE, &s, 0);
	rq.flags = REQF_ALL;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_true(stage_gone_soon(spared));
	stage_mode("audit");
	stage_session_end(&s);
	stage_session_end(&other);
}

/* Root's own word at monitor.sock: no mode and no stop limit hold it back, and break-glass does. */
static void
root_ends_a_session_in_audit_mode(void **state)
{
	struct stage_session s, glass;
	struct request rq;
	struct notice n;
	char line[64], answer[256];
	pid_t spared;

	(void)state;
	copy_sleep("spared");
	stage_session(&s, AUID, true);
	stage_session(&glass, STAGE_GLASS, true);
	spared = stage_order(&s, ORDER_EXEC, stage_path("spared"));
	(void)usleep(100000);
	/* The engine may say what is spared, and no more than that. */
	assert_int_equal(ask(REQ_SPARE, &s, spared), RES_OK);
	rq = request_for(REQ_TERMINATE, &s, 0);
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_MODE_AUDIT);
	snprintf(line, sizeof(line), "{\"verb\":\"terminate\",\"ses\":%u}\n", s.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"terminated\",\"count\":1"));
	assert_false(stage_alive(s.work) || stage_alive(s.child) || stage_alive(s.top));
	assert_true(stage_alive(spared) && stage_alive(glass.work));
	assert_true(stage_hear(NOTE_ORDERED, 0, &n, NULL));
	assert_int_equal(n.result, RES_OK);
	assert_int_equal(n.ses, s.ses);
	assert_int_equal(n.pid, getpid());
	snprintf(line, sizeof(line), "{\"verb\":\"terminate\",\"ses\":%u,\"all\":true}\n", s.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_true(stage_gone_soon(spared));
	snprintf(line, sizeof(line), "{\"verb\":\"terminate\",\"ses\":%u}\n", glass.ses);
	stage_verb(line, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"failed\""));
	assert_true(stage_alive(glass.work));
	stage_verb("{\"verb\":\"terminate\",\"ses\":1}\n", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"done\":\"failed\""));
	stage_session_end(&s);
	stage_session_end(&glass);
}

/* --- reading ------------------------------------------------------------------------------------------ */

static void
a_program_is_handed_over_to_be_read_only(void **state)
{
	struct stage_session s;
	struct request rq;
	struct notice n;
	struct stat ours, theirs;
	int fds[STAGE_FDS];
	char byte;

	(void)state;
	stage_session(&s, AUID, true);
	rq = request_for(REQ_PROGRAM, &s, s.work);
	assert_int_equal(stage_ask(&rq, &n, fds), RES_OK);
	assert_int_equal(n.nfds, 2);
	assert_int_equal(stat("/proc/self/exe", &ours), 0);
	assert_int_equal(fstat(fds[0], &theirs), 0);
	assert_true(ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev);
	assert_int_equal(write(fds[0], "x", 1), -1);
	assert_int_equal(read(fds[1], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(ask(REQ_PROGRAM, &s, 1), RES_OTHER_SESSION);
	assert_int_equal(ask(REQ_PROGRAM, &s, (pid_t)INT32_MAX), RES_GONE);
	stage_session_end(&s);
}

static void
alive_is_what_the_kernel_says(void **state)
{
	struct stage_session s;

	(void)state;
	stage_session(&s, AUID, true);
	assert_int_equal(ask(REQ_ALIVE, &s, 0), RES_OK);
	stage_session_end(&s);
	assert_true(stage_gone_soon(s.work) && stage_gone_soon(s.child));
	assert_int_equal(ask(REQ_ALIVE, &s, 0), RES_GONE);
}

/* A walk over /proc may miss a task that does nothing but fork: "over" is never the last word. */
static void
what_lives_is_not_over(void **state)
{
	struct stage_session s;
	struct notice n;

	(void)state;
	stage_mode("enforce");
	stage_session(&s, AUID, true);
	stage_session_end(&s);
	do
		assert_true(stage_hear(NOTE_OVER, 0, &n, NULL));
	while (n.ses != s.ses);
	assert_int_equal(ask(REQ_KILL, &s, s.work), RES_GONE);
	stage_mode("audit");
}

/* Each socket that a user connects to is asked about, and he can hold a lot of descriptors. */
static void
nobody_holds_the_loop_up(void **state)
{
	struct stage_session s;
	struct request rq;
	int listener;
	int64_t start;

	(void)state;
	stage_session(&s, AUID, true);
	assert_int_equal(stage_order(&s, ORDER_HOARD, NULL), 900);
	for (int i = 0; i < 100; i++)
		assert_true(stage_order(&s, ORDER_FORK, NULL) > 0);
	rq = request_for(REQ_OWNER, &s, 0);
	listener = unix_listener(&rq);
	for (rq.id = 1000000; rq.id < 1000020; rq.id++)
		stage_send(&rq, sizeof(rq));
	start = stage_now_ms();
	stage_mode("audit");
	assert_true(stage_now_ms() - start < 100);
	close(listener);
	stage_session_end(&s);
}

static void
the_trail_takes_no_word_from_outside_the_tables(void **state)
{
	struct request rq = {.kind = REQ_AUDIT, .activity = ACT_COUNT};

	(void)state;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	rq.activity = ACT_RELAY;
	rq.action = DO_COUNT;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
	rq.action = DO_BLOCK;
	rq.done = UINT32_MAX;
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_BAD);
}

/* --- floods and rubbish ------------------------------------------------------------------------------- */

static void
rubbish_costs_the_engine_its_life(void **state)
{
	struct stage_session s;
	struct notice n;
	struct verdict got;

	(void)state;
	stage_session(&s, AUID, true);
	stage_send("rubbish", 7);
	stage_new_engine();
	assert_true(stage_hear(NOTE_CONFIG, 0, &n, NULL));
	assert_int_equal(n.nfds, 1);
	/* The login that waited heard the fallback; the session is told to the next engine. */
	assert_int_equal(packet_recv(s.report, &got, sizeof(got), NULL, 0), sizeof(got));
	assert_int_equal(got.source, VERDICT_FALLBACK);
	stage_send(&(struct request){.kind = REQ_HELLO}, sizeof(struct request));
	do
		assert_true(stage_hear(NOTE_FOUND, 0, &n, NULL));
	while (n.ses != s.ses);
	assert_int_equal(n.pid, s.top);
	stage_session_end(&s);
}

static void
a_cap_holds_whatever_the_engine_wants(void **state)
{
	struct stage_session s;
	enum result result = RES_OK;
	unsigned killed = 0;

	(void)state;
	stage_mode("enforce");
	stage_send(&(struct request){.kind = REQ_POLICY, .limit = 0}, sizeof(struct request));
	stage_session(&s, AUID, true);
	for (int i = 0; i < STAGE_RATE * 2 && result == RES_OK; i++) {
		result = ask(REQ_KILL, &s, stage_order(&s, ORDER_FORK, NULL));
		killed += result == RES_OK;
	}
	assert_int_equal(result, RES_RATE);
	assert_true(killed <= STAGE_RATE);
	stage_mode("audit");
	stage_session_end(&s);
}

/* Each test starts in audit mode, without a stop limit and without sessions. */
static int
fresh(void **state)
{
	struct request no_limit = {.kind = REQ_POLICY};

	(void)state;
	stage_mode("audit");
	stage_send(&no_limit, sizeof(no_limit));
	return 0;
}

static int
clear(void **state)
{
	(void)state;
	stage_clear();
	return 0;
}

#define fresh_test(f) cmocka_unit_test_setup_teardown(f, fresh, clear)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		fresh_test(a_login_is_told_with_the_kernels_facts),
		fresh_test(a_silent_engine_is_answered_for),
		fresh_test(a_session_is_not_registered_twice),
		fresh_test(only_root_reports),
		fresh_test(nothing_is_killed_in_audit_mode),
		fresh_test(a_forged_session_is_refused),
		fresh_test(a_pid_used_again_is_refused),
		fresh_test(only_the_named_process_dies),
		fresh_test(the_protected_are_refused),
		fresh_test(the_engines_user_cannot_reach_the_mode),
		fresh_test(no_request_raises_the_mode),
		fresh_test(the_stop_limit_brings_audit_back),
		fresh_test(only_this_sessions_tcp_is_destroyed),
		fresh_test(a_cut_reaches_every_holder),
		fresh_test(a_cut_reaches_what_waits_to_be_accepted),
		fresh_test(a_client_that_ends_by_the_cut_was_stopped),
		fresh_test(the_owner_of_a_socket_is_who_listens),
		fresh_test(a_session_ends_whole_but_for_what_is_spared),
		fresh_test(root_ends_a_session_in_audit_mode),
		fresh_test(a_program_is_handed_over_to_be_read_only),
		fresh_test(alive_is_what_the_kernel_says),
		fresh_test(what_lives_is_not_over),
		fresh_test(nobody_holds_the_loop_up),
		fresh_test(the_trail_takes_no_word_from_outside_the_tables),
		fresh_test(rubbish_costs_the_engine_its_life),
		fresh_test(a_cap_holds_whatever_the_engine_wants),
	};
	const char *obstacle = stage_obstacle();
	int failed;

	if (argc != 2 || obstacle != NULL) {
		fprintf(stderr, "%s\n", obstacle != NULL ? obstacle : "usage: test_liar SSHTETHERD-LIAR");
		return 77;
	}
	stage_open(argv[1]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	stage_close();
	return failed;
}

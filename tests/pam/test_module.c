/*
 * pam_sshtether.so inside the real libpam, against a stand-in for the daemon.  Argument: the module's
 * path.  Runs as root (the module trusts only a root listener, and libpam reads a private
 * configuration folder).
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/safe.h"
#include "tests/pam/listener.h"
#include "tests/pam/scene.h"

/* --- every way to get a verdict, or none ----------------------------------------------------------- */

static const struct way {
	const char *name;
	enum manner manner;
	int open[2];       /* what PAM says under fail=open: account, session */
	int closed[2];     /* under fail=closed */
	const char *log;   /* what syslog says */
	bool waits;        /* the whole time-out passes */
} ways[] = {
#define PASS    {PAM_SUCCESS, PAM_SUCCESS}
#define DENIED  {PAM_PERM_DENIED, PAM_PERM_DENIED}
#define REFUSED {PAM_PERM_DENIED, PAM_SESSION_ERR}
	{"allow", BE_ALLOW, PASS, PASS, "", false},
	{"deny", BE_DENY, DENIED, DENIED, "refused by policy", false},
	{"fallback", BE_FALLBACK, DENIED, DENIED, "refused by the fallback of sshtetherd", false},
	{"absent", BE_ABSENT, PASS, REFUSED, "does not listen (No such file", false},
	{"stale", BE_STALE, PASS, REFUSED, "does not listen (Connection refused", false},
	{"hung", BE_HUNG, PASS, REFUSED, "did not answer in time", true},
	{"stopped", BE_STOPPED, PASS, REFUSED, "did not answer in time", true},
	{"late", BE_LATE, PASS, REFUSED, "did not answer in time", true},
	{"closing", BE_CLOSING, PASS, REFUSED, "closed the connection without an answer", false},
	{"deaf", BE_DEAF, PASS, REFUSED, "closed the connection without an answer", false},
	{"hasty", BE_HASTY, PASS, PASS, "", false},
	{"short", BE_SHORT, PASS, REFUSED, "not a verdict of this version", false},
	{"long", BE_LONG, PASS, REFUSED, "not a verdict of this version", false},
	{"rubbish", BE_RUBBISH, PASS, REFUSED, "not a verdict of this version", false},
	{"version", BE_VERSION, PASS, REFUSED, "not a verdict of this version", false},
	{"endless", BE_ENDLESS, PASS, REFUSED, "not a verdict of this version", false},
	{"nobody", BE_NOBODY, PASS, REFUSED, "the listener is not root", false},
};
#define NWAYS (sizeof(ways) / sizeof(ways[0]))

static void
try_way(const struct way *w, enum hook hook, bool closed)
{
	struct scene s = {.options = closed ? "fail=closed" : "fail=open", .waits = w->waits};
	struct listener l;
	struct outcome o;

	listener_start(&l, socket_path, w->manner, "");
	o = call(&s, hook);
	if (o.code != (closed ? w->closed : w->open)[hook] || !in_log(w->log))
		fail_msg("%s, hook %d, %s: code %d, log: %s", w->name, hook, s.options, o.code,
		    logged.n > 0 ? logged.p : "");
	if (w->manner == BE_NOBODY)
		assert_int_equal(l.heard->n, 0); /* it is told nothing */
	listener_stop(&l);
}

static void
all_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < NWAYS; i++) {
		try_way(&ways[i], ACCOUNT, false);
		try_way(&ways[i], ACCOUNT, true);
		try_way(&ways[i], OPEN, false);
		try_way(&ways[i], OPEN, true);
	}
}

static void
fail_is_open_by_default(void **state)
{
	struct listener l;

	(void)state;
	listener_start(&l, socket_path, BE_ABSENT, "");
	assert_int_equal(call(&(struct scene){0}, OPEN).code, PAM_SUCCESS);
	assert_true(in_log("the login goes on (fail=open)"));
	listener_stop(&l);
}

/* Whatever happens at the end of a session, PAM is content. */
static void
closing_a_session(void **state)
{
	static const enum manner manners[] = {BE_ALLOW, BE_DENY, BE_ABSENT, BE_HUNG, BE_RUBBISH};
	struct scene s = {.options = "fail=closed"};

	(void)state;
	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		struct listener l;

		s.waits = manners[i] == BE_HUNG;
		listener_start(&l, socket_path, manners[i], "not shown");
		assert_int_equal(call(&s, CLOSE).code, PAM_SUCCESS);
		assert_int_equal(shown.n, 0);
		if (manners[i] == BE_ALLOW)
			assert_int_equal(l.heard->report.kind, REPORT_CLOSE);
		listener_stop(&l);
	}
}

/* --- what the user sees ---------------------------------------------------------------------------- */

static void
messages(void **state)
{
	struct listener l;

	(void)state;
	listener_start(&l, socket_path, BE_ALLOW, "Work is recorded here.");
	call(&(struct scene){0}, OPEN);
	assert_string_equal(shown.p, "I:Work is recorded here.\n");
	call(&(struct scene){.pam_flags = (int)PAM_SILENT}, OPEN);
	assert_int_equal(shown.n, 0);
	listener_stop(&l);
	listener_start(&l, socket_path, BE_DENY, "Ask #bastion\033]0;x\007\nlogin: %s%n");
	call(&(struct scene){0}, ACCOUNT);
	assert_string_equal(shown.p, "E:Ask #bastion\\x1b]0;x\\x07\\x0alogin: %s%n\n");
	listener_stop(&l);
	listener_start(&l, socket_path, BE_DENY, "as \\x1b the daemon \\\\ wrote it \\");
	call(&(struct scene){0}, ACCOUNT);
	assert_string_equal(shown.p, "E:as \\x1b the daemon \\\\ wrote it \\\n");
	listener_stop(&l);
	listener_start(&l, socket_path, BE_ABSENT, "");
	call(&(struct scene){.options = "fail=closed"}, ACCOUNT);
	assert_non_null(strstr(shown.p, "E:Login refused"));
	call(&(struct scene){.options = "fail=open"}, ACCOUNT);
	assert_int_equal(shown.n, 0);
	listener_stop(&l);
}

/* --- what the daemon hears ------------------------------------------------------------------------- */

static void
report_of_a_login(void **state)
{
	const struct scene s = {.user = "nobody", .connection = "2001:db8::1 50022 2001:db8::2 2222",
	    .auth = "publickey ssh-ed25519 "
	            "AAAAC3NzaC1lZDI1NTE5AAAAIP7SLKL7Hl/zKZVU7JNYWZ1zMo3wGrRXVlKqVKbTkrDD\n"
	            "keyboard-interactive/pam\n"};
	const struct passwd *pw = getpwnam("nobody");
	struct proc_stat st;
	struct listener l;
	const struct report *r;
	uint32_t ses;

	(void)state;
	listener_start(&l, socket_path, BE_ALLOW, "");
	assert_int_equal(call(&s, OPEN).code, PAM_SUCCESS);
	r = &l.heard->report;
	assert_true(report_valid(r, l.heard->n));
	assert_int_equal(l.heard->reports, 1);
	assert_int_equal(r->kind, REPORT_OPEN);
	assert_int_equal(r->flags, REPORT_KEY_KNOWN);
	assert_int_equal(r->pid, getpid());
	assert_int_equal(l.heard->peer, getpid());
	assert_int_equal(proc_stat(getpid(), &st), 0);
	assert_true(r->start_ticks == st.start_ticks);
	assert_int_equal(proc_sessionid(getpid(), &ses), 0);
	assert_int_equal(r->ses, ses);
	assert_int_equal(r->uid, pw->pw_uid);
	assert_int_equal(r->gid, pw->pw_gid);
	assert_true(r->ngroups >= 1);
	assert_int_equal(r->groups[0], pw->pw_gid);
	assert_string_equal(r->service, "sshd");
	assert_string_equal(r->user, "nobody");
	assert_string_equal(r->tty, "ssh");
	assert_string_equal(r->method, "publickey,keyboard-interactive");
	assert_string_equal(r->key_type, "ssh-ed25519");
	assert_int_equal(strlen(r->key_fp), 50);
	assert_int_equal(r->peer.family, 6);
	assert_int_equal(r->peer.port, 50022);
	assert_int_equal(r->local.port, 2222);
	assert_int_equal(r->peer.b[15], 1);
	listener_stop(&l);
}

static void
report_of_odd_logins(void **state)
{
	static const struct {
		struct scene scene;
		uint32_t flags;
		const char *method;
	} cases[] = {
		{{.auth = "", .connection = "10.0.0.1 1 10.0.0.2 22"}, 0, ""},
		{{.connection = "UNKNOWN 65535 UNKNOWN 65535"}, REPORT_PEER_UNKNOWN, "password"},
		{{.auth = "publickey ssh-ed25519 !!!!\n"}, REPORT_CUT, "publickey"},
		{{.auth = "publickey ssh-x-cert-v01@openssh.com AAAAB3NzaC1uZXc=\n"}, REPORT_CUT, "publickey"},
		{{.auth = "\033[2J\npassword\n"}, REPORT_CUT, "password"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct listener l;

		listener_start(&l, socket_path, BE_ALLOW, "");
		assert_int_equal(call(&cases[i].scene, OPEN).code, PAM_SUCCESS);
		assert_true(report_valid(&l.heard->report, l.heard->n));
		assert_int_equal(l.heard->report.flags, cases[i].flags);
		assert_string_equal(l.heard->report.method, cases[i].method);
		assert_string_equal(l.heard->report.key_fp, "");
		listener_stop(&l);
	}
}

static void
unknown_user(void **state)
{
	struct scene s = {.user = "no-such-user"};
	struct listener l;

	(void)state;
	listener_start(&l, socket_path, BE_ALLOW, "");
	assert_int_equal(call(&s, OPEN).code, PAM_SUCCESS);
	assert_true(in_log("not in the passwd database: the login goes on"));
	s.options = "fail=closed";
	assert_int_equal(call(&s, OPEN).code, PAM_SESSION_ERR);
	assert_int_equal(l.heard->reports, 0);
	listener_stop(&l);
}

/* --- exempt ---------------------------------------------------------------------------------------- */

#define KEY_LINE "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP7SLKL7Hl/zKZVU7JNYWZ1zMo3wGrRXVlKqVKbTkrDD\n"

static void
write_exempt(const char *text, mode_t mode)
{
	assert_int_equal(atomic_write(exempt_path, bytes_of(text), 0644), 0);
	assert_int_equal(chmod(exempt_path, mode), 0);
}

/* The fingerprint of KEY_LINE as the module itself reports it. */
static void
key_line_fp(char out[ST_FP_MAX])
{
	struct listener l;

	listener_start(&l, socket_path, BE_ALLOW, "");
	call(&(struct scene){.auth = KEY_LINE}, OPEN);
	memcpy(out, l.heard->report.key_fp, ST_FP_MAX);
	listener_stop(&l);
}

static void
exempt(void **state)
{
	char fp[ST_FP_MAX], key_exempt[128], options[128], group_exempt[128];
	const struct group *gr = getgrgid(getpwnam("nobody")->pw_gid);

	(void)state;
	key_line_fp(fp);
	assert_non_null(gr);
	snprintf(key_exempt, sizeof(key_exempt), "key %s\n", fp);
	snprintf(group_exempt, sizeof(group_exempt), "group no-such-group\ngroup %s\n", gr->gr_name);
	snprintf(options, sizeof(options), "fail=closed exempt=%s", exempt_path);
	{
		const struct {
			const char *file;
			mode_t mode;
			const char *auth;
			int account, open;
			const char *log; /* of the session hook */
		} cases[] = {
			{"user nobody\n", 0644, "password\n", PAM_SUCCESS, PAM_SUCCESS, "exempt:1), the login goes on"},
			{group_exempt, 0600, "password\n", PAM_SUCCESS, PAM_SUCCESS, "exempt:2), the login goes on"},
			{"user root\n", 0644, "password\n", PAM_PERM_DENIED, PAM_SESSION_ERR, "is refused"},
			{"", 0644, "password\n", PAM_PERM_DENIED, PAM_SESSION_ERR, "is refused"},
			{"user nobody\n", 0666, "password\n", PAM_PERM_DENIED, PAM_SESSION_ERR, "is not used: may be written"},
			{"usr root\nuser nobody\n", 0644, "password\n", PAM_SUCCESS, PAM_SUCCESS, "exempt:1: expected"},
			{key_exempt, 0644, KEY_LINE, PAM_SUCCESS, PAM_SUCCESS, "is exempt"},
			/* the account hook cannot know the key yet, the session hook can */
			{key_exempt, 0644, "", PAM_SUCCESS, PAM_SESSION_ERR, "is refused"},
			{"key SHA256:other\n", 0644, KEY_LINE, PAM_PERM_DENIED, PAM_SESSION_ERR, "is refused"},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct scene s = {.options = options, .user = "nobody", .auth = cases[i].auth};
			struct listener l;

			write_exempt(cases[i].file, cases[i].mode);
			listener_start(&l, socket_path, BE_ABSENT, "");
			assert_int_equal(call(&s, ACCOUNT).code, cases[i].account);
			assert_int_equal(call(&s, OPEN).code, cases[i].open);
			if (!in_log(cases[i].log))
				fail_msg("case %zu: %s", i, logged.p);
			listener_stop(&l);
		}
	}
}

/* A refusal by rule is not the exempt file's business; one for want of an engine is. */
static void
exempt_and_verdicts(void **state)
{
	char options[128];
	struct scene s = {.options = options};
	struct listener l;

	(void)state;
	snprintf(options, sizeof(options), "fail=open exempt=%s", exempt_path);
	write_exempt("user root\n", 0644);
	listener_start(&l, socket_path, BE_DENY, "");
	assert_int_equal(call(&s, OPEN).code, PAM_PERM_DENIED);
	listener_stop(&l);
	listener_start(&l, socket_path, BE_FALLBACK, "");
	assert_int_equal(call(&s, OPEN).code, PAM_SUCCESS);
	assert_true(in_log("root is exempt"));
	listener_stop(&l);
}

static void
exempt_file_missing(void **state)
{
	char options[128];
	struct listener l;

	(void)state;
	unlink(exempt_path);
	snprintf(options, sizeof(options), "fail=closed exempt=%s", exempt_path);
	listener_start(&l, socket_path, BE_ABSENT, "");
	assert_int_equal(call(&(struct scene){.options = options}, ACCOUNT).code, PAM_PERM_DENIED);
	assert_true(in_log("is not used: No such file"));
	listener_stop(&l);
}

/* --- slips of an administrator ---------------------------------------------------------------------- */

static void
unknown_option(void **state)
{
	struct scene s = {.options = "fail=closed tmeout=1s"};
	struct listener l;

	(void)state;
	listener_start(&l, socket_path, BE_DENY, "");
	for (enum hook h = ACCOUNT; h <= OPEN; h++) {
		s.control = NULL;
		assert_int_equal(call(&s, h).code, PAM_SUCCESS);
		assert_true(in_log("option \"tmeout=1s\" is refused: no such option"));
		s.control = "required";
		assert_int_equal(call(&s, h).code, PAM_SERVICE_ERR);
	}
	assert_int_equal(l.heard->reports, 0);
	listener_stop(&l);
}

static void
module_missing(void **state)
{
	struct scene s = {.object = "/nonexistent/pam_sshtether.so", .options = "fail=closed"};

	(void)state;
	assert_int_equal(call(&s, ACCOUNT).code, PAM_SUCCESS);
	assert_int_equal(call(&s, OPEN).code, PAM_SUCCESS);
}

static void
module_broken(void **state)
{
	char path[80];
	struct scene s = {.object = path, .options = "fail=closed"};

	(void)state;
	snprintf(path, sizeof(path), "%s/broken.so", home);
	assert_int_equal(atomic_write(path, BYTES_LIT("not an object"), 0644), 0);
	assert_int_equal(call(&s, ACCOUNT).code, PAM_SUCCESS);
	assert_int_equal(call(&s, OPEN).code, PAM_SUCCESS);
}

/* --- the end of a refused connection ---------------------------------------------------------------- */

struct tcp {
	int client, server;
	char connection[128]; /* as sshd would name it */
};

static void
tcp_open(struct tcp *t, int listener)
{
	struct sockaddr_in6 here, there;
	socklen_t n = sizeof(here);
	char ip[INET6_ADDRSTRLEN];

	assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &n), 0);
	t->client = socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(connect(t->client, (struct sockaddr *)&here, sizeof(here)), 0);
	n = sizeof(there);
	t->server = accept(listener, (struct sockaddr *)&there, &n);
	assert_true(t->server >= 0);
	inet_ntop(AF_INET6, &here.sin6_addr, ip, sizeof(ip));
	/* sshd writes a mapped address as IPv4 */
	snprintf(t->connection, sizeof(t->connection), "%s %d %s %d",
	    strncmp(ip, "::ffff:", 7) == 0 ? ip + 7 : ip, ntohs(there.sin6_port),
	    strncmp(ip, "::ffff:", 7) == 0 ? ip + 7 : ip, ntohs(here.sin6_port));
}

static bool
tcp_ended(const struct tcp *t)
{
	char c;

	return recv(t->client, &c, 1, MSG_DONTWAIT) == 0;
}

static void
tcp_close(struct tcp *t)
{
	close(t->client);
	close(t->server);
}

static int
tcp_listen(const char *ip)
{
	struct sockaddr_in6 sa = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_STREAM, 0), off = 0;

	assert_int_equal(inet_pton(AF_INET6, ip, &sa.sin6_addr), 1);
	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* Only its own connection, whatever the descriptor, and only in the session hook. */
static void
refused_connection(void **state)
{
	static const char *const addresses[] = {"::1", "::ffff:127.0.0.1"};
	static const enum manner manners[] = {BE_DENY, BE_ABSENT};

	(void)state;
	for (size_t a = 0; a < 2; a++) {
		for (size_t m = 0; m < 2; m++) {
			int listener = tcp_listen(addresses[a]);
			struct tcp mine, other;
			struct scene s = {.options = "fail=closed", .connection = mine.connection};
			struct listener l;

			tcp_open(&other, listener);
			tcp_open(&mine, listener);
			listener_start(&l, socket_path, manners[m], "");
			assert_int_not_equal(call(&s, ACCOUNT).code, PAM_SUCCESS);
			assert_false(tcp_ended(&mine));
			assert_int_not_equal(call(&s, OPEN).code, PAM_SUCCESS);
			assert_true(tcp_ended(&mine));
			assert_false(tcp_ended(&other));
			assert_false(in_log("cannot be ended"));
			listener_stop(&l);
			tcp_close(&mine);
			tcp_close(&other);
			close(listener);
		}
	}
}

static void
refused_without_connection(void **state)
{
	struct scene s = {.connection = "UNKNOWN 65535 UNKNOWN 65535"};
	struct listener l;

	(void)state;
	listener_start(&l, socket_path, BE_DENY, "");
	assert_int_equal(call(&s, OPEN).code, PAM_PERM_DENIED);
	assert_true(in_log("cannot be ended"));
	listener_stop(&l);
}

/* --- hostile surroundings --------------------------------------------------------------------------- */

static void
tick(int sig)
{
	(void)sig;
}

/* Signals without SA_RESTART neither shorten nor lengthen the wait. */
static void
interrupted(void **state)
{
	static const enum manner manners[] = {BE_HUNG, BE_STOPPED};
	struct sigaction sa = {.sa_handler = tick}, old;
	struct itimerval every = {{0, 5000}, {0, 5000}}, off = {0};

	(void)state;
	sigaction(SIGALRM, &sa, &old);
	for (size_t i = 0; i < 2; i++) {
		struct listener l;
		struct outcome o;

		listener_start(&l, socket_path, manners[i], "");
		setitimer(ITIMER_REAL, &every, NULL);
		o = call(&(struct scene){.waits = true}, OPEN);
		setitimer(ITIMER_REAL, &off, NULL);
		assert_int_equal(o.code, PAM_SUCCESS);
		assert_true(in_log("did not answer in time"));
		listener_stop(&l);
	}
	sigaction(SIGALRM, &old, NULL);
}

/* With descriptors 0 to 2 free the module's socket becomes one of them; nothing may be written there. */
static void
without_stdio(void **state)
{
	struct listener l;
	int status;
	pid_t pid;

	(void)state;
	listener_start(&l, socket_path, BE_ALLOW, "hello");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pam_handle_t *pamh = begin(&(struct scene){.options = "debug"});
		bool free_again;
		int code;

		for (int fd = 0; fd <= 2; fd++)
			close(fd);
		code = pam_open_session(pamh, 0);
		free_again = fcntl(0, F_GETFD) == -1 && fcntl(1, F_GETFD) == -1 && fcntl(2, F_GETFD) == -1;
		pam_end(pamh, code);
		_exit(code == PAM_SUCCESS && free_again ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(report_valid(&l.heard->report, l.heard->n));
	listener_stop(&l);
}

static void
debug_says_what_was_reported(void **state)
{
	struct listener l;

	(void)state;
	listener_start(&l, socket_path, BE_ALLOW, "");
	call(&(struct scene){.options = "debug", .auth = KEY_LINE}, OPEN);
	assert_true(in_log("report: user root uid 0"));
	assert_true(in_log("verdict: allow by policy"));
	call(&(struct scene){0}, OPEN);
	assert_false(in_log("report:"));
	listener_stop(&l);
}

/* --- main ------------------------------------------------------------------------------------------ */

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ways),
		cmocka_unit_test(fail_is_open_by_default),
		cmocka_unit_test(closing_a_session),
		cmocka_unit_test(messages),
		cmocka_unit_test(report_of_a_login),
		cmocka_unit_test(report_of_odd_logins),
		cmocka_unit_test(unknown_user),
		cmocka_unit_test(exempt),
		cmocka_unit_test(exempt_and_verdicts),
		cmocka_unit_test(exempt_file_missing),
		cmocka_unit_test(unknown_option),
		cmocka_unit_test(module_missing),
		cmocka_unit_test(module_broken),
		cmocka_unit_test(refused_connection),
		cmocka_unit_test(refused_without_connection),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(without_stdio),
		cmocka_unit_test(debug_says_what_was_reported),
	};

	char *module = argc == 2 ? realpath(argv[1], NULL) : NULL;

	if (module == NULL) {
		fprintf(stderr, "usage: test_module pam_sshtether.so\n");
		return 2;
	}
	scene_module(module);
	return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}

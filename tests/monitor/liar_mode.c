/* The mode and the caps are out of the engine's reach.  Each lie beside the honest twin that must be obeyed. */
#include "tests/monitor/kit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

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

/* Held up while he spoke, as by a machine that is overloaded: it is not his to hear nothing. */
static void
what_was_said_in_time_is_heard(void **state)
{
	static const char line[] = "{\"verb\":\"mode\"}\n";
	char answer[256];
	ssize_t n;
	int fd;

	(void)state;
	fd = stage_socket("run/monitor.sock", SOCK_STREAM, false);
	assert_true(fd >= 0);
	stage_verb(line, answer, sizeof(answer)); /* who came after him was let in */
	assert_int_equal(kill(stage_monitor(), SIGSTOP), 0);
	assert_int_equal(write(fd, line, sizeof(line) - 1), sizeof(line) - 1);
	(void)sleep(6); /* more than PATIENCE_MS of verbs.c */
	assert_int_equal(kill(stage_monitor(), SIGCONT), 0);
	n = recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL);
	assert_true(n > 0);
	answer[n] = '\0';
	assert_int_equal(strncmp(answer, "{\"mode\":\"audit\"}\n", 17), 0);
	close(fd);
}

static void
no_request_raises_the_mode(void **state)
{
	static const uint32_t kinds[] = {0, REQ_MAX, REQ_MAX + 1, NOTE_MODE + 1000, UINT32_MAX};
	struct stage_session s;
	char answer[256];

	(void)state;
	stage_session(&s, KIT_AUID, true);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		assert_int_equal(kit_ask((enum request_kind)kinds[i], &s, s.work), RES_BAD);
	/* Nor does a policy that says so. */
	stage_send(&(struct request){.kind = REQ_POLICY, .value = 9, .limit = 1000, .window_s = 1,
	    .action = DO_TERMINATE, .flags = UINT32_MAX}, sizeof(struct request));
	assert_int_equal(kit_ask(REQ_KILL, &s, s.work), RES_MODE_AUDIT);
	stage_verb("{\"verb\":\"mode\"}\n", answer, sizeof(answer));
	assert_string_equal(answer, "{\"mode\":\"audit\"}");
	stage_session_end(&s);
}

/* It is written down beside the monitor's loop. */
static bool
is_kept_soon(const char *want)
{
	for (int i = 0; i < STAGE_TIMEOUT / 10; i++) {
		char kept[32] = "";
		int fd = open(stage_path("state/monitor/mode"), O_RDONLY | O_CLOEXEC);
		ssize_t n;

		n = read(fd, kept, sizeof(kept) - 1);
		close(fd);
		if (n > 0 && strcmp(kept, want) == 0)
			return true;
		(void)usleep(10000);
	}
	return false;
}

static void
the_stop_limit_brings_audit_back(void **state)
{
	struct stage_session s[3];
	struct notice n;
	pid_t pid[3], again;

	(void)state;
	stage_mode("enforce");
	stage_send(&(struct request){.kind = REQ_POLICY, .limit = 2, .window_s = 600}, sizeof(struct request));
	for (uint32_t i = 0; i < 3; i++) {
		stage_session(&s[i], KIT_AUID + i, true);
		pid[i] = stage_order(&s[i], ORDER_FORK, NULL);
	}
	/* One user who tries again and again is one stop: he cannot switch enforcement off. */
	for (int i = 0; i < 5; i++) {
		again = stage_order(&s[0], ORDER_FORK, NULL);
		(void)usleep(2000); /* another record */
		assert_int_equal(kit_ask(REQ_KILL, &s[0], again), RES_OK);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(kit_ask(REQ_KILL, &s[i], pid[i]), i < 2 ? RES_OK : RES_MODE_AUDIT);
	assert_true(stage_alive(pid[2]));
	assert_true(is_kept_soon("audit\n"));
	/* Only root, at the other socket, switches it on again. */
	stage_mode("enforce");
	assert_true(stage_hear(NOTE_MODE, 0, &n, NULL));
	assert_int_equal(n.mode, MODE_ENFORCE);
	stage_send(&(struct request){.kind = REQ_POLICY, .limit = 0}, sizeof(struct request));
	assert_int_equal(kit_ask(REQ_KILL, &s[2], pid[2]), RES_OK);
	stage_mode("audit");
	for (int i = 0; i < 3; i++)
		stage_session_end(&s[i]);
}

static const struct CMUnitTest tests[] = {
	kit_test(the_engines_user_cannot_reach_the_mode),
	kit_test(what_was_said_in_time_is_heard),
	kit_test(no_request_raises_the_mode),
	kit_test(the_stop_limit_brings_audit_back),
};

const struct kit_tests liar_mode = {tests, sizeof(tests) / sizeof(*tests)};

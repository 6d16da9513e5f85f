/* The control socket of the real engine: who may ask, followers fast and slow, rubbish, and the store. */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/safe.h"
#include "tests/unit/engine_stage.h"
#include "tests/unit/unit.h"

#define ALERT_ALL "alert outbound-ssh\n"

static void
assert_asked(const struct engine_stage *s, const char *line, const char *text)
{
	struct buf b = BUF_INIT;

	engine_stage_ask(s, line, &b);
	if (strstr(b.p, text) == NULL)
		fail_msg("%s does not hold %s", b.p, text);
	buf_free(&b);
}

static void
login(struct engine_stage *s, uint32_t ses)
{
	struct report r = engine_stage_login(REPORT_OPEN, "alice", 1000, ses);
	struct verdict v;

	assert_true(engine_stage_verdict(s, engine_stage_report(s, &r, NULL), &v));
}

/* Reads until text was seen or nothing comes any more. */
static bool
reads(int fd, const char *text)
{
	struct buf b = BUF_INIT;
	bool found = false;
	ssize_t n;

	do {
		char *room = buf_room(&b, 65536);

		n = recv(fd, room, 65535, 0);
		b.n += n > 0 ? (size_t)n : 0;
		b.p[b.n] = '\0';
		found = strstr(b.p, text) != NULL;
	} while (n > 0 && !found);
	buf_free(&b);
	return found;
}

/* What a peer of that uid and group hears. */
static bool
hears(const struct engine_stage *s, uid_t uid, gid_t gid, gid_t extra, const char *line,
    const char *text)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgroups(1, &extra) == -1 || setgid(gid) == -1 || setuid(uid) == -1)
			_exit(2);
		_exit(reads(engine_stage_client(s, line), text) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
the_group_reads_and_nobody_else(void **state)
{
	static char group[] = "adm";
	const struct group *gr = getgrnam(group);
	const char *status = "{\"verb\":\"status\"}", *load = "{\"verb\":\"policy-load\",\"path\":\"/x\"}";
	struct engine_stage s;
	gid_t gid;

	(void)state;
	assert_non_null(gr);
	gid = gr->gr_gid;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	assert_int_equal(engine_stage_stop(&s), 0);
	s.conf.group = group;
	engine_stage_start(&s, MODE_AUDIT);
	assert_true(hears(&s, 12345, gid, 12345, status, "\"uptime_s\""));
	assert_true(hears(&s, 12345, 12345, gid, status, "\"uptime_s\""));
	assert_false(hears(&s, 12345, 12345, 12345, status, "\""));
	assert_true(hears(&s, 12345, gid, gid, load, "only root may do this"));
	assert_true(hears(&s, 12345, gid, gid, "{\"verb\":\"announce\",\"id\":\"77\"}", "only root"));
	assert_true(hears(&s, 0, 0, 0, load, "no such file"));
	s.conf.group = NULL;
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
rubbish_is_answered_and_counted(void **state)
{
	static const char *const lines[] = {"", "nonsense", "[1,2]", "{}", "{\"verb\":7}",
	    "{\"verb\":\"nonsense\"}", "{\"verb\":\"status\",\"verb\":\"status\"}",
	    "{\"verb\":\"session\"}", "{\"verb\":\"session\",\"id\":-1}",
	    "{\"verb\":\"session\",\"id\":\"4294967295\"}", "{\"verb\":\"alerts\",\"since\":\"x\"}",
	    "{\"verb\":\"alerts\",\"activity\":\"no-such\"}", "{\"verb\":\"announce\",\"id\":\"77\"}",
	    "{\"verb\":\"terminate\",\"id\":\"77\",\"reason\":\"not asked here any more\"}",
	    "{\"verb\":\"policy-load\"}", "\xff\xfe{"};
	struct engine_stage s;
	char *big = malloc(200000);

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_asked(&s, lines[i], "\"end\":true,\"status\":");
	memset(big, 'x', 199999);
	big[199999] = '\0';
	assert_true(reads(engine_stage_client(&s, big), "too long"));
	free(big);
	assert_asked(&s, "{\"verb\":\"status\"}", "\"name\":\"control-bad\"");
	assert_int_equal(engine_stage_close(&s), 0);
}

static bool
is_let_go(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, wait_ms) == 1;
}

static void
more_clients_than_room_are_let_go(void **state)
{
	struct engine_stage s;
	int fds[ST_CONTROL_CLIENTS + 8];
	const int n = (int)(sizeof(fds) / sizeof(fds[0]));
	int gone = 0;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	for (int i = 0; i < n; i++)
		fds[i] = engine_stage_client(&s, "{\"verb\":\"alerts\",\"follow\":true}");
	assert_true(is_let_go(fds[n - 1], ENGINE_STAGE_WAIT_MS)); /* they are taken in their order */
	for (int i = 0; i < n; i++)
		gone += is_let_go(fds[i], 0);
	assert_int_equal(gone, 8);
	assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
	assert_true(is_let_go(fds[0], ENGINE_STAGE_WAIT_MS)); /* there is room for one */
	assert_asked(&s, "{\"verb\":\"status\"}", "\"name\":\"control-cap\"");
	for (int i = 0; i < n; i++)
		close(fds[i]);
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
a_follower_hears_what_comes(void **state)
{
	struct engine_stage s;
	int all, bob, old;

	(void)state;
	engine_stage_open(&s, ALERT_ALL, MODE_AUDIT);
	login(&s, 77);
	engine_stage_connect(&s, 500, 77, 4000, "ssh", "10.0.0.1", 22);
	assert_true(engine_stage_alerted(&s, "10.0.0.1"));
	all = engine_stage_client(&s, "{\"verb\":\"alerts\",\"follow\":true}");
	bob = engine_stage_client(&s, "{\"verb\":\"alerts\",\"follow\":true,\"user\":\"bob\"}");
	old = engine_stage_client(&s, "{\"verb\":\"alerts\",\"follow\":true,\"since\":1}");
	assert_asked(&s, "{\"verb\":\"status\"}", "\"mode\""); /* who came before has been heard */
	engine_stage_connect(&s, 501, 77, 4001, "ssh", "10.0.0.2", 22);
	assert_true(reads(all, "10.0.0.2"));
	assert_true(reads(old, "10.0.0.1"));
	assert_asked(&s, "{\"verb\":\"status\"}", "\"mode\""); /* what goes to anybody has gone */
	assert_int_equal(poll(&(struct pollfd){.fd = bob, .events = POLLIN}, 1, 0), 0);
	close(all);
	close(bob);
	close(old);
	assert_int_equal(engine_stage_close(&s), 0);
}

/* Who does not read is told so and let go of; nobody else waits for him. */
static void
a_slow_follower_is_let_go(void **state)
{
	struct engine_stage s;
	int slow, size = 4096;
	bool dropped = false;

	(void)state;
	engine_stage_open(&s, ALERT_ALL, MODE_AUDIT);
	login(&s, 77);
	slow = engine_stage_client(&s, "{\"verb\":\"alerts\",\"follow\":true}");
	setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (uint32_t i = 0; i < 6000 && !dropped; i++) {
		char ip[32];

		snprintf(ip, sizeof(ip), "10.%u.%u.%u", i / 65536, i / 256 % 256, i % 256);
		engine_stage_connect(&s, 1000 + i, 77, 10000 + i, "ssh", ip, 22);
		if (i % 500 == 499) {
			struct buf b = BUF_INIT;

			engine_stage_ask(&s, "{\"verb\":\"status\"}", &b);
			dropped = strstr(b.p, "follower-slow") != NULL;
			buf_free(&b);
		}
	}
	assert_true(dropped);
	assert_true(reads(slow, "came faster than they were read"));
	close(slow);
	assert_int_equal(engine_stage_close(&s), 0);
}

/* A long list comes whole, and a client that leaves in the middle of it does no harm. */
static void
a_long_list_comes_whole(void **state)
{
	struct engine_stage s;
	struct buf b = BUF_INIT;
	unsigned lines = 0;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	for (uint32_t i = 0; i < 300; i++)
		login(&s, 1000 + i);
	engine_stage_ask(&s, "{\"verb\":\"sessions\",\"tree\":true}", &b);
	for (const char *p = b.p; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 301);
	assert_non_null(strstr(b.p, "\"ses\":1299,"));
	buf_free(&b);
	for (int i = 0; i < 20; i++)
		close(engine_stage_client(&s, "{\"verb\":\"sessions\",\"tree\":true}"));
	assert_asked(&s, "{\"verb\":\"status\"}", "\"open\":300");
	assert_int_equal(engine_stage_close(&s), 0);
}

/* --- the store under the engine --- */

static void
store_path(const struct engine_stage *s, char out[160])
{
	snprintf(out, 160, "%s/store.db", s->state);
}

static void
a_damaged_store_is_begun_anew(void **state)
{
	struct engine_stage s;
	char path[160];
	int fd;

	(void)state;
	engine_stage_open(&s, ALERT_ALL, MODE_AUDIT);
	assert_asked(&s, "{\"verb\":\"alerts\"}", "\"status\":0"); /* it is there */
	assert_int_equal(engine_stage_stop(&s), 0);
	store_path(&s, path);
	fd = open(path, O_WRONLY);
	assert_true(fd != -1 && pwrite(fd, "rubbish rubbish rubbish", 23, 0) == 23);
	close(fd);
	engine_stage_start(&s, MODE_AUDIT);
	assert_true(engine_stage_alerted(&s, "store-set-aside"));
	login(&s, 77);
	engine_stage_connect(&s, 500, 77, 4000, "ssh", "10.0.0.1", 22);
	assert_true(engine_stage_alerted(&s, "10.0.0.1"));
	assert_asked(&s, "{\"verb\":\"alerts\"}", "10.0.0.1");
	assert_asked(&s, "{\"verb\":\"status\"}", "\"set_aside\":1");
	unlink(path); /* and one that goes away while it is open */
	engine_stage_connect(&s, 501, 77, 4001, "ssh", "10.0.0.2", 22);
	assert_true(engine_stage_alerted(&s, "10.0.0.2"));
	assert_asked(&s, "{\"verb\":\"alerts\"}", "10.0.0.2");
	assert_int_equal(engine_stage_close(&s), 0);
}

static void
without_a_store_all_else_goes_on(void **state)
{
	struct engine_stage s;

	(void)state;
	engine_stage_open(&s, ALERT_ALL, MODE_AUDIT);
	assert_int_equal(engine_stage_stop(&s), 0);
	snprintf(s.state, sizeof(s.state), "%s/nowhere", s.dir);
	engine_stage_start(&s, MODE_AUDIT);
	assert_true(engine_stage_alerted(&s, "store-failing"));
	login(&s, 77);
	engine_stage_connect(&s, 500, 77, 4000, "ssh", "10.0.0.1", 22);
	assert_true(engine_stage_alerted(&s, "10.0.0.1"));
	assert_asked(&s, "{\"verb\":\"alerts\"}", "\"status\":3");
	assert_asked(&s, "{\"verb\":\"status\"}", "\"store\":{\"state\":\"failing\"");
	assert_int_equal(engine_stage_close(&s), 0);
}

/* --- how long a login waits --- */

/* Since it began, how long it could have run, and others did: schedstat of proc(5), nothing where that is missing. */
static int64_t
kept_waiting_ms(pid_t pid)
{
	char path[64];
	struct buf b = BUF_INIT;
	long long ns = 0;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	if (plain_read(path, 256, &b) != 0 || sscanf(b.p, "%*u %lld", &ns) != 1)
		ns = 0;
	buf_free(&b);
	return ns / 1000000;
}

/* A login, but for the time that the machine gave to others. */
static int64_t
login_ms(struct engine_stage *s, uint32_t ses)
{
	const int64_t waited = kept_waiting_ms(s->engine) + kept_waiting_ms(getpid());
	const struct mtime begin = mtime_now();

	login(s, ses);
	const int64_t ms = mtime_ms_since(mtime_now(), begin);

	return ms - (kept_waiting_ms(s->engine) + kept_waiting_ms(getpid()) - waited);
}

static void
a_login_does_not_wait_for_a_flood(void **state)
{
	struct engine_stage s;
	int64_t worst = 0;
	pid_t flood;

	(void)state;
	engine_stage_open(&s, NULL, MODE_AUDIT);
	login(&s, 70);
	flood = fork();
	if (flood == 0)
		for (uint32_t i = 0;; i++)
			engine_stage_connect(&s, 1000 + i, 70, 10000 + i % 5000, "nc", "10.0.0.1", 80);
	for (uint32_t i = 0; i < 100; i++) {
		const int64_t ms = login_ms(&s, 100 + i);

		worst = ms > worst ? ms : worst;
		usleep(5000);
	}
	kill(flood, 9);
	waitpid(flood, NULL, 0);
	print_message("worst login of 100 under a flood: %lld ms\n", (long long)worst);
	assert_true(worst < 250); /* what login-timeout is by default */
	assert_int_equal(engine_stage_close(&s), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_group_reads_and_nobody_else),
		cmocka_unit_test(rubbish_is_answered_and_counted),
		cmocka_unit_test(more_clients_than_room_are_let_go),
		cmocka_unit_test(a_follower_hears_what_comes),
		cmocka_unit_test(a_slow_follower_is_let_go),
		cmocka_unit_test(a_long_list_comes_whole),
		cmocka_unit_test(a_damaged_store_is_begun_anew),
		cmocka_unit_test(without_a_store_all_else_goes_on),
		cmocka_unit_test(a_login_does_not_wait_for_a_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

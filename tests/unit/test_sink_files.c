/* The alert file and syslog: whole lines, rotation, full disks, readers that do not read. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "agentd/sink/jsonl.h"
#include "agentd/sink/syslog.h"
#include "base/safe.h"
#include "tests/unit/unit.h"

static char dir[64], path[96];

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-sink-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/out", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void
assert_holds(const char *file, const char *text)
{
	struct buf b = BUF_INIT;

	assert_int_equal(plain_read(file, 1 << 20, &b), 0);
	buf_putc(&b, '\0');
	assert_string_equal(b.p, text);
	buf_free(&b);
}

static void
lines_are_appended(void **state)
{
	struct jsonl *s = jsonl_new(path);

	(void)state;
	assert_true(jsonl_line(s, BYTES_LIT("{1}")));
	jsonl_free(&s);
	s = jsonl_new(path);
	assert_true(jsonl_line(s, BYTES_LIT("{2}")));
	assert_int_equal(jsonl_health(s)->written, 1);
	assert_holds(path, "{1}\n{2}\n");
	jsonl_free(&s);
}

static void
a_file_moved_away_is_made_anew(void **state)
{
	struct jsonl *s = jsonl_new(path);
	char old[128];

	(void)state;
	snprintf(old, sizeof(old), "%s.1", path);
	jsonl_line(s, BYTES_LIT("{1}"));
	assert_int_equal(rename(path, old), 0);
	jsonl_check(s);
	jsonl_line(s, BYTES_LIT("{2}"));
	assert_holds(old, "{1}\n");
	assert_holds(path, "{2}\n");
	unlink(old);
	unlink(path);
	jsonl_check(s);
	jsonl_line(s, BYTES_LIT("{3}"));
	assert_holds(path, "{3}\n");
	jsonl_free(&s);
}

/* A limit on the size stands for a disk that is full in the middle of a line. */
static void
a_torn_line_costs_one_line(void **state)
{
	struct rlimit before, small = {.rlim_cur = 8, .rlim_max = RLIM_INFINITY};
	struct jsonl *s = jsonl_new(path);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	assert_true(jsonl_line(s, BYTES_LIT("{1}")));
	setrlimit(RLIMIT_FSIZE, &small);
	assert_false(jsonl_line(s, BYTES_LIT("{222222}")));
	assert_int_equal(jsonl_health(s)->state, SINK_FAILING);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(jsonl_line(s, BYTES_LIT("{3}")));
	assert_holds(path, "{1}\n{222\n{3}\n");
	assert_int_equal(jsonl_health(s)->dropped, 1);
	assert_int_equal(jsonl_health(s)->state, SINK_OK);
	jsonl_free(&s);
}

static void
a_line_torn_by_the_writer_before_us_is_ended(void **state)
{
	struct jsonl *s;

	(void)state;
	assert_int_equal(atomic_write(path, BYTES_LIT("{1}\n{2"), 0600), 0);
	s = jsonl_new(path);
	jsonl_line(s, BYTES_LIT("{3}"));
	assert_holds(path, "{1}\n{2\n{3}\n");
	jsonl_free(&s);
}

static void
a_folder_that_is_not_there_is_tried_again(void **state)
{
	char sub[128], file[160];
	struct jsonl *s;

	(void)state;
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	snprintf(file, sizeof(file), "%s/out", sub);
	s = jsonl_new(file);
	assert_false(jsonl_line(s, BYTES_LIT("{1}")));
	assert_int_equal(jsonl_health(s)->state, SINK_FAILING);
	mkdir(sub, 0700);
	assert_true(jsonl_line(s, BYTES_LIT("{2}")));
	assert_holds(file, "{2}\n");
	jsonl_free(&s);
	unlink(file);
	rmdir(sub);
}

/* --- syslog --- */

static int
listen_at(const char *where)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", where);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void
syslog_gets_a_line(void **state)
{
	int fd = listen_at(path);
	struct syslog_sink *s = syslog_sink_new(path, "tester");
	char got[256] = "";

	(void)state;
	assert_true(syslog_sink_line(s, LOG_CRIT, (struct rtime){.ms = 1000}, BYTES_LIT("a thing")));
	assert_true(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
	assert_memory_equal(got, "<82>", 4); /* authpriv.crit */
	assert_non_null(strstr(got, " tester["));
	assert_non_null(strstr(got, "]: a thing"));
	close(fd);
	syslog_sink_free(&s);
}

static void
a_syslog_that_does_not_read_is_not_waited_for(void **state)
{
	int fd = listen_at(path);
	struct syslog_sink *s = syslog_sink_new(path, "tester");
	int i;

	(void)state;
	for (i = 0; i < 100000 && syslog_sink_line(s, LOG_INFO, RTIME_NONE, BYTES_LIT("x")); i++)
		;
	assert_in_range(i, 1, 99999);
	assert_int_equal(syslog_sink_health(s)->dropped, 1);
	close(fd);
	unlink(path);
	assert_false(syslog_sink_line(s, LOG_INFO, RTIME_NONE, BYTES_LIT("nobody")));
	fd = listen_at(path);
	assert_true(syslog_sink_line(s, LOG_INFO, RTIME_NONE, BYTES_LIT("again")));
	assert_int_equal(syslog_sink_health(s)->state, SINK_OK);
	close(fd);
	syslog_sink_free(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_appended),
		TEST(a_file_moved_away_is_made_anew),
		TEST(a_torn_line_costs_one_line),
		TEST(a_line_torn_by_the_writer_before_us_is_ended),
		TEST(a_folder_that_is_not_there_is_tried_again),
		TEST(syslog_gets_a_line),
		TEST(a_syslog_that_does_not_read_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

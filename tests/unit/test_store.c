/* The store: rows in and out, sizes and ages, and everything that can be wrong with its file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "tests/unit/store_kit.h"

static struct store_finding
finding(int64_t time_ms, const char *user, bool alert, const char *json)
{
	return (struct store_finding){.time_ms = time_ms, .boot = "boot", .ses = 7, .user = user,
	    .activity = "outbound-ssh", .action = "alert", .done = "alerted", .severity = "low",
	    .alert = alert, .json = bytes_of(json)};
}

static void
put(struct store *s, int64_t time_ms, const char *user, bool alert, const char *json)
{
	const struct store_finding f = finding(time_ms, user, alert, json);

	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put_finding(s, &f), STORE_OK);
	assert_int_equal(store_commit(s), STORE_OK);
}

static void
assert_finds(struct store *s, const struct store_query *q, const char *expected)
{
	struct buf lines = BUF_INIT;
	bool cut;

	assert_int_equal(store_find(s, q, &lines, &cut), STORE_OK);
	buf_putc(&lines, '\0');
	assert_string_equal(lines.p, expected);
	buf_free(&lines);
}

static void
findings_come_back_in_order(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);

	put(s, 1000, "alice", true, "{1}");
	put(s, 2000, "bob", true, "{2}");
	put(s, 3000, "alice", false, "{3}");
	put(s, 4000, "alice", true, "{4}");
	assert_finds(s, &(struct store_query){0}, "{1}\n{2}\n{4}\n");
	assert_finds(s, &(struct store_query){.quiet = true}, "{1}\n{2}\n{3}\n{4}\n");
	assert_finds(s, &(struct store_query){.user = "alice"}, "{1}\n{4}\n");
	assert_finds(s, &(struct store_query){.since_ms = 2000, .until_ms = 4000}, "{2}\n");
	assert_finds(s, &(struct store_query){.limit = 1}, "{4}\n");
	assert_finds(s, &(struct store_query){.activity = "relay"}, "");
	assert_finds(s, &(struct store_query){.has_ses = true, .boot = "boot", .ses = 7, .limit = 2},
	    "{2}\n{4}\n");
	assert_finds(s, &(struct store_query){.has_ses = true, .boot = "other", .ses = 7}, "");
	assert_finds(s, &(struct store_query){.user = "x' OR '1'='1"}, "");
	store_close(&s);
	s = kit_opened(*state, KIT_SIZE);
	assert_finds(s, &(struct store_query){.user = "bob"}, "{2}\n");
	store_close(&s);
}

/* A page comes after the one before; what came since is on the last. */
static void
pages_go_on_where_they_ended(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	const struct store_session v = {.boot = "b", .ses = 7, .auid = 1000, .user = "al\"", .groups = "a\nb\n",
	    .opened_ms = 5};
	const struct store_logins l = {.day_ms = 0, .user = "bob", .ip = "10.0.0.1", .key = "", .method = "m",
	    .last_ms = 7, .count = 3};

	put(s, 1000, "alice", true, "{1}");
	put(s, 2000, "bob", false, "{2}");
	put(s, 3000, "alice", true, "{3}");
	assert_finds(s, &(struct store_query){.part = STORE_FINDINGS}, "{1}\n{2}\n{3}\n{\"next\":0}\n");
	assert_finds(s, &(struct store_query){.part = STORE_FINDINGS, .after = 2}, "{3}\n{\"next\":0}\n");
	assert_finds(s, &(struct store_query){.part = STORE_FINDINGS, .since_ms = 2000, .until_ms = 3000},
	    "{2}\n{\"next\":0}\n");
	assert_int_equal(store_put_session(s, &v), STORE_OK);
	assert_finds(s, &(struct store_query){.part = STORE_SESSIONS},
	    "{\"boot\":\"b\",\"ses\":7,\"user\":\"al\\\"\",\"ip\":\"\",\"tty\":\"\",\"method\":\"\",\"key\":\"\","
	    "\"ca\":\"\",\"cert_id\":\"\",\"groups\":\"a\\nb\\n\",\"opened\":5}\n{\"next\":0}\n");
	assert_finds(s, &(struct store_query){.part = STORE_SESSIONS, .after = 1}, "{\"next\":0}\n");
	assert_int_equal(store_put_logins(s, &l), STORE_OK);
	assert_finds(s, &(struct store_query){.part = STORE_LOGINS},
	    "{\"user\":\"bob\",\"ip\":\"10.0.0.1\",\"key\":\"\",\"method\":\"m\",\"last\":7,\"count\":3}\n{\"next\":0}\n");
	store_close(&s);
}

static void
findings_are_found_by_the_beginning_of_an_id(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);

	put(s, 1000, "alice", true, "{\"event\":{\"id\":\"0a1b2c\"},\"x\":\"0a1b\"}");
	put(s, 2000, "bob", false, "{\"event\":{\"id\":\"0a1bff\"}}");
	put(s, 3000, "bob", false, "{\"event\":{\"id\":\"ff0a1b\"},\"say\":\"\\\"id\\\":\\\"0a1b\"}");
	assert_finds(s, &(struct store_query){.part = STORE_FINDINGS, .id = "0a1b2"},
	    "{\"event\":{\"id\":\"0a1b2c\"},\"x\":\"0a1b\"}\n{\"next\":0}\n");
	assert_finds(s, &(struct store_query){.part = STORE_FINDINGS, .id = "0a1b", .after = 1},
	    "{\"event\":{\"id\":\"0a1bff\"}}\n{\"next\":0}\n");
	assert_finds(s, &(struct store_query){.part = STORE_FINDINGS, .id = "0a1b%"}, "{\"next\":0}\n");
	assert_finds(s, &(struct store_query){.part = STORE_FINDINGS, .id = "' OR 1 --"}, "{\"next\":0}\n");
	store_close(&s);
}

/* And none is lost, or comes twice, when they are full. */
static void
full_pages_are_whole(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	struct store_query q = {.part = STORE_FINDINGS};
	struct buf lines = BUF_INIT;
	char json[16], want[32];
	bool cut;

	assert_int_equal(store_begin(s), STORE_OK);
	for (int i = 1; i <= ST_PAGE_ROWS + 1; i++) {
		struct store_finding f;

		(void)snprintf(json, sizeof(json), "{%d}", i);
		f = finding(i, "alice", true, json);
		assert_int_equal(store_put_finding(s, &f), STORE_OK);
	}
	assert_int_equal(store_commit(s), STORE_OK);
	assert_int_equal(store_find(s, &q, &lines, &cut), STORE_OK);
	(void)snprintf(want, sizeof(want), "\n{%d}\n{\"next\":%d}\n", ST_PAGE_ROWS, ST_PAGE_ROWS);
	assert_true(bytes_ends(buf_bytes(&lines), bytes_of(want)));
	q.after = ST_PAGE_ROWS;
	(void)snprintf(want, sizeof(want), "{%d}\n{\"next\":0}\n", ST_PAGE_ROWS + 1);
	assert_finds(s, &q, want);
	buf_free(&lines);
	store_close(&s);
}

static void
a_batch_that_fails_leaves_nothing(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	const struct store_finding f = finding(1, "alice", true, "{1}");

	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put_finding(s, &f), STORE_OK);
	store_rollback(s);
	assert_finds(s, &(struct store_query){0}, "");
	store_rollback(s); /* none is open: harmless */
	store_close(&s);
}

static void
a_session_is_one_row(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	struct store_session v = {.boot = "b", .ses = 7, .auid = 1000, .user = "alice", .ip = "10.0.0.1",
	    .port = 4022, .key = "SHA256:x", .cert_id = "id", .cert_serial = 9, .opened_ms = 5}, got;
	struct buf room = BUF_INIT;
	struct store_size size;

	assert_int_equal(store_put_session(s, &v), STORE_OK);
	v.over_ms = 90;
	v.findings = 3;
	assert_int_equal(store_put_session(s, &v), STORE_OK);
	assert_true(store_session_get(s, "b", 7, &got, &room));
	assert_string_equal(got.user, "alice");
	assert_string_equal(got.key, "SHA256:x");
	assert_string_equal(got.method, "");
	assert_int_equal(got.over_ms, 90);
	assert_int_equal(got.port, 4022);
	assert_int_equal(got.cert_serial, 9);
	assert_false(store_session_get(s, "c", 7, &got, &room));
	assert_int_equal(store_measure(s, &size), STORE_OK);
	assert_int_equal(size.sessions, 1);
	buf_free(&room);
	store_close(&s);
}

static void
put_case(struct store *s, const char *boot, uint32_t ses, const char *user, int64_t changed, int64_t over,
    unsigned severity, const char *json)
{
	assert_int_equal(store_put_case(s, &(struct store_case){.boot = boot, .ses = ses, .user = user,
	    .changed_ms = changed, .over_ms = over, .score = 50, .severity = severity, .json = bytes_of(json)}),
	    STORE_OK);
}

static void
assert_cases(struct store *s, const struct store_query *ask, const char *want)
{
	struct store_query q = *ask;
	struct buf lines = BUF_INIT;
	bool cut;

	q.part = STORE_CASES;
	assert_int_equal(store_find(s, &q, &lines, &cut), STORE_OK);
	assert_string_equal(lines.p != NULL ? lines.p : "", want);
	buf_free(&lines);
}

/* One a session, as it was last; the newest change first. */
static void
a_case_is_one_row(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);

	put_case(s, "aaaaaaaa-1", 57, "alice", 100, 0, 2, "A");
	put_case(s, "aaaaaaaa-1", 58, "bob", 200, 250, 3, "B");
	put_case(s, "bbbbbbbb-1", 57, "alice", 300, 0, 4, "C");
	assert_cases(s, &(struct store_query){0}, "C\nB\nA\n");
	put_case(s, "aaaaaaaa-1", 57, "alice", 400, 0, 3, "A2");
	assert_cases(s, &(struct store_query){0}, "A2\nC\nB\n");
	assert_cases(s, &(struct store_query){.limit = 1}, "A2\n");
	assert_cases(s, &(struct store_query){.user = "bob"}, "B\n");
	assert_cases(s, &(struct store_query){.severity = 4}, "C\n");
	assert_cases(s, &(struct store_query){.boot = "aaaaaaaa", .has_ses = true, .ses = 57}, "A2\n");
	assert_cases(s, &(struct store_query){.boot = "aaaaaaaa-1", .living = true}, "A2\n");
	assert_cases(s, &(struct store_query){.since_ms = 200, .until_ms = 400}, "C\nB\n");
	store_close(&s);
}

static void
short_logins_are_counted(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);

	for (int i = 0; i < 100; i++) {
		const struct store_logins l = {.day_ms = 0, .user = "deploy", .ip = "10.0.0.1",
		    .key = "SHA256:x", .method = "publickey", .first_ms = 1000 + i, .last_ms = 1000 + i,
		    .count = 1, .seconds = 2};

		assert_int_equal(store_put_logins(s, &l), STORE_OK);
	}
	store_close(&s);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM logins"), 1);
	assert_int_equal(kit_number(*state, "SELECT count FROM logins"), 100);
	assert_int_equal(kit_number(*state, "SELECT last - first FROM logins"), 99);
	assert_int_equal(kit_number(*state, "SELECT seconds FROM logins"), 200);
}

static void
old_rows_go(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);

	for (int i = 1; i <= 20; i++)
		put(s, i * 1000, "alice", true, "{}");
	kit_tend(s, &(struct store_bounds){.before_ms = {11000}});
	store_close(&s);
	assert_int_equal(kit_number(*state, "SELECT min(time) FROM findings"), 11000);
	s = kit_opened(*state, KIT_SIZE);
	assert_int_equal(store_shed(s), STORE_OK);
	store_close(&s);
	assert_int_equal(kit_number(*state, "SELECT min(time) FROM findings"), 12000);
}

static enum store_error
fill(struct store *s, unsigned *rows)
{
	static char big[8192];
	enum store_error e = STORE_OK;

	memset(big, 'x', sizeof(big) - 1);
	for (*rows = 0; e == STORE_OK && *rows < 5000; ++*rows) {
		const struct store_finding f = finding(*rows + 1, "alice", true, big);

		e = store_put_finding(s, &f);
	}
	return e;
}

static void
a_full_store_says_so_and_takes_more_after_pruning(void **state)
{
	struct store *s = kit_opened(*state, 1u << 20);
	unsigned rows;
	const struct store_finding f = finding(9000, "alice", true, "{new}");

	assert_int_equal(fill(s, &rows), STORE_FULL);
	assert_in_range(rows, 50, 200);
	assert_int_equal(store_shed(s), STORE_OK);
	assert_int_equal(store_put_finding(s, &f), STORE_OK);
	assert_finds(s, &(struct store_query){.limit = 1}, "{new}\n");
	store_close(&s);
}

static void
write_at(const char *path, off_t at, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
	close(fd);
}

static void
damage_is_found_and_set_aside(void **state)
{
	const struct place *p = *state;
	struct store *s = kit_opened(p, KIT_SIZE);
	char why[128], aside[160];

	put(s, 1000, "alice", true, "{1}");
	store_close(&s);
	write_at(p->path, 0, "this is no database at all, believe me");
	assert_int_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_CORRUPT);
	assert_null(s);
	assert_int_equal(store_set_aside(p->path, 1234000), 0);
	snprintf(aside, sizeof(aside), "%s.corrupt-1234", p->path);
	assert_int_equal(access(aside, F_OK), 0);
	s = kit_opened(p, KIT_SIZE);
	assert_finds(s, &(struct store_query){0}, "");
	store_close(&s);
}

static void
damage_in_the_middle_is_found(void **state)
{
	const struct place *p = *state;
	struct store *s = kit_opened(p, KIT_SIZE);
	char why[128];
	unsigned rows;

	(void)fill(s, &rows);
	store_close(&s);
	for (off_t at = 4096 * 3; at < 4096 * 40; at += 4096)
		write_at(p->path, at, "\x01\x02\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	assert_int_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_CORRUPT);
	assert_null(s);
}

static void
what_is_not_ours_is_not_written_to(void **state)
{
	const struct place *p = *state;
	struct store *s = NULL;
	sqlite3 *db;
	char why[128];

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE t(x); PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_CORRUPT);
	assert_non_null(strstr(why, "newer"));
	unlink(p->path);
	assert_int_equal(symlink("/etc/passwd", p->path), 0);
	assert_int_not_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_OK);
	unlink(p->path);
	assert_int_equal(mkdir(p->path, 0700), 0);
	assert_int_not_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_OK);
}

static void
a_file_that_went_away_is_missed(void **state)
{
	const struct place *p = *state;
	struct store *s = kit_opened(p, KIT_SIZE);
	struct stat st;

	assert_int_equal(store_check(s), STORE_OK);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(p->path);
	assert_int_equal(store_check(s), STORE_LOST);
	store_close(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

/* Those of which the case itself told, whatever else stands in it. */
static void
sessions_whose_case_alerted_are_a_page(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	struct store_query q = {.part = STORE_ALERTED};
	struct buf lines = BUF_INIT;
	bool cut;

	put_case(s, "aaaaaaaa-1", 57, "alice", 100, 0, 2, "{\"sshtether\":{\"session\":\"a-57\",\"case\":{\"told\":\"high\"}}}");
	put_case(s, "aaaaaaaa-1", 58, "bob", 200, 0, 1, "{\"sshtether\":{\"session\":\"a-58\",\"case\":{\"score\":5}}}");
	put_case(s, "aaaaaaaa-1", 59, "bob", 300, 0, 2, "{\"sshtether\":{\"session\":\"a-59\",\"case\":{\"told\":\"medium\"}}}");
	assert_int_equal(store_find(s, &q, &lines, &cut), STORE_OK);
	assert_string_equal(lines.p, "{\"session\":\"a-57\"}\n{\"session\":\"a-59\"}\n{\"next\":0}\n");
	buf_reset(&lines);
	q.since_ms = 200;
	assert_int_equal(store_find(s, &q, &lines, &cut), STORE_OK);
	assert_string_equal(lines.p, "{\"session\":\"a-59\"}\n{\"next\":0}\n");
	buf_free(&lines);
	store_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(findings_come_back_in_order),
		TEST(pages_go_on_where_they_ended),
		TEST(findings_are_found_by_the_beginning_of_an_id),
		TEST(full_pages_are_whole),
		TEST(a_batch_that_fails_leaves_nothing),
		TEST(a_session_is_one_row),
		TEST(a_case_is_one_row),
		TEST(sessions_whose_case_alerted_are_a_page),
		TEST(short_logins_are_counted),
		TEST(old_rows_go),
		TEST(a_full_store_says_so_and_takes_more_after_pruning),
		TEST(damage_is_found_and_set_aside),
		TEST(damage_in_the_middle_is_found),
		TEST(what_is_not_ours_is_not_written_to),
		TEST(a_file_that_went_away_is_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

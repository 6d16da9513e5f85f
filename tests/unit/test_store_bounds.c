/* The store over time: versions, the rows of the baseline, what goes when there is too much, and the file's size. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/store_kit.h"

#define DAY_MS 86400000LL

static void
an_older_version_is_brought_up_with_all_that_it_has(void **state)
{
	struct store *s;

	kit_version_1(*state);
	assert_int_equal(kit_number(*state, "PRAGMA user_version"), 1);
	s = kit_opened(*state, KIT_SIZE);
	store_close(&s);
	assert_int_equal(kit_number(*state, "PRAGMA user_version"), STORE_VERSION);
	assert_int_equal(kit_number(*state, "SELECT sum(time) FROM findings"), 500 * 501 / 2 * 1000);
	assert_int_equal(kit_number(*state, "SELECT auid FROM sessions"), 1000);
	assert_int_equal(kit_number(*state, "SELECT count FROM logins"), 3);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM usual"), 0);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM cases"), 0);
	s = kit_opened(*state, KIT_SIZE); /* and is of this version from then on */
	store_close(&s);
}

static void
a_full_one_is_brought_up_too(void **state)
{
	const struct place *p = *state;
	struct store *s;
	struct stat st;

	kit_version_1(p);
	kit_exec(p, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
		    "INSERT INTO findings(time, json) SELECT 1000000 + i, printf('%.*c', 3000, 'x') FROM n");
	assert_int_equal(stat(p->path, &st), 0);
	s = kit_opened(p, (uint64_t)st.st_size);
	store_close(&s);
	assert_int_equal(kit_number(p, "PRAGMA user_version"), STORE_VERSION);
	assert_in_range(kit_number(p, "SELECT count(*) FROM findings"), 300, 899);
}

static void
what_is_not_as_a_version_was_is_refused(void **state)
{
	const struct place *p = *state;
	struct store *s = NULL;
	char why[128];

	kit_version_1(p);
	kit_exec(p, "CREATE TABLE usual(x)");
	assert_int_not_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_OK);
	assert_int_equal(kit_number(p, "PRAGMA user_version"), 1);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM sqlite_schema WHERE name = 'cases'"), 0);
	kit_exec(p, "PRAGMA user_version = 3");
	assert_int_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_CORRUPT);
	assert_non_null(strstr(why, "newer"));
	kit_exec(p, "PRAGMA user_version = -1");
	assert_int_equal(store_open(p->path, KIT_SIZE, &s, why), STORE_CORRUPT);
	assert_null(s);
}

/* --- the baseline's rows -------------------------------------------------------------------------------------- */

static void
put_usual(struct store *s, int32_t day, const char *user, const char *value, uint32_t count)
{
	assert_int_equal(store_put_usual(s, &(struct store_usual){.kind = "origin", .user = user, .value = value,
	    .day = day, .count = count}), STORE_OK);
}

struct read {
	struct buf text;
	struct store_usual last;
	char user[64], value[64];
	unsigned n;
};

static void
on_row(const struct store_usual *row, void *arg)
{
	struct read *r = arg;

	buf_printf(&r->text, "%d %s %s %u\n", row->day, row->user, row->value, row->count);
	(void)snprintf(r->user, sizeof(r->user), "%s", row->user);
	(void)snprintf(r->value, sizeof(r->value), "%s", row->value);
	r->last = (struct store_usual){.day = row->day, .user = r->user, .kind = "origin", .value = r->value};
	r->n++;
}

static void
assert_usual(struct store *s, int32_t from, int32_t to, const char *expected)
{
	struct read r = {0};

	assert_int_equal(store_each_usual(s, from, to, NULL, 100, on_row, &r), STORE_OK);
	buf_putc(&r.text, '\0');
	assert_string_equal(r.text.p, expected);
	buf_free(&r.text);
}

static void
usual_rows_stand_for_themselves(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);

	put_usual(s, 11, "bob", "a", 1);
	put_usual(s, 10, "", "p", 5);
	put_usual(s, 10, "alice", "a", 1);
	put_usual(s, 10, "alice", "a", 7);
	put_usual(s, 10, "alice", "b", UINT32_MAX);
	assert_usual(s, 0, 100, "10  p 5\n10 alice a 7\n10 alice b 4294967295\n11 bob a 1\n");
	assert_usual(s, 11, 11, "11 bob a 1\n");
	assert_usual(s, 0, 10, "10  p 5\n10 alice a 7\n10 alice b 4294967295\n");
	put_usual(s, 10, "alice", "b", 0);
	put_usual(s, 10, "nobody", "b", 0);
	assert_usual(s, 0, 10, "10  p 5\n10 alice a 7\n");
	put_usual(s, 12, "alice", "c", 1);
	assert_int_equal(store_drop_usual(s, "alice"), STORE_OK);
	assert_usual(s, 0, 100, "10  p 5\n11 bob a 1\n");
	assert_int_equal(store_drop_usual(s, ""), STORE_OK);
	assert_usual(s, 0, 100, "11 bob a 1\n");
	assert_int_equal(store_drop_usual(s, NULL), STORE_OK);
	assert_usual(s, 0, 100, "");
	store_close(&s);
}

static void
usual_rows_come_in_pages(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	struct read r = {0};
	unsigned pages = 0, before;
	char value[16];

	for (int i = 0; i < 95; i++) {
		(void)snprintf(value, sizeof(value), "%d", i);
		put_usual(s, 10 + i % 3, i % 2 == 0 ? "alice" : "bob", value, 1);
	}
	do {
		before = r.n;
		assert_int_equal(store_each_usual(s, 0, 100, pages > 0 ? &r.last : NULL, 10, on_row, &r), STORE_OK);
		pages++;
	} while (r.n == before + 10);
	assert_int_equal(r.n, 95);
	assert_int_equal(pages, 10);
	buf_free(&r.text);
	store_close(&s);
}

/* --- bounds ---------------------------------------------------------------------------------------------------- */

static void
days_that_are_over_go_by_table(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	const struct store_bounds bounds = {.before_ms = {[STORE_T_LOGINS] = 3 * DAY_MS, [STORE_T_USUAL] = 12 * DAY_MS + 5}};

	for (int i = 0; i < 5; i++) {
		const struct store_logins l = {.day_ms = i * DAY_MS, .user = "bob", .ip = "i", .key = "", .method = "m"};

		put_usual(s, 10 + i, "bob", "a", 1);
		assert_int_equal(store_put_logins(s, &l), STORE_OK);
	}
	kit_tend(s, &bounds);
	store_close(&s);
	assert_int_equal(kit_number(*state, "SELECT min(day) FROM usual"), 12);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM logins"), 2);
}

static void
of_too_many_the_oldest_go(void **state)
{
	struct store *s = kit_opened(*state, KIT_SIZE);
	char value[16];

	assert_int_equal(store_begin(s), STORE_OK);
	for (int i = 0; i < 9000; i++) {
		(void)snprintf(value, sizeof(value), "%d", i);
		put_usual(s, 10 + i / 1000, "bob", value, 1);
	}
	assert_int_equal(store_commit(s), STORE_OK);
	kit_tend(s, &(struct store_bounds){.rows = {[STORE_T_USUAL] = 1500}});
	store_close(&s);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM usual"), 1500);
	assert_int_equal(kit_number(*state, "SELECT min(day) FROM usual"), 17);
	s = kit_opened(*state, KIT_SIZE);
	kit_tend(s, &(struct store_bounds){.rows = {[STORE_T_USUAL] = 1500}});
	store_close(&s);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM usual"), 1500);
}

static off_t
size_of(const struct place *p)
{
	struct stat st;

	assert_int_equal(stat(p->path, &st), 0);
	return st.st_size;
}

/* And in steps, of which none takes long. */
static void
the_file_shrinks(void **state)
{
	const struct place *p = *state;
	struct store *s;
	struct mtime before;
	bool more = true;
	unsigned steps = 0;
	off_t full;

	s = kit_opened(p, 2 * KIT_SIZE);
	store_close(&s);
	kit_exec(p, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
		    "INSERT INTO findings(time, boot, ses, user, json) "
		    "SELECT i, 'boot', i, 'alice', printf('%.*c', 2000, 'x') FROM n");
	full = size_of(p);
	assert_true(full > 40 << 20);
	s = kit_opened(p, 2 * KIT_SIZE);
	for (; more; steps++) {
		before = mtime_now();
		assert_int_equal(store_tend(s, &(struct store_bounds){.before_ms = {19001}}, false, &more), STORE_OK);
		assert_true(mtime_ms_since(mtime_now(), before) < 5000);
	}
	assert_true(size_of(p) < full / 5); /* while it is open, too */
	assert_in_range(steps, 10, 100);
	store_close(&s);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM findings"), 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_older_version_is_brought_up_with_all_that_it_has),
		TEST(a_full_one_is_brought_up_too),
		TEST(what_is_not_as_a_version_was_is_refused),
		TEST(usual_rows_stand_for_themselves),
		TEST(usual_rows_come_in_pages),
		TEST(days_that_are_over_go_by_table),
		TEST(of_too_many_the_oldest_go),
		TEST(the_file_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

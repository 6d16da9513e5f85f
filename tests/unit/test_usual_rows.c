/* Rows of what is usual as lines: written and read again; what is no row; what comes twice. */
#include <stdio.h>
#include <string.h>

#include "agentd/engine/usual_rows.h"
#include "tests/unit/unit.h"

#define DAY 20000 /* 2024-10-04 */

static struct baseline *
made(void)
{
	return baseline_new(&(struct baseline_settings){.window = 30, .data = 14, .active = 10});
}

static enum usual_said
get(const char *line, struct usual_line *l)
{
	const char *why;
	enum usual_said said = usual_line_get(bytes_of(line), DAY, l, &why);

	assert_int_equal(said == USUAL_WRONG, why != NULL);
	return said;
}

static const char *
wrong(const char *line)
{
	struct usual_line l;
	const char *why;

	if (usual_line_get(bytes_of(line), DAY, &l, &why) != USUAL_WRONG)
		fail_msg("taken: %s", line);
	return why;
}

/* --- days -------------------------------------------------------------------------------------------- */

static void
days_are_dates(void **state)
{
	static const char *const bad[] = {"", "2024", "2024-02-30", "2024-2-3", "2024-10-04 ", "2024-10-04T00:00", "x"};
	char text[USUAL_DAY_STRLEN];
	int32_t day;

	(void)state;
	for (int32_t d = 0; d < 50000; d++) {
		assert_true(usual_day_parse(bytes_of(usual_day_str(d, text)), &day));
		assert_int_equal(day, d);
	}
	assert_string_equal(usual_day_str(DAY, text), "2024-10-04");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(usual_day_parse(bytes_of(bad[i]), &day));
}

/* --- lines ------------------------------------------------------------------------------------------- */

static void
a_row_is_read_as_it_was_written(void **state)
{
	static const struct usual_row rows[] = {
	    {{USUAL_ACTIVE, "", ""}, DAY, 3},
	    {{USUAL_ACTIVE, "alice", ""}, DAY - 29, 1},
	    {{USUAL_ORIGIN, "alice", "2001:db8:0:1::/64"}, DAY, UINT32_MAX},
	    {{USUAL_KEY, "al\"i\\ce\xc3\xa9\n", "SHA256:abc"}, DAY, 2},
	    {{USUAL_DESTINATION, "alice", "[2001:db8::5]:22"}, DAY, 2},
	    {{USUAL_PAIR, "", "192.0.2.1 10.0.0.5"}, DAY, 2},
	    {{USUAL_HOUR, "alice", "167"}, DAY, 2},
	    {{USUAL_DURATION, "alice", "12"}, DAY, 2},
	    {{USUAL_VOLUME, "alice", "40"}, DAY, 2},
	    {{USUAL_SESSIONS, "alice", "3"}, DAY, 2},
	    {{USUAL_NETWORKS, "alice", "2"}, DAY, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf line = BUF_INIT;
		struct usual_line l;

		usual_line_put(&rows[i], &line);
		assert_true(line.p[line.n - 1] == '\n' && memchr(line.p, '\n', line.n) == line.p + line.n - 1);
		assert_int_equal(get(line.p, &l), USUAL_ROW);
		assert_int_equal(l.row.key.kind, rows[i].key.kind);
		assert_string_equal(l.row.key.user, rows[i].key.user);
		assert_string_equal(l.row.key.value, rows[i].key.value);
		assert_int_equal(l.row.day, rows[i].day);
		assert_int_equal(l.row.count, rows[i].count);
		buf_free(&line);
	}
}

#define ROW(kind, value, day, count) \
	"{\"kind\":\"" kind "\",\"user\":\"a\",\"value\":\"" value "\",\"day\":\"" day "\",\"count\":" count "}"

static void
what_is_no_row_is_told(void **state)
{
	static const struct {
		const char *line, *why;
	} bad[] = {
	    {"", "not a JSON object"}, {"[]", "not a JSON object"}, {"{}x", "not a JSON object"},
	    {"{\"kind\":\"key\",\"kind\":\"key\"}", "not a JSON object"},
	    {"{}", "no kind of row that is known here"}, {ROW("keys", "x", "2024-10-01", "1"), "no kind of row that is known here"},
	    {"{\"kind\":7}", "no kind of row that is known here"},
	    {ROW("told", "login x", "2024-10-01", "1"), "what was told stays with its host"},
	    {ROW("active", "x", "2024-10-01", "1"), "days of activity have no value"},
	    {ROW("origin", "", "2024-10-01", "1"), "the value of an origin is a network: 192.0.2.0/24"},
	    {ROW("origin", "office", "2024-10-01", "1"), "the value of an origin is a network: 192.0.2.0/24"},
	    {ROW("hour", "168", "2024-10-01", "1"), "the value of an hour is one of the week: 0 to 167"},
	    {ROW("hour", "-1", "2024-10-01", "1"), "the value of an hour is one of the week: 0 to 167"},
	    {ROW("duration", "1h", "2024-10-01", "1"), "the value of a duration is a number"},
	    {ROW("key", "k", "2024-10-05", "1"), "that day is yet to come"},
	    {ROW("key", "k", "2024-02-30", "1"), "the day is a date: 2026-11-20"},
	    {ROW("key", "k", "2024-10-01", "0"), "the count is a number from 1 on"},
	    {ROW("key", "k", "2024-10-01", "-1"), "the count is a number from 1 on"},
	    {ROW("key", "k", "2024-10-01", "4294967296"), "the count is a number from 1 on"},
	    {ROW("key", "k", "2024-10-01", "1.5"), "the count is a number from 1 on"},
	    {ROW("key", "k", "2024-10-01", "\"1\""), "the count is a number from 1 on"},
	    {"{\"kind\":\"key\",\"user\":7,\"value\":\"k\",\"day\":\"2024-10-01\",\"count\":1}",
	        "user and value are strings of less than 160 bytes"},
	    {"{\"baseline\":2}", "of another version of sshtether"}, {"{\"baseline\":\"1\"}", "of another version of sshtether"},
	};
	struct usual_line l;
	char name[ST_USUAL_TEXT + 64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(wrong(bad[i].line), bad[i].why);
	assert_int_equal(get("{\"baseline\":1,\"days\":29}", &l), USUAL_HEAD);
	assert_int_equal(get(ROW("key", "k", "2024-10-04", "1"), &l), USUAL_ROW);
	(void)snprintf(name, sizeof(name), "{\"kind\":\"active\",\"user\":\"%0*d\",\"day\":\"2024-10-04\",\"count\":1}",
	    ST_USUAL_TEXT - 1, 7);
	assert_int_equal(get(name, &l), USUAL_ROW);
	(void)snprintf(name, sizeof(name), "{\"kind\":\"active\",\"user\":\"%0*d\",\"day\":\"2024-10-04\",\"count\":1}",
	    ST_USUAL_TEXT, 7);
	assert_string_equal(wrong(name), "user and value are strings of less than 160 bytes");
}

/* --- from elsewhere ------------------------------------------------------------------------------------ */

static void
count(const struct usual_row *row, void *arg)
{
	*(uint64_t *)arg += row->count;
}

static uint64_t
sum(const struct baseline *b)
{
	uint64_t n = 0;

	baseline_each(b, NULL, count, &n);
	return n;
}

static void
what_comes_twice_counts_once(void **state)
{
	struct baseline *b = made();
	struct usual_row row = {{USUAL_ORIGIN, "alice", "192.0.2.0/24"}, DAY, 3};

	(void)state;
	assert_true(usual_raise(b, &row));
	assert_false(usual_raise(b, &row));
	assert_int_equal(sum(b), 3);
	row.count = 2;
	assert_false(usual_raise(b, &row));
	row.count = 5;
	assert_true(usual_raise(b, &row));
	assert_int_equal(sum(b), 5);
	row.day--;
	assert_true(usual_raise(b, &row));
	row.key.user = "bob";
	assert_true(usual_raise(b, &row));
	assert_int_equal(sum(b), 15);
	row.day -= 60; /* that day is no longer remembered */
	assert_false(usual_raise(b, &row));
	assert_int_equal(sum(b), 15);
	baseline_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_are_dates),
	    cmocka_unit_test(a_row_is_read_as_it_was_written),
	    cmocka_unit_test(what_is_no_row_is_told),
	    cmocka_unit_test(what_comes_twice_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

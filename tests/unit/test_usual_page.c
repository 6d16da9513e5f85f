/* What is usual, a page at a time: bounded within a user too, and whole whatever comes and goes between two pages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/engine/usual_page.h"
#include "tests/unit/unit.h"

#define DAY    20000 /* 2024-10-04 */
#define DAY_MS 86400000LL
#define VALUES 10000 /* of the host: of a few hundred bytes on its days, some megabytes */
#define DAYS   3

static struct baseline *
made(void)
{
	return baseline_new(&(struct baseline_settings){.window = 30, .data = 14, .active = 10});
}

static void
note(struct baseline *b, enum usual_kind kind, const char *user, const char *value, int32_t day)
{
	(void)baseline_note(b, &(struct usual_key){kind, user, value}, (struct rtime){.ms = day * DAY_MS}, 1);
}

static const char *
pair(unsigned i)
{
	static char text[32];

	(void)snprintf(text, sizeof(text), "10.0.%02x.%02x 10.1.0.1", i >> 8, i & 0xff);
	return text;
}

static struct baseline *
with_a_large_host(void)
{
	struct baseline *b = made();

	for (int32_t day = DAY; day < DAY + DAYS; day++) {
		note(b, USUAL_ACTIVE, "", "", day);
		note(b, USUAL_ACTIVE, "alice", "", day);
		note(b, USUAL_TOLD, "alice", "unusual-origin 192.0.2.0/24", day);
		for (unsigned i = 0; i < VALUES; i += 2) /* the others come later */
			note(b, USUAL_PAIR, "", pair(i), day);
	}
	return b;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; text != NULL && (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* As it goes over the wire and back.  False: it was the last one. */
static bool
next_page(const struct baseline *b, const char *user, struct usual_place *at, struct buf *page)
{
	struct buf word = BUF_INIT;
	bool more;

	buf_reset(page);
	more = usual_page_put(b, user, false, at, page);
	assert_true(page->n < ST_USUAL_PAGE + 1024);
	usual_place_put(at, &word);
	memset(at, 0x5a, sizeof(*at));
	assert_true(word.n < USUAL_PLACE_STRLEN);
	assert_true(usual_place_get(buf_bytes(&word), at));
	buf_free(&word);
	return more;
}

struct change {
	void (*between)(struct baseline *, unsigned page); /* two pages; NULL: nothing happens */
	uint8_t seen[VALUES]; /* days of each pair of hosts */
	unsigned pages, others, told;
};

static void
take(struct change *c, const char *text)
{
	unsigned high, low;
	const char *at;

	for (at = text; (at = strstr(at, "\"value\":\"10.0.")) != NULL; at++) {
		assert_int_equal(sscanf(at, "\"value\":\"10.0.%02x.%02x ", &high, &low), 2);
		assert_true((high << 8 | low) < VALUES);
		c->seen[high << 8 | low]++;
	}
	c->others += count(text, "\"active\"");
	c->told += count(text, "\"told\"");
}

static void
read_all(struct baseline *b, struct change *c)
{
	struct usual_place at = {.kind = 0};
	struct buf page = BUF_INIT;
	bool more = true;

	while (more) {
		more = next_page(b, NULL, &at, &page);
		take(c, page.p);
		assert_true(++c->pages < 100);
		if (c->between != NULL)
			c->between(b, c->pages);
	}
	buf_free(&page);
}

/* Each value that was there all the time comes once, with all its days. */
static void
assert_whole(const struct change *c)
{
	for (unsigned i = 0; i < VALUES; i += 2)
		assert_int_equal(c->seen[i], DAYS);
	assert_true(c->pages > 3);
	assert_int_equal(c->told, 0);
}

static void
one_user_takes_many_pages(void **state)
{
	struct baseline *b = with_a_large_host();
	struct change c = {.between = NULL};

	(void)state;
	read_all(b, &c);
	assert_whole(&c);
	assert_int_equal(c.others, 2 * DAYS);
	for (unsigned i = 1; i < VALUES; i += 2)
		assert_int_equal(c.seen[i], 0);
	baseline_free(&b);
}

/* Values come everywhere, before and behind. */
static void
come(struct baseline *b, unsigned page)
{
	for (unsigned i = 1 + 2 * (page % 8); i < VALUES; i += 16)
		note(b, USUAL_PAIR, "", pair(i), DAY + DAYS - 1);
}

static void
what_comes_between_two_pages_moves_nothing(void **state)
{
	struct baseline *b = with_a_large_host();
	struct change c = {.between = come};

	(void)state;
	read_all(b, &c);
	assert_whole(&c);
	assert_int_equal(c.others, 2 * DAYS);
	for (unsigned i = 1; i < VALUES; i += 2)
		assert_true(c.seen[i] <= 1);
	baseline_free(&b);
}

/* What the next page was to begin with is gone with all that is the host's. */
static void
go(struct baseline *b, unsigned page)
{
	if (page == 2)
		baseline_forget(b, "");
}

static void
where_it_stood_may_be_gone(void **state)
{
	struct baseline *b = with_a_large_host();
	struct change c = {.between = go};

	(void)state;
	read_all(b, &c);
	assert_int_equal(c.pages, 3);
	assert_int_equal(c.others, 2 * DAYS);
	assert_int_equal(c.seen[VALUES - 2], 0);
	baseline_free(&b);
}

static void
of_one_user_nothing_else_comes(void **state)
{
	struct baseline *b = with_a_large_host();
	struct usual_place at = {.user = "alice"};
	struct buf page = BUF_INIT;

	(void)state;
	assert_false(next_page(b, "alice", &at, &page));
	assert_int_equal(count(page.p, "\n"), DAYS);
	at = (struct usual_place){.user = "al"};
	assert_false(next_page(b, "al", &at, &page));
	assert_int_equal(page.n, 0);
	for (unsigned pages = 1; next_page(b, "", &at, &page); pages++)
		assert_true(pages < 100);
	at = (struct usual_place){.user = ""};
	buf_reset(&page);
	usual_page_host(b, &page);
	assert_int_equal(count(page.p, "\n"), DAYS);
	assert_int_equal(count(page.p, "\"active\""), DAYS);
	buf_free(&page);
	baseline_free(&b);
}

/* What is looked at and not shown ends a page, too. */
static void
what_is_left_out_takes_room_as_well(void **state)
{
	struct baseline *b = made();
	struct usual_place at = {.kind = 0};
	struct buf page = BUF_INIT;
	unsigned pages = 1;
	char user[16];

	(void)state;
	for (unsigned i = 0; i < 2 * ST_USUAL_STEP; i++) {
		(void)snprintf(user, sizeof(user), "user%05u", i);
		note(b, USUAL_TOLD, user, "x", DAY);
	}
	note(b, USUAL_ACTIVE, "zoe", "", DAY);
	for (; next_page(b, NULL, &at, &page); pages++)
		assert_int_equal(page.n, 0);
	assert_int_equal(pages, 3);
	assert_int_equal(count(page.p, "zoe"), 1);
	buf_free(&page);
	baseline_free(&b);
}

static void
names_that_are_no_text_are_places_as_well(void **state)
{
	static const char *const users[] = {"\x80", "\xff\xfe", "\"\\\n", "plain"};
	struct baseline *b = made();

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (unsigned j = 0; j < ST_USUAL_STEP / 4; j++)
			note(b, USUAL_PAIR, users[i], pair(j), DAY);
		for (unsigned j = 0; j < ST_USUAL_STEP / 4; j++)
			note(b, USUAL_DESTINATION, users[i], pair(j), DAY);
	}
	struct usual_place at = {.kind = 0};
	struct buf page = BUF_INIT;
	unsigned rows = 0, pages = 0;
	bool more = true;

	for (; more; pages++) {
		more = next_page(b, NULL, &at, &page);
		rows += count(page.p, "\n");
		assert_true(pages < 50);
	}
	assert_int_equal(rows, 2 * ST_USUAL_STEP);
	buf_free(&page);
	baseline_free(&b);
}

static void
what_is_no_place_is_refused(void **state)
{
	static const char *const bad[] = {"", "99..", "-1..", "1.6", "1.zz.", "1.00.", "1.61.6200", "1.61.62.63",
	    "x.61.62"};
	struct usual_place at;
	char text[2 * ST_USUAL_TEXT + 8] = "1.";

	(void)state;
	assert_true(usual_place_get(BYTES_LIT("1.616c.62"), &at));
	assert_int_equal(at.kind, USUAL_ORIGIN);
	assert_string_equal(at.user, "al");
	assert_string_equal(at.value, "b");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (usual_place_get(bytes_of(bad[i]), &at))
			fail_msg("taken: %s", bad[i]);
	}
	memset(text + 2, '6', 2 * ST_USUAL_TEXT);
	assert_false(usual_place_get(bytes_of(text), &at));
	text[2 * ST_USUAL_TEXT] = '\0';
	assert_true(usual_place_get(bytes_of(text), &at));
	assert_int_equal(strlen(at.user), ST_USUAL_TEXT - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_user_takes_many_pages),
	    cmocka_unit_test(what_comes_between_two_pages_moves_nothing),
	    cmocka_unit_test(where_it_stood_may_be_gone),
	    cmocka_unit_test(of_one_user_nothing_else_comes),
	    cmocka_unit_test(what_is_left_out_takes_room_as_well),
	    cmocka_unit_test(names_that_are_no_text_are_places_as_well),
	    cmocka_unit_test(what_is_no_place_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

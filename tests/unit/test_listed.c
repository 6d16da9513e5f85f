/* listed_file: what a line may be, what a bad one does, and a million of them. */
#include "agentd/engine/listed_file.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <time.h>

#include <sshtether/limits.h>

static struct listed_file file;

static int
setup(void **state)
{
	(void)state;
	file = (struct listed_file){.path = strdup("/etc/bad.txt")};
	return file.path != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&file.arena);
	buf_free(&file.told);
	free(file.path);
	return 0;
}

static bool
has(const char *text)
{
	struct addr a;

	assert_true(addr_parse(bytes_of(text), &a));
	return addr_set_has(&file.set, a);
}

static void
lines(void **state)
{
	(void)state;
	assert_true(listed_file_parse(&file, bytes_of("\xef\xbb\xbf# a list\n"
	    "203.0.113.7\n"
	    "\n"
	    "  198.51.100.0/24 ; SBL12345\r\n"
	    "2001:db8:bad::/48# one more\n"
	    "; nothing\n"
	    "192.0.2.1"))); /* without an end of line */
	assert_int_equal(file.entries, 4);
	assert_int_equal(file.bad, 0);
	assert_true(has("203.0.113.7"));
	assert_false(has("203.0.113.8"));
	assert_true(has("198.51.100.255"));
	assert_true(has("::ffff:198.51.100.1"));
	assert_true(has("2001:db8:bad:1::1"));
	assert_false(has("2001:db8:bae::1"));
	assert_true(has("192.0.2.1"));
}

/* They are told, with their numbers, and the rest counts. */
static void
bad_lines(void **state)
{
	(void)state;
	assert_true(listed_file_parse(&file, bytes_of("203.0.113.7\nevil.example\n\n198.51.100.1/24\n10.0.0.0/33\n1.2.3.4 x\n"
	    "\033[2Jx/8\n203.0.113.9\n")));
	assert_int_equal(file.entries, 2);
	assert_int_equal(file.bad, 5);
	assert_true(has("203.0.113.9"));
	assert_string_equal(file.told.p, "/etc/bad.txt:2: 'evil.example' is no address\n"
	    "/etc/bad.txt:4: '198.51.100.1/24' is no network: too many bits, or some that are set behind them\n"
	    "/etc/bad.txt:5: '10.0.0.0/33' is no network: too many bits, or some that are set behind them\n"
	    "/etc/bad.txt:6: '1.2.3.4 x' is no address\n"
	    "/etc/bad.txt:7: '\\x1b[2Jx/8' is no network\n");
}

static void
many_bad_lines(void **state)
{
	struct buf text = BUF_INIT;
	size_t told = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "nonsense\n");
	assert_true(listed_file_parse(&file, buf_bytes(&text)));
	buf_free(&text);
	for (size_t i = 0; i < file.told.n; i++)
		told += file.told.p[i] == '\n';
	assert_int_equal(told, ST_LISTED_ERRORS);
	assert_int_equal(file.bad, 1000);
}

static void
nothing(void **state)
{
	(void)state;
	assert_true(listed_file_parse(&file, BYTES_NONE));
	assert_int_equal(file.entries, 0);
	assert_false(has("192.0.2.1"));
}

static void
a_file_that_is_not_there(void **state)
{
	size_t left = 1000;
	struct listed_file *f = listed_file_read("/nonexistent/list", &left, RTIME_NONE);

	(void)state;
	assert_non_null(f);
	assert_true(f->why.n > 0);
	assert_int_equal(left, 1000);
	listed_file_free(&f);
	assert_null(f);
}

/* --- a million ------------------------------------------------------------------------------------------------ */

#define LOOKS 60

static uint32_t
mix(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x45d9f3bu;
	x = (x ^ (x >> 16)) * 0x45d9f3bu;
	return x ^ (x >> 16); /* one to one: no address twice */
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct addr
address(uint32_t v)
{
	struct addr a = {.family = 4, .b = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}};

	return a;
}

static void
fill(struct listed_file *f, uint32_t n)
{
	struct buf text = BUF_INIT;
	char one[ADDR_STRLEN];

	for (uint32_t i = 0; i < n; i++)
		buf_printf(&text, "%s\n", addr_str(address(mix(i)), one));
	assert_true(listed_file_parse(f, buf_bytes(&text)));
	assert_int_equal(f->entries, n);
	buf_free(&text);
}

/* Seconds for so many lookups, or the least before; half of them find something. */
static double
lookups(const struct listed_file *f, uint32_t n, double least)
{
	const double from = now_s();
	double took;
	unsigned found = 0;

	for (uint32_t i = 0; i < 200000; i++)
		found += addr_set_has(&f->set, address(mix(i % 2 == 0 ? i % n : i + (1u << 30))));
	took = now_s() - from;
	assert_true(found >= 100000);
	return took < least ? took : least;
}

static void
a_million(void **state)
{
	struct listed_file few = {.path = file.path};
	double from, load, one = 1e9, other = 1e9;
	unsigned looks = 0;

	(void)state;
	fill(&few, 1000);
	from = now_s();
	fill(&file, 1000000);
	load = now_s() - from;
	do { /* by turns: log 1000000 is twice log 1000; the rest is memory */
		one = lookups(&few, 1000, one);
		other = lookups(&file, 1000000, other);
	} while (other >= 20 * one && ++looks < LOOKS);
	print_message("a million written and loaded in %.2f s; a lookup %.0f ns, of a thousand %.0f ns: %.1f times\n", load,
	    other / 200000 * 1e9, one / 200000 * 1e9, other / one);
	assert_true(other < 20 * one);
	arena_free(&few.arena);
	buf_free(&few.told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(many_bad_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing, setup, teardown),
		cmocka_unit_test(a_file_that_is_not_there),
		cmocka_unit_test_setup_teardown(a_million, setup, teardown),
	};

	return cmocka_run_group_tests_name("listed", tests, NULL, NULL);
}

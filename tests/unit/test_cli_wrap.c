/* Sentences over several lines: between words, below where they began, and colours take no room. */
#include "cli/wrap.h"
#include "tests/unit/unit.h"

static void
lines_end_between_words(void **state)
{
	static const struct {
		const char *text;
		size_t at, indent, width;
		const char *want;
	} rows[] = {
		{"one two three", 0, 2, 80, "one two three"},
		{"one two three", 0, 2, 13, "one two three"},
		{"one two three", 0, 2, 12, "one two\n  three"},
		{"one two three", 6, 4, 10, "one\n    two\n    three"},
		{"/a/path/that/is/longer than it", 0, 0, 10, "/a/path/that/is/longer\nthan it"},
		{"", 5, 5, 10, ""},
		{"é é é é", 0, 0, 7, "é é é é"},
		{"\033[1mone\033[0m \033[2mtwo\033[0m", 0, 0, 7, "\033[1mone\033[0m \033[2mtwo\033[0m"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT;

		wrap_put(bytes_of(rows[i].text), rows[i].at, rows[i].indent, rows[i].width, &out);
		assert_true(!out.failed);
		assert_string_equal(out.n > 0 ? out.p : "", rows[i].want);
		buf_free(&out);
	}
}

static void
only_what_shows_has_a_length(void **state)
{
	(void)state;
	assert_int_equal(wrap_length(BYTES_LIT("")), 0);
	assert_int_equal(wrap_length(BYTES_LIT("caf\xc3\xa9")), 4);
	assert_int_equal(wrap_length(BYTES_LIT("\033[1;31mhigh\033[0m.")), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_between_words),
		cmocka_unit_test(only_what_shows_has_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

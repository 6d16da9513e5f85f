/* glob: against cases by hand, against fnmatch(3) on random pairs, and in bounded time. */
#include "tests/unit/unit.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/glob.h"

static void
by_hand(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"*", "/a/.b", true},
	    {"a*b", "ab", true},
	    {"a*b", "axbxb", true},
	    {"a*b", "axbx", false},
	    {"a?c", "abc", true},
	    {"a?c", "ac", false},
	    {"[a-c]x", "bx", true},
	    {"[a-c]x", "dx", false},
	    {"[!a-c]x", "dx", true},
	    {"[!a-c]x", "ax", false},
	    {"[]]", "]", true},
	    {"[!]]", "]", false},
	    {"[!]]", "a", true},
	    {"[a-]", "-", true},
	    {"[", "[", true},
	    {"[abc", "[abc", true},
	    {"a\\*b", "a*b", true},
	    {"a\\*b", "axb", false},
	    {"\\", "\\", true},
	    {"\\\\", "\\", true},
	    {"*.*", "a.b", true},
	    {"SHA256:*", "SHA256:abc/+", true},
	    {"**a**", "xxaxx", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool got = glob_match(bytes_of(cases[i].pattern), bytes_of(cases[i].text));
		uint64_t left = 1000;

		if (got != cases[i].match)
			fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
		assert_int_equal(glob_match_within(bytes_of(cases[i].pattern), bytes_of(cases[i].text), &left), got);
		assert_in_range(left, 900, 999);
	}
}

static void
gives_up(void **state)
{
	uint64_t left = 1000;

	(void)state;
	assert_true(glob_match_within(BYTES_LIT("*b*"), BYTES_LIT("aaaaaaaaaab"), &left));
	left = 1000 - left; /* just what it took is one too few: the last is never had */
	assert_false(glob_match_within(BYTES_LIT("*b*"), BYTES_LIT("aaaaaaaaaab"), &left));
	assert_int_equal(left, 0);
	assert_false(glob_match_within(BYTES_LIT("a"), BYTES_LIT("a"), &left));
	/* A class is paid for whole. */
	left = 1000;
	assert_false(glob_match_within(BYTES_LIT("[0123456789]*"), BYTES_LIT("a"), &left));
	assert_true(left < 990);
}

static void
zero_bytes_count(void **state)
{
	(void)state;
	assert_true(glob_match(BYTES_LIT("a?b"), BYTES_LIT("a\0b")));
	assert_false(glob_match(BYTES_LIT("a"), BYTES_LIT("a\0b")));
	assert_true(glob_match(BYTES_LIT("*"), BYTES_LIT("\0\xff")));
}

static void
random_text(const char *letters, char *out, size_t max)
{
	size_t n = (size_t)rand() % max;

	for (size_t i = 0; i < n; i++)
		out[i] = letters[(size_t)rand() % strlen(letters)];
	out[n] = '\0';
}

static void
like_fnmatch(void **state)
{
	char pattern[12], text[12];

	(void)state;
	srand(1);
	for (int i = 0; i < 200000; i++) {
		random_text("ab*?[]!-", pattern, sizeof(pattern));
		random_text("ab[]!-", text, sizeof(text));
		/* fnmatch reads "[a" and ranges upside down in its own way */
		if (strchr(pattern, '[') != NULL)
			continue;
		if (glob_match(bytes_of(pattern), bytes_of(text)) !=
		    (fnmatch(pattern, text, 0) == 0))
			fail_msg("'%s' and '%s'", pattern, text);
	}
}

static void
plain(void **state)
{
	(void)state;
	assert_true(glob_is_plain(BYTES_LIT("/usr/bin/ssh")));
	assert_true(glob_is_plain(BYTES_LIT("")));
	assert_false(glob_is_plain(BYTES_LIT("a*")));
	assert_false(glob_is_plain(BYTES_LIT("a?")));
	assert_false(glob_is_plain(BYTES_LIT("[a")));
	assert_false(glob_is_plain(BYTES_LIT("a\\b")));
}

/* Exponential matchers need years for this one. */
static void
bounded(void **state)
{
	char pattern[401], text[4001];

	(void)state;
	for (size_t i = 0; i < 400; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[400] = '\0';
	memset(text, 'a', 4000);
	text[3999] = 'b';
	text[4000] = '\0';
	assert_false(glob_match(bytes_of(pattern), bytes_of(text)));
}

/* A program's path is its user's to choose: long ones must not make a table of patterns dear. */
static void
by_its_end(void **state)
{
	static char text[16000];
	const clock_t begin = clock();
	char pattern[32];

	(void)state;
	memset(text, '/', sizeof(text));
	for (unsigned i = 0; i < 50000; i++) {
		(void)snprintf(pattern, sizeof(pattern), "*/tool%u", i);
		assert_false(glob_match(bytes_of(pattern), (struct bytes){.p = text, .n = sizeof(text)}));
	}
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(gives_up),
	    cmocka_unit_test(zero_bytes_count),
	    cmocka_unit_test(like_fnmatch),
	    cmocka_unit_test(plain),
	    cmocka_unit_test(bounded),
	    cmocka_unit_test(by_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* sshpattern: by hand, against fnmatch(3) on random pairs, and in bounded time. */
#include "tests/unit/unit.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/sshpattern.h"

static void
lists(void **state)
{
	static const struct {
		const char *list, *text;
		bool match;
	} cases[] = {
	    {"alice", "alice", true}, {"alice", "Alice", false}, {"bob,alice", "alice", true}, {"", "alice", false},
	    {"", "", false}, {"*", "alice", true}, {"*", "", true}, {"*@x.org", "alice@x.org", true},
	    {"a?ice", "alice", true}, {"a?ice", "aice", false}, {"!alice,*", "alice", false}, {"!alice,*", "bob", true},
	    {"*,!alice", "alice", false}, {"!alice", "bob", false}, {"!a*,!b*,*", "carol", true},
	    {"!a*,!b*,*", "bob", false}, {"a,", "a", true}, {"a[lm]ice", "alice", false}, {"a[lm]ice", "a[lm]ice", true},
	    {"\\*", "*", false}, {"\\*", "\\x", true}, {"a*b*c", "aXbXc", true}, {"a*b*c", "aXbX", false}, {"**", "x", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (sshpattern_list_match(bytes_of(cases[i].list), bytes_of(cases[i].text)) != cases[i].match)
			fail_msg("'%s' and '%s'", cases[i].list, cases[i].text);
}

static void
fill(char *out, size_t cap, const char *from, size_t nfrom)
{
	size_t n = (size_t)rand() % cap;

	for (size_t i = 0; i < n; i++)
		out[i] = from[(size_t)rand() % nfrom];
	out[n] = '\0';
}

static void
as_fnmatch(void **state)
{
	unsigned matched = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < 200000; i++) {
		char pattern[8], text[8];
		bool ours;

		fill(pattern, sizeof(pattern), "ab*?", 4);
		fill(text, sizeof(text), "ab", 2);
		ours = sshpattern_match(bytes_of(pattern), bytes_of(text));
		if (ours != (fnmatch(pattern, text, 0) == 0))
			fail_msg("'%s' and '%s'", pattern, text);
		matched += ours;
	}
	assert_in_range(matched, 10000, 150000);
}

/* What takes a backtracking matcher longer than the universe lasts. */
static void
many_stars(void **state)
{
	char pattern[512], text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 2);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 'b';
	assert_false(sshpattern_match((struct bytes){.p = pattern, .n = sizeof(pattern)},
	    (struct bytes){.p = text, .n = sizeof(text)}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists),
	    cmocka_unit_test(as_fnmatch),
	    cmocka_unit_test(many_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The lexer: texts and the tokens they are, escapes there and back, and what was probably meant. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "policy/lexer.h"
#include "policy/suggest.h"

/* Tokens as one line: words bare, strings decoded in quotes, ';' for a newline, '?' for an error. */
static char *
tokens_of(struct bytes text, unsigned *errors)
{
	static const char *const fixed[] = {
	    [TOK_NEWLINE] = ";", [TOK_OPEN] = "{", [TOK_CLOSE] = "}", [TOK_COMMA] = ",",
	    [TOK_NOT] = "!", [TOK_BAD] = "?",
	};
	struct source src = {.name = "t", .text = text};
	struct diag diag = DIAG_INIT;
	struct buf out = BUF_INIT;
	struct lexer l;
	struct token t;

	lexer_init(&l, &src, &diag);
	while ((t = lexer_next(&l)).kind != TOK_END) {
		char value[256];
		size_t n = t.text.n < sizeof(value) ? token_decode(&t, value) : 0;

		assert_true(t.at.off + t.at.len <= text.n);
		buf_puts(&out, out.n != 0 ? " " : "");
		if (t.kind == TOK_WORD)
			buf_put(&out, value, n);
		else if (t.kind == TOK_STRING || t.kind == TOK_TABLE)
			buf_printf(&out, t.kind == TOK_STRING ? "\"%.*s\"" : "<%.*s>", (int)n, value);
		else
			buf_puts(&out, fixed[t.kind]);
	}
	assert_int_equal(lexer_next(&l).kind, TOK_END);
	if (errors != NULL)
		*errors = diag.errors;
	diag_free(&diag);
	buf_putc(&out, '\0');
	return out.p;
}

static void
texts(void **state)
{
	static const struct {
		const char *text, *tokens;
	} cases[] = {
	    {"", ""},
	    {"a b\nc", "a b ; c"},
	    {"# all\n#\na # b\n", "; ; a ;"},
	    {"pass relay to 10.0.0.0/8 port { 22,2200-2299 }",
	        "pass relay to 10.0.0.0/8 port { 22 , 2200-2299 }"},
	    {"to 2001:db8::/32,::1", "to 2001:db8::/32 , ::1"},
	    {"user !a! *[!x]?", "user ! a! *[!x]?"},
	    {"table <x-1.y>{<a>}", "table <x-1.y> { <a> }"},
	    {"\"a b\" \"\" \"\\\"\\\\\\t\\x41\"", "\"a b\" \"\" \"\"\\\tA\""},
	    {"\"\xc3\xa9 \\xff\"", "\"\xc3\xa9 \xff\""},
	    {"a \\\n b\\\nc\\\r\nd", "a b c d"},
	    {"a\\*b \\", "a\\*b \\"},
	    {"a\r\nb\r\n", "a ; b ;"},
	    {"\xef\xbb\xbf" "a", "a"},
	    {"\"open\nb", "? ; b"},
	    {"\"open\\\"\nb", "? ; b"},
	    {"a#b", "?"},
	    {"a\"b\" c", "? \"b\" c"},
	    {"\"\\q\" b", "? b"},
	    {"\"\\x00\"", "?"},
	    {"\"a\x01\"", "?"},
	    {"<a b", "? b"},
	    {"<>", "? ?"},
	    {"a\x01\x02 b", "a ? b"},
	    {"\xe2\x80\x9c" "a", "? a"},
	    {"a\xc3\xa9\xc3\xa9z", "a ? z"},
	    {"\r", "?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = tokens_of(bytes_of(cases[i].text), NULL);

		assert_string_equal(got, cases[i].tokens);
		free(got);
	}
}

/* Any bytes: no crash, no endless loop, an error for each '?'. */
static void
any_bytes(void **state)
{
	char text[64];

	(void)state;
	srand(2);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)rand() % sizeof(text);
		unsigned errors;

		for (size_t i = 0; i < n; i++)
			text[i] = rand() % 3 == 0 ? (char)rand() : "\"\\x{}<>,#!\n\r a1"[rand() % 15];
		free(tokens_of((struct bytes){.p = text, .n = n}, &errors));
	}
}

/* token_print → lexer → token_decode is the identity, for any bytes but zero. */
static void
there_and_back(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 20000; round++) {
		char value[16], again[64];
		size_t n = (size_t)rand() % sizeof(value);
		struct diag diag = DIAG_INIT;
		struct buf out = BUF_INIT;
		struct source src;
		struct lexer l;
		struct token t;

		for (size_t i = 0; i < n; i++)
			value[i] = (char)(rand() % 2 ? 1 + rand() % 255 : "\"\\#! {},<>a"[rand() % 11]);
		token_print((struct bytes){.p = value, .n = n}, &out);
		src = (struct source){.name = "t", .text = buf_bytes(&out)};
		lexer_init(&l, &src, &diag);
		t = lexer_next(&l);
		assert_true(t.kind == TOK_WORD || t.kind == TOK_STRING);
		assert_int_equal(token_decode(&t, again), n);
		assert_memory_equal(again, value, n);
		assert_int_equal(lexer_next(&l).kind, TOK_END);
		assert_int_equal(diag.errors, 0);
		buf_free(&out);
	}
}

static void
places(void **state)
{
	struct source src = {.name = "t", .text = BYTES_LIT("# x\n\t\"\xc3\xa9\" bad\x01\n")};
	struct diag diag = DIAG_INIT;
	struct buf out = BUF_INIT;
	struct lexer l;

	(void)state;
	lexer_init(&l, &src, &diag);
	while (lexer_next(&l).kind != TOK_END)
		;
	assert_true(diag_print(&diag, &out));
	assert_string_equal(out.p, "t:2:9: error: a control character (0x01)\n"
	                           "    2 |  \"\xc3\xa9\" bad?\n"
	                           "      |         ^\n");
	buf_free(&out);
	diag_free(&diag);
}

/* However many there are, the first are kept and the rest is counted. */
static void
many_errors(void **state)
{
	char text[4000];
	struct source src = {.name = "t", .text = {.p = text, .n = sizeof(text)}};
	struct diag diag = DIAG_INIT;
	struct buf out = BUF_INIT;
	struct lexer l;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? '>' : '\n';
	lexer_init(&l, &src, &diag);
	while (lexer_next(&l).kind != TOK_END)
		;
	assert_int_equal(diag.errors, 2000);
	assert_true(diag_full(&diag));
	diag_print(&diag, &out);
	assert_non_null(strstr(out.p, "t:50:1: "));
	assert_null(strstr(out.p, "t:51:1: "));
	assert_non_null(strstr(out.p, "1950 of them are not shown"));
	buf_free(&out);
	diag_free(&diag);
}

static void
meant(void **state)
{
	static const struct {
		const char *word, *best;
	} cases[] = {
	    {"usr", "user"}, {"sevrity", "severity"}, {"orgiin", "origin"}, {"xyz", NULL}, {"", NULL},
	    {"severityseverityseverityseverity", NULL},
	};
	static const char *const words[] = {"user", "severity", "origin", "to"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct suggest s;

		suggest_init(&s, bytes_of(cases[i].word));
		for (size_t k = 0; k < 4; k++)
			suggest_offer(&s, words[k]);
		if (cases[i].best == NULL)
			assert_null(s.best);
		else
			assert_string_equal(s.best, cases[i].best);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts),
	    cmocka_unit_test(any_bytes),
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(places),
	    cmocka_unit_test(many_errors),
	    cmocka_unit_test(meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

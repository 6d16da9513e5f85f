/*
 * print → parse → print is the identity, on random policies (seeded) with every statement, condition, option and
 * kind of value in every way of writing: the second text is the first, and what both hold is the same, told as JSON.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/gen_policy.h"

static void
put_json(const struct policy *pol, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	pol_print_json(pol, &j);
	buf_putc(out, '\0');
}

/* Without "line", which is all that printing moves. */
static void
drop_places(char *text)
{
	char *to = text;

	while (*text != '\0') {
		if (strncmp(text, "\"line\":", 7) == 0)
			text += 7 + strspn(text + 7, "0123456789");
		else
			*to++ = *text++;
	}
	*to = '\0';
}

/* Lines that hold, of questions that the policy answers. */
static void
add_expects(const struct gen_policy *g, const struct policy *pol, struct buf *text)
{
	static struct gen_question a;
	struct decision d;

	buf_putc(text, '\n');
	for (unsigned i = 0; i < 4; i++) {
		gen_question(g, true, &a);
		pol_ask(pol, &a.q, &d);
		buf_printf(text, "expect %s ", action_name(d.never_stop && d.action > DO_ALERT ? DO_ALERT : d.action));
		question_print(&a.q, text);
		buf_putc(text, '\n');
	}
}

static void
printed_is_the_same(void **state)
{
	static const struct buf none = BUF_INIT;
	static struct gen_policy g;

	(void)state;
	srand(31);
	for (int round = 0; round < 2000; round++) {
		struct buf text = BUF_INIT, prelude = BUF_INIT, once = BUF_INIT, twice = BUF_INIT, json = BUF_INIT,
			   json_again = BUF_INIT;
		struct policy *pol, *again;

		gen_policy(&g);
		gen_write(&g, &text, &prelude);
		pol = gen_load(&g, &text, &none);
		assert_non_null(pol);
		if (round % 2 == 0) {
			add_expects(&g, pol, &text);
			pol_free(&pol);
			pol = gen_load(&g, &text, &none);
			assert_non_null(pol);
			assert_int_equal(pol_nexpects(pol), 4);
		}
		pol_print(pol, &once);
		again = gen_load(&g, &once, &none);
		assert_non_null(again);
		pol_print(again, &twice);
		if (!bytes_eq(buf_bytes(&once), buf_bytes(&twice)))
			fail_msg("%.*s\n---\n%.*s", (int)once.n, once.p, (int)twice.n, twice.p);
		put_json(pol, &json);
		put_json(again, &json_again);
		drop_places(json.p);
		drop_places(json_again.p);
		assert_string_equal(json.p, json_again.p);
		assert_int_equal(pol_nrules(pol), g.nrules - g.nprelude);
		pol_free(&pol);
		pol_free(&again);
		buf_free(&text);
		buf_free(&prelude);
		buf_free(&once);
		buf_free(&twice);
		buf_free(&json);
		buf_free(&json_again);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(printed_is_the_same),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Tables of tables against their definition, asked entry by entry: random ones of addresses and of names; and what a
 * large table costs inside another.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <time.h>

#include "policy/policy.h"

static uint64_t state;

static unsigned
below(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* --- the model -------------------------------------------------------------------------------- */

#define TABLES  6
#define ENTRIES 6

struct entry {
	bool negate, table;
	unsigned which; /* a table, one of 16 addresses, or one of 16 names */
	unsigned bits;  /* of the address; of a name 4, or 0 for all of them */
};

struct model {
	struct entry entries[TABLES][ENTRIES];
	unsigned n[TABLES];
	bool names;
};

static bool has(const struct model *, unsigned table, unsigned what);

static bool
among(const struct model *m, unsigned table, unsigned what, bool negate)
{
	for (unsigned i = 0; i < m->n[table]; i++) {
		const struct entry *e = &m->entries[table][i];

		if (e->table && e->negate == negate && has(m, e->which, what))
			return true;
	}
	return false;
}

/* −1: taken out, 1: in, 0: nothing says so. */
static int
own_says(const struct model *m, unsigned table, unsigned what)
{
	int says = 0, bits = -1;

	for (unsigned i = 0; i < m->n[table]; i++) {
		const struct entry *e = &m->entries[table][i];
		const bool wins = m->names ? e->negate || says == 0 :
		                             (int)e->bits > bits || ((int)e->bits == bits && e->negate);

		if (e->table || (e->which >> (4 - e->bits)) != (what >> (4 - e->bits)) || !wins)
			continue;
		says = e->negate ? -1 : 1;
		bits = (int)e->bits;
	}
	return says;
}

static bool
has(const struct model *m, unsigned table, unsigned what)
{
	const int own = own_says(m, table, what);

	return !among(m, table, what, true) && (own > 0 || (own == 0 && among(m, table, what, false)));
}

/* --- the same in words ------------------------------------------------------------------------ */

static void
put_entry(const struct model *m, const struct entry *e, struct buf *out)
{
	buf_puts(out, e->negate ? "!" : "");
	if (e->table)
		buf_printf(out, "<t%u>", e->which);
	else if (!m->names)
		buf_printf(out, "10.0.0.%u/%u", e->which >> (4 - e->bits) << (4 - e->bits), 28 + e->bits);
	else if (e->bits == 0)
		buf_puts(out, "\"n*\"");
	else
		buf_printf(out, "n%u", e->which);
}

/* Tables hold those of higher numbers. */
static struct model
random_model(struct buf *out)
{
	struct model m = {.names = below(2)};

	for (unsigned t = 0; t < TABLES; t++) {
		m.n[t] = 1 + below(ENTRIES);
		buf_printf(out, "table <t%u> { ", t);
		for (unsigned i = 0; i < m.n[t]; i++) {
			struct entry *e = &m.entries[t][i];

			*e = (struct entry){.negate = below(3) == 0, .table = t + 1 < TABLES && below(2),
			    .bits = below(5), .which = below(16)};
			if (e->table)
				e->which = t + 1 + below(TABLES - t - 1);
			else if (m.names)
				e->bits = below(4) == 0 ? 0 : 4;
			put_entry(&m, e, out);
			buf_puts(out, i + 1 < m.n[t] ? ", " : " }\n");
		}
		buf_printf(out, "alert relay as x%u %s <t%u>\n", t, m.names ? "user" : "origin", t);
	}
	return m;
}

static void
compare(const struct policy *pol, const struct model *m, const char *text)
{
	for (unsigned t = 0; t < TABLES; t++) {
		for (unsigned what = 0; what < 16; what++) {
			char as[8], user[8];
			struct question q = {.activity = ACT_RELAY, .known = UINT32_MAX,
			    .origin = {.family = 4, .b = {10, 0, 0, (uint8_t)what}}};
			struct decision d;

			(void)snprintf(as, sizeof(as), "x%u", t);
			(void)snprintf(user, sizeof(user), "n%u", what);
			q.as = bytes_of(as);
			q.user = bytes_of(user);
			pol_ask(pol, &q, &d);
			if (d.by_default == has(m, t, what))
				fail_msg("%s<t%u> and %u: the model says %d", text, t, what, has(m, t, what));
		}
	}
}

static void
test_as_they_are_defined(void **s)
{
	(void)s;
	for (unsigned i = 0; i < 4000; i++) {
		struct buf text = BUF_INIT, diag = BUF_INIT;
		unsigned errors;
		struct policy *pol;
		struct model m;

		state = i;
		m = random_model(&text);
		pol = pol_parse("p", buf_bytes(&text), NULL, &diag, &errors);
		if (pol == NULL)
			fail_msg("%s%s", text.p, diag.p);
		compare(pol, &m, text.p);
		pol_free(&pol);
		buf_free(&text);
		buf_free(&diag);
	}
}

/* --- size ------------------------------------------------------------------------------------- */

static int
read_many(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why, void *arg)
{
	(void)path;
	(void)what;
	(void)max;
	(void)why;
	buf_putb(out, *(const struct bytes *)arg);
	return buf_ok(out) ? 0 : -12;
}

/* Seconds, or the least before. */
static double
seconds_to_load(const char *text, struct bytes table, double least)
{
	struct pol_options options = {.read = read_many, .arg = &table};
	struct timespec from, to;
	struct buf diag = BUF_INIT;
	struct policy *pol;
	unsigned errors;
	double took;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	pol = pol_parse("p", bytes_of(text), &options, &diag, &errors);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	if (pol == NULL)
		fail_msg("%s", diag.p);
	pol_free(&pol);
	buf_free(&diag);
	took = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	return took < least ? took : least;
}

#define LOOKS 20 /* by turns: a busy machine makes this slower, not fail */

static void
test_large_inside_another(void **s)
{
	struct buf table = BUF_INIT;
	double alone = 1e9, inside = 1e9;
	unsigned looks = 0;

	(void)s;
	for (unsigned i = 0; i < 300000; i++)
		buf_printf(&table, "%u.%u.%u.%u\n", 1 + (i * 7919u) % 200, i >> 14 & 255, i >> 6 & 255, i << 2 & 255);
	do {
		alone = seconds_to_load("table <x> file \"x\"\nalert relay origin <x>\n", buf_bytes(&table), alone);
		inside = seconds_to_load("table <x> file \"x\"\ntable <y> { <x>, 250.0.0.0/8, 0.1.2.3, !1.0.0.0/9 }\n"
					 "alert relay origin <y>\n",
		    buf_bytes(&table), inside);
	} while (inside >= 2 * alone && ++looks < LOOKS);
	printf("# 300000 addresses: %.0f ms alone, %.0f ms inside another\n", alone * 1e3, inside * 1e3);
	assert_true(inside < 2 * alone);
	buf_free(&table);
}

static void
assert_refused(const char *text, const char *what)
{
	struct buf diag = BUF_INIT;
	unsigned errors;

	assert_null(pol_parse("p", bytes_of(text), NULL, &diag, &errors));
	if (strstr(diag.p, what) == NULL)
		fail_msg("%s", diag.p);
	buf_free(&diag);
}

/* Each holds the one before it many times: no more than a little text. */
static void
test_no_little_text_is_large(void **s)
{
	struct buf names = BUF_INIT, less = BUF_INIT;

	(void)s;
	buf_puts(&names, "table <t0> { a, b, c, d }\nalert relay user <t9>\n");
	buf_puts(&less, "table <t0> { \"*\", !a }\nalert relay user <t9>\n");
	for (unsigned t = 1; t < 10; t++) {
		buf_printf(&names, "table <t%u> { ", t);
		buf_printf(&less, "table <t%u> { \"*\"", t);
		for (unsigned i = 0; i < 8; i++) {
			buf_printf(&names, "<t%u>%s", t - 1, i < 7 ? ", " : " }\n");
			buf_printf(&less, ", !<t%u>%s", t - 1, i < 7 ? "" : " }\n");
		}
	}
	assert_refused(names.p, "tables take too many entries from the tables in them: at most 4194304");
	assert_refused(less.p, "too many tables with a '!' in each other: at most 256");
	buf_free(&names);
	buf_free(&less);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_they_are_defined),
	    cmocka_unit_test(test_large_inside_another),
	    cmocka_unit_test(test_no_little_text_is_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

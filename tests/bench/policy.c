/*
 * bench-policy: how long a policy takes to load and to decide.
 *
 *   load      10,000 rules of each shape; 10,000 rules and a table of 1,000,000 addresses
 *   decide    with 10, 100, 1,000, 10,000 rules of each shape, and what the largest costs in proportion
 *
 * One run, one thread, its own processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/policy_shapes.h"

#define ROUNDS    7
#define ADDRESSES 1000000

static const unsigned sizes[] = {10, 100, 1000, 10000};
#define NSIZES (sizeof(sizes) / sizeof(sizes[0]))

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
measure(const struct shape *s)
{
	struct policy *policies[NSIZES];
	double ns[NSIZES], load = 0;

	for (size_t i = 0; i < NSIZES; i++) {
		double begin = seconds();

		policies[i] = shape_policy(s, sizes[i]);
		load = seconds() - begin;
		if (policies[i] == NULL)
			exit(1);
	}
	shape_measure(s, sizes, policies, NSIZES, ROUNDS, ns);
	(void)printf("%-22s %8.0f", s->name, load * 1e3);
	for (size_t i = 0; i < NSIZES; i++) {
		(void)printf(" %8.0f", ns[i]);
		pol_free(&policies[i]);
	}
	(void)printf(" %8.2f\n", ns[NSIZES - 1] / ns[0]);
}

static struct buf table_text = BUF_INIT;

/* Scattered ones, and a network now and then. */
static void
make_table(unsigned n)
{
	uint32_t a = 1;

	buf_reset(&table_text);
	for (unsigned i = 0; i < n; i++) {
		a = a * 1664525 + 1013904223;
		if (i % 10 == 0)
			buf_printf(&table_text, "%u.%u.%u.0/24\n", a >> 24, a >> 16 & 255, a >> 8 & 255);
		else
			buf_printf(&table_text, "%u.%u.%u.%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	}
}

static int
read_table(const char *path, size_t max, struct buf *out, const char **why, void *arg)
{
	(void)path;
	(void)max;
	(void)why;
	(void)arg;
	buf_putb(out, buf_bytes(&table_text));
	return buf_ok(out) ? 0 : -12;
}

/* Who comes from a listed address is blocked; then rules by user. */
static struct policy *
with_table(unsigned nrules)
{
	struct pol_options options = {.read = read_table};
	struct buf text = BUF_INIT, diag = BUF_INIT;
	struct policy *pol;
	unsigned errors;

	buf_puts(&text, "table <bad> file \"bad.txt\"\nblock any origin <bad>\n");
	shape_rules(&shapes[0], nrules, &text);
	pol = pol_parse("table", buf_bytes(&text), &options, &diag, &errors);
	if (pol == NULL) {
		(void)fprintf(stderr, "%s", diag.p);
		exit(1);
	}
	buf_free(&text);
	buf_free(&diag);
	return pol;
}

static void
measure_table(void)
{
	static const unsigned nrules[2] = {10, SHAPE_RULES};
	struct policy *policies[2];
	double ns[2], load;

	make_table(10);
	policies[0] = with_table(nrules[0]);
	make_table(ADDRESSES);
	load = seconds();
	policies[1] = with_table(nrules[1]);
	load = seconds() - load;
	shape_measure(&shapes[0], nrules, policies, 2, ROUNDS, ns);
	(void)printf("%u rules and a table of %u addresses load in %.0f ms; a decision takes %.0f ns,\n"
		     "with 10 rules and 10 addresses %.0f ns: %.2f times\n\n",
	    nrules[1], ADDRESSES, load * 1e3, ns[1], ns[0], ns[1] / ns[0]);
	pol_free(&policies[0]);
	pol_free(&policies[1]);
	buf_free(&table_text);
}

int
main(void)
{
	measure_table();
	(void)printf("%-22s %8s", "nanoseconds a decision", "load, ms");
	for (size_t i = 0; i < NSIZES; i++)
		(void)printf(" %8u", sizes[i]);
	(void)printf("    ratio\n");
	for (size_t i = 0; i < nshapes; i++)
		measure(&shapes[i]);
	return 0;
}

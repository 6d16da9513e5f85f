/*
 * bench-policy: how long a policy takes to load and to decide.
 *
 *   load      10,000 rules of each shape; a table of 1,000,000 addresses
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

/* Scattered ones, and a network now and then. */
static int
read_table(const char *path, size_t max, struct buf *out, const char **why, void *arg)
{
	uint32_t a = 1;

	(void)path;
	(void)max;
	(void)why;
	(void)arg;
	for (unsigned i = 0; i < ADDRESSES; i++) {
		a = a * 1664525 + 1013904223;
		if (i % 10 == 0)
			buf_printf(out, "%u.%u.%u.0/24\n", a >> 24, a >> 16 & 255, a >> 8 & 255);
		else
			buf_printf(out, "%u.%u.%u.%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	}
	return buf_ok(out) ? 0 : -12;
}

static void
load_table(void)
{
	static const char text[] = "table <bad> file \"bad.txt\"\nalert listed-origin origin <bad>\n";
	struct pol_options options = {.read = read_table};
	struct buf diag = BUF_INIT, table = BUF_INIT;
	struct policy *pol;
	unsigned errors;
	double begin = seconds(), made;

	(void)read_table("", 0, &table, NULL, NULL);
	made = seconds() - begin;
	buf_free(&table);
	begin = seconds();
	pol = pol_parse("table", BYTES_LIT(text), &options, &diag, &errors);
	if (pol == NULL)
		(void)fprintf(stderr, "%s", diag.p);
	(void)printf("a table of %u addresses loads in %.0f ms\n\n", ADDRESSES,
	    (seconds() - begin - made) * 1e3);
	buf_free(&diag);
	pol_free(&pol);
}

int
main(void)
{
	load_table();
	(void)printf("%-22s %8s", "nanoseconds a decision", "load, ms");
	for (size_t i = 0; i < NSIZES; i++)
		(void)printf(" %8u", sizes[i]);
	(void)printf("    ratio\n");
	for (size_t i = 0; i < nshapes; i++)
		measure(&shapes[i]);
	return 0;
}

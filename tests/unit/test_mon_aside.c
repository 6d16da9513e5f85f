/* What waits for the same is done together, in its order; everything else one after the other. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/aside.h"

static int held[2];   /* a pipe, which the first job reads */
static char told[64]; /* what was done: in the thread small letters, each run of one kind in brackets */
static unsigned ndone;

struct named {
	struct job job;
	char name;
};

static void
tell(char c)
{
	told[strlen(told)] = c;
}

static void
wait_for_word(struct job *job)
{
	char byte;

	assert_int_equal(read(held[0], &byte, 1), 1);
	tell(((struct named *)job)->name);
}

static void
one(struct job *job)
{
	tell(((struct named *)job)->name);
}

static void
all(struct jobs *jobs)
{
	struct job *j;

	tell('(');
	TAILQ_FOREACH (j, jobs, entry)
		one(j);
	tell(')');
}

static void
others(struct jobs *jobs)
{
	all(jobs);
}

static void
done(struct job *job)
{
	ndone++;
	free(job);
}

static void
give(struct aside *aside, char name, void (*run)(struct job *), void (*run_all)(struct jobs *))
{
	struct named *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	*n = (struct named){.job = {.run = run, .run_all = run_all, .done = done}, .name = name};
	assert_true(aside_give(aside, &n->job));
}

static void
what_waits_for_the_same(void **state)
{
	struct event_base *base = event_base_new();
	struct aside *aside = aside_new(base);

	(void)state;
	assert_non_null(aside);
	assert_int_equal(pipe(held), 0);
	give(aside, 'a', wait_for_word, NULL);
	give(aside, 'b', NULL, all);
	give(aside, 'c', one, NULL);
	give(aside, 'd', NULL, others);
	give(aside, 'e', NULL, all);
	give(aside, 'f', one, NULL);
	give(aside, 'g', NULL, all);
	assert_int_equal(write(held[1], "x", 1), 1);
	while (ndone < 7)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(told, "a(beg)c(d)f");
	aside_free(&aside);
	event_base_free(base);
	close(held[0]);
	close(held[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_for_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

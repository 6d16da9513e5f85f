/* losses: what was lost is told once a burst. */
#include <stdio.h>

#include "agentd/engine/losses.h"
#include "tests/unit/unit.h"

struct heard {
	unsigned told, over;
	uint64_t count;
	char sentence[256];
};

static void
on_losses(uint64_t count, const char *sentence, bool over, void *arg)
{
	struct heard *h = arg;

	h->told += !over;
	h->over += over;
	h->count = count;
	snprintf(h->sentence, sizeof(h->sentence), "%s", sentence);
}

static struct mtime
at(int64_t s)
{
	return (struct mtime){.ns = (s + 1) * 1000000000};
}

static void
losses_are_told_once_a_burst(void **state)
{
	struct heard h = {0};
	struct losses *l = losses_new(on_losses, &h);
	struct aev_stats a = {0};
	struct source_stats s = {0};

	(void)state;
	losses_check(l, &a, &s, at(0));
	assert_int_equal(h.told, 0);
	a.missing = 5;
	losses_kernel(l, 7);
	losses_check(l, &a, &s, at(1));
	assert_int_equal(h.told, 1);
	assert_int_equal(h.count, 12);
	assert_string_equal(h.sentence,
	    "audit records were lost: 5 missing serials, 7 lost by the kernel");
	for (int i = 2; i < 100; i++) {
		a.missing++;
		losses_check(l, &a, &s, at(i));
	}
	assert_int_equal(h.told, 1);
	a.missing -= 50; /* late records filled holes */
	losses_check(l, &a, &s, at(150));
	assert_int_equal(h.over, 0);
	losses_check(l, &a, &s, at(160));
	assert_int_equal(h.over, 1);
	assert_int_equal(h.count, 110);
	s.overruns++;
	losses_check(l, &a, &s, at(161));
	assert_int_equal(h.told, 2);
	assert_int_equal(h.count, 1);
	losses_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_are_told_once_a_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

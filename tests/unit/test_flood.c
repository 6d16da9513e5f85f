/* flood: alerts in a loop. */
#include "agentd/engine/flood.h"
#include "tests/unit/ruling.h"
#include "tests/unit/unit.h"

struct held {
	unsigned told;
	uint64_t n;
	struct flood_more last;
};

static void
on_more(const struct flood_more *m, void *arg)
{
	struct held *h = arg;

	h->told++;
	h->n += m->n;
	h->last = *m;
}

static void
a_loop_is_told_by_its_number(void **state)
{
	struct held held = {0};
	struct floods *fs = floods_new(on_more, &held);
	struct mtime now = {.ns = 5000000000};
	struct made_ruling m;
	const struct outcome_of o = {.ruling = &m.ruling, .done = DONE_KILLED};
	unsigned left = 0;

	(void)state;
	make_ruling(&m);
	for (int i = 0; i < 1000; i++)
		left += floods_take(fs, &o, now) == FLOOD_NONE;
	assert_int_equal(left, FLOOD_ALIKE);
	m.finding.to.port = 2222; /* what it does beside is seen */
	assert_int_equal(floods_take(fs, &o, now), FLOOD_NONE);
	m.session.ses++; /* and what others do */
	assert_int_equal(floods_take(fs, &o, now), FLOOD_NONE);
	m.session.ses--;
	floods_tick(fs, now);
	assert_int_equal(held.told, 0);
	now.ns += 60000000000;
	floods_tick(fs, now);
	assert_int_equal(held.told, 1);
	assert_int_equal(held.n, 1000 - FLOOD_ALIKE);
	assert_true(held.last.ses == 57 && held.last.activity == ACT_OUTBOUND_SSH &&
	    held.last.severity == SEV_HIGH);
	assert_int_equal(floods_take(fs, &o, now), FLOOD_NONE); /* a new minute */
	floods_free(&fs);
}

/* Every port of a network is not alike, and yet too much; nothing is held back that is not told. */
static void
a_walk_over_addresses_has_a_cap(void **state)
{
	struct held held = {0};
	struct floods *fs = floods_new(on_more, &held);
	struct mtime now = {.ns = 5000000000};
	struct made_ruling m;
	const struct outcome_of o = {.ruling = &m.ruling, .done = DONE_ALERTED};
	unsigned left = 0, more = 0;

	(void)state;
	make_ruling(&m);
	for (unsigned i = 0; i < 30000; i++) {
		enum flood f;

		m.finding.to.port = (uint16_t)i;
		f = floods_take(fs, &o, now);
		left += f == FLOOD_NONE;
		more += f == FLOOD_ONE_MORE;
	}
	floods_tick(fs, (struct mtime){.ns = INT64_MAX});
	assert_int_equal(left, FLOOD_SESSION);
	assert_int_equal(left + more, 30000); /* none is alike */
	assert_int_equal(held.n, more);
	floods_free(&fs);
	assert_null(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_is_told_by_its_number),
		cmocka_unit_test(a_walk_over_addresses_has_a_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

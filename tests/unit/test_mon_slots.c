/* Numbers of generations: whatever daemons before left half made, a new one takes nobody's place. */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "agentd/monitor/gate_slots.h"

#define ROWS 12

static bool
has(const struct gate_slots *needed, uint32_t generation)
{
	return needed->of[gate_slot(generation)] != 0;
}

/* One after the other, each made and finished: three slots in turn, so that each rests for a while. */
static void
three_slots_are_enough(void **state)
{
	uint32_t in_force = 0, resting = 0, before = 0, next;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct gate_slots needed = {0};

		gate_slots_add(&needed, in_force);
		next = gate_slots_next(&needed, in_force, resting, in_force);
		assert_true(next > in_force);
		assert_true(gate_slot(next) < 3);
		assert_true(i == 0 || gate_slot(next) != gate_slot(in_force));
		assert_true(i < 2 || gate_slot(next) != gate_slot(before));
		resting = gate_slots_mask(&needed) | 1u << gate_slot(next);
		before = in_force;
		in_force = next;
	}
}

/* What the kernel knows, and a monitor that is often another one. */
struct model {
	uint32_t row[ROWS], in_force;
	uint32_t resting, last, making; /* the monitor's */
};

static void
begin(struct model *m)
{
	struct gate_slots needed = {0};

	for (int i = 0; i < ROWS; i++)
		gate_slots_add(&needed, m->row[i]);
	gate_slots_add(&needed, m->in_force);
	m->making = gate_slots_next(&needed, m->in_force, m->resting, m->last);
	m->last = m->making;
	m->resting = gate_slots_mask(&needed) | 1u << gate_slot(m->making);
	assert_true(m->making != 0 && m->making != GATE_TRY_GENERATION);
	for (int i = 0; i < ROWS; i++)
		assert_int_not_equal(m->making, m->row[i]);
	assert_int_not_equal(m->making, m->in_force);
	assert_true(!has(&needed, m->making) || gate_slots_mask(&needed) == (1u << GATE_SLOTS) - 1);
	assert_true(gate_slot(m->making) != gate_slot(m->in_force) || m->in_force == 0);
}

static void
play(uint32_t first, unsigned seed)
{
	struct model m = {.in_force = first};

	for (int turn = 0; turn < 20000; turn++)
		switch (rand_r(&seed) % 8) {
		case 0: /* it dies, and another one comes */
			m.making = m.last = m.resting = 0;
			break;
		case 1: /* what it makes is finished */
			for (int i = 0; i < ROWS && m.making != 0; i++)
				m.row[i] = m.making;
			m.in_force = m.making != 0 ? m.making : m.in_force;
			m.making = 0;
			break;
		case 2:
			begin(&m);
			break;
		default:
			if (m.making != 0)
				m.row[rand_r(&seed) % ROWS] = m.making;
		}
}

static void
nobody_loses_his_place(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 20; seed++) {
		play(0, seed);
		play(UINT32_MAX - 1000 - seed, seed); /* the numbers begin anew */
	}
}

static void
if_all_are_needed_the_oldest_goes(void **state)
{
	struct gate_slots needed = {0};
	uint32_t next;

	(void)state;
	for (uint32_t i = 0; i < GATE_SLOTS; i++)
		gate_slots_add(&needed, 100 + i);
	next = gate_slots_next(&needed, 107, 0, 0);
	assert_int_equal(gate_slot(next), gate_slot(100));
	assert_true(next > 107);
	next = gate_slots_next(&needed, 100, 0, 0);
	assert_int_equal(gate_slot(next), gate_slot(101));
	/* Before that, one that rests. */
	needed.of[3] = 0;
	next = gate_slots_next(&needed, 107, 1u << 3, 0);
	assert_int_equal(gate_slot(next), 3);
}

static void
the_exercise_has_its_own(void **state)
{
	(void)state;
	assert_int_equal(gate_slot(GATE_TRY_GENERATION), GATE_SLOTS);
	for (uint32_t i = 1; i < 100; i++)
		assert_true(gate_slot(i) < GATE_SLOTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_slots_are_enough),
		cmocka_unit_test(nobody_loses_his_place),
		cmocka_unit_test(if_all_are_needed_the_oldest_goes),
		cmocka_unit_test(the_exercise_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* gate_slots: see gate_slots.h.  Numbers wrap: which of two is the later one is a matter of their distance. */
#include "agentd/monitor/gate_slots.h"

#include <stdbool.h>

#define ALL ((1u << GATE_SLOTS) - 1)

/* 0 is none, and before all. */
static bool
is_later(uint32_t generation, uint32_t than)
{
	return generation != 0 && (than == 0 || (int32_t)(generation - than) > 0);
}

void
gate_slots_add(struct gate_slots *all, uint32_t generation)
{
	uint32_t *of = &all->of[generation % GATE_SLOTS];

	if (is_later(generation, *of))
		*of = generation;
}

uint32_t
gate_slots_mask(const struct gate_slots *all)
{
	uint32_t mask = 0;

	for (uint32_t slot = 0; slot < GATE_SLOTS; slot++)
		mask |= all->of[slot] != 0 ? 1u << slot : 0;
	return mask;
}

static uint32_t
oldest(const struct gate_slots *all, uint32_t but)
{
	uint32_t found = all->of[0] == but ? 1 : 0;

	for (uint32_t slot = 0; slot < GATE_SLOTS; slot++)
		if (all->of[slot] != but && is_later(all->of[found], all->of[slot]))
			found = slot;
	return found;
}

static uint32_t
latest(const struct gate_slots *all, uint32_t found)
{
	for (uint32_t slot = 0; slot < GATE_SLOTS; slot++)
		if (is_later(all->of[slot], found))
			found = all->of[slot];
	return found;
}

uint32_t
gate_slots_next(const struct gate_slots *needed, uint32_t in_force, uint32_t resting, uint32_t last)
{
	uint32_t free = ALL & ~gate_slots_mask(needed), next = latest(needed, last) + 1, slot;

	if ((free & ~resting) != 0)
		free &= ~resting;
	slot = free != 0 ? (uint32_t)__builtin_ctz(free) : oldest(needed, in_force);
	next += (slot - next) % GATE_SLOTS;
	return next == 0 || next == GATE_TRY_GENERATION ? next + GATE_SLOTS : next;
}

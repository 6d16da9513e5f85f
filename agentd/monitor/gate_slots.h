/*
 * gate_slots: which number the next generation of classes gets.  The number says its slot in the kernel
 * (gate_slot()), and what another generation has there is overwritten: so never that of one whose rows are still
 * looked up.  Pure.  Runs in the monitor.
 */
#ifndef MONITOR_GATE_SLOTS_H
#define MONITOR_GATE_SLOTS_H

#include "agentd/monitor/gate_abi.h"

/* Generations that are needed, by their slots; 0: none. */
struct gate_slots {
	uint32_t of[GATE_SLOTS];
};

/* Of two in one slot the later one counts: the other has lost its classes. */
void gate_slots_add(struct gate_slots *, uint32_t generation);
/* 1 << slot of each. */
uint32_t gate_slots_mask(const struct gate_slots *);
/*
 * Later than those that are needed and than `last`; it never is 0, nor GATE_TRY_GENERATION.  Of the slots that nobody
 * needs the first that does not rest (1 << slot), so that the memory of no more of them is used than there must be.
 * If there is none, one that rests; if all are needed, that of the oldest generation but the one in force.
 */
uint32_t gate_slots_next(const struct gate_slots *needed, uint32_t in_force, uint32_t resting, uint32_t last);

#endif

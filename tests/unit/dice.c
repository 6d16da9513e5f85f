/* dice: see dice.h.  Marsaglia's xorshift. */
#include "tests/unit/dice.h"

static uint32_t state;

void
dice_seed(uint32_t seed)
{
	state = seed;
}

uint32_t
dice(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

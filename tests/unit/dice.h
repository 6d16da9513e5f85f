/* dice: numbers at random that are the same in each run. */
#ifndef TESTS_DICE_H
#define TESTS_DICE_H

#include <stdint.h>

/* Before the first throw; not 0. */
void dice_seed(uint32_t);
/* 0 to below - 1 */
uint32_t dice(uint32_t below);

#endif

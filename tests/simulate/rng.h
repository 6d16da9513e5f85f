/*
 * rng: chance that a seed repeats, for the simulated world.
 */
#ifndef SIMULATE_RNG_H
#define SIMULATE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

void rng_seed(struct rng *, uint64_t seed);
/* A chain of its own, so that one more draw here changes nothing there. */
struct rng rng_fork(struct rng *);
uint64_t rng_next(struct rng *);
unsigned rng_below(struct rng *, unsigned n); /* 0 to n − 1; n ≥ 1 */
int rng_between(struct rng *, int low, int high); /* both included */
double rng_unit(struct rng *); /* [0, 1) */
bool rng_chance(struct rng *, double p);
double rng_normal(struct rng *, double mean, double deviation);
/* Of things that come independently; mean below 50. */
unsigned rng_poisson(struct rng *, double mean);
/* Durations and volumes: half are below the median, and the tail is long. */
double rng_lognormal(struct rng *, double median, double sigma);
/* 0 to n − 1, the first the most likely: as 1/(i + 1). */
unsigned rng_zipf(struct rng *, unsigned n);

#endif

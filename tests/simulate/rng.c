/* rng: see rng.h.  xorshift64* (Vigna 2016), seeded through splitmix64. */
#include "tests/simulate/rng.h"

#include <math.h>

void
rng_seed(struct rng *r, uint64_t seed)
{
	uint64_t z = seed + 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	r->state = (z ^ z >> 31) | 1;
}

struct rng
rng_fork(struct rng *r)
{
	struct rng child;

	rng_seed(&child, rng_next(r));
	return child;
}

uint64_t
rng_next(struct rng *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 2685821657736338717u;
}

unsigned
rng_below(struct rng *r, unsigned n)
{
	return (unsigned)((rng_next(r) >> 33) % n);
}

int
rng_between(struct rng *r, int low, int high)
{
	return low + (int)rng_below(r, (unsigned)(high - low + 1));
}

double
rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) / 9007199254740992.0; /* 2^53 */
}

bool
rng_chance(struct rng *r, double p)
{
	return rng_unit(r) < p;
}

/* Box and Muller; the second of the pair is not kept. */
double
rng_normal(struct rng *r, double mean, double deviation)
{
	double u = 1.0 - rng_unit(r), v = rng_unit(r);

	return mean + deviation * sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

/* Knuth: how many waits fit into one. */
unsigned
rng_poisson(struct rng *r, double mean)
{
	const double limit = exp(-mean);
	double p = rng_unit(r);
	unsigned n = 0;

	for (; p > limit; n++)
		p *= rng_unit(r);
	return n;
}

double
rng_lognormal(struct rng *r, double median, double sigma)
{
	return median * exp(rng_normal(r, 0, sigma));
}

unsigned
rng_zipf(struct rng *r, unsigned n)
{
	double all = 0, at;

	for (unsigned i = 0; i < n; i++)
		all += 1.0 / (i + 1);
	at = rng_unit(r) * all;
	for (unsigned i = 0; i < n; i++) {
		at -= 1.0 / (i + 1);
		if (at < 0)
			return i;
	}
	return n - 1;
}

/*
 * table: what came of the runs, for people, for programs, and as tests with a bound.
 */
#ifndef SIMULATE_TABLE_H
#define SIMULATE_TABLE_H

#include "tests/simulate/ledger.h"

#define SEEDS_MAX 16
#define ROWS_MAX  32
#define ABLATIONS_MAX 16

struct options {
	bool json, gate, verbose;
	uint32_t off; /* 1 << activity */
};

/* One kind of attack in one run. */
struct result_row {
	unsigned planted, found, alerted;
	double minutes[8]; /* to the alert, of those that were alerted */
};

/* Detectors that are left out in turn. */
extern const enum activity ablations[];
extern const size_t nablations;

struct result {
	uint64_t seed, logins;
	struct result_row rows[ROWS_MAX];
	/* A day, of what is no attack's: while the window fills, and when it is full. */
	double findings[2][ACT_COUNT], alerts[2][ACT_COUNT + 1];
	/* Of the first run, without one detector: what is found and alerted of all attacks, and what is told for nothing. */
	struct result_without {
		unsigned found, alerted;
		double alerts;
	} without[ABLATIONS_MAX];
};

void result_take(struct result *, uint64_t seed, const struct ledger *, uint64_t logins);
void result_without(struct result *, size_t ablation, const struct ledger *);
/* False: a gate is not held. */
bool table_print(const struct result *, size_t n, const struct options *);

#endif

/*
 * attacks: what is planted, a row for each kind.  The attacker is somebody with a stolen key, a stolen laptop,
 * or an account of his own; he does what such people do and no more than he needs, and knows nothing of the
 * detectors, but for the one who is careful.
 */
#ifndef SIMULATE_ATTACKS_H
#define SIMULATE_ATTACKS_H

#include "agentd/detect/finding.h"
#include "tests/simulate/visit.h"

struct attack {
	unsigned row;
	int id;
	struct person *victim;
	struct person *other; /* whose agent, key or session is touched */
	struct rtime begin, end;
};

struct attack_row {
	const char *name;
	const char *story;
	uint32_t finds;      /* 1 << activity: it counts as found by one of these */
	enum grade grade;    /* of ssh-proxy, that finds it, and no other; GRADE_NONE: any */
	bool careful;        /* nothing of it need be worth an alert: only that it is found is asked for */
	bool sessionless;    /* what it leaves carries no session of its own */
	void (*plan)(struct site *, struct attack *);
	bool by_day;         /* of a victim who works by day: to operators, who are on call, no hour is unusual */
};

extern const struct attack_row attack_rows[];
extern const size_t nattack_rows;

/* Puts it on the agenda, on that day; begin and end are set. */
void attack_plan(struct site *, struct attack *, int day);

#endif

/*
 * ledger: what the pipeline says, held against what was planted.  A ruling that alerts is an alert; the rest is
 * recorded, and joined to its session's case, which alerts when it is due: as engine/outlet.c does it, but at once, so
 * that each alert is one finding's.
 */
#ifndef SIMULATE_LEDGER_H
#define SIMULATE_LEDGER_H

#include "agentd/case/case.h"
#include "tests/simulate/attacks.h"

#define ATTACKS_MAX 256
#define BY_CASE     ACT_COUNT /* the column of what cases tell */

struct outcome_of_attack {
	bool found, alerted;
	struct rtime found_at, alerted_at;
	uint32_t finds;  /* 1 << activity */
	enum severity severity; /* of the highest alert */
	unsigned score;  /* of its case, the highest */
};

struct ledger {
	const struct attack *attacks; /* borrowed */
	size_t nattacks;
	struct outcome_of_attack outcome[ATTACKS_MAX];
	struct cases *cases;    /* owned */
	struct machine *machine; /* borrowed */
	int16_t *attack_of;     /* owned; by session */
	size_t cap;
	uint32_t off;           /* 1 << activity: as if its detector was not there */
	bool verbose;           /* tells each false alert on stderr */
	uint64_t ids;
	/* of what is no attack's: by day */
	unsigned findings[DAYS + 1][ACT_COUNT], alerts[DAYS + 1][ACT_COUNT + 1];
};

bool ledger_open(struct ledger *, const struct attack *, size_t n, const struct baseline *);
void ledger_close(struct ledger *);
/* A session that is about to be opened belongs to that attack, or to none. */
void ledger_session(uint32_t ses, int attack, void *ledger);
void ledger_ended(uint32_t ses, void *ledger);
void ledger_ruling(const struct ruling *, void *ledger);

#endif

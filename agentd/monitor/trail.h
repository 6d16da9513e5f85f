/* trail: records for the audit trail, written from fixed fields only. */
#ifndef MONITOR_TRAIL_H
#define MONITOR_TRAIL_H

#include "agentd/monitor/deed.h"

/* The mode was changed by root's process pid; trial_ms: it goes back after that unless confirmed, 0: no. */
void trail_mode(struct monitor *, enum mode before, enum mode after, int64_t trial_ms, pid_t);

/* An order of root's process pid about a session. */
struct trail_order {
	enum deed deed;
	uint32_t ses;
	bool all;
	pid_t pid;
	uint32_t auid, own_ses; /* of that process */
};
/* n: how many were killed or cut, or are left. */
void trail_order(struct monitor *, const struct trail_order *, enum done, uint64_t n);

#endif

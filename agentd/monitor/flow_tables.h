/*
 * flow_tables: flow, of many processes: what a network namespace's tables show is read once for all of them,
 * for it takes as long as the host has connections.  One made since is not seen.
 */
#ifndef MONITOR_FLOW_TABLES_H
#define MONITOR_FLOW_TABLES_H

#include "agentd/monitor/flow.h"

struct flow_tables;

/* NULL: out of memory. */
struct flow_tables *flow_tables_new(void);
void flow_tables_free(struct flow_tables **);
/* As flow_of_process(). */
bool flow_of_one(struct flow_tables *, pid_t, uint64_t start_ticks, struct report_addr *peer,
    struct report_addr *local);

#endif

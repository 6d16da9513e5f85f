/* replay: what cmd_replay.c reads and replay_print.c shows. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "agentd/sink/alert.h"
#include "cli/cli.h"

struct replay_counts {
	uint64_t findings, alerts; /* alerts: what is above pass, so that the exit status says it */
	uint64_t by_activity[ACT_COUNT];
	struct rtime first, last;  /* of the events */
	bool several_nodes;
};

/*
 * Files by the time of their first record; as they are when one cannot be looked into
 * beforehand (standard input, a pipe).
 */
void replay_order(char **names, int n);
/* An assembled event: text, or one object a line. */
void replay_print_event(const struct cli *, const struct aev *, const struct fact *, struct buf *out);
void replay_print_event_json(const struct aev *, const struct fact *, struct buf *out);
/* The last word, for standard error. */
void replay_print_summary(const struct cli *, const struct replay_counts *, const struct aev_stats *,
    struct buf *out);
/* --stats: every counter; as JSON one object {"stats":{…}}. */
void replay_print_stats(const struct replay_counts *, const struct aev_stats *,
    const struct host_stats *, bool json, struct buf *out);

#endif

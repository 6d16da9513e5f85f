/* replay: recorded logs: their order, reading them, and what cmd_replay.c counts of them. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "agentd/engine/pipeline.h"
#include "agentd/sink/alert.h"
#include "cli/cli.h"

struct replay_counts {
	uint64_t findings, alerts; /* alerts: what is above pass, so that the exit status says it */
	uint64_t cases;            /* alerts of their own */
	uint64_t by_activity[ACT_COUNT];
	struct rtime first, last;  /* of the events */
	bool several_nodes;
};

/*
 * Files by the time of their first record; as they are when one cannot be looked into
 * beforehand (standard input, a pipe).
 */
void replay_order(char **names, int n);

/* Who reads, and wants to know how far it is; each may be NULL. */
struct replay_reading {
	void (*begin)(const char *name, void *arg);
	bool (*read)(size_t bytes, void *arg); /* false: enough */
	void (*over)(void *arg);               /* of one file, before a word on it */
	void *arg;
};
/* In their order; stops at what cannot be read, which is said.  Returns enum cli_exit.  The pipeline is not flushed. */
int replay_read(struct pipeline *, char **names, int n, const struct replay_reading *);

/* "-" is standard input; −1: errno says why not. */
int replay_open(const char *name);
/* Logs are rotated into these; what unpacks them is not ours to run.  NULL: none of them. */
const char *replay_unpacker(struct bytes begin);

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

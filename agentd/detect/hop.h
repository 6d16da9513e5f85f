/*
 * hop: what a process has done so far to reach somewhere, for `outbound-ssh` and `relay`: its
 * connects, and whether something must still come.  Bounded per host and per login user; one that
 * is pushed out is settled first.  Pure.
 */
#ifndef DETECT_HOP_H
#define DETECT_HOP_H

#include <bsd/sys/queue.h>

#include "agentd/detect/dial.h"
#include "agentd/detect/ripe.h"
#include "agentd/host/table.h"

#define HOP_IDLE_MS 60000 /* nothing is expected any more: forgotten after this */
#define HOP_WAITS   8     /* connects that wait for word of their program: the last ones */

struct hop_user;

struct hop {
	struct table_link by_pid;
	TAILQ_ENTRY(hop) in_user, in_unsure;
	struct hop_user *user; /* borrowed */
	struct ripe ripe;
	struct dial dial;
	uint32_t pid;
	uint64_t life;
	/* outbound-ssh: an SSH client was started, and … */
	bool armed;     /* nothing is known of it yet */
	bool connected; /* it has been told of */
	bool proxied;   /* a child connects for it */
	bool muxed;     /* a ControlMaster does */
	bool asks_name; /* it is waiting for a name server */
	bool unsure;    /* its program is being looked at */
	struct evidence first;  /* armed: the exec */
	struct evidence *waits; /* owned; unsure: where it connected, no two alike */
	size_t nwaits;
};
TAILQ_HEAD(hop_list, hop);

struct hops;

/* settle: tell what is still held, for the hop is let go of after it. */
struct hops *hops_new(void (*settle)(struct detect *, struct hops *, struct hop *));
void hops_free(struct hops **);
/* NULL: none of this life. */
struct hop *hop_find(const struct hops *, uint32_t pid, uint64_t life);
/* Of any life: the pid's latest. */
struct hop *hop_of_pid(const struct hops *, uint32_t pid);
/* NULL: out of memory. */
struct hop *hop_get(struct detect *, struct hops *, const struct evidence *);
void hop_drop(struct hops *, struct hop *);
void hop_due(struct hops *, struct hop *, struct rtime);
struct hop *hop_ripe(const struct hops *, struct rtime now, bool all);
/* Makes a connect wait for word of its program. */
void hop_wait(struct hops *, struct hop *, const struct evidence *);
/* It waits no more.  The connects, at most HOP_WAITS: the caller's to free; NULL: none. */
struct evidence *hop_wait_take(struct hops *, struct hop *, size_t *n);
/* One that waits, the first; NULL: none. */
struct hop *hop_first_unsure(const struct hops *);
struct hop *hop_next_unsure(struct hop *);

#endif

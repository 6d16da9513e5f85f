/*
 * grants: what each session may do, computed from the policy in force and given to the monitor, which
 * installs it in the kernel: at login before the verdict, and for all living sessions when the policy, the
 * host's addresses or the hour change.
 *
 * A renewal, in this order: new classes beside those in force, a row of theirs for each session, and the
 * word that all is there.  One that fails, or that another overtakes, begins again.  Engine process.
 */
#ifndef ENGINE_GRANTS_H
#define ENGINE_GRANTS_H

#include "agentd/engine/link.h"
#include "agentd/engine/pipeline.h"

struct event_base;
struct grants;

struct grants_parts {
	struct event_base *base;
	struct link *link;
	struct pipeline *pipeline;
	const struct pipeline_options *options;
	const struct policy *(*policy)(void *arg); /* in force */
	/* All is known of the sessions that there is to know, or is no longer waited for: they can have rows anew. */
	bool (*whole)(void *arg);
	void *arg;
};

struct grants_stats {
	uint64_t installed, failed;
	uint32_t generation;   /* 0: none is in force */
	bool renewing;         /* classes, or rows of living sessions, are on their way */
	bool blurred;          /* the policy has more classes than a row holds */
};

struct grants *grants_new(const struct grants_parts *);
/* Logins that still wait are let go of without a call; the link must answer nobody any more. */
void grants_free(struct grants **);
/*
 * The session's grant is computed and sent; ready() is called once, when the monitor has installed it or
 * has not (result; RES_COUNT: no answer), always from the loop.  False: it could not be sent and ready()
 * is not called.
 */
typedef void grants_ready_fn(enum result, void *arg);
bool grants_login(struct grants *, const struct session *, grants_ready_fn *, void *arg);
/* The exceptions, or the monitor, are others: classes and all rows anew, the old ones in force until then. */
void grants_renew(struct grants *);
/* The same for a policy that was loaded: what sessions have connected is then held against it, too. */
void grants_policy(struct grants *);
/* Sessions were found, or more is known of some: rows anew. */
void grants_again(struct grants *);
/* Once a second: what hangs on the time; addresses of the host. */
void grants_tick(struct grants *, struct rtime now);
/* An address of this host, beside loopback? */
bool grants_own(const struct grants *, struct addr);
struct grants_stats grants_stats(const struct grants *);

#endif

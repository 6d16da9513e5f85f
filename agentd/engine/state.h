/*
 * state: the parts of the engine, held together.  Only those that join, show or steer the whole (parts, calls,
 * in_force, notices, control verbs) include this; the rest know what they are given.
 */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <sys/queue.h>

#include "agentd/engine/acts.h"
#include "agentd/engine/allow.h"
#include "agentd/engine/flows.h"
#include "agentd/engine/gates.h"
#include "agentd/engine/grants.h"
#include "agentd/engine/hops.h"
#include "agentd/engine/intake.h"
#include "agentd/engine/link.h"
#include "agentd/engine/losses.h"
#include "agentd/engine/names.h"
#include "agentd/engine/orders.h"
#include "agentd/engine/outlet.h"
#include "agentd/engine/pipeline.h"
#include "agentd/engine/policy_box.h"
#include "agentd/engine/reports.h"
#include "base/serials.h"

struct archive;
struct args;
struct client;
struct control;
struct history;
struct learned;
struct listed;
struct homes;
struct listing;
struct owners;
struct volumes;
struct watch;
struct watched;
struct pending;
struct probe_live;
struct policy_watch;
struct worker;
struct programs;
struct strangers;
struct liveness;

/* What the monitor last said of the audit rules. */
struct rules_state {
	bool told;
	uint32_t flags; /* enum rule_flag */
	uint64_t missing, added;
};

/* And of the kernel gates of this host. */
struct gates_state {
	bool told;
	struct buf beyond;        /* what the policy in force asks for and these gates cannot do, a line each */
	unsigned works;           /* enum gate_flag */
	uint8_t why[GATEF_COUNT]; /* errno of those that do not */
};

/* And of what is watched by fanotify. */
struct watches_state {
	bool told;
	unsigned directories, processes; /* of keys and agents; whose memory */
	int keys, memory;                /* errno: they cannot be; 0 */
};

/* Of sessions that were found. */
struct found_state {
	bool all;          /* the monitor has told all */
	struct mtime last; /* when it told one; at first, the engine's start */
	unsigned asked;    /* the store, for what it knows of one */
	bool unnamed;      /* there are some without a user name */
};

struct engine {
	const struct config *conf; /* borrowed */
	struct event_base *base;
	struct event *second, *on_term, *on_int;
	int status;

	struct link *link;
	struct names *names;
	struct policy_box *policy;
	struct worker *loader;   /* reads and compiles policies beside the loop */
	uint64_t refused;        /* a hash of the load that was refused last; 0: none since a good one */
	struct listed *listed;
	struct policy_watch *policy_watch; /* NULL: nobody wants it */
	struct serials serials;  /* as the monitor keeps them */
	struct allow *allow; /* exceptions before its rules */
	struct pipeline *pipeline;
	struct intake *intake;
	struct grants *grants;
	struct gates *gates;
	struct gates_state gates_state;
	struct watches_state watches;
	struct reports *reports;
	struct acts *acts;
	struct say_state *say;
	struct outlet *outlet;
	struct losses *losses;
	struct probe_live *probe;
	struct programs *programs;
	struct owners *owners;
	struct strangers *strangers;
	struct watch *watch;
	struct volumes *volumes;
	struct homes *homes;
	struct watched *watched;
	struct liveness *liveness;
	struct cases *cases;     /* what was found of each session, joined */
	struct archive *archive; /* NULL: no store */
	struct history *history;
	struct recall *recall;
	struct learned *learned; /* what is usual here */
	struct control *control;

	struct pipeline_options options; /* host_mode is kept as it is now */
	struct bytes roles[CONFIG_ROLES_MAX];
	LIST_HEAD(, pending) pending; /* pending.h: clients that wait for an answer */
	LIST_HEAD(, listing) listings;
	struct alert_context context;
	struct flows flows;
	struct hops hops;
	struct orders orders;
	struct rules_state rules;
	struct rtime confirm_by; /* audit mode again then; RTIME_NONE: no */
	bool agents_unknown; /* of sessions that were found; looked for once in a while */
	struct mtime agents_looked;
	struct found_state found;
	char boot_id[37], host_name[256];
	struct rtime started;
	uint64_t merged;   /* rows of what is usual that came by hand since that was told */
	uint64_t restarts; /* engines before this one */
};

/* status.c: the object that the verb answers with. */
void status_json(struct engine *, struct buf *);
/* sessions_json.c: one session; detail: its processes and sockets too. */
void session_json(struct engine *, const struct session *, bool detail, struct buf *);

/* control_verbs.c */
struct control *control_verbs_new(struct engine *, gid_t group);

/* notices.c: a notice of the monitor that nobody waits for. */
void notices_take(const struct notice *, int fds[LINK_FDS], void *engine);

#endif

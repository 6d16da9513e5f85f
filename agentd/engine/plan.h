/*
 * plan: what a policy's action comes to for an activity: the request to the monitor, and what its success
 * is called.  One table for a process of the session, one for its own sshd, which is never killed.  Pure.
 */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "agentd/engine/pipeline.h"
#include "agentd/monitor/request.h"

struct plan {
	enum request_kind kind; /* 0: nothing can be done */
	enum done done;
	const char *why;        /* of kind 0 */
	bool cut;               /* of a kill: its connection ends too, whoever else holds it by then */
};

/* Of a ruling that stops something. */
struct plan plan_of(const struct ruling *);
/* Not of one process or connection. */
bool plan_is_of_session(const struct plan *);
/* Nothing is left to do when the kernel has refused it. */
bool plan_only_refuses(enum action);

#endif

/*
 * gated: what a kernel gate saw and no record told of, as findings: the activity itself, from what the gate
 * knows, and that audit was silent about it.  Pure.
 */
#ifndef DETECT_GATED_H
#define DETECT_GATED_H

#include "agentd/detect/finding.h"

enum gated_kind { GATED_TCP, GATED_SOCKET, GATED_EXEC };

struct gated {
	enum gated_kind kind;
	struct rtime time;
	uint32_t pid, ses, auid, uid; /* of the task that did it */
	bool relay;           /* the session's own sshd */
	bool mux;             /* SOCKET: a ControlMaster, not an agent */
	bool stopped;         /* refused, or killed in it */
	bool isolated;        /* because nothing may connect: it need not be SSH */
	bool before;          /* it was connected before the rule that is against it, and is judged now */
	struct endpoint to;   /* TCP */
	struct fact_unix un;  /* SOCKET: the inode; a path where the model knows one */
	unsigned count;
	const char *note;     /* for the reason: why it is told from this alone */
};

/* The activity.  What records tell of it later is not told again. */
void detect_gated(struct detect *, const struct gated *);
/* audit-evasion */
void detect_silence(struct detect *, const struct gated *);

#endif

/*
 * standing: the TCP connections that processes of some sessions hold, and the gate's word on each as of now.
 * Of the network namespace that the daemon is in.
 */
#ifndef MONITOR_STANDING_H
#define MONITOR_STANDING_H

#include "agentd/monitor/protect.h"
#include "agentd/monitor/sockdiag.h"

struct standing_denied {
	struct diag_tcp tcp;
	uint32_t ses, auid, pid, uid;
	bool relay; /* the session's own sshd holds it */
	int rc;     /* of whoever ends it */
};

struct standing {
	/* what the look goes by */
	struct gate *gate;            /* borrowed; asked, never changed */
	int makers;                   /* as diag_tcp_each() has it */
	struct aside *aside;          /* borrowed; where it is done: it is left when that ends */
	struct guard guard;
	struct mon_session *sessions; /* owned */
	size_t nsessions, room;
	/* what it found; owned */
	struct standing_denied *denied;
	size_t n;
	bool more; /* not all of it */
	uint32_t unread; /* a session that has more descriptors than there is patience for; SES_UNSET: none */
	int rc;    /* −errno: it could not look */
};

void standing_begin(struct standing *, struct monitor *);
/* A copy.  False: out of memory. */
bool standing_add(struct standing *, const struct mon_session *);
/* Takes as long as /proc and the tables of sockets are large: beside the loop only. */
void standing_look(struct standing *);
void standing_free(struct standing *);

#endif

/*
 * dial: which of a process's connects are TCP.  The records do not say: connect returns 0 for TCP
 * and for glibc's UDP probes alike (getaddrinfo sorts several addresses by connecting a datagram
 * socket to each; sysdeps/posix/getaddrinfo.c).  A probe sends nothing, and leaves a pattern:
 *
 *   connect A = 0, AF_UNSPEC, connect B = 0          one family: the socket is let go of between two
 *   connect A = 0, connect B = 0                     another family: another socket
 *   … and then the real one goes to an address that was probed before
 *
 * One address alone is not probed.  So: EINPROGRESS is TCP; 0 to an address seen before is TCP; the
 * first 0 is held until the next connect of the process, or a moment of quiet, tells.  Failures are
 * held for the address that comes after.  Pure.
 */
#ifndef DETECT_DIAL_H
#define DETECT_DIAL_H

#include "agentd/detect/detector.h"

#define DIAL_SEEN       8   /* addresses of one name that are remembered */
#define DIAL_QUIET_MS   200 /* then what is held was TCP */
#define DIAL_FAILED_MS  2000 /* then no other address follows */
#define DIAL_PROBING_MS 5000

struct dial {
	struct endpoint seen[DIAL_SEEN];
	size_t nseen;
	bool probing; /* a name with several addresses is being sorted */
	struct rtime last;
	bool has_held, has_failed;
	struct evidence held;   /* returned 0: TCP or a probe */
	struct evidence failed; /* the last failure; its count has all of them */
};

/* What was decided to be TCP by one step. */
struct dial_out {
	struct evidence tcp[2];
	size_t n;
};

enum dial_kind {
	DIAL_BLOCKING,
	DIAL_NONBLOCKING, /* sshd's: a TCP connect never returns 0 */
	DIAL_SURE,        /* somebody looked: it is TCP */
};

/* A connect to an address. */
void dial_step(struct dial *, const struct evidence *, enum dial_kind, struct dial_out *);
/* A connect to AF_UNSPEC. */
void dial_unspec(struct dial *, struct rtime);
/* It was quiet, or the process went on to something else. */
void dial_settle(struct dial *, struct dial_out *);
/* No other address came: takes the failure.  False: there was none. */
bool dial_take_failure(struct dial *, struct evidence *);

#endif

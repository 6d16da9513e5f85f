/*
 * source: where audit records come from.  A source reads a bounded share of what is there and hands it
 * to a taker: text as auditd writes it, or single records as the kernel's multicast group sends them.
 * Sources neither open nor poll: the monitor opens, the engine's loop calls.  Engine process.  Files and
 * standard input are `sshtether replay`'s, which reads them itself.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "agentd/audit/record.h"

struct source_taker {
	void (*text)(const char *p, size_t n, void *arg); /* any piece of the stream of lines */
	void (*record)(const struct record *, void *arg);
	void *arg;
};

struct source_stats {
	uint64_t bytes, messages;
	uint64_t malformed; /* messages that are no audit record */
	uint64_t overruns;  /* ENOBUFS: the kernel dropped some */
	uint64_t cut;       /* longer than a record may be: dropped */
};

/* At most this much is taken in one call, so that a login waits for a millisecond, not for a flood. */
#define SOURCE_SHARE (16u << 10)

enum source_got {
	SOURCE_MORE,  /* the share was used up: call again soon */
	SOURCE_DRY,   /* nothing more for now */
	SOURCE_ENDED, /* end of file, or the peer is gone */
	SOURCE_BROKEN, /* errno says why */
};

/* auditd's af_unix plugin, format = string: a stream of lines on a connected socket. */
enum source_got source_auditd_read(int fd, const struct source_taker *, struct source_stats *);
/* The kernel's AUDIT_NLGRP_READLOG: one record a message. */
enum source_got source_netlink_read(int fd, const struct source_taker *, struct source_stats *);

#endif

/* owner: who listens on a Unix socket: the process that holds the listening end, and its session. */
#ifndef MONITOR_OWNER_H
#define MONITOR_OWNER_H

#include <linux/un.h>

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/facts.h"
#include "agentd/monitor/request.h"

/* The file that a socket is bound to. */
struct owner_file {
	uint32_t dev_major, dev_minor;
	uint64_t inode;
};

struct owned {
	uint64_t cookie; /* of the listening socket */
	struct facts holder;
	bool roots_program; /* of the holder: then its name says what it is */
	char path[UNIX_PATH_MAX + 1]; /* as bound, absolute, in the mount namespace of who bound it; "": none */
};

static inline struct owner_file
owner_file_of(const struct request *rq)
{
	return (struct owner_file){.dev_major = rq->dev_major, .dev_minor = rq->dev_minor, .inode = rq->inode};
}

/*
 * hint: a process that may hold it; 0: none.  Takes as long as a dump and a walk over /proc: beside the
 * loop only.  0, −ENOENT: nobody listens there; −errno.
 */
int owner_find(const struct owner_file *, uint32_t hint, struct owned *);
/* What the holder is: enum owner_flag. */
unsigned owner_flags(struct monitor *, const struct owned *);

#endif

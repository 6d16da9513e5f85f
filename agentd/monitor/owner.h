/* owner: who listens on a Unix socket: the process that holds the listening end, and its session. */
#ifndef MONITOR_OWNER_H
#define MONITOR_OWNER_H

#include <linux/un.h>

#include "agentd/monitor/aside.h"
#include "agentd/monitor/ctx.h"
#include "agentd/monitor/holders.h"
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

/* A job that finds one; the first member of what else belongs to it. */
struct owner_search {
	struct job job;
	struct owner_file file; /* given, as the hint */
	uint32_t hint;          /* a process that may hold it; 0: none */
	int rc;                 /* 0; −ENOENT: nobody listens there; −EOVERFLOW: see holders.h; −errno */
	struct owned owner;     /* with 0 */
	struct sought sought;   /* inode 0: nobody listens */
};

/* The run_all of these jobs: whoever asks, one dump and one walk over /proc answer all. */
void owner_find_all(struct jobs *);
/* What the holder is: enum owner_flag. */
unsigned owner_flags(struct monitor *, const struct owned *);

#endif

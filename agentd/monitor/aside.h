/*
 * aside: a thread beside the loop for what takes as long as users like: walks over /proc, dumps of
 * sockets, files of theirs.  A job is a copy of all that it needs; the loop and the thread share nothing.
 */
#ifndef MONITOR_ASIDE_H
#define MONITOR_ASIDE_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "base/clock.h"

TAILQ_HEAD(jobs, job);

/* Each a thread of its own: what asks a lot of one never delays the others. */
enum work {
	WORK_ACT,  /* cuts and ends */
	WORK_OPEN, /* program files: opening one may take as long as its file system */
	WORK_FIND, /* owners of sockets, sessions that are over: nothing of one user's that takes long */
	/*
	 * Whatever is sent to the kernel's audit: with a full backlog the sender sleeps for as long as
	 * backlog_wait_time, a minute (kernel/audit.c, audit_receive).
	 */
	WORK_AUDIT,
	WORK_KEEP, /* what is to outlive us, synced to the disk */
	WORK_LOOK, /* connections, from before a rule or of servers: all descriptors of all processes */
	WORK_HOME, /* homes and their directories of keys */
	WORK_PATH, /* where the paths of listeners lead */
	WORK_COUNT,
};

/* The first member of a structure from malloc(3). */
struct job {
	TAILQ_ENTRY(job) entry;
	void (*run)(struct job *);      /* in the thread */
	void (*run_all)(struct jobs *); /* instead, with all that wait for the same, however many; one at least */
	void (*done)(struct job *);     /* in the loop, which owns the job again */
	struct mtime since;             /* when it was given */
};

#define JOB_LATE_MS 4000 /* in the queue: the engine has given up */

static inline bool
job_is_late(const struct job *j)
{
	return mtime_ms_since(mtime_now(), j->since) > JOB_LATE_MS;
}

struct aside;

struct aside *aside_new(struct event_base *);
/* Waits for the job under way; frees what was given and is not done. */
void aside_free(struct aside **);
/* Takes the job.  False: too many wait, or the loop has ended (NULL); the job stays the caller's. */
bool aside_give(struct aside *, struct job *);
/* For a job that takes long: somebody waits for its end in aside_free(). */
bool aside_ends(struct aside *);

#endif

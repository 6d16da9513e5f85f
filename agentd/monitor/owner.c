/*
 * owner: who listens on a Unix socket: the process that holds the listening end, and its session.  Runs
 * in the monitor.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/flow.h"
#include "agentd/monitor/mount.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/table.h"

#define PATIENCE_MS 1000 /* for one walk: a user can hold more descriptors than that allows to read */
#define TOO_LATE_MS 4000 /* in the queue: the engine has given up */

struct search {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	struct request rq;
	uint64_t inode; /* of the listening socket; 0: not found */
	struct facts holder;
	bool found;
	int error; /* errno; 0: none */
	bool roots_program; /* the holder's: then its name says what it is */
	struct mtime start;
};

static int
note_listener(const struct diag_unix *u, void *arg)
{
	struct search *s = arg;

	if (!u->bound || !u->listening || u->file_ino != (uint32_t)s->rq.inode ||
	    u->major != s->rq.dev_major || u->minor != s->rq.dev_minor)
		return 0;
	s->inode = u->inode;
	return 2;
}

/* A child may have inherited it: the oldest holder is the one that made it. */
static int
note_holder(pid_t pid, void *arg)
{
	struct search *s = arg;
	struct facts f;
	int pidfd;

	if (mtime_ms_since(mtime_now(), s->start) > PATIENCE_MS)
		return -ETIMEDOUT;
	if (!flow_holds(pid, s->inode, PATIENCE_MS))
		return 0;
	pidfd = proc_pidfd(pid);
	if (pidfd < 0)
		return 0;
	if (facts_of(pidfd, pid, &f) == 0 && (!s->found || f.start_ticks < s->holder.start_ticks)) {
		s->holder = f;
		s->found = true;
	}
	close(pidfd);
	return 0;
}

static const struct {
	const char *name;
	unsigned flag;
} programs[] = {
	{"ssh", OWNERF_SSH},
	{"ssh-agent", OWNERF_AGENT},
	{"gpg-agent", OWNERF_AGENT},
	{"gnome-keyring-d", OWNERF_AGENT},
	{"gnome-keyring-daemon", OWNERF_AGENT},
	{"systemd", OWNERF_AGENT},
};

static unsigned
flags_of(struct monitor *m, pid_t pid, bool roots_program)
{
	char name[64];

	if (protect_is_sshd_file(m, pid) || (roots_program && protect_runs_sshd(m, pid)))
		return OWNERF_SSHD;
	if (!roots_program)
		return 0;
	if (facts_program_name(pid, name, sizeof(name)) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (strcmp(programs[i].name, name) == 0)
			return programs[i].flag;
	return 0;
}

static void
run(struct job *job)
{
	struct search *s = (struct search *)job;
	int rc;

	s->start = mtime_now();
	rc = mtime_ms_since(s->start, job->since) > TOO_LATE_MS ? -ETIMEDOUT : diag_unix_each(note_listener, s);
	/* Who bound it and holds it still needs no search. */
	if (rc >= 0 && s->inode != 0 && s->rq.pid != 0 && s->rq.pid <= INT32_MAX)
		rc = note_holder((pid_t)s->rq.pid, s);
	if (rc >= 0 && s->inode != 0 && !s->found)
		rc = proc_each(note_holder, s);
	s->error = rc < 0 ? -rc : 0;
	s->roots_program = s->found && facts_program_is_roots(s->holder.pid) &&
	    !mount_program_is_served(s->holder.pid);
}

static void
done(struct job *job)
{
	struct search *s = (struct search *)job;
	struct notice n = {.result = s->error != 0 ? RES_DENIED : s->found ? RES_OK : RES_NOT_FOUND,
	    .value = (uint64_t)s->error};

	if (n.result == RES_OK) {
		n.pid = (uint32_t)s->holder.pid;
		n.ses = s->holder.ses;
		n.auid = s->holder.auid;
		n.uid = s->holder.ruid;
		n.euid = s->holder.euid;
		n.start_ticks = s->holder.start_ticks;
		n.inode = s->rq.inode;
		n.dev_major = s->rq.dev_major;
		n.dev_minor = s->rq.dev_minor;
		n.flags = flags_of(s->m, s->holder.pid, s->roots_program);
	}
	table_answer_with(s->m, s->rq.id, &n, NULL, 0);
	free(s);
}

enum result
handle_owner(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct search *s = rq->inode == 0 ? NULL : calloc(1, sizeof(*s));

	if (s == NULL)
		return rq->inode == 0 ? RES_BAD : RES_DENIED;
	s->job = (struct job){.run = run, .done = done};
	s->m = m;
	s->rq = *rq;
	a->later = aside_give(m->work[WORK_FIND], &s->job);
	if (!a->later)
		free(s);
	return a->later ? RES_OK : RES_RATE;
}

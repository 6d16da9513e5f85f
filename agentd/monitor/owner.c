/* owner: see owner.h.  Runs in the monitor. */
#include "agentd/monitor/owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/mount.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/sockets.h"
#include "agentd/monitor/table.h"

#define PATIENCE_MS 1000 /* for one walk: a user can hold more descriptors than that allows to read */
#define TOO_LATE_MS 4000 /* in the queue: the engine has given up */

/* --- the search ------------------------------------------------------------------------------------- */

struct search {
	const struct owner_file *file;
	struct owned found;
	uint64_t inode; /* of the listening socket; 0: not found */
	bool held;
	struct mtime start;
};

static int
note_listener(const struct diag_unix *u, void *arg)
{
	struct search *s = arg;

	if (!u->bound || !u->listening || u->file_ino != (uint32_t)s->file->inode ||
	    u->major != s->file->dev_major || u->minor != s->file->dev_minor)
		return 0;
	s->inode = u->inode;
	s->found.cookie = u->cookie;
	/* Names of no file begin with a zero byte; a terminating one may be among the rest. */
	if (u->name_n > 1 && u->name[0] == '/' && u->name_n < sizeof(s->found.path))
		memcpy(s->found.path, u->name, u->name_n);
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
	if (!sockets_hold(pid, s->inode, mtime_after(mtime_now(), PATIENCE_MS)))
		return 0;
	pidfd = proc_pidfd(pid);
	if (pidfd < 0)
		return 0;
	if (facts_of(pidfd, pid, &f) == 0 && (!s->held || f.start_ticks < s->found.holder.start_ticks)) {
		s->found.holder = f;
		s->held = true;
	}
	close(pidfd);
	return 0;
}

int
owner_find(const struct owner_file *file, uint32_t hint, struct owned *out)
{
	struct search s = {.file = file, .start = mtime_now()};
	int rc = diag_listeners_each(note_listener, &s);

	/* Who bound it and holds it still needs no search. */
	if (rc >= 0 && s.inode != 0 && hint != 0 && hint <= INT32_MAX)
		rc = note_holder((pid_t)hint, &s);
	if (rc >= 0 && s.inode != 0 && !s.held)
		rc = proc_each(note_holder, &s);
	if (rc < 0)
		return rc;
	if (!s.held)
		return -ENOENT;
	s.found.roots_program = facts_program_is_roots(s.found.holder.pid) &&
	    !mount_program_is_served(s.found.holder.pid);
	*out = s.found;
	return 0;
}

/* --- the request ------------------------------------------------------------------------------------ */

struct question {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	struct request rq;
	struct owned owner;
	int rc;
};

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

unsigned
owner_flags(struct monitor *m, const struct owned *o)
{
	pid_t pid = o->holder.pid;
	char name[64];

	if (protect_is_sshd_file(m, pid) || (o->roots_program && protect_runs_sshd(m, pid)))
		return OWNERF_SSHD;
	if (!o->roots_program)
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
	struct question *q = (struct question *)job;
	const struct owner_file file = owner_file_of(&q->rq);

	q->rc = mtime_ms_since(mtime_now(), job->since) > TOO_LATE_MS ? -ETIMEDOUT :
	    owner_find(&file, q->rq.pid, &q->owner);
}

static void
done(struct job *job)
{
	struct question *q = (struct question *)job;
	const struct facts *f = &q->owner.holder;
	struct notice n = {.result = q->rc == 0 ? RES_OK : q->rc == -ENOENT ? RES_NOT_FOUND : RES_DENIED,
	    .value = (uint64_t)(q->rc == -ENOENT ? 0 : -q->rc)};

	if (n.result == RES_OK) {
		n.pid = (uint32_t)f->pid;
		n.ses = f->ses;
		n.auid = f->auid;
		n.uid = f->ruid;
		n.euid = f->euid;
		n.start_ticks = f->start_ticks;
		n.inode = q->rq.inode;
		n.dev_major = q->rq.dev_major;
		n.dev_minor = q->rq.dev_minor;
		n.flags = owner_flags(q->m, &q->owner);
	}
	table_answer_with(q->m, q->rq.id, &n, NULL, 0);
	free(q);
}

enum result
handle_owner(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct question *q = rq->inode == 0 ? NULL : calloc(1, sizeof(*q));

	if (q == NULL)
		return rq->inode == 0 ? RES_BAD : RES_DENIED;
	q->job = (struct job){.run = run, .done = done};
	q->m = m;
	q->rq = *rq;
	a->later = aside_give(m->work[WORK_FIND], &q->job);
	if (!a->later)
		free(q);
	return a->later ? RES_OK : RES_RATE;
}

/* owner: see owner.h.  Runs in the monitor. */
#include "agentd/monitor/owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/mount.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/table.h"

#define HINTS_MS    100  /* of all that are sought together: the walk is fair, they are not */

/* --- the search ------------------------------------------------------------------------------------- */

struct searches {
	struct owner_search *all[ST_JOBS];
	size_t n, left;
};

static bool
is_it(const struct owner_search *s, const struct diag_unix *u)
{
	return u->file_ino == (uint32_t)s->file.inode && u->major == s->file.dev_major && u->minor == s->file.dev_minor;
}

static int
note_listener(const struct diag_unix *u, void *arg)
{
	struct searches *of = arg;

	for (size_t i = 0; u->bound && u->listening && i < of->n; i++) {
		struct owner_search *s = of->all[i];

		if (s->sought.inode != 0 || !is_it(s, u))
			continue;
		s->sought.inode = u->inode;
		s->owner.cookie = u->cookie;
		/* Names of no file begin with a zero byte; a terminating one may be among the rest. */
		if (u->name_n > 1 && u->name[0] == '/' && u->name_n < sizeof(s->owner.path))
			memcpy(s->owner.path, u->name, u->name_n);
		of->left--;
	}
	return of->left == 0;
}

/* Who bound it and holds it still needs no search. */
static bool
is_hinted(struct owner_search *s, struct mtime until)
{
	return s->hint != 0 && s->hint <= INT32_MAX && holders_try(&s->sought, (pid_t)s->hint, until);
}

static void
search_all(struct searches *of)
{
	struct sought *wanted[ST_JOBS];
	struct mtime until;
	size_t nwanted = 0;
	int rc = of->n == 0 ? 0 : diag_listeners_each(note_listener, of);

	until = mtime_after(mtime_now(), HINTS_MS);
	for (size_t i = 0; i < of->n; i++) {
		struct owner_search *s = of->all[i];

		s->sought.rc = rc < 0 ? rc : -ENOENT;
		if (rc >= 0 && s->sought.inode != 0 && !is_hinted(s, until))
			wanted[nwanted++] = &s->sought;
	}
	holders_find(wanted, nwanted);
}

static void
conclude(struct owner_search *s)
{
	const pid_t pid = s->sought.holder.pid;

	s->rc = s->sought.rc;
	if (s->rc != 0)
		return;
	s->owner.holder = s->sought.holder;
	s->owner.roots_program = facts_program_is_roots(pid) && !mount_program_is_served(pid);
}

void
owner_find_all(struct jobs *jobs)
{
	struct searches of = {.n = 0};
	struct job *j;

	TAILQ_FOREACH (j, jobs, entry) {
		struct owner_search *s = (struct owner_search *)j;

		s->sought = (struct sought){.oldest = true, .maker = UID_UNKNOWN}; /* a child may have inherited it */
		s->owner = (struct owned){.cookie = 0};
		s->rc = -ETIMEDOUT;
		if (!job_is_late(j))
			of.all[of.n++] = s;
	}
	of.left = of.n;
	search_all(&of);
	for (size_t i = 0; i < of.n; i++)
		conclude(of.all[i]);
}

/* --- the request ------------------------------------------------------------------------------------ */

struct question {
	struct owner_search search;
	struct monitor *m; /* borrowed; the loop's */
	struct request rq;
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
done(struct job *job)
{
	struct question *q = (struct question *)job;
	const struct owner_search *s = &q->search;
	const struct facts *f = &s->owner.holder;
	struct notice n = {.result = holders_result(s->rc), .value = (uint64_t)(s->rc == -ENOENT ? 0 : -s->rc)};

	if (n.result == RES_UNREAD)
		n.uid = s->sought.unread;
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
		n.flags = owner_flags(q->m, &s->owner);
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
	q->search = (struct owner_search){.job = {.run_all = owner_find_all, .done = done}, .file = owner_file_of(rq),
	    .hint = rq->pid};
	q->m = m;
	q->rq = *rq;
	a->later = aside_give(m->work[WORK_FIND], &q->search.job);
	if (!a->later)
		free(q);
	return a->later ? RES_OK : RES_RATE;
}

/*
 * guards: see guards.h.  Runs in the monitor.  A mark is an inode's, and procfs makes inodes as they are asked for:
 * so an open descriptor (O_PATH) of each keeps the one that is marked the only one.
 */
#include "agentd/monitor/guards.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/queue.h>
#include <unistd.h>

#include "agentd/monitor/listeners.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/reader.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"
#include "agentd/monitor/watches.h"

#define MASK (FAN_ACCESS | FAN_MODIFY)

#define NAMES 2 /* of the same memory */

struct guarded {
	LIST_ENTRY(guarded) entry;
	struct guards *all; /* borrowed */
	struct facts of;
	bool sshd; /* of its session */
	int pidfd;
	struct event *on_exit;
	int fd[NAMES];
	struct fan_object object[NAMES];
};

struct guards {
	struct monitor *m; /* borrowed */
	const int *group;  /* borrowed; negative: −errno, there is none */
	struct readers *readers;
	LIST_HEAD(, guarded) list;
	unsigned n, sshds;
};

static void
guard_free(struct guarded *g)
{
	LIST_REMOVE(g, entry);
	g->all->n--;
	g->all->sshds -= g->sshd;
	watches_changed(g->all->m);
	for (int i = 0; i < NAMES; i++) {
		if (g->fd[i] == -1)
			continue;
		(void)fan_unmark(*g->all->group, g->fd[i], MASK);
		close(g->fd[i]);
	}
	if (g->on_exit != NULL)
		event_free(g->on_exit);
	close(g->pidfd);
	free(g);
}

static void
on_exit_cb(evutil_socket_t fd, short what, void *arg)
{
	const struct guarded *g = arg;
	struct listeners *listeners = g->all->m->listeners;
	const pid_t pid = g->of.pid;

	(void)fd;
	(void)what;
	guard_free(arg);
	listeners_left(listeners, pid);
}

static int
mark(struct guarded *g, int i)
{
	char path[64];
	int rc;

	(void)snprintf(path, sizeof(path), i == 0 ? "/proc/%d/mem" : "/proc/%d/task/%d/mem", (int)g->of.pid,
	    (int)g->of.pid);
	g->fd[i] = open(path, O_PATH | O_CLOEXEC);
	if (g->fd[i] == -1)
		return -errno;
	rc = fan_object(g->fd[i], &g->object[i]);
	return rc != 0 ? rc : fan_mark(*g->all->group, g->fd[i], MASK);
}

/* The session's own: no user makes more of them than he has logins. */
static bool
is_sshd(const struct guards *all, const struct facts *f)
{
	const struct mon_session *s = registry_get(all->m->registry, f->ses);

	return s != NULL && protect_own_sshd(s, f);
}

/* Takes the target's pidfd. */
static int
guard(struct guards *all, struct target *t)
{
	struct guarded *g = calloc(1, sizeof(*g));
	int rc = 0;

	if (g == NULL)
		return -ENOMEM;
	*g = (struct guarded){.all = all, .of = t->facts, .sshd = is_sshd(all, &t->facts), .pidfd = t->pidfd,
	    .fd = {-1, -1}};
	t->pidfd = -1;
	LIST_INSERT_HEAD(&all->list, g, entry);
	all->n++;
	all->sshds += g->sshd;
	watches_changed(all->m);
	g->on_exit = event_new(all->m->base, g->pidfd, EV_READ, on_exit_cb, g);
	if (g->on_exit == NULL || event_add(g->on_exit, NULL) == -1)
		rc = -ENOMEM;
	for (int i = 0; i < NAMES && rc == 0; i++)
		rc = mark(g, i);
	if (rc != 0)
		guard_free(g);
	return rc;
}

/* Of one session, and of one user in however many; what he starts in them takes no sshd's room, of his nor of others. */
static bool
has_room(const struct guards *all, const struct facts *f)
{
	const bool sshd = is_sshd(all, f);
	const struct guarded *g;
	unsigned ses = 0, user = 0;

	LIST_FOREACH (g, &all->list, entry) {
		if (g->sshd != sshd)
			continue;
		ses += f->ses != SES_UNSET && g->of.ses == f->ses;
		user += g->of.auid == f->auid && (f->auid != AUID_UNSET || g->of.ruid == f->ruid);
	}
	return ses < ST_GUARDED_SES && user < ST_GUARDED_USER && all->n < ST_GUARDED &&
	    (sshd || all->n - all->sshds < ST_GUARDED - ST_GUARDED_SSHD);
}

static bool
is_guarded(const struct guards *all, const struct facts *f)
{
	const struct guarded *g;

	LIST_FOREACH (g, &all->list, entry)
		if (g->of.pid == f->pid && g->of.start_ticks == f->start_ticks)
			return true;
	return false;
}

/* 0 or −errno; may take the target's pidfd. */
static int
add(struct guards *all, struct target *t)
{
	if (is_guarded(all, &t->facts))
		return 0;
	return has_room(all, &t->facts) ? guard(all, t) : -ENOSPC;
}

bool
guards_take(struct guards *all, const struct facts *found)
{
	struct target t = {.pidfd = -1};
	bool taken = *all->group < 0 || is_guarded(all, found) || !has_room(all, found);

	if (taken)
		return true;
	t.pidfd = proc_pidfd(found->pid);
	if (t.pidfd >= 0 && facts_of(t.pidfd, found->pid, &t.facts) == 0 && t.facts.start_ticks == found->start_ticks)
		taken = add(all, &t) == 0;
	target_close(&t);
	return taken;
}

enum result
handle_guard(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct guards *all = watches_guards(m->watches);
	struct target t;
	enum result result;
	int rc = *all->group < 0 ? *all->group : 0;

	a->note.ses = rq->ses;
	a->note.pid = rq->pid;
	if (rc != 0) {
		a->note.value = (uint64_t)-rc;
		return RES_DENIED;
	}
	result = target_open(m->registry, rq->ses, rq->pid, 0, &t);
	if (result != RES_OK)
		return result;
	rc = add(all, &t);
	target_close(&t);
	if (rc == 0)
		return RES_OK;
	a->note.value = (uint64_t)-rc;
	return rc == -ENOSPC ? RES_RATE : rc == -ENOENT || rc == -ESRCH ? RES_GONE : RES_DENIED;
}

static const struct guarded *
find(const struct guards *all, const struct fan_object *object)
{
	const struct guarded *g;

	LIST_FOREACH (g, &all->list, entry)
		for (int i = 0; i < NAMES; i++)
			if (fan_same(&g->object[i], object))
				return g;
	return NULL;
}

void
guards_event(const struct fan_event *ev, void *arg)
{
	struct guards *all = arg;
	struct notice n = {.kind = NOTE_MEMORY};
	const struct guarded *g;

	if ((ev->mask & FAN_Q_OVERFLOW) != 0) {
		reader_overflow(all->readers, NOTE_MEMORY);
		return;
	}
	g = ev->object != NULL ? find(all, ev->object) : NULL;
	if (g == NULL)
		return;
	if ((ev->mask & FAN_MODIFY) != 0)
		n.flags |= WATCHF_WRITE;
	if (!reader_note(all->readers, ev, (uint64_t)g->of.pid << 32, (uint64_t)g->of.pid << 8 | n.flags, &n))
		return;
	n.id = (uint32_t)g->of.pid;
	(void)monitor_send(all->m, &n, NULL, 0);
}

unsigned
guards_count(const struct guards *all)
{
	return all->n;
}

struct guards *
guards_new(struct monitor *m, const int *group, struct readers *readers)
{
	struct guards *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->m = m;
	all->group = group;
	all->readers = readers;
	LIST_INIT(&all->list);
	return all;
}

void
guards_free(struct guards **allp)
{
	struct guards *all = *allp;
	struct guarded *g;

	*allp = NULL;
	if (all == NULL)
		return;
	while ((g = LIST_FIRST(&all->list)) != NULL)
		guard_free(g);
	free(all);
}

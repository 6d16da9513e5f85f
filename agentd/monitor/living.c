/* living: see living.h.  Runs in the monitor, before its loop. */
#include "agentd/monitor/living.h"

#include <sshtether/limits.h>
#include <stdlib.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/rows.h"
#include "base/array.h"
#include "base/log.h"

struct task {
	pid_t pid, ppid;
	uint32_t ses, auid;
	uint64_t start_ticks;
};

struct tasks {
	struct task *task;
	size_t n, cap;
};

static int
collect(pid_t pid, void *arg)
{
	struct tasks *all = arg;
	struct task t = {.pid = pid}, *wide;
	struct proc_stat st;

	if (proc_sessionid(pid, &t.ses) != 0 || t.ses == SES_UNSET ||
	    proc_loginuid(pid, &t.auid) != 0 || proc_stat(pid, &st) != 0)
		return 0;
	if ((wide = array_grow(all->task, all->n, &all->cap, sizeof(*wide), ST_TASKS)) == NULL)
		return -1;
	all->task = wide;
	t.ppid = st.ppid;
	t.start_ticks = st.start_ticks;
	all->task[all->n++] = t;
	return 0;
}

static bool
has_user_child(struct monitor *m, const struct tasks *all, const struct task *t)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->task[i].ppid == t->pid && all->task[i].ses == t->ses &&
		    protect_runs_sshd(m, all->task[i].pid))
			return true;
	return false;
}

/*
 * The root process of sshd that serves a login: it carries the ses, and so does its user child.  An
 * sshd that somebody started by hand inside that login looks alike, but is younger.
 */
static void
register_found(struct monitor *m, const struct task *t)
{
	struct mon_session *s = registry_get(m->registry, t->ses);

	if (s != NULL && s->start_ticks <= t->start_ticks)
		return;
	if (s == NULL)
		s = registry_add(m->registry, t->ses, t->auid);
	if (s == NULL)
		return;
	s->monitor_pid = t->pid;
	s->start_ticks = t->start_ticks;
	if (facts_program(t->pid, &s->exe_dev, &s->exe_ino) == 0)
		registry_program_add(m->registry, s->exe_dev, s->exe_ino);
}

static bool
is_sshd_of(const struct gate_row *row, const struct task *t)
{
	uint64_t dev, ino;

	return row->sshd_pid == (uint32_t)t->pid && row->sshd_start == t->start_ticks &&
	    facts_program(t->pid, &dev, &ino) == 0 && dev == row->sshd_dev && ino == row->sshd_ino;
}

/*
 * A session that does not look like one, because its sshd is root's own or has gone while its tasks live on:
 * a monitor before this one knew it if the gates still have its row.
 */
static void
register_left(struct monitor *m, const struct task *t)
{
	struct mon_session *s = registry_get(m->registry, t->ses);
	struct gate_row row;

	if ((s != NULL && s->monitor_pid != 0) || gate_row_get(m->gate, t->ses, &row) != 0 || row.auid != t->auid)
		return;
	if (s == NULL)
		s = registry_add(m->registry, t->ses, t->auid);
	if (s == NULL)
		return;
	s->exe_dev = row.sshd_dev;
	s->exe_ino = row.sshd_ino;
	if (is_sshd_of(&row, t)) {
		s->monitor_pid = t->pid;
		s->start_ticks = t->start_ticks;
	}
}

void
living_register(struct monitor *m)
{
	struct tasks all = {0};
	uid_t ruid, euid;

	if (proc_each(collect, &all) != 0)
		log_warn("too many tasks: some living sessions may not be known");
	for (size_t i = 0; i < all.n; i++)
		if (proc_uids(all.task[i].pid, &ruid, &euid) == 0 && ruid == 0 &&
		    protect_runs_sshd(m, all.task[i].pid) && has_user_child(m, &all, &all.task[i]))
			register_found(m, &all.task[i]);
	for (size_t i = 0; i < all.n; i++)
		register_left(m, &all.task[i]);
	rows_adopt(m->rows);
	if (registry_count(m->registry) != 0)
		log_info("found %zu living sessions", registry_count(m->registry));
	if (registry_dropped(m->registry) != 0)
		log_warn("%llu more found no room: nothing of them can be stopped",
		    (unsigned long long)registry_dropped(m->registry));
	free(all.task);
}

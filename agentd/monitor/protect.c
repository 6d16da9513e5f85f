/*
 * protect: see protect.h.  Runs in the monitor.  In doubt a process is protected: a wrong kill can lock
 * everybody out, a missed one is a line in the log.
 */
#include "agentd/monitor/protect.h"

#include <string.h>
#include <unistd.h>

#include "agentd/monitor/auditd.h"
#include "agentd/monitor/child.h"
#include "agentd/monitor/flow.h"

static const char *const sshd_names[] = {"sshd", "sshd-session", "sshd-auth"};

bool
protect_breakglass(const struct config *cf, const struct mon_session *s, const struct facts *f)
{
	for (size_t i = 0; i < cf->nbreakglass; i++) {
		uint32_t id = cf->breakglass_uid[i];

		if (s->auid == id || (f != NULL && (f->auid == id || f->ruid == id || f->euid == id)))
			return true;
	}
	return false;
}

/* --- sshd --------------------------------------------------------------------------------------------- */

static bool
is_sshd_file(const struct guard *g, pid_t pid)
{
	uint64_t dev, ino;

	if (facts_program(pid, &dev, &ino) != 0)
		return false;
	for (size_t i = 0; i < g->nsshd; i++)
		if (g->sshd[i].dev == dev && g->sshd[i].ino == ino)
			return true;
	return false;
}

/* For an sshd that was replaced since. */
static bool
is_sshd_name(pid_t pid)
{
	char name[64];

	if (facts_program_name(pid, name, sizeof(name)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(sshd_names) / sizeof(*sshd_names); i++)
		if (strcmp(name, sshd_names[i]) == 0)
			return true;
	return false;
}

bool
protect_is_sshd_file(struct monitor *m, pid_t pid)
{
	struct guard g = {0};

	g.nsshd = registry_programs(m->registry, g.sshd);
	return is_sshd_file(&g, pid);
}

bool
protect_runs_sshd(struct monitor *m, pid_t pid)
{
	return protect_is_sshd_file(m, pid) || is_sshd_name(pid);
}

static bool
is_root(pid_t pid)
{
	uid_t ruid, euid;

	return proc_uids(pid, &ruid, &euid) == 0 && (ruid == 0 || euid == 0);
}

static bool
is_roots_sshd(const struct guard *g, pid_t pid)
{
	return is_root(pid) && (is_sshd_file(g, pid) || is_sshd_name(pid));
}

/*
 * An sshd of root, or what it forked and has not yet handed to a user.  Inside a session anybody's copy
 * of anything may be named so: there the name counts for what listens.
 */
static bool
serves_others(const struct guard *g, const struct mon_session *own, const struct facts *f)
{
	if (own != NULL && protect_own_sshd(own, f))
		return false;
	if (is_sshd_file(g, f->pid) || (f->ses == SES_UNSET && is_sshd_name(f->pid)))
		return is_root(f->pid) || is_roots_sshd(g, f->ppid);
	return is_sshd_name(f->pid) && is_root(f->pid) && flow_listens(f->pid);
}

/* --- auditd ------------------------------------------------------------------------------------------- */

/* Inside a session by its name only while the kernel does not say. */
static bool
is_auditd(const struct guard *g, const struct facts *f)
{
	char name[64];

	if (g->auditd_known && g->auditd == f->pid)
		return true;
	if (g->auditd_known && f->ses != SES_UNSET)
		return false;
	return f->euid == 0 && facts_program_name(f->pid, name, sizeof(name)) == 0 &&
	    strcmp(name, "auditd") == 0;
}

/* --- all ---------------------------------------------------------------------------------------------- */

struct guard
guard_take(struct monitor *m)
{
	struct guard g = {.cf = m->cf, .engine = child_pid(m->child)};

	auditd_look(m);
	g.nsshd = registry_programs(m->registry, g.sshd);
	g.auditd = m->auditd.pid;
	g.auditd_known = m->auditd.known;
	return g;
}

bool
guard_system(const struct guard *g, const struct mon_session *own, const struct facts *f)
{
	return f->pid == 1 || f->pid == getpid() || f->pid == g->engine || serves_others(g, own, f) ||
	    is_auditd(g, f);
}

bool
protect_system(struct monitor *m, const struct mon_session *own, const struct facts *f)
{
	const struct guard g = guard_take(m);

	return guard_system(&g, own, f);
}

/* --- a session's own ---------------------------------------------------------------------------------- */

bool
protect_is_top(const struct mon_session *s, const struct facts *f)
{
	return s->monitor_pid != 0 && f->pid == s->monitor_pid && f->start_ticks == s->start_ticks;
}

bool
protect_works_for_pam(const struct mon_session *s, const struct facts *f)
{
	return s->auid != 0 && protect_is_top(s, f);
}

bool
protect_is_user_child(const struct mon_session *s, const struct facts *f)
{
	struct proc_stat parent;
	uint64_t dev, ino;

	return s->monitor_pid != 0 && f->ppid == s->monitor_pid && f->ses == s->ses &&
	    proc_stat(f->ppid, &parent) == 0 && parent.start_ticks == s->start_ticks &&
	    facts_program(f->pid, &dev, &ino) == 0 && dev == s->exe_dev && ino == s->exe_ino;
}

bool
protect_own_sshd(const struct mon_session *s, const struct facts *f)
{
	return protect_is_top(s, f) || protect_is_user_child(s, f);
}

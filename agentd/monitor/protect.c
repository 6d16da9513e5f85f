/*
 * protect: see protect.h.  Runs in the monitor.  In doubt a process is protected: a wrong kill can lock
 * everybody out, a missed one is a line in the log.
 */
#include "agentd/monitor/protect.h"

#include <string.h>
#include <unistd.h>

#include "agentd/monitor/child.h"
#include "agentd/monitor/kaudit.h"

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

/* By the file that reporting sshd processes run; else by name, for an sshd that was replaced since. */
bool
protect_runs_sshd(const struct monitor *m, pid_t pid)
{
	uint64_t dev, ino;
	char name[64];

	if (facts_program(pid, &dev, &ino) == 0 && registry_program_has(m->registry, dev, ino))
		return true;
	if (facts_program_name(pid, name, sizeof(name)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(sshd_names) / sizeof(*sshd_names); i++)
		if (strcmp(name, sshd_names[i]) == 0)
			return true;
	return false;
}

/* Asked again after a second: a whole session can be a few thousand processes. */
static pid_t
auditd_pid(struct monitor *m)
{
	struct mtime now = mtime_now();
	struct audit_status st;

	if (m->audit_fd >= 0 && (m->auditd_seen.ns == 0 || mtime_ms_since(now, m->auditd_seen) > 1000) &&
	    kaudit_status(m->audit_fd, &st) == 0) {
		m->auditd_pid = (pid_t)st.pid;
		m->auditd_seen = now;
	}
	return m->auditd_pid;
}

static bool
is_auditd(struct monitor *m, const struct facts *f)
{
	char name[64];

	if (auditd_pid(m) == f->pid)
		return true;
	return f->euid == 0 && facts_program_name(f->pid, name, sizeof(name)) == 0 &&
	    strcmp(name, "auditd") == 0;
}

static bool
is_root(pid_t pid)
{
	uid_t ruid, euid;

	return proc_uids(pid, &ruid, &euid) == 0 && (ruid == 0 || euid == 0);
}

bool
protect_is_user_child(const struct mon_session *s, const struct facts *f)
{
	uint64_t dev, ino;

	return s->monitor_pid != 0 && f->ppid == s->monitor_pid && f->ses == s->ses &&
	    facts_program(f->pid, &dev, &ino) == 0 && dev == s->exe_dev && ino == s->exe_ino;
}

/* An sshd of root, or what it forked and has not yet handed to a user. */
static bool
serves_others(const struct monitor *m, const struct mon_session *own, const struct facts *f)
{
	if (own != NULL && (f->pid == own->monitor_pid || protect_is_user_child(own, f)))
		return false;
	if (!protect_runs_sshd(m, f->pid))
		return false;
	return is_root(f->pid) || (is_root(f->ppid) && protect_runs_sshd(m, f->ppid));
}

bool
protect_system(struct monitor *m, const struct mon_session *own, const struct facts *f)
{
	return f->pid == 1 || f->pid == getpid() || f->pid == child_pid(m->child) ||
	    serves_others(m, own, f) || is_auditd(m, f);
}

bool
protect_own_sshd(const struct mon_session *s, const struct facts *f)
{
	return f->pid == s->monitor_pid || protect_is_user_child(s, f);
}

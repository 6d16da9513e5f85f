/*
 * owner: who listens on a Unix socket: the process that holds the listening end, and its session.  Runs
 * in the monitor.
 */
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/flow.h"
#include "agentd/monitor/inodes.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/table.h"

struct listener {
	const struct request *rq;
	uint64_t inode; /* 0: not found */
};

struct holder {
	uint64_t inode;
	struct facts facts;
	bool found;
};

static int
note_listener(const struct diag_unix *u, void *arg)
{
	struct listener *l = arg;

	if (!u->bound || !u->listening || u->file_ino != (uint32_t)l->rq->inode ||
	    u->major != l->rq->dev_major || u->minor != l->rq->dev_minor)
		return 0;
	l->inode = u->inode;
	return 2;
}

static bool
holds(pid_t pid, uint64_t inode)
{
	uint64_t held[INODES_MAX];
	size_t n = flow_sockets(pid, held, INODES_MAX);

	for (size_t i = 0; i < n; i++)
		if (held[i] == inode)
			return true;
	return false;
}

/* A child may have inherited it: the oldest holder is the one that made it. */
static int
note_holder(pid_t pid, void *arg)
{
	struct holder *h = arg;
	struct facts f;
	int pidfd;

	if (!holds(pid, h->inode))
		return 0;
	pidfd = proc_pidfd(pid);
	if (pidfd < 0)
		return 0;
	if (facts_of(pidfd, pid, &f) == 0 && (!h->found || f.start_ticks < h->facts.start_ticks)) {
		h->facts = f;
		h->found = true;
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
flags_of(const struct monitor *m, pid_t pid)
{
	char name[64];

	if (protect_runs_sshd(m, pid))
		return OWNERF_SSHD;
	if (facts_program_name(pid, name, sizeof(name)) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (strcmp(programs[i].name, name) == 0)
			return programs[i].flag;
	return 0;
}

enum result
handle_owner(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct listener l = {.rq = rq};
	struct holder h = {0};
	int rc;

	if (rq->inode == 0)
		return RES_BAD;
	rc = diag_unix_each(note_listener, &l);
	if (rc < 0) {
		a->note.value = (uint64_t)-rc;
		return RES_DENIED;
	}
	h.inode = l.inode;
	if (l.inode == 0 || proc_each(note_holder, &h) < 0 || !h.found)
		return RES_NOT_FOUND;
	a->note.pid = (uint32_t)h.facts.pid;
	a->note.ses = h.facts.ses;
	a->note.auid = h.facts.auid;
	a->note.uid = h.facts.ruid;
	a->note.euid = h.facts.euid;
	a->note.start_ticks = h.facts.start_ticks;
	a->note.inode = rq->inode;
	a->note.dev_major = rq->dev_major;
	a->note.dev_minor = rq->dev_minor;
	a->note.flags = flags_of(m, h.facts.pid);
	return RES_OK;
}

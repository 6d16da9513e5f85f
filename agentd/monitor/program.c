/* program: a read-only descriptor of what a process runs, for the engine to look into.  Runs in the monitor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/mount.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"

static int
open_of(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd == -1 ? -errno : fd;
}

enum result
handle_program(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct target t;
	struct stat st;
	enum result result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
	int exe, maps;

	if (result != RES_OK)
		return result;
	if (mount_program_is_served(t.facts.pid)) {
		target_close(&t);
		a->note.value = EPERM;
		return RES_DENIED;
	}
	exe = open_of(t.facts.pid, "exe");
	maps = open_of(t.facts.pid, "maps");
	if (exe < 0 || fstat(exe, &st) == -1 || !S_ISREG(st.st_mode)) {
		result = RES_DENIED;
		a->note.value = exe < 0 ? (uint64_t)-exe : EINVAL;
	}
	/* What was opened by number is this process's only if it still lives. */
	if (pidfd_ended(t.pidfd))
		result = RES_GONE;
	a->note.pid = rq->pid;
	a->note.ses = rq->ses;
	if (exe >= 0)
		a->fds[a->nfds++] = exe;
	if (maps >= 0)
		a->fds[a->nfds++] = maps;
	target_close(&t);
	return result;
}

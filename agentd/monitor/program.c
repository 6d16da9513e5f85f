/* program: a read-only descriptor of what a process runs, for the engine to look into.  Runs in the monitor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

struct opening {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	uint32_t id;
	struct target target; /* owned */
	struct notice note;
	int fds[2]; /* owned: the program, its maps */
	int nfds;
};

static void
run(struct job *job)
{
	struct opening *o = (struct opening *)job;
	pid_t pid = o->target.facts.pid;
	struct stat st;
	int exe, maps;

	if (mount_program_is_served(pid)) {
		o->note.result = RES_DENIED;
		o->note.value = EPERM;
		return;
	}
	exe = open_of(pid, "exe");
	maps = open_of(pid, "maps");
	if (exe < 0 || fstat(exe, &st) == -1 || !S_ISREG(st.st_mode)) {
		o->note.result = RES_DENIED;
		o->note.value = exe < 0 ? (uint64_t)-exe : EINVAL;
	}
	/* What was opened by number is this process's only if it still lives. */
	if (pidfd_ended(o->target.pidfd))
		o->note.result = RES_GONE;
	if (exe >= 0)
		o->fds[o->nfds++] = exe;
	if (maps >= 0)
		o->fds[o->nfds++] = maps;
}

static void
done(struct job *job)
{
	struct opening *o = (struct opening *)job;

	table_answer_with(o->m, o->id, &o->note, o->fds, o->note.result == RES_OK ? o->nfds : 0);
	for (int i = 0; i < o->nfds; i++)
		close(o->fds[i]);
	target_close(&o->target);
	free(o);
}

enum result
handle_program(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct target t;
	enum result result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
	struct opening *o = result == RES_OK ? calloc(1, sizeof(*o)) : NULL;

	if (result != RES_OK)
		return result;
	if (o != NULL) {
		*o = (struct opening){.job = {.run = run, .done = done}, .m = m, .id = rq->id, .target = t,
		    .note = {.pid = rq->pid, .ses = rq->ses}};
		a->later = aside_give(m->work[WORK_OPEN], &o->job);
	}
	if (!a->later) {
		target_close(&t);
		free(o);
	}
	return a->later ? RES_OK : RES_RATE;
}

/*
 * holder: who serves a TCP connection: the process that has held it for the shortest time, which with SSH
 * servers is the one that works for who logged in; and, to look into, the program that it runs.  Runs in the
 * monitor; the search (holders.c) beside its loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/holders.h"
#include "agentd/monitor/mount.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/table.h"

struct question {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	uint32_t id;
	struct sought sought;
	uid_t parent; /* of whom the holder's parent is */
	bool same;    /* as its parent's, its program */
	int exe;      /* owned; −1: none */
};

/* Its parent is there as long as it is: an sshd serves the child that it forked. */
static void
look_at_parent(struct question *q)
{
	uint64_t dev[2], ino[2];
	uid_t effective;

	if (proc_uids(q->sought.holder.ppid, &q->parent, &effective) != 0)
		q->parent = (uid_t)-1;
	q->same = facts_program(q->sought.holder.pid, &dev[0], &ino[0]) == 0 &&
	    facts_program(q->sought.holder.ppid, &dev[1], &ino[1]) == 0 && dev[0] == dev[1] && ino[0] == ino[1];
}

static int
open_program(pid_t pid)
{
	char path[64];
	struct stat st;
	int fd;

	if (mount_program_is_served(pid))
		return -EPERM;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* What was read by number is that process's only if it still lives. */
static int
look_at(struct question *q)
{
	int pidfd = proc_pidfd(q->sought.holder.pid), fd, rc = 0;
	struct facts again;

	if (pidfd < 0)
		return -ESRCH;
	look_at_parent(q);
	fd = open_program(q->sought.holder.pid);
	if (facts_of(pidfd, q->sought.holder.pid, &again) != 0 || again.start_ticks != q->sought.holder.start_ticks)
		rc = -ESRCH;
	if (rc == 0 && fd >= 0)
		q->exe = fd;
	else if (fd >= 0)
		close(fd);
	close(pidfd);
	return rc;
}

static void
run_all(struct jobs *jobs)
{
	struct sought *wanted[ST_JOBS];
	struct job *j;
	size_t n = 0;

	TAILQ_FOREACH (j, jobs, entry) {
		struct question *q = (struct question *)j;

		q->sought.rc = -ETIMEDOUT;
		if (!job_is_late(j))
			wanted[n++] = &q->sought;
	}
	holders_find(wanted, n);
	TAILQ_FOREACH (j, jobs, entry) {
		struct question *q = (struct question *)j;

		if (q->sought.rc == 0)
			q->sought.rc = look_at(q);
	}
}

static void
done(struct job *job)
{
	struct question *q = (struct question *)job;
	const struct facts *f = &q->sought.holder;
	struct notice n = {.result = holders_result(q->sought.rc), .value = (uint64_t)-q->sought.rc};

	if (n.result == RES_UNREAD) {
		n.uid = q->sought.unread;
		n.flags = q->sought.makers ? HOLDERF_MAKERS : 0;
	}
	if (n.result == RES_OK) {
		n.pid = (uint32_t)f->pid;
		n.ses = f->ses;
		n.auid = f->auid;
		n.uid = f->ruid;
		n.euid = f->euid;
		n.start_ticks = f->start_ticks;
		n.inode = q->sought.inode;
		n.value = (uint64_t)f->ppid;
		n.flags = (protect_is_sshd_file(q->m, f->pid) ? (unsigned)HOLDERF_SSHD : 0) |
		    (q->same && q->parent == 0 && f->ruid != 0 ? (unsigned)HOLDERF_DROPPED : 0);
	}
	table_answer_with(q->m, q->id, &n, &q->exe, n.result == RES_OK && q->exe != -1 ? 1 : 0);
	if (q->exe != -1)
		close(q->exe);
	free(q);
}

enum result
handle_holder(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct question *q = rq->inode == 0 ? NULL : calloc(1, sizeof(*q));

	if (q == NULL)
		return rq->inode == 0 ? RES_BAD : RES_DENIED;
	*q = (struct question){.job = {.run_all = run_all, .done = done}, .m = m, .id = rq->id,
	    .sought = {.inode = rq->inode, .maker = rq->uid}, .exe = -1};
	a->later = aside_give(m->work[WORK_LOOK], &q->job);
	if (!a->later)
		free(q);
	return a->later ? RES_OK : RES_RATE;
}

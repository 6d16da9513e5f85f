/* facts: see facts.h.  Runs in the monitor. */
#include "agentd/monitor/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agentd/monitor/pidfd.h"

int
facts_of(int pidfd, pid_t pid, struct facts *out)
{
	struct facts f = {.pid = pid};
	struct proc_stat st;

	if (proc_stat(pid, &st) != 0 || proc_sessionid(pid, &f.ses) != 0 ||
	    proc_loginuid(pid, &f.auid) != 0 || proc_uids(pid, &f.ruid, &f.euid) != 0 ||
	    st.ended)
		return -ESRCH;
	f.ppid = st.ppid;
	f.start_ticks = st.start_ticks;
	/* The number was ours all the while if its process still lives now. */
	if (pidfd_ended(pidfd))
		return -ESRCH;
	*out = f;
	return 0;
}

bool
facts_live(const struct facts *f)
{
	struct facts now;
	int pidfd = proc_pidfd(f->pid);
	bool live = pidfd >= 0 && facts_of(pidfd, f->pid, &now) == 0 && now.start_ticks == f->start_ticks;

	if (pidfd >= 0)
		close(pidfd);
	return live;
}

int
facts_program(pid_t pid, uint64_t *dev, uint64_t *ino)
{
	char path[64];
	struct statx st;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	/* Never asks the file system's server: a user's FUSE could hold us up. */
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &st) == -1)
		return -errno;
	*dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	*ino = st.stx_ino;
	return 0;
}

bool
facts_program_is_roots(pid_t pid)
{
	char path[64];
	struct statx st;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_UID | STATX_MODE, &st) == 0 &&
	    st.stx_uid == 0 && (st.stx_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int
facts_program_name(pid_t pid, char *out, size_t cap)
{
	char path[PATH_MAX];
	struct bytes name;
	int rc = proc_exe(pid, path, sizeof(path));

	if (rc != 0)
		return rc;
	name = bytes_basename(bytes_of(path));
	if (bytes_ends(name, BYTES_LIT(" (deleted)")))
		name.n -= sizeof(" (deleted)") - 1;
	return bytes_copy(name, out, cap) ? 0 : -ENAMETOOLONG;
}

struct each {
	facts_wants_fn *wants;
	facts_fn *fn;
	void *arg;
};

static int
visit(pid_t pid, void *arg)
{
	const struct each *e = arg;
	uint32_t ses;
	struct facts f;
	int pidfd, rc = 0;

	if (e->wants != NULL && (proc_sessionid(pid, &ses) != 0 || !e->wants(ses, e->arg)))
		return 0;
	pidfd = proc_pidfd(pid);
	if (pidfd < 0)
		return 0;
	if (facts_of(pidfd, pid, &f) == 0 && (e->wants == NULL || e->wants(f.ses, e->arg)))
		rc = e->fn(pidfd, &f, e->arg);
	close(pidfd);
	return rc;
}

int
facts_among(facts_wants_fn *wants, facts_fn *fn, void *arg)
{
	struct each e = {.wants = wants, .fn = fn, .arg = arg};

	return proc_each(visit, &e);
}

struct of_one {
	uint32_t ses;
	facts_fn *fn;
	void *arg;
};

static bool
is_it(uint32_t ses, void *arg)
{
	return ses == ((const struct of_one *)arg)->ses;
}

static int
pass_on(int pidfd, const struct facts *f, void *arg)
{
	const struct of_one *o = arg;

	return o->fn(pidfd, f, o->arg);
}

int
facts_each(uint32_t ses, facts_fn *fn, void *arg)
{
	struct of_one o = {.ses = ses, .fn = fn, .arg = arg};

	return facts_among(is_it, pass_on, &o);
}

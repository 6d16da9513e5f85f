/* sockets: see sockets.h.  Runs in the monitor. */
#include "agentd/monitor/sockets.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of one table of descriptors. */
static bool
each_of_table(const char *path, struct mtime until, sockets_fn *fn, void *arg)
{
	char target[64];
	const struct dirent *entry;
	bool more = mtime_now().ns < until.ns;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return more;
	while (more && (entry = readdir(dir)) != NULL) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		uint64_t number, inode;

		target[len > 0 ? len : 0] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1 &&
		    bytes_u64(bytes_of(entry->d_name), &number))
			more = fn((int)number, inode, arg);
		more = more && mtime_now().ns < until.ns;
	}
	closedir(dir);
	return more;
}

bool
sockets_each(pid_t pid, struct mtime until, sockets_fn *fn, void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	return each_of_table(path, until, fn, arg);
}

/* Its first thread may have ended, and has none any more.  In doubt it has its own. */
static bool
has_own_table(pid_t pid, pid_t tid)
{
	return tid != pid && syscall(SYS_kcmp, pid, tid, KCMP_FILES, 0, 0) != 0;
}

/* A directory has two links, and here one for each thread (fs/proc/base.c, proc_task_getattr()). */
static bool
is_alone(const char *tasks)
{
	struct stat st;

	return stat(tasks, &st) == 0 && st.st_nlink == 3;
}

bool
sockets_each_thread(pid_t pid, struct mtime until, sockets_fn *fn, void *arg)
{
	char path[64];
	const struct dirent *entry;
	uint64_t tid;
	bool more = sockets_each(pid, until, fn, arg);
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = !more || is_alone(path) ? NULL : opendir(path);
	if (dir == NULL)
		return more;
	while (more && (entry = readdir(dir)) != NULL) {
		if (!bytes_u64(bytes_of(entry->d_name), &tid) || !has_own_table(pid, (pid_t)tid))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/fd", (int)pid, (int)tid);
		more = each_of_table(path, until, fn, arg);
	}
	closedir(dir);
	return more;
}

struct taken {
	uint64_t *inode;
	size_t n, cap;
};

static bool
take_one(int number, uint64_t inode, void *arg)
{
	struct taken *t = arg;

	(void)number;
	t->inode[t->n++] = inode;
	return t->n < t->cap;
}

size_t
sockets_list(pid_t pid, uint64_t *inode, size_t cap)
{
	const struct mtime never = {.ns = INT64_MAX};
	struct taken t = {.inode = inode, .cap = cap};

	if (cap > 0)
		(void)sockets_each_thread(pid, never, take_one, &t);
	return t.n;
}

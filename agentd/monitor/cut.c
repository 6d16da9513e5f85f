/*
 * cut: see cut.h.  Runs in the monitor.  A kill closes one descriptor of a socket; shutdown(2) ends the
 * socket, and a sibling that inherited or was handed a descriptor of it has nothing left.  The listener
 * itself is never touched: sshd would spin on it.
 */
#include "agentd/monitor/cut.h"

#include <errno.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/inodes.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/sockdiag.h"

#define PATIENCE_MS 2000 /* a user can hold more descriptors than that allows to read */

struct file {
	uint32_t major, minor;
	uint64_t inode;
};

struct search {
	struct file file;
	struct inodes clients; /* the sockets at the other ends of what the listener has accepted, or will */
	struct inodes done;
	cut_may_fn *may; /* NULL: all */
	const void *arg;
	struct mtime start;
};

/*
 * What a listener has accepted bears the listener's name.  What waits to be accepted has no inode yet, so the
 * kernel does not list it; the listener names the sockets at the other ends.
 */
static int
note_clients(const struct diag_unix *u, void *arg)
{
	struct search *s = arg;

	if (!u->bound || u->file_ino != (uint32_t)s->file.inode || u->major != s->file.major ||
	    u->minor != s->file.minor)
		return 0;
	for (size_t i = 0; i < u->pending_n; i++) {
		if (u->pending[i] != 0 && !inodes_add(&s->clients, u->pending[i]))
			return 1;
	}
	return u->listening || u->peer == 0 || inodes_add(&s->clients, u->peer) ? 0 : 1;
}

/* The descriptor was looked up by number: it counts only if it is that socket now. */
static bool
shut(int pidfd, int number, uint64_t inode)
{
	struct stat st;
	int fd = pidfd_take(pidfd, number);
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == inode &&
	    shutdown(fd, SHUT_RDWR) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static int
visit(int pidfd, const struct facts *f, void *arg)
{
	struct search *s = arg;
	char path[64], target[64];
	const struct dirent *entry;
	DIR *dir;

	if (s->may != NULL && !s->may(f, s->arg))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)f->pid);
	dir = opendir(path);
	if (dir == NULL)
		return 0;
	while (mtime_ms_since(mtime_now(), s->start) < PATIENCE_MS && (entry = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		uint64_t inode, number;

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1 && inodes_has(&s->clients, inode) &&
		    bytes_u64(bytes_of(entry->d_name), &number) && shut(pidfd, (int)number, inode))
			(void)inodes_add(&s->done, inode);
	}
	closedir(dir);
	return s->done.n == s->clients.n;
}

/* ses SES_UNSET: everybody's. */
static int
cut(uint32_t ses, const struct file *file, cut_may_fn *may, const void *arg)
{
	struct search *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->file = *file;
	s->may = may;
	s->arg = arg;
	s->start = mtime_now();
	rc = diag_unix_each(note_clients, s);
	if (rc >= 0 && s->clients.n != 0)
		(void)(ses == SES_UNSET ? facts_all(visit, s) : facts_each(ses, visit, s));
	if (rc >= 0)
		rc = (int)s->done.n;
	free(s);
	return rc;
}

int
cut_connections(uint32_t ses, uint32_t major, uint32_t minor, uint64_t inode)
{
	const struct file file = {.major = major, .minor = minor, .inode = inode};

	return ses == SES_UNSET ? -EINVAL : cut(ses, &file, NULL, NULL);
}

int
cut_all(uint32_t major, uint32_t minor, uint64_t inode, cut_may_fn *may, const void *arg)
{
	const struct file file = {.major = major, .minor = minor, .inode = inode};

	return cut(SES_UNSET, &file, may, arg);
}

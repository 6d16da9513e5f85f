/*
 * cut: see cut.h.  Runs in the monitor.  A kill closes one descriptor of a socket; shutdown(2) ends the
 * socket, and a sibling that inherited or was handed a descriptor of it has nothing left.  The listener
 * itself is never touched: sshd would spin on it.
 *
 * First where it was connected.  Nobody is found there while the socket lies in another socket's queue
 * (SCM_RIGHTS), is another session's by now, or is that of a process whose first thread has ended.  So then where it
 * was accepted: the kernel says there who connected it.
 */
#include "agentd/monitor/cut.h"

#include <errno.h>
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
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
#define ACCEPT_MS   20   /* until the next look at what was not accepted yet */
#define LOOKS       10

struct file {
	uint32_t major, minor;
	uint64_t inode;
};

struct search {
	struct file file;
	struct inodes clients; /* the sockets at the other ends of what the listener has accepted, or will */
	struct inodes done;     /* of these */
	struct inodes spared;   /* of these: somebody holds it who may */
	struct inodes accepted; /* this end of those that are not */
	bool waits;             /* one is not accepted yet */
	unsigned cut;           /* of accepted */
	uint32_t ses;           /* SES_UNSET: everybody's */
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

/* Each socket of that process that is one of those. */
static void
each_socket(struct search *s, int pidfd, pid_t pid, const struct inodes *of,
    void (*fn)(struct search *, int pidfd, int number, uint64_t inode))
{
	char path[64], target[64];
	const struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && mtime_ms_since(mtime_now(), s->start) < PATIENCE_MS && (entry = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		uint64_t inode, number;

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1 && inodes_has(of, inode) &&
		    bytes_u64(bytes_of(entry->d_name), &number))
			fn(s, pidfd, (int)number, inode);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
end_client(struct search *s, int pidfd, int number, uint64_t inode)
{
	if (shut(pidfd, number, inode))
		(void)inodes_add(&s->done, inode);
}

static void
spare_client(struct search *s, int pidfd, int number, uint64_t inode)
{
	(void)pidfd;
	(void)number;
	(void)inodes_add(&s->spared, inode);
}

static int
visit_client(int pidfd, const struct facts *f, void *arg)
{
	struct search *s = arg;
	bool ends = s->may == NULL || s->may(f, s->arg);

	each_socket(s, pidfd, f->pid, &s->clients, ends ? end_client : spare_client);
	return s->done.n == s->clients.n;
}

/* --- the other end -------------------------------------------------------------------------------------- */

static bool
is_settled(const struct search *s, uint64_t client)
{
	return inodes_has(&s->done, client) || inodes_has(&s->spared, client);
}

static int
note_accepted(const struct diag_unix *u, void *arg)
{
	struct search *s = arg;

	if (!u->bound || u->file_ino != (uint32_t)s->file.inode || u->major != s->file.major ||
	    u->minor != s->file.minor)
		return 0;
	for (size_t i = 0; i < u->pending_n; i++)
		s->waits = s->waits || (u->pending[i] != 0 && !is_settled(s, u->pending[i]));
	return u->listening || u->peer == 0 || is_settled(s, u->peer) ||
	    inodes_add(&s->accepted, u->inode) ? 0 : 1;
}

/* Who was killed as he connected is dead, or nearly so; whoever has his connection has no right to it. */
static bool
may_not_be(const struct search *s, int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	struct facts f;
	int pidfd, rc;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == -1)
		return false;
	pidfd = who.pid > 0 ? proc_pidfd(who.pid) : -ESRCH;
	if (pidfd < 0)
		return true;
	rc = facts_of(pidfd, who.pid, &f);
	close(pidfd);
	if (rc != 0)
		return true;
	return s->ses == SES_UNSET ? s->may == NULL || s->may(&f, s->arg) : f.ses == s->ses;
}

static void
end_accepted(struct search *s, int pidfd, int number, uint64_t inode)
{
	struct stat st;
	int fd = pidfd_take(pidfd, number);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == inode && may_not_be(s, fd) &&
	    shutdown(fd, SHUT_RDWR) == 0)
		s->cut++;
	if (fd >= 0)
		close(fd);
}

static int
visit_acceptor(int pidfd, const struct facts *f, void *arg)
{
	struct search *s = arg;

	each_socket(s, pidfd, f->pid, &s->accepted, end_accepted);
	return 0;
}

static void
cut_accepted(struct search *s)
{
	for (int i = 0; i < LOOKS; i++) {
		s->waits = false;
		s->accepted.n = 0;
		if (diag_unix_each(note_accepted, s) < 0)
			return;
		if (s->accepted.n != 0)
			(void)facts_among(NULL, visit_acceptor, s);
		if (!s->waits)
			return;
		(void)poll(NULL, 0, ACCEPT_MS);
	}
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
	s->ses = ses;
	s->may = may;
	s->arg = arg;
	s->start = mtime_now();
	rc = diag_unix_each(note_clients, s);
	if (rc >= 0 && s->clients.n != 0) {
		(void)(ses == SES_UNSET ? facts_among(NULL, visit_client, s) : facts_each(ses, visit_client, s));
		if (s->done.n != s->clients.n)
			cut_accepted(s);
	}
	if (rc >= 0)
		rc = (int)(s->done.n + s->cut);
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

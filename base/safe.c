/* safe: see safe.h. */
#include "base/safe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKET_FDS_MAX 8

int
safe_owner(const struct stat *st, const char **why)
{
	*why = NULL;
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		*why = "is owned by neither root nor this process's user";
		return -EPERM;
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		*why = "may be written by its group or by others";
		return -EACCES;
	}
	return 0;
}

static int
check_safe(const struct stat *st, const char **why)
{
	if (S_ISREG(st->st_mode))
		return safe_owner(st, why);
	*why = "is not a regular file";
	return -EINVAL;
}

static int
read_fd(int fd, size_t max, struct buf *out)
{
	size_t start = out->n;

	for (;;) {
		char *room = buf_room(out, 65536);
		ssize_t n;

		if (room == NULL)
			return -ENOMEM;
		n = read(fd, room, 65536);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			break;
		out->n += (size_t)n;
		if (out->n - start > max)
			return -EFBIG;
	}
	out->p[out->n] = '\0';
	return 0;
}

static int
read_path(const char *path, size_t max, bool must_be_safe, struct buf *out, const char **why)
{
	/* O_NONBLOCK: a FIFO put in the place of a file cannot hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = 0;
	struct stat st;

	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == -1)
		rc = -errno;
	else if (must_be_safe)
		rc = check_safe(&st, why);
	else if (S_ISDIR(st.st_mode))
		rc = -EISDIR;
	if (rc == 0)
		rc = read_fd(fd, max, out);
	close(fd);
	return rc;
}

int
safe_read(const char *path, size_t max, struct buf *out, const char **why)
{
	const char *unused;

	if (why == NULL)
		why = &unused;
	*why = NULL;
	return read_path(path, max, true, out, why);
}

int
plain_read(const char *path, size_t max, struct buf *out)
{
	return read_path(path, max, false, out, NULL);
}

int
write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return -errno;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

/* A rename is only durable once the directory that holds it is. */
static int
sync_parent(const char *path)
{
	struct bytes base = bytes_basename(bytes_of(path));
	struct buf dir = BUF_INIT;
	int fd, rc;

	buf_put(&dir, path, (size_t)(base.p - path));
	if (dir.n == 0)
		buf_puts(&dir, ".");
	if (!buf_ok(&dir)) {
		buf_free(&dir);
		return -ENOMEM;
	}
	fd = open(dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_free(&dir);
	if (fd == -1)
		return -errno;
	rc = fsync(fd) == -1 ? -errno : 0;
	close(fd);
	return rc;
}

int
atomic_write(const char *path, struct bytes content, unsigned mode)
{
	struct buf temp = BUF_INIT;
	int fd = -1, rc;

	buf_printf(&temp, "%s.new.%d", path, (int)getpid());
	if (!buf_ok(&temp))
		return -ENOMEM;
	(void)unlink(temp.p); /* of one with our number that was killed over it: in a container that is every one */
	fd = open(temp.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	if (fd == -1) {
		rc = -errno;
		goto out;
	}
	rc = write_all(fd, content.p, content.n);
	if (rc == 0 && (fchmod(fd, (mode_t)mode) == -1 || fsync(fd) == -1))
		rc = -errno;
	if (rc == 0 && rename(temp.p, path) == -1)
		rc = -errno;
	if (rc != 0)
		(void)unlink(temp.p);
	else
		rc = sync_parent(path);
out:
	if (fd != -1)
		close(fd);
	buf_free(&temp);
	return rc;
}

union packet_control {
	struct cmsghdr align;
	char raw[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX)];
};

int
packet_send(int sock, const void *p, size_t n, const int *fds, int nfds)
{
	union packet_control control = {0};
	union {
		const void *in;
		void *out;
	} data = {.in = p};
	struct iovec iov = {.iov_base = data.out, .iov_len = n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t sent;

	if (nfds < 0 || nfds > PACKET_FDS_MAX)
		return -EINVAL;
	if (nfds > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.raw;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)nfds);
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	if (sent == -1)
		return -errno;
	return (size_t)sent == n ? 0 : -EMSGSIZE;
}

/* Moves what came into fds; closes what does not fit.  False when there was too much. */
static bool
take_fds(struct msghdr *msg, int *fds, int max)
{
	int n = 0;
	bool fits = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < max) {
				fds[n++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

long
packet_recv(int sock, void *p, size_t cap, int *fds, int max)
{
	union packet_control control;
	struct iovec iov = {.iov_base = p, .iov_len = cap};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.raw,
	    .msg_controllen = sizeof(control.raw)};
	ssize_t n;
	bool fits;

	for (int i = 0; i < max; i++)
		fds[i] = -1;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	fits = take_fds(&msg, fds, max);
	if (fits && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return n;
	for (int i = 0; i < max; i++) {
		if (fds[i] != -1)
			close(fds[i]);
		fds[i] = -1;
	}
	return -EMSGSIZE;
}

/* jsonl: see jsonl.h.  Engine process. */
#include "agentd/sink/jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct jsonl {
	char *path; /* owned */
	int fd;     /* −1: not open */
	dev_t dev;
	ino_t ino;
	bool torn; /* the last line lacks its end */
	struct sink_health health;
};

static void
failed(struct jsonl *s, const char *what, int error)
{
	s->health.state = SINK_FAILING;
	snprintf(s->health.why, sizeof(s->health.why), "%s: %s", what, strerror(error));
}

static void
close_file(struct jsonl *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->torn = false;
}

/* A file that ends in the middle of a line: the writer before us died in it. */
static bool
ends_torn(int fd)
{
	struct stat st;
	char last;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static bool
open_file(struct jsonl *s)
{
	/* O_NONBLOCK: a FIFO without a reader must not hold us up. */
	const int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;
	struct stat st;

	s->fd = open(s->path, O_RDWR | flags, 0640);
	if (s->fd == -1) {
		failed(s, "open", errno);
		return false;
	}
	if (fstat(s->fd, &st) == 0) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	s->torn = ends_torn(s->fd);
	s->health.state = SINK_OK;
	s->health.why[0] = '\0';
	return true;
}

bool
jsonl_line(struct jsonl *s, struct bytes line)
{
	char newline[] = "\n", *text = (char *)(uintptr_t)line.p; /* writev() reads only */
	struct iovec iov[3] = {{.iov_base = newline, .iov_len = 0},
	    {.iov_base = text, .iov_len = line.n}, {.iov_base = newline, .iov_len = 1}};
	size_t want;
	ssize_t n;

	if (s->fd == -1 && !open_file(s)) {
		s->health.dropped++;
		return false;
	}
	iov[0].iov_len = s->torn ? 1 : 0; /* open_file() may have found out */
	want = iov[0].iov_len + iov[1].iov_len + iov[2].iov_len;
	do
		n = writev(s->fd, iov, 3);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)want) {
		s->torn = false;
		s->health.written++;
		s->health.state = SINK_OK;
		s->health.why[0] = '\0';
		return true;
	}
	if (n > 0) /* the disk is full: the rest would come too late to be of this line */
		s->torn = true;
	failed(s, "write", n == -1 ? errno : ENOSPC);
	s->health.dropped++;
	return false;
}

void
jsonl_reopen(struct jsonl *s)
{
	close_file(s);
	open_file(s);
}

void
jsonl_check(struct jsonl *s)
{
	struct stat st;

	if (s->fd != -1 && stat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		return;
	jsonl_reopen(s);
}

const struct sink_health *
jsonl_health(const struct jsonl *s)
{
	return &s->health;
}

struct jsonl *
jsonl_new(const char *path)
{
	struct jsonl *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = -1;
	if ((s->path = strdup(path)) == NULL) {
		free(s);
		return NULL;
	}
	open_file(s);
	return s;
}

void
jsonl_free(struct jsonl **sp)
{
	struct jsonl *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	close_file(s);
	free(s->path);
	free(s);
}

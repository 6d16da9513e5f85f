/*
 * errand: see errand.h.  Runs in the monitor, beside the loop, and in a child, which may only make system
 * calls: the monitor has threads (fork(2), signal-safety(7)).
 */
#include "agentd/monitor/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sshtether/limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/proc.h"

#define GRACE_MS 100 /* for a kill to show */
#define PATH_CAP 256
#define NO_GROUP 65534 /* nogroup, nobody: owns no file */

static atomic_uint lost;

/* --- in the child: 0 or an errno ---------------------------------------------------------------------- */

struct place {
	char dir[PATH_CAP];
	const char *name;
};

static int
split(const char *path, struct place *out)
{
	char *slash;

	if (path[0] != '/' || !bytes_copy(bytes_of(path), out->dir, sizeof(out->dir)))
		return ENAMETOOLONG;
	slash = strrchr(out->dir, '/');
	if (slash == out->dir || slash[1] == '\0')
		return EACCES; /* nobody's socket is in / */
	*slash = '\0';
	out->name = slash + 1;
	return 0;
}

static bool
is_it(int dir, const char *name, const struct errand_file *f)
{
	struct stat st;

	/* The low 32 bits are all that sock_diag(7) has. */
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) &&
	    (uint32_t)st.st_ino == (uint32_t)f->inode && major(st.st_dev) == f->dev_major && minor(st.st_dev) == f->dev_minor;
}

static int
look(int dir, const char *name, const struct errand_file *f)
{
	struct stat st;

	if (fstat(dir, &st) == -1)
		return errno;
	if ((st.st_uid != 0 && st.st_uid != f->uid) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return EACCES;
	return is_it(dir, name, f) ? 0 : ESTALE;
}

static int
take_away(int dir, const char *name, const struct errand_file *f)
{
	if (!is_it(dir, name, f))
		return ESTALE;
	return unlinkat(dir, name, 0) == 0 ? 0 : errno;
}

struct at_file {
	int (*fn)(int dir, const char *name, const struct errand_file *);
	const struct errand_file *file;
};

static int
at_file(const void *arg)
{
	const struct at_file *a = arg;
	struct place place;
	int rc = split(a->file->path, &place), dir;

	if (rc != 0)
		return rc;
	dir = open(place.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir == -1 ? errno : a->fn(dir, place.name, a->file);
}

struct on_terminal {
	char path[32];
	struct bytes text;
};

/* Whoever has stopped it gets nothing, and holds up nobody. */
static int
write_text(const void *arg)
{
	const struct on_terminal *t = arg;
	int fd = open(t->path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return errno;
	if (fstat(fd, &st) == -1 || !S_ISCHR(st.st_mode) || major(st.st_rdev) != ERRAND_PTS || st.st_uid != geteuid())
		return ENXIO;
	return write(fd, t->text.p, t->text.n) == -1 ? errno : 0;
}

typedef int errand_fn(const void *);

static int
become(uid_t uid)
{
	if (setgroups(0, NULL) == -1 || setresgid(NO_GROUP, NO_GROUP, NO_GROUP) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return errno;
	/* What the user may stop, or look into, holds nothing of ours. */
	return syscall(SYS_close_range, 0, ~0U, 0) == -1 ? errno : 0;
}

static void __attribute__((noreturn))
go(uid_t uid, errand_fn *fn, const void *arg)
{
	int rc = become(uid);

	_exit(rc != 0 ? rc : fn(arg));
}

/* --- in the monitor ----------------------------------------------------------------------------------- */

/* −ETIMEDOUT: it was killed. */
static int
await(pid_t pid)
{
	int pidfd = proc_pidfd(pid), status, rc = -ETIMEDOUT;
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0 || poll(&p, 1, ERRAND_MS) != 1)
		(void)kill(pid, SIGKILL); /* our own child, not waited for: the number is still its */
	else
		rc = 0;
	if (rc != 0 && (pidfd < 0 || poll(&p, 1, GRACE_MS) != 1)) {
		(void)atomic_fetch_add(&lost, 1);
	} else if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		rc = rc != 0 ? rc : -ECANCELED;
	} else if (rc == 0) {
		rc = -WEXITSTATUS(status);
	}
	if (pidfd >= 0)
		close(pidfd);
	return rc;
}

static int
run(uid_t uid, errand_fn *fn, const void *arg)
{
	pid_t pid;

	if (atomic_load(&lost) >= ST_LOST)
		return -EBUSY;
	pid = fork();
	if (pid == 0)
		go(uid, fn, arg);
	return pid == -1 ? -errno : await(pid);
}

int
errand_is_there(const struct errand_file *f)
{
	return run(f->uid, at_file, &(struct at_file){look, f});
}

int
errand_unlink(const struct errand_file *f)
{
	return run(f->uid, at_file, &(struct at_file){take_away, f});
}

int
errand_write(uid_t uid, uint32_t number, struct bytes text)
{
	struct on_terminal t = {.text = text};

	(void)snprintf(t.path, sizeof(t.path), "/dev/pts/%u", number);
	return run(uid, write_text, &t);
}

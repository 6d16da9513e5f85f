/* listen: see listen.h.  Runs in the monitor, before it drops its capabilities. */
#include "agentd/monitor/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"

#define BACKLOG 128

/*
 * Who owns a file gives it to a group that he is in: the monitor takes the group for a moment, and needs no
 * CAP_CHOWN where the file is its own already.  No other thread is there yet.  0 or −errno.
 */
static int
give(int dir, const char *path, int flags, uid_t uid, gid_t gid)
{
	const gid_t before = getegid();
	struct stat st;
	int rc;

	if (fstatat(dir, path, &st, flags) == -1)
		return -errno;
	if (st.st_uid == uid && st.st_gid == gid)
		return 0;
	if (setegid(gid) == -1)
		return -errno;
	rc = fchownat(dir, path, st.st_uid == uid ? (uid_t)-1 : uid, gid, flags) == -1 ? -errno : 0;
	return setegid(before) == -1 && rc == 0 ? -errno : rc;
}

int
listen_dir(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st;
	int fd, rc;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	rc = give(fd, "", AT_EMPTY_PATH, uid, gid);
	if (rc == 0 && (fstat(fd, &st) == -1 || ((st.st_mode & 07777) != mode && fchmod(fd, mode) == -1)))
		rc = -errno;
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

/* A socket file whose listener is gone. */
static bool
is_stale(const struct sockaddr_un *sun, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale = fd != -1 && connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == -1 &&
	    errno == ECONNREFUSED;

	if (fd != -1)
		close(fd);
	return stale;
}

int
listen_unix(const char *path, int type, uid_t uid, gid_t gid, mode_t mode)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t before;
	int fd, rc;

	if (!bytes_copy(bytes_of(path), sun.sun_path, sizeof(sun.sun_path)))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -errno;
	before = umask(0177);
	rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	if (rc == -1 && errno == EADDRINUSE && is_stale(&sun, type) && unlink(path) == 0)
		rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	rc = rc == -1 ? -errno : 0;
	umask(before);
	/* The run directory is root's: the name is ours from bind() on. */
	rc = rc != 0 ? rc : give(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, uid, gid);
	if (rc == 0 && (chmod(path, mode) == -1 || listen(fd, BACKLOG) == -1))
		rc = -errno;
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

/* home: see home.h.  Runs in the monitor. */
#include "agentd/monitor/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agentd/monitor/mount.h"

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS)

static int
open_dir(int at, const char *name, uint64_t resolve)
{
	const struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = resolve};
	long fd = syscall(SYS_openat2, at, name, &how, sizeof(how));

	return fd == -1 ? -errno : (int)fd;
}

/* From what the kernel has: no file system's server is asked. */
static int
owner_of(int fd, uint32_t *uid)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_UID | STATX_TYPE | STATX_MODE, &st) == -1)
		return -errno;
	*uid = st.stx_uid;
	return S_ISDIR(st.stx_mode) ? 0 : -ENOTDIR;
}

static int
path_of(int fd, char **out)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n == -1)
		return -errno;
	path[n] = '\0';
	*out = strdup(path);
	return *out == NULL ? -ENOMEM : 0;
}

void
key_dir_close(struct key_dir *d)
{
	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
	free(d->path);
	d->path = NULL;
}

/* Takes the descriptor. */
static int
settle(int fd, uint32_t uid, struct key_dir *out)
{
	struct key_dir d = {.uid = uid, .fd = fd};
	uint32_t owner = UINT32_MAX;
	int rc = owner_of(fd, &owner);

	if (rc == 0 && owner != uid)
		rc = -EPERM;
	if (rc == 0)
		rc = fan_object(fd, &d.object);
	if (rc == 0)
		rc = path_of(fd, &d.path);
	if (rc == 0)
		*out = d;
	else
		key_dir_close(&d);
	return rc;
}

/* Root keeps the homes of those that sshd confines to them (ChrootDirectory). */
static int
check_home(int home, uint32_t uid)
{
	uint32_t owner = UINT32_MAX;
	int rc = owner_of(home, &owner);

	if (rc != 0)
		return rc;
	if (owner != uid && owner != 0)
		return -EPERM;
	return mount_is_served(home) ? -EREMOTE : 0;
}

static int
find(int at, const char *name, uint64_t resolve, uint32_t uid, struct key_dir *out)
{
	int fd = open_dir(at, name, resolve);

	return fd < 0 ? fd : settle(fd, uid, out);
}

int
home_dirs(int home, uint32_t uid, struct key_dir out[HOME_DIRS])
{
	int rc = check_home(home, uid);

	if (rc == 0)
		rc = find(home, ".ssh", BENEATH, uid, &out[0]);
	if (rc != 0)
		return rc;
	if (find(out[0].fd, "agent", BENEATH, uid, &out[1]) != 0)
		return 1;
	out[1].agents = true;
	return 2;
}

int
home_agents(const char *socket, uint32_t uid, struct key_dir *out)
{
	const struct bytes tmp = BYTES_LIT("/tmp/"), name = BYTES_LIT("ssh-");
	char dir[NOTICE_NAME];
	const char *slash = strrchr(socket, '/');
	int at, rc;

	if (!bytes_starts(bytes_of(socket), tmp) || slash < socket + tmp.n ||
	    !bytes_copy((struct bytes){.p = socket + tmp.n, .n = (size_t)(slash - socket) - tmp.n}, dir, sizeof(dir)) ||
	    !bytes_starts(bytes_of(dir), name) || strchr(dir, '/') != NULL)
		return -ENOENT;
	at = open_dir(AT_FDCWD, "/tmp", RESOLVE_NO_SYMLINKS);
	if (at < 0)
		return at;
	rc = mount_is_served(at) ? -EREMOTE : find(at, dir, BENEATH | RESOLVE_NO_SYMLINKS, uid, out);
	close(at);
	if (rc == 0)
		out->agents = true;
	return rc;
}

/* A step at a time: what lies on a served file system is not gone into. */
static int
walk(const char *path)
{
	int at = open_dir(AT_FDCWD, "/", 0);
	char name[NAME_MAX + 1];

	while (at >= 0 && *path != '\0') {
		const size_t skip = strspn(path, "/"), n = strcspn(path + skip, "/");
		int next;

		if (n == 0)
			break;
		next = !bytes_copy((struct bytes){.p = path + skip, .n = n}, name, sizeof(name)) ? -ENAMETOOLONG :
		    mount_is_served(at) ? -EREMOTE : open_dir(at, name, RESOLVE_NO_SYMLINKS);
		close(at);
		at = next;
		path += skip + n;
	}
	return at;
}

int
home_again(const struct key_dir *d)
{
	struct fan_object is;
	int fd = walk(d->path), rc;

	if (fd < 0)
		return fd;
	rc = mount_is_served(fd) ? -EREMOTE : fan_object(fd, &is);
	if (rc == 0 && fan_same(&is, &d->object))
		return fd;
	close(fd);
	return rc != 0 ? rc : -ESTALE;
}

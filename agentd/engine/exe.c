/* exe: see exe.h.  Engine process. */
#include "agentd/engine/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TRIES 3 /* a rename somewhere in the tree at that moment makes the kernel give up */

/* openat2(2): EAGAIN where the lookup would have had to wait for a disk, a server or a FUSE daemon. */
static int
open_cached(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
	    .resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS};
	long fd = -1;

	for (int i = 0; i < TRIES && fd == -1 && (i == 0 || errno == EAGAIN); i++)
		fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	return (int)fd;
}

/*
 * Audit tells the superblock's device (audit_copy_inode(), kernel/auditsc.c).  btrfs and overlayfs give
 * stat(2) another one, of the subvolume or of the layer: there only the inode can be compared.
 */
bool
exe_same_device(int fd, const struct stat *st, uint32_t dev_major, uint32_t dev_minor)
{
	struct statfs fs;

	if (major(st->st_dev) == dev_major && minor(st->st_dev) == dev_minor)
		return true;
	return fstatfs(fd, &fs) == 0 &&
	    (fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

bool
exe_is_here(const struct process *p)
{
	struct stat st;
	bool same;
	int fd;

	if (p->exe == NULL || p->exe[0] != '/' || p->exe_inode == 0)
		return false;
	if ((fd = open_cached(p->exe)) == -1)
		return false;
	same = fstat(fd, &st) == 0 && st.st_ino == p->exe_inode && exe_same_device(fd, &st, p->exe_dev_major, p->exe_dev_minor);
	close(fd);
	return same;
}

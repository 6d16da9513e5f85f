/* mount: see mount.h.  Runs in the monitor. */
#include "agentd/monitor/mount.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bytes.h"

#define LINE_BYTES 8192
#define READ_BYTES (4u << 20) /* a user namespace can hold 100000 mounts */

/* These answer by themselves.  Whatever else there is may ask a server, which may be anybody's. */
static const char *const plain[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "ramfs", "squashfs",
    "zfs", "f2fs", "erofs"};

/* An overlay is as good as its layers: those of our own namespace are root's choice. */
static bool
is_served(struct bytes type, bool ours)
{
	if (bytes_eq(type, BYTES_LIT("overlay")))
		return !ours;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (bytes_eq(type, bytes_of(plain[i])))
			return false;
	return true;
}

bool
mount_line(const char *line, uint64_t id, bool ours, bool *served)
{
	uint64_t of_line;
	const char *type;

	/* id parent major:minor root point options [optional …] - type source options: proc_pid_mountinfo(5) */
	if (sscanf(line, "%" SCNu64 " ", &of_line) != 1 || of_line != id)
		return false;
	type = strstr(line, " - ");
	if (type == NULL)
		return false;
	type += strlen(" - ");
	*served = is_served((struct bytes){.p = type, .n = strcspn(type, " \n")}, ours);
	return true;
}

/* The kernel's own mount, which no mountinfo shows: memfd_create(2). */
static bool
is_memory(const struct statx *program)
{
	struct stat st;
	int fd = memfd_create("sshtether", MFD_CLOEXEC);
	bool same = fd != -1 && fstat(fd, &st) == 0 &&
	    makedev(program->stx_dev_major, program->stx_dev_minor) == st.st_dev;

	if (fd != -1)
		close(fd);
	return same;
}

static bool
is_our_namespace(pid_t pid)
{
	char path[64];
	struct stat mine, its;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return stat(path, &its) == 0 && stat("/proc/self/ns/mnt", &mine) == 0 && mine.st_ino == its.st_ino &&
	    mine.st_dev == its.st_dev;
}

bool
mount_search(FILE *f, uint64_t id, bool ours, bool *served)
{
	char line[LINE_BYTES];
	bool found = false, whole = true;
	size_t total = 0, n;

	while (!found && total < READ_BYTES && fgets(line, sizeof(line), f) != NULL) {
		bool begins = whole;

		n = strlen(line);
		total += n;
		whole = n > 0 && line[n - 1] == '\n';
		/* The rest of a long line is no line, whatever it looks like. */
		found = begins && whole && mount_line(line, id, ours, served);
	}
	return found;
}

static bool
search(pid_t pid, uint64_t id, bool *served)
{
	char path[64];
	bool found;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	found = mount_search(f, id, is_our_namespace(pid), served);
	fclose(f);
	return found;
}

bool
mount_program_is_served(pid_t pid)
{
	char path[64];
	struct statx st;
	bool served;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == -1)
		return true;
	if ((st.stx_mask & STATX_MNT_ID) == 0)
		return false; /* before Linux 5.8 nobody can tell */
	if (search(pid, st.stx_mnt_id, &served))
		return served;
	return !is_memory(&st);
}

bool
mount_is_served(int fd)
{
	struct statx st;
	bool served = true;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == -1 ||
	    (st.stx_mask & STATX_MNT_ID) == 0)
		return true;
	return !search(getpid(), st.stx_mnt_id, &served) || served;
}

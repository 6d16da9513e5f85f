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

#define LINE_BYTES 8192

bool
mount_line(const char *line, uint64_t id, bool *served)
{
	uint64_t of_line;
	const char *type;

	/* id parent major:minor root point options [optional …] - type source options: proc_pid_mountinfo(5) */
	if (sscanf(line, "%" SCNu64 " ", &of_line) != 1 || of_line != id)
		return false;
	type = strstr(line, " - ");
	if (type == NULL)
		return false;
	*served = strncmp(type + strlen(" - "), "fuse", strlen("fuse")) == 0;
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
search(pid_t pid, uint64_t id, bool *served)
{
	char path[64], line[LINE_BYTES];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = mount_line(line, id, served);
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

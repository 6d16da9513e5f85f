/* gate_cgroup: the cgroup v2 directory that the gates stand on, cgroups(7).  Runs in the monitor, at start. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agentd/monitor/gate_parts.h"

#define DEPTH_MAX 64

/* The mount point of the first mounted file system of that type, or −ENOENT: proc_pid_mountinfo(5). */
int
gate_mount_point(const char *type, char *out, size_t cap)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, want[32];
	size_t room = 0;
	int rc = f == NULL ? -errno : -ENOENT;

	snprintf(want, sizeof(want), " - %s ", type);
	while (f != NULL && rc == -ENOENT && getline(&line, &room, f) != -1) {
		int from = 0, to = 0;

		if (strstr(line, want) == NULL || sscanf(line, "%*s %*s %*s %*s %n%*s%n", &from, &to) == EOF ||
		    to <= from || (size_t)(to - from) >= cap)
			continue;
		memcpy(out, line + from, (size_t)(to - from));
		out[to - from] = '\0';
		rc = 0;
	}
	free(line);
	if (f != NULL)
		fclose(f);
	return rc;
}

int
gate_cgroup_open(const struct config *cf, int *dir)
{
	char root[256];
	struct statfs fs;
	int rc = cf->gate_cgroup != NULL ? 0 : gate_mount_point("cgroup2", root, sizeof(root)), fd;

	if (rc != 0)
		return rc;
	fd = open(cf->gate_cgroup != NULL ? cf->gate_cgroup : root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	if (fstatfs(fd, &fs) == -1)
		rc = -errno;
	else if (fs.f_type != CGROUP2_SUPER_MAGIC)
		rc = -EINVAL;
	if (rc == 0)
		*dir = fd;
	else
		close(fd);
	return rc;
}

/* Our own directory below the mount point. */
static int
open_ours(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char root[256], line[4096], path[sizeof(root) + sizeof(line)] = "";

	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "0::", 3) == 0 && gate_mount_point("cgroup2", root, sizeof(root)) == 0) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(path, sizeof(path), "%s%s", root, line + 3);
		}
	fclose(f);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool
gate_cgroup_has_us(int dir)
{
	int at = open_ours(), up;
	struct stat want, is;
	bool found = false;

	if (fstat(dir, &want) == -1)
		at = -1;
	for (int i = 0; at != -1 && !found && i < DEPTH_MAX; i++) {
		if (fstat(at, &is) == -1 || is.st_dev != want.st_dev)
			break; /* above the root of the hierarchy */
		found = is.st_ino == want.st_ino;
		up = found ? -1 : openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
	if (at != -1)
		close(at);
	return found;
}

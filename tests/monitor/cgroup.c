/* cgroup: see cgroup.h. */
#include "tests/monitor/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[256], before[1024], own[320];

static bool
find_root(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	while (f != NULL && root[0] == '\0' && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, " - cgroup2 ") != NULL)
			(void)sscanf(line, "%*s %*s %*s %*s %255s", root);
	if (f != NULL)
		fclose(f);
	return root[0] != '\0';
}

static void
find_before(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[768];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "0::", 3) == 0) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(before, sizeof(before), "%s%s", root, line + 3);
		}
	if (f != NULL)
		fclose(f);
}

static bool
join(const char *dir)
{
	char path[1100];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd != -1 && write(fd, "0", 1) == 1;
	if (fd != -1)
		close(fd);
	return ok;
}

const char *
cgroup_enter(void)
{
	if (!find_root())
		return NULL;
	find_before();
	snprintf(own, sizeof(own), "%s/sshtether-test-%d", root, (int)getpid());
	return (mkdir(own, 0755) == 0 || errno == EEXIST) && join(own) ? own : NULL;
}

void
cgroup_leave(void)
{
	if (own[0] != '\0' && (!join(before) || rmdir(own) == -1))
		fprintf(stderr, "%s: %s\n", own, strerror(errno));
}

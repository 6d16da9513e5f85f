/* keep: see keep.h.  Runs in the monitor.  Works below a descriptor, so that no name on the way counts. */
#include "agentd/monitor/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/safe.h"

long
keep_read(int dir, const char *name, char *out, size_t cap)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n;

	if (fd == -1)
		return -errno;
	n = read(fd, out, cap - 1);
	if (n == -1)
		n = -errno;
	close(fd);
	if (n > 0 && out[n - 1] == '\n')
		n--;
	if (n >= 0)
		out[n] = '\0';
	return n;
}

static int
write_synced(int dir, const char *name, const char *line)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), rc;

	if (fd == -1)
		return -errno;
	rc = write_all(fd, line, strlen(line));
	if (rc == 0)
		rc = write_all(fd, "\n", 1);
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	close(fd);
	return rc;
}

int
keep_write(int dir, const char *name, const char *line)
{
	char temp[64];
	int rc;

	if (snprintf(temp, sizeof(temp), "%s.new", name) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	rc = write_synced(dir, temp, line);
	if (rc == 0 && (renameat(dir, temp, dir, name) == -1 || fsync(dir) == -1))
		rc = -errno;
	return rc;
}

void
keep_remove(int dir, const char *name)
{
	(void)unlinkat(dir, name, 0);
}

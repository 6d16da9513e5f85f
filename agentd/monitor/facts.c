/* facts: see facts.h.  Runs in the monitor. */
#include "agentd/monitor/facts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agentd/monitor/pidfd.h"

int
facts_of(int pidfd, pid_t pid, struct facts *out)
{
	struct facts f = {.pid = pid};
	struct proc_stat st;

	if (proc_stat(pid, &st) != 0 || proc_sessionid(pid, &f.ses) != 0 ||
	    proc_loginuid(pid, &f.auid) != 0 || proc_uids(pid, &f.ruid, &f.euid) != 0 ||
	    st.state == 'Z' || st.state == 'X')
		return -ESRCH;
	f.ppid = st.ppid;
	f.start_ticks = st.start_ticks;
	/* The number was ours all the while if its process still lives now. */
	if (pidfd_ended(pidfd))
		return -ESRCH;
	*out = f;
	return 0;
}

int
facts_program(pid_t pid, uint64_t *dev, uint64_t *ino)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (stat(path, &st) == -1)
		return -errno;
	*dev = st.st_dev;
	*ino = st.st_ino;
	return 0;
}

int
facts_program_name(pid_t pid, char *out, size_t cap)
{
	char path[PATH_MAX];
	struct bytes name;
	int rc = proc_exe(pid, path, sizeof(path));

	if (rc != 0)
		return rc;
	name = bytes_basename(bytes_of(path));
	if (bytes_ends(name, BYTES_LIT(" (deleted)")))
		name.n -= sizeof(" (deleted)") - 1;
	return bytes_copy(name, out, cap) ? 0 : -ENAMETOOLONG;
}

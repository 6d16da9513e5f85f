/* proc: see proc.h. */
#include "base/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The whole of a file of /proc, cut at cap, terminated; its length or −errno. */
static ssize_t
read_file(const char *path, char *out, size_t cap)
{
	ssize_t n, total = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return -errno;
	while ((size_t)total < cap - 1) {
		n = read(fd, out + total, cap - 1 - (size_t)total);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			total = -errno;
		if (n <= 0)
			break;
		total += n;
	}
	close(fd);
	if (total >= 0)
		out[total] = '\0';
	return total;
}

static ssize_t
read_task(pid_t pid, const char *name, char *out, size_t cap)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return read_file(path, out, cap);
}

/* new_encode_dev() (include/linux/kdev_t.h) has the minor in two parts. */
static uint32_t
device_of(uint32_t nr)
{
	return (nr >> 8 & 0xfff) << 20 | (nr >> 12 & 0xfff00) | (nr & 0xff);
}

int
proc_stat(pid_t pid, struct proc_stat *out)
{
	struct proc_stat st = {.pid = pid};
	char text[1024], *open_paren, *close_paren, state;
	unsigned long long start;
	size_t len;
	int ppid, threads, tty;
	ssize_t n = read_task(pid, "stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	/* comm may hold anything, blanks and parentheses too: it ends at the last ')'. */
	open_paren = strchr(text, '(');
	close_paren = strrchr(text, ')');
	if (open_paren == NULL || close_paren == NULL || close_paren < open_paren)
		return -EINVAL;
	/* Fields 3 (state), 4 (ppid), 7 (tty_nr), 20 (num_threads) and 22 (starttime) of proc_pid_stat(5). */
	if (sscanf(close_paren + 1,
	    " %c %d %*s %*s %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d %*s %llu",
	    &state, &ppid, &tty, &threads, &start) != 5)
		return -EINVAL;
	len = (size_t)(close_paren - open_paren - 1);
	if (len >= sizeof(st.comm))
		len = sizeof(st.comm) - 1;
	memcpy(st.comm, open_paren + 1, len);
	st.state = state;
	st.ended = state == 'X' || (state == 'Z' && threads <= 1);
	st.ppid = ppid;
	st.tty = device_of((uint32_t)tty);
	st.start_ticks = start;
	*out = st;
	return 0;
}

static int
read_u32(pid_t pid, const char *name, uint32_t *out)
{
	char text[32];
	uint64_t v;
	ssize_t n = read_task(pid, name, text, sizeof(text));

	if (n < 0)
		return (int)n;
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (!bytes_u64((struct bytes){.p = text, .n = (size_t)n}, &v) || v > UINT32_MAX)
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

int
proc_sessionid(pid_t pid, uint32_t *ses)
{
	return read_u32(pid, "sessionid", ses);
}

int
proc_loginuid(pid_t pid, uint32_t *auid)
{
	return read_u32(pid, "loginuid", auid);
}

/* The lines come in this order (fs/proc/array.c, task_state()); a name has its own line breaks escaped. */
int
proc_status(pid_t pid, struct proc_status *out)
{
	struct proc_status st;
	char text[4096];
	const char *ppid, *uid, *room;
	ssize_t n = read_task(pid, "status", text, sizeof(text));

	if (n < 0)
		return (int)n;
	ppid = strstr(text, "\nPPid:");
	uid = ppid == NULL ? NULL : strstr(ppid, "\nUid:");
	room = uid == NULL ? NULL : strstr(uid, "\nFDSize:");
	if (room == NULL || sscanf(ppid, "\nPPid: %d", &st.ppid) != 1 ||
	    sscanf(uid, "\nUid: %u %u", &st.ruid, &st.euid) != 2 || sscanf(room, "\nFDSize: %u", &st.fd_room) != 1)
		return -EINVAL;
	*out = st;
	return 0;
}

int
proc_uids(pid_t pid, uid_t *ruid, uid_t *euid)
{
	struct proc_status st;
	int rc = proc_status(pid, &st);

	if (rc == 0) {
		*ruid = st.ruid;
		*euid = st.euid;
	}
	return rc;
}

int
proc_exe(pid_t pid, char *out, size_t cap)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, out, cap - 1);
	if (n == -1)
		return -errno;
	if ((size_t)n == cap - 1)
		return -ENAMETOOLONG;
	out[n] = '\0';
	return 0;
}

int
proc_same_network(pid_t pid, bool *same)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/net/unix", (int)pid);
	if (stat("/proc/self/net/unix", &ours) == -1 || stat(path, &its) == -1)
		return -errno;
	*same = ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
	return 0;
}

int
proc_each(int (*fn)(pid_t, void *), void *arg)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int rc = 0;

	if (dir == NULL)
		return -errno;
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		uint64_t pid;

		if (bytes_u64(bytes_of(entry->d_name), &pid) && pid > 0 && pid <= INT32_MAX)
			rc = fn((pid_t)pid, arg);
	}
	closedir(dir);
	return rc;
}

/* starttime counts on CLOCK_BOOTTIME (fs/proc/array.c, start_boottime). */
struct btime
proc_start_btime(uint64_t start_ticks)
{
	long hz = sysconf(_SC_CLK_TCK);

	return (struct btime){.ms = (int64_t)(start_ticks * 1000 / (uint64_t)(hz > 0 ? hz : 100))};
}

struct rtime
proc_start_rtime(uint64_t start_ticks)
{
	return (struct rtime){.ms = rtime_now().ms - btime_now().ms + proc_start_btime(start_ticks).ms};
}

int
proc_boot_id(char out[37])
{
	char text[64];
	ssize_t n = read_file("/proc/sys/kernel/random/boot_id", text, sizeof(text));

	if (n < 36)
		return n < 0 ? (int)n : -EINVAL;
	memcpy(out, text, 36);
	out[36] = '\0';
	return 0;
}

int
proc_pidfd(pid_t pid)
{
	/* pidfd_open(2) sets close-on-exec by itself. */
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd == -1 ? -errno : (int)fd;
}

/* flow: see flow.h.  Runs in the monitor. */
#include "agentd/monitor/flow.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* include/net/tcp_states.h */
#define ESTABLISHED 1
#define LISTEN      10

/* Of one table of descriptors. */
static bool
each_of_table(const char *path, flow_fn *fn, void *arg)
{
	char target[64];
	const struct dirent *entry;
	bool more = true;
	uint64_t inode;
	DIR *dir;

	dir = opendir(path);
	if (dir == NULL)
		return true;
	while (more && (entry = readdir(dir)) != NULL) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (len <= 0)
			continue;
		target[len] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1)
			more = fn(inode, arg);
	}
	closedir(dir);
	return more;
}

/* unshare(CLONE_FILES); or its first thread has ended, and has none any more.  In doubt it has its own. */
static bool
has_own_table(pid_t pid, pid_t tid)
{
	return tid != pid && syscall(SYS_kcmp, pid, tid, KCMP_FILES, 0, 0) != 0;
}

bool
flow_each_socket(pid_t pid, flow_fn *fn, void *arg)
{
	char path[64];
	const struct dirent *entry;
	uint64_t tid;
	bool more;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	more = each_of_table(path, fn, arg);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return more;
	while (more && (entry = readdir(dir)) != NULL) {
		if (!bytes_u64(bytes_of(entry->d_name), &tid) || !has_own_table(pid, (pid_t)tid))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/fd", (int)pid, (int)tid);
		more = each_of_table(path, fn, arg);
	}
	closedir(dir);
	return more;
}

struct taken {
	uint64_t *inode;
	size_t n, cap;
};

static bool
take_one(uint64_t inode, void *arg)
{
	struct taken *t = arg;

	t->inode[t->n++] = inode;
	return t->n < t->cap;
}

size_t
flow_sockets(pid_t pid, uint64_t *inode, size_t cap)
{
	struct taken t = {.inode = inode, .cap = cap};

	if (cap > 0)
		(void)flow_each_socket(pid, take_one, &t);
	return t.n;
}

bool
flow_holds(pid_t pid, uint64_t inode, int64_t patience_ms)
{
	char path[64], want[64], target[64];
	const struct mtime start = mtime_now();
	const struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	snprintf(want, sizeof(want), "socket:[%" PRIu64 "]", inode);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL && mtime_ms_since(mtime_now(), start) <= patience_ms) {
		len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		found = strcmp(target, want) == 0;
	}
	closedir(dir);
	return found;
}

/* Words of 32 bits in hex, each as this machine would hold it (net/ipv4/tcp_ipv4.c, get_tcp4_sock). */
static bool
parse_addr(const char *hex, unsigned port, struct report_addr *out)
{
	struct report_addr a = {.port = (uint16_t)port};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	size_t words = strlen(hex) / 8;

	if (words != 1 && words != 4)
		return false;
	for (size_t i = 0; i < words; i++) {
		uint32_t word;

		if (sscanf(hex + i * 8, "%8" SCNx32, &word) != 1)
			return false;
		memcpy(a.b + i * 4, &word, sizeof(word));
	}
	a.family = words == 1 ? 4 : 6;
	if (a.family == 6 && memcmp(a.b, mapped, sizeof(mapped)) == 0) {
		memmove(a.b, a.b + 12, 4);
		memset(a.b + 4, 0, 12);
		a.family = 4;
	}
	*out = a;
	return true;
}

static bool
parse_line(const char *line, unsigned want, struct report_addr *local, struct report_addr *peer,
    uint64_t *inode)
{
	char from[33], to[33];
	unsigned from_port, to_port, state;

	/* Fields: sl local rem st tx:rx tr:when retrnsmt uid timeout inode (proc_pid_net(5)). */
	if (sscanf(line, " %*[0-9]: %32[0-9A-F]:%4X %32[0-9A-F]:%4X %2X %*s %*s %*s %*s %*s %" SCNu64, from,
	    &from_port, to, &to_port, &state, inode) != 6 || state != want)
		return false;
	return parse_addr(from, from_port, local) && parse_addr(to, to_port, peer);
}

bool
flow_parse_line(const char *line, struct report_addr *local, struct report_addr *peer, uint64_t *inode)
{
	return parse_line(line, ESTABLISHED, local, peer, inode);
}

static bool
is_among(uint64_t inode, const uint64_t *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set[i] == inode)
			return true;
	return false;
}

/* What listens stands first in the table (net/ipv4/tcp_ipv4.c, tcp_seek_last_pos). */
static bool
listens(pid_t pid, const char *table, const uint64_t *set, size_t n)
{
	char path[64], line[256];
	struct report_addr local, peer;
	bool found = false, more = true;
	uint64_t inode;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, table);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	more = fgets(line, sizeof(line), f) != NULL; /* the heading */
	while (!found && more && fgets(line, sizeof(line), f) != NULL) {
		more = parse_line(line, LISTEN, &local, &peer, &inode);
		found = more && is_among(inode, set, n);
	}
	fclose(f);
	return found;
}

bool
flow_listens(pid_t pid)
{
	uint64_t inode[FLOW_FDS_MAX];
	size_t n = flow_sockets(pid, inode, FLOW_FDS_MAX);

	return n > 0 && (listens(pid, "tcp", inode, n) || listens(pid, "tcp6", inode, n));
}

/* The one that comes first in the set; *n is how many come before it then. */
static bool
search(pid_t pid, const char *table, const uint64_t *set, size_t *n, struct report_addr *peer,
    struct report_addr *local)
{
	struct report_addr from, to;
	char path[64], line[256];
	uint64_t inode;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, table);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (*n > 0 && fgets(line, sizeof(line), f) != NULL) {
		size_t i = 0;

		if (!flow_parse_line(line, &from, &to, &inode))
			continue;
		while (i < *n && set[i] != inode)
			i++;
		if (i == *n)
			continue;
		*n = i;
		*local = from;
		*peer = to;
		found = true;
	}
	fclose(f);
	return found;
}

bool
flow_of_process(pid_t pid, uint64_t start_ticks, struct report_addr *peer, struct report_addr *local)
{
	uint64_t inode[FLOW_FDS_MAX];
	struct proc_stat st;
	size_t n;
	bool found;

	n = pid > 0 ? flow_sockets(pid, inode, FLOW_FDS_MAX) : 0;
	found = search(pid, "tcp", inode, &n, peer, local);
	found = search(pid, "tcp6", inode, &n, peer, local) || found;
	/* Read by number: it counts only if the number was still this process's at the end. */
	if (found && proc_stat(pid, &st) == 0 && st.start_ticks == start_ticks)
		return true;
	*peer = *local = (struct report_addr){0};
	return false;
}

/* flow: see flow.h.  Runs in the monitor. */
#include "agentd/monitor/flow.h"

#include <inttypes.h>
#include <sshtether/limits.h>
#include <stdio.h>
#include <string.h>

#include "agentd/monitor/sockets.h"

/* include/net/tcp_states.h */
#define ESTABLISHED 1
#define LISTEN      10

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

/* n: it is not among them. */
static size_t
place_of(uint64_t inode, const uint64_t *set, size_t n)
{
	size_t i = 0;

	while (i < n && set[i] != inode)
		i++;
	return i;
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
		found = more && place_of(inode, set, n) < n;
	}
	fclose(f);
	return found;
}

bool
flow_listens(pid_t pid)
{
	uint64_t inode[ST_FLOW_SOCKETS];
	size_t n = sockets_list(pid, inode, ST_FLOW_SOCKETS);

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
		size_t i;

		if (!flow_parse_line(line, &from, &to, &inode) || (i = place_of(inode, set, *n)) == *n)
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
	uint64_t inode[ST_FLOW_SOCKETS];
	struct proc_stat st;
	size_t n;
	bool found;

	n = pid > 0 ? sockets_list(pid, inode, ST_FLOW_SOCKETS) : 0;
	found = search(pid, "tcp", inode, &n, peer, local);
	found = search(pid, "tcp6", inode, &n, peer, local) || found;
	/* Read by number: it counts only if the number was still this process's at the end. */
	if (found && proc_stat(pid, &st) == 0 && st.start_ticks == start_ticks)
		return true;
	*peer = *local = (struct report_addr){0};
	return false;
}

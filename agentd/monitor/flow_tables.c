/* flow_tables: see flow_tables.h.  Runs in the monitor. */
#include "agentd/monitor/flow_tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sshtether/limits.h>

#include "agentd/monitor/sockets.h"
#include "base/array.h"

#define NAMESPACES 16 /* whoever is in another is looked up alone */

struct end {
	uint64_t inode;
	struct report_addr peer, local;
};

/* The established connections of a network namespace, by inode. */
struct table {
	uint64_t ns; /* inode of the namespace */
	struct end *end; /* owned */
	size_t n, room;
};

struct flow_tables {
	struct table of[NAMESPACES];
	size_t n;
};

static bool
add(struct table *t, const struct end *e)
{
	struct end *wide = array_grow(t->end, t->n, &t->room, sizeof(*wide), ST_FLOW_TABLE);

	if (wide == NULL)
		return false;
	t->end = wide;
	t->end[t->n++] = *e;
	return true;
}

static bool
read_file(struct table *t, pid_t pid, const char *name, bool optional)
{
	char path[64], line[256];
	bool whole = true;
	struct end e;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, name);
	f = fopen(path, "re");
	if (f == NULL)
		return optional && errno == ENOENT;
	while (whole && fgets(line, sizeof(line), f) != NULL) {
		if (flow_parse_line(line, &e.local, &e.peer, &e.inode))
			whole = add(t, &e);
	}
	whole = whole && ferror(f) == 0;
	fclose(f);
	return whole;
}

static int
by_inode(const void *a, const void *b)
{
	const uint64_t x = ((const struct end *)a)->inode, y = ((const struct end *)b)->inode;

	return (x > y) - (x < y);
}

/* NULL: it cannot be read whole, or there are too many. */
static const struct table *
table_of(struct flow_tables *all, pid_t pid)
{
	struct table *t;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (stat(path, &st) != 0)
		return NULL;
	for (size_t i = 0; i < all->n; i++) {
		if (all->of[i].ns == st.st_ino)
			return &all->of[i];
	}
	if (all->n == NAMESPACES)
		return NULL;
	t = &all->of[all->n];
	/* A host may have no IPv6; a process that has ended shows neither. */
	if (!read_file(t, pid, "tcp6", true) || !read_file(t, pid, "tcp", false)) {
		free(t->end);
		*t = (struct table){0};
		return NULL;
	}
	t->ns = st.st_ino;
	all->n++;
	if (t->n > 0)
		qsort(t->end, t->n, sizeof(t->end[0]), by_inode);
	return t;
}

/* Of the lowest descriptor; NULL: there is none. */
static const struct end *
find(const struct table *t, pid_t pid)
{
	uint64_t inode[ST_FLOW_SOCKETS];
	const size_t n = sockets_list(pid, inode, ST_FLOW_SOCKETS);
	const struct end *e = NULL;

	for (size_t i = 0; i < n && t->n > 0 && e == NULL; i++)
		e = bsearch(&(struct end){.inode = inode[i]}, t->end, t->n, sizeof(t->end[0]), by_inode);
	return e;
}

bool
flow_of_one(struct flow_tables *all, pid_t pid, uint64_t start_ticks, struct report_addr *peer,
    struct report_addr *local)
{
	const struct table *t = pid > 0 ? table_of(all, pid) : NULL;
	const struct end *e = t != NULL ? find(t, pid) : NULL;
	struct proc_stat st;

	*peer = *local = (struct report_addr){0};
	if (pid > 0 && t == NULL)
		return flow_of_process(pid, start_ticks, peer, local);
	/* Read by number: it counts only if the number was still this process's at the end. */
	if (e == NULL || proc_stat(pid, &st) != 0 || st.start_ticks != start_ticks)
		return false;
	*peer = e->peer;
	*local = e->local;
	return true;
}

struct flow_tables *
flow_tables_new(void)
{
	return calloc(1, sizeof(struct flow_tables));
}

void
flow_tables_free(struct flow_tables **all)
{
	if (*all == NULL)
		return;
	for (size_t i = 0; i < (*all)->n; i++)
		free((*all)->of[i].end);
	free(*all);
	*all = NULL;
}

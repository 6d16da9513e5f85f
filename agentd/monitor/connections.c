/* connections: see connections.h.  Runs in the monitor, beside its loop. */
#include "agentd/monitor/connections.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct reading {
	struct connections *all;
	struct report_addr *listening; /* owned; sorted once all are there */
	size_t n, room;
	unsigned lo, hi; /* the ports that the kernel gives by itself */
};

/* --- what listens --------------------------------------------------------------------------------------- */

static int
note_listener(const struct diag_tcp *t, void *arg)
{
	struct reading *r = arg;
	struct report_addr *wide = array_grow(r->listening, r->n, &r->room, sizeof(*wide), SIZE_MAX);

	if (wide == NULL)
		return -ENOMEM;
	r->listening = wide;
	r->listening[r->n++] = t->local;
	return 0;
}

/* No padding (sshtether/report.h), and what a family has no use for is zero. */
static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct report_addr));
}

static bool
has(const struct reading *r, const struct report_addr *a)
{
	return r->n > 0 && bsearch(a, r->listening, r->n, sizeof(*a), by_bytes) != NULL;
}

/* At that address, or at any; [::] takes IPv4 as well. */
static bool
is_listening(const struct reading *r, const struct report_addr *local)
{
	const struct report_addr any = {.family = 6, .port = local->port}, any4 = {.family = 4, .port = local->port};

	return has(r, local) || has(r, &any) || (local->family == 4 && has(r, &any4));
}

/* net.ipv4.ip_local_port_range, for IPv6 as well; what is not known is all of them. */
static void
read_range(struct reading *r)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (f == NULL || fscanf(f, "%u %u", &r->lo, &r->hi) != 2) {
		r->lo = 0;
		r->hi = UINT16_MAX;
	}
	if (f != NULL)
		fclose(f);
}

/* --- what is connected ---------------------------------------------------------------------------------- */

static int
note_connection(const struct diag_tcp *t, void *arg)
{
	struct reading *r = arg;
	struct connections *all = r->all;
	struct connection *wide;

	if (t->inode == 0)
		return 0;
	if ((wide = array_grow(all->of, all->n, &all->room, sizeof(*wide), SIZE_MAX)) == NULL)
		return -ENOMEM;
	all->of = wide;
	all->of[all->n++] = (struct connection){.tcp = *t, .came = is_listening(r, &t->local),
	    .chosen = t->local.port < r->lo || t->local.port > r->hi};
	return 0;
}

static int
by_inode(const void *a, const void *b)
{
	const struct connection *x = a, *y = b;

	return (x->tcp.inode > y->tcp.inode) - (x->tcp.inode < y->tcp.inode);
}

int
connections_read(struct connections *all, int makers)
{
	struct reading *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (r == NULL)
		return rc;
	r->all = all;
	read_range(r);
	rc = diag_tcp_listeners_each(note_listener, r);
	if (r->n > 0)
		qsort(r->listening, r->n, sizeof(*r->listening), by_bytes);
	if (rc == 0)
		rc = diag_tcp_each(makers, note_connection, r);
	if (all->n > 0)
		qsort(all->of, all->n, sizeof(*all->of), by_inode);
	free(r->listening);
	free(r);
	return rc;
}

struct connection *
connections_of(const struct connections *all, uint64_t inode, size_t *n)
{
	const struct connection key = {.tcp = {.inode = inode}};
	struct connection *c = all->n == 0 ? NULL : bsearch(&key, all->of, all->n, sizeof(key), by_inode);

	*n = 0;
	while (c != NULL && c > all->of && c[-1].tcp.inode == inode)
		c--;
	while (c != NULL && c + *n < all->of + all->n && c[*n].tcp.inode == inode)
		++*n;
	return c;
}

void
connections_free(struct connections *all)
{
	free(all->of);
	*all = (struct connections){0};
}

/* connections: see connections.h.  Runs in the monitor, beside its loop. */
#include "agentd/monitor/connections.h"

#include <errno.h>
#include <stdlib.h>

struct reading {
	struct connections *all;
	uint8_t listening[65536 / 8]; /* by port */
};

static int
note_listener(const struct diag_tcp *t, void *arg)
{
	struct reading *r = arg;

	r->listening[t->local.port / 8] |= (uint8_t)(1u << t->local.port % 8);
	return 0;
}

static bool
is_listening(const struct reading *r, uint16_t port)
{
	return (r->listening[port / 8] & 1u << port % 8) != 0;
}

static int
note_connection(const struct diag_tcp *t, void *arg)
{
	struct reading *r = arg;
	struct connections *all = r->all;

	if (t->inode == 0)
		return 0;
	if (all->n == all->room) {
		size_t room = all->room == 0 ? 256 : all->room * 2;
		struct connection *wide = reallocarray(all->of, room, sizeof(*wide));

		if (wide == NULL)
			return -ENOMEM;
		all->of = wide;
		all->room = room;
	}
	all->of[all->n++] = (struct connection){.tcp = *t, .came = is_listening(r, t->local.port)};
	return 0;
}

static int
by_inode(const void *a, const void *b)
{
	const struct connection *x = a, *y = b;

	return (x->tcp.inode > y->tcp.inode) - (x->tcp.inode < y->tcp.inode);
}

int
connections_read(struct connections *all)
{
	struct reading *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (r == NULL)
		return rc;
	r->all = all;
	rc = diag_tcp_listeners_each(note_listener, r);
	if (rc == 0)
		rc = diag_tcp_each(note_connection, r);
	if (all->n > 0)
		qsort(all->of, all->n, sizeof(*all->of), by_inode);
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

/* earlier: see earlier.h. */
#include "agentd/engine/earlier.h"

#include <stdlib.h>
#include <sshtether/limits.h>
#include <sys/socket.h>

#include "agentd/engine/tcp_diag.h"
#include "base/array.h"

static void
take(const struct tcp_socket *s, void *arg)
{
	struct earlier *all = arg;
	uint64_t *room;

	if (s->inode == 0 || (room = array_grow(all->inode, all->n, &all->room, sizeof(*room), ST_EARLIER)) == NULL)
		return;
	all->inode = room;
	all->inode[all->n++] = s->inode;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int
earlier_read(struct earlier *all, int netlink)
{
	int rc = tcp_diag_all(netlink, AF_INET, take, all);

	if (rc == 0)
		rc = tcp_diag_all(netlink, AF_INET6, take, all);
	if (all->n > 0)
		qsort(all->inode, all->n, sizeof(*all->inode), compare);
	all->until = rtime_now();
	return rc;
}

void
earlier_done(struct earlier *all)
{
	free(all->inode);
	*all = (struct earlier){0};
}

bool
earlier_has(const struct earlier *all, uint64_t inode)
{
	return all->n > 0 && bsearch(&inode, all->inode, all->n, sizeof(inode), compare) != NULL;
}

/* earlier: see earlier.h. */
#include "agentd/engine/earlier.h"

#include <errno.h>
#include <stdlib.h>
#include <sshtether/limits.h>
#include <sys/socket.h>

#include "base/array.h"

static uint64_t
key_of(const struct tcp_socket *s)
{
	return endpoints_hash(s->local, s->peer) ^ hash_u64(s->inode);
}

static void
take(const struct tcp_socket *s, void *arg)
{
	struct earlier *all = arg;
	uint64_t *key;

	if (s->inode == 0)
		return;
	key = array_grow(all->key, all->n, &all->room, sizeof(*key), ST_EARLIER);
	if (key == NULL) {
		all->more = true;
		return;
	}
	all->key = key;
	all->key[all->n++] = key_of(s);
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
		qsort(all->key, all->n, sizeof(*all->key), compare);
	all->until = rtime_now();
	return rc == 0 && all->more ? -ENOSPC : rc;
}

void
earlier_done(struct earlier *all)
{
	free(all->key);
	*all = (struct earlier){0};
}

bool
earlier_has(const struct earlier *all, const struct tcp_socket *s)
{
	const uint64_t key = key_of(s);

	return all->n > 0 && bsearch(&key, all->key, all->n, sizeof(key), compare) != NULL;
}

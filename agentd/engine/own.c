/* own: see own.h.  Engine process; own_read() asks the kernel (rtnetlink, by getifaddrs(3)). */
#include "agentd/engine/own.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>

/* Where it is, or is to be. */
static size_t
place_of(const struct own *o, struct addr a)
{
	size_t lo = 0, hi = o->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(o->addr[mid], a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
is_at(const struct own *o, size_t i, struct addr a)
{
	return i < o->n && addr_eq(o->addr[i], a);
}

bool
own_has(const struct own *o, struct addr a)
{
	return is_at(o, place_of(o, a), a);
}

static bool
is_link_local(struct addr a)
{
	return a.family == 6 && a.b[0] == 0xfe && (a.b[1] & 0xc0) == 0x80;
}

/* Keeps the list sorted.  False: it was there, it is no address of one host, or there is no room. */
static bool
add(struct own *o, struct addr a)
{
	const size_t at = place_of(o, a);

	if (a.family == 0 || addr_is_loopback(a) || addr_is_any(a) || is_link_local(a) || is_at(o, at, a))
		return false;
	if (o->n == ST_OWN_ADDRS) {
		o->cut = true;
		return false;
	}
	memmove(&o->addr[at + 1], &o->addr[at], (o->n - at) * sizeof(a));
	o->addr[at] = a;
	o->n++;
	return true;
}

static socklen_t
length_of(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
	    sa->sa_family == AF_INET6   ? sizeof(struct sockaddr_in6) :
	                                  0;
}

static bool
add_local_end(struct session *s, void *arg)
{
	if (s->ssh && s->state != SESSION_OVER)
		(void)add(arg, s->local.addr);
	return true;
}

int
own_read(struct own *out, const struct host *h)
{
	struct own o = {0};
	struct ifaddrs *list = NULL;
	struct endpoint e;

	if (getifaddrs(&list) == -1)
		return -errno;
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr != NULL &&
		    endpoint_from_sockaddr(i->ifa_addr, length_of(i->ifa_addr), &e))
			(void)add(&o, e.addr);
	}
	freeifaddrs(list);
	host_each_session(h, add_local_end, &o);
	*out = o;
	return 0;
}

bool
own_eq(const struct own *a, const struct own *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		if (!addr_eq(a->addr[i], b->addr[i]))
			return false;
	}
	return a->n == b->n && a->cut == b->cut;
}

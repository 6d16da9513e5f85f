/* connection: see connection.h. */
#include "pam_module/connection.h"

#include <dirent.h>
#include <errno.h>

#include "base/addr.h"

static struct bytes
take_word(struct bytes *rest)
{
	const char *at = rest->n > 0 ? memchr(rest->p, ' ', rest->n) : NULL;
	struct bytes word = {.p = rest->p, .n = at != NULL ? (size_t)(at - rest->p) : rest->n};

	if (at != NULL)
		*rest = (struct bytes){.p = at + 1, .n = rest->n - word.n - 1};
	else
		*rest = BYTES_NONE;
	return word;
}

static struct report_addr
pack(struct endpoint e)
{
	struct report_addr a = {.family = e.addr.family, .port = e.port};

	memcpy(a.b, e.addr.b, sizeof(a.b));
	return a;
}

static bool
take_endpoint(struct bytes *rest, struct report_addr *out)
{
	struct bytes host = take_word(rest), service = take_word(rest);
	struct endpoint e;
	uint64_t port;

	if (!addr_parse(host, &e.addr) || !bytes_u64(service, &port) || port > UINT16_MAX)
		return false;
	e.port = (uint16_t)port;
	*out = pack(e);
	return true;
}

bool
connection_parse(struct bytes text, struct report_addr *peer, struct report_addr *local)
{
	struct report_addr p, l;

	if (!take_endpoint(&text, &p) || !take_endpoint(&text, &l) || text.n != 0)
		return false;
	*peer = p;
	*local = l;
	return true;
}

typedef int name_fn(int fd, struct sockaddr *, socklen_t *);

static bool
end_is(int fd, name_fn *name, const struct report_addr *want)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	struct endpoint e;
	struct report_addr have;

	if (name(fd, (struct sockaddr *)&ss, &n) == -1 || !endpoint_from_sockaddr(&ss, n, &e))
		return false;
	have = pack(e);
	return memcmp(&have, want, sizeof(have)) == 0;
}

int
connection_end(const struct report_addr *peer, const struct report_addr *local)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int ended = 0;

	if (dir == NULL)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		uint64_t fd;

		if (!bytes_u64(bytes_of(entry->d_name), &fd) || fd > INT32_MAX)
			continue;
		if (end_is((int)fd, getpeername, peer) && end_is((int)fd, getsockname, local) &&
		    shutdown((int)fd, SHUT_RDWR) == 0)
			ended++;
	}
	closedir(dir);
	return ended;
}

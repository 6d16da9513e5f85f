/* connection: see connection.h. */
#include "pam_module/connection.h"

#include <dirent.h>
#include <errno.h>

#include "base/report_addr.h"

static bool
take_endpoint(struct bytes *rest, struct report_addr *out)
{
	struct bytes host = bytes_take(rest, ' '), service = bytes_take(rest, ' ');
	struct endpoint e;
	uint64_t port;

	if (!addr_parse(host, &e.addr) || !bytes_u64(service, &port) || port > UINT16_MAX)
		return false;
	e.port = (uint16_t)port;
	*out = report_addr_of(e);
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
	have = report_addr_of(e);
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

/* scan: see scan.h.  Engine process, in the scanner's thread. */
#include "agentd/engine/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sshtether/limits.h>

#define PIECE   (256u << 10)
#define OVERLAP 16 /* bytes of a piece that are looked at again with the next */

static const struct {
	const char *text;
	size_t n;
} needles[] = {
	{"ssh-userauth", 12},
	{"ssh-connection", 14},
	{"libssh.so.", 10},
	{"libssh2.so.", 11},
};
#define USERAUTH   (1u << 0)
#define CONNECTION (1u << 1)
#define LIBRARY    (1u << 2 | 1u << 3)

_Static_assert(OVERLAP >= 14 - 1, "a needle may stand across two pieces");

/* found: a bit for each needle that was seen, so far. */
static unsigned
look_at(const char *p, size_t n, unsigned found)
{
	for (unsigned i = 0; i < sizeof(needles) / sizeof(needles[0]); i++) {
		if ((found & 1u << i) == 0 && memmem(p, n, needles[i].text, needles[i].n) != NULL)
			found |= 1u << i;
	}
	return found;
}

static bool
is_ssh(unsigned found)
{
	return (found & (USERAUTH | CONNECTION)) == (USERAUTH | CONNECTION) || (found & LIBRARY) != 0;
}

static ssize_t
read_at(int fd, char *p, size_t n, uint64_t at)
{
	ssize_t got;

	do
		got = pread(fd, p, n, (off_t)at);
	while (got == -1 && errno == EINTR);
	return got;
}

void
scan_file(int fd, struct scan *out)
{
	char *room = malloc(OVERLAP + PIECE);
	size_t kept = 0; /* bytes of the piece before, in front of this one */
	unsigned found = 0;
	uint64_t at = 0;
	ssize_t n = 0;

	*out = (struct scan){.error = room == NULL ? ENOMEM : 0};
	while (room != NULL && at < ST_SCAN_BYTES && !is_ssh(found) &&
	    (n = read_at(fd, room + kept, PIECE, at)) > 0) {
		size_t have = kept + (size_t)n;

		found = look_at(room, have, found);
		kept = have < OVERLAP ? have : OVERLAP;
		memmove(room, room + have - kept, kept);
		at += (uint64_t)n;
	}
	if (n == -1)
		out->error = errno;
	out->ssh = is_ssh(found);
	out->cut = !out->ssh && at >= ST_SCAN_BYTES;
	free(room);
}

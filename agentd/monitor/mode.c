/*
 * mode: see mode.h.  Runs in the monitor.  Owns the file `mode` in the monitor's directory; must never
 * follow a name that somebody else can change, so it works below a descriptor of that directory.
 */
#include "agentd/monitor/mode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/safe.h"

#define FILE_NAME "mode"
#define TEMP_NAME "mode.new"

struct stop {
	struct mtime at;
	uint32_t ses;
	int64_t time_ms;
};

struct mode_keeper {
	int dir;
	enum mode mode;
	unsigned limit;
	int64_t window_ms;
	struct stop ring[STOP_LIMIT_MAX];
	unsigned next; /* where the next stop goes */
	uint64_t total;
};

static bool
read_mode(int dir, enum mode *out)
{
	char text[32];
	ssize_t n;
	int fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1)
		return errno != ENOENT ? (*out = MODE_AUDIT, true) : false;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n < 0 || !mode_parse((struct bytes){.p = text, .n = (size_t)n}, out))
		*out = MODE_AUDIT;
	return true;
}

static int
write_mode(int dir, enum mode mode)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%s\n", mode_name(mode)), rc;
	int fd = openat(dir, TEMP_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		return -errno;
	rc = write_all(fd, text, (size_t)n);
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	close(fd);
	if (rc == 0 && renameat(dir, TEMP_NAME, dir, FILE_NAME) == -1)
		rc = -errno;
	if (rc == 0 && fsync(dir) == -1)
		rc = -errno;
	return rc;
}

struct mode_keeper *
mode_open(int dir, enum mode first, bool *kept)
{
	struct mode_keeper *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->dir = dir;
	k->mode = first;
	k->limit = STOP_LIMIT_DEFAULT;
	k->window_ms = STOP_WINDOW_MS;
	*kept = dir != -1 && read_mode(dir, &k->mode);
	return k;
}

void
mode_close(struct mode_keeper **k)
{
	free(*k);
	*k = NULL;
}

enum mode
mode_get(const struct mode_keeper *k)
{
	return k->mode;
}

int
mode_set(struct mode_keeper *k, enum mode mode)
{
	if (mode != k->mode && mode == MODE_ENFORCE)
		k->total = 0; /* whoever switches back on starts with a clean count */
	k->mode = mode;
	return k->dir == -1 ? 0 : write_mode(k->dir, mode);
}

void
mode_limit(struct mode_keeper *k, unsigned n, int64_t window_ms)
{
	k->limit = n < STOP_LIMIT_MAX ? n : STOP_LIMIT_MAX;
	k->window_ms = window_ms > 0 ? window_ms : STOP_WINDOW_MS;
}

static const struct stop *
stop_back(const struct mode_keeper *k, unsigned i)
{
	return &k->ring[(k->next + STOP_LIMIT_MAX - 1 - i) % STOP_LIMIT_MAX];
}

unsigned
mode_stops(const struct mode_keeper *k, struct mtime now)
{
	unsigned n = 0, have = k->total < STOP_LIMIT_MAX ? (unsigned)k->total : STOP_LIMIT_MAX;

	while (n < have && mtime_ms_since(now, stop_back(k, n)->at) < k->window_ms)
		n++;
	return n;
}

bool
mode_may_stop(struct mode_keeper *k, uint32_t ses, int64_t time_ms, struct mtime now)
{
	unsigned stops = mode_stops(k, now);

	for (unsigned i = 0; i < stops; i++)
		if (stop_back(k, i)->ses == ses && stop_back(k, i)->time_ms == time_ms)
			return true;
	if (k->limit != 0 && stops >= k->limit)
		return false;
	k->ring[k->next] = (struct stop){.at = now, .ses = ses, .time_ms = time_ms};
	k->next = (k->next + 1) % STOP_LIMIT_MAX;
	k->total++;
	return true;
}

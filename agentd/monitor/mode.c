/*
 * mode: see mode.h.  Runs in the monitor.  Owns the file `mode` in the monitor's own directory.
 */
#include "agentd/monitor/mode.h"

#include <errno.h>
#include <stdlib.h>

#include "agentd/monitor/keep.h"

#define FILE_NAME "mode"

struct stop {
	struct mtime at;
	uint32_t auid;
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
	long n = keep_read(dir, FILE_NAME, text, sizeof(text));

	if (n == -ENOENT)
		return false;
	if (n < 0 || !mode_parse(bytes_of(text), out))
		*out = MODE_AUDIT;
	return true;
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
	return k->dir == -1 ? 0 : keep_write(k->dir, FILE_NAME, mode_name(mode));
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
mode_may_stop(struct mode_keeper *k, uint32_t auid, struct mtime now)
{
	unsigned stops = mode_stops(k, now);

	for (unsigned i = 0; i < stops; i++)
		if (stop_back(k, i)->auid == auid)
			return true;
	if (k->limit != 0 && stops >= k->limit)
		return false;
	k->ring[k->next] = (struct stop){.at = now, .auid = auid};
	k->next = (k->next + 1) % STOP_LIMIT_MAX;
	k->total++;
	return true;
}

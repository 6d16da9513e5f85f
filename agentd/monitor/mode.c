/*
 * mode: see mode.h.  Runs in the monitor.  The file is a line: "audit", "enforce", or
 * "enforce trial SINCE UNTIL REAL BOOT": ms since boot of the switch and of the deadline, the deadline in
 * ms since the epoch, and the boot that the first two belong to.
 */
#include "agentd/monitor/mode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/monitor/keep.h"

struct stop {
	struct mtime at;
	uint32_t auid;
};

struct trial {
	bool on;
	struct btime since, until; /* since: below 0 when it was before this boot */
	struct rtime real;         /* until, for another boot */
	char boot_id[37];
};

struct mode_keeper {
	enum mode mode;
	struct trial trial;
	struct mode_found found;
	unsigned limit;
	int64_t window_ms;
	struct stop ring[STOP_LIMIT_MAX];
	unsigned next; /* where the next stop goes */
	uint64_t total;
};

/* --- the file --------------------------------------------------------------------------------------- */

#define SANE (INT64_C(1) << 56) /* ms that no clock shows, and sums of which fit */

static bool
parse_trial(const char *text, struct trial *out)
{
	struct trial t = {.on = true};
	int end = -1;

	if (sscanf(text, "enforce trial %" SCNd64 " %" SCNd64 " %" SCNd64 " %36[0-9a-f-]%n", &t.since.ms,
	    &t.until.ms, &t.real.ms, t.boot_id, &end) != 4 || end == -1 || text[end] != '\0' ||
	    t.since.ms < -SANE || t.until.ms > SANE || t.until.ms <= t.since.ms || t.real.ms < 0 || t.real.ms > SANE)
		return false;
	*out = t;
	return true;
}

/*
 * After a reboot only the wall clock is left.  Turned back, it could lengthen the trial: never beyond the
 * whole of it, and what says more than that is not believed.
 */
static int64_t
left_after_reboot(const struct trial *t, struct rtime now)
{
	int64_t left = rtime_since(t->real, now), span = t->until.ms - t->since.ms;

	return left > span ? 0 : left;
}

/* In the clock of this boot.  False: it is over. */
static bool
resume(struct trial *t, const struct moment *now)
{
	int64_t left, span = t->until.ms - t->since.ms;

	if (bytes_is(bytes_of(t->boot_id), now->boot_id))
		return t->until.ms > now->boot.ms;
	left = left_after_reboot(t, now->real);
	t->until.ms = now->boot.ms + left;
	t->since.ms = t->until.ms - span;
	(void)bytes_copy(bytes_of(now->boot_id), t->boot_id, sizeof(t->boot_id));
	return left > 0;
}

static void
read_mode(struct mode_keeper *k, int dir, const struct moment *now)
{
	char text[MODE_LINE_MAX];
	struct trial t;
	long n = keep_read(dir, MODE_FILE, text, sizeof(text));

	if (n == -ENOENT)
		return;
	k->found.kept = true;
	k->mode = MODE_AUDIT;
	if (n < 0 || mode_parse((struct bytes){.p = text, .n = (size_t)n}, &k->mode))
		return;
	if (memchr(text, '\0', (size_t)n) != NULL || !parse_trial(text, &t))
		return;
	k->found.lapsed = !resume(&t, now);
	k->found.stale = true; /* it may have been in another boot's time */
	if (k->found.lapsed)
		return;
	k->mode = MODE_ENFORCE;
	k->trial = t;
}

void
mode_line(const struct mode_keeper *k, char out[MODE_LINE_MAX])
{
	const struct trial *t = &k->trial;

	if (t->on)
		(void)snprintf(out, MODE_LINE_MAX, "%s trial %" PRId64 " %" PRId64 " %" PRId64 " %s",
		    mode_name(k->mode), t->since.ms, t->until.ms, t->real.ms, t->boot_id);
	else
		(void)snprintf(out, MODE_LINE_MAX, "%s", mode_name(k->mode));
}

/* --- life ------------------------------------------------------------------------------------------- */

struct mode_keeper *
mode_open(int dir, enum mode first, const struct moment *now)
{
	struct mode_keeper *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->mode = first;
	k->limit = STOP_LIMIT_DEFAULT;
	k->window_ms = STOP_WINDOW_MS;
	if (dir != -1)
		read_mode(k, dir, now);
	return k;
}

void
mode_close(struct mode_keeper **k)
{
	free(*k);
	*k = NULL;
}

const struct mode_found *
mode_found(const struct mode_keeper *k)
{
	return &k->found;
}

enum mode
mode_get(const struct mode_keeper *k)
{
	return k->mode;
}

void
mode_set(struct mode_keeper *k, enum mode mode)
{
	if (mode != k->mode && mode == MODE_ENFORCE)
		k->total = 0; /* whoever switches back on starts with a clean count */
	k->mode = mode;
	k->trial.on = false;
}

/* --- the trial -------------------------------------------------------------------------------------- */

void
mode_try(struct mode_keeper *k, int64_t span_ms, const struct moment *now)
{
	mode_set(k, MODE_ENFORCE);
	k->trial = (struct trial){.on = true, .since = now->boot, .until = {.ms = now->boot.ms + span_ms},
	    .real = {.ms = now->real.ms + span_ms}};
	(void)bytes_copy(bytes_of(now->boot_id), k->trial.boot_id, sizeof(k->trial.boot_id));
}

bool
mode_on_trial(const struct mode_keeper *k)
{
	return k->trial.on;
}

struct btime
mode_deadline(const struct mode_keeper *k)
{
	return k->trial.until;
}

int64_t
mode_left(const struct mode_keeper *k, struct btime now)
{
	return k->trial.until.ms > now.ms ? k->trial.until.ms - now.ms : 0;
}

bool
mode_is_later(const struct mode_keeper *k, struct btime start)
{
	return start.ms > k->trial.since.ms;
}

/* --- the stop limit --------------------------------------------------------------------------------- */

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

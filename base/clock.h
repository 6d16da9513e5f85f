/*
 * clock: time is a type and a parameter.  rtime is what audit records and people use; mtime is for
 * timers and never leaves the process.  Only *_now() reads a clock, and no pure stage calls them.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <sys/time.h>

#include "base/buf.h"

struct rtime {
	int64_t ms; /* since 1970-01-01T00:00:00Z, CLOCK_REALTIME */
};

struct mtime {
	int64_t ns; /* CLOCK_MONOTONIC */
};

struct btime {
	int64_t ms; /* since boot, suspension included, CLOCK_BOOTTIME; means nothing in another boot */
};

#define RTIME_NONE ((struct rtime){.ms = 0})

struct rtime rtime_now(void);
struct mtime mtime_now(void);
struct btime btime_now(void);

static inline int64_t
rtime_since(struct rtime later, struct rtime earlier)
{
	return later.ms - earlier.ms;
}

static inline int64_t
mtime_ms_since(struct mtime later, struct mtime earlier)
{
	return (later.ns - earlier.ns) / 1000000;
}

static inline struct mtime
mtime_after(struct mtime since, int64_t ms)
{
	return (struct mtime){.ns = since.ns + ms * 1000000};
}

/* As libevent and sockets take a wait. */
static inline struct timeval
timeval_of_ms(int64_t ms)
{
	return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

/* 2026-11-22T01:02:03.456Z */
void rtime_iso(struct rtime, struct buf *);

/* "500ms", "30s", "10m", "2h", "7d", "1w" → milliseconds, ≥ 0.  A bare number is refused. */
bool duration_parse(struct bytes, int64_t *ms);
/* The canonical form of the above, largest unit that divides it. */
void duration_print(int64_t ms, struct buf *);

/*
 * A point in time as ausearch(8) takes it: now, recent (10 min ago), today, yesterday, this-week,
 * boot, 7d (that long ago), 2026-11-22, 2026-11-22T01:02[:03][Z], 01:02:03.  Local time zone
 * unless Z.
 */
bool when_parse(struct bytes, struct rtime now, struct rtime *out);

#endif

/*
 * mode: audit or enforce, enforce on trial, and the stop limit.  The mode outlives the daemon in a file
 * that only root can reach.  The engine may tell the limit of its policy; it can never raise the mode.
 * No clock of its own and no waiting: who writes the file down is switch.c.
 */
#ifndef MONITOR_MODE_H
#define MONITOR_MODE_H

#include "base/clock.h"
#include "base/words.h"

#define STOP_LIMIT_DEFAULT 5
#define STOP_WINDOW_MS     (10 * 60 * 1000)
#define STOP_LIMIT_MAX     1024

#define MODE_FILE     "mode"
#define MODE_LINE_MAX 160

struct mode_keeper;

/* One moment on two clocks: people set the one, and the other ends with the boot. */
struct moment {
	struct rtime real;
	struct btime boot;
	char boot_id[37];
};

/* As the file is found. */
struct mode_found {
	bool kept;   /* there was one */
	bool lapsed; /* enforce on trial, and its time had passed: audit now */
	bool stale;  /* it does not say what is in force now */
};

/* dir: borrowed descriptor of the monitor's own directory; −1: nothing is kept.  A file that is there
 * but cannot be read as a mode counts as audit. */
struct mode_keeper *mode_open(int dir, enum mode first, const struct moment *now);
/* By mode_open(). */
const struct mode_found *mode_found(const struct mode_keeper *);
void mode_close(struct mode_keeper **);
enum mode mode_get(const struct mode_keeper *);
/* In force at once, and for good. */
void mode_set(struct mode_keeper *, enum mode);

/* Enforce, and after span_ms audit again unless it is confirmed. */
void mode_try(struct mode_keeper *, int64_t span_ms, const struct moment *now);
bool mode_on_trial(const struct mode_keeper *);
/* Until when, in this boot. */
struct btime mode_deadline(const struct mode_keeper *);
/* How long still; 0: it is over. */
int64_t mode_left(const struct mode_keeper *, struct btime now);
/* What started then, in this boot, started after the switch. */
bool mode_is_later(const struct mode_keeper *, struct btime start);

/* What the file is to say, without its newline. */
void mode_line(const struct mode_keeper *, char out[MODE_LINE_MAX]);

/* n users stopped in window_ms; n 0: no limit.  Above STOP_LIMIT_MAX counts as that. */
void mode_limit(struct mode_keeper *, unsigned n, int64_t window_ms);
/*
 * Asks to stop something of that login uid.  False: this would be one user more than the limit.  The limit
 * is there for a mistake in the policy, which hits many; one user who tries again and again is one stop a
 * window, or he could switch enforcement off.
 */
bool mode_may_stop(struct mode_keeper *, uint32_t auid, struct mtime now);
/* Users who were stopped within the window up to now. */
unsigned mode_stops(const struct mode_keeper *, struct mtime now);

#endif

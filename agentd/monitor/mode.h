/*
 * mode: audit or enforce, and the stop limit.  The mode outlives the daemon in a file that only root
 * can reach.  The engine may tell the limit of its policy; it can never raise the mode.
 */
#ifndef MONITOR_MODE_H
#define MONITOR_MODE_H

#include "base/clock.h"
#include "base/words.h"

#define STOP_LIMIT_DEFAULT 5
#define STOP_WINDOW_MS     (10 * 60 * 1000)
#define STOP_LIMIT_MAX     1024

struct mode_keeper;

/* dir: borrowed descriptor of the monitor's own directory; −1: nothing is kept.  A file that is there
 * but cannot be read as a mode counts as audit; *kept says whether there was one. */
struct mode_keeper *mode_open(int dir, enum mode first, bool *kept);
void mode_close(struct mode_keeper **);
enum mode mode_get(const struct mode_keeper *);
/* In force at once; 0, or −errno when it could not be kept. */
int mode_set(struct mode_keeper *, enum mode);
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

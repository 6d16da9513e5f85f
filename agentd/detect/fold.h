/*
 * fold: the same thing again is not news.  A bounded memory of keys: what came within its window is
 * counted, not told.  The oldest goes first when it is full.  Pure.
 */
#ifndef DETECT_FOLD_H
#define DETECT_FOLD_H

#include "base/clock.h"

#define FOLD_FOREVER INT64_MAX /* as long as the memory lasts */

struct fold;

struct fold *fold_new(size_t max);
void fold_free(struct fold **);
/* Was the key told within window_ms?  Changes nothing. */
bool fold_has(const struct fold *, uint64_t key, struct rtime now, int64_t window_ms);
/*
 * 0: the key was there within window_ms, and is counted.  Else how often it came since it was last
 * told, this time included; it is new now.  Out of memory: 1.
 */
unsigned fold_pass(struct fold *, uint64_t key, struct rtime now, int64_t window_ms);

#endif

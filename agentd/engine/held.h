/*
 * held: rulings that wait a moment for somebody's word before anything is done about them.  Engine process.
 */
#ifndef ENGINE_HELD_H
#define ENGINE_HELD_H

#include "agentd/engine/pipeline.h"

struct event_base;
struct held;

/* True: it is dealt with.  late: its time is up, and it is let go of whatever is returned. */
typedef bool held_fn(const struct ruling *, bool late, void *arg);

struct held *held_new(struct event_base *, int64_t wait_ms, held_fn *, void *arg);
void held_free(struct held **);
/* It is copied.  False: no room. */
bool held_put(struct held *, const struct ruling *);
/* Something was said: each is looked at again; late: for the last time. */
void held_again(struct held *, bool late);

#endif

/*
 * worker: one thread beside the loop, for work that may wait on a disk or a name service.  Jobs run one
 * after another in the order of posting; the queue has a cap.  A job owns what it touches while it
 * runs: nothing is shared but the queue.  The thread takes no signals and inherits the process's
 * seccomp filter.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "base/clock.h"

struct event_base;
struct worker;

/* In the thread. */
typedef void worker_run_fn(void *arg);
/* In the loop, after run; NULL: nothing to be told. */
typedef void worker_done_fn(void *arg);

/* name: at most 15 bytes, for ps.  NULL: no thread to be had. */
struct worker *worker_new(struct event_base *, const char *name, size_t max_queue);
/* False: the queue is full; arg is still the caller's and nothing will be called. */
bool worker_post(struct worker *, worker_run_fn *, worker_done_fn *, void *arg);
/* For how long the present job has been running; 0: idle. */
int64_t worker_busy_ms(struct worker *);
/*
 * wait_ms: how long what is queued may take.  A thread that does not come to its end by then is left
 * behind with its memory: the process is about to end.  False in that case.
 */
bool worker_free(struct worker **, int64_t wait_ms);

#endif

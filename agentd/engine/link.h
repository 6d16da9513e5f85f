/*
 * link: the engine's end of the packet pair to the monitor.  Sends requests, keeps those that wait for
 * a result with their deadlines, hands notices on.  Never blocks: what the pair does not take now waits
 * in a queue with a cap.
 */
#ifndef ENGINE_LINK_H
#define ENGINE_LINK_H

#include "agentd/monitor/request.h"
#include "base/clock.h"

#define LINK_FDS 2

struct event_base;
struct link;

/* fds: a handler that keeps a descriptor sets its slot to −1; the rest is closed. */
typedef void link_notice_fn(const struct notice *, int fds[LINK_FDS], void *arg);
/* The result of one request; NULL when none came in time, then fds are −1. */
typedef void link_result_fn(const struct notice *, int fds[LINK_FDS], void *arg);

struct link_events {
	link_notice_fn *notice; /* everything but results that somebody waits for */
	void (*gone)(void *arg); /* the monitor closed its end */
	void *arg;
};

/*
 * fd is borrowed, and in the engine nobody closes it: the monitor kills an engine whose end is closed, and by
 * then that has to have its exit status.  NULL: out of memory.
 */
struct link *link_new(struct event_base *, int fd, const struct link_events *);
/* Waiting requests are let go of without a call. */
void link_free(struct link **);
/* No result is waited for.  False: queue full, counted. */
bool link_send(struct link *, const struct request *);
/* The id is chosen here.  False: not sent and fn will not be called. */
bool link_ask(struct link *, struct request *, int64_t timeout_ms, link_result_fn *, void *arg);
/* The same with a descriptor, borrowed; never queued. */
bool link_ask_fd(struct link *, struct request *, int fd, int64_t timeout_ms, link_result_fn *, void *arg);
/*
 * The same with a body behind the request in its packet: an array of fixed-size records (grant.h) of at
 * most LINK_BODY_MAX bytes, copied.
 */
#define LINK_BODY_MAX 8192
bool link_ask_body(struct link *, struct request *, const void *body, size_t n, int64_t timeout_ms,
    link_result_fn *, void *arg);
/* Calls back those whose time is up.  Once a while, from a timer. */
void link_tick(struct link *, struct mtime now);

#endif

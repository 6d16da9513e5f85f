/*
 * table: every request that the engine can make: what it is called, what must hold, how often it may
 * come, and who handles it.  What is not in the table does not exist.
 */
#ifndef MONITOR_TABLE_H
#define MONITOR_TABLE_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/grant.h"

struct table;

/* What a handler says.  Descriptors are owned by the answer and closed once they were sent. */
struct answer {
	struct notice note; /* kind, id and result are filled by the table */
	int fds[2];
	int nfds;
	bool later; /* the handler answers by itself, when it is done */
};

/* A request with what follows it in its packet: n elements, as many as its kind may have. */
struct asked {
	const struct request *rq;
	const void *body;
	size_t n;
	int *fd; /* what came with it: *fd is −1 once it is taken; NULL: nothing did */
};

/* Of a packet: the largest body is that of REQ_PREFIXES. */
#define TABLE_BODY_MAX (GRANT_BATCH * sizeof(struct class_prefix))

struct table *table_new(void);
void table_free(struct table **);
/*
 * n bytes of body, aligned as malloc(3) aligns, and a descriptor (−1: none), which is closed.  False: no request
 * of this kind has so many, or has one; not heard.
 */
bool table_dispatch(struct monitor *, const struct request *, const void *body, size_t n, int fd);
/* An answer that was put off. */
void table_answer(struct monitor *, uint32_t id, enum result, uint64_t value);
/* The same, as a deed_fn. */
void table_deed_done(struct monitor *, uint32_t id, enum result, uint64_t n, void *unused);
/* A whole one: kind, id and mode are filled in.  The descriptors stay the caller's. */
void table_answer_with(struct monitor *, uint32_t id, const struct notice *, const int *fds, int nfds);

/*
 * What every action needs beside its own checks, asked last, right before it is done: the host is in
 * enforce mode, the cap holds, and the stop limit (which may put the host back to audit mode) too.
 */
enum result table_may_act(struct monitor *, const struct request *);
/* The stop limit alone, for what is done already.  False: it is reached, and the host is in audit mode. */
bool table_may_stop(struct monitor *, uint32_t auid);

/* The handlers; each in the file of its name. */
typedef enum result handler_fn(struct monitor *, const struct request *, struct answer *);
handler_fn handle_kill, handle_destroy, handle_terminate, handle_spare, handle_program, handle_owner,
    handle_audit, handle_source, handle_alive, handle_classes, handle_classes_done,
    handle_socket, handle_client, handle_isolate, handle_revoke, handle_guard, handle_holder;
/* Of those that have a body, or a descriptor. */
typedef enum result body_fn(struct monitor *, const struct asked *, struct answer *);
body_fn handle_prefixes, handle_ports, handle_grant, handle_say, handle_keys;

#endif

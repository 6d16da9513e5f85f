/*
 * open_event: one event that is being put together: its records in memory that grows and is used again,
 * what has come, and what its SYSCALL said would.  Pure; the assembler (event.c) alone uses it.
 */
#ifndef AUDIT_OPEN_EVENT_H
#define AUDIT_OPEN_EVENT_H

#include <sys/queue.h>

#include "agentd/audit/record.h"

/* What records of one event have in common. */
struct event_key {
	uint64_t serial;
	struct rtime time;
	struct bytes node;
};

struct open_event {
	/* the assembler's: where it hangs, and since when */
	TAILQ_ENTRY(open_event) age;
	struct open_event *next; /* in its bucket, or among the kept */
	unsigned list;
	int64_t since;

	struct event_key key;   /* node is in text */
	unsigned parts, wanted; /* enum part: come, and announced by SYSCALL */
	uint64_t paths, items;  /* PATH records: the same */
	struct record *rec;     /* owned, as text is; sliced by oev_slice() */
	size_t nrec, caprec;
	char *text; /* node, then name and body of each record */
	size_t ntext, captext;
};

static inline struct event_key
event_key_of(const struct record *r)
{
	return (struct event_key){.serial = r->serial, .time = r->time, .node = r->node};
}

static inline bool
event_key_eq(const struct event_key *a, const struct event_key *b)
{
	return a->serial == b->serial && a->time.ms == b->time.ms && bytes_eq(a->node, b->node);
}

/* An empty one begins.  False: no memory. */
bool oev_begin(struct open_event *, const struct event_key *);
/* False: the record is dropped, by ST_EVENT_RECORDS, ST_EVENT_BYTES or for want of memory. */
bool oev_add(struct open_event *, const struct record *);
/* All that was announced has come, and something was: a PROCTITLE may end it. */
bool oev_is_whole(const struct open_event *);
/* Its records may be all there is, though neither PROCTITLE nor EOE came. */
bool oev_needs_no_end(const struct open_event *);
/* Makes the slices of its records; they last until the next call of another function. */
void oev_slice(struct open_event *);
/* Bytes of memory that it holds. */
size_t oev_footprint(const struct open_event *);
/* Empties it and keeps its memory.  False: it has grown beyond what is worth keeping; free it. */
bool oev_reuse(struct open_event *);
void oev_free(struct open_event *);

#endif

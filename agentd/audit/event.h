/*
 * event: records that share node, time and serial, put together.  Pure: time comes with the records
 * or with aev_tick().  Bounded whatever arrives: ST_OPEN_EVENTS, ST_OPEN_BYTES, a time-out, and an
 * eviction of the oldest that is counted.  An event's records are copied once, into memory that is
 * used again.
 */
#ifndef AUDIT_EVENT_H
#define AUDIT_EVENT_H

#include "agentd/audit/record.h"

/* One assembled event.  Borrowed by the callback, gone when it returns. */
struct aev {
	uint64_t serial;
	struct rtime time;
	struct bytes node;
	const struct record *rec; /* in the order of arrival */
	size_t nrec;
	/*
	 * EOE ended it, or a PROCTITLE with all that SYSCALL announced, or it may stand alone.  False: its
	 * end did not come in time, or there was no room for it.
	 */
	bool complete;
};

struct aev_stats {
	uint64_t lines, bytes, malformed, records, events;
	uint64_t incomplete; /* ended by time-out or flush */
	uint64_t evicted;    /* pushed out by the caps */
	uint64_t cut;        /* records dropped from one over-long event */
	uint64_t late;       /* records whose event was gone already: they open a new one */
	uint64_t gaps, missing; /* holes in the serials that stayed, and the serials in them */
	uint64_t open, open_bytes, peak_bytes;
};

struct aev_assembler;

typedef void aev_fn(const struct aev *, void *arg);

/* NULL: out of memory. */
struct aev_assembler *aev_new(aev_fn *, void *arg);
void aev_free(struct aev_assembler **);
/* A line of text without newline; malformed ones are counted and passed over. */
void aev_line(struct aev_assembler *, struct bytes line);
void aev_record(struct aev_assembler *, const struct record *);
/*
 * Lets events older than ST_EVENT_TIMEOUT_MS go; live, called by a timer with the wall clock.  Without it
 * the records' own times tell the time.  A clock that is set back does no harm.
 */
void aev_tick(struct aev_assembler *, struct rtime now);
/* Ends all open events: end of input. */
void aev_flush(struct aev_assembler *);
const struct aev_stats *aev_stats_get(const struct aev_assembler *);

/*
 * Cuts a byte stream into lines; keeps an unfinished one between calls (at most ST_RECORD_MAX, a
 * longer one is counted as malformed and skipped to its newline).
 */
void aev_feed(struct aev_assembler *, const char *p, size_t n);

#endif

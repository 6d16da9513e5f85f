/*
 * event: see event.h.  Open events hang in a hash by serial and in one of two age lists: `open`, which
 * wait for their end, and `closing`, whose end has come while something that they announced has not.
 * Memory of a closed event is kept for the next one.  Runs wherever records are read.
 */
#include "agentd/audit/event.h"

#include <libaudit.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/gaps.h"
#include "agentd/audit/open_event.h"

#define BUCKETS      8192u /* powers of two */
#define REMEMBERED   4096u
#define KEPT_EVENTS  256u  /* closed ones whose memory is kept */
#define CLOSING_MS   100   /* how long what a PROCTITLE overtook may still take */
#define SET_BACK_MS  60000 /* records this much older than others: the clock was set back */
#define LEAP_MS      60000 /* what a leap forward counts at most: all that is open is over anyway */

enum waits { WAITS_OPEN, WAITS_CLOSING, WAITS_COUNT };

TAILQ_HEAD(event_list, open_event);

/* An event that is gone. */
struct memory {
	uint64_t serial; /* 0 with time 0: none */
	struct rtime time;
	uint64_t node;
};

struct aev_assembler {
	aev_fn *fn;
	void *arg;
	struct open_event *bucket[BUCKETS];
	struct event_list list[WAITS_COUNT]; /* oldest first */
	struct open_event *last;             /* the one that the record before went to */
	struct open_event *kept;
	unsigned nkept;
	struct memory remembered[REMEMBERED];

	/* The stream's own clock, which never goes back: it follows the records and the ticks. */
	int64_t now, settled;
	struct rtime latest;

	struct gaps gaps;
	bool has_node;
	char node[256]; /* whose serials are counted: that of the first record */

	char partial[ST_RECORD_MAX]; /* an unfinished line */
	size_t npartial;
	bool skipping; /* to the newline of an over-long line */
	struct aev_stats stats;
};

/*
 * Written by programs (1100–1199, 2100–2999) and by auditd itself (1200–1299), or by the kernel outside
 * any task: these carry a serial of their own (kernel/audit.c, audit_log_user_recv_msg()).
 */
static bool
stands_alone(uint16_t type)
{
	return (type >= AUDIT_FIRST_USER_MSG && type <= AUDIT_LAST_DAEMON) ||
	    (type >= AUDIT_KERNEL && type <= AUDIT_LAST_USER_MSG2) || type == AUDIT_USER;
}

/* --- the table -------------------------------------------------------------------------------- */

static struct open_event **
bucket_of(struct aev_assembler *a, const struct event_key *k)
{
	return &a->bucket[hash_u64(k->serial) & (BUCKETS - 1)];
}

static struct memory *
memory_of(struct aev_assembler *a, const struct event_key *k)
{
	return &a->remembered[k->serial & (REMEMBERED - 1)];
}

static bool
remembers(struct aev_assembler *a, const struct event_key *k)
{
	const struct memory *m = memory_of(a, k);

	return m->serial == k->serial && m->time.ms == k->time.ms && m->time.ms != 0 &&
	    m->node == (k->node.n > 0 ? bytes_hash(k->node) : 0);
}

static void
remember(struct aev_assembler *a, const struct event_key *k)
{
	*memory_of(a, k) = (struct memory){.serial = k->serial, .time = k->time,
	    .node = k->node.n > 0 ? bytes_hash(k->node) : 0};
}

static void
account(struct aev_assembler *a, size_t before, size_t after)
{
	a->stats.open_bytes += after - before;
	if (a->stats.open_bytes > a->stats.peak_bytes)
		a->stats.peak_bytes = a->stats.open_bytes;
}

/* Forgets what was in it; its memory stays, unless it has grown or there is enough. */
static void
event_recycle(struct aev_assembler *a, struct open_event *e)
{
	if (a->nkept == KEPT_EVENTS || !oev_reuse(e)) {
		oev_free(e);
		return;
	}
	e->next = a->kept;
	a->kept = e;
	a->nkept++;
}

static void
unlink_event(struct aev_assembler *a, struct open_event *e)
{
	struct open_event **at = bucket_of(a, &e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	TAILQ_REMOVE(&a->list[e->list], e, age);
	if (a->last == e)
		a->last = NULL;
	a->stats.open--;
	account(a, oev_footprint(e), 0);
}

static void
deliver(struct aev_assembler *a, const struct event_key *k, const struct record *rec, size_t nrec,
    bool complete)
{
	struct aev ev = {.serial = k->serial, .time = k->time, .node = k->node, .rec = rec,
	    .nrec = nrec, .complete = complete};

	a->stats.events++;
	a->fn(&ev, a->arg);
}

/* The end of an event, whatever the reason. */
static void
close_event(struct aev_assembler *a, struct open_event *e, bool complete)
{
	unlink_event(a, e);
	remember(a, &e->key);
	oev_slice(e);
	if (e->nrec > 0)
		deliver(a, &e->key, e->rec, e->nrec, complete);
	event_recycle(a, e);
}

/* Time-out, or the end of input. */
static void
give_up(struct aev_assembler *a, struct open_event *e)
{
	bool complete = oev_needs_no_end(e);

	if (!complete)
		a->stats.incomplete++;
	close_event(a, e, complete);
}

static void
evict_oldest(struct aev_assembler *a)
{
	struct open_event *e = TAILQ_FIRST(&a->list[WAITS_OPEN]);

	if (e == NULL)
		e = TAILQ_FIRST(&a->list[WAITS_CLOSING]);
	a->stats.evicted++;
	close_event(a, e, false);
}

static struct open_event *
find_event(struct aev_assembler *a, const struct event_key *k)
{
	struct open_event *e = a->last;

	if (e != NULL && event_key_eq(&e->key, k))
		return e;
	for (e = *bucket_of(a, k); e != NULL; e = e->next)
		if (event_key_eq(&e->key, k))
			break;
	return e;
}

/* NULL: no memory. */
static struct open_event *
event_alloc(struct aev_assembler *a)
{
	struct open_event *e = a->kept;

	if (e == NULL)
		return calloc(1, sizeof(*e));
	a->kept = e->next;
	a->nkept--;
	e->next = NULL;
	return e;
}

static struct open_event *
event_open(struct aev_assembler *a, const struct event_key *k)
{
	struct open_event *e = event_alloc(a);

	if (e == NULL || !oev_begin(e, k)) {
		oev_free(e);
		return NULL;
	}
	e->list = WAITS_OPEN;
	e->since = a->now;

	struct open_event **at = bucket_of(a, k);

	e->next = *at;
	*at = e;
	TAILQ_INSERT_TAIL(&a->list[WAITS_OPEN], e, age);
	a->stats.open++;
	account(a, 0, oev_footprint(e));
	return e;
}

/* --- time ------------------------------------------------------------------------------------- */

static void
expire(struct aev_assembler *a, enum waits which, int64_t limit)
{
	struct open_event *e;

	while ((e = TAILQ_FIRST(&a->list[which])) != NULL && a->now - e->since > limit)
		give_up(a, e);
}

static void
publish_gaps(struct aev_assembler *a)
{
	a->stats.gaps = a->gaps.holes;
	a->stats.missing = a->gaps.missing;
}

/* What the stream says of the time: only how far it moved counts, and only forward. */
static void
follow_clock(struct aev_assembler *a, struct rtime t)
{
	int64_t step = a->latest.ms != 0 ? rtime_since(t, a->latest) : 0;

	if (a->latest.ms == 0 || step > 0 || step < -SET_BACK_MS)
		a->latest = t;
	if (step <= 0)
		return;
	a->now += step < LEAP_MS ? step : LEAP_MS;
	expire(a, WAITS_CLOSING, CLOSING_MS);
	expire(a, WAITS_OPEN, ST_EVENT_TIMEOUT_MS);
	if (a->now - a->settled > ST_EVENT_TIMEOUT_MS) {
		gaps_settle(&a->gaps);
		publish_gaps(a);
		a->settled = a->now;
	}
}

/* --- records come in -------------------------------------------------------------------------- */

/* auditd counts its own records (DAEMON_…) apart; the serials of other hosts are theirs. */
static void
count_serial(struct aev_assembler *a, const struct record *r)
{
	if (!a->has_node) {
		a->has_node = true;
		(void)bytes_copy(r->node, a->node, sizeof(a->node));
	}
	if (r->type >= AUDIT_FIRST_DAEMON && r->type <= AUDIT_LAST_DAEMON)
		return;
	if (!bytes_is(r->node, a->node))
		return;
	gaps_seen(&a->gaps, (uint32_t)r->serial, r->time);
}

static void
put_record(struct aev_assembler *a, struct open_event *e, const struct record *r)
{
	size_t before = oev_footprint(e);

	if (!oev_add(e, r))
		a->stats.cut++;
	account(a, before, oev_footprint(e));
}

/* Its PROCTITLE came before all the rest did. */
static void
begin_closing(struct aev_assembler *a, struct open_event *e)
{
	TAILQ_REMOVE(&a->list[e->list], e, age);
	e->list = WAITS_CLOSING;
	e->since = a->now;
	TAILQ_INSERT_TAIL(&a->list[WAITS_CLOSING], e, age);
}

static void
make_room(struct aev_assembler *a)
{
	while (a->stats.open > ST_OPEN_EVENTS || a->stats.open_bytes > ST_OPEN_BYTES)
		evict_oldest(a);
}

/* A record of an event of several. */
static void
assemble(struct aev_assembler *a, const struct record *r)
{
	struct event_key k = event_key_of(r);
	struct open_event *e = find_event(a, &k);

	if (r->type == AUDIT_EOE) {
		if (e != NULL)
			close_event(a, e, true);
		return;
	}
	if (e == NULL) {
		if (remembers(a, &k))
			a->stats.late++;
		e = event_open(a, &k);
	}
	if (e == NULL) {
		a->stats.cut++;
		return;
	}
	a->last = e;
	put_record(a, e, r);
	if (r->type == AUDIT_PROCTITLE && e->list == WAITS_OPEN && !oev_is_whole(e))
		begin_closing(a, e);
	else if (oev_is_whole(e) && (r->type == AUDIT_PROCTITLE || e->list == WAITS_CLOSING))
		close_event(a, e, true);
	make_room(a);
}

void
aev_record(struct aev_assembler *a, const struct record *r)
{
	a->stats.records++;
	count_serial(a, r);
	follow_clock(a, r->time);
	if (stands_alone(r->type)) {
		struct event_key k = event_key_of(r);

		deliver(a, &k, r, 1, true);
	} else
		assemble(a, r);
}

void
aev_line(struct aev_assembler *a, struct bytes line)
{
	struct record r;

	a->stats.lines++;
	a->stats.bytes += line.n;
	switch (record_parse(line, &r)) {
	case RECORD_OK:
		aev_record(a, &r);
		break;
	case RECORD_EMPTY:
		break;
	default:
		a->stats.malformed++;
	}
}

/* The first part of a line whose newline is still to come. */
static void
keep_partial(struct aev_assembler *a, struct bytes part)
{
	if (a->skipping)
		return;
	if (part.n > sizeof(a->partial) - a->npartial) {
		a->stats.malformed++;
		a->skipping = true;
		a->npartial = 0;
		return;
	}
	memcpy(a->partial + a->npartial, part.p, part.n);
	a->npartial += part.n;
}

static void
end_partial(struct aev_assembler *a)
{
	if (!a->skipping)
		aev_line(a, (struct bytes){.p = a->partial, .n = a->npartial});
	a->skipping = false;
	a->npartial = 0;
}

void
aev_feed(struct aev_assembler *a, const char *p, size_t n)
{
	const char *end = p + n, *newline;

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));

		struct bytes part = {.p = p, .n = (size_t)((newline != NULL ? newline : end) - p)};

		if (newline != NULL && a->npartial == 0 && !a->skipping) {
			aev_line(a, part);
			continue;
		}
		if (part.n > 0)
			keep_partial(a, part);
		if (newline == NULL)
			break;
		end_partial(a);
	}
}

void
aev_tick(struct aev_assembler *a, struct rtime now)
{
	follow_clock(a, now);
}

void
aev_flush(struct aev_assembler *a)
{
	if (a->npartial > 0)
		end_partial(a);
	a->skipping = false;
	for (unsigned i = WAITS_COUNT; i-- > 0;)
		while (!TAILQ_EMPTY(&a->list[i]))
			give_up(a, TAILQ_FIRST(&a->list[i]));
	gaps_flush(&a->gaps);
	publish_gaps(a);
}

/* --- life ------------------------------------------------------------------------------------- */

struct aev_assembler *
aev_new(aev_fn *fn, void *arg)
{
	struct aev_assembler *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->fn = fn;
	a->arg = arg;
	for (unsigned i = 0; i < WAITS_COUNT; i++)
		TAILQ_INIT(&a->list[i]);
	return a;
}

void
aev_free(struct aev_assembler **pa)
{
	struct aev_assembler *a = *pa;
	struct open_event *e;

	if (a == NULL)
		return;
	for (unsigned i = 0; i < WAITS_COUNT; i++)
		while ((e = TAILQ_FIRST(&a->list[i])) != NULL) {
			TAILQ_REMOVE(&a->list[i], e, age);
			oev_free(e);
		}
	while ((e = a->kept) != NULL) {
		a->kept = e->next;
		oev_free(e);
	}
	free(a);
	*pa = NULL;
}

const struct aev_stats *
aev_stats_get(const struct aev_assembler *a)
{
	return &a->stats;
}

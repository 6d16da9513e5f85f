/*
 * event: see event.h.  Open events hang in a hash by serial and in one of two age lists: `open`, which
 * wait for their end, and `closing`, whose end has come while something that they announced has not.
 * Memory of a closed event is kept for the next one.  Runs wherever records are read.
 */
#include "agentd/audit/event.h"

#include <sys/queue.h>
#include <libaudit.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/gaps.h"
#include "agentd/audit/syscalls.h"

#define BUCKETS      8192u /* powers of two */
#define REMEMBERED   4096u
#define KEPT_EVENTS  256u  /* closed ones whose memory is kept */
#define FIRST_TEXT   4096u /* room that nearly every event finds enough; what grew is not kept */
#define FIRST_RECS   16u
#define CLOSING_MS   100   /* how long what a PROCTITLE overtook may still take */
#define SET_BACK_MS  60000 /* records this much older than others: the clock was set back */

#ifndef AUDIT_URINGOP
#define AUDIT_URINGOP 1336
#endif

enum waits { WAITS_OPEN, WAITS_CLOSING, WAITS_COUNT };

enum part { /* what an event has */
	PART_SYSCALL = 1u << 0,
	PART_URING = 1u << 1,
	PART_SOCKADDR = 1u << 2,
	PART_EXECVE = 1u << 3,
	PART_DETAIL = 1u << 4, /* a record that is never without a SYSCALL or URINGOP */
	PART_CUT = 1u << 5,
};

struct key {
	uint64_t serial;
	struct rtime time;
	struct bytes node;
};

struct open_event {
	TAILQ_ENTRY(open_event) age;
	struct open_event *next; /* in its bucket, or among the kept */
	struct key key;          /* node is in text */
	enum waits waits;
	int64_t since;           /* on the assembler's clock: when it began to wait */
	unsigned parts, wanted;  /* enum part: come, and announced by SYSCALL */
	uint64_t paths, items;   /* PATH records: the same */
	struct record *rec;      /* owned, as text is */
	size_t nrec, caprec;
	char *text;         /* node, then name and body of each record */
	size_t ntext, captext;
};
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

/* --- what a record type means for its event --------------------------------------------------- */

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

/* Records that kernel/auditsc.c, audit_log_exit(), puts behind a SYSCALL or URINGOP. */
static bool
is_detail(uint16_t type)
{
	switch (type) {
	case AUDIT_PATH:
	case AUDIT_SOCKETCALL:
	case AUDIT_SOCKADDR:
	case AUDIT_CWD:
	case AUDIT_EXECVE:
	case AUDIT_BPRM_FCAPS:
	case AUDIT_PROCTITLE:
		return true;
	default:
		return false;
	}
}

/*
 * The kernel ends a syscall's event with PROCTITLE and EOE; log files have no EOE.  A PROCTITLE ends
 * an event of which all that was announced is here: else some may still be under way.
 */
static bool
is_whole(const struct open_event *e)
{
	return (e->parts & PART_SYSCALL) != 0 && (e->parts & e->wanted) == e->wanted &&
	    e->paths >= e->items;
}

/* LOGIN, BPF, CONFIG_CHANGE … may or may not come with a SYSCALL; URINGOP has no PROCTITLE. */
static bool
needs_no_end(const struct open_event *e)
{
	if ((e->parts & (PART_SYSCALL | PART_CUT)) != 0)
		return false;
	return (e->parts & PART_DETAIL) == 0 || (e->parts & PART_URING) != 0;
}

/* --- the table -------------------------------------------------------------------------------- */

static struct key
key_of(const struct record *r)
{
	return (struct key){.serial = r->serial, .time = r->time, .node = r->node};
}

static bool
key_eq(const struct key *a, const struct key *b)
{
	return a->serial == b->serial && a->time.ms == b->time.ms && bytes_eq(a->node, b->node);
}

static struct open_event **
bucket_of(struct aev_assembler *a, const struct key *k)
{
	return &a->bucket[hash_u64(k->serial) & (BUCKETS - 1)];
}

static struct memory *
memory_of(struct aev_assembler *a, const struct key *k)
{
	return &a->remembered[k->serial & (REMEMBERED - 1)];
}

static bool
remembers(struct aev_assembler *a, const struct key *k)
{
	const struct memory *m = memory_of(a, k);

	return m->serial == k->serial && m->time.ms == k->time.ms && m->time.ms != 0 &&
	    m->node == (k->node.n > 0 ? bytes_hash(k->node) : 0);
}

static void
remember(struct aev_assembler *a, const struct key *k)
{
	*memory_of(a, k) = (struct memory){.serial = k->serial, .time = k->time,
	    .node = k->node.n > 0 ? bytes_hash(k->node) : 0};
}

static size_t
footprint(const struct open_event *e)
{
	return sizeof(*e) + e->caprec * sizeof(*e->rec) + e->captext;
}

static void
account(struct aev_assembler *a, size_t before, size_t after)
{
	a->stats.open_bytes += after - before;
	if (a->stats.open_bytes > a->stats.peak_bytes)
		a->stats.peak_bytes = a->stats.open_bytes;
}

static void
event_free(struct open_event *e)
{
	if (e == NULL)
		return;
	free(e->rec);
	free(e->text);
	free(e);
}

/* Forgets what was in it; its memory stays, unless it has grown or there is enough. */
static void
event_recycle(struct aev_assembler *a, struct open_event *e)
{
	if (a->nkept == KEPT_EVENTS || e->captext > FIRST_TEXT || e->caprec > FIRST_RECS) {
		event_free(e);
		return;
	}
	*e = (struct open_event){.rec = e->rec, .caprec = e->caprec, .text = e->text,
	    .captext = e->captext, .next = a->kept};
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
	TAILQ_REMOVE(&a->list[e->waits], e, age);
	if (a->last == e)
		a->last = NULL;
	a->stats.open--;
	account(a, footprint(e), 0);
}

/*
 * Text holds the node, then name and body of each record, in order: so that it may move while it
 * grows, the slices are made now.
 */
static void
slice_records(struct open_event *e)
{
	const char *p = e->text + e->key.node.n;

	for (size_t i = 0; i < e->nrec; i++) {
		struct record *r = &e->rec[i];

		r->node = e->key.node;
		r->type_name.p = p;
		p += r->type_name.n;
		r->body.p = p;
		p += r->body.n;
	}
}

static void
deliver(struct aev_assembler *a, const struct key *k, const struct record *rec, size_t nrec,
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
	slice_records(e);
	deliver(a, &e->key, e->rec, e->nrec, complete);
	event_recycle(a, e);
}

/* Time-out, or the end of input. */
static void
give_up(struct aev_assembler *a, struct open_event *e)
{
	bool complete = needs_no_end(e);

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
find_event(struct aev_assembler *a, const struct key *k)
{
	struct open_event *e = a->last;

	if (e != NULL && key_eq(&e->key, k))
		return e;
	for (e = *bucket_of(a, k); e != NULL; e = e->next)
		if (key_eq(&e->key, k))
			break;
	return e;
}

/* --- memory of one event ---------------------------------------------------------------------- */

static bool
text_room(struct open_event *e, size_t n)
{
	size_t cap = e->captext > 0 ? e->captext : FIRST_TEXT;

	while (cap - e->ntext < n)
		cap *= 2;
	if (cap == e->captext)
		return true;

	char *text = realloc(e->text, cap);

	if (text == NULL)
		return false;
	e->text = text;
	e->captext = cap;
	e->key.node.p = text;
	return true;
}

static bool
record_room(struct open_event *e)
{
	size_t cap = e->caprec > 0 ? e->caprec * 2 : FIRST_RECS;

	if (e->nrec < e->caprec)
		return true;

	struct record *rec = realloc(e->rec, cap * sizeof(*rec));

	if (rec == NULL)
		return false;
	e->rec = rec;
	e->caprec = cap;
	return true;
}

static void
text_put(struct open_event *e, struct bytes b)
{
	if (b.n > 0)
		memcpy(e->text + e->ntext, b.p, b.n);
	e->ntext += b.n;
}

/* An argv of megabytes may fill half of the room only: CWD and PATH come behind it and matter. */
static bool
within_limits(const struct open_event *e, const struct record *r, size_t n)
{
	size_t share = r->type == AUDIT_EXECVE ? 2 : 1;

	return e->nrec < ST_EVENT_RECORDS / share && e->ntext + n <= ST_EVENT_BYTES / share;
}

static bool
append_record(struct open_event *e, const struct record *r)
{
	size_t n = r->type_name.n + r->body.n;

	if (!within_limits(e, r, n) || !text_room(e, n) || !record_room(e))
		return false;
	text_put(e, r->type_name);
	text_put(e, r->body);
	e->rec[e->nrec++] = *r;
	return true;
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
event_open(struct aev_assembler *a, const struct key *k)
{
	struct open_event *e = event_alloc(a);

	if (e == NULL || !text_room(e, k->node.n + 1) || !record_room(e)) {
		event_free(e);
		return NULL;
	}
	text_put(e, k->node);
	e->key = (struct key){.serial = k->serial, .time = k->time,
	    .node = {.p = e->text, .n = k->node.n}};
	e->waits = WAITS_OPEN;
	e->since = a->now;

	struct open_event **at = bucket_of(a, k);

	e->next = *at;
	*at = e;
	TAILQ_INSERT_TAIL(&a->list[WAITS_OPEN], e, age);
	a->stats.open++;
	account(a, 0, footprint(e));
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
	a->now += step;
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

/* What a SYSCALL says first: arch, syscall, success, exit, a0–a3, items. */
struct announcement {
	uint64_t arch, number, a0, items;
	bool success;
};

static struct announcement
announcement_of(const struct record *r)
{
	struct announcement a = {0};
	struct field_iter it;
	struct field f;

	field_iter_init(&it, r->body);
	while (field_next(&it, &f))
		if (bytes_is(f.name, "arch"))
			(void)bytes_hex64(f.value, &a.arch);
		else if (bytes_is(f.name, "syscall"))
			(void)bytes_u64(f.value, &a.number);
		else if (bytes_is(f.name, "success"))
			a.success = bytes_is(f.value, "yes");
		else if (bytes_is(f.name, "a0"))
			(void)bytes_hex64(f.value, &a.a0);
		else if (bytes_is(f.name, "items")) {
			(void)bytes_u64(f.value, &a.items);
			break;
		}
	return a;
}

/*
 * items=N: so many PATH records follow.  Some calls do not come without another record, unless
 * something else (LOGIN, EVENT_LISTENER …) is why they are written: then no details were kept.
 */
static void
note_announcement(struct open_event *e, const struct record *r)
{
	struct announcement a = announcement_of(r);
	enum call call = call_of_syscall((uint32_t)a.arch, (uint32_t)a.number);

	e->items = a.items;
	if (e->nrec > 0)
		return;
	if (call == CALL_SOCKETCALL)
		call = call_of_socketcall(a.a0);
	if (call == CALL_CONNECT || call == CALL_BIND)
		e->wanted |= PART_SOCKADDR;
	else if (call == CALL_EXEC && a.success)
		e->wanted |= PART_EXECVE;
}

static void
note_part(struct open_event *e, const struct record *r)
{
	switch (r->type) {
	case AUDIT_SYSCALL:
		e->parts |= PART_SYSCALL;
		note_announcement(e, r);
		break;
	case AUDIT_URINGOP:
		e->parts |= PART_URING;
		break;
	case AUDIT_SOCKADDR:
		e->parts |= PART_SOCKADDR;
		break;
	case AUDIT_EXECVE:
		e->parts |= PART_EXECVE;
		break;
	case AUDIT_PATH:
		e->paths++;
		break;
	}
	if (is_detail(r->type))
		e->parts |= PART_DETAIL;
}

static void
put_record(struct aev_assembler *a, struct open_event *e, const struct record *r)
{
	size_t before = footprint(e);

	note_part(e, r);
	if (!append_record(e, r)) {
		e->parts |= PART_CUT;
		a->stats.cut++;
	}
	account(a, before, footprint(e));
}

/* Its PROCTITLE came before all the rest did. */
static void
begin_closing(struct aev_assembler *a, struct open_event *e)
{
	TAILQ_REMOVE(&a->list[e->waits], e, age);
	e->waits = WAITS_CLOSING;
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
	struct key k = key_of(r);
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
	if (r->type == AUDIT_PROCTITLE && e->waits == WAITS_OPEN && !is_whole(e))
		begin_closing(a, e);
	else if (is_whole(e) && (r->type == AUDIT_PROCTITLE || e->waits == WAITS_CLOSING))
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
		struct key k = key_of(r);

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
			event_free(e);
		}
	while ((e = a->kept) != NULL) {
		a->kept = e->next;
		event_free(e);
	}
	free(a);
	*pa = NULL;
}

const struct aev_stats *
aev_stats_get(const struct aev_assembler *a)
{
	return &a->stats;
}

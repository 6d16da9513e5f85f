/* gates: see gates.h. */
#include "agentd/engine/gates.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <stdlib.h>

#include "agentd/detect/gated.h"
#include "agentd/engine/failures.h"
#include "agentd/host/table.h"
#include "agentd/monitor/grant.h"
#include "base/report_addr.h"

#define NEAR_MS      1500   /* one event, by two clocks: when a call began, and when the gate was passed */
#define KEEP_MS      30000  /* a finding may ripen for some seconds */
#define TELL_MS      5000   /* audit has had its time */
#define NAME_MS      8000   /* and the detectors theirs: a client that waits for a name takes 6 s */
#define PASSED_MS    3000   /* records that are so much later have come: events wait 2 s for their rest */
#define ACCUSE_MS    12000  /* the kernel's counter of lost records is looked at each 10 s */
#define BLOCKED_MS   150000 /* a connect that is not refused tells when it returns: SYNs are sent for 127 s */
#define GIVE_UP_MS   300000 /* nothing later ever came */

/* From the first to the last of what came one soon after the other; ms 0: nothing did. */
struct span {
	struct rtime from, to;
};

/*
 * One process and one destination: what audit told of it, and what a gate saw.  A Unix socket counts by its
 * inode; the record of one that was refused by its path has none, so each is there without inode, too.
 */
struct seen {
	struct table_link by_key;
	TAILQ_ENTRY(seen) in_order; /* last touched last */
	TAILQ_ENTRY(seen) waits;    /* in order of .first, while .waits_for something */
	uint64_t key;
	struct rtime touched;
	struct rtime told;          /* by audit, last; RTIME_NONE: never */
	struct rtime named;         /* by a finding, of that time */
	struct span acted;          /* by a gate: what .act says */
	struct gate_act act;
	struct rtime burst;         /* of a whole session: when one began, as many as it has, and */
	unsigned in_burst;          /* when some of it were not told one by one */
	struct span flooded;
	unsigned waits_for;         /* enum waits_for */
	bool told_by_gate;          /* the activity has been, for want of a record */
	struct rtime first;         /* of those that wait */
	unsigned count;
	struct gated what;          /* the first; no path */
};
enum waits_for {
	WAITS_RECORD = 1u << 0,  /* audit has not told */
	WAITS_FINDING = 1u << 1, /* something was stopped, and no finding speaks of it */
};
TAILQ_HEAD(seen_list, seen);

struct gates {
	struct detect *detect; /* borrowed */
	struct host *host;     /* borrowed */
	struct table keys;
	struct seen_list order, waits;
	struct rtime newest;   /* that audit told of */
	struct rtime lossy;    /* records were lost then, or pushed out here */
	uint64_t lost;
	struct gates_audit audit;
	struct gates_stats stats;
};

/* --- who and where ------------------------------------------------------------------------------------ */

struct where {
	uint32_t pid, kind; /* enum gated_kind */
	uint32_t ses;       /* 0: it goes by the process */
	struct endpoint to;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

/* connect(2) to no address goes to this host. */
static struct endpoint
real_end(struct endpoint e)
{
	if (!addr_is_any(e.addr))
		return e;
	if (e.addr.family == 4)
		e.addr.b[0] = 127;
	e.addr.b[e.addr.family == 4 ? 3 : 15] = 1;
	return e;
}

/* Member by member: padding is anything. */
static uint64_t
key_of(const struct where *w)
{
	struct {
		uint64_t inode;
		uint32_t pid, ses, kind, dev_major, dev_minor;
		struct addr addr;
		uint16_t port;
	} key;
	const struct endpoint to = real_end(w->to);

	memset(&key, 0, sizeof(key));
	key.inode = w->inode;
	key.pid = w->pid;
	key.ses = w->ses;
	key.kind = w->kind;
	key.dev_major = w->dev_major;
	key.dev_minor = w->dev_minor;
	key.addr = to.addr;
	key.port = to.port;
	return bytes_hash((struct bytes){.p = (const char *)&key, .n = sizeof(key)});
}

static struct where
without_inode(struct where w)
{
	w.inode = 0;
	w.dev_major = w.dev_minor = 0;
	return w;
}

/* All that a session was refused over TCP: it goes neither by process nor by destination. */
static struct where
of_session(uint32_t ses)
{
	return (struct where){.kind = GATED_TCP, .ses = ses};
}

static struct seen *
find(const struct gates *g, const struct where *w)
{
	const uint64_t key = key_of(w);

	for (struct table_link *l = table_first(&g->keys, key); l != NULL; l = table_next(l)) {
		struct seen *s = TABLE_ENTRY(l, struct seen, by_key);

		if (s->key == key)
			return s;
	}
	return NULL;
}

static void
stop_waiting(struct gates *g, struct seen *s, unsigned what)
{
	if (s->waits_for == 0)
		return;
	s->waits_for &= ~what;
	if (s->waits_for != 0)
		return;
	TAILQ_REMOVE(&g->waits, s, waits);
	s->told_by_gate = false;
	s->count = 0;
}

static void
drop(struct gates *g, struct seen *s)
{
	stop_waiting(g, s, ~0u);
	table_del(&g->keys, &s->by_key);
	TAILQ_REMOVE(&g->order, s, in_order);
	free(s);
}

/* What is pushed out while it may still be asked for is a gap in what is known. */
static void
make_room(struct gates *g, struct rtime now)
{
	struct seen *oldest = TAILQ_FIRST(&g->order);

	if (g->keys.n < ST_GATE_SEEN || oldest == NULL)
		return;
	if (rtime_since(now, oldest->touched) < KEEP_MS || oldest->waits_for != 0) {
		failure_note(FAIL_GATE_CAP);
		g->stats.dropped++;
		g->lossy = now;
	}
	drop(g, oldest);
}

/* NULL: out of memory. */
static struct seen *
touch(struct gates *g, const struct where *w, struct rtime now)
{
	struct seen *s = find(g, w);

	if (s != NULL) {
		TAILQ_REMOVE(&g->order, s, in_order);
	} else {
		make_room(g, now);
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return NULL;
		s->key = key_of(w);
		table_add(&g->keys, &s->by_key, s->key);
	}
	TAILQ_INSERT_TAIL(&g->order, s, in_order);
	if (now.ms > s->touched.ms)
		s->touched = now;
	return s;
}

static void
keep(struct gates *g, struct seen *s, struct rtime now)
{
	TAILQ_REMOVE(&g->order, s, in_order);
	TAILQ_INSERT_TAIL(&g->order, s, in_order);
	s->touched = now;
}

static bool
is_near(struct rtime a, struct rtime b)
{
	const int64_t apart = rtime_since(a, b);

	return a.ms != 0 && b.ms != 0 && apart <= NEAR_MS && apart >= -NEAR_MS;
}

/* A finding may come when its process has tried again: what was done about it is not forgotten by that. */
static void
span_add(struct span *s, struct rtime when)
{
	if (s->to.ms == 0 || rtime_since(when, s->to) > NAME_MS)
		s->from = when;
	s->to = when;
}

static bool
span_covers(const struct span *s, struct rtime when)
{
	return s->to.ms != 0 && rtime_since(when, s->from) >= -NEAR_MS && rtime_since(when, s->to) <= NEAR_MS;
}

/* --- what the gate saw ----------------------------------------------------------------------------------- */

static enum gate_event
event_of(const struct notice *n)
{
	return (enum gate_event)(n->flags & 0xff);
}

static enum grant_verdict
verdict_of(const struct notice *n)
{
	return (enum grant_verdict)(n->flags >> 8 & 0xff);
}

static const enum gated_kind kinds[] = {
	[GATE_TCP] = GATED_TCP,
	[GATE_UNIX] = GATED_SOCKET,
	[GATE_EXEC] = GATED_EXEC,
};

static struct gated
gated_of(const struct notice *n)
{
	return (struct gated){
		.kind = kinds[event_of(n)],
		.time = {.ms = (int64_t)n->value},
		.pid = n->pid,
		.ses = n->id,
		.auid = n->auid,
		.uid = n->uid,
		.relay = (n->flags & GATEN_RELAY) != 0,
		.mux = (n->flags & GATEN_MUX) != 0,
		.stopped = (n->flags & (GATEN_REFUSED | GATEN_KILLED)) != 0,
		.isolated = (n->flags & GATEN_ISOLATED) != 0,
		.before = (n->flags & GATEN_BEFORE) != 0,
		.to = endpoint_of(&n->peer),
		.un = {.has_inode = n->inode != 0, .inode = n->inode, .dev_major = n->dev_major,
		    .dev_minor = n->dev_minor, .ouid = UINT32_MAX},
		.count = 1 + (unsigned)n->start_ticks,
	};
}

static struct where
where_of(const struct gated *w)
{
	return (struct where){.pid = w->pid, .kind = w->kind, .to = w->to, .inode = w->un.inode,
	    .dev_major = w->un.dev_major, .dev_minor = w->un.dev_minor};
}

/*
 * A connection that is refused never was.  One that is killed in connect(2) has been for a moment, and so
 * has one of sshd's, which the monitor cuts: that is a reaction.
 */
static bool
act_of(const struct notice *n, struct gate_act *out)
{
	const enum gate_event event = event_of(n);

	out->ses = n->ses;
	out->isolated = (n->flags & GATEN_ISOLATED) != 0;
	out->before = (n->flags & GATEN_BEFORE) != 0;
	out->level = event == GATE_UNIX || out->before ? LEVEL_REACT : LEVEL_PREVENT;
	if (out->before) {
		out->done = n->result == RES_OK ? DONE_CUT : DONE_FAILED;
		return true;
	}
	if ((n->flags & GATEN_REFUSED) != 0) {
		out->done = DONE_REFUSED;
		out->level = LEVEL_PREVENT;
		return true;
	}
	out->done = (n->flags & GATEN_KILLED) != 0 ? DONE_KILLED : DONE_CUT;
	return (n->flags & GATEN_KILLED) != 0 ||
	    (event == GATE_UNIX && (n->flags & GATEN_RELAY) != 0 && verdict_of(n) == GRANT_DENY);
}

static void
wait_for(struct gates *g, struct seen *s, const struct gated *w, unsigned what)
{
	if (what == 0)
		return;
	s->count += w->count;
	if (s->waits_for == 0) {
		s->first = w->time;
		s->what = *w;
		TAILQ_INSERT_TAIL(&g->waits, s, waits);
	}
	s->waits_for |= what;
}

/* NULL: out of memory. */
static struct seen *
note_act(struct gates *g, const struct notice *n, const struct where *where, struct rtime when)
{
	struct seen *s = touch(g, where, when);
	struct gate_act act;

	if (s != NULL && act_of(n, &act)) {
		span_add(&s->acted, when);
		s->act = act;
	}
	return s;
}

static void
take(struct gates *g, const struct notice *n, const struct where *where, const struct gated *w)
{
	struct seen *s = note_act(g, n, where, w->time);
	unsigned waits_for = 0;

	if (s == NULL)
		return;
	if (!is_near(s->told, w->time) && s->told.ms < w->time.ms)
		waits_for |= WAITS_RECORD;
	if (w->stopped && !is_near(s->named, w->time))
		waits_for |= WAITS_FINDING;
	wait_for(g, s, w, waits_for);
}

/* BPF tells a few of one session's in a second one by one, whichever processes and places those are of. */
static void
note_burst(struct gates *g, const struct notice *n, const struct gated *w)
{
	const struct where where = of_session(w->ses);
	struct seen *s = note_act(g, n, &where, w->time);

	if (s == NULL)
		return;
	if (rtime_since(w->time, s->burst) >= 1000) {
		s->burst = w->time;
		s->in_burst = 0;
	}
	if (++s->in_burst >= GATE_TELL || n->start_ticks > 0)
		span_add(&s->flooded, w->time);
}

/* Of those that BPF did not tell one by one as many were refused as are of this kind. */
static void
count(struct gates *g, const struct notice *n)
{
	struct session *s = host_session(g->host, n->ses);
	const uint64_t refused = (n->flags & GATEN_REFUSED) != 0 ? 1 + n->start_ticks : 0;

	g->stats.refused += refused;
	g->stats.killed += (n->flags & GATEN_KILLED) != 0;
	if (s != NULL)
		s->refused += refused;
}

/* Audit has told of it long ago, or never will. */
static void
saw_before(struct gates *g, const struct notice *n)
{
	const struct gated w = gated_of(n);
	const struct where where = where_of(&w);

	if (note_act(g, n, &where, w.time) != NULL)
		detect_gated(g->detect, &w);
}

void
gates_saw(struct gates *g, const struct notice *n)
{
	struct gated w;
	struct where where, by_path;

	g->stats.events++;
	count(g, n);
	if (event_of(n) < GATE_TCP || event_of(n) > GATE_EXEC)
		return; /* datagrams of an isolated session: no activity, and audit has no rule for them */
	if ((n->flags & GATEN_BEFORE) != 0) {
		saw_before(g, n);
		return;
	}
	w = gated_of(n);
	where = where_of(&w);
	take(g, n, &where, &w);
	if (w.kind == GATED_TCP && w.stopped)
		note_burst(g, n, &w);
	if (w.kind != GATED_SOCKET)
		return;
	by_path = without_inode(where); /* what waits is the one above */
	(void)note_act(g, n, &by_path, w.time);
}

/* --- what audit told ------------------------------------------------------------------------------------- */

/* False: no gate speaks of such a thing. */
static bool
where_of_fact(const struct fact *f, struct where *out)
{
	*out = (struct where){.pid = f->pid};
	if (!f->has_task || (f->auid == AUID_UNSET && f->way != WAY_URING))
		return false;
	if (f->kind == FACT_EXEC) {
		out->kind = GATED_EXEC;
		return true;
	}
	if (f->kind != FACT_CONNECT)
		return false;
	if (f->family != AF_UNIX) {
		out->kind = GATED_TCP;
		out->to = f->peer;
		return f->peer.addr.family != 0;
	}
	out->kind = GATED_SOCKET;
	if (!f->un.has_inode)
		return f->exit == -EPERM;
	out->inode = f->un.inode;
	out->dev_major = f->un.dev_major;
	out->dev_minor = f->un.dev_minor;
	return true;
}

/* Without an inode it may be any socket that this process was refused just then. */
static void
told_without_inode(struct gates *g, const struct fact *f)
{
	struct seen *s, *next;

	TAILQ_FOREACH_SAFE (s, &g->waits, waits, next) {
		if (s->what.kind == GATED_SOCKET && s->what.pid == f->pid && is_near(s->first, f->time))
			stop_waiting(g, s, WAITS_RECORD);
	}
}

void
gates_fact(struct gates *g, const struct fact *f)
{
	struct where where;
	struct seen *s;

	if (f->time.ms > g->newest.ms)
		g->newest = f->time;
	if (!where_of_fact(f, &where) || (s = touch(g, &where, f->time)) == NULL)
		return;
	if (f->time.ms > s->told.ms)
		s->told = f->time;
	if (rtime_since(f->time, s->first) >= -NEAR_MS)
		stop_waiting(g, s, WAITS_RECORD);
	if (where.kind == GATED_SOCKET && where.inode == 0)
		told_without_inode(g, f);
}

/* --- what was done ------------------------------------------------------------------------------------------ */

static bool
where_of_finding(const struct finding *f, struct where *out)
{
	*out = (struct where){.pid = f->pid};
	if (f->to.addr.family != 0) {
		out->kind = GATED_TCP;
		out->to = f->to;
	} else if (f->unix_inode != 0 || f->to_unix.n > 0) {
		out->kind = GATED_SOCKET;
		out->inode = f->unix_inode;
		out->dev_major = f->unix_dev_major;
		out->dev_minor = f->unix_dev_minor;
	} else {
		out->kind = GATED_EXEC;
		return f->activity == ACT_OUTBOUND_SSH;
	}
	return true;
}

/* NULL: nothing was done about it, as far as is known. */
static const struct seen *
seen_of(const struct gates *g, const struct finding *f)
{
	struct where where;
	const struct seen *s;

	if (!where_of_finding(f, &where))
		return NULL;
	s = find(g, &where);
	if (s != NULL && span_covers(&s->acted, f->time))
		return s;
	if (where.kind != GATED_TCP || f->exit != -EPERM || f->session == NULL)
		return NULL;
	where = of_session(f->process != NULL ? f->process->ses : f->session->ses);
	s = find(g, &where);
	return s != NULL && span_covers(&s->flooded, f->time) ? s : NULL;
}

bool
gates_done(const struct gates *g, const struct finding *f, struct gate_act *out)
{
	const struct seen *s = seen_of(g, f);

	if (s == NULL)
		return false;
	/* It came to be after all, at another time. */
	if (s->act.done == DONE_REFUSED && f->outcome == OUTCOME_SUCCESS)
		return false;
	*out = s->act;
	return true;
}

static void
name(struct gates *g, const struct where *where, struct rtime when)
{
	struct seen *s = find(g, where);

	if (s == NULL)
		return;
	if (when.ms > s->named.ms)
		s->named = when;
	if (rtime_since(when, s->first) >= -NEAR_MS)
		stop_waiting(g, s, WAITS_FINDING);
}

void
gates_named(struct gates *g, const struct finding *f)
{
	struct where where;
	struct seen *s, *next;

	if (!where_of_finding(f, &where))
		return;
	name(g, &where, f->time);
	if (where.kind != GATED_SOCKET || where.inode != 0)
		return;
	TAILQ_FOREACH_SAFE (s, &g->waits, waits, next) {
		if (s->what.kind == GATED_SOCKET && s->what.pid == f->pid && is_near(s->first, f->time))
			stop_waiting(g, s, WAITS_FINDING);
	}
}

/* --- what audit did not tell ----------------------------------------------------------------------------------- */

/* Does its silence since then say anything? */
static bool
is_sound(const struct gates *g, struct rtime then)
{
	const struct gates_audit *a = &g->audit;

	return a->live && !a->behind && a->ruled && a->since.ms < then.ms - TELL_MS &&
	    g->lossy.ms < then.ms - TELL_MS;
}

static const char *
why_unsound(const struct gates *g)
{
	if (!g->audit.live)
		return "the kernel's gate saw it; there is no source of audit records";
	if (!g->audit.ruled)
		return "the kernel's gate saw it; audit rules are missing";
	return "the kernel's gate saw it; audit lost records or was away meanwhile";
}

static bool
has_passed(const struct gates *g, const struct seen *s)
{
	return g->newest.ms >= s->first.ms + PASSED_MS;
}

/* A call that has not returned has no record yet; one that was refused has. */
static int64_t
patience(const struct gates *g, const struct seen *s)
{
	return s->what.stopped || s->what.kind == GATED_EXEC || !is_sound(g, s->first) ? TELL_MS : BLOCKED_MS;
}

static void
tell(struct gates *g, struct seen *s, const char *note)
{
	struct gated w = s->what;

	w.count = s->count;
	w.note = note;
	detect_gated(g->detect, &w);
}

/*
 * A task from before auditing was first switched on has no audit context and is never told of
 * (kernel/auditsc.c, audit_alloc()).  One of a reported login, or that audit told of before, is none of these.
 */
static bool
is_audited(const struct gates *g, const struct gated *w)
{
	const struct session *s = host_session(g->host, w->ses);

	return (s != NULL && s->source == SESSION_REPORT) || host_process(g->host, w->pid) != NULL;
}

static void
accuse(struct gates *g, struct seen *s)
{
	struct gated w = s->what;

	w.count = s->count;
	if (is_audited(g, &w))
		detect_silence(g->detect, &w);
}

/* Audit may still tell: its stream has not come so far.  One that stands still may for a while. */
static bool
may_come(const struct gates *g, const struct seen *s, int64_t age)
{
	return age < patience(g, s) || (g->audit.live && !has_passed(g, s) && age < ACCUSE_MS);
}

static void
judge_silence(struct gates *g, struct seen *s, int64_t age)
{
	const bool sound = is_sound(g, s->first);

	if (!s->told_by_gate && !may_come(g, s, age)) {
		s->told_by_gate = true;
		g->stats.unseen++;
		tell(g, s, sound ? "the kernel's gate saw it; audit has not told" : why_unsound(g));
		stop_waiting(g, s, WAITS_FINDING);
	}
	if (!s->told_by_gate || (sound && age < ACCUSE_MS))
		return;
	if (sound && has_passed(g, s))
		accuse(g, s);
	else if (sound && age < GIVE_UP_MS)
		return;
	stop_waiting(g, s, WAITS_RECORD);
}

static void
judge(struct gates *g, struct seen *s, struct rtime now)
{
	const int64_t age = rtime_since(now, s->first);

	if ((s->waits_for & WAITS_RECORD) != 0) {
		judge_silence(g, s, age);
	} else if (age >= NAME_MS) { /* told by audit, and no detector made anything of it */
		tell(g, s, NULL);
		stop_waiting(g, s, WAITS_FINDING);
	}
}

static void
note_audit(struct gates *g, struct rtime now, const struct gates_audit *a)
{
	if (a->lost != g->lost || !a->live)
		g->lossy = now;
	g->lost = a->lost;
	g->audit = *a;
}

void
gates_tick(struct gates *g, struct rtime now, const struct gates_audit *audit)
{
	struct seen *s, *next;

	note_audit(g, now, audit);
	TAILQ_FOREACH_SAFE (s, &g->waits, waits, next)
		judge(g, s, now);
	while ((s = TAILQ_FIRST(&g->order)) != NULL && rtime_since(now, s->touched) >= KEEP_MS) {
		if (s->waits_for == 0)
			drop(g, s);
		else
			keep(g, s, now);
	}
}

const struct gates_stats *
gates_stats(const struct gates *g)
{
	return &g->stats;
}

struct gates *
gates_new(struct detect *detect, struct host *host)
{
	struct gates *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->detect = detect;
	g->host = host;
	TAILQ_INIT(&g->order);
	TAILQ_INIT(&g->waits);
	if (!table_init(&g->keys))
		gates_free(&g);
	return g;
}

void
gates_free(struct gates **gp)
{
	struct gates *g = *gp;
	struct seen *s;

	if (g == NULL)
		return;
	*gp = NULL;
	while ((s = TAILQ_FIRST(&g->order)) != NULL)
		drop(g, s);
	table_done(&g->keys);
	free(g);
}

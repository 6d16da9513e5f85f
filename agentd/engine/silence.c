/* silence: see silence.h. */
#include "agentd/engine/silence.h"

#include "agentd/host/host.h"

#define TELL_MS    5000   /* audit has had its time */
#define NAME_MS    8000   /* and the detectors theirs: a client that waits for a name takes 6 s */
#define PASSED_MS  3000   /* records that are so much later have come: events wait 2 s for their rest */
#define ACCUSE_MS  12000  /* the kernel's counter of lost records is looked at each 10 s */
#define BLOCKED_MS 150000 /* a connect that is not refused tells when it returns: SYNs are sent for 127 s */
#define GIVE_UP_MS 300000 /* nothing later ever came */

/* Does its silence since then say anything? */
static bool
is_sound(const struct silence *q, struct rtime then)
{
	const struct audit_stream *a = &q->audit;

	return a->live && !a->behind && a->ruled && a->since.ms < then.ms - TELL_MS &&
	    q->lossy.ms < then.ms - TELL_MS;
}

static const char *
why_unsound(const struct silence *q)
{
	if (!q->audit.live)
		return "the kernel's gate saw it; there is no source of audit records";
	if (!q->audit.ruled)
		return "the kernel's gate saw it; audit rules are missing";
	return "the kernel's gate saw it; audit lost records or was away meanwhile";
}

static bool
has_passed(const struct silence *q, const struct seen *s)
{
	return q->newest.ms >= s->first.ms + PASSED_MS;
}

/* A call that has not returned has no record yet; one that was refused has. */
static int64_t
patience(const struct silence *q, const struct seen *s)
{
	return s->what.stopped || s->what.kind == GATED_EXEC || !is_sound(q, s->first) ? TELL_MS : BLOCKED_MS;
}

static void
tell(const struct silence *q, const struct seen *s, const char *note)
{
	struct gated w = s->what;

	w.count = s->count;
	w.note = note;
	detect_gated(q->detect, &w);
}

/*
 * A task from before auditing was first switched on has no audit context and is never told of
 * (kernel/auditsc.c, audit_alloc()).  One of a reported login, or that audit told of before, is none of these.
 */
static bool
is_audited(const struct silence *q, const struct gated *w)
{
	const struct session *s = host_session(q->host, w->ses);

	return (s != NULL && s->source == SESSION_REPORT) || host_process(q->host, w->pid) != NULL;
}

static void
accuse(const struct silence *q, const struct seen *s)
{
	struct gated w = s->what;

	w.count = s->count;
	if (is_audited(q, &w))
		detect_silence(q->detect, &w);
}

/* Audit may still tell: its stream has not come so far.  One that stands still may for a while. */
static bool
may_come(const struct silence *q, const struct seen *s, int64_t age)
{
	return age < patience(q, s) || (q->audit.live && !has_passed(q, s) && age < ACCUSE_MS);
}

static unsigned
judge_silence(struct silence *q, struct seen *s, int64_t age)
{
	const bool sound = is_sound(q, s->first);
	unsigned over = 0;

	if (!s->told_by_gate && !may_come(q, s, age)) {
		s->told_by_gate = true;
		q->unseen++;
		tell(q, s, sound ? "the kernel's gate saw it; audit has not told" : why_unsound(q));
		over = WAITS_FINDING;
	}
	if (!s->told_by_gate || (sound && age < ACCUSE_MS))
		return over;
	if (sound && has_passed(q, s))
		accuse(q, s);
	else if (sound && age < GIVE_UP_MS)
		return over;
	return over | WAITS_RECORD;
}

unsigned
silence_judge(struct silence *q, struct seen *s, struct rtime now)
{
	const int64_t age = rtime_since(now, s->first);

	if ((s->waits_for & WAITS_RECORD) != 0)
		return judge_silence(q, s, age);
	if (age < NAME_MS)
		return 0;
	tell(q, s, NULL); /* told by audit, and no detector made anything of it */
	return WAITS_FINDING;
}

void
silence_audit(struct silence *q, struct rtime now, const struct audit_stream *a, struct rtime gap)
{
	if (gap.ms > q->lossy.ms)
		q->lossy = gap;
	if (a->lost != q->lost || !a->live)
		q->lossy = now;
	q->lost = a->lost;
	q->audit = *a;
}

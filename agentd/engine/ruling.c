/*
 * ruling: what the policy says of a finding, and what of that is in force: the one place where
 * it is decided that a thing shall be stopped.  Pure; runs in the engine and in replay.
 */
#include "agentd/engine/pipeline.h"

static enum mode
lower_mode(enum mode a, enum mode b)
{
	return a < b ? a : b;
}

/*
 * An answer that hangs on something not known is never acted on.  When it could be an alert or
 * more it is told to people; when it could not, there is nothing to tell.
 */
static void
settle_undetermined(struct decision *d)
{
	if (d->strongest < DO_ALERT)
		return;
	d->action = DO_ALERT;
	d->never_stop = false;
}

/* Nobody is stopped for what may well be nothing. */
static const char *
spared(const struct finding *f, const struct decision *d)
{
	if (d->action <= DO_ALERT)
		return NULL;
	if (d->never_stop)
		return "never-stop holds";
	return f->confidence == CONFIDENCE_LOW ? "inferred with low confidence: told, and never acted on" : NULL;
}

void
ruling_make(const struct finding *f, const struct policy *policy, const struct pipeline_options *opt,
    struct question_room *room, struct ruling *out)
{
	struct ruling r = {.finding = f};
	struct question q;

	question_of(f, opt, room, &q);
	pol_ask(policy, &q, &r.decision);
	if (r.decision.undetermined)
		settle_undetermined(&r.decision);
	if (f->grade != GRADE_NONE && !r.decision.severity_given)
		r.decision.severity = grade_severity(f->grade);
	r.as = q.as;
	r.mode = lower_mode(opt->host_mode, r.decision.mode);
	r.spared = spared(f, &r.decision);
	r.stop = r.decision.action > DO_ALERT && r.mode == MODE_ENFORCE && r.spared == NULL;
	*out = r;
}

enum done
ruling_done(const struct ruling *r)
{
	switch (r->decision.action) {
	case DO_RECORD:
		return DONE_RECORDED;
	case DO_PASS:
		return DONE_PASSED;
	case DO_ALERT:
		return DONE_ALERTED;
	default:
		return r->spared != NULL ? DONE_ALERTED : DONE_WOULD_HAVE;
	}
}

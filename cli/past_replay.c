/*
 * past_replay: recorded audit logs as questions of the past: what detection makes of them today, without a daemon.
 * Of a log much is not known that a daemon knows (groups, keys, who else is at a socket), and is not made up.
 */
#include "cli/past.h"

#include <stdlib.h>

#include "agentd/baseline/baseline.h"
#include "agentd/case/case.h"
#include "cli/replay.h"

struct replayed {
	past_fn *fn;
	past_case_fn *alerted; /* NULL: nobody wants to know */
	void *arg;
	struct pipeline_options options;
	struct pipeline *pipeline; /* owned, as is options.baseline */
	struct cases *cases;       /* owned */
	struct rtime last;         /* of the events */
	struct question_room room;
	struct asked asked;
};

static void
tell_cases(struct replayed *r, bool all)
{
	struct case_file *c;
	char name[ALERT_SESSION_LEN];

	while ((c = cases_ripe(r->cases, r->last, all)) != NULL) {
		cases_told(r->cases, c);
		if (r->alerted != NULL)
			r->alerted(bytes_of(alert_session("", c->ses, name)), r->arg);
	}
}

static void
on_event(const struct aev *ev, const struct fact *fact, void *arg)
{
	struct replayed *r = arg;

	(void)fact;
	if (ev->time.ms > r->last.ms)
		r->last = ev->time;
	tell_cases(r, false);
}

static void
on_folded(const struct ruling *ruling, void *arg)
{
	struct replayed *r = arg;

	(void)cases_take(r->cases, ruling, DONE_RECORDED, "", pipeline_host(r->pipeline));
	tell_cases(r, false);
}

static void
on_ruling(const struct ruling *ruling, void *arg)
{
	struct replayed *r = arg;
	const struct finding *f = ruling->finding;
	struct asked *a = &r->asked;

	question_of(f, &r->options, &r->room, &a->q);
	a->session = bytes_of(alert_session("", f->session->ses, a->name));
	a->count = 1;
	a->short_of_facts = false;
	a->faint = f->confidence == CONFIDENCE_LOW;
	a->calm = ruling->decision.action <= DO_PASS && ruling->decision.severity < SEV_HIGH;
	r->fn(f->activity == ACT_LOGIN ? PAST_LOGINS : PAST_FINDINGS, a, r->arg);
	(void)cases_take(r->cases, ruling, ruling_done(ruling), "", pipeline_host(r->pipeline));
	tell_cases(r, false);
}

static bool
begin(struct replayed *r)
{
	r->options = (struct pipeline_options){.boot_id = "", .host_mode = MODE_AUDIT, .ruling = on_ruling,
	    .folded = on_folded, .event = on_event, .baseline = baseline_new(&BASELINE_DEFAULTS), .arg = r};
	if (r->options.baseline == NULL || (r->cases = cases_new("", r->options.baseline)) == NULL ||
	    (r->pipeline = pipeline_new(&r->options)) == NULL)
		return false;
	pipeline_policy(r->pipeline, NULL);
	return true;
}

int
past_replay(char **logs, int n, past_fn *fn, past_case_fn *alerted, void *arg)
{
	struct replayed *r = calloc(1, sizeof(*r));
	const struct replay_reading reading = {0};
	int status = CLI_UNREACHABLE;

	if (r == NULL || !begin(r)) {
		cli_error("out of memory");
	} else {
		r->fn = fn;
		r->alerted = alerted;
		r->arg = arg;
		replay_order(logs, n);
		status = replay_read(r->pipeline, logs, n, &reading);
		pipeline_flush(r->pipeline);
		tell_cases(r, true);
	}
	if (r != NULL) {
		pipeline_free(&r->pipeline);
		cases_free(&r->cases);
		baseline_free(&r->options.baseline);
	}
	free(r);
	return status;
}

/* rehearse_count: asks, and counts what would have been stopped.  What is not sure is said to be so. */
#include "cli/rehearse.h"

#include <stdlib.h>

#include "agentd/engine/asked.h"

bool
rehearsal_begin(struct rehearsal *r, const struct policy *policy)
{
	r->policy = policy;
	r->by_rule = calloc(pol_nrules(policy) + 1, sizeof(*r->by_rule));
	r->users = tally_new(ST_REHEARSE_WORDS);
	r->origins = tally_new(ST_REHEARSE_WORDS);
	r->destinations = tally_new(ST_REHEARSE_WORDS);
	r->missing = tally_new(QF_COUNT * 2 > 32 ? 64 : 32);
	r->lines = tally_new(ST_REHEARSE_LINES);
	r->over = tally_new(ST_REHEARSE_SESSIONS);
	r->ended = calloc(ST_REHEARSE_ENDED, sizeof(*r->ended));
	r->services = calloc(ST_REHEARSE_SERVICES, sizeof(*r->services));
	return r->by_rule != NULL && r->users != NULL && r->origins != NULL && r->destinations != NULL &&
	    r->missing != NULL && r->lines != NULL && r->over != NULL &&
	    r->ended != NULL && r->services != NULL;
}

void
rehearsal_end(struct rehearsal *r)
{
	free(r->by_rule);
	tally_free(&r->users);
	tally_free(&r->origins);
	tally_free(&r->destinations);
	tally_free(&r->missing);
	tally_free(&r->lines);
	tally_free(&r->over);
	free(r->ended);
	free(r->services);
}

/* --- one answer ----------------------------------------------------------------------------- */

enum answer { ANSWER_PASSES, ANSWER_STOPS, ANSWER_UNSURE };

static enum answer
ask(struct rehearsal *r, const struct asked *a, struct decision *d)
{
	pol_ask(r->policy, &a->q, d);
	if (d->undetermined)
		return d->strongest > DO_ALERT && !a->faint ? ANSWER_UNSURE : ANSWER_PASSES;
	if (a->faint || d->action <= DO_ALERT || d->mode != MODE_ENFORCE)
		return ANSWER_PASSES;
	r->never_stop += d->never_stop ? a->count : 0;
	return d->never_stop ? ANSWER_PASSES : ANSWER_STOPS;
}

static void
count_unsure(struct rehearsal *r, const struct asked *a, const struct decision *d)
{
	r->unsure += a->count;
	for (unsigned f = 0; f < QF_COUNT; f++)
		if ((d->missing & 1u << f) != 0)
			(void)tally_add(r->missing, bytes_of(asked_fact((enum pol_fact)f)), a->count);
}

static void
count_destination(struct rehearsal *r, const struct asked *a)
{
	struct buf text = BUF_INIT;
	char ip[ADDR_STRLEN];

	if (a->q.to_kind == TO_UNIX)
		buf_putb(&text, a->q.to_unix);
	else if (a->q.to_kind != TO_NONE)
		buf_printf(&text, "%s port %u", addr_str(a->q.to_addr, ip), a->q.port);
	if (text.n > 0)
		(void)tally_add(r->destinations, buf_bytes(&text), a->count);
	buf_free(&text);
}

static void
count_stop(struct rehearsal *r, const struct asked *a, const struct decision *d)
{
	char ip[ADDR_STRLEN];

	if (d->rule < pol_nrules(r->policy))
		r->by_rule[d->rule] += a->count;
	(void)tally_add(r->users, a->q.user, a->count);
	if (a->q.origin.family != 0)
		(void)tally_add(r->origins, bytes_of(addr_str(a->q.origin, ip)), a->count);
	count_destination(r, a);
}

/* For whom a line is wanted, also of what would not have come to pass: with the line it does. */
static void
count_line(struct rehearsal *r, const struct asked *a, enum answer answer)
{
	const struct keep *k = keep_find(r, &a->q);
	struct buf line = BUF_INIT;

	if (answer == ANSWER_PASSES || (k == NULL && r->nkeep > 0))
		return;
	if (answer == ANSWER_UNSURE) {
		r->kept_unsure += a->count;
		return;
	}
	r->kept_stopped += a->count;
	if (!keep_line(&a->q, k, &line) || !tally_add(r->lines, buf_bytes(&line), a->count))
		r->lineless += a->count;
	buf_free(&line);
}

/* --- logins, findings ----------------------------------------------------------------------- */

void
rehearse_login(struct rehearsal *r, const struct asked *a)
{
	struct decision d;
	enum answer answer = ask(r, a, &d);

	r->logins += a->count;
	count_line(r, a, answer);
	if (answer == ANSWER_UNSURE)
		count_unsure(r, a, &d);
	if (answer != ANSWER_STOPS)
		return;
	r->refused += a->count;
	count_stop(r, a, &d);
	if (a->session.n > 0)
		(void)tally_add(r->over, a->session, 1);
}

/* What a session serves may go with it: it is looked at when all is known. */
static void
note_service(struct rehearsal *r, const struct asked *a)
{
	struct service *s = &r->services[r->nservices];
	struct buf text = BUF_INIT;

	if (a->session.n == 0)
		return;
	if (r->nservices == ST_REHEARSE_SERVICES) {
		r->services_lost++;
		return;
	}
	if (a->q.exe.n > 0)
		buf_put_visible(&text, a->q.exe);
	else
		buf_puts(&text, "a program that is not known");
	if (a->q.port != 0)
		buf_printf(&text, " on port %u", a->q.port);
	if (buf_ok(&text) && bytes_copy(a->session, s->session, sizeof(s->session))) {
		(void)bytes_copy(buf_bytes(&text), s->what, sizeof(s->what));
		s->spared = a->q.exe.n > 0 && pol_spares(r->policy, a->q.exe);
		r->nservices++;
	}
	buf_free(&text);
}

static void
end_session(struct rehearsal *r, const struct asked *a, const struct decision *d)
{
	struct ended *e = &r->ended[r->nended];

	if (a->session.n == 0 || (d->action != DO_TERMINATE && d->action != DO_TERMINATE_ALL))
		return;
	(void)tally_add(r->over, a->session, 1);
	if (r->nended == ST_REHEARSE_ENDED) {
		r->ended_lost++;
		return;
	}
	*e = (struct ended){.rule = d->rule, .all = d->action == DO_TERMINATE_ALL};
	(void)bytes_copy(a->session, e->session, sizeof(e->session));
	(void)bytes_copy(a->q.user, e->user, sizeof(e->user));
	r->nended++;
}

static bool
is_moot(const struct rehearsal *r, const struct asked *a)
{
	return a->session.n > 0 && tally_has(r->over, a->session);
}

void
rehearse_finding(struct rehearsal *r, const struct asked *a)
{
	struct decision d;
	enum answer answer;

	if (a->q.activity == ACT_LOGIN) {
		rehearse_login(r, a);
		return;
	}
	answer = ask(r, a, &d);
	r->findings++;
	r->short_of_facts += a->short_of_facts;
	if (a->q.activity == ACT_LISTEN && !is_moot(r, a))
		note_service(r, a);
	count_line(r, a, answer);
	if (is_moot(r, a)) {
		r->moot++;
		return;
	}
	if (answer == ANSWER_UNSURE)
		count_unsure(r, a, &d);
	if (answer != ANSWER_STOPS)
		return;
	r->stopped++;
	count_stop(r, a, &d);
	end_session(r, a, &d);
}

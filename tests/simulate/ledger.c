/* ledger: see ledger.h. */
#include "tests/simulate/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AFTERMATH (2 * HOUR_MS) /* what is found so long after it is still its */

bool
ledger_open(struct ledger *l, const struct attack *attacks, size_t n, const struct baseline *b)
{
	l->attacks = attacks;
	l->nattacks = n;
	l->cases = cases_new("", b);
	return l->cases != NULL;
}

void
ledger_close(struct ledger *l)
{
	cases_free(&l->cases);
	free(l->attack_of);
	l->attack_of = NULL;
}

void
ledger_session(uint32_t ses, int attack, void *arg)
{
	struct ledger *l = arg;

	if (ses >= l->cap) {
		size_t cap = (size_t)ses * 2 + 1024;

		l->attack_of = realloc(l->attack_of, cap * sizeof(*l->attack_of));
		if (l->attack_of == NULL) {
			fputs("simulate: out of memory\n", stderr);
			exit(1);
		}
		for (size_t i = l->cap; i < cap; i++)
			l->attack_of[i] = NO_ATTACK;
		l->cap = cap;
	}
	l->attack_of[ses] = (int16_t)attack;
}

void
ledger_ended(uint32_t ses, void *arg)
{
	struct ledger *l = arg;

	cases_over(l->cases, ses, pipeline_host(machine_pipeline(l->machine)), machine_now(l->machine));
}

/* --- whose is it ------------------------------------------------------------------------------------------ */

static bool
is_live(const struct attack *a, struct rtime when)
{
	return when.ms >= a->begin.ms && when.ms <= a->end.ms + AFTERMATH;
}

/*
 * What an attack brings about without a session of its own: a server without PAM; that the victim's own session
 * is one of two.
 */
static int
by_effect(const struct ledger *l, const struct finding *f)
{
	const struct attack *last = NULL;

	for (size_t i = 0; i < l->nattacks; i++) {
		const struct attack *a = &l->attacks[i];

		if (!is_live(a, f->time) || (last != NULL && a->begin.ms < last->begin.ms))
			continue;
		if (f->activity == ACT_CONCURRENT_ORIGINS && a->victim->uid == f->session->uid)
			last = a;
		if (attack_rows[a->row].sessionless && f->activity == ACT_UNREPORTED_SESSION)
			last = a;
	}
	return last != NULL ? last->id : NO_ATTACK;
}

static int
whose(const struct ledger *l, const struct finding *f)
{
	uint32_t ses = f->session->ses;

	if (ses < l->cap && l->attack_of[ses] != NO_ATTACK)
		return l->attack_of[ses];
	return by_effect(l, f);
}

/* --- what it is ------------------------------------------------------------------------------------------- */

static bool
finds_it(const struct attack_row *row, const struct finding *f)
{
	if ((row->finds >> f->activity & 1) == 0)
		return false;
	return f->activity != ACT_SSH_PROXY || row->grade == GRADE_NONE || row->grade == f->grade;
}

static void
note_finding(struct outcome_of_attack *o, const struct attack *a, const struct finding *f)
{
	o->finds |= 1u << f->activity;
	if (o->found || !finds_it(&attack_rows[a->row], f))
		return;
	o->found = true;
	o->found_at = f->time;
}

static void
note_alert(struct outcome_of_attack *o, enum severity severity, struct rtime when)
{
	if (severity > o->severity)
		o->severity = severity;
	if (o->alerted || severity < SEV_MEDIUM)
		return;
	o->alerted = true;
	o->alerted_at = when;
}

static int
day_of(struct rtime when)
{
	int64_t day = (when.ms - FIRST_DAY) / DAY_MS;

	return day < 0 ? 0 : day > DAYS ? DAYS : (int)day;
}

static void
tell(const struct ledger *l, struct rtime when, const char *kind, const char *reason)
{
	if (l->verbose)
		fprintf(stderr, "day %d: %s: %s\n", day_of(when), kind, reason);
}

/* With everything that was said of an attack one sees what was missing. */
static void
tell_attack(const struct ledger *l, int attack, const struct finding *f)
{
	const struct attack *a = &l->attacks[attack];

	if (l->verbose && f->activity != ACT_LOGIN && f->activity != ACT_OUTBOUND_SSH && f->activity != ACT_RELAY)
		fprintf(stderr, "attack %d %s: %s%s%s (%s): %s\n", attack, attack_rows[a->row].name,
		    activity_info(f->activity)->name, f->grade != GRADE_NONE ? " " : "", grade_name(f->grade),
		    confidence_name(f->confidence), f->reason);
}

static void
take_alert(struct ledger *l, int attack, const struct ruling *r)
{
	const struct finding *f = r->finding;

	if (attack != NO_ATTACK) {
		note_alert(&l->outcome[attack], r->decision.severity, f->time);
		return;
	}
	l->alerts[day_of(f->time)][f->activity]++;
	tell(l, f->time, activity_info(f->activity)->name, f->reason);
}

static void
take_case(struct ledger *l, int attack, const struct case_file *c, struct rtime when)
{
	struct buf text = BUF_INIT;

	if (attack != NO_ATTACK) {
		note_alert(&l->outcome[attack], c->severity, when);
		return;
	}
	l->alerts[day_of(when)][BY_CASE]++;
	if (l->verbose) {
		case_reason(c, &text);
		tell(l, when, "case", buf_ok(&text) ? text.p : "");
	}
	buf_free(&text);
}

static void
join_case(struct ledger *l, int attack, const struct ruling *r)
{
	struct case_file *c;
	char id[ALERT_ID_LEN];

	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)++l->ids);
	c = cases_take(l->cases, r, ruling_done(r), id, pipeline_host(machine_pipeline(l->machine)));
	if (c == NULL)
		return;
	if (attack != NO_ATTACK && c->score > l->outcome[attack].score)
		l->outcome[attack].score = c->score;
	if (!case_is_due(c))
		return;
	take_case(l, attack, c, r->finding->time);
	cases_told(l->cases, c);
}

void
ledger_ruling(const struct ruling *r, void *arg)
{
	struct ledger *l = arg;
	const struct finding *f = r->finding;
	int attack = whose(l, f);

	if ((l->off >> f->activity & 1) != 0)
		return;
	if (f->again) {
		join_case(l, attack, r);
		return;
	}
	if (attack != NO_ATTACK) {
		note_finding(&l->outcome[attack], &l->attacks[attack], f);
		tell_attack(l, attack, f);
	} else
		l->findings[day_of(f->time)][f->activity]++;
	if (r->decision.action >= DO_ALERT)
		take_alert(l, attack, r);
	join_case(l, attack, r);
}

/* judge_policy: see judge_policy.h.  Names hold no zero byte. */
#include "tests/unit/judge_policy.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum said { NO, YES, UNKNOWN };

struct judged {
	const struct gen_policy *policy;
	const struct question *q;
	struct judge_counts *counts;
};

/* --- names ------------------------------------------------------------------------------------------------ */

static bool
glob_says(const char *glob, struct bytes name)
{
	char text[256];

	if (name.n == 0 || name.n >= sizeof(text))
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return fnmatch(glob, text, 0) == 0;
}

/* Its own entries and what tables in it have, but nothing of what a '!' names. */
static bool
has_name(const struct judged *j, unsigned table, struct bytes name)
{
	const struct gen_table *t = &j->policy->table[table];
	bool in = false, out = false;

	for (unsigned i = 0; i < t->n; i++) {
		const struct gen_value *v = &t->entry[i];
		bool has = v->kind == GEN_TABLE ? has_name(j, v->table, name) : glob_says(v->glob, name);

		if (has && v->negate)
			out = true;
		else if (has)
			in = true;
		j->counts->nested[1] += has && v->kind == GEN_TABLE;
	}
	j->counts->taken_out[1] += in && out;
	return in && !out;
}

static bool
one_name(const struct judged *j, const struct gen_value *v, struct bytes name)
{
	if (name.n == 0)
		return false;
	return v->kind == GEN_TABLE ? has_name(j, v->table, name) : glob_says(v->glob, name);
}

static bool
any_name(const struct judged *j, const struct gen_value *v, const struct bytes *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (one_name(j, v, names[i]))
			return true;
	return false;
}

/* All that was needed to log in, or any one of it. */
static bool
method_says(const struct judged *j, const struct gen_value *v)
{
	char copy[256], *rest = copy, *one;

	if (one_name(j, v, j->q->method))
		return true;
	(void)snprintf(copy, sizeof(copy), "%.*s", (int)j->q->method.n, j->q->method.n > 0 ? j->q->method.p : "");
	while ((one = strsep(&rest, ",")) != NULL)
		if (one_name(j, v, bytes_of(one)))
			return true;
	return false;
}

/* --- addresses -------------------------------------------------------------------------------------------- */

static bool
in_net(const struct gen_value *v, struct addr a)
{
	if (a.family != v->net.family)
		return false;
	for (unsigned bit = 0; bit < v->bits; bit++)
		if (((a.b[bit / 8] ^ v->net.b[bit / 8]) << bit % 8 & 0x80) != 0)
			return false;
	return true;
}

/* Of its own entries the longest decides, of two alike the '!'; what none covers is looked for in the tables in it. */
static bool
has_addr(const struct judged *j, unsigned table, struct addr a)
{
	const struct gen_table *t = &j->policy->table[table];
	bool in = false, nested = false, out = false;
	int longest = -1;

	for (unsigned i = 0; i < t->n; i++) {
		const struct gen_value *v = &t->entry[i];

		if (v->kind == GEN_TABLE) {
			bool has = has_addr(j, v->table, a);

			nested = nested || (has && !v->negate);
			out = out || (has && v->negate);
		} else if (in_net(v, a) && (int)v->bits >= longest) {
			in = !v->negate && (in || (int)v->bits > longest);
			longest = (int)v->bits;
		}
	}
	j->counts->nested[0] += nested;
	j->counts->taken_out[0] += out || (longest >= 0 && !in);
	return (longest >= 0 ? in : nested) && !out;
}

static bool
addr_says(const struct judged *j, const struct gen_value *v, struct addr a)
{
	bool has = a.family != 0 && (v->kind == GEN_TABLE ? has_addr(j, v->table, a) : v->kind == GEN_NET && in_net(v, a));

	j->counts->ipv6 += has && a.family == 6;
	return has;
}

static bool
to_says(const struct judged *j, const struct gen_value *v)
{
	const struct question *q = j->q;

	if (q->to_kind == TO_UNIX && v->kind == GEN_UNIX && glob_says(v->glob, q->to_unix)) {
		j->counts->socket++;
		return true;
	}
	if (q->to_kind == TO_SELF && v->kind == GEN_SELF) {
		j->counts->self++;
		return true;
	}
	return (q->to_kind == TO_ADDR || q->to_kind == TO_SELF) && addr_says(j, v, q->to_addr);
}

/* --- times -------------------------------------------------------------------------------------------------- */

static bool
hours_say(const struct gen_value *v, struct rtime t)
{
	time_t s = (time_t)(t.ms / 1000);
	unsigned minute, today, yesterday;
	struct tm tm;

	(void)gmtime_r(&s, &tm);
	minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	today = v->days >> (tm.tm_wday + 6) % 7 & 1;
	yesterday = v->days >> (tm.tm_wday + 5) % 7 & 1;
	if (v->lo < v->hi)
		return today && v->lo <= minute && minute < v->hi;
	return (today && v->lo <= minute) || (yesterday && minute < v->hi);
}

static bool
is_over(const struct judged *j, const struct gen_rule *r)
{
	bool over = r->until_ms != 0 && (j->q->known >> QF_TIME & 1) != 0 && j->q->time.ms >= r->until_ms;

	j->counts->over += over;
	j->counts->in_force += r->until_ms != 0 && !over;
	return over;
}

/* --- conditions --------------------------------------------------------------------------------------------- */

static bool
value_says(const struct judged *j, enum pol_fact fact, const struct gen_value *v)
{
	const struct question *q = j->q;
	const struct bytes one[QF_COUNT] = {[QF_USER] = q->user, [QF_AS] = q->as, [QF_KEY] = q->key,
	    [QF_CERT_ID] = q->cert_id, [QF_CA] = q->ca, [QF_TTY] = q->tty, [QF_EXE] = q->exe, [QF_PARENT] = q->parent,
	    [QF_VIA] = q->via};

	switch (fact) {
	case QF_GROUP:
		return any_name(j, v, q->groups, q->ngroups);
	case QF_PRINCIPAL:
		return any_name(j, v, q->principals, q->nprincipals);
	case QF_ON:
		return one_name(j, v, q->host) || any_name(j, v, q->roles, q->nroles);
	case QF_METHOD:
		return method_says(j, v);
	case QF_ORIGIN:
		return addr_says(j, v, q->origin);
	case QF_TO:
		return to_says(j, v);
	case QF_PORT:
		return v->lo <= q->port && q->port <= v->hi;
	case QF_OWNER:
		return v->owner == q->owner;
	case QF_TIME:
		return hours_say(v, q->time);
	default:
		return one_name(j, v, one[fact]);
	}
}

static enum said
cond_says(const struct judged *j, const struct gen_cond *c)
{
	bool any = false;

	if ((j->q->known >> c->fact & 1) == 0) {
		j->counts->fact[c->fact].unknown++;
		return UNKNOWN;
	}
	for (unsigned i = 0; i < c->n; i++) {
		bool has = value_says(j, c->fact, &c->value[i]);

		any = any || has;
		if (has && c->value[i].kind == GEN_TABLE)
			j->counts->table[j->policy->table[c->value[i].table].of_names]++;
	}
	if (!any && (j->q->partial >> c->fact & 1) != 0) {
		j->counts->fact[c->fact].in_part++;
		return UNKNOWN;
	}
	j->counts->fact[c->fact].negated += c->negate && !any;
	j->counts->fact[c->fact].holds += any;
	j->counts->fact[c->fact].fails += !any;
	return any != c->negate ? YES : NO;
}

static enum said
conds_say(const struct judged *j, const struct gen_cond *c, unsigned n, uint32_t *missing)
{
	enum said all = YES;

	for (unsigned i = 0; i < n; i++) {
		enum said said = cond_says(j, &c[i]);

		if (said == NO)
			return NO;
		if (said == UNKNOWN) {
			all = UNKNOWN;
			*missing |= 1u << c[i].fact;
		}
	}
	return all;
}

/* --- rules ---------------------------------------------------------------------------------------------------- */

static enum said
rule_says(const struct judged *j, const struct gen_rule *r, uint32_t *missing)
{
	uint32_t unknown = 0;
	unsigned depth = 0;

	if ((r->activities >> j->q->activity & 1) == 0 || is_over(j, r) || conds_say(j, r->cond, r->n, &unknown) == NO)
		return NO;
	for (int b = r->block; b >= 0; b = j->policy->block[b].parent, depth++)
		if (conds_say(j, j->policy->block[b].cond, j->policy->block[b].n, &unknown) == NO)
			return NO;
	j->counts->in_block[depth < 2 ? depth : 2]++;
	*missing |= unknown;
	return unknown != 0 ? UNKNOWN : YES;
}

static struct decision
decision_of(const struct judged *j, const struct gen_rule *r)
{
	const struct activity_info *info = activity_info(j->q->activity);

	if (r == NULL)
		return (struct decision){.by_default = true, .action = info->default_action,
		    .severity = info->default_severity, .mode = j->policy->mode, .rule = UINT_MAX};
	return (struct decision){.action = r->action, .line = r->line, .message = r->message, .ntags = r->ntags,
	    .severity = r->severity < 0 ? info->default_severity : (enum severity)r->severity,
	    .mode = r->mode < 0 ? j->policy->mode : (enum mode)r->mode,
	    .rule = (unsigned)(r - j->policy->rule), .at_most = r->at_most};
}

static enum said
any_says(const struct judged *j, const struct gen_cond *lines, unsigned n)
{
	enum said any = NO;

	for (unsigned i = 0; i < n; i++) {
		enum said said = cond_says(j, &lines[i]);

		any = any == YES || said == YES ? YES : any == UNKNOWN || said == UNKNOWN ? UNKNOWN : NO;
	}
	return any;
}

static bool
never_stopped(const struct judged *j)
{
	const enum said any = any_says(j, j->policy->never_stop, j->policy->nnever_stop);

	j->counts->never_stop += any == YES;
	j->counts->maybe_never_stop += any == UNKNOWN;
	return any != NO;
}

static void
count(struct judge_counts *c, const struct gen_policy *g, const struct decision *d)
{
	c->pairs++;
	c->by_default += d->by_default;
	c->undetermined += d->undetermined;
	c->by_prelude += !d->by_default && d->rule < g->nprelude;
	c->message += d->message != NULL;
	c->tags += d->ntags > 0;
	c->at_most += d->at_most.n > 0;
}

/* Up to the first that holds for certain, all that may are an answer that could be. */
void
judge(const struct gen_policy *g, const struct question *q, struct decision *out, struct judge_counts *counts)
{
	const struct judged j = {.policy = g, .q = q, .counts = counts};
	struct decision could[GEN_RULES + 1];
	unsigned n = 0, weakest = 0;
	uint32_t missing = 0;
	enum said said = NO;

	for (unsigned i = 0; i < g->nrules && said != YES; i++)
		if ((said = rule_says(&j, &g->rule[i], &missing)) != NO)
			could[n++] = decision_of(&j, &g->rule[i]);
	if (said != YES)
		could[n++] = decision_of(&j, NULL);
	*out = could[n - 1];
	out->strongest = out->action;
	for (unsigned i = 0; i < n; i++) {
		if (could[i].action < could[weakest].action ||
		    (could[i].action == could[weakest].action && could[i].mode < could[weakest].mode))
			weakest = i;
		if (could[i].action > out->strongest)
			out->strongest = could[i].action;
		out->undetermined = out->undetermined || could[i].action != out->action ||
		    could[i].severity != out->severity || could[i].mode != out->mode;
	}
	if (out->undetermined) {
		const enum action strongest = out->strongest;

		*out = could[weakest];
		out->undetermined = true;
		out->missing = missing;
		out->strongest = strongest;
	}
	out->never_stop = never_stopped(&j);
	count(counts, g, out);
}

bool
judge_learns(const struct gen_policy *g, const struct question *q, struct judge_counts *counts)
{
	const struct judged j = {.policy = g, .q = q, .counts = counts};
	const enum said any = any_says(&j, g->no_baseline, g->nno_baseline);

	counts->unlearned += any == YES;
	counts->maybe_unlearned += any == UNKNOWN;
	return any == NO;
}

bool
judge_spares(const struct gen_policy *g, struct bytes exe)
{
	const struct question q = {.known = 1u << QF_EXE, .exe = exe};
	struct judge_counts counts = {0};
	const struct judged j = {.policy = g, .q = &q, .counts = &counts};

	for (unsigned i = 0; i < g->nspare; i++)
		if (cond_says(&j, &g->spare[i]) == YES)
			return true;
	return false;
}

bool
judge_ssh_port(const struct gen_policy *g, unsigned port)
{
	for (unsigned i = 0; i < g->ssh_ports.n; i++)
		if (g->ssh_ports.value[i].lo <= port && port <= g->ssh_ports.value[i].hi)
			return true;
	return g->ssh_ports.n == 0 && port == 22;
}

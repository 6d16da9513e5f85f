/*
 * explain: why the policy answers as it does: each rule up to the one that decides, with the
 * condition that failed and the fact that failed it.  Asks the same conditions as pol_ask(), one by
 * one.
 */
#include "policy/tree.h"

/* Why a rule is passed over; all NULL and none of them true: it is not. */
struct verdict_of {
	bool other_activity, over;
	const struct cond *failed;
	bool in_block; /* that is a condition of a block that the rule stands in */
	enum tri said;
	uint32_t missing;
};

static const struct cond *
first_failed(const struct conds *conds, const struct question *q, uint32_t *missing)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next) {
		enum tri said = cond_holds(c, q);

		if (said == TRI_NO)
			return c;
		if (said == TRI_UNKNOWN)
			*missing |= 1u << c->fact;
	}
	return NULL;
}

static struct verdict_of
judge(const struct rule *r, const struct question *q)
{
	struct verdict_of v = {.said = TRI_NO};

	if ((r->activities >> q->activity & 1) == 0) {
		v.other_activity = true;
		return v;
	}
	v.failed = first_failed(&r->conds, q, &v.missing);
	for (const struct block *b = r->block; b != NULL && v.failed == NULL; b = b->parent) {
		v.failed = first_failed(&b->conds, q, &v.missing);
		v.in_block = true;
	}
	if (v.failed != NULL)
		return v;
	v.said = rule_holds(r, q);
	v.over = v.said == TRI_NO;
	return v;
}

static void
put_facts(uint32_t facts, struct buf *out)
{
	const char *sep = "";

	for (unsigned f = 0; f < QF_COUNT; f++) {
		if ((facts >> f & 1) == 0)
			continue;
		buf_printf(out, "%s%s", sep, fact_word((enum pol_fact)f));
		sep = ", ";
	}
}

/* "user is eve, and the rule wants user deploy", or the block that it stands in. */
static void
put_failed(const struct verdict_of *v, const struct question *q, struct buf *out)
{
	buf_printf(out, "no: %s is ", fact_word(v->failed->fact));
	print_fact(q, v->failed->fact, out);
	buf_puts(out, v->in_block ? ", and the block around it wants " : ", and the rule wants ");
	print_cond(v->failed, out);
}

static void
put_reason(const struct rule *r, const struct verdict_of *v, const struct question *q,
    struct buf *out)
{
	if (v->failed != NULL) {
		put_failed(v, q, out);
	} else if (v->other_activity) {
		buf_printf(out, "no: it is not about %s", activity_info(q->activity)->name);
	} else if (v->over) {
		buf_puts(out, "no: it is over since ");
		buf_putb(out, r->until_text);
	} else if (v->said == TRI_UNKNOWN) {
		buf_puts(out, "perhaps: it hangs on what is not known: ");
		put_facts(v->missing, out);
	} else {
		buf_puts(out, "yes: this rule decides");
	}
}

/* The file is named where it is not the policy itself. */
static void
put_place(const struct policy *pol, const char *file, unsigned line, struct buf *out)
{
	if (strcmp(file, pol->source.name) == 0) {
		buf_printf(out, " (line %u)", line);
		return;
	}
	buf_puts(out, " (");
	buf_put_visible(out, bytes_of(file));
	buf_printf(out, ":%u)", line);
}

/* What an alert of it carries, and how many of them leave. */
static void
put_alert(const struct decision *d, struct buf *out)
{
	for (size_t i = 0; i < d->ntags; i++) {
		buf_puts(out, i == 0 ? "; tag " : ", ");
		buf_putb(out, d->tags[i]);
	}
	if (d->at_most.n != 0) {
		buf_printf(out, "; at most %u alerts about a user in ", d->at_most.n);
		duration_print(d->at_most.window_ms, out);
	}
}

static bool
is_of_baseline(enum activity a)
{
	return a >= ACT_UNUSUAL_ORIGIN && a <= ACT_UNUSUAL_DESTINATION;
}

/* Where it is as good as never found. */
static void
put_unlearned(const struct policy *pol, const struct question *q, struct buf *out)
{
	enum tri said = is_of_baseline(q->activity) ? no_baseline_holds(pol, q) : TRI_NO;

	if (said != TRI_NO)
		buf_printf(out, "; no-baseline %s: not learned, so never found",
		    said == TRI_YES ? "holds" : "may hold");
}

/* As policy diff has it. */
static bool
would_stop(const struct decision *d)
{
	return d->action > DO_ALERT && d->mode != MODE_ENFORCE && !d->never_stop;
}

static void
put_answer(const struct policy *pol, const struct question *q, const struct decision *d,
    struct buf *out)
{
	if (d->undetermined) {
		buf_puts(out, "=> not certain: it hangs on ");
		put_facts(d->missing, out);
		if (d->action == d->strongest)
			buf_printf(out, "; %s in any case\n", action_name(d->action));
		else
			buf_printf(out, "; at least %s, at most %s\n", action_name(d->action),
			    action_name(d->strongest));
		return;
	}
	buf_printf(out, "=> %s%s, severity %s, mode %s", would_stop(d) ? "would " : "", action_name(d->action),
	    severity_name(d->severity), mode_name(d->mode));
	if (d->by_default)
		buf_puts(out, " (no rule matches: the default)");
	else
		put_place(pol, d->file, d->line, out);
	if (d->never_stop && d->action > DO_ALERT)
		buf_printf(out, "; never-stop %s: alerted, not done",
		    never_stop_holds(pol, q) == TRI_YES ? "holds" : "may hold");
	put_alert(d, out);
	put_unlearned(pol, q, out);
	buf_putc(out, '\n');
}

/* How many rules of one file, from i on, are about something else. */
static size_t
others_from(const struct policy *pol, size_t i, const struct question *q)
{
	const char *file = pol->compiled[i].file;
	size_t n = 0;

	while (i + n < pol->nrules && (pol->rules[i + n]->activities >> q->activity & 1) == 0 &&
	    strcmp(pol->compiled[i + n].file, file) == 0)
		n++;
	return n;
}

/* Most of a long policy is: in one line, as long as they follow each other. */
static void
put_others(const struct policy *pol, size_t i, size_t n, const struct question *q, struct buf *out)
{
	buf_put_visible(out, bytes_of(pol->compiled[i].file));
	buf_printf(out, ":%u to %u: %zu rules\n    no: none is about %s\n", pol->compiled[i].line,
	    pol->compiled[i + n - 1].line, n, activity_info(q->activity)->name);
}

void
pol_explain(const struct policy *pol, const struct question *q, struct buf *out)
{
	struct decision d;

	question_print(q, out);
	buf_putc(out, '\n');
	for (size_t i = 0; i < pol->nrules; i++) {
		const struct rule *r = pol->rules[i];
		struct verdict_of v = judge(r, q);
		size_t n = others_from(pol, i, q);

		if (n > 1) {
			put_others(pol, i, n, q, out);
			i += n - 1;
			continue;
		}
		buf_put_visible(out, bytes_of(pol->compiled[i].file));
		buf_printf(out, ":%u: ", pol->compiled[i].line);
		print_rule(r, out);
		buf_puts(out, "\n    ");
		put_reason(r, &v, q, out);
		buf_putc(out, '\n');
		if (v.said == TRI_YES)
			break;
	}
	pol_ask(pol, q, &d);
	put_answer(pol, q, &d, out);
}

static void
json_text(struct json *j, const char *key, struct buf *text)
{
	json_kbytes(j, key, buf_bytes(text));
	buf_reset(text);
}

static void
json_facts(struct json *j, const char *key, uint32_t facts)
{
	json_karray(j, key);
	for (unsigned f = 0; f < QF_COUNT; f++)
		if ((facts >> f & 1) != 0)
			json_str(j, bytes_of(fact_word((enum pol_fact)f)));
	json_end(j, ']');
}

static void
json_rule(struct json *j, const struct policy *pol, size_t i, const struct question *q,
    const struct verdict_of *v)
{
	static const char *const words[] = {
	    [TRI_NO] = "no", [TRI_YES] = "yes", [TRI_UNKNOWN] = "perhaps"};
	const struct rule *r = pol->rules[i];
	struct buf text = BUF_INIT;

	json_object(j);
	json_kstr(j, "file", pol->compiled[i].file);
	json_kuint(j, "line", pol->compiled[i].line);
	print_rule(r, &text);
	json_text(j, "rule", &text);
	json_kstr(j, "matches", words[v->said]);
	if (v->failed != NULL) {
		json_kstr(j, "fact", fact_word(v->failed->fact));
		print_fact(q, v->failed->fact, &text);
		json_text(j, "is", &text);
		print_cond(v->failed, &text);
		json_text(j, "wants", &text);
	}
	put_reason(r, v, q, &text);
	json_text(j, "why", &text);
	if (v->missing != 0)
		json_facts(j, "missing", v->missing);
	json_end(j, '}');
	buf_free(&text);
}

static void
json_alert(struct json *j, const struct decision *d)
{
	if (d->ntags != 0)
		json_karray(j, "tags");
	for (size_t i = 0; i < d->ntags; i++)
		json_str(j, d->tags[i]);
	if (d->ntags != 0)
		json_end(j, ']');
	if (d->at_most.n != 0)
		json_rate(j, &d->at_most);
}

void
pol_explain_json(const struct policy *pol, const struct question *q, struct json *j)
{
	struct buf text = BUF_INIT;
	struct decision d;

	json_object(j);
	question_print(q, &text);
	json_text(j, "question", &text);
	json_karray(j, "rules");
	for (size_t i = 0; i < pol->nrules; i++) {
		struct verdict_of v = judge(pol->rules[i], q);

		json_rule(j, pol, i, q, &v);
		if (v.said == TRI_YES)
			break;
	}
	json_end(j, ']');
	pol_ask(pol, q, &d);
	json_kstr(j, "action", action_name(d.action));
	json_kstr(j, "severity", severity_name(d.severity));
	json_kstr(j, "mode", mode_name(d.mode));
	json_kbool(j, "default", d.by_default);
	json_kbool(j, "never_stop", d.never_stop);
	if (is_of_baseline(q->activity))
		json_kbool(j, "learned", pol_learns(pol, q));
	json_kbool(j, "undetermined", d.undetermined);
	if (d.undetermined) {
		json_facts(j, "missing", d.missing);
		json_kstr(j, "strongest", action_name(d.strongest));
	}
	json_alert(j, &d);
	json_kstr(j, "file", d.file);
	if (!d.by_default)
		json_kuint(j, "line", d.line);
	json_end(j, '}');
	buf_free(&text);
}

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
	for (const struct block *b = r->block; b != NULL && v.failed == NULL; b = b->parent)
		v.failed = first_failed(&b->conds, q, &v.missing);
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

/* "user is eve, the rule wants deploy" */
static void
put_failed(const struct cond *c, const struct question *q, struct buf *out)
{
	buf_printf(out, "no: %s is ", fact_word(c->fact));
	print_fact(q, c->fact, out);
	buf_puts(out, ", and the rule wants ");
	print_cond(c, out);
}

static void
put_reason(const struct rule *r, const struct verdict_of *v, const struct question *q,
    struct buf *out)
{
	if (v->failed != NULL) {
		put_failed(v->failed, q, out);
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

static void
put_answer(const struct policy *pol, const struct question *q, const struct decision *d,
    struct buf *out)
{
	if (d->undetermined) {
		buf_puts(out, "=> not certain: it hangs on ");
		put_facts(d->missing, out);
		buf_printf(out, "; at least %s, at most %s\n", action_name(d->action),
		    action_name(d->strongest));
		return;
	}
	buf_printf(out, "=> %s, severity %s, mode %s", action_name(d->action),
	    severity_name(d->severity), mode_name(d->mode));
	if (d->by_default)
		buf_puts(out, " (no rule matches: the default)");
	else if (d->rule < pol->nprelude)
		buf_printf(out, " (%s:%u)", d->file, d->line);
	else
		buf_printf(out, " (line %u)", d->line);
	if (d->never_stop && d->action > DO_ALERT)
		buf_printf(out, "; never-stop %s: alerted, not done",
		    never_stop_holds(pol, q) == TRI_YES ? "holds" : "may hold");
	buf_putc(out, '\n');
}

void
pol_explain(const struct policy *pol, const struct question *q, struct buf *out)
{
	struct decision d;

	print_question(q, out);
	buf_putc(out, '\n');
	for (size_t i = 0; i < pol->nrules; i++) {
		const struct rule *r = pol->rules[i];
		struct verdict_of v = judge(r, q);

		buf_put_visible(out, bytes_of(r->at.src->name));
		buf_printf(out, ":%u: ", r->at.line);
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
	json_kuint(j, "line", r->at.line);
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

void
pol_explain_json(const struct policy *pol, const struct question *q, struct json *j)
{
	struct buf text = BUF_INIT;
	struct decision d;

	json_object(j);
	print_question(q, &text);
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
	json_kbool(j, "undetermined", d.undetermined);
	if (d.undetermined) {
		json_facts(j, "missing", d.missing);
		json_kstr(j, "strongest", action_name(d.strongest));
	}
	json_kstr(j, "file", d.file);
	if (!d.by_default)
		json_kuint(j, "line", d.line);
	json_end(j, '}');
	buf_free(&text);
}

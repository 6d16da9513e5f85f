/* print_json: a policy as one JSON object, for tools: the same content as the canonical text. */
#include "policy/tree.h"

static void
json_text(struct json *j, const char *key, struct buf *text)
{
	json_kbytes(j, key, buf_bytes(text));
	buf_reset(text);
}

static void
put_values(struct json *j, const char *key, const struct values *l)
{
	struct buf text = BUF_INIT;

	json_karray(j, key);
	for (const struct value *v = l->first; v != NULL; v = v->next) {
		if (v->kind == VAL_TEXT && !v->negate) {
			json_str(j, v->text);
			continue;
		}
		print_value(v, &text);
		json_str(j, buf_bytes(&text));
		buf_reset(&text);
	}
	json_end(j, ']');
	buf_free(&text);
}

static void
put_conds(struct json *j, const struct conds *conds)
{
	for (const struct cond *c = conds->first; c != NULL; c = c->next) {
		json_object(j);
		json_kstr(j, "fact", fact_word(c->fact));
		if (c->scope != ON_EITHER)
			json_kstr(j, "scope", c->scope == ON_HOST ? "host" : "role");
		json_kbool(j, "negate", c->negate);
		put_values(j, "values", &c->values);
		json_end(j, '}');
	}
}

void
json_rate(struct json *j, const struct pol_rate *rate)
{
	json_kobject(j, "at_most");
	json_kuint(j, "alerts", rate->n);
	json_kint(j, "window_ms", rate->window_ms);
	json_end(j, '}');
}

/* With the conditions of the blocks around it: a reader needs no more than the rule. */
static void
put_rule(struct json *j, const struct policy *pol, size_t i)
{
	const struct rule *r = pol->rules[i];
	struct buf text = BUF_INIT;

	json_object(j);
	json_kstr(j, "file", r->at.src->name);
	json_kuint(j, "line", r->at.line);
	print_rule(r, &text);
	json_text(j, "text", &text);
	json_kstr(j, "action", action_name(r->action));
	json_karray(j, "activities");
	for (unsigned a = 0; a < ACT_COUNT; a++)
		if (r->activities >> a & 1)
			json_str(j, bytes_of(activity_info((enum activity)a)->name));
	json_end(j, ']');
	json_karray(j, "conditions");
	for (const struct block *b = r->block; b != NULL; b = b->parent)
		put_conds(j, &b->conds);
	put_conds(j, &r->conds);
	json_end(j, ']');
	if (r->severity >= 0)
		json_kstr(j, "severity", severity_name((enum severity)r->severity));
	if (r->mode >= 0)
		json_kstr(j, "mode", mode_name((enum mode)r->mode));
	json_kbytes(j, "until", r->until_text);
	if (r->tag_values.n != 0)
		put_values(j, "tags", &r->tag_values);
	if (r->at_most.n != 0)
		json_rate(j, &r->at_most);
	json_kstr(j, "message", r->message);
	json_end(j, '}');
	buf_free(&text);
}

static void
put_tables(struct json *j, const struct policy *pol)
{
	json_karray(j, "tables");
	for (const struct table *t = pol->tables; t != NULL; t = t->next) {
		json_object(j);
		json_kbytes(j, "name", t->name);
		json_kbytes(j, "file", t->file);
		if (t->no_signature)
			json_kbool(j, "unsigned", true);
		if (t->file.n == 0)
			put_values(j, "entries", &t->values);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void
put_stop_limit(struct json *j, const struct policy *pol)
{
	json_kobject(j, "stop_limit");
	json_kuint(j, "actions", pol->stop_limit);
	json_kint(j, "window_ms", pol->stop_window_ms);
	json_end(j, '}');
}

static void
put_expects(struct json *j, const struct policy *pol)
{
	struct buf text = BUF_INIT;

	json_karray(j, "expect");
	for (const struct expect *e = pol->expects; e != NULL; e = e->next) {
		json_object(j);
		json_kstr(j, "file", e->at.src->name);
		json_kuint(j, "line", e->at.line);
		print_expect(e, &text);
		json_text(j, "text", &text);
		json_end(j, '}');
	}
	json_end(j, ']');
	buf_free(&text);
}

void
pol_print_json(const struct policy *pol, struct json *j)
{
	json_object(j);
	json_kstr(j, "fleet", pol_fleet(pol));
	json_kuint(j, "serial", pol->serial);
	json_kstr(j, "mode", mode_name(pol->mode));
	if (pol->ssh_ports.n != 0)
		put_values(j, "ssh_ports", &pol->ssh_ports);
	put_stop_limit(j, pol);
	json_kstr(j, "ungranted", pol->ungranted_deny ? "deny" : "allow");
	put_tables(j, pol);
	json_karray(j, "never_stop");
	put_conds(j, &pol->never_stop);
	json_end(j, ']');
	json_karray(j, "no_baseline");
	put_conds(j, &pol->no_baseline);
	json_end(j, ']');
	json_karray(j, "spare");
	put_conds(j, &pol->spare);
	json_end(j, ']');
	json_karray(j, "rules");
	for (size_t i = 0; i < pol->nrules; i++)
		put_rule(j, pol, i);
	json_end(j, ']');
	put_expects(j, pol);
	json_end(j, '}');
}

/* policy_learn_json: learned rules as objects, one a line. */
#include "cli/policy_learn_words.h"

static void
set_json(const struct learn *l, const struct learn_set *s, const char *key, learn_put_fn *put, struct json *j)
{
	struct buf text = BUF_INIT;

	json_karray(j, key);
	for (size_t i = 0; i < s->n; i++) {
		buf_reset(&text);
		put(l, s->v[i], &text);
		json_str(j, buf_bytes(&text));
	}
	json_end(j, ']');
	buf_free(&text);
}

/* As it is; that a policy would have it in quotes is not said here. */
static void
put_raw_user(const struct learn *l, uint32_t v, struct buf *out)
{
	buf_puts(out, l->users[v].name);
}

static void
put_activity(const struct learn *l, uint32_t v, struct buf *out)
{
	(void)l;
	buf_puts(out, activity_info((enum activity)v)->name);
}

static void
rule_json(struct wording *w, const struct learn_rule *r, struct buf *out)
{
	const struct learn *l = w->learn;
	struct buf text = BUF_INIT;
	struct json j;

	buf_reset(w->tables);
	learn_put_rule(w, r, &text);
	json_init(&j, out);
	json_object(&j);
	json_kbytes(&j, "rule", buf_bytes(&text));
	json_kbytes(&j, "tables", buf_bytes(w->tables));
	json_kbool(&j, "in_force", learn_in_force(l, r));
	json_kuint(&j, "count", r->seen.count);
	json_ktime(&j, "first", r->seen.first);
	json_ktime(&j, "last", r->seen.last);
	set_json(l, &r->dim[DIM_ACTIVITY], "activities", put_activity, &j);
	set_json(l, &r->dim[DIM_USER], "users", put_raw_user, &j);
	json_kstr(&j, "group", r->group);
	if (l->options.by_key)
		set_json(l, &r->dim[DIM_KEY], "keys", learn_put_key, &j);
	if ((r->wants & (WANT_TO | WANT_ORIGIN)) != 0)
		set_json(l, &r->dim[DIM_DEST], (r->wants & WANT_TO) != 0 ? "to" : "origins", learn_put_dest, &j);
	if ((r->wants & WANT_PORT) != 0)
		set_json(l, &r->dim[DIM_PORT], "ports", learn_put_port, &j);
	if ((r->wants & WANT_OWNER) != 0)
		set_json(l, &r->dim[DIM_OWNER], "owners", learn_put_owner, &j);
	json_kbool(&j, "joined", r->joined);
	json_end(&j, '}');
	buf_putc(out, '\n');
	buf_free(&text);
}

static void
left_json(const struct tally_row *row, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "not_learned", row->word);
	json_kuint(&j, "count", row->n);
	json_end(&j, '}');
	buf_putc(out, '\n');
}

static void
summary_json(const struct learn *l, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kobject(&j, "summary");
	json_kuint(&j, "observations", l->asked);
	json_kuint(&j, "learned", l->learned);
	json_kuint(&j, "rules", l->nrules);
	json_kuint(&j, "no_room", l->lost);
	json_end(&j, '}');
	json_end(&j, '}');
	buf_putc(out, '\n');
}

void
learn_json(const struct learn_show *s, struct buf *out)
{
	struct buf tables = BUF_INIT;
	struct wording w = {.learn = s->learn, .lists = tally_new(ST_LEARN_SEEN), .tables = &tables};
	size_t n;
	const struct tally_row *rows = tally_rows(s->learn->left, &n);

	for (size_t i = 0; w.lists != NULL && i < s->learn->nrules; i++)
		rule_json(&w, &s->learn->rules[i], out);
	for (size_t i = 0; i < n; i++)
		left_json(&rows[i], out);
	summary_json(s->learn, out);
	out->failed = out->failed || w.lists == NULL;
	tally_free(&w.lists);
	buf_free(&tables);
}

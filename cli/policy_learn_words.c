/* policy_learn_words: see policy_learn_words.h.  Names are written as the language reads them, also in comments. */
#include "cli/policy_learn_words.h"

#include "policy/keyword.h"
#include "policy/lexer.h"

#define IN_LINE 6 /* of a list; more is a table */

static void
put_name(const char *name, struct buf *out)
{
	struct keyword k;

	if (keyword_find(bytes_of(name), &k))
		buf_printf(out, "\"%s\"", name);
	else
		token_print(bytes_of(name), out);
}

void
learn_put_user(const struct learn *l, uint32_t v, struct buf *out)
{
	put_name(l->users[v].name, out);
}

void
learn_put_key(const struct learn *l, uint32_t v, struct buf *out)
{
	token_print(bytes_of(l->keys[v]), out);
}

void
learn_put_dest(const struct learn *l, uint32_t v, struct buf *out)
{
	if (l->dests[v].self)
		buf_puts(out, "self");
	else
		prefix_print(l->dests[v].prefix, out);
}

void
learn_put_port(const struct learn *l, uint32_t v, struct buf *out)
{
	(void)l;
	buf_printf(out, "%u", v);
}

void
learn_put_owner(const struct learn *l, uint32_t v, struct buf *out)
{
	(void)l;
	buf_puts(out, owner_name((enum owner)v));
}

static void
put_members(const struct learn *l, const uint32_t *v, size_t n, learn_put_fn *put, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i == 0 ? "" : i % IN_LINE == 0 && n > IN_LINE ? ",\n\t" : ", ");
		put(l, v[i], out);
	}
}

/* Lists that are alike are one table. */
static void
put_table(struct wording *w, const char *kind, const uint32_t *v, size_t n, learn_put_fn *put, struct buf *out)
{
	struct buf list = BUF_INIT;
	size_t before = tally_count(w->lists), at = 0;

	put_members(w->learn, v, n, put, &list);
	if (!buf_ok(&list) || !tally_index(w->lists, buf_bytes(&list), &at))
		out->failed = true;
	else if (at == before)
		buf_printf(w->tables, "table <%s-%zu> {\n\t%s\n}\n", kind, at + 1, list.p);
	buf_printf(out, "<%s-%zu>", kind, at + 1);
	buf_free(&list);
}

static void
put_set(struct wording *w, const struct learn_set *s, const char *word, const char *table, learn_put_fn *put, struct buf *out)
{
	buf_printf(out, " %s ", word);
	if (table != NULL && s->n > IN_LINE && !w->plain) {
		put_table(w, table, s->v, s->n, put, out);
		return;
	}
	buf_puts(out, s->n > 1 ? "{ " : "");
	for (size_t i = 0; i < s->n; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		put(w->learn, s->v[i], out);
	}
	buf_puts(out, s->n > 1 ? " }" : "");
}

/* `self`, which is the first, is nothing that a table could hold. */
static void
put_places(struct wording *w, const struct learn_rule *r, struct buf *out)
{
	const char *word = (r->wants & WANT_TO) != 0 ? "to" : "origin";
	const struct learn_set *s = &r->dim[DIM_DEST];

	if (!w->learn->dests[s->v[0]].self || s->n <= IN_LINE || w->plain) {
		put_set(w, s, word, word, learn_put_dest, out);
		return;
	}
	buf_printf(out, " %s { self, ", word);
	put_table(w, word, s->v + 1, s->n - 1, learn_put_dest, out);
	buf_puts(out, " }");
}

void
learn_put_rule(struct wording *w, const struct learn_rule *r, struct buf *out)
{
	buf_puts(out, "pass ");
	for (size_t i = 0; i < r->dim[DIM_ACTIVITY].n; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "",
		    activity_info((enum activity)r->dim[DIM_ACTIVITY].v[i])->name);
	if (r->group != NULL) {
		buf_puts(out, " group ");
		put_name(r->group, out);
	} else {
		put_set(w, &r->dim[DIM_USER], "user", "users", learn_put_user, out);
	}
	if (w->learn->options.by_key)
		put_set(w, &r->dim[DIM_KEY], "key", "keys", learn_put_key, out);
	if ((r->wants & (WANT_TO | WANT_ORIGIN)) != 0)
		put_places(w, r, out);
	if ((r->wants & WANT_PORT) != 0)
		put_set(w, &r->dim[DIM_PORT], "port", NULL, learn_put_port, out);
	if ((r->wants & WANT_OWNER) != 0)
		put_set(w, &r->dim[DIM_OWNER], "owner", NULL, learn_put_owner, out);
}

bool
learn_in_force(const struct learn *l, const struct learn_rule *r)
{
	return r->seen.count >= l->options.min;
}

/* policy_learn_text: learned rules as a policy that parses, with what each rests on. */
#include "cli/policy_learn_words.h"

static void
put_day(struct rtime t, struct buf *out)
{
	struct buf iso = BUF_INIT;

	rtime_iso(t, &iso);
	buf_printf(out, "%.10s", buf_ok(&iso) && iso.p != NULL ? iso.p : "");
	buf_free(&iso);
}

static void
put_evidence(const struct learn *l, const struct learn_rule *r, struct buf *out)
{
	buf_puts(out, "# ");
	cli_count(r->seen.count, "time", out);
	buf_puts(out, " by ");
	cli_count(r->dim[DIM_USER].n, "user", out);
	if (r->seen.last.ms != 0) {
		buf_puts(out, ", ");
		put_day(r->seen.first, out);
		buf_puts(out, " to ");
		put_day(r->seen.last, out);
	}
	if (r->group != NULL) {
		buf_puts(out, "; all that were seen of the group: ");
		for (size_t i = 0; i < r->dim[DIM_USER].n; i++) {
			buf_puts(out, i > 0 ? ", " : "");
			learn_put_user(l, r->dim[DIM_USER].v[i], out);
		}
	}
	if (r->joined)
		buf_puts(out, "; addresses joined");
	if (!learn_in_force(l, r))
		buf_puts(out, "; seldom, not in force");
	buf_putc(out, '\n');
}

static void
put_rules(struct wording *w, struct buf *out)
{
	const struct learn *l = w->learn;

	for (size_t i = 0; i < l->nrules; i++) {
		const struct learn_rule *r = &l->rules[i];
		struct buf text = BUF_INIT;

		if (i == 0 || r->dim[DIM_ACTIVITY].v[0] != r[-1].dim[DIM_ACTIVITY].v[0])
			buf_putc(out, '\n');
		put_evidence(l, r, out);
		w->plain = !learn_in_force(l, r);
		learn_put_rule(w, r, &text);
		buf_printf(out, "%s%s\n", learn_in_force(l, r) ? "" : "# ", buf_ok(&text) ? text.p : "");
		out->failed = out->failed || !buf_ok(&text);
		buf_free(&text);
	}
}

static void
put_left(const struct learn *l, struct buf *out)
{
	size_t n;
	const struct tally_row *rows = tally_rows(l->left, &n);

	if (n == 0)
		return;
	buf_puts(out, "\n# Not learned:\n");
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, "#   ");
		cli_count(rows[i].n, "time", out);
		buf_printf(out, " %s\n", rows[i].word);
	}
	if (tally_others(l->left) > 0)
		buf_printf(out, "#   %llu more\n", (unsigned long long)tally_others(l->left));
}

static void
put_head(const struct learn_show *s, struct buf *out)
{
	const struct learn *l = s->learn;

	buf_puts(out, "# Learned by sshtether policy learn on ");
	put_day(s->now, out);
	buf_printf(out, " from %s", s->source);
	if (s->since.ms != 0) {
		buf_puts(out, " since ");
		put_day(s->since, out);
	}
	if (s->until.ms != 0) {
		buf_puts(out, " until ");
		put_day(s->until, out);
	}
	buf_printf(out, ": %llu of ", (unsigned long long)l->learned);
	cli_count(l->asked, "observation", out);
	buf_puts(out, ".\n# For review: this says what was done, not what ought to be.\n"
	    "# Before it is loaded it wants a fleet and a serial, and a mode, and rules for what is to be stopped.\n");
	if (!l->options.exact)
		buf_printf(out, "# Joined are %d addresses or more of one user and port: of an IPv4 /%d the least network of\n"
		    "# which a quarter was seen, of IPv6 a /%d; a group stands for its users where all that were seen of it,\n"
		    "# %d or more, did the same.\n", LEARN_JOIN, LEARN_BITS4, LEARN_BITS6, LEARN_GROUP);
	if (l->lost > 0)
		buf_printf(out, "# INCOMPLETE: there was no room for %llu observations.\n", (unsigned long long)l->lost);
}

void
learn_text(const struct learn_show *s, struct buf *out)
{
	struct buf tables = BUF_INIT, rules = BUF_INIT;
	struct wording w = {.learn = s->learn, .lists = tally_new(ST_LEARN_SEEN), .tables = &tables};

	put_head(s, out);
	if (w.lists != NULL)
		put_rules(&w, &rules);
	buf_puts(out, tables.n > 0 ? "\n" : "");
	buf_putb(out, buf_bytes(&tables));
	buf_putb(out, buf_bytes(&rules));
	put_left(s->learn, out);
	out->failed = out->failed || w.lists == NULL || !buf_ok(&tables) || !buf_ok(&rules);
	tally_free(&w.lists);
	buf_free(&tables);
	buf_free(&rules);
}

/* policy_diff_print: what two policies answer differently, for people and as objects, one a line. */
#include "cli/policy_diff.h"

#define NAMES_SHOWN 8 /* for people; --json has more */

struct side {
	const char *word; /* "old", "new" */
	const struct policy *policy;
	const struct decision *d;
};

static void
sides_of(const struct diff *d, const struct diff_group *g, struct side out[2])
{
	out[0] = (struct side){.word = "old", .policy = d->was, .d = &g->was};
	out[1] = (struct side){.word = "new", .policy = d->is, .d = &g->is};
}

static bool
put_out(struct buf *text)
{
	return cli_finish(text, CLI_OK) == CLI_OK;
}

/* --- for people ------------------------------------------------------------------------------- */

static void
put_rule(const struct side *s, struct buf *out)
{
	const char *file;
	unsigned line;

	if (s->d->by_default) {
		buf_puts(out, "no rule matches");
		return;
	}
	pol_rule_place(s->policy, s->d->rule, &file, &line);
	buf_put_visible(out, bytes_of(file));
	buf_printf(out, ":%u: ", line);
	pol_rule_text(s->policy, s->d->rule, out);
}

static void
put_users(const struct diff_group *g, struct buf *out)
{
	size_t n, shown;
	const struct tally_row *rows = tally_rows(g->users, &n);

	if (n == 0)
		return;
	buf_puts(out, ", by ");
	if (tally_others(g->users) > 0)
		buf_puts(out, "more than ");
	if (n > 1)
		buf_printf(out, "%zu users: ", n);
	shown = n < NAMES_SHOWN ? n : NAMES_SHOWN;
	for (size_t i = 0; i < shown; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		buf_put_visible(out, bytes_of(rows[i].word));
	}
	buf_puts(out, shown < n ? ", ..." : "");
}

static void
put_to(const struct diff_group *g, struct buf *out)
{
	size_t n;
	const struct tally_row *rows = tally_rows(g->ports, &n);
	const char *sep = ", to ";

	for (unsigned i = 0; i < 2; i++) {
		if (g->to[i].addr.family == 0)
			continue;
		buf_puts(out, sep);
		prefix_print(g->to[i], out);
		sep = " and ";
	}
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
		buf_printf(out, "%s%s", i == 0 ? " port " : ", ", rows[i].word);
	buf_puts(out, n > NAMES_SHOWN ? ", ..." : "");
}

static void
put_when(const struct diff_show *s, const struct diff_group *g, struct buf *out)
{
	if (g->first.ms == 0)
		return;
	buf_puts(out, "    first ");
	cli_time(s->cli, g->first, out);
	buf_puts(out, ", last ");
	cli_time(s->cli, g->last, out);
	buf_putc(out, '\n');
}

static void
put_counts(const struct diff_group *g, struct buf *out)
{
	if (g->count > 0 || g->expected == 0)
		cli_count(g->count, "time", out);
	if (g->expected > 0) {
		buf_puts(out, g->count > 0 ? " and " : "");
		cli_count(g->expected, "expect line", out);
	}
}

static void
put_answers(const struct diff_group *g, struct buf *out)
{
	void (*print)(const struct decision *, struct buf *) =
	    g->kind == DIFF_WORDED ? diff_put_answer_full : diff_put_answer;

	print(&g->was, out);
	buf_puts(out, " -> ");
	print(&g->is, out);
}

static void
put_group(const struct diff_show *s, const struct diff_group *g, struct buf *out)
{
	struct side sides[2];

	sides_of(s->diff, g, sides);
	buf_printf(out, "  %s: ", activity_info(g->activity)->name);
	put_answers(g, out);
	buf_puts(out, ", ");
	put_counts(g, out);
	put_users(g, out);
	put_to(g, out);
	buf_putc(out, '\n');
	put_when(s, g, out);
	for (unsigned i = 0; i < 2; i++) {
		buf_printf(out, "    %s ", sides[i].word);
		put_rule(&sides[i], out);
		buf_putc(out, '\n');
	}
	buf_puts(out, "    for example");
	if (g->at != NULL) {
		buf_puts(out, " (");
		buf_put_visible(out, bytes_of(g->at));
		buf_putc(out, ')');
	}
	buf_printf(out, ": %s\n", g->example);
}

static bool
put_groups(const struct diff_show *s)
{
	static const enum cli_style styles[DIFF_KINDS] = {
		[DIFF_STOPPED] = STYLE_BAD, [DIFF_ALLOWED] = STYLE_WARN, [DIFF_OTHERWISE] = STYLE_WARN,
		[DIFF_TRIAL] = STYLE_BOLD, [DIFF_TOLD] = STYLE_BOLD, [DIFF_WORDED] = STYLE_BOLD, [DIFF_UNSURE] = STYLE_BOLD,
	};
	const struct diff *d = s->diff;
	bool ok = true;

	for (size_t i = 0; ok && i < d->ngroups; i++) {
		const struct diff_group *g = &d->groups[i];
		struct buf out = BUF_INIT;

		if (i == 0 || g->kind != d->groups[i - 1].kind)
			buf_printf(&out, "%s%s%s\n", cli_style(s->cli, styles[g->kind]), diff_title(g->kind),
			    cli_style(s->cli, STYLE_PLAIN));
		put_group(s, g, &out);
		ok = put_out(&out);
	}
	return ok;
}

static uint64_t
different(const struct diff *d)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < DIFF_KINDS; k++)
		n += d->kinds[k];
	return n;
}

static bool
put_summary(const struct diff_show *s)
{
	const struct diff *d = s->diff;
	struct buf out = BUF_INIT;
	const char *sep = ": ";

	buf_put_visible(&out, bytes_of(s->was));
	buf_puts(&out, " and ");
	buf_put_visible(&out, bytes_of(s->is));
	buf_puts(&out, " were asked ");
	cli_count(d->asked, "question", &out);
	buf_puts(&out, " of the past and ");
	cli_count(d->expects, "expect line", &out);
	buf_printf(&out, "; %llu answered differently", (unsigned long long)different(d));
	for (unsigned k = 0; k < DIFF_KINDS; k++) {
		if (d->kinds[k] == 0)
			continue;
		buf_printf(&out, "%s%llu %s", sep, (unsigned long long)d->kinds[k], diff_title(k));
		sep = ", ";
	}
	buf_putc(&out, '\n');
	if (d->lost > 0)
		buf_printf(&out, "%llu of them are not shown: too many kinds\n", (unsigned long long)d->lost);
	return put_out(&out);
}

/* --- as objects -------------------------------------------------------------------------------- */

static void
side_json(const struct side *s, struct json *j)
{
	struct buf text = BUF_INIT;

	json_kobject(j, s->word);
	diff_put_answer(s->d, &text);
	json_kbytes(j, "answer", buf_bytes(&text));
	json_kstr(j, "action", action_name(s->d->action));
	json_kstr(j, "mode", mode_name(s->d->mode));
	json_kstr(j, "severity", severity_name(s->d->severity));
	json_kbool(j, "never_stop", s->d->never_stop);
	json_kbool(j, "undetermined", s->d->undetermined);
	json_kstr(j, "message", s->d->message);
	if (s->d->ntags > 0) {
		json_karray(j, "tags");
		for (size_t i = 0; i < s->d->ntags; i++)
			json_str(j, s->d->tags[i]);
		json_end(j, ']');
	}
	if (!s->d->by_default) {
		json_kstr(j, "file", s->d->file);
		json_kuint(j, "line", s->d->line);
		buf_reset(&text);
		pol_rule_text(s->policy, s->d->rule, &text);
		json_kbytes(j, "rule", buf_bytes(&text));
	}
	json_end(j, '}');
	buf_free(&text);
}

static void
words_json(const char *key, struct tally *t, struct json *j)
{
	size_t n;
	const struct tally_row *rows = tally_rows(t, &n);

	json_karray(j, key);
	for (size_t i = 0; i < n; i++)
		json_str(j, bytes_of(rows[i].word));
	json_end(j, ']');
}

static void
to_json(const struct diff_group *g, struct json *j)
{
	struct buf text = BUF_INIT;

	json_karray(j, "to");
	for (unsigned i = 0; i < 2; i++) {
		if (g->to[i].addr.family == 0)
			continue;
		prefix_print(g->to[i], &text);
		json_str(j, buf_bytes(&text));
		buf_reset(&text);
	}
	json_end(j, ']');
	buf_free(&text);
}

static bool
group_json(const struct diff_show *s, const struct diff_group *g)
{
	struct buf out = BUF_INIT;
	struct side sides[2];
	struct json j;

	sides_of(s->diff, g, sides);
	json_init(&j, &out);
	json_object(&j);
	json_kstr(&j, "kind", diff_word(g->kind));
	json_kstr(&j, "activity", activity_info(g->activity)->name);
	json_kuint(&j, "count", g->count);
	json_kuint(&j, "expect", g->expected);
	json_ktime(&j, "first", g->first);
	json_ktime(&j, "last", g->last);
	words_json("users", g->users, &j);
	json_kbool(&j, "more_users", tally_others(g->users) > 0);
	to_json(g, &j);
	words_json("ports", g->ports, &j);
	for (unsigned i = 0; i < 2; i++)
		side_json(&sides[i], &j);
	json_kstr(&j, "example", g->example);
	json_kstr(&j, "at", g->at);
	json_end(&j, '}');
	buf_putc(&out, '\n');
	return put_out(&out);
}

static bool
summary_json(const struct diff_show *s)
{
	const struct diff *d = s->diff;
	struct buf out = BUF_INIT;
	struct json j;

	json_init(&j, &out);
	json_object(&j);
	json_kobject(&j, "summary");
	json_kstr(&j, "old", s->was);
	json_kstr(&j, "new", s->is);
	json_kuint(&j, "questions", d->asked);
	json_kuint(&j, "expect", d->expects);
	json_kuint(&j, "same", d->same);
	json_kuint(&j, "different", different(d));
	for (unsigned k = 0; k < DIFF_KINDS; k++)
		json_kuint(&j, diff_word(k), d->kinds[k]);
	json_kuint(&j, "not_shown", d->lost);
	json_end(&j, '}');
	json_end(&j, '}');
	buf_putc(&out, '\n');
	return put_out(&out);
}

static bool
groups_json(const struct diff_show *s)
{
	bool ok = true;

	for (size_t i = 0; ok && i < s->diff->ngroups; i++)
		ok = group_json(s, &s->diff->groups[i]);
	return ok;
}

int
diff_print(const struct diff_show *s)
{
	bool ok = s->cli->json ? groups_json(s) && summary_json(s) : put_groups(s) && put_summary(s);

	if (!ok)
		return CLI_UNREACHABLE;
	return different(s->diff) > 0 ? CLI_FOUND : CLI_OK;
}

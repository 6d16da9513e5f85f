/* rehearse_print: what a rehearsal counted, for people and as objects, one a line. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/rehearse.h"
#include "cli/table.h"

#define ROWS_SHOWN 20 /* for people; --json has them all */

/* An object of a word, what else there is, and a count. */
static bool
put_line(struct buf *line)
{
	bool ok;

	buf_putc(line, '\n');
	ok = buf_ok(line) && cli_write(stdout, buf_bytes(line));
	buf_free(line);
	return ok;
}

/* A rule's place: that of its file, wherever the text came from. */
static void
put_place(const struct rehearse_show *s, size_t rule, struct buf *out)
{
	const char *file;
	unsigned line;

	pol_rule_place(s->all->policy, rule, &file, &line);
	buf_put_visible(out, bytes_of(file));
	buf_printf(out, ":%u", line);
}

/* --- by rule, user, origin, destination ----------------------------------------------------- */

static int
by_rule_cmp(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b; /* count, rule */

	if (x[0] != y[0])
		return x[0] > y[0] ? -1 : 1;
	return x[1] < y[1] ? -1 : x[1] > y[1];
}

/* Pairs of count and rule, the most frequent first; the caller frees.  NULL: none, or out of memory. */
static uint64_t (*
hits_of(const struct rehearsal *r, size_t *n))[2]
{
	size_t nrules = pol_nrules(r->policy);
	uint64_t (*hits)[2] = calloc(nrules + 1, sizeof(*hits));

	*n = 0;
	for (size_t i = 0; hits != NULL && i < nrules; i++) {
		if (r->by_rule[i] == 0)
			continue;
		hits[*n][0] = r->by_rule[i];
		hits[(*n)++][1] = i;
	}
	if (hits != NULL)
		qsort(hits, *n, sizeof(*hits), by_rule_cmp);
	return hits;
}

static void
put_rule_row(const struct rehearse_show *s, struct table *t, const uint64_t hit[2])
{
	struct table_row *row = table_row(t, NULL);
	struct buf text = BUF_INIT;

	buf_printf(&text, "%llu", (unsigned long long)hit[0]);
	table_cell(t, row, 0, &text);
	put_place(s, (size_t)hit[1], &text);
	table_cell(t, row, 1, &text);
	pol_rule_text(s->all->policy, (size_t)hit[1], &text);
	table_cell(t, row, 2, &text);
	buf_free(&text);
}

static bool
put_rule_json(const struct rehearse_show *s, const uint64_t hit[2])
{
	struct buf line = BUF_INIT, text = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	put_place(s, (size_t)hit[1], &text);
	json_kbytes(&j, "rule", buf_bytes(&text));
	buf_reset(&text);
	pol_rule_text(s->all->policy, (size_t)hit[1], &text);
	json_kbytes(&j, "text", buf_bytes(&text));
	json_kuint(&j, "count", hit[0]);
	json_end(&j, '}');
	buf_free(&text);
	return put_line(&line);
}

static bool
put_rules(const struct rehearse_show *s)
{
	static const struct table_column columns[] = {{"COUNT", TABLE_RIGHT}, {"PLACE", 0}, {"RULE", 0}};
	struct table *t = NULL;
	size_t n;
	uint64_t (*hits)[2] = hits_of(s->all, &n);
	bool ok = hits != NULL && (s->cli->json || (t = table_new(s->cli, columns, 3)) != NULL);

	for (size_t i = 0; ok && i < n; i++) {
		if (s->cli->json)
			ok = put_rule_json(s, hits[i]);
		else
			put_rule_row(s, t, hits[i]);
	}
	if (ok && t != NULL && n > 0)
		ok = table_print(t) == CLI_OK;
	table_free(&t);
	free(hits);
	return ok;
}

static bool
put_tally_json(const char *what, const struct tally_row *rows, size_t n)
{
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		struct buf line = BUF_INIT;
		struct json j;

		json_init(&j, &line);
		json_object(&j);
		json_kstr(&j, what, rows[i].word);
		json_kuint(&j, "count", rows[i].n);
		json_end(&j, '}');
		ok = put_line(&line);
	}
	return ok;
}

static void
put_tally_row(struct table *t, uint64_t n, const char *word)
{
	struct table_row *row = table_row(t, NULL);
	struct buf text = BUF_INIT;

	buf_printf(&text, "%llu", (unsigned long long)n);
	table_cell(t, row, 0, &text);
	buf_put_visible(&text, bytes_of(word));
	table_cell(t, row, 1, &text);
	buf_free(&text);
}

static bool
put_tally(const struct rehearse_show *s, struct tally *tally, const char *what, const char *heading)
{
	const struct table_column columns[] = {{"COUNT", TABLE_RIGHT}, {heading, 0}};
	size_t n, shown;
	const struct tally_row *rows = tally_rows(tally, &n);
	uint64_t rest = tally_others(tally);
	struct table *t;
	bool ok;

	if (s->cli->json || n == 0)
		return put_tally_json(what, rows, n);
	if (!cli_write(stdout, BYTES_LIT("\n")) || (t = table_new(s->cli, columns, 2)) == NULL)
		return false;
	shown = n < ROWS_SHOWN ? n : ROWS_SHOWN;
	for (size_t i = 0; i < shown; i++)
		put_tally_row(t, rows[i].n, rows[i].word);
	for (size_t i = shown; i < n; i++)
		rest += rows[i].n;
	if (rest > 0)
		put_tally_row(t, rest, "others (--json shows all)");
	ok = table_print(t) == CLI_OK;
	table_free(&t);
	return ok;
}

/* --- sessions that end, and what they serve ------------------------------------------------- */

#define NO_SERVICE SIZE_MAX

/* The next one of that session, from i on. */
static size_t
next_service(const struct rehearsal *r, const char *session, size_t i)
{
	for (; i < r->nservices; i++)
		if (strcmp(r->services[i].session, session) == 0)
			return i;
	return NO_SERVICE;
}

static void
put_ended_row(const struct rehearse_show *s, struct table *t, const struct ended *e)
{
	struct table_row *row = table_row(t, NULL);
	struct buf text = BUF_INIT;
	const char *comma = "";

	table_cell_str(t, row, 0, e->session);
	buf_put_visible(&text, bytes_of(e->user));
	table_cell(t, row, 1, &text);
	put_place(s, e->rule, &text);
	table_cell(t, row, 2, &text);
	for (size_t i = 0; (i = next_service(s->all, e->session, i)) != NO_SERVICE; i++) {
		const struct service *v = &s->all->services[i];

		buf_printf(&text, "%s%s%s", comma, v->what, v->spared && !e->all ? " (spared)" : "");
		comma = ", ";
	}
	table_cell(t, row, 3, &text);
	buf_free(&text);
}

static bool
put_ended_json(const struct rehearse_show *s, const struct ended *e)
{
	struct buf line = BUF_INIT, place = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	json_kstr(&j, "ended", e->session);
	json_kstr(&j, "user", e->user);
	put_place(s, e->rule, &place);
	json_kbytes(&j, "by", buf_bytes(&place));
	buf_free(&place);
	json_karray(&j, "services");
	for (size_t i = 0; (i = next_service(s->all, e->session, i)) != NO_SERVICE; i++) {
		const struct service *v = &s->all->services[i];

		json_object(&j);
		json_kstr(&j, "name", v->what);
		json_kbool(&j, "spared", v->spared && !e->all);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
	return put_line(&line);
}

static bool
put_ended(const struct rehearse_show *s)
{
	static const struct table_column columns[] = {{"ENDED", 0}, {"USER", 0}, {"BY", 0},
	    {"LISTENING SERVICES", TABLE_WRAP}};
	const struct rehearsal *r = s->all;
	struct table *t = NULL;
	bool ok = true;

	if (r->nended > 0 && !s->cli->json)
		ok = cli_write(stdout, BYTES_LIT("\n")) && (t = table_new(s->cli, columns, 4)) != NULL;
	for (size_t i = 0; ok && i < r->nended; i++) {
		if (s->cli->json)
			ok = put_ended_json(s, &r->ended[i]);
		else
			put_ended_row(s, t, &r->ended[i]);
	}
	if (ok && t != NULL)
		ok = table_print(t) == CLI_OK;
	table_free(&t);
	return ok;
}

/* --- the lines that would keep them ---------------------------------------------------------- */

static const char *
verdict(const struct rehearse_show *s)
{
	return s->proof->kept_stopped == 0 ? "asked again with these lines: nothing of theirs is stopped" :
	                                     "asked again with these lines: not all of it passes";
}

static bool
put_lines(const struct rehearse_show *s)
{
	size_t n;
	const struct tally_row *rows = tally_rows(s->all->lines, &n);
	struct buf out = BUF_INIT;
	bool ok;

	if (n == 0 && !s->cli->json && s->all->nkeep > 0 && s->all->lineless == 0)
		return cli_write(stdout, BYTES_LIT("\nno pass lines: nothing of those whom --keep names is stopped\n"));
	if (n == 0 || s->proof == NULL)
		return true;
	if (s->cli->json)
		return put_tally_json("keep", rows, n);
	buf_puts(&out, "\npass lines that would keep these, before the policy's other rules:\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(&out, "%s    # %llu\n", rows[i].word, (unsigned long long)rows[i].n);
	buf_printf(&out, "# %s", verdict(s));
	if (s->proof->kept_stopped > 0)
		buf_printf(&out, ": %llu would still be stopped", (unsigned long long)s->proof->kept_stopped);
	buf_putc(&out, '\n');
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

/* --- in one word ----------------------------------------------------------------------------- */

static void
put_missing(const struct rehearse_show *s, struct buf *out)
{
	size_t n;
	const struct tally_row *rows = tally_rows(s->all->missing, &n);

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", rows[i].word);
}

static void
put_remarks(const struct rehearse_show *s, struct buf *out)
{
	const struct rehearsal *r = s->all;

	if (r->unsure > 0) {
		buf_printf(out, "Of %llu nothing can be said: the answer hangs on what is not known (",
		    (unsigned long long)r->unsure);
		put_missing(s, out);
		buf_puts(out, ").\n");
	}
	if (r->short_of_facts > 0)
		buf_printf(out, "%llu findings are older than the facts that are kept now: what is missing was "
		    "taken as not known.\n", (unsigned long long)r->short_of_facts);
	if (r->never_stop > 0)
		buf_printf(out, "For %llu more never-stop holds, or may hold.\n", (unsigned long long)r->never_stop);
	if (r->moot > 0)
		buf_printf(out, "%llu findings would not have come to be: their session was over or refused.\n",
		    (unsigned long long)r->moot);
	if (r->ended_lost + r->services_lost > 0)
		buf_printf(out, "%llu sessions and %llu listening services are not shown: too many.\n",
		    (unsigned long long)r->ended_lost, (unsigned long long)r->services_lost);
	if (r->lineless > 0)
		buf_printf(out, "For %llu there is no pass line: too many, or names that are patterns.\n",
		    (unsigned long long)r->lineless);
}

static bool
put_summary(const struct rehearse_show *s)
{
	const struct rehearsal *r = s->all;
	struct buf out = BUF_INIT;
	bool ok;

	cli_count(r->findings, "finding", &out);
	buf_puts(&out, " and ");
	cli_count(r->logins, "login", &out);
	buf_puts(&out, " since ");
	cli_time(s->cli, s->since, &out);
	buf_puts(&out, ", by ");
	buf_put_visible(&out, bytes_of(s->policy));
	buf_printf(&out, " in enforce mode:\n%s%llu stopped, ", cli_style(s->cli, STYLE_BOLD),
	    (unsigned long long)r->stopped);
	cli_count(r->refused, "login", &out);
	buf_puts(&out, " refused, ");
	cli_count(r->nended + r->ended_lost, "session", &out);
	buf_printf(&out, " ended%s\n", cli_style(s->cli, STYLE_PLAIN));
	put_remarks(s, &out);
	if (r->stopped + r->refused > 0)
		buf_putc(&out, '\n');
	ok = cli_write(stdout, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

static bool
put_summary_json(const struct rehearse_show *s)
{
	const struct rehearsal *r = s->all;
	size_t n;
	const struct tally_row *rows = tally_rows(r->missing, &n);
	struct buf line = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	json_kobject(&j, "summary");
	json_kstr(&j, "policy", s->policy);
	json_kuint(&j, "findings", r->findings);
	json_kuint(&j, "logins", r->logins);
	json_kuint(&j, "stopped", r->stopped);
	json_kuint(&j, "refused", r->refused);
	json_kuint(&j, "ended", r->nended + r->ended_lost);
	json_kuint(&j, "unsure", r->unsure);
	json_karray(&j, "missing");
	for (size_t i = 0; i < n; i++)
		json_str(&j, bytes_of(rows[i].word));
	json_end(&j, ']');
	json_kuint(&j, "never_stop", r->never_stop);
	json_kuint(&j, "moot", r->moot);
	json_kuint(&j, "short_of_facts", r->short_of_facts);
	json_kuint(&j, "lineless", r->lineless);
	if (s->proof != NULL)
		json_kuint(&j, "still_stopped", s->proof->kept_stopped);
	json_end(&j, '}');
	json_end(&j, '}');
	return put_line(&line);
}

int
rehearse_print(const struct rehearse_show *s)
{
	bool ok = s->cli->json || put_summary(s);

	ok = ok && put_rules(s) && put_tally(s, s->all->users, "user", "USER") &&
	    put_tally(s, s->all->origins, "origin", "ORIGIN") &&
	    put_tally(s, s->all->destinations, "destination", "DESTINATION") && put_ended(s) && put_lines(s);
	if (s->cli->json)
		ok = ok && put_summary_json(s);
	if (!ok)
		return CLI_UNREACHABLE;
	return s->all->stopped + s->all->refused > 0 ? CLI_FOUND : CLI_OK;
}

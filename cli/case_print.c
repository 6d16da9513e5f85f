/*
 * case_print: see case_print.h.  Everything that came from a host is made visible.  Commands are there to
 * be pasted: they have neither backslashes nor what does not show (agentd/case/todo.c), so they stay as they are.
 */
#include "cli/case_print.h"
#include "cli/wrap.h"

#include "base/words.h"

const struct table_column case_columns[CASE_COLUMNS] = {
	[CASE_ID] = {"CASE", 0},
	[CASE_USER] = {"USER", 0},
	[CASE_FROM] = {"FROM", 0},
	[CASE_CHANGED] = {"CHANGED", 0},
	[CASE_SCORE] = {"SCORE", TABLE_RIGHT},
	[CASE_SEVERITY] = {"SEVERITY", 0},
	[CASE_STATE] = {"STATE", 0},
	[CASE_WHAT] = {"INDICATORS", TABLE_WRAP},
};

static enum cli_style
style_of(struct bytes word)
{
	enum severity s;

	if (!severity_parse(word, &s) || s < SEV_MEDIUM)
		return STYLE_PLAIN;
	return s == SEV_MEDIUM ? STYLE_WARN : STYLE_BAD;
}

/* "unusual-origin, agent-hijack": each once. */
static void
put_indicators(const json_t *c, struct buf *out)
{
	const json_t *list = answer_get(c, "sshtether.case.indicators"), *one, *before;

	for (size_t i = 0, shown = 0; (one = answer_item(list, i)) != NULL; i++) {
		size_t k = 0;

		while (k < i && (before = answer_item(list, k)) != NULL &&
		    !bytes_eq(answer_str(before, "activity"), answer_str(one, "activity")))
			k++;
		if (k < i)
			continue;
		buf_puts(out, shown++ > 0 ? ", " : "");
		answer_visible(one, "activity", out);
	}
}

void
case_row(const struct cli *cli, struct table *t, const json_t *c)
{
	struct table_row *row = table_row(t, NULL);
	struct buf cell = BUF_INIT;

	answer_visible(c, "sshtether.case.id", &cell);
	table_cell(t, row, CASE_ID, &cell);
	answer_visible(c, "user.name", &cell);
	table_cell(t, row, CASE_USER, &cell);
	answer_visible(c, "source.ip", &cell);
	table_cell(t, row, CASE_FROM, &cell);
	answer_time(cli, c, "sshtether.changed", &cell);
	table_cell(t, row, CASE_CHANGED, &cell);
	buf_printf(&cell, "%lld", (long long)answer_int(c, "sshtether.case.score"));
	table_cell(t, row, CASE_SCORE, &cell);
	answer_visible(c, "sshtether.case.severity", &cell);
	table_cell(t, row, CASE_SEVERITY, &cell);
	table_style(t, row, CASE_SEVERITY, style_of(answer_str(c, "sshtether.case.severity")));
	answer_visible(c, "sshtether.state", &cell);
	table_cell(t, row, CASE_STATE, &cell);
	put_indicators(c, &cell);
	table_cell(t, row, CASE_WHAT, &cell);
	buf_free(&cell);
}

/* --- the sheet -------------------------------------------------------------------------------- */

static void
put_standing(const struct cli *cli, const json_t *c, struct buf *out)
{
	const struct bytes severity = answer_str(c, "sshtether.case.severity");
	struct buf line = BUF_INIT;

	buf_printf(&line, "%scase ", cli_style(cli, STYLE_BOLD));
	answer_visible(c, "sshtether.case.id", &line);
	buf_printf(&line, "%s  %s", cli_style(cli, STYLE_PLAIN), cli_style(cli, style_of(severity)));
	buf_put_visible(&line, severity);
	buf_printf(&line, "%s, score %lld: ", cli_style(cli, STYLE_PLAIN),
	    (long long)answer_int(c, "sshtether.case.score"));
	put_indicators(c, &line);
	wrap_line(&line, 0, CASE_TEXT, out);
}

static void
put_login(const struct cli *cli, const json_t *c, struct buf *out)
{
	struct buf line = BUF_INIT;

	answer_visible(c, "user.name", &line);
	if (answer_get(c, "source") != NULL) {
		buf_puts(&line, " from ");
		answer_endpoint(c, "source", &line);
	}
	if (answer_get(c, "sshtether.method") != NULL) {
		buf_puts(&line, " by ");
		answer_visible(c, "sshtether.method", &line);
	}
	buf_puts(&line, ", opened ");
	answer_time(cli, c, "sshtether.opened", &line);
	buf_puts(&line, ", ");
	answer_visible(c, "sshtether.state", &line);
	if (answer_get(c, "sshtether.over") != NULL) {
		buf_puts(&line, " since ");
		answer_time(cli, c, "sshtether.over", &line);
	}
	wrap_line(&line, 0, CASE_TEXT, out);
}

/* --- what was found, and what to do --- */

/* Of what is inferred: how sure it is, by which the points go. */
static void
put_weight(const json_t *f, struct buf *out)
{
	if (answer_get(f, "grade") != NULL) {
		buf_puts(out, ", ");
		answer_visible(f, "grade", out);
	}
	if (answer_get(f, "confidence") != NULL) {
		buf_puts(out, ", ");
		answer_visible(f, "confidence", out);
		buf_puts(out, " confidence");
	}
}

#define POINTS_WIDTH 5  /* with the blanks behind them */
#define NAME_WIDTH   21 /* unusual-destination, and the blanks */

/* One thing that was found: when, what it counts, what became of it, to what, how often. */
static void
put_finding(const struct cli *cli, const json_t *f, struct buf *out)
{
	const size_t indent = CASE_TEXT + CASE_TIME + POINTS_WIDTH;
	struct buf what = BUF_INIT, line = BUF_INIT;

	answer_visible(f, "activity", &what);
	buf_printf(out, "%*s", CASE_TEXT, "");
	answer_time(cli, f, "first", out);
	buf_printf(out, "  %3lld  %-*s", (long long)answer_int(f, "points"), NAME_WIDTH, buf_ok(&what) ? what.p : "");
	answer_visible(f, "done", &line);
	put_weight(f, &line);
	if (answer_get(f, "subject") != NULL) {
		buf_puts(&line, ", ");
		answer_visible(f, "subject", &line);
	}
	if (answer_bool(f, "changed") && answer_get(f, "as") != NULL) {
		buf_puts(&line, ", as ");
		answer_visible(f, "as", &line);
	}
	if (answer_int(f, "count") > 1)
		buf_printf(&line, ", %lld times", (long long)answer_int(f, "count"));
	wrap_line(&line, indent + NAME_WIDTH, indent, out);
	buf_free(&what);
}

static void
put_timeline(const struct cli *cli, const json_t *c, struct buf *out)
{
	const json_t *list = answer_get(c, "findings"), *f;

	buf_puts(out, "\nwhat was found\n");
	for (size_t i = 0; (f = answer_item(list, i)) != NULL; i++)
		put_finding(cli, f, out);
	if (answer_int(c, "more") > 0) {
		buf_printf(out, "     and %lld more: sshtether alerts --all --session ", (long long)answer_int(c, "more"));
		answer_visible(c, "sshtether.case.id", out);
		buf_putc(out, '\n');
	}
}

/* What is there to be pasted stays in one line. */
static void
put_actions(const struct cli *cli, const json_t *c, struct buf *out)
{
	static const char *const pasted[] = {"command", "policy"};
	const json_t *list = answer_get(c, "actions"), *a;

	buf_puts(out, "\nwhat to do\n");
	if (answer_item(list, 0) == NULL)
		buf_puts(out, "     nothing yet: a case calls for something when it is medium\n");
	for (size_t i = 0; (a = answer_item(list, i)) != NULL; i++) {
		struct buf line = BUF_INIT;

		buf_puts(out, "   - ");
		answer_visible(a, "text", &line);
		wrap_line(&line, CASE_TEXT, CASE_TEXT, out);
		for (size_t k = 0; k < sizeof(pasted) / sizeof(pasted[0]); k++) {
			const struct bytes text = answer_str(a, pasted[k]);

			if (text.n == 0)
				continue;
			buf_printf(out, "       %s", cli_style(cli, STYLE_BOLD));
			buf_put_visible(out, text);
			buf_printf(out, "%s\n", cli_style(cli, STYLE_PLAIN));
		}
	}
}

void
case_sheet_print(const struct cli *cli, const json_t *c, struct buf *out)
{
	put_standing(cli, c, out);
	put_login(cli, c, out);
	case_questions_print(cli, c, out);
	put_timeline(cli, c, out);
	put_actions(cli, c, out);
}

/*
 * case_evidence: the questions of a case's sheet, with their answers and what those rest on; see case_print.h.  What
 * says the same once more is counted, and what stood under an earlier question is only referred to.
 */
#include "cli/case_print.h"
#include "cli/wrap.h"

#define ID_SHOWN 12 /* as alert_print has it: enough to find it by */

static bool
is_same(const json_t *a, const json_t *b)
{
	return bytes_eq(answer_str(a, "text"), answer_str(b, "text")) &&
	    bytes_eq(answer_str(a, "activity"), answer_str(b, "activity")) &&
	    answer_bool(a, "passed") == answer_bool(b, "passed");
}

/* How often it stands there from the k-th on, all told; 0: it stood there before. */
static int64_t
times_of(const json_t *list, size_t k)
{
	const json_t *e = answer_item(list, k), *one;
	int64_t n = 0;

	for (size_t i = 0; (one = answer_item(list, i)) != NULL; i++) {
		if (!is_same(one, e))
			continue;
		if (i < k)
			return 0;
		n += answer_get(one, "count") != NULL ? answer_int(one, "count") : 1;
	}
	return n;
}

/* The number of the question, before that one, under which the same finding stands; 0: none. */
static size_t
stood_under(const json_t *questions, size_t before, const json_t *e)
{
	const json_t *one;

	for (size_t i = 0; answer_str(e, "id").n > 0 && i < before; i++) {
		const json_t *list = answer_get(answer_item(questions, i), "evidence");

		for (size_t k = 0; (one = answer_item(list, k)) != NULL; k++) {
			if (is_same(one, e))
				return i + 1;
		}
	}
	return 0;
}

static void
put_found(const struct cli *cli, const json_t *e, struct buf *line)
{
	struct bytes id = answer_str(e, "id");

	if (id.n < ID_SHOWN)
		return;
	id.n = ID_SHOWN;
	buf_printf(line, " %s(", cli_style(cli, STYLE_DIM));
	answer_visible(e, "activity", line);
	buf_puts(line, ", id ");
	buf_put_visible(line, id);
	buf_printf(line, ")%s", cli_style(cli, STYLE_PLAIN));
}

/* "uses an agent" of "alice's session 57 (from 192.0.2.7) uses an agent": whose sheet it is stands above. */
static struct bytes
without_subject(const json_t *c, struct bytes text)
{
	struct bytes rest = text;
	struct buf whose = BUF_INIT;
	bool is_his;

	buf_putb(&whose, answer_str(c, "user.name"));
	buf_printf(&whose, "'s session %lld ", (long long)answer_int(c, "sshtether.ses"));
	is_his = buf_ok(&whose) && text.n > whose.n && memcmp(text.p, whose.p, whose.n) == 0;
	rest.p += is_his ? whose.n : 0;
	rest.n -= is_his ? whose.n : 0;
	buf_free(&whose);
	if (is_his && rest.p[0] == '(')
		(void)bytes_take(&rest, ')');
	rest = bytes_trim(rest);
	return rest.n > 0 ? rest : text;
}

/* under: where it was told already; 0: nowhere. */
static void
put_evidence(const struct cli *cli, const json_t *c, const json_t *e, int64_t times, size_t under, struct buf *out)
{
	const bool timed = answer_get(e, "time") != NULL;
	const size_t at = timed ? CASE_TEXT + CASE_TIME : CASE_TEXT;
	struct buf line = BUF_INIT;

	buf_printf(out, "%*s", CASE_TEXT, "");
	if (timed) {
		answer_time(cli, e, "time", out);
		buf_puts(out, "  ");
	}
	if (under > 0)
		buf_printf(&line, "as under %zu", under);
	else
		buf_put_visible(&line, without_subject(c, answer_str(e, "text")));
	if (times > 1 && under == 0)
		buf_printf(&line, ", %lld times", (long long)times);
	if (answer_bool(e, "passed"))
		buf_puts(&line, ", which a rule passes");
	put_found(cli, e, &line);
	wrap_line(&line, at, at, out);
}

void
case_questions_print(const struct cli *cli, const json_t *c, struct buf *out)
{
	const json_t *all = answer_get(c, "questions"), *q, *e;

	for (size_t i = 0; (q = answer_item(all, i)) != NULL; i++) {
		const struct bytes answer = answer_str(q, "answer");
		const json_t *list = answer_get(q, "evidence");

		buf_printf(out, "\n%zu. ", i + 1);
		answer_visible(q, "words", out);
		buf_printf(out, " %s", cli_style(cli, bytes_is(answer, "yes") ? STYLE_WARN : STYLE_BOLD));
		buf_put_visible(out, answer);
		buf_printf(out, "%s\n", cli_style(cli, STYLE_PLAIN));
		for (size_t k = 0; (e = answer_item(list, k)) != NULL; k++) {
			const int64_t times = times_of(list, k);

			if (times > 0)
				put_evidence(cli, c, e, times, stood_under(all, i, e), out);
		}
	}
}

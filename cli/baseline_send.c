/*
 * baseline_send: see baseline.h.  Rows go to the daemon as they stand in an export, so many in a request as it takes.
 * What is sent twice counts once, so what broke off is begun again.
 */
#include <unistd.h>

#include "cli/baseline.h"
#include "cli/client.h"

/* Of ST_CONTROL_LINE: in the request each quote of a row has a backslash before it. */
#define BATCH_BYTES 24000

struct sending {
	const struct cli *cli;
	const char *what;
	int32_t oldest; /* the first day that the daemon keeps */
	bool active;    /* days of activity, or all but these */
	struct buf rows;
	uint64_t in_batch;
	struct baseline_sent sent;
	int status;
};

static bool
on_answer(const json_t *o, struct bytes line, void *arg)
{
	struct sending *s = arg;

	(void)line;
	s->sent.changed += (uint64_t)answer_int(o, "changed");
	s->sent.left_out += (uint64_t)answer_int(o, "left_out");
	s->sent.days = (unsigned)answer_int(o, "days_before");
	return true;
}

/* last: and no more will come. */
static void
send_batch(struct sending *s, bool last)
{
	struct client_ask ask = {.socket = CLIENT_CONTROL, .fn = on_answer, .arg = s};

	if ((s->rows.n == 0 && !last) || s->status != CLI_OK)
		return;
	if (!buf_ok(&s->rows)) {
		cli_error("out of memory");
		s->status = CLI_UNREACHABLE;
		return;
	}
	ask.request = json_pack("{s:s, s:s, s:s#, s:b}", "verb", "baseline-merge", "what", s->what, "rows",
	    s->rows.n > 0 ? s->rows.p : "", s->rows.n, "last", last);
	s->status = client_ask(s->cli, &ask);
	s->sent.rows += s->in_batch;
	s->in_batch = 0;
	buf_reset(&s->rows);
}

static void
put_row(const struct usual_row *row, void *arg)
{
	struct sending *s = arg;

	if ((row->key.kind == USUAL_ACTIVE) != s->active || row->key.kind == USUAL_TOLD || s->status != CLI_OK)
		return;
	if (row->day < s->oldest) {
		s->sent.old++;
		return;
	}
	usual_line_put(row, &s->rows);
	s->in_batch++;
	if (s->rows.n >= BATCH_BYTES)
		send_batch(s, false);
}

int32_t
baseline_oldest(const struct baseline_head *head)
{
	return usual_day(rtime_now()) - (int32_t)head->window + 1;
}

int
baseline_send(const struct cli *cli, const struct baseline_head *head, const struct baseline *b, const char *what,
    struct baseline_sent *sent)
{
	struct sending s = {.cli = cli, .what = what, .oldest = baseline_oldest(head), .sent = {.days = head->days_before}};

	for (int pass = 0; pass < 2; pass++) {
		s.active = pass == 1;
		baseline_each(b, NULL, put_row, &s);
		send_batch(&s, s.active);
	}
	buf_free(&s.rows);
	*sent = s.sent;
	return s.status;
}

bool
baseline_may(const char *what)
{
	if (geteuid() == 0)
		return true;
	cli_error("only root may %s what is usual", what);
	return false;
}

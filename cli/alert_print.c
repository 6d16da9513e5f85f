/* alert_print: see alert_print.h. */
#include "base/words.h"
#include "cli/alert_print.h"
#include "cli/client.h"

/* event.severity back to its word (agentd/sink/alert.c); a number in between is the lower word's. */
static enum severity
severity_of(const json_t *a)
{
	static const int64_t least[SEV_COUNT] = {0, 21, 47, 73, 99};
	int64_t number = answer_int(a, "event.severity");
	enum severity s = SEV_CRITICAL;

	while (s > SEV_INFO && number < least[s])
		s--;
	return s;
}

static enum cli_style
alert_style(const json_t *a)
{
	if (bytes_is(answer_str(a, "event.kind"), "event"))
		return STYLE_DIM;
	return severity_of(a) >= SEV_HIGH ? STYLE_BAD : STYLE_WARN;
}

static void
put_head(const struct cli *cli, const json_t *a, struct buf *out)
{
	struct buf activity = BUF_INIT;

	answer_visible(a, "event.action", &activity);
	answer_time(cli, a, "@timestamp", out);
	buf_printf(out, "  %s%-8s  %-20s%s  ", cli_style(cli, alert_style(a)),
	    severity_name(severity_of(a)), buf_ok(&activity) ? activity.p : "",
	    cli_style(cli, STYLE_PLAIN));
	buf_free(&activity);
}

static void
put_login(const json_t *a, struct buf *out)
{
	const json_t *ses = answer_get(a, "sshtether.ses");

	if (ses != NULL)
		buf_printf(out, "session %lld ", (long long)json_integer_value(ses));
	else
		buf_puts(out, "no session ");
	answer_visible(a, "user.name", out);
	if (answer_str(a, "user.effective.id").n > 0 &&
	    !bytes_eq(answer_str(a, "user.id"), answer_str(a, "user.effective.id"))) {
		bool named = answer_str(a, "user.effective.name").n > 0;

		buf_puts(out, named ? " as " : " as uid ");
		answer_visible(a, named ? "user.effective.name" : "user.effective.id", out);
	}
	if (answer_get(a, "source.ip") != NULL) {
		buf_puts(out, " from ");
		answer_endpoint(a, "source", out);
	}
}

static void
put_result(const json_t *a, struct buf *out)
{
	struct bytes action = answer_str(a, "sshtether.action");

	answer_visible(a, "sshtether.done", out);
	if (action.n > 0 && !bytes_is(action, "alert") && !bytes_is(action, "record") &&
	    !bytes_is(action, "pass")) {
		buf_putc(out, ' ');
		buf_put_visible(out, action);
	}
	if (answer_str(a, "rule.name").n > 0) {
		buf_puts(out, " by ");
		answer_visible(a, "rule.name", out);
	}
	if (answer_str(a, "sshtether.why").n > 0) {
		buf_puts(out, ", ");
		answer_visible(a, "sshtether.why", out);
	}
}

static void
put_destination(const json_t *a, struct buf *out)
{
	if (answer_get(a, "destination.ip") != NULL) {
		buf_puts(out, "to ");
		answer_endpoint(a, "destination", out);
	} else if (answer_str(a, "sshtether.to").n > 0) {
		buf_puts(out, "to ");
		answer_visible(a, "sshtether.to", out);
	} else {
		return;
	}
	if (answer_str(a, "sshtether.owner").n > 0) {
		buf_puts(out, ", owner ");
		answer_visible(a, "sshtether.owner", out);
	}
	if (bytes_is(answer_str(a, "event.outcome"), "failure"))
		buf_puts(out, ", failed");
	buf_puts(out, "; ");
}

static void
put_programs(const json_t *a, struct buf *out)
{
	const json_t *ancestry = answer_get(a, "sshtether.ancestry"), *item;
	size_t i;

	if (answer_get(a, "process.pid") == NULL)
		return;
	answer_visible(a, "process.executable", out);
	buf_printf(out, "[%lld]", (long long)answer_int(a, "process.pid"));
	json_array_foreach(ancestry, i, item) {
		buf_puts(out, " < ");
		buf_put_visible(out, answer_str(item, ""));
	}
	buf_puts(out, "; ");
}

void
alert_print(const struct cli *cli, const struct json_t *alert, struct buf *out)
{
	put_head(cli, alert, out);
	put_login(alert, out);
	buf_puts(out, ": ");
	put_result(alert, out);
	buf_printf(out, "\n%-19s  ", "");
	put_destination(alert, out);
	put_programs(alert, out);
	answer_visible(alert, "event.reason", out);
	buf_putc(out, '\n');
}

bool
alert_print_line(const struct cli *cli, struct bytes line, struct buf *out)
{
	json_t *alert = json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL);

	if (alert == NULL)
		return false;
	alert_print(cli, alert, out);
	json_decref(alert);
	return true;
}

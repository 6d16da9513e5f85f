/* alert_print: see alert_print.h. */
#include "base/words.h"
#include "cli/alert_print.h"
#include "cli/client.h"

/*
 * event.severity back to its word (agentd/sink/alert.c); a number in between is the lower
 * word's.
 */
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

/*
 * "killed (terminate by prod.policy:9): "; what was only recorded by default needs no more
 * than that word.
 */
static void
put_result(const json_t *a, struct buf *out)
{
	struct bytes action = answer_str(a, "sshtether.action"), rule = answer_str(a, "rule.name");
	bool weak = action.n == 0 || bytes_is(action, "alert") || bytes_is(action, "record") ||
	    bytes_is(action, "pass");

	if (answer_str(a, "sshtether.done").n == 0)
		return; /* the daemon speaks of itself: nothing was to be done */
	answer_visible(a, "sshtether.done", out);
	if (!weak || rule.n > 0) {
		buf_puts(out, " (");
		if (!weak)
			buf_put_visible(out, action);
		if (rule.n > 0) {
			buf_puts(out, weak ? "by " : " by ");
			buf_put_visible(out, rule);
		}
		buf_putc(out, ')');
	}
	if (answer_str(a, "sshtether.why").n > 0) {
		buf_puts(out, ", ");
		answer_visible(a, "sshtether.why", out);
	}
	buf_puts(out, ": ");
}

/* Lines are printed as they come, so the column is as wide as the longest: revoke-agent-by-hand. */
#define NAME_WIDTH 20
#define INDENT     31 /* below the name: a time, a severity, and the blanks */

static void
put_head(const struct cli *cli, const json_t *a, struct buf *out)
{
	struct buf activity = BUF_INIT;

	answer_visible(a, "event.action", &activity);
	answer_time(cli, a, "@timestamp", out);
	buf_printf(out, "  %s%-8s  %-*s%s  ", cli_style(cli, alert_style(a)),
	    severity_name(severity_of(a)), NAME_WIDTH, buf_ok(&activity) ? activity.p : "",
	    cli_style(cli, STYLE_PLAIN));
	put_result(a, out);
	answer_visible(a, "event.reason", out);
	buf_free(&activity);
}

/* --- the evidence, piece by piece --------------------------------------------------------- */

static void
put_credential(const json_t *a, struct buf *out)
{
	struct bytes cert = answer_str(a, "sshtether.cert_id"), key = answer_str(a, "sshtether.key");

	if (cert.n == 0 && key.n == 0)
		return;
	buf_puts(out, cert.n > 0 ? "certificate " : "key ");
	buf_put_visible(out, cert.n > 0 ? cert : key);
	buf_puts(out, "; ");
}

/* As whom it was done, when that is not who logged in. */
static void
put_effective(const json_t *a, struct buf *out)
{
	struct bytes id = answer_str(a, "user.effective.id"),
	             name = answer_str(a, "user.effective.name");

	if (id.n == 0 || bytes_eq(answer_str(a, "user.id"), id))
		return;
	buf_puts(out, name.n > 0 ? "as " : "as uid ");
	buf_put_visible(out, name.n > 0 ? name : id);
	buf_puts(out, "; ");
}

static void
put_socket(const json_t *a, struct buf *out)
{
	struct bytes path = answer_str(a, "sshtether.to"), owner = answer_str(a, "sshtether.owner");

	if (path.n == 0)
		return;
	buf_put_visible(out, path);
	if (owner.n > 0) {
		buf_puts(out, " of ");
		buf_put_visible(out, owner);
	}
	buf_puts(out, "; ");
}

#define COMMAND_SHOWN 80

static void
put_command_line(const json_t *a, struct buf *out)
{
	struct bytes line = answer_str(a, "process.command_line");
	bool cut = line.n > COMMAND_SHOWN;

	if (line.n == 0)
		return;
	if (cut)
		line.n = COMMAND_SHOWN;
	while (cut && line.n > 0 && ((unsigned char)line.p[line.n - 1] & 0xc0) == 0x80)
		line.n--; /* not in the middle of a character */
	if (cut && line.n > 0 && ((unsigned char)line.p[line.n - 1] & 0x80) != 0)
		line.n--;
	buf_puts(out, " (");
	buf_put_visible(out, line);
	buf_puts(out, cut ? " ...)" : ")");
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
	put_command_line(a, out);
	json_array_foreach(ancestry, i, item) {
		buf_puts(out, " < ");
		buf_put_visible(out, bytes_basename(answer_str(item, "")));
	}
}

#define ID_SHOWN 12 /* digits: enough to find it by */

static void
put_id(const json_t *a, struct buf *out)
{
	struct bytes id = answer_str(a, "event.id");

	if (id.n < ID_SHOWN || answer_get(a, "sshtether.activity") == NULL)
		return;
	id.n = ID_SHOWN;
	buf_puts(out, "id ");
	buf_put_visible(out, id);
	buf_puts(out, "; ");
}

/* Of what is inferred: which grade of it, and how sure it is. */
static void
put_weight(const json_t *a, struct buf *out)
{
	struct bytes grade = answer_str(a, "sshtether.grade"), confidence = answer_str(a, "sshtether.confidence");

	if (grade.n > 0) {
		buf_put_visible(out, grade);
		buf_puts(out, confidence.n > 0 ? ", " : "; ");
	}
	if (confidence.n > 0) {
		buf_put_visible(out, confidence);
		buf_puts(out, " confidence; ");
	}
}

static void
put_evidence(const json_t *a, struct buf *out)
{
	put_id(a, out);
	put_weight(a, out);
	put_credential(a, out);
	put_effective(a, out);
	put_socket(a, out);
	put_programs(a, out);
}

void
alert_print(const struct cli *cli, const struct json_t *alert, struct buf *out)
{
	struct buf evidence = BUF_INIT;

	put_head(cli, alert, out);
	buf_putc(out, '\n');
	put_evidence(alert, &evidence);
	if (evidence.n > 2 && memcmp(evidence.p + evidence.n - 2, "; ", 2) == 0)
		evidence.n -= 2;
	if (evidence.n > 0) {
		buf_printf(out, "%-*s%s", INDENT, "", cli_style(cli, STYLE_DIM));
		buf_putb(out, buf_bytes(&evidence));
		buf_printf(out, "%s\n", cli_style(cli, STYLE_PLAIN));
	}
	out->failed |= evidence.failed;
	buf_free(&evidence);
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

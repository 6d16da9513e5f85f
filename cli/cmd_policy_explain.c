/*
 * cmd_policy_explain: which rule answers a question, and why not those before it.  Of a question on the command line
 * no daemon is asked; that of an alert is fetched from the store, and without a file so is the policy in force.
 */
#include <stdlib.h>

#include "cli/alert_print.h"
#include "cli/in_force.h"
#include "cli/past.h"
#include "cli/past_alert.h"
#include "cli/policy_file.h"
#include "policy/lexer.h"

/* --- a question on the command line ----------------------------------------------------------- */

/*
 * The question, as one argument or as many.  The shell took the quotes off: what is one argument
 * with blanks inside was a string, or a list where it stands in braces.
 */
static bool
was_string(const char *arg)
{
	const size_t n = strlen(arg);

	if (n > 1 && arg[0] == '{' && arg[n - 1] == '}')
		return false;
	if (n == 0)
		return true;
	for (; *arg != '\0'; arg++)
		if (*arg <= ' ' || *arg >= 0x7f || *arg == '#' || *arg == '"')
			return true;
	return false;
}

static void
join_question(int argc, char **argv, struct buf *out)
{
	for (int i = 0; i < argc; i++) {
		if (i > 0)
			buf_putc(out, ' ');
		if (argc > 1 && was_string(argv[i]))
			token_print(bytes_of(argv[i]), out);
		else
			buf_puts(out, argv[i]);
	}
}

static int
explain_words(const struct cli *cli, const struct policy *pol, struct bytes text, struct buf *out)
{
	struct question_store *store = NULL;
	struct buf diag = BUF_INIT;
	struct question q;
	int status = CLI_OK;
	struct json j;

	if (!question_parse(pol, text, &q, &store, &diag)) {
		status = cli_write(stderr, buf_bytes(&diag)) ? CLI_USAGE : CLI_UNREACHABLE;
	} else if (cli->json) {
		json_init(&j, out);
		pol_explain_json(pol, &q, &j);
		buf_putc(out, '\n');
	} else {
		pol_explain(pol, &q, out);
	}
	question_free(&store);
	buf_free(&diag);
	return status;
}

static int
explain_question(const struct cli *cli, int argc, char **argv)
{
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct policy_file l;
	int status;

	if (argc < 2)
		return cli_usage(cli, "which file, and what question?");
	status = policy_file_load(argv[0], true, &l);
	join_question(argc - 1, argv + 1, &text);
	if (l.policy != NULL)
		status = explain_words(cli, l.policy, buf_bytes(&text), &out);
	else if (status == CLI_FOUND && !policy_file_show(&l))
		status = CLI_UNREACHABLE;
	policy_file_free(&l);
	buf_free(&text);
	return cli_finish(&out, status);
}

/* --- an alert of the past --------------------------------------------------------------------- */

/* What was answered then, and what is answered now. */
struct then_now {
	const json_t *alert;
	const struct asked *asked;
	const struct policy *policy;
	struct decision now;
};

static bool
differs(const struct then_now *t)
{
	return t->now.undetermined || !bytes_is(answer_str(t->alert, "sshtether.action"), action_name(t->now.action));
}

static void
put_rule_then(const json_t *alert, struct buf *out)
{
	struct bytes rule = answer_str(alert, "rule.name");

	if (rule.n > 0) {
		buf_puts(out, " by ");
		buf_put_visible(out, rule);
	} else {
		buf_puts(out, ", by no rule");
	}
	if (answer_get(alert, "sshtether.policy_serial") != NULL)
		buf_printf(out, " of serial %lld", (long long)answer_int(alert, "sshtether.policy_serial"));
}

static void
put_alert(const struct cli *cli, const struct then_now *t, struct buf *out)
{
	alert_print(cli, t->alert, out);
	buf_puts(out, "then: ");
	answer_visible(t->alert, "sshtether.action", out);
	put_rule_then(t->alert, out);
	buf_puts(out, "; done: ");
	answer_visible(t->alert, "sshtether.done", out);
	if (answer_str(t->alert, "sshtether.why").n > 0) {
		buf_puts(out, ", because ");
		answer_visible(t->alert, "sshtether.why", out);
	}
	buf_puts(out, "\nasked: ");
	pol_explain(t->policy, &t->asked->q, out);
	if (t->asked->short_of_facts)
		buf_puts(out, "It was stored before all facts were kept: what is missing is taken as not known.\n");
	buf_puts(out, differs(t) ? "The answer is not what it was then.\n" : "The answer is what it was then.\n");
}

static void
put_alert_json(const struct then_now *t, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kobject(&j, "alert");
	json_kbytes(&j, "id", answer_str(t->alert, "event.id"));
	json_kbytes(&j, "time", answer_str(t->alert, "@timestamp"));
	json_kbytes(&j, "activity", answer_str(t->alert, "sshtether.activity"));
	json_kbytes(&j, "action", answer_str(t->alert, "sshtether.action"));
	json_kbytes(&j, "done", answer_str(t->alert, "sshtether.done"));
	json_kbytes(&j, "why", answer_str(t->alert, "sshtether.why"));
	json_kbytes(&j, "rule", answer_str(t->alert, "rule.name"));
	json_kint(&j, "policy_serial", answer_int(t->alert, "sshtether.policy_serial"));
	json_end(&j, '}');
	json_kbool(&j, "short_of_facts", t->asked->short_of_facts);
	json_kbool(&j, "differs", differs(t));
	json_key(&j, "now");
	pol_explain_json(t->policy, &t->asked->q, &j);
	json_end(&j, '}');
	buf_putc(out, '\n');
}

static int
explain_found(const struct cli *cli, const struct policy *policy, const json_t *alert)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	struct then_now t = {.alert = alert, .asked = asked, .policy = policy};
	struct buf out = BUF_INIT;
	int status = CLI_OK;

	if (asked == NULL) {
		cli_error("out of memory");
		status = CLI_UNREACHABLE;
	} else if (!asked_finding(alert, asked)) {
		cli_error("this alert is a word of sshtetherd on itself: no policy was asked about it");
		status = CLI_FOUND;
	} else {
		pol_ask(policy, &asked->q, &t.now);
		if (cli->json)
			put_alert_json(&t, &out);
		else
			put_alert(cli, &t, &out);
	}
	free(asked);
	return cli_finish(&out, status);
}

/* path NULL: the policy in force. */
static int
load(const struct cli *cli, const char *path, struct in_force *in_force, struct policy_file *out)
{
	const struct pol_options options = {.skip_expect = true};
	int status;

	if (path == NULL)
		return in_force_load(cli, &options, in_force, out);
	status = policy_file_load_with(path, &options, out);
	return status != CLI_FOUND || policy_file_show(out) ? status : CLI_UNREACHABLE;
}

static int
explain_alert(const struct cli *cli, const char *id, const char *path)
{
	struct in_force in_force = {0};
	struct policy_file l = {0};
	const json_t *alert = NULL;
	int status;

	if (!alert_id_parse(id))
		return cli_usage(cli, "--alert: '%s' is no id, nor the beginning of one: %d hexadecimal digits or more, "
		    "event.id of sshtether alerts --json", id, ALERT_ID_MIN);
	status = load(cli, path, &in_force, &l);
	if (status == CLI_OK)
		status = past_alert(cli, id, &alert);
	if (status == CLI_OK)
		status = explain_found(cli, l.policy, alert);
	answer_drop(&alert);
	policy_file_free(&l);
	in_force_free(&in_force);
	return status;
}

/* --- the command line ------------------------------------------------------------------------- */

int
cmd_policy_explain(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"alert", required_argument, NULL, 'a'}, {0}};
	const char *id = NULL;
	int val;

	while ((val = cli_option(cli, argc, argv, own)) != -1) {
		if (val != 'a')
			return CLI_USAGE;
		id = optarg;
	}
	argc -= optind;
	argv += optind;
	if (id == NULL)
		return explain_question(cli, argc, argv);
	if (argc > 1)
		return cli_usage(cli, "what is '%s'?  An alert is the question", argv[1]);
	return explain_alert(cli, id, argc == 1 ? argv[0] : NULL);
}

/*
 * cmd_policy: policies as files: print, test, explain.  No daemon is asked and none is needed, so
 * that a policy can be tried where it is written.  The same code loads it in the daemon.
 */
#include "cli/policy_file.h"
#include "policy/lexer.h"

/* --- print ------------------------------------------------------------------------------------ */

static int
print_one(const struct cli *cli, const char *path, struct buf *out)
{
	struct policy_file l;
	int status = policy_file_load(path, true, &l);
	struct json j;

	if (l.policy != NULL && cli->json) {
		json_init(&j, out);
		pol_print_json(l.policy, &j);
		buf_putc(out, '\n');
	} else if (l.policy != NULL) {
		pol_print(l.policy, out);
	} else if (!policy_file_show(&l)) {
		status = CLI_UNREACHABLE;
	}
	policy_file_free(&l);
	return status;
}

int
cmd_policy_print(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct buf out = BUF_INIT;
	int status = CLI_OK;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (optind == argc)
		return cli_usage(cli, "which file?");
	for (int i = optind; i < argc; i++)
		status = cli_worse(status, print_one(cli, argv[i], &out));
	return cli_finish(&out, status);
}

/* --- test ------------------------------------------------------------------------------------- */

struct tally {
	bool json;
	struct buf *out; /* borrowed */
	unsigned passed, failed;
};

static void
tell_expect(const char *file, unsigned line, bool ok, const char *what, void *arg)
{
	struct tally *t = arg;
	struct json j;

	t->passed += ok;
	t->failed += !ok;
	if (t->json) {
		json_init(&j, t->out);
		json_object(&j);
		json_kstr(&j, "file", file);
		json_kuint(&j, "line", line);
		json_kbool(&j, "ok", ok);
		json_kstr(&j, "expect", what);
		json_end(&j, '}');
		buf_putc(t->out, '\n');
		return;
	}
	buf_puts(t->out, ok ? "ok      " : "FAILED  ");
	buf_put_visible(t->out, bytes_of(file));
	buf_printf(t->out, ":%u: %s\n", line, what);
}

static int
test_one(const char *path, struct tally *t)
{
	struct policy_file l;
	int status = policy_file_load(path, true, &l);

	if (status == CLI_OK)
		pol_test(l.policy, rtime_now(), tell_expect, t);
	else if (status == CLI_FOUND && !policy_file_show(&l))
		status = CLI_UNREACHABLE;
	policy_file_free(&l);
	return status;
}

int
cmd_policy_test(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct buf out = BUF_INIT;
	struct tally t = {.json = cli->json, .out = &out};
	int status = CLI_OK;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (optind == argc)
		return cli_usage(cli, "which file?");
	t.json = cli->json;
	for (int i = optind; i < argc; i++)
		status = cli_worse(status, test_one(argv[i], &t));
	if (!t.json)
		buf_printf(&out, "%u passed, %u failed\n", t.passed, t.failed);
	return cli_finish(&out, cli_worse(status, t.failed != 0 ? CLI_FOUND : CLI_OK));
}

/* --- explain ---------------------------------------------------------------------------------- */

/*
 * The question, as one argument or as many.  The shell took the quotes off: what is one argument
 * with blanks inside was a string.
 */
static bool
was_string(const char *arg)
{
	if (*arg == '\0')
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
explain(const struct cli *cli, const struct policy *pol, struct bytes text, struct buf *out)
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

int
cmd_policy_explain(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct policy_file l;
	int status;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (argc - optind < 2)
		return cli_usage(cli, "which file, and what question?");
	status = policy_file_load(argv[optind], true, &l);
	join_question(argc - optind - 1, argv + optind + 1, &text);
	if (l.policy != NULL)
		status = explain(cli, l.policy, buf_bytes(&text), &out);
	else if (status == CLI_FOUND && !policy_file_show(&l))
		status = CLI_UNREACHABLE;
	policy_file_free(&l);
	buf_free(&text);
	return cli_finish(&out, status);
}

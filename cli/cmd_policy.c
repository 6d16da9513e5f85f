/*
 * cmd_policy: policies as files: check, print, test, explain.  No daemon is asked and none is
 * needed, so that a policy can be tried where it is written.  The same code loads it in the daemon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sshtether/limits.h>

#include "base/safe.h"
#include "cli/cli.h"
#include "policy/lexer.h"
#include "policy/policy.h"

/* --- loading ---------------------------------------------------------------------------------- */

struct loaded {
	const char *path;
	struct policy *policy; /* NULL: it has errors */
	struct buf diag;
	unsigned errors;
};

static int
read_stdin(struct buf *out)
{
	while (out->n <= ST_POLICY_BYTES) {
		char *room = buf_room(out, 65536);
		ssize_t n = room != NULL ? read(STDIN_FILENO, room, 65536) : -1;

		if (room == NULL)
			return -ENOMEM;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		out->n += n > 0 ? (size_t)n : 0;
	}
	return -EFBIG;
}

/* CLI_OK, CLI_FOUND for errors in it (which are in diag), CLI_UNREACHABLE (which it has said). */
static int
load(const char *path, bool skip_expect, struct loaded *out)
{
	struct pol_options options = {.skip_expect = skip_expect};
	struct buf text = BUF_INIT;
	const bool from_stdin = strcmp(path, "-") == 0;
	int err = from_stdin ? read_stdin(&text) : plain_read(path, ST_POLICY_BYTES, &text);

	if (from_stdin)
		path = "<stdin>";
	*out = (struct loaded){.path = path};
	if (err != 0) {
		cli_error("%s: %s", path, strerror(-err));
		buf_free(&text);
		return CLI_UNREACHABLE;
	}
	out->policy = pol_parse(path, buf_bytes(&text), &options, &out->diag, &out->errors);
	buf_free(&text);
	return out->policy != NULL ? CLI_OK : CLI_FOUND;
}

static void
unload(struct loaded *l)
{
	pol_free(&l->policy);
	buf_free(&l->diag);
}

static bool
show_diag(const struct loaded *l)
{
	return l->diag.n == 0 || cli_write(stderr, buf_bytes(&l->diag));
}

/* Writes what a command built, and frees it. */
static int
finish(struct buf *out, int status)
{
	bool ok = buf_ok(out) && (out->n == 0 || cli_write(stdout, buf_bytes(out)));

	buf_free(out);
	return ok ? status : CLI_UNREACHABLE;
}

static int
worse(int a, int b)
{
	return a > b ? a : b;
}

/* --- check ------------------------------------------------------------------------------------ */

static void
summary_text(const struct loaded *l, struct buf *out)
{
	const struct policy *pol = l->policy;

	buf_put_visible(out, bytes_of(l->path));
	buf_printf(out, ": fleet %s, serial %llu, mode %s: ",
	    *pol_fleet(pol) != '\0' ? pol_fleet(pol) : "-", (unsigned long long)pol_serial(pol),
	    mode_name(pol_mode(pol)));
	cli_count(pol_nrules(pol), "rule", out);
	buf_puts(out, ", ");
	cli_count(pol_nexpects(pol), "expect line", out);
	buf_puts(out, pol_nexpects(pol) == 1 ? " holds\n" : " hold\n");
	for (size_t i = 0; i < pol_nrules(pol); i++) {
		const char *file, *why;
		unsigned line;

		pol_rule_place(pol, i, &file, &line);
		buf_printf(out, "%5u  %-8s ", line, level_name(pol_rule_level(pol, i, POLG_ALL, &why)));
		pol_rule_text(pol, i, out);
		buf_putc(out, '\n');
	}
}

static void
rules_json(const struct policy *pol, struct json *j)
{
	struct buf text = BUF_INIT;

	json_karray(j, "rules");
	for (size_t i = 0; i < pol_nrules(pol); i++) {
		const char *file, *why;
		unsigned line;

		pol_rule_place(pol, i, &file, &line);
		pol_rule_text(pol, i, &text);
		json_object(j);
		json_kuint(j, "line", line);
		json_kbytes(j, "text", buf_bytes(&text));
		json_kstr(j, "level", level_name(pol_rule_level(pol, i, POLG_ALL, &why)));
		json_end(j, '}');
		buf_reset(&text);
	}
	json_end(j, ']');
	buf_free(&text);
}

static void
summary_json(const struct loaded *l, unsigned lint, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "file", l->path);
	json_kbool(&j, "ok", l->policy != NULL);
	json_kuint(&j, "errors", l->errors);
	json_kbytes(&j, "diagnostics", buf_bytes(&l->diag));
	if (l->policy != NULL) {
		json_kstr(&j, "fleet", pol_fleet(l->policy));
		json_kuint(&j, "serial", pol_serial(l->policy));
		json_kstr(&j, "mode", mode_name(pol_mode(l->policy)));
		json_kuint(&j, "expect", pol_nexpects(l->policy));
		json_kuint(&j, "lint", lint);
		rules_json(l->policy, &j);
	}
	json_end(&j, '}');
	buf_putc(out, '\n');
}

static int
check_one(const struct cli *cli, const char *path, bool lint_counts, struct buf *out)
{
	unsigned lint = 0;
	struct loaded l;
	int status = load(path, false, &l);

	if (status == CLI_UNREACHABLE)
		return status;
	if (l.policy != NULL)
		lint = pol_lint(l.policy, POL_GATES_UNKNOWN, &l.diag);
	if (cli->json)
		summary_json(&l, lint, out);
	else if (!show_diag(&l))
		status = CLI_UNREACHABLE;
	else if (l.policy != NULL)
		summary_text(&l, out);
	unload(&l);
	return worse(status, lint_counts && lint != 0 ? CLI_FOUND : CLI_OK);
}

int
cmd_policy_check(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"lint", no_argument, NULL, 'l'}, {0}};
	struct buf out = BUF_INIT;
	int status = CLI_OK, opt;
	bool lint = false;

	while ((opt = cli_option(cli, argc, argv, own)) != -1) {
		if (opt == '?')
			return CLI_USAGE;
		lint = true;
	}
	if (optind == argc)
		return cli_usage(cli, "which file?");
	for (int i = optind; i < argc; i++)
		status = worse(status, check_one(cli, argv[i], lint, &out));
	return finish(&out, status);
}

/* --- print ------------------------------------------------------------------------------------ */

static int
print_one(const struct cli *cli, const char *path, struct buf *out)
{
	struct loaded l;
	int status = load(path, true, &l);
	struct json j;

	if (l.policy != NULL && cli->json) {
		json_init(&j, out);
		pol_print_json(l.policy, &j);
		buf_putc(out, '\n');
	} else if (l.policy != NULL) {
		pol_print(l.policy, out);
	} else if (!show_diag(&l)) {
		status = CLI_UNREACHABLE;
	}
	unload(&l);
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
		status = worse(status, print_one(cli, argv[i], &out));
	return finish(&out, status);
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
	struct loaded l;
	int status = load(path, true, &l);

	if (status == CLI_OK)
		pol_test(l.policy, rtime_now(), tell_expect, t);
	else if (status == CLI_FOUND && !show_diag(&l))
		status = CLI_UNREACHABLE;
	unload(&l);
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
		status = worse(status, test_one(argv[i], &t));
	if (!t.json)
		buf_printf(&out, "%u passed, %u failed\n", t.passed, t.failed);
	return finish(&out, worse(status, t.failed != 0 ? CLI_FOUND : CLI_OK));
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
	struct loaded l;
	int status;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (argc - optind < 2)
		return cli_usage(cli, "which file, and what question?");
	status = load(argv[optind], true, &l);
	join_question(argc - optind - 1, argv + optind + 1, &text);
	if (l.policy != NULL)
		status = explain(cli, l.policy, buf_bytes(&text), &out);
	else if (status == CLI_FOUND && !show_diag(&l))
		status = CLI_UNREACHABLE;
	unload(&l);
	buf_free(&text);
	return finish(&out, status);
}

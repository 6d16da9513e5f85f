/*
 * cmd_policy_diff: which questions two policies answer differently: a review of what a change does and not of what
 * it says.  Asked is what was asked in the past, and what the expect lines of both ask.  Touches nothing.
 */
#include "cli/in_force.h"
#include "cli/past_source.h"
#include "cli/policy_diff.h"
#include "cli/policy_file.h"

struct diffing {
	const struct cli *cli;
	struct past_source past;
	bool no_history;
	struct pol_options options;
	struct in_force in_force;
	struct policy_file was, is;
};

static void
on_past(enum past_part part, const struct asked *a, void *arg)
{
	(void)part;
	diff_ask(arg, &a->q, a->faint, a->count, NULL);
}

static void
on_expect(const char *file, unsigned line, const struct question *q, void *arg)
{
	struct buf at = BUF_INIT;

	buf_printf(&at, "%s:%u", file, line);
	diff_ask(arg, q, false, 1, buf_ok(&at) ? at.p : "");
	buf_free(&at);
}

static int
ask(struct diffing *d, struct diff *diff)
{
	int status = CLI_OK;

	if (!d->no_history)
		status = past_source_walk(d->cli, &d->past, PAST_LOGINS, on_past, diff);
	if (status != CLI_OK) {
		if (d->past.nlogs == 0)
			cli_error("without the past: --no-history asks what the expect lines ask, --replay LOG what a "
				  "recorded log tells");
		return status;
	}
	pol_each_expect(d->was.policy, on_expect, diff);
	pol_each_expect(d->is.policy, on_expect, diff);
	if (diff->asked + diff->expects > 0)
		return CLI_OK;
	cli_error("nothing was compared: there is no question, neither of the past nor of an expect line");
	return CLI_UNREACHABLE;
}

static int
compare(struct diffing *d)
{
	struct diff diff;
	const struct diff_show show = {.cli = d->cli, .diff = &diff, .was = d->was.path, .is = d->is.path};
	int status = CLI_UNREACHABLE;

	if (!diff_begin(&diff, d->was.policy, d->is.policy))
		cli_error("out of memory");
	else
		status = ask(d, &diff);
	if (status == CLI_OK) {
		diff_sort(&diff);
		status = diff_print(&show);
	}
	diff_end(&diff);
	return status;
}

/* --- the policies ----------------------------------------------------------------------------- */

/* What is wrong with a policy is not a difference: such a one cannot be compared. */
static int
load_file(const struct diffing *d, const char *path, struct policy_file *out)
{
	int status = policy_file_load_with(path, &d->options, out);

	if (status == CLI_FOUND)
		(void)policy_file_show(out);
	return status == CLI_OK ? CLI_OK : CLI_UNREACHABLE;
}

/* --- the command line ------------------------------------------------------------------------- */

static int
take_options(struct cli *cli, struct diffing *d, int argc, char **argv)
{
	static const struct option own[] = {
		PAST_OPTIONS,
		{"no-history", no_argument, NULL, 'n'},
		{"enforce", no_argument, NULL, 'e'},
		{0},
	};
	int val, status = CLI_OK;

	while (status == CLI_OK && (val = cli_option(cli, argc, argv, own)) != -1) {
		if (val == 'n')
			d->no_history = true;
		else if (val == 'e')
			d->options.enforce = true;
		else
			status = past_source_option(cli, &d->past, val, optarg);
	}
	if (status != CLI_OK)
		return status;
	if (argc - optind < 1 || argc - optind > 2)
		return cli_usage(cli, "which policies: the old one and the new one, or the new one alone?");
	if (d->no_history && d->past.nlogs > 0)
		return cli_usage(cli, "--no-history and --replay do not go together");
	return CLI_OK;
}

int
cmd_policy_diff(struct cli *cli, int argc, char **argv)
{
	struct diffing d = {.cli = cli, .options = {.skip_expect = true}};
	int status;

	past_source_begin(&d.past);
	status = take_options(cli, &d, argc, argv);
	if (status == CLI_OK)
		status = argc - optind == 2 ? load_file(&d, argv[optind], &d.was) :
		                              in_force_load(cli, &d.options, &d.in_force, &d.was);
	if (status == CLI_OK)
		status = load_file(&d, argv[argc - 1], &d.is);
	if (status == CLI_OK)
		status = compare(&d);
	policy_file_free(&d.was);
	policy_file_free(&d.is);
	in_force_free(&d.in_force);
	return status;
}

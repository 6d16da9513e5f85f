/*
 * cmd_rehearse: what enforce mode would have done: every question that the store keeps is asked again, by
 * the policy in force or by another one, as if host and policy said enforce.  A second round, with the pass
 * lines before the policy, shows that they keep whom they are to keep.  Memory is bounded: what is kept
 * comes a page at a time.  Touches nothing.
 */
#include "cli/in_force.h"
#include "cli/past_source.h"
#include "cli/rehearse.h"

#define FOREVER " until 9999-12-31\n"

struct rehearse {
	struct cli *cli;
	const char *policy_path; /* --policy; NULL: the one in force */
	struct in_force in_force;
	struct past_source past;
	struct keep keep[ST_REHEARSE_KEEPS];
	size_t nkeep;
};

/* --- the policy ----------------------------------------------------------------------------- */

/* prelude: "" or lines.  What it has to say is said where it does not load, and of a new one. */
static struct policy *
load(const struct rehearse *r, struct bytes prelude)
{
	const struct pol_options options = {.enforce = true, .prelude = {.name = "keep", .text = prelude}};
	struct buf diag = BUF_INIT;
	unsigned errors = 0;
	struct policy *p = r->policy_path != NULL ? pol_load(r->policy_path, &options, &diag, &errors) :
	    in_force_parse(&r->in_force, options, &diag);

	if (diag.n > 0 && (p == NULL || (r->policy_path != NULL && prelude.n == 0)))
		(void)cli_write(stderr, buf_bytes(&diag));
	buf_free(&diag);
	return p;
}

/* --- the rehearsal -------------------------------------------------------------------------- */

/* Logins come first: what a refused one did later would not have been. */
static void
on_asked(enum past_part part, const struct asked *a, void *arg)
{
	if (part == PAST_LOGINS)
		rehearse_login(arg, a);
	else
		rehearse_finding(arg, a);
}

/* One round by a policy, whose pages end up in *all. */
static int
rehearse_by(struct rehearse *r, const struct policy *policy, struct rehearsal *all)
{
	memcpy(all->keep, r->keep, sizeof(r->keep));
	all->nkeep = r->nkeep;
	if (rehearsal_begin(all, policy))
		return past_source_walk(r->cli, &r->past, PAST_LOGINS, on_asked, all);
	cli_error("out of memory");
	return CLI_UNREACHABLE;
}

/* All lines, each good for ever: they stand before the policy for the second round. */
static void
put_prelude(struct rehearsal *all, struct buf *out)
{
	size_t n;
	const struct tally_row *rows = tally_rows(all->lines, &n);

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s" FOREVER, rows[i].word);
}

static int
show(struct rehearse *r, struct rehearsal *all, const struct rehearsal *proof)
{
	const struct rehearse_show s = {.cli = r->cli, .all = all, .proof = proof, .since = r->past.since,
	    .until = r->past.until, .policy = r->policy_path != NULL ? r->policy_path : r->in_force.path};

	return rehearse_print(&s);
}

static int
prove(struct rehearse *r, struct rehearsal *all)
{
	struct rehearsal proof = {0};
	struct buf prelude = BUF_INIT;
	struct policy *with = NULL;
	int status = CLI_UNREACHABLE;

	put_prelude(all, &prelude);
	if (prelude.n == 0)
		return show(r, all, NULL);
	if (buf_ok(&prelude) && (with = load(r, buf_bytes(&prelude))) != NULL)
		status = rehearse_by(r, with, &proof);
	if (status == CLI_OK)
		status = show(r, all, &proof);
	rehearsal_end(&proof);
	pol_free(&with);
	buf_free(&prelude);
	return status;
}

static int
run(struct rehearse *r)
{
	struct rehearsal all = {0};
	struct policy *policy = NULL;
	int status = r->policy_path != NULL ? CLI_OK : in_force_fetch(r->cli, &r->in_force);

	if (status == CLI_OK && (policy = load(r, BYTES_NONE)) == NULL)
		status = CLI_UNREACHABLE;
	if (status == CLI_OK)
		status = rehearse_by(r, policy, &all);
	if (status == CLI_OK)
		status = prove(r, &all);
	rehearsal_end(&all);
	pol_free(&policy);
	return status;
}

/* --- the command line ----------------------------------------------------------------------- */

static int
take_option(struct rehearse *r, int val)
{
	switch (val) {
	case 'p':
		r->policy_path = optarg;
		return CLI_OK;
	case 'k':
		if (r->nkeep == ST_REHEARSE_KEEPS)
			return cli_usage(r->cli, "at most %d --keep", ST_REHEARSE_KEEPS);
		if (keep_parse(optarg, &r->keep[r->nkeep++]))
			return CLI_OK;
		return cli_usage(r->cli, "--keep: '%s' is neither user=NAME nor origin=NET", optarg);
	default:
		return past_source_option(r->cli, &r->past, val, optarg);
	}
}

int
cmd_rehearse(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {
		{"since", required_argument, NULL, 's'},
		{"until", required_argument, NULL, 'u'},
		{"policy", required_argument, NULL, 'p'},
		{"keep", required_argument, NULL, 'k'},
		{0},
	};
	struct rehearse r = {.cli = cli};
	int val, status = CLI_OK;

	past_source_begin(&r.past);
	while (status == CLI_OK && (val = cli_option(cli, argc, argv, own)) != -1)
		status = take_option(&r, val);
	if (status == CLI_OK && optind != argc)
		status = cli_usage(cli, "what is '%s'?", argv[optind]);
	if (status == CLI_OK)
		status = run(&r);
	in_force_free(&r.in_force);
	return status;
}

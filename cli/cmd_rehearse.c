/*
 * cmd_rehearse: what enforce mode would have done: every question that the store keeps is asked again, by
 * the policy in force or by another one, as if host and policy said enforce.  A second round, with the pass
 * lines before the policy, shows that they keep whom they are to keep.  Memory is bounded: what is kept
 * comes a page at a time.  Touches nothing.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/rehearse.h"
#include "cli/rehearse_fetch.h"

#define PROGRESS_MS 200
#define FOREVER     " until 9999-12-31\n"

struct rehearse {
	struct cli *cli;
	const char *policy_path; /* --policy; NULL: the one in force */
	struct rtime since, until;
	struct keep keep[ST_REHEARSE_KEEPS];
	size_t nkeep;

	char *name;        /* owned: of the policy */
	struct buf text;   /* of the one in force, and where its rules stand: */
	char **places;     /* owned, "file:line" */
	size_t nplaces;

	bool host_known;
	struct asked_host host; /* owned */

	bool progress;
	struct mtime shown;
	uint64_t done;
};

/* --- the policy ----------------------------------------------------------------------------- */

static bool
add_place(struct rehearse *r, const json_t *o)
{
	char **more = realloc(r->places, (r->nplaces + 1) * sizeof(*more));
	struct buf place = BUF_INIT;

	if (more == NULL)
		return false;
	r->places = more;
	answer_visible(o, "file", &place);
	buf_printf(&place, ":%lld", (long long)answer_int(o, "line"));
	r->places[r->nplaces] = buf_ok(&place) ? strdup(place.p) : NULL;
	buf_free(&place);
	return r->places[r->nplaces] != NULL && ++r->nplaces > 0;
}

/* The object of the whole policy, and then one a rule, in their order. */
static bool
on_policy(const json_t *o, void *arg)
{
	struct rehearse *r = arg;
	struct bytes text = answer_str(o, "text"), path = answer_str(o, "path");

	if (answer_get(o, "rule") != NULL)
		return add_place(r, o);
	buf_putb(&r->text, text);
	r->name = strndup(path.n > 0 ? path.p : "policy", path.n > 0 ? path.n : 6);
	return r->name != NULL && buf_ok(&r->text);
}

/* prelude: "" or lines.  What it has to say is said where it does not load, and of a new one. */
static struct policy *
load(const struct rehearse *r, struct bytes prelude)
{
	const struct pol_options options = {.enforce = true, .skip_expect = r->policy_path == NULL,
	    .prelude = {.name = "keep", .text = prelude}};
	struct buf diag = BUF_INIT;
	unsigned errors = 0;
	struct policy *p = r->policy_path != NULL ? pol_load(r->policy_path, &options, &diag, &errors) :
	    pol_parse(r->name, buf_bytes(&r->text), &options, &diag, &errors);

	if (diag.n > 0 && (p == NULL || (r->policy_path != NULL && prelude.n == 0)))
		(void)cli_write(stderr, buf_bytes(&diag));
	buf_free(&diag);
	return p;
}

struct place_of {
	const struct rehearse *r;
	const struct policy *policy;
};

static void
place(size_t rule, struct buf *out, const void *arg)
{
	const struct place_of *of = arg;
	const char *file;
	unsigned line;

	if (of->r->policy_path == NULL && rule < of->r->nplaces) {
		buf_puts(out, of->r->places[rule]);
		return;
	}
	pol_rule_place(of->policy, rule, &file, &line);
	buf_put_visible(out, bytes_of(file));
	buf_printf(out, ":%u", line);
}

/* --- the store ------------------------------------------------------------------------------ */

struct round {
	struct rehearse *r;
	struct rehearsal *all;
	bool (*read)(const json_t *, struct asked *);
	void (*ask)(struct rehearsal *, const struct asked *);
	struct asked *asked;
	int64_t next;
};

static struct bytes
copy(struct bytes text)
{
	char *p = text.n > 0 ? strndup(text.p, text.n) : NULL;

	return (struct bytes){.p = p, .n = p != NULL ? text.n : 0};
}

/* The store is one host's, and each page says whose. */
static void
take_host(struct rehearse *r, const json_t *o)
{
	const json_t *roles = answer_get(o, "roles"), *role;

	if (r->host_known)
		return;
	r->host_known = true;
	r->host.on = copy(answer_str(o, "on"));
	for (size_t i = 0; (role = answer_item(roles, i)) != NULL && i < ST_REHEARSE_LIST; i++)
		r->host.roles[r->host.nroles++] = copy(answer_str(role, ""));
}

static void
show_progress(struct rehearse *r)
{
	struct mtime now = mtime_now();

	r->done++;
	if (!r->progress || mtime_ms_since(now, r->shown) < PROGRESS_MS)
		return;
	r->shown = now;
	fprintf(stderr, "\r\033[K%llu asked", (unsigned long long)r->done);
}

static bool
on_stored(const json_t *o, void *arg)
{
	struct round *round = arg;

	if (answer_get(o, "next") != NULL)
		round->next = answer_int(o, "next");
	else if (answer_get(o, "on") != NULL)
		take_host(round->r, o);
	else if (round->read(o, round->asked)) {
		if (round->read != asked_finding)
			asked_on(round->asked, &round->r->host);
		round->ask(round->all, round->asked);
		show_progress(round->r);
	}
	return true;
}

static int
ask_part(struct round *round, const char *part)
{
	const struct rehearse *r = round->r;
	int status;

	round->next = 0;
	do {
		const struct fetch_page page = {.part = part, .after = round->next, .since = r->since,
		    .until = r->until};

		round->next = 0;
		status = fetch_page(r->cli, &page, on_stored, round);
		if (status == CLI_OK && round->next != 0 && round->next <= page.after) {
			cli_error("sshtetherd's pages do not go on");
			status = CLI_UNREACHABLE;
		}
	} while (status == CLI_OK && round->next != 0);
	return status;
}

/* Logins first: what a refused one did later would not have been. */
static int
ask_all(struct rehearse *r, struct rehearsal *all)
{
	static const struct {
		const char *part;
		bool (*read)(const json_t *, struct asked *);
		void (*ask)(struct rehearsal *, const struct asked *);
	} parts[] = {
		{"logins", asked_logins, rehearse_login},
		{"sessions", asked_session, rehearse_login},
		{"findings", asked_finding, rehearse_finding},
	};
	struct asked *asked = malloc(sizeof(*asked));
	int status = asked != NULL ? CLI_OK : CLI_UNREACHABLE;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == CLI_OK; i++) {
		struct round round = {.r = r, .all = all, .read = parts[i].read, .ask = parts[i].ask, .asked = asked};

		status = ask_part(&round, parts[i].part);
	}
	if (r->progress)
		fputs("\r\033[K", stderr);
	free(asked);
	return status;
}

/* --- the rehearsal -------------------------------------------------------------------------- */

/* One round by a policy, whose pages end up in *all. */
static int
rehearse_by(struct rehearse *r, const struct policy *policy, struct rehearsal *all)
{
	memcpy(all->keep, r->keep, sizeof(r->keep));
	all->nkeep = r->nkeep;
	if (rehearsal_begin(all, policy))
		return ask_all(r, all);
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
	const struct place_of of = {.r = r, .policy = all->policy};
	const struct rehearse_show s = {.cli = r->cli, .all = all, .proof = proof, .since = r->since,
	    .until = r->until, .policy = r->policy_path != NULL ? r->policy_path : r->name, .place = place,
	    .arg = &of};

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
	int status = r->policy_path != NULL ? CLI_OK : fetch_policy(r->cli, on_policy, r);

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
	case 's':
		return cli_when(r->cli, "--since", optarg, &r->since) ? CLI_OK : CLI_USAGE;
	case 'u':
		return cli_when(r->cli, "--until", optarg, &r->until) ? CLI_OK : CLI_USAGE;
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
		return CLI_USAGE;
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
	struct rehearse r = {.cli = cli, .progress = isatty(STDERR_FILENO),
	    .since = {.ms = rtime_now().ms - INT64_C(7) * 86400000}};
	int val, status = CLI_OK;

	while (status == CLI_OK && (val = cli_option(cli, argc, argv, own)) != -1)
		status = take_option(&r, val);
	if (status == CLI_OK && optind != argc)
		status = cli_usage(cli, "what is '%s'?", argv[optind]);
	if (status == CLI_OK)
		status = run(&r);
	for (size_t i = 0; i < r.nplaces; i++)
		free(r.places[i]);
	for (size_t i = 0; i < r.host.nroles; i++)
		free((void *)(uintptr_t)r.host.roles[i].p);
	free((void *)(uintptr_t)r.host.on.p);
	free(r.places);
	free(r.name);
	buf_free(&r.text);
	return status;
}

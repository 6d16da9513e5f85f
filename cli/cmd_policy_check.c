/*
 * cmd_policy_check: is a policy right, what is odd about its shape, and how strongly each rule can be
 * carried out here: the daemon is asked which gates work, and without its answer nothing is said of
 * this host.
 */
#include "cli/gates.h"
#include "cli/policy_file.h"

/* What the levels are said of. */
struct host {
	bool answers;
	unsigned gates; /* all of them where no daemon answers */
};

static void
put_gates(const struct host *h, struct buf *out)
{
	const char *sep = " ";

	if (!h->answers) {
		buf_puts(out, "levels as if every gate worked: no daemon answers\n");
		return;
	}
	buf_puts(out, "levels on this host; gates that work:");
	for (unsigned i = 0; i < POLG_COUNT; i++) {
		if ((h->gates >> i & 1) == 0)
			continue;
		buf_printf(out, "%s%s", sep, pol_gate_name(i));
		sep = ", ";
	}
	buf_puts(out, h->gates == 0 ? " none\n" : "\n");
}

/* Of the policy's own file the line is enough. */
static void
put_place(const struct policy_file *l, size_t rule, const char *before, int width, struct buf *out)
{
	const char *file;
	unsigned line;

	pol_rule_place(l->policy, rule, &file, &line);
	if (strcmp(file, l->path) == 0) {
		buf_printf(out, "%s%*u", before, width, line);
		return;
	}
	buf_put_visible(out, bytes_of(file));
	buf_printf(out, ":%u", line);
}

static bool
is_alike(const struct pol_reach *a, const struct pol_reach *b)
{
	return a->level == b->level && a->why == b->why && a->before == b->before;
}

/* How strongly, and why not more. */
static void
put_reach(const struct policy_file *l, const struct pol_reach *reach, struct buf *out)
{
	if (reach->before == SIZE_MAX) {
		buf_printf(out, "%s%s%s", level_name(reach->level), reach->why != NULL ? ", " : "",
		    reach->why != NULL ? reach->why : "");
		return;
	}
	/* The kernel cannot be told there. */
	buf_puts(out, reach->level == LEVEL_PREVENT ? "react, where " : "react, for ");
	put_place(l, reach->before, "line ", 0, out);
	buf_puts(out, " may hold: that hangs on what no gate knows");
}

/* Activities of the rule for which it comes to the same, as a line. */
static uint32_t
alike_text(const struct policy_file *l, const struct pol_reach *of, uint32_t left, struct buf *out)
{
	const struct pol_reach *first = &of[__builtin_ctz(left)];
	const char *sep = "";
	uint32_t taken = 0;

	buf_printf(out, "%16s = ", "");
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		if ((left >> a & 1) == 0 || !is_alike(&of[a], first))
			continue;
		taken |= 1u << a;
		buf_printf(out, "%s%s", sep, activity_info((enum activity)a)->name);
		sep = ", ";
	}
	buf_puts(out, ": ");
	put_reach(l, first, out);
	buf_putc(out, '\n');
	return taken;
}

/* What the rule comes to for each of its activities; returns the best. */
static enum level
rule_reach(const struct policy *pol, size_t i, unsigned gates, struct pol_reach of[ACT_COUNT])
{
	const uint32_t activities = pol_rule_activities(pol, i);
	enum level best = LEVEL_OBSERVE;

	for (unsigned a = 0; a < ACT_COUNT; a++) {
		if ((activities >> a & 1) == 0)
			continue;
		of[a] = pol_rule_reach(pol, i, (enum activity)a, gates);
		best = of[a].level > best ? of[a].level : best;
	}
	return best;
}

/* The best level stands before the rule; where it is not the best there is, or not everywhere, why. */
static void
rule_text(const struct policy_file *l, size_t i, unsigned gates, struct buf *out)
{
	struct pol_reach of[ACT_COUNT];
	const enum level best = rule_reach(l->policy, i, gates, of);
	uint32_t left = pol_rule_activities(l->policy, i);
	bool worth = false;

	put_place(l, i, "", 5, out);
	buf_printf(out, "  %-8s ", level_name(best));
	pol_rule_text(l->policy, i, out);
	buf_putc(out, '\n');
	for (unsigned a = 0; a < ACT_COUNT; a++)
		worth = worth || ((left >> a & 1) != 0 && (of[a].why != NULL || of[a].before != SIZE_MAX));
	while (worth && left != 0)
		left &= ~alike_text(l, of, left, out);
}

static void
summary_text(const struct policy_file *l, const struct host *h, struct buf *out)
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
	if (pol_nrules(pol) > 0)
		put_gates(h, out);
	for (size_t i = 0; i < pol_nrules(pol); i++)
		rule_text(l, i, h->gates, out);
}

static void
reach_json(const struct policy *pol, enum activity a, const struct pol_reach *reach, struct json *j)
{
	const char *file;
	unsigned line;

	json_object(j);
	json_kstr(j, "activity", activity_info(a)->name);
	json_kstr(j, "level", level_name(reach->level));
	json_kstr(j, "why", reach->why);
	if (reach->before != SIZE_MAX) {
		pol_rule_place(pol, reach->before, &file, &line);
		json_kuint(j, "waits_for_line", line);
		json_kstr(j, "waits_for_file", file);
	}
	json_end(j, '}');
}

static void
rule_json(const struct policy *pol, size_t i, unsigned gates, struct json *j)
{
	const uint32_t activities = pol_rule_activities(pol, i);
	struct pol_reach of[ACT_COUNT];
	const enum level best = rule_reach(pol, i, gates, of);
	struct buf text = BUF_INIT;
	const char *file;
	unsigned line;

	pol_rule_place(pol, i, &file, &line);
	pol_rule_text(pol, i, &text);
	json_object(j);
	json_kuint(j, "line", line);
	json_kstr(j, "file", file);
	json_kbytes(j, "text", buf_bytes(&text));
	json_kstr(j, "level", level_name(best));
	json_karray(j, "activities");
	for (unsigned a = 0; a < ACT_COUNT; a++)
		if ((activities >> a & 1) != 0)
			reach_json(pol, (enum activity)a, &of[a], j);
	json_end(j, ']');
	json_end(j, '}');
	buf_free(&text);
}

/* Only of a host that has said it. */
static void
gates_json(const struct host *h, struct json *j)
{
	json_kbool(j, "as_if_every_gate_worked", !h->answers);
	if (!h->answers)
		return;
	json_karray(j, "gates");
	for (unsigned i = 0; i < POLG_COUNT; i++)
		if ((h->gates >> i & 1) != 0)
			json_str(j, bytes_of(pol_gate_name(i)));
	json_end(j, ']');
}

static void
summary_json(const struct policy_file *l, const struct host *h, unsigned lint, struct buf *out)
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
		gates_json(h, &j);
		json_karray(&j, "rules");
		for (size_t i = 0; i < pol_nrules(l->policy); i++)
			rule_json(l->policy, i, h->gates, &j);
		json_end(&j, ']');
	}
	json_end(&j, '}');
	buf_putc(out, '\n');
}

/* Adds what lint found to findings. */
static int
check_one(const struct cli *cli, const char *path, const struct host *h, unsigned *findings, struct buf *out)
{
	unsigned lint = 0;
	struct policy_file l;
	int status = policy_file_load(path, false, &l);

	if (status == CLI_UNREACHABLE)
		return status;
	if (l.policy != NULL)
		lint = pol_lint(l.policy, h->gates, &l.diag);
	if (cli->json)
		summary_json(&l, h, lint, out);
	else if (!policy_file_show(&l))
		status = CLI_UNREACHABLE;
	else if (l.policy != NULL)
		summary_text(&l, h, out);
	policy_file_free(&l);
	*findings += lint;
	return status;
}

/* Where nothing else is wrong it says so: all that was shown were warnings. */
static int
count_findings(const struct cli *cli, unsigned findings, int status, struct buf *out)
{
	if (findings == 0)
		return status;
	if (status == CLI_OK && !cli->json)
		buf_printf(out, "%u finding%s: exit status %d, because of --lint\n", findings, findings == 1 ? "" : "s",
		    CLI_FOUND);
	return cli_worse(status, CLI_FOUND);
}

int
cmd_policy_check(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"lint", no_argument, NULL, 'l'}, {0}};
	struct host host = {.gates = POLG_ALL};
	struct buf out = BUF_INIT;
	int status = CLI_OK, opt;
	unsigned findings = 0;
	bool lint = false;

	while ((opt = cli_option(cli, argc, argv, own)) != -1) {
		if (opt == '?')
			return CLI_USAGE;
		lint = true;
	}
	if (optind == argc)
		return cli_usage(cli, "which file?");
	host.answers = gates_of_host(cli, &host.gates);
	for (int i = optind; i < argc; i++)
		status = cli_worse(status, check_one(cli, argv[i], &host, &findings, &out));
	if (lint)
		status = count_findings(cli, findings, status, &out);
	return cli_finish(&out, status);
}

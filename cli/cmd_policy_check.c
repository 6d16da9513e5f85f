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

/* Activities of the rule for which it comes to the same, as a line: what, how strongly, why not more. */
static uint32_t
alike_text(const struct policy *pol, size_t i, uint32_t left, unsigned gates, struct buf *out)
{
	const char *first = NULL, *why, *sep = "";
	enum level level = LEVEL_OBSERVE;
	uint32_t taken = 0;

	buf_printf(out, "%16s = ", "");
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		enum level of = LEVEL_OBSERVE;

		if ((left >> a & 1) == 0)
			continue;
		of = pol_rule_level_of(pol, i, (enum activity)a, gates, &why);
		if (taken != 0 && (of != level || why != first))
			continue;
		level = of;
		first = why;
		taken |= 1u << a;
		buf_printf(out, "%s%s", sep, activity_info((enum activity)a)->name);
		sep = ", ";
	}
	buf_printf(out, ": %s%s%s\n", level_name(level), first != NULL ? ", " : "", first != NULL ? first : "");
	return taken;
}

/* Where the kernel cannot be told, because a rule before it hangs on more than the kernel knows. */
static void
waits_text(const struct policy *pol, size_t i, uint32_t activities, unsigned gates, struct buf *out)
{
	const char *file, *why;
	size_t before;
	unsigned line;

	for (unsigned a = 0; a < ACT_COUNT; a++) {
		if ((activities >> a & 1) == 0 ||
		    pol_rule_level_of(pol, i, (enum activity)a, gates, &why) != LEVEL_PREVENT ||
		    !pol_rule_waits(pol, i, (enum activity)a, &before))
			continue;
		pol_rule_place(pol, before, &file, &line);
		buf_printf(out, "%16s = %s: react, where line %u may hold: that hangs on what no gate knows\n", "",
		    activity_info((enum activity)a)->name, line);
	}
}

/* What is not detected at all is lint's to say, and of `any` nobody's. */
static uint32_t
detected_of(const struct policy *pol, size_t i)
{
	uint32_t all = pol_rule_activities(pol, i);

	for (unsigned a = 0; a < ACT_COUNT; a++)
		if (!pol_is_detected((enum activity)a))
			all &= ~(1u << a);
	return all;
}

/* The best level stands before the rule; where it is not the best there is, or not everywhere, why. */
static void
rule_text(const struct policy *pol, size_t i, unsigned gates, struct buf *out)
{
	const char *file, *why;
	enum level best = pol_rule_level(pol, i, gates, &why);
	uint32_t left = detected_of(pol, i);
	bool worth = false;
	unsigned line;

	pol_rule_place(pol, i, &file, &line);
	buf_printf(out, "%5u  %-8s ", line, level_name(best));
	pol_rule_text(pol, i, out);
	buf_putc(out, '\n');
	for (unsigned a = 0; a < ACT_COUNT; a++)
		worth = worth || ((left >> a & 1) != 0 &&
		    (pol_rule_level_of(pol, i, (enum activity)a, gates, &why), why != NULL));
	waits_text(pol, i, left, gates, out);
	while (worth && left != 0)
		left &= ~alike_text(pol, i, left, gates, out);
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
		rule_text(pol, i, h->gates, out);
}

static void
rule_json(const struct policy *pol, size_t i, unsigned gates, struct json *j)
{
	const uint32_t activities = pol_rule_activities(pol, i);
	struct buf text = BUF_INIT;
	const char *file, *why;
	size_t before;
	unsigned line;

	pol_rule_place(pol, i, &file, &line);
	pol_rule_text(pol, i, &text);
	json_object(j);
	json_kuint(j, "line", line);
	json_kbytes(j, "text", buf_bytes(&text));
	json_kstr(j, "level", level_name(pol_rule_level(pol, i, gates, &why)));
	json_karray(j, "activities");
	for (unsigned a = 0; a < ACT_COUNT; a++) {
		if ((activities >> a & 1) == 0)
			continue;
		json_object(j);
		json_kstr(j, "activity", activity_info((enum activity)a)->name);
		json_kstr(j, "level",
		    level_name(pol_rule_level_of(pol, i, (enum activity)a, gates, &why)));
		json_kstr(j, "why", why);
		if (pol_rule_waits(pol, i, (enum activity)a, &before)) {
			pol_rule_place(pol, before, &file, &line);
			json_kuint(j, "waits_for_line", line);
		}
		json_end(j, '}');
	}
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

static int
check_one(const struct cli *cli, const char *path, const struct host *h, bool lint_counts,
    struct buf *out)
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
	return cli_worse(status, lint_counts && lint != 0 ? CLI_FOUND : CLI_OK);
}

int
cmd_policy_check(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{"lint", no_argument, NULL, 'l'}, {0}};
	struct host host = {.gates = POLG_ALL};
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
	host.answers = gates_of_host(cli, &host.gates);
	for (int i = optind; i < argc; i++)
		status = cli_worse(status, check_one(cli, argv[i], &host, lint, &out));
	return cli_finish(&out, status);
}

/* cmd_baseline_show: what is usual here: the host and a line a user, or one user in full; and all of it as rows. */
#include "cli/baseline.h"

static int
show_one(struct cli *cli, const struct baseline_fetch *f, const struct baseline_people *p, struct rtime now)
{
	struct buf out = BUF_INIT;

	if (p->n == 0) {
		cli_error("nothing is known of %s", f->user);
		return CLI_FOUND;
	}
	if (!cli->json)
		return baseline_print_user(cli, &f->head, &p->list[0], now);
	baseline_json_user(&f->head, &p->list[0], &out);
	return cli_finish(&out, CLI_OK);
}

static int
show_all(struct cli *cli, const struct baseline_fetch *f, const struct baseline_people *p)
{
	struct buf out = BUF_INIT;

	if (!cli->json)
		return baseline_print_all(cli, &f->head, p);
	baseline_json_all(&f->head, p, &out);
	return cli_finish(&out, CLI_OK);
}

int
cmd_baseline_show(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct baseline_fetch f = {.told = true};
	struct baseline_people people = {0};
	const struct rtime now = rtime_now();
	int status;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (argc - optind > 1)
		return cli_usage(cli, "one user, or none for all");
	f.user = argv[optind];
	status = baseline_fetch(cli, &f);
	if (status == CLI_OK && f.into != NULL)
		baseline_people(f.into, now, &people);
	if (people.failed) {
		cli_error("out of memory");
		status = CLI_UNREACHABLE;
	}
	if (status == CLI_OK)
		status = f.user != NULL ? show_one(cli, &f, &people, now) : show_all(cli, &f, &people);
	baseline_people_free(&people);
	if (f.into != NULL)
		baseline_free(&f.into);
	return status;
}

/* --- export: the lines as they come ---------------------------------------------------------------------- */

#define ENOUGH (256u << 10)

static bool
put_line(struct bytes line, void *arg)
{
	struct buf *out = arg;

	buf_putb(out, line);
	buf_putc(out, '\n');
	if (out->n < ENOUGH)
		return true;
	if (!buf_ok(out) || !cli_write(stdout, buf_bytes(out)))
		return false;
	buf_reset(out);
	return true;
}

int
cmd_baseline_export(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct buf out = BUF_INIT;
	struct baseline_fetch f = {.line = put_line, .arg = &out};
	int status;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (optind < argc)
		return cli_usage(cli, "it goes to standard output: sshtether baseline export >%s", argv[optind]);
	status = baseline_fetch(cli, &f);
	return cli_finish(&out, status);
}

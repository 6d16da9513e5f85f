/*
 * cmd_policy_print: policies in their canonical form.  No daemon is asked and none is needed, so that a policy can
 * be looked at where it is written.  The same code loads it in the daemon.
 */
#include "cli/policy_file.h"

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

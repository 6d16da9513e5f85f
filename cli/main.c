/*
 * main: the table of subcommands, and the choice of one.  Nothing else: each command is in a
 * file of its own (cmd_*.c).
 */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sshtether/version.h>

#include "cli/cli.h"
#include "policy/suggest.h"

#define RUN_DIR "/run/sshtether"

static const struct command commands[] = {
	{"status", "", "what the daemon does, sees and cannot do", NULL, cmd_status},
	{"sessions", "[--tree] [--all]", "the SSH sessions on this host",
	    "  --tree           processes, sockets and hops below their session\n"
	    "  --all            also sessions that are over, those that are not SSH's, and what ended\n",
	    cmd_sessions},
	{"session", "ID", "one session, in full", NULL, cmd_session},
	{"alerts",
	    "[--since T] [--until T] [--user U] [--session ID] [--activity A] [--limit N] [--all] [--follow]",
	    "what was found, and what became of it",
	    "  --since T        no older than T: today, boot, recent, 7d, 2026-11-22T01:02, 01:02:03\n"
	    "  --until T        no newer than T\n"
	    "  --user U         of this login user\n"
	    "  --session ID     of this session\n"
	    "  --activity A     of this activity: outbound-ssh, agent-hijack, ...\n"
	    "  --limit N        the newest N\n"
	    "  --all            also what was only recorded or passed\n"
	    "  --follow         stay, and print what comes\n",
	    cmd_alerts},
	{"case", "[ID | [--since T] [--until T] [--user U] [--min-severity S] [--limit N]]",
	    "what was found of a session, joined: how bad it is, and what to do",
	    "  ID               of this session (57, 1f0a33c2-57): the analyst's sheet, and the commands to act on it;\n"
	    "                   without it a line a case, the last changed first\n"
	    "  --since T        cases that changed no longer ago than T: today, boot, 7d, 2026-11-22T01:02\n"
	    "  --until T        and not after T\n"
	    "  --user U         of this login user\n"
	    "  --min-severity S info, low, medium, high, critical: at least S\n"
	    "  --limit N        the newest N\n",
	    cmd_case},
	{"replay", "FILE... [--policy P] [--events] [--stats]",
	    "recorded audit logs through detection and policy; - is standard input",
	    "  --policy P       rule by this policy; without it by the defaults\n"
	    "  --events         print each reassembled event too\n"
	    "  --stats          every count of records, events, losses and findings\n",
	    cmd_replay},
	{"mode", "[audit | enforce [--confirm-within D]]", "ask for the host's mode, or set it",
	    "  --confirm-within D\n"
	    "                   audit mode again after D (10s to 24h), unless `sshtether confirm` comes first\n",
	    cmd_mode},
	{"confirm", "", "keep enforce mode: from a login that was opened after the switch", NULL, cmd_confirm},
	{"terminate", "ID --reason TEXT [--all]", "end a session, in audit mode too",
	    "  --reason TEXT    goes into the alert\n"
	    "  --all            end what the policy spares too\n", cmd_terminate},
	{"isolate", "ID --reason TEXT", "a session makes no more outbound connections, in audit mode too",
	    "  --reason TEXT    goes into the alert\n", cmd_isolate},
	{"revoke-agent", "ID --reason TEXT", "cut a session's forwarded agent off, in audit mode too",
	    "  --reason TEXT    goes into the alert\n", cmd_revoke_agent},
	{"allow", "[--user U --to NET [--port P] --for D --reason TEXT | --revoke N]",
	    "let a user on to a place for a while; without options: who may",
	    "  --user U         the login user\n"
	    "  --to NET         an address or a prefix: 10.20.0.9, 10.20.0.0/16\n"
	    "  --port P         that port alone\n"
	    "  --for D          for so long: 10m, 1h, 2d; at most 30d\n"
	    "  --reason TEXT    goes into the alert\n"
	    "  --revoke N       take exception N back\n", cmd_allow},
	{"baseline show", "[USER]", "what is usual on this host, or of one user", NULL, cmd_baseline_show},
	{"baseline import", "FILE... [--dry-run]",
	    "learn from old audit logs and wtmp files; - is standard input",
	    "  -n, --dry-run    say what would be learned: neither the daemon nor root is needed\n", cmd_baseline_import},
	{"baseline export", "", "all that is usual here, a row a line, for another host", NULL, cmd_baseline_export},
	{"baseline merge", "FILE...", "add what other hosts exported; - is standard input", NULL, cmd_baseline_merge},
	{"baseline reset", "[USER] [--yes]", "forget what was learned, of one user or of everybody",
	    "  -y, --yes        it is meant: ask nobody\n", cmd_baseline_reset},
	{"rehearse", "[--since T] [--until T] [--policy P] [--keep user=U|origin=NET]...",
	    "what enforce mode would have done, by what the store keeps",
	    "  --since T        no older than T (7d): today, boot, 2026-11-22T01:02\n"
	    "  --until T        no newer than T\n"
	    "  --policy P       by this policy; without it by the one in force\n"
	    "  --keep WHOM      for whom pass lines are wanted: user=U or origin=NET; without it for all\n",
	    cmd_rehearse},
	{"policy check", "[--lint] FILE...", "all errors, failed tests, and the level of each rule; - is standard input",
	    "  --lint           exit 1 also for what may be written but is hardly meant\n", cmd_policy_check},
	{"policy print", "FILE...", "print policies in their canonical form", NULL, cmd_policy_print},
	{"policy test", "[--tests FILE]... POLICY...", "run the expect lines of policies; prints TAP",
	    "  --tests FILE     run these expect lines too, of each policy\n", cmd_policy_test},
	{"policy explain", "FILE QUESTION... | [FILE] --alert ID", "which rule answers, and why not those before it",
	    "  The question is as on an expect line: outbound-ssh user eve origin 10.1.2.3 port 22\n"
	    "  --alert ID       the question of a past alert, by the beginning of its event.id;\n"
	    "                   without FILE by the policy in force\n",
	    cmd_policy_explain},
	{"policy diff", "[--since T] [--until T] [--replay LOG]... [--no-history] [--enforce] [OLD] NEW",
	    "which questions two policies answer differently",
	    "  OLD              without it the policy in force\n"
	    "  --since T        what was asked no longer ago than T (7d), by what the store keeps\n"
	    "  --until T        and no later than T\n"
	    "  --replay LOG     what a recorded audit log tells, and not the store\n"
	    "  --no-history     only what the expect lines of both ask: no daemon is needed\n"
	    "  --enforce        as if both said mode enforce\n", cmd_policy_diff},
	{"policy learn",
	    "[--since T] [--until T] [--replay LOG]... [--user U] [--activity A]... [--by-key]"
	    " [--min N] [--exact] [--include-alerts]",
	    "the pass rules that would keep what was observed, for review",
	    "  --since T        what was observed no longer ago than T (7d), by what the store keeps\n"
	    "  --until T        and no later than T\n"
	    "  --replay LOG     what a recorded audit log tells, and not the store\n"
	    "  --user U         of this login user alone\n"
	    "  --activity A     of this activity alone: outbound-ssh, relay, login, ...\n"
	    "  --by-key         rules name the key of the login too, for accounts that are shared\n"
	    "  --min N          what was observed less often stands in a comment\n"
	    "  --exact          no addresses are joined, and no group stands for its users\n"
	    "  --include-alerts also what was alerted or stopped\n", cmd_policy_learn},
	{"policy verify-signature", "[--allowed-signers FILE] [--signature FILE] [--principal NAME] [--at T] POLICY",
	    "whether somebody whom we trust signed a policy",
	    "  --allowed-signers FILE\n"
	    "                   whom we trust, as ssh-keygen -Y verify takes it (/etc/sshtether/allowed_signers)\n"
	    "  --signature FILE what ssh-keygen -Y sign -n sshtether-policy wrote (POLICY.sig)\n"
	    "  --principal NAME it must be this one\n"
	    "  --at T           as it was, or will be, at that time\n", cmd_policy_verify},
	{"policy load", "FILE", "put a policy into force", NULL, cmd_policy_load},
	{"policy show", "[-v]", "the policy in force",
	    "  -v, --verbose    each rule with its hits\n", cmd_policy_show},
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_commands(FILE *f)
{
	fputs("usage: sshtether COMMAND [OPTION...]\n\n", f);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(f, "  %-24s %s\n", commands[i].name, commands[i].help);
	fputs("\n"
	      "  --json, --utc, --socket PATH and --help go with every command, before or after it.\n"
	      "  sshtether COMMAND --help tells more; sshtether(1) tells all.\n", f);
}

static void
print_help(const struct command *c)
{
	printf("usage: sshtether %s%s%s\n\n%s.\n\n%s", c->name, *c->usage != '\0' ? " " : "",
	    c->usage, c->help, c->more != NULL ? c->more : "");
	fputs("  --json           one JSON object a line\n"
	      "  --utc            times in UTC, not in the local time zone\n"
	      "  --socket PATH    the daemon's socket\n"
	      "  -h, --help       this\n", stdout);
}

/* How many words of argv are this command's name; 0: it is another. */
static int
name_words(const struct command *c, int argc, char **argv)
{
	const char *blank = strchr(c->name, ' ');

	if (argc < 1)
		return 0;
	if (blank == NULL)
		return strcmp(argv[0], c->name) == 0 ? 1 : 0;
	if (argc < 2 || strlen(argv[0]) != (size_t)(blank - c->name) ||
	    strncmp(argv[0], c->name, strlen(argv[0])) != 0)
		return 0;
	return strcmp(argv[1], blank + 1) == 0 ? 2 : 0;
}

static const struct command *
command_find(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < NCOMMANDS; i++) {
		*words = name_words(&commands[i], argc, argv);
		if (*words > 0)
			return &commands[i];
	}
	return NULL;
}

/* The commands that begin with that word, as "policy" does.  How many. */
static size_t
print_group(FILE *f, const char *word)
{
	size_t n = strlen(word), shown = 0;

	for (size_t i = 0; i < NCOMMANDS; i++) {
		if (strncmp(commands[i].name, word, n) != 0 || commands[i].name[n] != ' ')
			continue;
		fprintf(f, "  %-24s %s\n", commands[i].name, commands[i].help);
		shown++;
	}
	return shown;
}

static bool
begins_group(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strncmp(commands[i].name, word, n) == 0 && commands[i].name[n] == ' ')
			return true;
	return false;
}

static bool
is_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* The second words of a group, or all commands; what begins so, or is written nearly so.  NULL: nothing is. */
static const char *
nearest(const char *group, const char *word)
{
	const size_t n = group != NULL ? strlen(group) + 1 : 0;
	struct suggest near;

	suggest_init(&near, bytes_of(word));
	for (size_t i = 0; i < NCOMMANDS; i++) {
		const char *name = commands[i].name;

		if (n > 0 && (strncmp(name, group, n - 1) != 0 || name[n - 1] != ' '))
			continue;
		if (strncmp(name + n, word, strlen(word)) == 0)
			return name;
		suggest_offer(&near, name + n);
	}
	return near.best != NULL ? near.best - n : NULL;
}

/* second NULL: it is one word. */
static void
no_command(const char *first, const char *second)
{
	const char *near = second != NULL ? nearest(first, second) : nearest(NULL, first);
	const char *blank = second != NULL ? " " : "";

	if (second == NULL)
		second = "";
	if (near != NULL)
		cli_error("no command '%s%s%s'; did you mean '%s'?", first, blank, second, near);
	else
		cli_error("no command '%s%s%s'; see sshtether --help", first, blank, second);
}

static int
unknown_command(int argc, char **argv)
{
	if (argc > 1 && is_help(argv[1]) && print_group(stdout, argv[0]) > 0)
		return CLI_OK;
	if (argc < 2 && begins_group(argv[0]))
		cli_error("which %s command?", argv[0]);
	else
		no_command(argv[0], argc > 1 && begins_group(argv[0]) ? argv[1] : NULL);
	(void)print_group(stderr, argv[0]);
	return CLI_USAGE;
}

/* Of one command, of a group of them, or of all. */
static int
help(int argc, char **argv)
{
	const struct command *c;
	int words;

	if (argc == 0) {
		print_commands(stdout);
		return CLI_OK;
	}
	c = command_find(argc, argv, &words);
	if (c == NULL && argc == 1 && print_group(stdout, argv[0]) > 0)
		return CLI_OK;
	if (c == NULL)
		return unknown_command(argc, argv);
	print_help(c);
	return CLI_OK;
}

static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (is_help(argv[i]))
			return true;
	}
	return false;
}

static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

/* What stands before the command.  −1: there is one, from optind on; else what to exit with. */
static int
options_before(struct cli *cli, int argc, char **argv)
{
	static const struct command any = {.name = "[--json] [--utc] [--socket PATH] COMMAND", .usage = "[OPTION...]"};
	static const struct option own[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};

	cli->command = &any;
	switch (cli_option_before(cli, argc, argv, own)) {
	case -1:
		if (optind < argc)
			return -1;
		print_commands(stderr);
		return CLI_USAGE;
	case 'h':
		print_commands(stdout);
		return CLI_OK;
	case 'V':
		puts("sshtether " SSHTETHER_VERSION);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

int
main(int argc, char **argv)
{
	const char *run_dir = getenv("SSHTETHER_RUN");
	struct cli cli = {
		.run_dir = run_dir != NULL && *run_dir != '\0' ? run_dir : RUN_DIR,
		.colour = wants_colour(),
	};
	int words = 0, status;

	(void)setlocale(LC_CTYPE, "");
	status = options_before(&cli, argc, argv);
	if (status >= 0)
		return status;
	argc -= optind;
	argv += optind;
	optind = 0; /* the command's options begin anew: getopt(3), NOTES */
	if (strcmp(argv[0], "help") == 0)
		return help(argc - 1, argv + 1);
	cli.command = command_find(argc, argv, &words);
	if (cli.command == NULL)
		return unknown_command(argc, argv);
	argc -= words - 1;
	argv += words - 1;
	if (asks_for_help(argc, argv)) {
		print_help(cli.command);
		return CLI_OK;
	}
	/* A pager or head(1) that went away is an error of a write, not a death. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cli.command->run(&cli, argc, argv);
}

/*
 * cli: what the subcommands of sshtether share: the table's row, options that every command
 * knows, exit codes, and how to print.  A command is a function; main.c holds the table and
 * nothing else does. Runs as whoever calls it; owns no privilege.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"

/* What scripts rely on (sshtether(1), EXIT STATUS). */
enum cli_exit {
	CLI_OK = 0,
	CLI_FOUND = 1, /* a check failed; replay, policy: something was found */
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3, /* cannot reach the daemon, cannot read a file, refused */
};

struct cli;

struct command {
	const char *name;  /* one word, or two: "policy check" */
	const char *usage; /* what follows the name */
	const char *help;  /* one line */
	const char *more;  /* the command's own options, lines for --help; NULL: none */
	/* argv[0] is the name; returns enum cli_exit.  --help never gets here. */
	int (*run)(struct cli *, int argc, char **argv);
};

/* What every command is given. */
struct cli {
	const struct command *command;
	bool json;          /* --json: objects, one a line */
	bool utc;           /* --utc: times in UTC, not in the local zone */
	bool colour;        /* standard output is a terminal and NO_COLOR is not set */
	const char *run_dir; /* where the daemon's sockets are: SSHTETHER_RUN or /run/sshtether */
	const char *socket; /* --socket: this one instead; NULL */
};

/* --- options.c ---------------------------------------------------------------------------- */

/*
 * getopt_long() with the options that every command has (--json, --utc, --socket) taken care
 * of.  own ends with a zeroed row and has val > 0.  Returns a val of own, −1 at the end of the
 * options (optind is then the first operand), or '?' after it has said what is wrong: the
 * command returns CLI_USAGE.
 */
int cli_option(struct cli *, int argc, char **argv, const struct option *own);
/* The same of what stands before the command: ends at the first word that is no option. */
int cli_option_before(struct cli *, int argc, char **argv, const struct option *own);
/* Says what is wrong and how it is right.  Returns CLI_USAGE. */
int cli_usage(const struct cli *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "sshtether: …" on standard error, made visible. */
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The operand of an option that is a time as ausearch takes it; false after it has said why not. */
bool cli_when(const struct cli *, const char *option, const char *text, struct rtime *out);

/* --- print.c ------------------------------------------------------------------------------ */

enum cli_style { STYLE_PLAIN, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_DIM, STYLE_BOLD };

/* The escape sequence that begins the style, or "" without colour; STYLE_PLAIN ends any. */
const char *cli_style(const struct cli *, enum cli_style);
/* "2026-11-22 01:02:03", local or UTC as asked; "-" for none. */
void cli_time(const struct cli *, struct rtime, struct buf *);
/* "1 finding", "2 findings". */
void cli_count(uint64_t n, const char *noun, struct buf *);
/* Writes and flushes; false, having said so, when standard output is gone or full. */
bool cli_write(FILE *, struct bytes);
/*
 * The same for text of several lines, a policy or diagnostics: all but its lines and tabs
 * made visible.
 */
bool cli_write_lines(FILE *, struct bytes);
/* Writes what a command built to standard output, and frees it: status, or CLI_UNREACHABLE. */
int cli_finish(struct buf *out, int status);
/* Of two exit codes. */
int cli_worse(int a, int b);

/* --- the commands, by file ---------------------------------------------------------------- */

int cmd_replay(struct cli *, int argc, char **argv);        /* cmd_replay.c */
int cmd_status(struct cli *, int argc, char **argv);        /* cmd_status.c */
int cmd_sessions(struct cli *, int argc, char **argv);      /* cmd_sessions.c */
int cmd_session(struct cli *, int argc, char **argv);       /* cmd_session.c */
int cmd_case(struct cli *, int argc, char **argv);          /* cmd_case.c */
int cmd_alerts(struct cli *, int argc, char **argv);        /* cmd_alerts.c */
int cmd_mode(struct cli *, int argc, char **argv);          /* cmd_mode.c */
int cmd_confirm(struct cli *, int argc, char **argv);
int cmd_terminate(struct cli *, int argc, char **argv);     /* cmd_order.c */
int cmd_isolate(struct cli *, int argc, char **argv);
int cmd_revoke_agent(struct cli *, int argc, char **argv);
int cmd_allow(struct cli *, int argc, char **argv);         /* cmd_allow.c */
int cmd_baseline_show(struct cli *, int argc, char **argv); /* cmd_baseline_*.c */
int cmd_baseline_import(struct cli *, int argc, char **argv);
int cmd_baseline_export(struct cli *, int argc, char **argv);
int cmd_baseline_merge(struct cli *, int argc, char **argv);
int cmd_baseline_reset(struct cli *, int argc, char **argv);
int cmd_rehearse(struct cli *, int argc, char **argv);      /* cmd_rehearse.c */
int cmd_policy_check(struct cli *, int argc, char **argv);  /* cmd_policy_*.c */
int cmd_policy_print(struct cli *, int argc, char **argv);
int cmd_policy_test(struct cli *, int argc, char **argv);
int cmd_policy_explain(struct cli *, int argc, char **argv);
int cmd_policy_diff(struct cli *, int argc, char **argv);   /* cmd_policy_diff.c */
int cmd_policy_learn(struct cli *, int argc, char **argv);  /* cmd_policy_learn.c */
int cmd_policy_verify(struct cli *, int argc, char **argv); /* cmd_policy_verify.c */
int cmd_policy_load(struct cli *, int argc, char **argv);   /* cmd_policy_live.c */
int cmd_policy_show(struct cli *, int argc, char **argv);

#endif

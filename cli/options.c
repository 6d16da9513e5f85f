/* options: what every command's command line has in common, and how its mistakes are told. */
#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"

enum { OPT_JSON = 0x4000, OPT_UTC, OPT_SOCKET };

#define OPTIONS_MAX 24

static const struct option common[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"utc", no_argument, NULL, OPT_UTC},
	{"socket", required_argument, NULL, OPT_SOCKET},
};

#define NCOMMON (sizeof(common) / sizeof(common[0]))

static void __attribute__((format(printf, 1, 0)))
say(const char *fmt, va_list ap)
{
	struct buf raw = BUF_INIT, line = BUF_INIT;

	buf_vprintf(&raw, fmt, ap);
	buf_puts(&line, "sshtether: ");
	buf_put_visible(&line, buf_bytes(&raw));
	buf_putc(&line, '\n');
	if (buf_ok(&raw) && buf_ok(&line))
		(void)fwrite(line.p, 1, line.n, stderr);
	buf_free(&raw);
	buf_free(&line);
}

void
cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

int
cli_usage(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fprintf(stderr, "usage: sshtether %s%s%s\n", cli->command->name,
	    *cli->command->usage != '\0' ? " " : "", cli->command->usage);
	return CLI_USAGE;
}

/* Short options are those of own whose val is a letter. */
static void
short_options(const struct option *own, size_t n, const char *how, char *out)
{
	size_t o = strlen(how);

	memcpy(out, how, o);
	for (size_t i = 0; i < n; i++) {
		if (own[i].val >= 0x80)
			continue;
		out[o++] = (char)own[i].val;
		if (own[i].has_arg == required_argument)
			out[o++] = ':';
	}
	out[o] = '\0';
}

static int
common_option(struct cli *cli, int val)
{
	switch (val) {
	case OPT_JSON:
		cli->json = true;
		return 0;
	case OPT_UTC:
		cli->utc = true;
		return 0;
	case OPT_SOCKET:
		cli->socket = optarg;
		return 0;
	default:
		return val;
	}
}

/* A letter is named by getopt_long(); of a long one it has just moved past the word. */
static int
unknown_option(const struct cli *cli, const char *word)
{
	if (optopt > ' ' && optopt < 0x7f && strncmp(word, "--", 2) != 0)
		(void)cli_usage(cli, "no option '-%c'", optopt);
	else
		(void)cli_usage(cli, "no option '%s'", word);
	return '?';
}

/* how: what getopt(3) takes before the letters. */
static int
next_option(struct cli *cli, int argc, char **argv, const struct option *own, const char *how)
{
	struct option all[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	size_t n = 0;

	while (own[n].name != NULL && n < OPTIONS_MAX - NCOMMON)
		n++;
	memcpy(all, own, n * sizeof(all[0]));
	memcpy(all + n, common, sizeof(common));
	memset(&all[n + NCOMMON], 0, sizeof(all[0]));
	short_options(own, n, how, letters);
	for (;;) {
		int val = getopt_long(argc, argv, letters, all, NULL);

		if (val == '?')
			return unknown_option(cli, argv[optind - 1]);
		if (val == ':') {
			(void)cli_usage(cli, "option '%s' needs a value", argv[optind - 1]);
			return '?';
		}
		val = common_option(cli, val);
		if (val != 0)
			return val;
	}
}

int
cli_option(struct cli *cli, int argc, char **argv, const struct option *own)
{
	return next_option(cli, argc, argv, own, ":");
}

int
cli_option_before(struct cli *cli, int argc, char **argv, const struct option *own)
{
	return next_option(cli, argc, argv, own, "+:");
}

bool
cli_when(const struct cli *cli, const char *option, const char *text, struct rtime *out)
{
	if (when_parse(bytes_of(text), rtime_now(), out))
		return true;
	(void)cli_usage(cli,
	    "%s: '%s' is no time; such are now, recent, today, yesterday, boot, 7d, "
	    "2026-11-22, 2026-11-22T01:02, 01:02:03",
	    option, text);
	return false;
}

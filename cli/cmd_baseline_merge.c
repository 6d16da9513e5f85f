/*
 * cmd_baseline_merge: what another host of the fleet learned, so that a new one need not wait.  All of the files is
 * read and checked before the daemon hears of any of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/baseline.h"

#define ERRORS_MAX 20
#define LINE_MAX   (64u << 10)

struct merging {
	struct baseline *usual;
	int32_t today;
	uint64_t files, rows;
	unsigned errors;
	const char *name; /* of the file that is read */
	uint64_t line;
	bool no_export; /* it begins as none does: what else stands there matters no more */
};

static void
wrong(struct merging *m, const char *why)
{
	if (m->errors++ < ERRORS_MAX)
		cli_error("%s:%llu: %s", m->name, (unsigned long long)m->line, why);
}

/* Exports after one another in one file are exports. */
static void
take_line(struct merging *m, struct bytes text)
{
	enum usual_said said;
	struct usual_line line;
	const char *why;

	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n > LINE_MAX) {
		wrong(m, "no row is that long");
		return;
	}
	said = usual_line_get(text, m->today, &line, &why);
	if (m->line == 1 && said != USUAL_HEAD) {
		wrong(m, bytes_starts(text, BYTES_LIT("{\"baseline\"")) && why != NULL ? why :
		    "the first line of an export is {\"baseline\":1,...}; logs are for baseline import");
		m->no_export = true;
		return;
	}
	switch (said) {
	case USUAL_HEAD:
		break;
	case USUAL_ROW:
		m->rows++;
		(void)usual_raise(m->usual, &line.row);
		break;
	case USUAL_WRONG:
		wrong(m, why);
		break;
	}
}

static int
read_file(struct merging *m, const char *name)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t n;
	int error = 0;

	if (f == NULL) {
		cli_error("%s: %s", name, strerror(errno));
		return CLI_UNREACHABLE;
	}
	m->name = f == stdin ? "<stdin>" : name;
	m->no_export = false;
	for (m->line = 1; !m->no_export && m->errors < ERRORS_MAX && (n = getline(&text, &room, f)) > 0; m->line++)
		take_line(m, (struct bytes){.p = text, .n = (size_t)n});
	if (ferror(f))
		error = errno;
	else if (m->line == 1)
		wrong(m, "nothing stands there: an export has a first line");
	free(text);
	if (f != stdin)
		(void)fclose(f);
	if (error != 0)
		cli_error("%s: %s", name, strerror(error));
	m->files++;
	return error == 0 ? CLI_OK : CLI_UNREACHABLE;
}

static int
read_files(struct merging *m, int n, char **names)
{
	int status = CLI_OK;

	for (int i = 0; i < n && status == CLI_OK; i++)
		status = read_file(m, names[i]);
	if (status == CLI_OK && m->errors > 0) {
		cli_error("%s, so nothing was merged", m->errors >= ERRORS_MAX ? "too much is wrong" :
		    m->errors == 1 ? "a line is wrong" : "lines are wrong");
		status = CLI_FOUND;
	}
	return status;
}

static int
finish(const struct cli *cli, const struct merging *m, const struct baseline_head *head, const struct baseline_sent *sent)
{
	struct buf out = BUF_INIT;
	struct json j;

	if (cli->json) {
		json_init(&j, &out);
		json_object(&j);
		json_kuint(&j, "files", m->files);
		json_kuint(&j, "rows", m->rows);
		json_kuint(&j, "old", sent->old);
		json_kuint(&j, "changed", sent->changed);
		json_kuint(&j, "left_out", sent->left_out);
		json_kuint(&j, "days", sent->days);
		json_end(&j, '}');
		buf_putc(&out, '\n');
		return cli_finish(&out, CLI_OK);
	}
	cli_count(m->rows, "row", &out);
	buf_printf(&out, ", of which %llu were not known here", (unsigned long long)sent->changed);
	if (sent->left_out > 0)
		buf_printf(&out, "; %llu are of users that no-baseline leaves out", (unsigned long long)sent->left_out);
	if (sent->old > 0)
		buf_printf(&out, "; %llu are older than the %u days that are kept", (unsigned long long)sent->old,
		    head->window);
	buf_putc(&out, '\n');
	baseline_put_state(head, sent->days, &out);
	return cli_finish(&out, CLI_OK);
}

int
cmd_baseline_merge(struct cli *cli, int argc, char **argv)
{
	static const struct option own[] = {{0}};
	struct baseline_fetch f = {.head_only = true};
	struct merging m = {.today = usual_day(rtime_now())};
	struct baseline_sent sent;
	int status;

	if (cli_option(cli, argc, argv, own) != -1)
		return CLI_USAGE;
	if (optind == argc)
		return cli_usage(cli, "which file? - is standard input");
	if (!baseline_may("merge"))
		return CLI_UNREACHABLE;
	status = baseline_fetch(cli, &f);
	if (f.into != NULL)
		baseline_free(&f.into);
	m.usual = baseline_new(&(struct baseline_settings){.window = ST_USUAL_DAYS});
	if (status == CLI_OK && m.usual == NULL) {
		cli_error("out of memory");
		status = CLI_UNREACHABLE;
	}
	if (status == CLI_OK)
		status = read_files(&m, argc - optind, argv + optind);
	if (status == CLI_OK)
		status = baseline_send(cli, &f.head, m.usual, "merge", &sent);
	if (status == CLI_OK)
		status = finish(cli, &m, &f.head, &sent);
	baseline_free(&m.usual);
	return status;
}

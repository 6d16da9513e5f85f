/* past_source: see past_source.h. */
#include "cli/past_source.h"

#define WEEK_MS (INT64_C(7) * 86400000)

void
past_source_begin(struct past_source *s)
{
	*s = (struct past_source){.since = {.ms = rtime_now().ms - WEEK_MS}};
}

int
past_source_option(const struct cli *cli, struct past_source *s, int letter, char *operand)
{
	switch (letter) {
	case 's':
		return cli_when(cli, "--since", operand, &s->since) ? CLI_OK : CLI_USAGE;
	case 'u':
		return cli_when(cli, "--until", operand, &s->until) ? CLI_OK : CLI_USAGE;
	case 'r':
		if (s->nlogs == ST_PAST_LOGS)
			return cli_usage(cli, "at most %d --replay", ST_PAST_LOGS);
		s->logs[s->nlogs++] = operand;
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

int
past_source_walk(const struct cli *cli, struct past_source *s, enum past_part first, past_fn *fn, void *arg)
{
	int status = CLI_OK;

	if (s->nlogs > 0)
		return past_replay(s->logs, s->nlogs, fn, s->alerted, arg);
	if (s->alerted != NULL)
		status = past_cases(cli, s->alerted, arg);
	return status == CLI_OK ? past_walk(cli, s->since, s->until, first, fn, arg) : status;
}

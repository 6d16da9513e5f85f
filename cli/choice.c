/* choice: see choice.h. */
#include "cli/choice.h"

bool
choice_take(const struct cli *cli, struct choice *c, int val)
{
	switch (val) {
	case 's':
		return cli_when(cli, "--since", optarg, &c->since);
	case 'u':
		return cli_when(cli, "--until", optarg, &c->until);
	case 'U':
		c->user = optarg;
		return true;
	case 'n':
		if (bytes_i64(bytes_of(optarg), &c->limit) && c->limit > 0)
			return true;
		(void)cli_usage(cli, "--limit: '%s' is no number above 0", optarg);
		return false;
	default:
		return false;
	}
}

void
choice_put(json_t *request, const struct choice *c)
{
	const struct {
		const char *name;
		int64_t value;
	} rows[] = {{"since", c->since.ms}, {"until", c->until.ms}, {"limit", c->limit}};

	for (size_t i = 0; request != NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].value != 0)
			(void)json_object_set_new(request, rows[i].name, json_integer(rows[i].value));
	}
}

/* rehearse_fetch: see rehearse_fetch.h. */
#include "cli/rehearse_fetch.h"

#include "cli/client.h"

struct fetching {
	fetch_fn *fn;
	void *arg;
};

static bool
hand_on(const json_t *o, struct bytes line, void *arg)
{
	const struct fetching *f = arg;

	(void)line;
	return f->fn(o, f->arg);
}

static int
fetch(const struct cli *cli, json_t *request, fetch_fn *fn, void *arg)
{
	struct fetching f = {.fn = fn, .arg = arg};
	const struct client_ask ask = {.socket = CLIENT_CONTROL, .request = request, .fn = hand_on, .arg = &f};

	return client_ask(cli, &ask);
}

int
fetch_policy(const struct cli *cli, fetch_fn *fn, void *arg)
{
	return fetch(cli, json_pack("{s:s, s:b}", "verb", "policy-show", "verbose", 1), fn, arg);
}

int
fetch_page(const struct cli *cli, const struct fetch_page *p, fetch_fn *fn, void *arg)
{
	return fetch(cli, json_pack("{s:s, s:s, s:I, s:I, s:I}", "verb", "history", "part", p->part, "after",
	    (json_int_t)p->after, "since", (json_int_t)p->since.ms, "until", (json_int_t)p->until.ms), fn, arg);
}

/* past_fetch: see past_fetch.h. */
#include "cli/past_fetch.h"

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

/* --- pages ------------------------------------------------------------------------------------- */

struct paging {
	fetch_fn *fn;
	void *arg;
	int64_t next; /* what this page says the next one comes after; 0: nothing does */
};

static bool
on_page(const json_t *o, void *arg)
{
	struct paging *p = arg;

	if (answer_get(o, "next") == NULL)
		return p->fn(o, p->arg);
	p->next = answer_int(o, "next");
	return true;
}

static json_t *
page_request(const struct fetch_page *p)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s*}", "verb", "history", "part", p->part, "after",
	    (json_int_t)p->after, "since", (json_int_t)p->since.ms, "until", (json_int_t)p->until.ms, "id", p->id);
}

int
fetch_pages(const struct cli *cli, struct fetch_page page, fetch_fn *fn, void *arg)
{
	struct paging p = {.fn = fn, .arg = arg};
	int status;

	for (;; page.after = p.next) {
		p.next = 0;
		status = fetch(cli, page_request(&page), on_page, &p);
		if (status != CLI_OK || p.next == 0)
			return status;
		if (p.next <= page.after) {
			cli_error("sshtetherd's pages do not go on");
			return CLI_UNREACHABLE;
		}
	}
}

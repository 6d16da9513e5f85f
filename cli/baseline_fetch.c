/* baseline_fetch: see baseline.h.  A page at a time: the daemon's loop is for logins. */
#include <string.h>

#include "agentd/engine/usual_page.h"
#include "cli/baseline.h"
#include "cli/client.h"

struct page {
	struct baseline_fetch *f;
	bool more; /* this is not the last one */
	char from[USUAL_PLACE_STRLEN], next[USUAL_PLACE_STRLEN]; /* as the daemon wrote it; "": the first one */
};

static void
take_head(const json_t *o, struct baseline_head *h)
{
	*h = (struct baseline_head){
	    .window = (unsigned)answer_int(o, "window"),
	    .data = (unsigned)answer_int(o, "after"),
	    .active = (unsigned)answer_int(o, "active"),
	    .days = (unsigned)answer_int(o, "days"),
	    .days_before = (unsigned)answer_int(o, "days_before"),
	    .users = (uint64_t)answer_int(o, "users"),
	    .entries = (uint64_t)answer_int(o, "entries"),
	    .bytes = (uint64_t)answer_int(o, "bytes"),
	    .dropped = (uint64_t)answer_int(o, "dropped"),
	};
	(void)bytes_copy(answer_str(o, "host"), h->host, sizeof(h->host));
}

static bool
begin(struct page *p, const json_t *o)
{
	struct baseline_fetch *f = p->f;

	take_head(o, &f->head);
	if (f->line != NULL || f->into != NULL)
		return true;
	f->into = baseline_new(&(struct baseline_settings){.window = f->head.window, .data = f->head.data,
	    .active = f->head.active});
	if (f->into == NULL)
		cli_error("out of memory");
	return f->into != NULL;
}

static bool
add_row(struct baseline *b, const json_t *o)
{
	struct usual_row row = {.count = (uint32_t)answer_int(o, "count")};
	char user[ST_USUAL_TEXT], value[ST_USUAL_TEXT];

	if (!usual_parse(answer_str(o, "kind"), &row.key.kind) || !usual_day_parse(answer_str(o, "day"), &row.day) ||
	    !bytes_copy(answer_str(o, "user"), user, sizeof(user)) ||
	    !bytes_copy(answer_str(o, "value"), value, sizeof(value)))
		return false;
	row.key.user = user;
	row.key.value = value;
	baseline_add(b, &row);
	return true;
}

static bool
on_line(const json_t *o, struct bytes line, void *arg)
{
	struct page *p = arg;
	struct baseline_fetch *f = p->f;
	const bool head = answer_get(o, "baseline") != NULL;

	if (answer_get(o, "next") != NULL) {
		p->more = true;
		(void)bytes_copy(answer_str(o, "next"), p->next, sizeof(p->next));
		return true;
	}
	if (head && !begin(p, o))
		return false;
	if (f->line != NULL)
		return f->line(line, f->arg);
	/* A kind that is younger than this command is nothing that it could show. */
	return head || f->into == NULL || (add_row(f->into, o), true);
}

int
baseline_fetch(const struct cli *cli, struct baseline_fetch *f)
{
	struct page p = {.f = f};
	int status;

	for (;;) {
		const struct client_ask ask = {.socket = CLIENT_CONTROL, .fn = on_line, .arg = &p,
		    .request = json_pack("{s:s, s:s*, s:s*, s:b, s:b}", "verb", "baseline", "from",
			p.from[0] != '\0' ? p.from : NULL, "user", f->user, "told", f->told, "head", f->head_only)};

		p.more = false;
		status = client_ask(cli, &ask);
		if (status != CLI_OK || !p.more)
			return status;
		if (p.next[0] == '\0' || strcmp(p.next, p.from) == 0) {
			cli_error("sshtetherd's pages do not go on");
			return CLI_UNREACHABLE;
		}
		memcpy(p.from, p.next, sizeof(p.from));
	}
}

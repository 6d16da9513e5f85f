/* past_alert: see past_alert.h.  The store looks for text; what is an id of an alert is decided here. */
#include "cli/past_alert.h"

#include "base/bytes.h"
#include "cli/past_fetch.h"

#define ID_DIGITS 32
#define NAMED     5 /* of several that begin so */

struct search {
	struct bytes begin;
	const json_t *found; /* kept */
	char names[NAMED][ID_DIGITS + 1];
	size_t nnames;
	bool more; /* than are named */
};

bool
alert_id_parse(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return text[n] == '\0' && n >= ALERT_ID_MIN && n <= ID_DIGITS;
}

static void
note_name(struct search *s, struct bytes id)
{
	for (size_t i = 0; i < s->nnames; i++)
		if (bytes_is(id, s->names[i]))
			return;
	if (s->nnames == NAMED || !bytes_copy(id, s->names[s->nnames], sizeof(s->names[0])))
		s->more = true;
	else
		s->nnames++;
}

static bool
on_object(const json_t *o, void *arg)
{
	struct search *s = arg;
	struct bytes id = answer_str(o, "event.id");

	if (id.n == 0 || !bytes_starts(id, s->begin))
		return true;
	note_name(s, id);
	answer_drop(&s->found);
	s->found = answer_keep(o);
	return true;
}

static int
judge(const struct search *s)
{
	struct buf names = BUF_INIT;

	if (s->nnames == 1 && !s->more)
		return CLI_OK;
	if (s->nnames == 0) {
		cli_error("the store knows no alert whose id begins with %.*s", (int)s->begin.n, s->begin.p);
		return CLI_FOUND;
	}
	for (size_t i = 0; i < s->nnames; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", s->names[i]);
	cli_error("several alerts have an id that begins with %.*s: %s%s", (int)s->begin.n, s->begin.p,
	    buf_ok(&names) ? names.p : "", s->more ? ", ..." : "");
	buf_free(&names);
	return CLI_FOUND;
}

int
past_alert(const struct cli *cli, const char *id, const json_t **out)
{
	struct search s = {.begin = bytes_of(id)};
	int status = fetch_pages(cli, (struct fetch_page){.part = "findings", .id = id}, on_object, &s);

	if (status == CLI_OK)
		status = judge(&s);
	if (status != CLI_OK)
		answer_drop(&s.found);
	*out = s.found;
	return status;
}

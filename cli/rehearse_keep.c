/* rehearse_keep: whom --keep names, and the line of the language that would let him go on. */
#include "cli/rehearse.h"

bool
keep_parse(const char *text, struct keep *out)
{
	struct bytes value = bytes_of(text), name = bytes_take(&value, '=');

	*out = (struct keep){.word = text};
	if (bytes_is(name, "user") && value.n > 0)
		out->user = value;
	else if (!bytes_is(name, "origin") || !prefix_parse(value, &out->origin))
		return false;
	return true;
}

const struct keep *
keep_find(const struct rehearsal *r, const struct question *q)
{
	for (size_t i = 0; i < r->nkeep; i++) {
		const struct keep *k = &r->keep[i];

		if (k->user.n > 0 ? bytes_eq(k->user, q->user) :
		    (q->origin.family != 0 && prefix_has(k->origin, q->origin)))
			return k;
	}
	return NULL;
}

/* In the language every string is a pattern: what would be one does not name one user. */
static bool
is_plain(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++)
		if (strchr("*?[]\\\"{}<>", name.p[i]) != NULL || (unsigned char)name.p[i] <= ' ')
			return false;
	return name.n > 0;
}

static bool
put_subject(const struct question *q, const struct keep *k, struct buf *out)
{
	char ip[ADDR_STRLEN];

	if (k != NULL && k->user.n == 0) {
		buf_puts(out, " origin ");
		prefix_print(k->origin, out);
		return true;
	}
	if (!is_plain(q->user))
		return false;
	buf_printf(out, " user \"%.*s\"", (int)q->user.n, q->user.p);
	if (q->activity == ACT_LOGIN && q->origin.family != 0)
		buf_printf(out, " origin %s", addr_str(q->origin, ip));
	return true;
}

static void
put_object(const struct question *q, struct buf *out)
{
	char ip[ADDR_STRLEN];

	if (q->activity == ACT_LOGIN)
		return;
	if (q->owner != OWNER_UNKNOWN)
		buf_printf(out, " owner %s", owner_name(q->owner));
	if (q->to_kind == TO_SELF)
		buf_puts(out, " to self");
	else if (q->to_kind == TO_ADDR)
		buf_printf(out, " to %s", addr_str(q->to_addr, ip));
	if ((q->to_kind == TO_SELF || q->to_kind == TO_ADDR) && q->port != 0)
		buf_printf(out, " port %u", q->port);
}

bool
keep_line(const struct question *q, const struct keep *k, struct buf *out)
{
	buf_printf(out, "pass %s", activity_info(q->activity)->name);
	if (!put_subject(q, k, out))
		return false;
	put_object(q, out);
	return buf_ok(out);
}

/* usual_page: see usual_page.h.  Engine process. */
#include "agentd/engine/usual_page.h"

#include <string.h>

#include "agentd/engine/usual_rows.h"

struct page {
	struct buf *out;
	size_t end;      /* of out: no value is begun beyond it */
	unsigned looked; /* at values */
	bool told;
};

static void
put_row(const struct usual_row *row, void *arg)
{
	struct page *p = arg;

	if (row->key.kind != USUAL_TOLD || p->told)
		usual_line_put(row, p->out);
}

static bool
has_room(void *arg)
{
	struct page *p = arg;

	return ++p->looked < ST_USUAL_STEP && p->out->n < p->end;
}

static void
put_active(const struct usual_row *row, void *arg)
{
	if (row->key.kind == USUAL_ACTIVE)
		usual_line_put(row, arg);
}

static bool
is_one(void *arg)
{
	(void)arg;
	return false;
}

bool
usual_page_put(const struct baseline *b, const char *user, bool told, struct usual_place *at, struct buf *out)
{
	struct page p = {.out = out, .end = out->n + ST_USUAL_PAGE, .told = told};

	return baseline_each_from(b, user, at, put_row, has_room, &p);
}

void
usual_page_host(const struct baseline *b, struct buf *out)
{
	struct usual_place at = {.kind = USUAL_ACTIVE}; /* the first there can be */

	(void)baseline_each_from(b, "", &at, put_active, is_one, out);
}

/* --- places as words: "7.616c696365.31302e302e302e303a3232" --------------------------------------------- */

static void
put_hex(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++)
		buf_printf(out, "%02x", (unsigned char)*text);
}

void
usual_place_put(const struct usual_place *at, struct buf *out)
{
	buf_printf(out, "%u.", (unsigned)at->kind);
	put_hex(at->user, out);
	buf_putc(out, '.');
	put_hex(at->value, out);
}

static bool
take_hex(struct bytes hex, char out[ST_USUAL_TEXT])
{
	size_t n;

	if (!bytes_unhex(hex, out, ST_USUAL_TEXT - 1, &n) || memchr(out, '\0', n) != NULL)
		return false;
	out[n] = '\0';
	return true;
}

bool
usual_place_get(struct bytes word, struct usual_place *out)
{
	const struct bytes kind = bytes_take(&word, '.'), user = bytes_take(&word, '.');
	uint64_t n;

	if (!bytes_u64(kind, &n) || n >= USUAL_COUNT || !take_hex(user, out->user) || !take_hex(word, out->value))
		return false;
	out->kind = (enum usual_kind)n;
	return true;
}

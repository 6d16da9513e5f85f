/* Lines of an export: what is taken for a row is written and read again as the same; what is wrong says why. */
#include <stdlib.h>
#include <string.h>

#include "agentd/engine/usual_rows.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)
#define LATEST 20000

static void
again(const struct usual_line *l)
{
	struct buf text = BUF_INIT;
	struct usual_line second;
	const char *why;

	MUST(l->row.day <= LATEST && l->row.count > 0 && l->row.key.kind != USUAL_TOLD);
	usual_line_put(&l->row, &text);
	MUST(buf_ok(&text) && memchr(text.p, '\n', text.n) == text.p + text.n - 1);
	MUST(usual_line_get((struct bytes){.p = text.p, .n = text.n - 1}, LATEST, &second, &why) == USUAL_ROW);
	MUST(second.row.key.kind == l->row.key.kind && second.row.day == l->row.day && second.row.count == l->row.count);
	MUST(strcmp(second.user, l->user) == 0 && strcmp(second.value, l->value) == 0);
	buf_free(&text);
}

static void
count(const struct usual_row *row, void *arg)
{
	*(uint64_t *)arg += row->count;
}

/* What comes twice counts once. */
static void
take(struct baseline *b, const struct usual_row *row)
{
	uint64_t once = 0, twice = 0;

	(void)usual_raise(b, row);
	baseline_each(b, row->key.user, count, &once);
	MUST(!usual_raise(b, row));
	baseline_each(b, row->key.user, count, &twice);
	MUST(once == twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct baseline *b = baseline_new(&(struct baseline_settings){.window = 30, .data = 14, .active = 10});
	struct bytes text = {.p = (const char *)data, .n = size};

	MUST(b != NULL);
	while (text.n > 0) {
		const struct bytes line = bytes_take(&text, '\n');
		struct usual_line l;
		const char *why;
		const enum usual_said said = usual_line_get(line, LATEST, &l, &why);

		MUST((said == USUAL_WRONG) == (why != NULL));
		if (said == USUAL_ROW) {
			again(&l);
			take(b, &l.row);
		}
	}
	baseline_free(&b);
	return 0;
}

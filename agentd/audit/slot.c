/* slot: see slot.h. */
#include "agentd/audit/slot.h"

/* Where the kernel and libaudit encode, what is not quoted is hex. */
static struct bytes
decoded(struct fact_scratch *s, const struct field *f)
{
	size_t n;

	if (f->quote != 0)
		return f->value;
	if (bytes_is(f->value, "(null)") || bytes_is(f->value, "(none)") || bytes_is(f->value, "?"))
		return BYTES_NONE;
	if (!field_decode(f, s->text + s->ntext, sizeof(s->text) - s->ntext, &n))
		return f->value;

	struct bytes b = {.p = s->text + s->ntext, .n = n};

	s->ntext += n;
	return b;
}

static bool
octal(struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] < '0' || b.p[i] > '7' || v >> 61 != 0)
			return false;
		v = v << 3 | (uint64_t)(b.p[i] - '0');
	}
	*out = v;
	return b.n > 0;
}

static void
read_dev(struct bytes b, uint32_t dev[2])
{
	const char *colon = b.n > 0 ? memchr(b.p, ':', b.n) : NULL;
	uint64_t major, minor;

	if (colon == NULL)
		return;

	struct bytes left = {.p = b.p, .n = (size_t)(colon - b.p)};
	struct bytes right = {.p = colon + 1, .n = b.n - left.n - 1};

	if (bytes_hex64(left, &major) && bytes_hex64(right, &minor) && major <= UINT32_MAX &&
	    minor <= UINT32_MAX) {
		dev[0] = (uint32_t)major;
		dev[1] = (uint32_t)minor;
	}
}

static void read_inner(struct draft *, struct bytes message, const struct slots *);

/* A value that is not what its field should hold leaves the member as it was. */
static void
read_value(struct draft *d, const struct slot *slot, const struct field *f)
{
	void *at = (char *)d + slot->at;
	uint64_t v;

	switch (slot->value) {
	case VALUE_U32:
		if (bytes_u64(f->value, &v) && v <= UINT32_MAX)
			*(uint32_t *)at = (uint32_t)v;
		break;
	case VALUE_U64:
		(void)bytes_u64(f->value, at);
		break;
	case VALUE_I64:
		(void)bytes_i64(f->value, at);
		break;
	case VALUE_HEX:
		(void)bytes_hex64(f->value, at);
		break;
	case VALUE_OCTAL:
		(void)octal(f->value, at);
		break;
	case VALUE_TRUE:
		*(bool *)at = bytes_is(f->value, "yes") || bytes_is(f->value, "success") ||
		    bytes_is(f->value, "1");
		break;
	case VALUE_RAW:
		*(struct bytes *)at =
		    bytes_is(f->value, "?") || bytes_is(f->value, "(none)") ? BYTES_NONE : f->value;
		break;
	case VALUE_TEXT:
		*(struct bytes *)at = decoded(d->s, f);
		break;
	case VALUE_DEV:
		read_dev(f->value, at);
		break;
	case VALUE_INNER:
		read_inner(d, f->value, slot->inner);
		break;
	case VALUE_NONE:
		break;
	}
}

/*
 * Fields come in the order of their table, nearly always: the search begins behind the slot that
 * matched before.
 */
static void
read_field(struct draft *d, const struct field *f, const struct slots *slots, size_t *next)
{
	for (size_t i = 0; i < slots->n; i++) {
		size_t at = *next + i < slots->n ? *next + i : *next + i - slots->n;

		if (bytes_eq(slots->slot[at].name, f->name)) {
			read_value(d, &slots->slot[at], f);
			*next = at + 1;
			return;
		}
	}
}

/*
 * Text of programs: a 0x1D in it is no tail.  Of a field that is there twice the last counts: what
 * others chose (hostname) stands before what matters (addr, res).
 */
static void
read_inner(struct draft *d, struct bytes message, const struct slots *slots)
{
	struct field_iter it;
	struct field f;
	size_t next = 0;

	field_iter_init(&it, message);
	while (field_next(&it, &f))
		read_field(d, &f, slots, &next);
}

void
slots_read(struct draft *d, struct bytes body, const struct slots *slots)
{
	struct field_iter it;
	struct field f;
	size_t next = 0;

	field_iter_init(&it, body);
	while (field_next(&it, &f) && !f.enriched)
		read_field(d, &f, slots, &next);
}

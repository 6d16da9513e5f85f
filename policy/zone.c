/* zone: see zone.h.  The format is RFC 9636's (TZif, version 2 and later).  A file that is cut or wrong is no zone. */
#include "policy/zone.h"

#include <ctype.h>
#include <sshtether/limits.h>

/* --- the file --------------------------------------------------------------------------------- */

enum { HEADER = 44, TYPE = 6 };

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t
be32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* A header whose tables fit into what is left; size: of the tables, with times of so many bytes. */
static bool
header(struct bytes t, unsigned width, struct counts *c, size_t *size)
{
	if (t.n < HEADER || memcmp(t.p, "TZif", 4) != 0 || t.p[4] < '2')
		return false;
	*c = (struct counts){.isut = be32(t.p + 20), .isstd = be32(t.p + 24), .leap = be32(t.p + 28),
	    .time = be32(t.p + 32), .type = be32(t.p + 36), .chars = be32(t.p + 40)};
	if (c->isut > t.n || c->isstd > t.n || c->leap > t.n || c->time > t.n || c->type > t.n || c->chars > t.n)
		return false;
	*size = (size_t)c->time * (width + 1) + (size_t)c->type * TYPE + c->chars + (size_t)c->leap * (width + 4) +
	    c->isstd + c->isut;
	return *size <= t.n - HEADER;
}

static struct bytes
behind(struct bytes t, size_t n)
{
	return (struct bytes){.p = t.p + n, .n = t.n - n};
}

/* Times, the type of each, and what each type's offset is. */
static bool
changes_parse(struct arena *a, struct zone *z, const struct counts *c, const char *p)
{
	const char *which = p + (size_t)c->time * 8, *types = which + c->time;

	if (c->leap != 0 || c->type == 0) /* a clock that counts leap seconds is not the kernel's */
		return false;
	z->before = (int32_t)be32(types);
	z->changes = arena_array(a, c->time, sizeof(*z->changes));
	z->nchanges = c->time;
	for (size_t i = 0; z->changes != NULL && i < c->time; i++) {
		const unsigned type = (unsigned char)which[i];

		if (type >= c->type)
			return false;
		z->changes[i].at = (int64_t)((uint64_t)be32(p + 8 * i) << 32 | be32(p + 8 * i + 4));
		z->changes[i].offset = (int32_t)be32(types + (size_t)type * TYPE);
	}
	return z->changes != NULL;
}

struct zone *
zone_parse(struct arena *a, struct bytes name, struct bytes file)
{
	struct zone *z = arena_get(a, sizeof(*z));
	struct bytes rest = file;
	const char *end;
	struct counts c;
	size_t size;

	if (z == NULL || !header(rest, 4, &c, &size))
		return NULL;
	rest = behind(rest, HEADER + size);
	if (!header(rest, 8, &c, &size) || !changes_parse(a, z, &c, rest.p + HEADER))
		return NULL;
	rest = behind(rest, HEADER + size);
	if (rest.n < 2 || rest.p[0] != '\n' || (end = memchr(rest.p + 1, '\n', rest.n - 1)) == NULL ||
	    !zone_rules_parse(&z->rules, (struct bytes){.p = rest.p + 1, .n = (size_t)(end - rest.p) - 1}))
		return NULL;
	z->name = name;
	return z;
}

bool
zone_name_ok(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++) {
		const char c = name.p[i];

		if (c == '/' ? i == 0 || i + 1 == name.n || name.p[i - 1] == '/' :
		               !isalnum((unsigned char)c) && strchr("_+-", c) == NULL)
			return false;
	}
	return name.n != 0 && name.n <= ST_ZONE_NAME;
}

/* --- asking ----------------------------------------------------------------------------------- */

int32_t
zone_offset(const struct zone *z, int64_t at)
{
	size_t lo = 0, hi = z->nchanges; /* the first change that is later */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (z->changes[mid].at <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == z->nchanges && z->rules.given)
		return zone_rules_offset(&z->rules, at);
	return lo > 0 ? z->changes[lo - 1].offset : z->before;
}

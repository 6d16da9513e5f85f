/* serials: see serials.h. */
#include "base/serials.h"

#include <inttypes.h>

/* FNV-1a: the same in each process and after each start, unlike bytes_hash(). */
uint64_t
serials_fleet(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (*name != '\0')
		h = (h ^ (unsigned char)*name++) * UINT64_C(0x100000001b3);
	return h;
}

/* n: it is not there. */
static size_t
find(const struct serials *s, uint64_t fleet)
{
	size_t i = 0;

	while (i < s->n && s->of[i].fleet != fleet)
		i++;
	return i;
}

uint64_t
serials_get(const struct serials *s, uint64_t fleet)
{
	const size_t i = find(s, fleet);

	return i < s->n ? s->of[i].serial : 0;
}

enum serials_raise
serials_raise(struct serials *s, uint64_t fleet, uint64_t serial)
{
	const size_t i = find(s, fleet);

	if (serial <= serials_get(s, fleet))
		return SERIALS_SAME;
	if (i == ST_FLEETS)
		return SERIALS_FULL;
	s->of[i] = (struct serial){.fleet = fleet, .serial = serial};
	s->n += i == s->n;
	return SERIALS_RAISED;
}

void
serials_print(const struct serials *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++)
		buf_printf(out, "%s%016" PRIx64 " %" PRIu64, i > 0 ? " " : "", s->of[i].fleet, s->of[i].serial);
}

bool
serials_parse(struct serials *s, struct bytes line)
{
	uint64_t fleet, serial;

	while (line.n > 0) {
		if (!bytes_hex64(bytes_take(&line, ' '), &fleet) || !bytes_u64(bytes_take(&line, ' '), &serial) ||
		    serials_raise(s, fleet, serial) == SERIALS_FULL)
			return false;
	}
	return true;
}

/* mark: see mark.h.  Pure arithmetic; nothing is allocated. */
#include "policy/mark.h"

/* --- how facts are looked at ------------------------------------------------------------------- */

enum end { WHOLE, HEAD, TAIL };

/*
 * What globs have in common with the names they match is often so many of their words, up to a '/', '-' or '.',
 * whatever these are; else so many bytes.
 */
static const struct name_kind {
	enum end end;
	bool words;
	unsigned most; /* of them, down to one */
} name_kinds[] = {{HEAD, true, 8}, {HEAD, false, 32}, {TAIL, true, 4}, {TAIL, false, 16}};

#define NAME_PARTS (1 + 8 + 32 + 4 + 16)

struct name_part {
	enum end end;
	bool words;
	unsigned n; /* words or bytes; of a name that has fewer, the whole */
};

static struct name_part
name_part(unsigned part)
{
	const struct name_kind *k = name_kinds;

	if (part == 0)
		return (struct name_part){.end = WHOLE};
	for (part--; part >= k->most; k++)
		part -= k->most;
	return (struct name_part){k->end, k->words, k->most - part};
}

static const struct addr_part {
	uint8_t bits4, bits6;
} addr_parts[] = {{32, 128}, {28, 64}, {24, 56}, {20, 48}, {16, 40}, {12, 32}, {8, 24}};

static const uint8_t port_parts[] = {16, 12, 8};

#define NELEM(list) (sizeof(list) / sizeof((list)[0]))

unsigned
facet_parts(enum pol_fact fact)
{
	return fact == QF_TIME      ? 0 :
	    fact_is_name(fact)      ? NAME_PARTS :
	    fact_is_addr(fact)      ? NELEM(addr_parts) :
	    fact == QF_PORT         ? NELEM(port_parts) :
	                              1; /* owner */
}

/* --- numbers ------------------------------------------------------------------------------------ */

static uint64_t
stir(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* Neither a letter nor a digit. */
static bool
ends_word(char c)
{
	static const uint32_t of_words[8] = {0, 0x03ff0000, 0x07fffffe, 0x07fffffe};

	return (of_words[(uint8_t)c / 32] >> (uint8_t)c % 32 & 1) == 0;
}

/* How many bytes the part has, from its end of the name; false: the name does not have as much. */
static bool
part_length(struct name_part part, struct bytes name, size_t *out)
{
	unsigned left = part.n;

	*out = part.n;
	if (!part.words)
		return part.n <= name.n;
	for (*out = 0; *out < name.n && left > 0; (*out)++)
		left -= ends_word(name.p[part.end == HEAD ? *out : name.n - 1 - *out]);
	return left == 0;
}

static uint64_t
name_part_number(struct name_part part, struct bytes name)
{
	size_t n;

	if (part.end != WHOLE && part_length(part, name, &n))
		name = (struct bytes){.p = part.end == HEAD ? name.p : name.p + name.n - n, .n = n};
	return name_number(name);
}

/* An address as a number of 128 bits, cut to those that the part looks at. */
struct place {
	uint64_t hi, lo;
};

static struct place
place_of(struct addr_part part, unsigned family, const uint8_t b[16])
{
	struct place p = {.hi = half_of(b)};

	if (family == 4)
		p.hi >>= 64 - part.bits4;
	else if (part.bits6 <= 64)
		p.hi >>= 64 - part.bits6;
	else
		p.lo = half_of(b + 8);
	return p;
}

static uint64_t
place_number(struct place p, unsigned family)
{
	return stir(stir(stir(family, p.hi), p.lo), 0);
}

static uint64_t
small_number(uint64_t v)
{
	return stir(stir(0, v), 0);
}

#define SELF_NUMBER small_number(UINT64_MAX)

/* --- what a condition wants --------------------------------------------------------------------- */

struct marks {
	uint64_t *out;
	size_t n; /* NO_MARKS: given up */
};

static void
put(struct marks *m, uint64_t number)
{
	if (m->n < MARKS)
		m->out[m->n++] = number;
	else
		m->n = NO_MARKS;
}

static bool
is_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\';
}

/* The plain end of a glob; whatever it matches ends alike. */
static struct bytes
plain_end(struct bytes glob, enum end end)
{
	size_t n = 0;

	if (end == HEAD) {
		while (n < glob.n && !is_special(glob.p[n]))
			n++;
		return (struct bytes){.p = glob.p, .n = n};
	}
	while (n < glob.n && !is_special(glob.p[glob.n - 1 - n]))
		n++;
	return (struct bytes){.p = glob.p + glob.n - n, .n = n};
}

static void
put_names(struct marks *m, struct name_part part, const struct name_list *l)
{
	for (size_t i = 0; i < l->nplain && m->n != NO_MARKS; i++)
		put(m, name_part_number(part, l->plain[i]));
	for (size_t i = 0; i < l->nglobs && m->n != NO_MARKS; i++) {
		struct bytes plain = plain_end(l->globs[i], part.end);
		size_t n;

		if (part.end != WHOLE && part_length(part, plain, &n))
			put(m, name_part_number(part, plain));
		else
			m->n = NO_MARKS;
	}
}

/* Places from one to another; whole: all bits of an IPv6 address are looked at. */
static void
put_range(struct marks *m, struct place from, struct place to, unsigned family, bool whole)
{
	uint64_t more = whole ? to.lo - from.lo : to.hi - from.hi;

	if (more >= MARKS || (whole && from.hi != to.hi)) {
		m->n = NO_MARKS;
		return;
	}
	for (uint64_t i = 0; i <= more; i++) {
		put(m, place_number(from, family));
		*(whole ? &from.lo : &from.hi) += 1;
	}
}

static void
put_addrs(struct marks *m, struct addr_part part, const struct addr_set *s)
{
	for (size_t i = 0; i < s->n4 && m->n != NO_MARKS; i++) {
		const struct place from = {.hi = s->v4[i].lo >> (32 - part.bits4)};
		const struct place to = {.hi = s->v4[i].hi >> (32 - part.bits4)};

		put_range(m, from, to, 4, false);
	}
	for (size_t i = 0; i < s->n6 && m->n != NO_MARKS; i++)
		put_range(m, place_of(part, 6, s->v6[i].lo), place_of(part, 6, s->v6[i].hi), 6,
		    part.bits6 > 64);
}

static void
put_ports(struct marks *m, uint8_t bits, const struct test *t)
{
	for (const struct value *v = t->values; v != NULL && m->n != NO_MARKS; v = v->next)
		for (unsigned p = v->as.ports.lo >> (16 - bits);
		    p <= (unsigned)v->as.ports.hi >> (16 - bits) && m->n != NO_MARKS; p++)
			put(m, small_number(p));
}

static void
put_owners(struct marks *m, const struct test *t)
{
	for (const struct value *v = t->values; v != NULL && m->n != NO_MARKS; v = v->next)
		put(m, small_number(v->as.owner));
}

/* Sockets of `to` by their whole names, however finely addresses are looked at. */
static void
put_places(struct marks *m, struct addr_part part, const struct test *t)
{
	if (t->self)
		put(m, SELF_NUMBER);
	put_names(m, name_part(0), &t->names.in);
	put_addrs(m, part, &t->addrs);
	for (size_t i = 0; i < t->ntables && m->n != NO_MARKS; i++)
		put_addrs(m, part, &t->tables[i]->addrs);
}

size_t
test_marks(const struct test *t, struct facet f, uint64_t out[MARKS])
{
	struct marks m = {.out = out};

	if (fact_is_addr(t->fact)) {
		put_places(&m, addr_parts[f.part], t);
	} else if (t->fact == QF_PORT) {
		put_ports(&m, port_parts[f.part], t);
	} else if (t->fact == QF_OWNER) {
		put_owners(&m, t);
	} else {
		put_names(&m, name_part(f.part), &t->names.in);
		for (size_t i = 0; i < t->ntables && m.n != NO_MARKS; i++)
			put_names(&m, name_part(f.part), &t->tables[i]->names.in);
	}
	return m.n;
}

/* --- what a question says ------------------------------------------------------------------------ */

static bool
nth_of(const struct bytes *names, size_t n, size_t i, struct bytes *out)
{
	if (i < n)
		*out = names[i];
	return i < n;
}

/* The whole, then each of the methods that were needed. */
static bool
nth_method(struct bytes method, size_t i, struct bytes *out)
{
	struct bytes rest = method;

	if (i == 0)
		*out = method;
	else if (method.n == 0 || memchr(method.p, ',', method.n) == NULL)
		return false;
	for (; i > 0 && rest.n != 0; i--)
		*out = bytes_take(&rest, ',');
	return i == 0;
}

static bool
nth_name(const struct question *q, enum pol_fact fact, size_t i, struct bytes *out)
{
	size_t offset;

	switch (fact) {
	case QF_GROUP:
		return nth_of(q->groups, q->ngroups, i, out);
	case QF_PRINCIPAL:
		return nth_of(q->principals, q->nprincipals, i, out);
	case QF_ON:
		return i == 0 ? nth_of(&q->host, 1, 0, out) : nth_of(q->roles, q->nroles, i - 1, out);
	case QF_METHOD:
		return nth_method(q->method, i, out);
	default:
		if (i != 0 || !fact_is_string(fact, &offset))
			return false;
		*out = question_string(q, offset);
		return true;
	}
}

static bool
addr_mark(struct addr a, struct addr_part part, uint64_t *out)
{
	if (a.family != 0)
		*out = place_number(place_of(part, a.family, a.b), a.family);
	return a.family != 0;
}

static bool
to_mark(const struct question *q, struct addr_part part, size_t i, uint64_t *out)
{
	if (q->to_kind == TO_SELF) {
		if (i == 0)
			*out = SELF_NUMBER;
		return i == 0 || (i == 1 && addr_mark(q->to_addr, part, out));
	}
	if (i != 0 || q->to_kind == TO_NONE)
		return false;
	if (q->to_kind == TO_ADDR)
		return addr_mark(q->to_addr, part, out);
	*out = name_number(q->to_unix);
	return true;
}

bool
question_mark(const struct question *q, struct facet f, size_t i, uint64_t *out)
{
	struct bytes name = BYTES_NONE;

	if (f.fact == QF_TO)
		return to_mark(q, addr_parts[f.part], i, out);
	if (f.fact == QF_ORIGIN)
		return i == 0 && addr_mark(q->origin, addr_parts[f.part], out);
	if (f.fact == QF_PORT || f.fact == QF_OWNER) {
		*out = small_number(f.fact == QF_PORT ? (unsigned)q->port >> (16 - port_parts[f.part]) :
		                                        (unsigned)q->owner);
		return i == 0;
	}
	if (!nth_name(q, (enum pol_fact)f.fact, i, &name))
		return false;
	*out = name_part_number(name_part(f.part), name);
	return true;
}

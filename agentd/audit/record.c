/*
 * record: see record.h.  The line's header is taken apart here; its body is walked field by field, on
 * demand, and never copied.
 */
#include "agentd/audit/record.h"
#include "agentd/audit/scan.h"

#include <sshtether/limits.h>

static struct bytes
cut(const char *from, const char *to)
{
	return (struct bytes){.p = from, .n = (size_t)(to - from)};
}

/* --- the header ------------------------------------------------------------------------------- */

static bool
skip_literal(const char **p, const char *end, struct bytes literal)
{
	if (!bytes_starts(cut(*p, end), literal))
		return false;
	*p += literal.n;
	return true;
}

/* Decimal digits, at least one and no more than 19: they cannot overflow. */
static bool
take_number(const char **p, const char *end, uint64_t max, uint64_t *out)
{
	const char *q = *p, *most = end - q > 19 ? q + 19 : end;
	uint64_t v = 0;

	for (; q < most && (unsigned char)(*q - '0') <= 9; q++)
		v = v * 10 + (uint64_t)(*q - '0');
	if (q == *p || v > max)
		return false;
	*p = q;
	*out = v;
	return true;
}

/* "audit(SEC.MSEC:SERIAL):" as kernel/audit.c, audit_log_start() writes it; the blank may lack. */
static bool
take_stamp(const char **p, const char *end, struct record *r)
{
	uint64_t sec, msec;

	if (!skip_literal(p, end, BYTES_LIT("audit(")) ||
	    !take_number(p, end, (uint64_t)INT64_MAX / 1000 - 1, &sec) ||
	    !skip_literal(p, end, BYTES_LIT(".")) || !take_number(p, end, 999, &msec) ||
	    !skip_literal(p, end, BYTES_LIT(":")) ||
	    !take_number(p, end, UINT64_MAX, &r->serial) ||
	    !skip_literal(p, end, BYTES_LIT("):")))
		return false;
	r->time.ms = (int64_t)(sec * 1000 + msec);
	if (*p < end && **p == ' ')
		(*p)++;
	return true;
}

/* The bytes that a transport leaves at the end of a record: CR of a foreign file, NUL of netlink. */
static const char *
trimmed_end(struct bytes b)
{
	const char *end = b.p + b.n;

	while (end > b.p && (end[-1] == ' ' || end[-1] == '\r' || end[-1] == '\n' || end[-1] == '\0'))
		end--;
	return end;
}

enum record_error
record_parse(struct bytes line, struct record *out)
{
	struct record r = {0};

	if (line.n > ST_RECORD_MAX)
		return RECORD_TOO_LONG;
	if (line.n == 0)
		return RECORD_EMPTY;

	const char *p = line.p, *end = trimmed_end(line), *stop;

	if (p == end)
		return RECORD_EMPTY;
	if (skip_literal(&p, end, BYTES_LIT("node="))) {
		stop = scan_byte(p, end, ' ');
		r.node = cut(p, stop);
		p = stop < end ? stop + 1 : end;
	}
	if (!skip_literal(&p, end, BYTES_LIT("type=")))
		return RECORD_NO_TYPE;
	stop = scan_byte(p, end, ' ');
	r.type_name = cut(p, stop);
	if (r.type_name.n == 0)
		return RECORD_NO_TYPE;
	r.type = record_type(r.type_name);
	p = stop;
	if (!skip_literal(&p, end, BYTES_LIT(" msg=")))
		return RECORD_NO_HEADER;
	if (!take_stamp(&p, end, &r))
		return RECORD_BAD_HEADER;
	r.body = cut(p, end);
	*out = r;
	return RECORD_OK;
}

enum record_error
record_parse_netlink(uint16_t type, struct bytes payload, struct record *out)
{
	struct record r = {.type = type};

	if (payload.n > ST_RECORD_MAX)
		return RECORD_TOO_LONG;
	if (payload.n == 0)
		return RECORD_EMPTY;

	const char *p = payload.p, *end = trimmed_end(payload);

	if (!take_stamp(&p, end, &r))
		return RECORD_BAD_HEADER;
	r.body = cut(p, end);
	*out = r;
	return RECORD_OK;
}

/* --- the fields ------------------------------------------------------------------------------- */

/* The names that auditd gives interpreted fields (audit-userspace, lib/enriched-fields.h). */
static const struct bytes tail_names[] = {
	BYTES_LIT("ARCH"), BYTES_LIT("SYSCALL"), BYTES_LIT("SADDR"), BYTES_LIT("AUID"),
	BYTES_LIT("UID"), BYTES_LIT("GID"), BYTES_LIT("EUID"), BYTES_LIT("SUID"),
	BYTES_LIT("FSUID"), BYTES_LIT("EGID"), BYTES_LIT("SGID"), BYTES_LIT("FSGID"),
	BYTES_LIT("OUID"), BYTES_LIT("OGID"), BYTES_LIT("OAUID"), BYTES_LIT("OLD-AUID"),
	BYTES_LIT("SAUID"), BYTES_LIT("IUID"), BYTES_LIT("IGID"), BYTES_LIT("ID"),
	BYTES_LIT("INODE_UID"), BYTES_LIT("INODE_GID"), BYTES_LIT("OBJ_UID"), BYTES_LIT("OBJ_GID"),
	BYTES_LIT("NEW_GID"),
};

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/*
 * A shipper took the 0x1D away: key=(null)ARCH=x86_64, saddr=0200…00SADDR={.  The value ends where
 * the longest name of a tail ends at equals; NULL when none does.
 */
static const char *
stripped_tail(const char *value, const char *equals)
{
	struct bytes before = cut(value, equals);
	size_t longest = 0;

	if (before.n == 0 || !is_upper(equals[-1]))
		return NULL;
	for (size_t i = 0; i < sizeof(tail_names) / sizeof(tail_names[0]); i++)
		if (tail_names[i].n > longest && tail_names[i].n < before.n &&
		    bytes_ends(before, tail_names[i]))
			longest = tail_names[i].n;
	return longest > 0 ? equals - longest : NULL;
}

/*
 * The end of msg='…' in the records of programs.  The kernel puts between the apostrophes what the program
 * gave it, apostrophes and 0x1D included (acct="o'brien"), so the last that the record's end or its tail
 * follows is the one; without any, all of it is the message: nothing in it may pass for a field of
 * the kernel's.
 */
static const char *
message_end(const char *p, const char *end)
{
	const char *limit;

	for (const char *q = end; q > p; q--)
		if (q[-1] == '\'' && (q == end || *q == SCAN_TAIL))
			return q - 1;
	limit = scan_byte(p, end, SCAN_TAIL);
	for (const char *q = limit; q > p; q--)
		if (q[-1] == '\'' && q < end && is_upper(*q))
			return q - 1;
	return end;
}

void
field_iter_init(struct field_iter *it, struct bytes body)
{
	*it = (struct field_iter){.p = body.p, .end = body.p + body.n};
}

/* The closing quote of the value at v, which may open one; NULL when it does not, or is cut off. */
static inline const char *
quote_end(const char *v, const char *end, struct bytes name)
{
	const char *q;

	if (v == end)
		return NULL;
	if (*v == '"') {
		q = scan_byte(v + 1, end, '"');
		return q < end ? q : NULL;
	}
	if (*v == '\'' && bytes_is(name, "msg"))
		return message_end(v + 1, end);
	return NULL;
}

/* The end of an unquoted value; '=' inside it is kept, unless a stripped tail begins there. */
static inline const char *
plain_end(const char *v, const char *end, bool *tail)
{
	for (const char *q = v;; q++) {
		const char *begin;

		q = scan_delimiter(q, end);
		if (q == end || *q != '=')
			return q;
		if (!*tail && (begin = stripped_tail(v, q)) != NULL) {
			*tail = true;
			return begin;
		}
	}
}

/* The next '=' that has a name before it, which begins at *name; NULL: there is none. */
static inline const char *
next_equals(struct field_iter *it, const char **name)
{
	const char *p = it->p, *end = it->end;

	while (p < end) {
		if (*p == ' ') { /* before nearly every field */
			p++;
			continue;
		}

		const char *stop = scan_delimiter(p, end);

		if (stop == end)
			break;
		if (*stop == '=' && stop > p) {
			*name = p;
			return stop;
		}
		if (*stop == SCAN_TAIL)
			it->tail = true;
		p = stop + 1;
	}
	it->p = end;
	return NULL;
}

bool
field_next(struct field_iter *it, struct field *out)
{
	const char *name, *end = it->end;
	const char *equals = next_equals(it, &name);

	if (equals == NULL)
		return false;

	const char *v = equals + 1;

	out->name = cut(name, equals);
	out->enriched = it->tail;

	const char *close = quote_end(v, end, out->name);

	if (close != NULL) {
		out->quote = *v;
		out->value = cut(v + 1, close);
		it->p = close < end ? close + 1 : end;
		if (it->p < end && is_upper(*it->p))
			it->tail = true;
	} else {
		it->p = plain_end(v, end, &it->tail);
		out->quote = 0;
		out->value = cut(v, it->p);
	}
	return true;
}

bool
field_find(struct bytes body, const char *name, struct field *out)
{
	struct bytes wanted = bytes_of(name);
	struct field_iter it;
	struct field f;

	field_iter_init(&it, body);
	while (field_next(&it, &f) && !f.enriched)
		if (bytes_eq(f.name, wanted)) {
			*out = f;
			return true;
		}
	return false;
}

bool
field_decode(const struct field *f, char *out, size_t cap, size_t *n)
{
	struct bytes v = f->value;
	bool known = true;

	if (f->quote == 0) {
		if (bytes_is(v, "(null)") || bytes_is(v, "(none)"))
			v.n = 0;
		else if (v.n > 0 && bytes_unhex(v, out, cap, n))
			return true;
		else
			known = false;
	}
	*n = v.n < cap ? v.n : cap;
	if (*n > 0)
		memcpy(out, v.p, *n);
	return known;
}

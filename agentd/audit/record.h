/*
 * record: one line of the audit log, taken apart.  Pure: no clock, no I/O, no allocation.  Runs in the
 * engine, in replay, in the fuzzers and benchmarks; every byte of a line is hostile.
 *
 * A line, as audit.log has it, as auditd's af_unix plugin sends it, and (with a type in front) as the
 * kernel's netlink messages carry it:
 *
 *   [node=N ]type=T msg=audit(SEC.MSEC:SERIAL): k=v k="v" k='v' … [0x1D K="V" …]
 *
 * The part behind 0x1D is auditd's ENRICHED tail; some shippers strip that byte (key="x"ARCH=x86_64).
 */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include "base/bytes.h"
#include "base/clock.h"

struct record {
	uint16_t type;        /* AUDIT_*; 0: a name that we do not know (type_name says) */
	struct bytes type_name; /* as the line has it; empty when it came as a number */
	uint64_t serial;
	struct rtime time;
	struct bytes node; /* empty: none */
	struct bytes body; /* what follows "): ", enriched tail included */
};

/*
 * A field of a body.  Names and values are raw: quotes are taken off, hex is not decoded.  What a program
 * said stands in one field, msg='…', and has fields of its own inside, walked by another iterator;
 * there is no tail in it, whatever `enriched` says.
 */
struct field {
	struct bytes name, value;
	char quote;    /* '"', '\'' or 0 */
	bool enriched; /* from the tail */
};

struct field_iter {
	const char *p, *end;
	bool tail;
};

enum record_error {
	RECORD_OK = 0,
	RECORD_EMPTY,
	RECORD_NO_TYPE,
	RECORD_NO_HEADER, /* no msg=audit(…): */
	RECORD_BAD_HEADER,
	RECORD_TOO_LONG,
};

/* line without its newline.  Slices in *out point into line. */
enum record_error record_parse(struct bytes line, struct record *out);
/* A netlink payload ("audit(…): …") with the type of its header. */
enum record_error record_parse_netlink(uint16_t type, struct bytes payload, struct record *out);

void field_iter_init(struct field_iter *, struct bytes body);
/* False at the end.  Text between fields that is no k=v ("op", "for", "{ ") is passed over. */
bool field_next(struct field_iter *, struct field *out);
/* The first raw field of that name. */
bool field_find(struct bytes body, const char *name, struct field *out);

/*
 * The bytes a value stands for: quoted as it is, unquoted hex decoded, "(null)" and "(none)" empty.
 * out must hold value.n bytes.  False when it is neither quoted nor hex: then the raw value is copied.
 */
bool field_decode(const struct field *, char *out, size_t cap, size_t *n);

/* AUDIT_* by name and back; 0 or NULL when unknown.  "UNKNOWN[1334]" gives 1334. */
uint16_t record_type(struct bytes name);
const char *record_type_name(uint16_t type);

#endif

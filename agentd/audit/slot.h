/* slot: which field of a record goes where in a draft, and how it is read.  Internal to agentd/audit. */
#ifndef AUDIT_SLOT_H
#define AUDIT_SLOT_H

#include <stddef.h>

#include "agentd/audit/draft.h"

enum value {
	VALUE_U32,   /* decimal */
	VALUE_U64,
	VALUE_I64,
	VALUE_HEX,   /* → uint64_t */
	VALUE_OCTAL, /* → uint64_t */
	VALUE_TRUE,  /* yes, success, 1 → bool */
	VALUE_RAW,   /* text that is never encoded; "?" and "(none)" are empty */
	VALUE_TEXT,  /* quoted, or hex */
	VALUE_DEV,   /* major:minor in hex → uint32_t[2] */
	VALUE_INNER, /* msg='…': fields again */
	VALUE_NONE,  /* of no concern: here only because it stands between others */
};

struct slot {
	struct bytes name;
	enum value value;
	size_t at;                /* in struct draft */
	const struct slots *inner; /* of VALUE_INNER */
};

struct slots {
	const struct slot *slot;
	size_t n;
};

#define SLOT(field, value, member) {BYTES_LIT(field), value, offsetof(struct draft, member), NULL}
#define SKIP(field) {BYTES_LIT(field), VALUE_NONE, 0, NULL}
#define INNER(field, slots) {BYTES_LIT(field), VALUE_INNER, 0, slots}
/* A table of them. */
#define SLOTS(table) {table, sizeof(table) / sizeof((table)[0])}

/* All fields of a record's body, but for what auditd adds to it. */
void slots_read(struct draft *, struct bytes body, const struct slots *);

#endif

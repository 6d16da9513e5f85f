/*
 * diag: errors and warnings about a text, as a good compiler prints them: place, source line,
 * caret, what was expected, a likely correction.  They are collected and printed at the end, in the
 * order of the text, all at once; at most ST_POLICY_ERRORS are kept, the rest is counted.  Never
 * logs.
 */
#ifndef POLICY_DIAG_H
#define POLICY_DIAG_H

#include "base/buf.h"

struct source {
	const char *name;  /* as it stands in messages; borrowed */
	struct bytes text; /* borrowed */
	unsigned order;    /* 0: the main file; the files it names count up */
};

/* A stretch of a source on one line. */
struct span {
	const struct source *src; /* borrowed; NULL: no place, the message stands alone */
	uint32_t off, len;        /* bytes of src->text */
	uint32_t line;            /* from 1 */
};

struct diag_item;

struct diag {
	struct diag_item *items; /* owned */
	size_t n, cap;
	unsigned errors, warnings; /* counted even when they are not kept */
	bool failed;               /* out of memory: counts as an error */
};

#define DIAG_INIT {0}

void diag_error(struct diag *, struct span, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warn(struct diag *, struct span, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A line below the message before it: what was expected, what to write instead. */
void diag_help(struct diag *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Enough errors were seen: stop looking for more. */
bool diag_full(const struct diag *);
/* Appends all messages to out; false (and one sentence in out) when memory ran out on the way. */
bool diag_print(struct diag *, struct buf *out);
void diag_free(struct diag *);

/* From the start of a to the end of b; both on one line, else a alone. */
struct span span_join(struct span a, struct span b);

/* A shortened, visible copy of bytes from outside, for use as %s in a message; returns out. */
#define DIAG_QUOTE 72
const char *diag_quote(struct bytes, char out[DIAG_QUOTE]);
/* "line 7", or "FILE:7" where it is not in the file that the message is about; returns out. */
#define DIAG_PLACE (DIAG_QUOTE + 16)
const char *diag_place(struct span, const struct source *here, char out[DIAG_PLACE]);

#endif

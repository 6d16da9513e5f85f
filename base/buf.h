/*
 * buf: a growing byte buffer that is owned.  An allocation failure sticks: later writes are no-ops
 * and buf_ok() says false, so callers check once, at the end.  libc only.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/bytes.h"

struct buf {
	char *p; /* owned; always terminated once anything was written */
	size_t n, cap;
	bool failed;
};

#define BUF_INIT {0}

void buf_put(struct buf *, const void *p, size_t n);
void buf_puts(struct buf *, const char *s);
void buf_putc(struct buf *, char c);
void buf_putb(struct buf *, struct bytes b);
void buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *fmt, va_list) __attribute__((format(printf, 2, 0)));
/*
 * For a terminal: printable ASCII and valid UTF-8 letters as they are; control bytes, DEL, C1,
 * bidirectional controls and bytes that are not UTF-8 as \xNN; backslash doubled.
 */
void buf_put_visible(struct buf *, struct bytes b);
/* Makes room for n more bytes; NULL when it cannot. */
char *buf_room(struct buf *, size_t n);
/* Empties it, keeps the memory. */
void buf_reset(struct buf *);
/* Frees and empties; takes a half-built one. */
void buf_free(struct buf *);

static inline bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

static inline struct bytes
buf_bytes(const struct buf *b)
{
	return (struct bytes){.p = b->p, .n = b->n};
}

#endif

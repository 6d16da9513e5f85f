/* buf: see buf.h. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

char *
buf_room(struct buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (b->failed || __builtin_add_overflow(b->n, n, &need) ||
	    __builtin_add_overflow(need, 1u, &need)) {
		b->failed = true;
		return NULL;
	}
	if (need > b->cap) {
		cap = b->cap < 128 ? 128 : b->cap;
		while (cap < need)
			if (__builtin_mul_overflow(cap, 2u, &cap))
				cap = need;
		p = realloc(b->p, cap);
		if (p == NULL) {
			b->failed = true;
			return NULL;
		}
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	char *room = buf_room(b, n);

	if (room == NULL)
		return;
	if (n > 0)
		memcpy(room, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_putb(struct buf *b, struct bytes s)
{
	buf_put(b, s.p, s.n);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *room;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		b->failed = true;
		return;
	}
	room = buf_room(b, (size_t)n);
	if (room == NULL)
		return;
	vsnprintf(room, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

/* Characters that turn text round on a terminal or hide in it: bidi controls, zero widths, BOM, tags. */
static bool
is_deceptive(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0xfeff ||
	    (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

void
buf_put_visible(struct buf *b, struct bytes s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_next((struct bytes){.p = s.p + i, .n = s.n - i}, &c);
		bool plain = n > 0 && c >= 0x20 && !(c >= 0x7f && c <= 0x9f) && !is_deceptive(c);

		if (plain && c == '\\')
			buf_puts(b, "\\\\");
		else if (plain)
			buf_put(b, s.p + i, n);
		else
			for (size_t k = 0; k < (n > 0 ? n : 1); k++)
				buf_printf(b, "\\x%02x", (unsigned)(unsigned char)s.p[i + k]);
		i += n > 0 ? n : 1;
	}
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT;
}

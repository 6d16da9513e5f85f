/*
 * diag: collects messages and prints them with their source line and a caret.  What comes from the
 * source is shown as visible text only: a policy cannot paint the terminal of whoever checks it.
 */
#include "policy/diag.h"

#include <sshtether/limits.h>
#include <stdio.h>
#include <stdlib.h>

struct diag_item {
	struct span at;
	size_t seq;
	bool error;
	struct buf text, help;
};

#define LINE_WIDTH 120 /* characters of a source line that are shown at most */
#define HELP_WIDTH 92  /* bytes of a line of help, which is broken at blanks */

static void __attribute__((format(printf, 4, 0)))
add(struct diag *d, struct span at, bool error, const char *fmt, va_list ap)
{
	struct diag_item *items;

	if (d->n >= ST_POLICY_ERRORS * 2)
		return;
	if (d->n == d->cap) {
		size_t cap = d->cap != 0 ? d->cap * 2 : 8;

		items = realloc(d->items, cap * sizeof(*items));
		if (items == NULL) {
			d->failed = true;
			return;
		}
		d->items = items;
		d->cap = cap;
	}
	d->items[d->n] = (struct diag_item){.at = at, .seq = d->n, .error = error};
	buf_vprintf(&d->items[d->n].text, fmt, ap);
	d->n++;
}

void
diag_error(struct diag *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (d->errors++ < ST_POLICY_ERRORS)
		add(d, at, true, fmt, ap);
	va_end(ap);
}

void
diag_warn(struct diag *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (d->warnings++ < ST_POLICY_ERRORS)
		add(d, at, false, fmt, ap);
	va_end(ap);
}

void
diag_help(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (d->n == 0 || d->errors > ST_POLICY_ERRORS || d->warnings > ST_POLICY_ERRORS)
		return;
	va_start(ap, fmt);
	if (d->items[d->n - 1].help.n != 0)
		buf_putc(&d->items[d->n - 1].help, '\n');
	buf_vprintf(&d->items[d->n - 1].help, fmt, ap);
	va_end(ap);
}

bool
diag_full(const struct diag *d)
{
	return d->failed || d->errors >= ST_POLICY_ERRORS;
}

static bool
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Where the line of at begins and ends. */
static struct bytes
whole_line(struct span at)
{
	struct bytes t = at.src->text;
	size_t begin = at.off, end = at.off;

	while (begin > 0 && t.p[begin - 1] != '\n')
		begin--;
	while (end < t.n && t.p[end] != '\n')
		end++;
	if (end > begin && t.p[end - 1] == '\r')
		end--;
	return (struct bytes){.p = t.p + begin, .n = end - begin};
}

/* For people: from 1, in characters. */
static unsigned
column_of(struct span at)
{
	struct bytes t = at.src->text;
	unsigned col = 1;

	for (size_t i = at.off; i > 0 && t.p[i - 1] != '\n'; i--)
		if (!continues(t.p[i - 1]))
			col++;
	return col;
}

struct span
span_join(struct span a, struct span b)
{
	if (a.src != b.src || a.line != b.line || b.off < a.off)
		return a;
	a.len = b.off + b.len - a.off;
	return a;
}

/*
 * One visible character for each in t, blanks for tabs; the caret below counts on one for one.
 * What is not printable, or could turn the line around, shows as '?'.
 */
static unsigned
put_cells(struct bytes t, struct buf *out)
{
	struct buf one = BUF_INIT;
	unsigned cells = 0;

	for (size_t i = 0; i < t.n;) {
		size_t n = 1;

		while (i + n < t.n && n < 4 && continues(t.p[i + n]))
			n++;
		buf_reset(&one);
		buf_put_visible(&one, (struct bytes){.p = t.p + i, .n = n});
		if (t.p[i] == '\t')
			buf_putc(out, ' ');
		else if (one.n == n || t.p[i] == '\\')
			buf_put(out, t.p + i, n);
		else
			buf_putc(out, '?');
		cells++;
		i += n;
	}
	buf_free(&one);
	return cells;
}

/* The line with a caret under at; of a very long line only what is around it. */
static void
put_line(struct span at, struct buf *out)
{
	struct bytes line = whole_line(at);
	size_t head = (size_t)(at.src->text.p + at.off - line.p), skip = 0, mark = at.len;
	unsigned before, under;

	if (head > line.n)
		head = line.n;
	if (head > LINE_WIDTH / 2 && line.n > LINE_WIDTH) {
		skip = head - LINE_WIDTH / 2;
		while (skip < head && continues(line.p[skip]))
			skip++;
	}
	line.p += skip;
	line.n -= skip;
	head -= skip;
	if (line.n > LINE_WIDTH)
		line.n = LINE_WIDTH;
	if (mark > line.n - head)
		mark = line.n - head;

	buf_printf(out, "%5u | ", at.line);
	before = put_cells((struct bytes){.p = line.p, .n = head}, out);
	under = put_cells((struct bytes){.p = line.p + head, .n = mark}, out);
	put_cells((struct bytes){.p = line.p + head + mark, .n = line.n - head - mark}, out);
	buf_puts(out, "\n      | ");
	for (unsigned i = 0; i < before; i++)
		buf_putc(out, ' ');
	buf_putc(out, '^');
	for (unsigned i = 1; i < under; i++)
		buf_putc(out, '~');
	buf_putc(out, '\n');
}

/* How much of the line stands before the blank at which it is best broken. */
static size_t
fitting(struct bytes line)
{
	size_t n = HELP_WIDTH;

	if (line.n <= n)
		return line.n;
	while (n > 0 && line.p[n] != ' ')
		n--;
	return n > 0 ? n : line.n;
}

static void
put_help_line(struct bytes line, struct buf *out)
{
	const char *mark = "      = ";

	do {
		size_t n = fitting(line);

		buf_puts(out, mark);
		buf_put(out, line.p, n);
		buf_putc(out, '\n');
		n += n < line.n;
		line.p += n;
		line.n -= n;
		mark = "        ";
	} while (line.n != 0);
}

static void
put_help(struct bytes help, struct buf *out)
{
	while (help.n != 0) {
		const char *nl = memchr(help.p, '\n', help.n);
		size_t n = nl != NULL ? (size_t)(nl - help.p) : help.n;

		put_help_line((struct bytes){.p = help.p, .n = n}, out);
		n += nl != NULL;
		help.p += n;
		help.n -= n;
	}
}

static void
put_item(const struct diag_item *item, struct buf *out)
{
	const char *kind = item->error ? "error" : "warning";

	if (item->at.src == NULL) {
		buf_printf(out, "%s: ", kind);
	} else {
		buf_put_visible(out, bytes_of(item->at.src->name));
		buf_printf(out, ":%u:%u: %s: ", item->at.line, column_of(item->at), kind);
	}
	buf_putb(out, buf_bytes(&item->text));
	buf_putc(out, '\n');
	if (item->at.src != NULL)
		put_line(item->at, out);
	put_help(buf_bytes(&item->help), out);
}

static int
by_place(const void *va, const void *vb)
{
	const struct diag_item *a = va, *b = vb;
	unsigned fa = a->at.src != NULL ? a->at.src->order : 0;
	unsigned fb = b->at.src != NULL ? b->at.src->order : 0;

	if (fa != fb)
		return fa < fb ? -1 : 1;
	if (a->at.off != b->at.off)
		return a->at.off < b->at.off ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

bool
diag_print(struct diag *d, struct buf *out)
{
	if (d->n > 1)
		qsort(d->items, d->n, sizeof(*d->items), by_place);
	for (size_t i = 0; i < d->n; i++)
		put_item(&d->items[i], out);
	if (d->errors > ST_POLICY_ERRORS)
		buf_printf(out, "error: stopped after %u errors; %u of them are not shown\n", d->errors,
		    d->errors - ST_POLICY_ERRORS);
	else if (d->errors == ST_POLICY_ERRORS)
		buf_printf(out, "error: stopped after %u errors\n", d->errors);
	if (d->failed)
		buf_puts(out, "error: out of memory\n");
	return buf_ok(out) && !d->failed;
}

void
diag_free(struct diag *d)
{
	for (size_t i = 0; i < d->n; i++) {
		buf_free(&d->items[i].text);
		buf_free(&d->items[i].help);
	}
	free(d->items);
	*d = (struct diag)DIAG_INIT;
}

const char *
diag_quote(struct bytes b, char out[DIAG_QUOTE])
{
	struct buf text = BUF_INIT;
	bool cut = b.n > DIAG_QUOTE / 2;
	size_t n;

	if (cut)
		for (b.n = DIAG_QUOTE / 2; b.n > 0 && continues(b.p[b.n]); b.n--)
			;
	buf_put_visible(&text, b);
	/* Visible text can be four times as long as what it shows. */
	n = text.n < DIAG_QUOTE - 4 ? text.n : DIAG_QUOTE - 4;
	cut = cut || n < text.n;
	if (n > 0)
		memcpy(out, text.p, n);
	memcpy(out + n, cut ? "..." : "", cut ? 4 : 1);
	buf_free(&text);
	return out;
}

const char *
diag_place(struct span at, const struct source *here, char out[DIAG_PLACE])
{
	char quoted[DIAG_QUOTE];

	if (at.src == here)
		(void)snprintf(out, DIAG_PLACE, "line %u", at.line);
	else
		(void)snprintf(out, DIAG_PLACE, "%s:%u", diag_quote(bytes_of(at.src->name), quoted), at.line);
	return out;
}

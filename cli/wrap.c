/* wrap: see wrap.h. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/wrap.h"

#define ESCAPE '\033'
#define WIDTH  80

size_t
wrap_terminal(void)
{
	struct winsize size = {0};

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

size_t
wrap_length(struct bytes text)
{
	bool escape = false;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		escape = escape || text.p[i] == ESCAPE;
		n += !escape && ((unsigned char)text.p[i] & 0xc0) != 0x80;
		escape = escape && text.p[i] != 'm';
	}
	return n;
}

void
wrap_put(struct bytes text, size_t at, size_t indent, size_t width, struct buf *out)
{
	for (bool first = true; text.n > 0; first = false) {
		const struct bytes word = bytes_take(&text, ' ');
		const size_t n = wrap_length(word);

		if (first) {
			/* it stands where the line was left */
		} else if (at + 1 + n > width) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else {
			buf_putc(out, ' ');
			at++;
		}
		buf_putb(out, word);
		at += n;
	}
}

void
wrap_line(struct buf *text, size_t at, size_t indent, struct buf *out)
{
	const size_t width = wrap_terminal();

	wrap_put(buf_bytes(text), at, indent, width != 0 ? width : WIDTH, out);
	buf_putc(out, '\n');
	out->failed |= text->failed;
	buf_free(text);
}

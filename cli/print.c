/* print: colours, times and the last word about standard output. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

const char *
cli_style(const struct cli *cli, enum cli_style style)
{
	static const char *const sequence[] = {
		[STYLE_PLAIN] = "\033[0m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_WARN] = "\033[33m",
		[STYLE_BAD] = "\033[1;31m",
		[STYLE_DIM] = "\033[2m",
		[STYLE_BOLD] = "\033[1m",
	};

	return cli->colour ? sequence[style] : "";
}

void
cli_time(const struct cli *cli, struct rtime t, struct buf *out)
{
	time_t s = (time_t)(t.ms / 1000);
	char text[32];
	struct tm tm;

	if (t.ms == 0 || (cli->utc ? gmtime_r(&s, &tm) : localtime_r(&s, &tm)) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0) {
		buf_putc(out, '-');
		return;
	}
	buf_puts(out, text);
}

void
cli_count(uint64_t n, const char *noun, struct buf *out)
{
	buf_printf(out, "%llu %s%s", (unsigned long long)n, noun, n == 1 ? "" : "s");
}

bool
cli_write(FILE *f, struct bytes b)
{
	if (fwrite(b.p, 1, b.n, f) == b.n && fflush(f) == 0)
		return true;
	if (errno != EPIPE)
		cli_error("cannot write: %s", strerror(errno));
	return false;
}

int
cli_finish(struct buf *out, int status)
{
	bool ok = buf_ok(out) && (out->n == 0 || cli_write(stdout, buf_bytes(out)));

	buf_free(out);
	return ok ? status : CLI_UNREACHABLE;
}

int
cli_worse(int a, int b)
{
	return a > b ? a : b;
}

/* What stands before the next newline or tab is made visible; they are kept. */
bool
cli_write_lines(FILE *f, struct bytes text)
{
	struct buf out = BUF_INIT;
	bool ok;

	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && text.p[n] != '\n' && text.p[n] != '\t')
			n++;
		buf_put_visible(&out, (struct bytes){.p = text.p, .n = n});
		if (n < text.n)
			buf_putc(&out, text.p[n++]);
		text.p += n;
		text.n -= n;
	}
	if (out.n > 0 && out.p[out.n - 1] != '\n')
		buf_putc(&out, '\n');
	ok = cli_write(f, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

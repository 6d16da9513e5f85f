/* listed_file: see listed_file.h.  Engine process, in the loader's thread. */
#include "agentd/engine/listed_file.h"

#include <sshtether/limits.h>
#include <stdlib.h>

#include "base/safe.h"

/* --- lines ------------------------------------------------------------------------------------------------ */

/* A line without its comment and outer blanks.  Unlike in a table of the policy ';' begins one, as feeds have it. */
static struct bytes
bare(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' || line.p[i] == ';')
			line.n = i;
	return bytes_trim(line);
}

static bool
next_line(struct bytes *rest, struct bytes *line)
{
	const char *nl;

	if (rest->n == 0)
		return false;
	nl = memchr(rest->p, '\n', rest->n);
	*line = (struct bytes){.p = rest->p, .n = nl != NULL ? (size_t)(nl - rest->p) : rest->n};
	rest->p += line->n + (nl != NULL);
	rest->n -= line->n + (nl != NULL);
	return true;
}

static size_t
count_lines(struct bytes text)
{
	struct bytes line;
	size_t n = 0;

	while (next_line(&text, &line))
		n++;
	return n;
}

static const char *
whats_wrong(struct bytes line)
{
	const char *slash = memchr(line.p, '/', line.n);
	struct addr a;

	if (slash == NULL)
		return "is no address";
	return addr_parse((struct bytes){.p = line.p, .n = (size_t)(slash - line.p)}, &a) ?
	    "is no network: too many bits, or some that are set behind them" : "is no network";
}

static void
tell_bad(struct listed_file *f, size_t number, struct bytes line, const char *why)
{
	if (++f->bad > ST_LISTED_ERRORS)
		return;
	if (line.n > 64)
		line.n = 64;
	buf_printf(&f->told, "%s:%zu: '", f->path, number);
	buf_put_visible(&f->told, line);
	buf_printf(&f->told, "' %s\n", why);
}

/* --- the whole --------------------------------------------------------------------------------------------- */

bool
listed_file_parse(struct listed_file *f, struct bytes text)
{
	const size_t lines = count_lines(text);
	struct addr_entry *list = calloc(lines + 1, sizeof(*list));
	struct bytes line;
	size_t number = 0;
	bool ok;

	text = bytes_unmarked(text);
	while (list != NULL && next_line(&text, &line)) {
		number++;
		line = bare(line);
		if (line.n == 0)
			continue;
		if (!prefix_parse(line, &list[f->entries].prefix))
			tell_bad(f, number, line, whats_wrong(line));
		else if (f->entries < ST_LISTED_ENTRIES)
			f->entries++;
		else
			tell_bad(f, number, line, "is one too many");
	}
	ok = list != NULL && addr_set_build(&f->set, &f->arena, list, f->entries);
	free(list);
	return ok;
}

static bool
read_it(struct listed_file *f, size_t *left)
{
	struct buf text = BUF_INIT;
	const char *why = NULL;
	const int err = safe_read(f->path, *left, &text, &why);
	bool ok = true;

	if (err != 0) {
		buf_puts(&f->why, why != NULL ? why : strerror(-err));
	} else {
		*left -= text.n;
		ok = listed_file_parse(f, buf_bytes(&text));
	}
	buf_free(&text);
	return ok;
}

struct listed_file *
listed_file_read(const char *path, size_t *left, struct rtime now)
{
	struct listed_file *f = calloc(1, sizeof(*f));
	const char *slash;

	if (f == NULL)
		return NULL;
	f->read = now;
	f->path = strdup(path);
	if (f->path == NULL || !read_it(f, left)) {
		listed_file_free(&f);
		return NULL;
	}
	slash = strrchr(f->path, '/');
	f->name = slash != NULL ? slash + 1 : f->path;
	return f;
}

void
listed_file_free(struct listed_file **fp)
{
	struct listed_file *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	arena_free(&f->arena);
	buf_free(&f->told);
	buf_free(&f->why);
	free(f->path);
	free(f);
}

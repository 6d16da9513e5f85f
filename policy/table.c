/*
 * table: see table.h.  A file comes through the caller's reader; its text stays in the arena, and
 * the names in a compiled table point into it.
 */
#include "policy/table.h"

#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>

#include "base/glob.h"
#include "base/safe.h"
#include "policy/parse.h"

/* --- files ------------------------------------------------------------------------------------ */

static int
read_with(struct table_load *r, const char *path, size_t max, struct buf *out, const char **why)
{
	const struct pol_options *o = r->options;

	if (o != NULL && o->read != NULL)
		return o->read(path, max, out, why, o->arg);
	return plain_read(path, max, out);
}

static void
help_path(struct diag *diag, const struct buf *path)
{
	struct buf visible = BUF_INIT;

	if (buf_ok(path))
		buf_put_visible(&visible, bytes_of(path->p));
	if (visible.n != 0 && buf_ok(&visible))
		diag_help(diag, "looked for %s", visible.p);
	buf_free(&visible);
}

static bool
read_file(struct table_load *r, struct table *t)
{
	struct policy *pol = r->policy;
	struct buf path = BUF_INIT, text = BUF_INIT;
	const char *why = NULL;
	char *kept;
	int err = -ENOMEM;

	if (t->file.p[0] != '/') {
		buf_puts(&path, pol->dir);
		buf_putc(&path, '/');
	}
	buf_putb(&path, t->file);
	buf_putc(&path, '\0');
	if (buf_ok(&path))
		err = read_with(r, path.p, ST_TABLE_BYTES - r->file_bytes, &text, &why);
	if (err == -EFBIG)
		why = "table files may have 64 MiB in all";
	if (err != 0) {
		diag_error(r->diag, t->file_at, "cannot read this table: %s",
		    why != NULL ? why : strerror(-err));
		help_path(r->diag, &path);
	} else if ((kept = arena_copy(&pol->arena, buf_bytes(&text))) != NULL) {
		r->file_bytes += text.n;
		t->source = (struct source){.name = arena_copy(&pol->arena, t->file),
		    .text = {.p = kept, .n = text.n}, .order = ++r->files};
	}
	buf_free(&path);
	buf_free(&text);
	return err == 0 && !pol->arena.failed;
}

/* One entry after the other, from the file or from the list. */
struct entries {
	const struct table *table;
	const struct value *value;
	size_t pos;
	uint32_t line;
	/* the one that stands now */
	struct bytes text;
	bool negate;
	struct span at;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A line without its comment and outer blanks. */
static struct bytes
trim(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || is_space(line.p[i - 1])))
			line.n = i;
	while (line.n != 0 && is_space(line.p[0]))
		line = (struct bytes){.p = line.p + 1, .n = line.n - 1};
	while (line.n != 0 && is_space(line.p[line.n - 1]))
		line.n--;
	return line;
}

static bool
next_line(struct entries *e)
{
	struct bytes all = e->table->source.text;

	while (e->pos < all.n) {
		const char *from = all.p + e->pos, *nl = memchr(from, '\n', all.n - e->pos);
		size_t n = nl != NULL ? (size_t)(nl - from) : all.n - e->pos;
		struct bytes text = trim((struct bytes){.p = from, .n = n});

		e->line++;
		e->pos += n + 1;
		if (text.n == 0)
			continue;
		e->at = (struct span){.src = &e->table->source, .off = (uint32_t)(text.p - all.p),
		    .len = (uint32_t)text.n, .line = e->line};
		e->negate = text.p[0] == '!';
		if (e->negate)
			text = trim((struct bytes){.p = text.p + 1, .n = text.n - 1});
		e->text = text;
		return true;
	}
	return false;
}

static bool
next_value(struct entries *e, const struct source *src)
{
	if (e->value == NULL)
		return false;
	e->text = e->value->text;
	e->negate = e->value->negate;
	e->at = value_span(e->value, src);
	e->value = e->value->next;
	return true;
}

static bool
entries_next(struct entries *e, const struct policy *pol)
{
	return e->table->file.n != 0 ? next_line(e) : next_value(e, &pol->source);
}

static struct entries
entries_of(const struct table *t)
{
	return (struct entries){.table = t, .value = t->values.first};
}

static size_t
count_entries(const struct table *t, const struct policy *pol)
{
	struct entries e = entries_of(t);
	size_t n = 0;

	while (entries_next(&e, pol))
		n++;
	return n;
}

static void
compile_addrs(struct table_load *r, struct table *t, size_t n)
{
	struct policy *pol = r->policy;
	struct addr_entry *list = calloc(n + 1, sizeof(*list));
	struct entries e = entries_of(t);
	size_t i = 0;

	while (list != NULL && i < n && entries_next(&e, pol) && !diag_full(r->diag)) {
		list[i].negate = e.negate;
		if (value_prefix(r->diag, e.at, e.text, &list[i].prefix))
			i++;
	}
	if (list == NULL || !addr_set_build(&t->addrs, &pol->arena, list, i))
		pol->arena.failed = true;
	free(list);
}

static void
compile_names(struct table_load *r, struct table *t, size_t n)
{
	struct policy *pol = r->policy;
	struct name_entry *list = calloc(n + 1, sizeof(*list));
	struct entries e = entries_of(t);
	size_t i = 0, globs = 0;

	while (list != NULL && i < n && entries_next(&e, pol) && !diag_full(r->diag)) {
		list[i++] = (struct name_entry){.name = e.text, .negate = e.negate};
		if (e.text.n == 0 || e.text.n > ST_POLICY_STRING)
			diag_error(r->diag, e.at, "this is not a name");
		if (!glob_is_plain(e.text) && globs++ == ST_TABLE_GLOBS)
			diag_error(r->diag, e.at, "too many patterns in a table: at most %u",
			    ST_TABLE_GLOBS);
	}
	if (list == NULL || !name_set_build(&t->names, &pol->arena, list, i))
		pol->arena.failed = true;
	free(list);
}

void
table_compile(struct table_load *r, struct table *t)
{
	size_t n;

	if (t->file.n != 0 && !read_file(r, t))
		return;
	n = count_entries(t, r->policy);
	if (t->as_addr != NULL)
		compile_addrs(r, t, n);
	else if (t->as_name != NULL)
		compile_names(r, t, n);
}

/*
 * table: see table.h.  A file comes through the caller's reader; its text stays in the arena, and
 * the names in a compiled table point into it.
 */
#include "policy/table.h"

#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>

#include "base/glob.h"
#include "policy/files.h"
#include "policy/parse.h"

/* --- files ------------------------------------------------------------------------------------ */

static bool
read_file(struct table_load *r, struct table *t)
{
	const enum pol_file what = t->no_signature ? POLF_UNSIGNED : POLF_TABLE;
	struct policy *pol = r->policy;
	struct buf path = BUF_INIT, text = BUF_INIT;
	const char *why = NULL;
	char *kept;
	int err = -ENOMEM;

	path_join(pol->dir, t->file, &path);
	if (buf_ok(&path))
		err = files_read(r->options, path.p, what, ST_TABLE_BYTES - r->file_bytes, &text, &why);
	if (err == -EFBIG)
		why = "table files may have 64 MiB in all";
	if (err != 0) {
		diag_error(r->diag, t->file_at, "cannot read this table: %s",
		    why != NULL ? why : strerror(-err));
		files_help(r->diag, buf_ok(&path) ? path.p : "");
	} else if ((kept = arena_copy(&pol->arena, buf_bytes(&text))) != NULL) {
		r->file_bytes += text.n;
		t->source = (struct source){.name = arena_copy(&pol->arena, t->file),
		    .text = bytes_unmarked((struct bytes){.p = kept, .n = text.n}), .order = ++r->files};
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

/* A line without its comment and outer blanks. */
static struct bytes
bare(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || byte_is_blank(line.p[i - 1])))
			line.n = i;
	return bytes_trim(line);
}

static bool
next_line(struct entries *e)
{
	struct bytes all = e->table->source.text;

	while (e->pos < all.n) {
		const char *from = all.p + e->pos, *nl = memchr(from, '\n', all.n - e->pos);
		size_t n = nl != NULL ? (size_t)(nl - from) : all.n - e->pos;
		struct bytes text = bare((struct bytes){.p = from, .n = n});

		e->line++;
		e->pos += n + 1;
		if (text.n == 0)
			continue;
		e->at = (struct span){.src = &e->table->source, .off = (uint32_t)(text.p - all.p),
		    .len = (uint32_t)text.n, .line = e->line};
		e->negate = text.p[0] == '!';
		if (e->negate)
			text = bare((struct bytes){.p = text.p + 1, .n = text.n - 1});
		e->text = text;
		return true;
	}
	return false;
}

static bool
next_value(struct entries *e)
{
	while (e->value != NULL && e->value->kind == VAL_TABLE)
		e->value = e->value->next;
	if (e->value == NULL)
		return false;
	e->text = e->value->text;
	e->negate = e->value->negate;
	e->at = value_span(e->value, e->table->at.src);
	e->value = e->value->next;
	return true;
}

static bool
entries_next(struct entries *e)
{
	return e->table->file.n != 0 ? next_line(e) : next_value(e);
}

static struct entries
entries_of(const struct table *t)
{
	return (struct entries){.table = t, .value = t->values.first};
}

static size_t
count_entries(const struct table *t)
{
	struct entries e = entries_of(t);
	size_t n = 0;

	while (entries_next(&e))
		n++;
	return n;
}

static bool
takes_others(const struct table_load *r, const struct table *t)
{
	return r->nested && table_is_nested(t) && !diag_full(r->diag);
}

static void
compile_addrs(struct table_load *r, struct table *t, size_t n)
{
	struct policy *pol = r->policy;
	struct addr_entry *list = calloc(n + 1, sizeof(*list));
	struct entries e = entries_of(t);
	size_t i = 0;

	while (list != NULL && i < n && entries_next(&e) && !diag_full(r->diag)) {
		list[i].negate = e.negate;
		if (value_prefix(r->diag, e.at, e.text, &list[i].prefix))
			i++;
	}
	if (list == NULL || !addr_set_build(&t->addrs, &pol->arena, list, i) ||
	    (takes_others(r, t) && !table_join_addrs(r, t, list, i)))
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

	while (list != NULL && i < n && entries_next(&e) && !diag_full(r->diag)) {
		list[i++] = (struct name_entry){.name = e.text, .negate = e.negate};
		if (e.text.n == 0 || e.text.n > ST_POLICY_STRING)
			diag_error(r->diag, e.at, "this is not a name");
		else
			value_fingerprint(r->diag, e.at, t->as_name->fact, e.text);
		if (!glob_is_plain(e.text) && globs++ == ST_TABLE_GLOBS)
			diag_error(r->diag, e.at, "too many patterns in a table: at most %u",
			    ST_TABLE_GLOBS);
	}
	if (list == NULL || !name_set_build(&t->names, &pol->arena, list, i) ||
	    (takes_others(r, t) && !table_join_names(r, t, list, i)))
		pol->arena.failed = true;
	free(list);
}

/* No deeper than ST_TABLE_DEPTH. */
void
table_compile(struct table_load *r, struct table *t)
{
	size_t n;

	if (t->compiled)
		return;
	t->compiled = true;
	for (const struct value *v = t->values.first; r->nested && v != NULL; v = v->next)
		if (v->kind == VAL_TABLE)
			table_compile(r, index_get(r->tables, v->text));
	if (t->file.n != 0 && !read_file(r, t))
		return;
	n = count_entries(t);
	if (t->as_addr != NULL)
		compile_addrs(r, t, n);
	else if (t->as_name != NULL)
		compile_names(r, t, n);
}

/*
 * include: other files as part of a policy, each read where its line stands, as if its rules stood there.  A file
 * is part of a policy once; what a policy says once, its own file says.
 */
#include <errno.h>
#include <sshtether/limits.h>

#include "base/glob.h"
#include "policy/build.h"
#include "policy/files.h"

/* --- what is wrong ---------------------------------------------------------------------------- */

static bool
stands_in(const struct part *inner, const struct part *outer)
{
	while (inner != NULL && inner != outer)
		inner = inner->by;
	return inner != NULL;
}

/* "a includes b includes " */
static void
put_chain(const struct part *from, const struct part *to, struct buf *out)
{
	if (to != from)
		put_chain(from, to->by, out);
	buf_put_visible(out, bytes_of(to->source->name));
	buf_puts(out, " includes ");
}

static void
already_there(struct parser *p, struct span at, const struct part *old)
{
	struct buf chain = BUF_INIT;
	char place[DIAG_PLACE];

	if (!stands_in(p->part, old)) {
		diag_error(p->diag, at, "'%s' is part of the policy already, from %s",
		    diag_quote(bytes_of(old->source->name), (char[DIAG_QUOTE]){0}),
		    diag_place(old->at, at.src, place));
		return;
	}
	put_chain(old, p->part, &chain);
	buf_put_visible(&chain, bytes_of(old->source->name));
	diag_error(p->diag, at, "files that include each other: %s", buf_ok(&chain) ? chain.p : "");
	buf_free(&chain);
}

static void
cannot(struct parser *p, struct span at, const char *what, const char *path, int err, const char *why)
{
	if (err == -EFBIG)
		diag_error(p->diag, at, "a policy has at most %u bytes, with all that it includes",
		    ST_POLICY_BYTES);
	else if (err == -E2BIG)
		diag_error(p->diag, at, "this names too many files: a policy has at most %u", ST_POLICY_FILES);
	else
		diag_error(p->diag, at, "cannot %s: %s", what, why != NULL ? why : strerror(-err));
	files_help(p->diag, path);
}

static bool
has_room(struct parser *p, struct span at)
{
	if (p->part->depth == ST_POLICY_INCLUDES)
		diag_error(p->diag, at, "includes are too deep: at most %u inside each other",
		    ST_POLICY_INCLUDES);
	else if (p->nincluded + 1 == ST_POLICY_FILES)
		diag_error(p->diag, at, "too many files: a policy has at most %u", ST_POLICY_FILES);
	else
		return true;
	return false;
}

/* --- one file --------------------------------------------------------------------------------- */

/* Its directory, as its own includes and tables are seen from the policy's. */
static const char *
directory_of(struct parser *p, struct bytes name)
{
	const struct bytes base = bytes_basename(name);
	struct buf path = BUF_INIT;
	const char *kept;

	path_join(p->part->dir, (struct bytes){.p = name.p, .n = name.n - base.n}, &path);
	kept = arena_copy(&p->policy->arena, buf_bytes(&path));
	if (!buf_ok(&path))
		p->policy->arena.failed = true;
	buf_free(&path);
	return kept != NULL && kept[0] != '\0' ? kept : NULL;
}

static struct part *
new_part(struct parser *p, struct span at, const char *path, const char *dir, struct bytes text)
{
	struct arena *a = &p->policy->arena;
	struct part *part = arena_get(a, sizeof(*part));
	struct source *s = arena_get(a, sizeof(*s));
	const char *name = arena_copy(a, bytes_of(path)), *kept = arena_copy(a, text);

	if (part == NULL || s == NULL || name == NULL || kept == NULL)
		return NULL;
	*s = (struct source){.name = name, .text = {.p = kept, .n = text.n}, .order = ++p->nincluded};
	*part = (struct part){.by = p->part, .at = at, .source = s, .dir = dir, .depth = p->part->depth + 1};
	p->bytes += text.n;
	index_put(&p->parts, bytes_of(name), part);
	return part;
}

/* An include stands outside of all blocks, so nothing of the outer file is open. */
static void
parse_part(struct parser *p, struct part *part)
{
	const struct lexer lexer = p->lexer;
	const struct given given = p->given;
	const struct again again = p->again;
	const struct part *outer = p->part;
	const bool blank = p->blank;

	p->part = part;
	lexer_init(&p->lexer, part->source, p->diag);
	p->again = (struct again){0};
	parse_policy(p);
	p->block = NULL;
	p->depth = 0;
	p->lexer = lexer;
	p->given = given;
	p->again = again;
	p->part = outer;
	p->blank = blank;
}

static void
include_one(struct parser *p, struct span at, const char *path, const char *dir)
{
	const struct part *old = index_get(&p->parts, bytes_of(path));
	const size_t left = ST_POLICY_BYTES - p->bytes;
	struct buf text = BUF_INIT;
	struct part *part = NULL;
	const char *why = NULL;
	int err;

	if (old != NULL) {
		already_there(p, at, old);
		return;
	}
	if (!has_room(p, at))
		return;
	err = left > 0 ? files_read(p->options, path, POLF_POLICY, left, &text, &why) : -EFBIG;
	if (err == -ENOMEM)
		p->policy->arena.failed = true;
	else if (err != 0)
		cannot(p, at, "read this file", path, err, why);
	else
		part = new_part(p, at, path, dir, buf_bytes(&text));
	buf_free(&text);
	if (part != NULL)
		parse_part(p, part);
}

/* --- the line --------------------------------------------------------------------------------- */

static void
include_all(struct parser *p, struct span at, const char *pattern, const char *dir)
{
	struct buf paths = BUF_INIT;
	const char *why = NULL;
	int err;

	if (p->nlisted++ == ST_POLICY_FILES) {
		diag_error(p->diag, at, "too many patterns: a policy has at most %u", ST_POLICY_FILES);
		return;
	}
	if (p->nlisted > ST_POLICY_FILES)
		return;
	err = files_list(p->options, pattern, &paths, &why);
	if (err == -ENOMEM) {
		p->policy->arena.failed = true;
	} else if (err != 0) {
		cannot(p, at, "list these files", pattern, err, why);
	} else if (paths.n == 0) {
		diag_warn(p->diag, at, "there is no such file: nothing is included");
	}
	for (size_t i = 0; err == 0 && i < paths.n && !diag_full(p->diag); i += strlen(paths.p + i) + 1)
		include_one(p, at, paths.p + i, dir);
	buf_free(&paths);
}

/* A pattern in its last part, or none; false: an error was reported. */
static bool
is_name(struct parser *p, struct span at, struct bytes name, bool *pattern)
{
	const struct bytes last = bytes_basename(name);

	*pattern = !glob_is_plain(last);
	if (memchr(name.p, '\0', name.n) != NULL) {
		diag_error(p->diag, at, "a file name cannot hold a zero byte");
		return false;
	}
	if (glob_is_plain((struct bytes){.p = name.p, .n = name.n - last.n}))
		return true;
	diag_error(p->diag, at, "a pattern can only stand in the last part of the name");
	diag_help(p->diag, "for example: include \"teams/*.policy\"");
	return false;
}

void
build_include(struct parser *p, struct span word, const struct value *v)
{
	struct buf seen = BUF_INIT, path = BUF_INIT;
	struct span at;
	bool pattern;

	if (v == NULL || !build_at_top(p, word) || !build_plain_text(p, v, "the name of a file"))
		return;
	at = value_span(v, p->lexer.src);
	if (!is_name(p, at, v->text, &pattern))
		return;
	path_join(p->part->dir, v->text, &seen);
	if (buf_ok(&seen))
		path_join(p->policy->dir, buf_bytes(&seen), &path);
	if (!buf_ok(&seen) || !buf_ok(&path))
		p->policy->arena.failed = true;
	else if (pattern)
		include_all(p, at, path.p, directory_of(p, v->text));
	else
		include_one(p, at, path.p, directory_of(p, v->text));
	buf_free(&seen);
	buf_free(&path);
}

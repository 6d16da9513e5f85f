/*
 * load: bytes in, a policy or all of its errors out.  Nothing of a policy with an error leaves
 * here. Files come through the caller's reader, so that the daemon can insist on root's own.
 */
#include <errno.h>
#include <limits.h>
#include <sshtether/limits.h>
#include <stdlib.h>
#include <time.h>

#include "policy/expect.h"
#include "policy/files.h"
#include "policy/parse.h"

#define STOP_LIMIT  5
#define STOP_WINDOW (10 * 60 * 1000)

/* Its messages come last: order.  False: no memory. */
static bool
set_prelude(struct policy *pol, const struct pol_options *o)
{
	const char *name, *text;

	if (o == NULL || o->prelude.text.n == 0)
		return true;
	name = arena_copy(&pol->arena, bytes_of(o->prelude.name));
	text = arena_copy(&pol->arena, o->prelude.text);
	pol->prelude = (struct source){.name = name, .text = {.p = text, .n = o->prelude.text.n},
	    .order = UINT_MAX};
	return name != NULL && text != NULL;
}

static struct policy *
new_policy(const char *name, struct bytes text, const struct pol_options *o)
{
	struct policy *pol = calloc(1, sizeof(*pol));
	const char *slash = strrchr(name, '/');
	char *kept_name, *kept_text;
	size_t dir = slash != NULL ? (size_t)(slash - name) : 0;

	if (pol == NULL)
		return NULL;
	pol->mode = MODE_AUDIT;
	pol->stop_limit = STOP_LIMIT;
	pol->stop_window_ms = STOP_WINDOW;
	kept_name = arena_copy(&pol->arena, bytes_of(name));
	kept_text = arena_copy(&pol->arena, text);
	pol->dir = slash == NULL ? "." :
	    dir == 0             ? "" :
	                           arena_copy(&pol->arena, (struct bytes){.p = name, .n = dir});
	if (kept_name == NULL || kept_text == NULL || pol->dir == NULL || !set_prelude(pol, o)) {
		pol_free(&pol);
		return NULL;
	}
	pol->source = (struct source){.name = kept_name, .text = {.p = kept_text, .n = text.n}};
	pol->part.source = &pol->source;
	return pol;
}

static void
warn_over(struct policy *pol, struct diag *diag, struct rtime now)
{
	for (const struct rule *r = pol->first_rule; r != NULL; r = r->next)
		if (r->until_text.n != 0 && r->until.ms <= now.ms)
			diag_warn(diag, r->at, "this rule is over: its 'until' is in the past");
}

static bool
fits(const struct source *s, struct diag *diag)
{
	if (s->text.n <= ST_POLICY_BYTES)
		return true;
	diag_error(diag, (struct span){0}, "%s: a policy has at most %u bytes", s->name,
	    ST_POLICY_BYTES);
	return false;
}

static bool
take(struct parser *p, const struct source *s)
{
	lexer_init(&p->lexer, s, p->diag);
	return parse_policy(p);
}

/* The policy's own file, and what it includes. */
static void
take_own(struct parser *p)
{
	struct policy *pol = p->policy;
	struct buf path = BUF_INIT;

	path_join(NULL, bytes_of(pol->source.name), &path);
	if (buf_ok(&path))
		index_put(&p->parts, buf_bytes(&path), &pol->part);
	else
		pol->arena.failed = true;
	p->part = &pol->part;
	p->bytes = pol->source.text.n;
	take(p, &pol->source);
	buf_free(&path);
}

static bool
build(struct policy *pol, const struct pol_options *o, struct diag *diag)
{
	struct parser p = {.policy = pol, .diag = diag, .options = o};
	bool ok;

	if (!fits(&pol->source, diag) || !fits(&pol->prelude, diag))
		return false;
	p.prelude = true;
	if (pol->prelude.text.n != 0 && take(&p, &pol->prelude))
		pol->nprelude = pol->nrules;
	p.prelude = false;
	p.block = NULL;
	p.depth = 0;
	take_own(&p);
	ok = !diag_full(diag) && resolve(&p);
	index_free(&p.tables);
	index_free(&p.parts);
	return ok;
}

static void
take_places(struct policy *pol, const struct pol_places *places)
{
	for (size_t i = 0; i < places->n && pol->nprelude + i < pol->nrules; i++) {
		pol->compiled[pol->nprelude + i].file = places->list[i].file;
		pol->compiled[pol->nprelude + i].line = places->list[i].line;
	}
}

struct policy *
pol_parse(const char *name, struct bytes text, const struct pol_options *o, struct buf *out,
    unsigned *nerrors)
{
	struct policy *pol = new_policy(name, text, o);
	struct diag diag = DIAG_INIT;
	bool ok = false;

	tzset(); /* localtime_r() in pol_ask() reads no file */
	if (pol == NULL)
		diag.failed = true;
	else
		ok = build(pol, o, &diag);
	if (ok && (o == NULL || !o->skip_expect))
		expect_check(pol, &diag);
	if (ok)
		warn_over(pol, &diag, o != NULL && o->now.ms != 0 ? o->now : rtime_now());
	ok = ok && diag.errors == 0 && !diag.failed;
	if (ok && o != NULL && o->enforce)
		pol->mode = MODE_ENFORCE;
	if (ok && o != NULL)
		take_places(pol, &o->places);
	if (pol != NULL && pol->arena.failed)
		diag.failed = true;
	ok = diag_print(&diag, out) && ok;
	if (pol != NULL)
		pol->warnings = diag.warnings;
	*nerrors = diag.errors + diag.failed;
	if (!ok && *nerrors == 0)
		*nerrors = 1;
	diag_free(&diag);
	if (!ok)
		pol_free(&pol);
	return pol;
}

struct policy *
pol_load(const char *path, const struct pol_options *o, struct buf *out, unsigned *nerrors)
{
	struct buf text = BUF_INIT;
	struct policy *pol = NULL;
	const char *why = NULL;
	int err;

	err = files_read(o, path, POLF_POLICY, ST_POLICY_BYTES, &text, &why);
	if (err == 0) {
		pol = pol_parse(path, buf_bytes(&text), o, out, nerrors);
	} else {
		buf_put_visible(out, bytes_of(path));
		buf_printf(out, ": error: %s\n", why != NULL ? why : strerror(-err));
		*nerrors = 1;
	}
	buf_free(&text);
	return pol;
}

struct policy *
pol_empty(void)
{
	struct buf out = BUF_INIT;
	unsigned errors;
	struct policy *pol = pol_parse("empty", BYTES_NONE, NULL, &out, &errors);

	buf_free(&out);
	return pol;
}

void
pol_free(struct policy **pol)
{
	if (*pol != NULL)
		arena_free(&(*pol)->arena);
	free(*pol);
	*pol = NULL;
}

const char *
pol_fleet(const struct policy *pol)
{
	return pol->has_fleet ? pol->fleet.p : "";
}

uint64_t
pol_serial(const struct policy *pol)
{
	return pol->serial;
}

enum mode
pol_mode(const struct policy *pol)
{
	return pol->mode;
}

void
pol_stop_limit(const struct policy *pol, unsigned *n, int64_t *window_ms)
{
	*n = pol->stop_limit;
	*window_ms = pol->stop_window_ms;
}

bool
pol_ungranted_deny(const struct policy *pol)
{
	return pol->ungranted_deny;
}

size_t
pol_nrules(const struct policy *pol)
{
	return pol->nrules;
}

size_t
pol_nexpects(const struct policy *pol)
{
	return pol->nexpects;
}

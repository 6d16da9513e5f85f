/* policy_box: see policy_box.h.  Engine process. */
#include "agentd/engine/policy_box.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sshtether/limits.h>

#include "agentd/engine/allow.h"
#include "agentd/engine/policy_files.h"

struct policy_box {
	struct policy *policy; /* owned */
	struct policy_files *files; /* owned: what it was made of; NULL: nothing */
	struct buf prelude;    /* before its rules */
	char *path;            /* owned */
	uint64_t *hits;        /* owned, one a rule */
	size_t nrules;
	struct rtime loaded;
	char *error; /* owned */
	bool absent;
	policy_accept_fn *accept; /* NULL: all are */
	void *accept_arg;
};

/* --- hits across a reload ------------------------------------------------------------------------- */

struct rule_key {
	uint64_t text; /* hash of the canonical text */
	size_t rule;
};

static int
key_cmp(const void *a, const void *b)
{
	const struct rule_key *x = a, *y = b;

	if (x->text != y->text)
		return x->text < y->text ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Sorted by text, the same texts in their order.  NULL: none, or out of memory. */
static struct rule_key *
keys_of(const struct policy *p, size_t n)
{
	struct rule_key *keys = n > 0 ? calloc(n, sizeof(*keys)) : NULL;
	struct buf text = BUF_INIT;

	for (size_t i = 0; keys != NULL && i < n; i++) {
		buf_reset(&text);
		pol_rule_text(p, i, &text);
		keys[i] = (struct rule_key){.text = bytes_hash(buf_bytes(&text)), .rule = i};
	}
	if (keys != NULL)
		qsort(keys, n, sizeof(*keys), key_cmp);
	buf_free(&text);
	return keys;
}

static void
carry_hits(const struct policy_box *old, const struct policy *p, uint64_t *hits, size_t n)
{
	struct rule_key *was = keys_of(old->policy, old->nrules), *is = keys_of(p, n);

	for (size_t i = 0, j = 0; was != NULL && is != NULL && i < old->nrules && j < n;) {
		if (was[i].text < is[j].text)
			i++;
		else if (was[i].text > is[j].text)
			j++;
		else
			hits[is[j++].rule] = old->hits[was[i++].rule];
	}
	free(was);
	free(is);
}

void
policy_box_hit(struct policy_box *box, const struct decision *d)
{
	if (!d->by_default && d->rule < box->nrules)
		box->hits[d->rule]++;
}

uint64_t
policy_box_hits(const struct policy_box *box, size_t rule)
{
	return rule < box->nrules ? box->hits[rule] : 0;
}

/* --- loading ---------------------------------------------------------------------------------------- */

static void
keep_error(struct policy_box *box, const struct buf *diag)
{
	const char *end = diag->n > 0 ? memchr(diag->p, '\n', diag->n) : NULL;

	free(box->error);
	box->error = strndup(diag->n > 0 ? diag->p : "not loaded",
	    end != NULL ? (size_t)(end - diag->p) : diag->n > 0 ? diag->n : strlen("not loaded"));
}

static struct policy *
load(const char *path, struct policy_files *files, struct bytes prelude, bool *absent, struct buf *diag)
{
	const struct pol_options opt = {.read = policy_files_read, .arg = files,
	    .prelude = {.name = ALLOW_NAME, .text = prelude}};
	unsigned nerrors = 0;

	*absent = access(path, F_OK) == -1 && errno == ENOENT;
	return *absent ? pol_empty() : pol_load(path, &opt, diag, &nerrors);
}

/* Of the same files, which have passed their tests. */
static struct policy *
build_again(const struct policy_box *box, struct bytes prelude, struct buf *diag)
{
	const struct pol_options opt = {.read = policy_files_again, .arg = box->files, .skip_expect = true,
	    .prelude = {.name = ALLOW_NAME, .text = prelude}};
	unsigned nerrors = 0;

	return pol_load(box->path, &opt, diag, &nerrors);
}

/* Takes p, and the counts of the rules that stay. */
static bool
put_in_force(struct policy_box *box, struct policy *p, policy_swap_fn *swap, void *arg)
{
	size_t n = pol_nrules(p);
	uint64_t *hits = calloc(n + 1, sizeof(*hits));

	if (hits == NULL) {
		pol_free(&p);
		return false;
	}
	carry_hits(box, p, hits, n);
	swap(p, arg);
	pol_free(&box->policy);
	free(box->hits);
	box->policy = p;
	box->hits = hits;
	box->nrules = n;
	return true;
}

bool
policy_box_load(struct policy_box *box, const char *path, policy_swap_fn *swap, void *arg,
    struct buf *diag)
{
	char *name = strdup(path != NULL ? path : box->path);
	struct policy_files *files = policy_files_new();
	bool absent = false;
	struct policy *p = name != NULL && files != NULL ?
	    load(name, files, buf_bytes(&box->prelude), &absent, diag) : NULL;

	/* Somebody named it, or rules are in force that came from it: then it should be there. */
	if (absent && (path != NULL || !box->absent)) {
		buf_printf(diag, "%s: no such file\n", name);
		pol_free(&p);
	}
	if (p != NULL && box->accept != NULL && !box->accept(p, diag, box->accept_arg))
		pol_free(&p);
	if (p == NULL || !put_in_force(box, p, swap, arg)) {
		keep_error(box, diag);
		policy_files_free(&files);
		free(name);
		return false;
	}
	policy_files_free(&box->files);
	free(box->path);
	free(box->error);
	box->files = files;
	box->path = name;
	box->error = NULL;
	box->loaded = rtime_now();
	box->absent = absent;
	return true;
}

bool
policy_box_prelude(struct policy_box *box, struct bytes text, policy_swap_fn *swap, void *arg, struct buf *diag)
{
	const bool none = box->files == NULL || box->absent; /* the empty one, which stops nothing */
	struct buf copy = BUF_INIT;
	struct policy *p = NULL;

	buf_putb(&copy, text);
	if (!none && buf_ok(&copy))
		p = build_again(box, text, diag);
	if (!buf_ok(&copy) || (!none && (p == NULL || !put_in_force(box, p, swap, arg)))) {
		buf_free(&copy);
		return false;
	}
	buf_free(&box->prelude);
	box->prelude = copy;
	return true;
}

void
policy_box_accept(struct policy_box *box, policy_accept_fn *fn, void *arg)
{
	box->accept = fn;
	box->accept_arg = arg;
}

const struct policy *
policy_box_get(const struct policy_box *box)
{
	return box->policy;
}

const char *
policy_box_path(const struct policy_box *box)
{
	return box->path;
}

struct rtime
policy_box_loaded(const struct policy_box *box)
{
	return box->loaded;
}

const char *
policy_box_error(const struct policy_box *box)
{
	return box->error;
}

bool
policy_box_absent(const struct policy_box *box)
{
	return box->absent;
}

struct policy_box *
policy_box_new(const char *path)
{
	struct policy_box *box = calloc(1, sizeof(*box));

	if (box == NULL)
		return NULL;
	box->policy = pol_empty();
	box->path = strdup(path);
	box->loaded = rtime_now();
	box->absent = true;
	if (box->policy == NULL || box->path == NULL)
		policy_box_free(&box);
	return box;
}

void
policy_box_free(struct policy_box **bp)
{
	struct policy_box *box = *bp;

	if (box == NULL)
		return;
	*bp = NULL;
	pol_free(&box->policy);
	policy_files_free(&box->files);
	buf_free(&box->prelude);
	free(box->path);
	free(box->hits);
	free(box->error);
	free(box);
}

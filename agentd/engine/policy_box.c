/* policy_box: see policy_box.h.  Engine process. */
#include "agentd/engine/policy_box.h"

#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/engine/allow.h"

struct policy_box {
	struct policy *policy; /* owned */
	struct policy_files *files; /* owned: what it was made of; NULL: nothing */
	struct rule_key *keys; /* owned; NULL: no rules */
	struct buf prelude;    /* before its rules */
	char *path;            /* owned */
	uint64_t *hits;        /* owned, one a rule */
	size_t nrules;
	struct rtime loaded;
	char *error; /* owned */
	bool absent, last_good;
	policy_accept_fn *accept; /* NULL: all are */
	void *accept_arg;
};

/* --- hits across a reload ------------------------------------------------------------------------- */

static void
carry_hits(const struct policy_box *old, const struct rule_key *is, uint64_t *hits, size_t n)
{
	const struct rule_key *was = old->keys;

	for (size_t i = 0, j = 0; was != NULL && is != NULL && i < old->nrules && j < n;) {
		if (was[i].text < is[j].text)
			i++;
		else if (was[i].text > is[j].text)
			j++;
		else
			hits[is[j++].rule] = old->hits[was[i++].rule];
	}
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

static bool
is_same_rule(const struct policy *p, const struct decision *d)
{
	const char *file;
	unsigned line;

	if (d->rule >= pol_nrules(p))
		return false;
	pol_rule_place(p, d->rule, &file, &line);
	return line == d->line && bytes_is(bytes_of(file), d->file);
}

uint64_t
policy_box_rule(const struct policy_box *box, const struct decision *d)
{
	struct buf text = BUF_INIT;
	uint64_t hash;

	if (is_same_rule(box->policy, d))
		pol_rule_text(box->policy, d->rule, &text);
	else
		buf_printf(&text, "%s:%u", d->file, d->line);
	hash = bytes_hash(buf_bytes(&text));
	buf_free(&text);
	return hash;
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

/* Of the same files, which have passed their tests. */
static struct policy *
build_again(const struct policy_box *box, struct bytes prelude, struct buf *diag)
{
	const struct pol_options opt = {.read = policy_files_again, .list = policy_files_list_again,
	    .arg = box->files, .skip_expect = true, .prelude = {.name = ALLOW_NAME, .text = prelude}};
	unsigned nerrors = 0;

	return pol_load(box->path, &opt, diag, &nerrors);
}

/* Takes p and its keys, and the counts of the rules that stay. */
static bool
put_in_force(struct policy_box *box, struct policy *p, struct rule_key *keys, policy_swap_fn *swap, void *arg)
{
	size_t n = pol_nrules(p);
	uint64_t *hits = calloc(n + 1, sizeof(*hits));

	if (hits == NULL) {
		pol_free(&p);
		free(keys);
		return false;
	}
	carry_hits(box, keys, hits, n);
	swap(p, arg);
	pol_free(&box->policy);
	free(box->hits);
	free(box->keys);
	box->policy = p;
	box->hits = hits;
	box->keys = keys;
	box->nrules = n;
	return true;
}

/* Somebody named it, or rules are in force that came from it: then it should be there. */
static bool
is_missed(const struct policy_box *box, struct policy_load *l)
{
	if (!l->absent || (!l->named && box->absent))
		return false;
	buf_printf(&l->diag, "%s: no such file\n", l->path);
	return true;
}

static bool
take_policy(struct policy_box *box, struct policy_load *l, policy_swap_fn *swap, void *arg)
{
	struct policy *p = l->policy;
	struct rule_key *keys = l->keys;

	if (p == NULL || is_missed(box, l) ||
	    (box->accept != NULL && !box->accept(l, &l->diag, box->accept_arg)))
		return false;
	l->policy = NULL;
	l->keys = NULL;
	return put_in_force(box, p, keys, swap, arg);
}

bool
policy_box_take(struct policy_box *box, struct policy_load *l, policy_swap_fn *swap, void *arg)
{
	char *name = strdup(l->path);

	if (name == NULL || !take_policy(box, l, swap, arg)) {
		keep_error(box, &l->diag);
		free(name);
		return false;
	}
	policy_files_free(&box->files);
	free(box->path);
	box->files = l->files;
	l->files = NULL;
	box->path = name;
	if (!l->last_good) { /* then it says why it had to be */
		free(box->error);
		box->error = NULL;
	}
	box->loaded = rtime_now();
	box->absent = l->absent;
	box->last_good = l->last_good;
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
	if (!buf_ok(&copy) || (!none && (p == NULL || !put_in_force(box, p, rule_keys(p), swap, arg)))) {
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

bool
policy_box_last_good(const struct policy_box *box)
{
	return box->last_good;
}

const struct policy_files *
policy_box_files(const struct policy_box *box)
{
	return box->files;
}

struct bytes
policy_box_exceptions(const struct policy_box *box)
{
	return buf_bytes(&box->prelude);
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
	free(box->keys);
	free(box->error);
	free(box);
}

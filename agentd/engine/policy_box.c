/* policy_box: see policy_box.h.  Engine process. */
#include "agentd/engine/policy_box.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sshtether/limits.h>

#include "base/safe.h"

struct policy_box {
	struct policy *policy; /* owned */
	char *path;            /* owned */
	uint64_t *hits;        /* owned, one a rule */
	size_t nrules;
	struct rtime loaded;
	char *error; /* owned */
	bool absent;
};

static int
read_safely(const char *path, size_t max, struct buf *out, const char **why, void *arg)
{
	(void)arg;
	return safe_read(path, max, out, why);
}

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
load(const char *path, bool *absent, struct buf *diag)
{
	const struct pol_options opt = {.read = read_safely};
	unsigned nerrors = 0;

	*absent = access(path, F_OK) == -1 && errno == ENOENT;
	return *absent ? pol_empty() : pol_load(path, &opt, diag, &nerrors);
}

bool
policy_box_load(struct policy_box *box, const char *path, policy_swap_fn *swap, void *arg,
    struct buf *diag)
{
	char *name = strdup(path != NULL ? path : box->path);
	bool absent = false;
	struct policy *p = name != NULL ? load(name, &absent, diag) : NULL;
	size_t n = p != NULL ? pol_nrules(p) : 0;
	uint64_t *hits = calloc(n + 1, sizeof(*hits));

	/* Somebody named it, or rules are in force that came from it: then it should be there. */
	if (absent && (path != NULL || !box->absent)) {
		buf_printf(diag, "%s: no such file\n", name);
		pol_free(&p);
	}
	if (p == NULL || hits == NULL) {
		keep_error(box, diag);
		pol_free(&p);
		free(hits);
		free(name);
		return false;
	}
	carry_hits(box, p, hits, n);
	swap(p, arg);
	pol_free(&box->policy);
	free(box->hits);
	free(box->path);
	free(box->error);
	*box = (struct policy_box){.policy = p, .path = name, .hits = hits, .nrules = n,
	    .loaded = rtime_now(), .absent = absent};
	return true;
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
	free(box->path);
	free(box->hits);
	free(box->error);
	free(box);
}

/* policy_load: see policy_load.h. */
#include "agentd/engine/policy_load.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/engine/allow.h"

static int
key_cmp(const void *a, const void *b)
{
	const struct rule_key *x = a, *y = b;

	if (x->text != y->text)
		return x->text < y->text ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

struct rule_key *
rule_keys(const struct policy *p)
{
	const size_t n = pol_nrules(p);
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

/* Links on the way do not make it another. */
static bool
is_configured(const struct policy_load *l)
{
	char one[PATH_MAX], other[PATH_MAX];

	if (strcmp(l->path, l->conf->policy) == 0)
		return true;
	return realpath(l->path, one) != NULL && realpath(l->conf->policy, other) != NULL && strcmp(one, other) == 0;
}

static void
build(struct policy_load *l, pol_read_fn *read, pol_list_fn *list, bool skip_expect)
{
	const struct pol_options opt = {.read = read, .list = list, .arg = l->files, .skip_expect = skip_expect,
	    .prelude = {.name = ALLOW_NAME, .text = buf_bytes(&l->prelude)}};
	unsigned nerrors = 0;

	l->policy = pol_load(l->path, &opt, &l->diag, &nerrors);
	buf_putb(&l->diag, buf_bytes(policy_files_warnings(l->files)));
}

void
policy_load_run(struct policy_load *l)
{
	l->files = policy_files_new(l->conf->require_signature, l->conf->allowed_signers, l->now);
	if (l->files == NULL)
		return;
	l->configured = is_configured(l);
	l->absent = access(l->path, F_OK) == -1 && errno == ENOENT;
	if (l->absent)
		l->policy = pol_empty();
	else
		build(l, policy_files_read, policy_files_list, false);
	if (l->policy != NULL)
		l->keys = rule_keys(l->policy);
}

void
policy_load_kept(struct policy_load *l, struct policy_files *files)
{
	l->files = files;
	l->configured = l->last_good = true;
	policy_files_doubt(files, true);
	build(l, policy_files_again, policy_files_list_again, true);
	policy_files_doubt(files, false);
	if (l->policy != NULL)
		l->keys = rule_keys(l->policy);
}

static void
drop(struct policy_load *l)
{
	pol_free(&l->policy);
	policy_files_free(&l->files);
	free(l->keys);
	l->keys = NULL;
	buf_reset(&l->diag);
	buf_free(&l->kept);
}

bool
policy_load_again(struct policy_load *l, struct bytes prelude)
{
	drop(l);
	buf_reset(&l->prelude);
	buf_putb(&l->prelude, prelude);
	l->now = rtime_now();
	return buf_ok(&l->prelude);
}

struct policy_load *
policy_load_new(const struct config *conf, const char *path, bool named, struct bytes prelude)
{
	struct policy_load *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->conf = conf;
	l->path = strdup(path);
	l->named = named;
	l->now = rtime_now();
	buf_putb(&l->prelude, prelude);
	if (l->path == NULL || !buf_ok(&l->prelude))
		policy_load_free(&l);
	return l;
}

void
policy_load_free(struct policy_load **lp)
{
	struct policy_load *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	drop(l);
	buf_free(&l->prelude);
	buf_free(&l->diag);
	free(l->path);
	free(l);
}

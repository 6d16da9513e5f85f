/* keep: see keep.h.  Pure. */
#include "agentd/engine/keep.h"

#include <stdlib.h>

#include <sshtether/limits.h>

/* Filled twice by the same code: first p is NULL and n counts what is needed, then it is written. */
struct arena {
	char *p;
	size_t n;
};

struct kept {
	struct ruling ruling;
	struct finding finding;
	struct session session, owner;
	struct process process, ancestry[ST_ANCESTRY];
	struct bytes tags[ST_RULE_TAGS];
	char strings[];
};

static char *
put(struct arena *a, const void *from, size_t n)
{
	char *at = a->p != NULL ? a->p + a->n : NULL;

	a->n += n;
	if (from == NULL)
		return NULL;
	if (at != NULL)
		memcpy(at, from, n);
	return at;
}

static char *
put_str(struct arena *a, const char *s)
{
	return s != NULL ? put(a, s, strlen(s) + 1) : NULL;
}

/* Terminated strings up to an empty one. */
static char *
put_list(struct arena *a, const char *list)
{
	const char *end = list;

	if (list == NULL)
		return NULL;
	while (*end != '\0')
		end += strlen(end) + 1;
	return put(a, list, (size_t)(end - list) + 1);
}

static void
put_session(struct arena *a, struct session *to, const struct session *from)
{
	*to = *from;
	to->cert_id = put_str(a, from->cert_id);
	to->principals = put_list(a, from->principals);
	to->groups = NULL;
	to->group_names = NULL;
	to->ngroups = 0;
}

static void
put_process(struct arena *a, struct process *to, const struct process *from)
{
	*to = *from;
	to->exe = put_str(a, from->exe);
	to->argv = from->argv != NULL ? put(a, from->argv, from->argv_len) : NULL;
}

static void
put_finding(struct arena *a, struct kept *k, const struct finding *from)
{
	struct finding *to = &k->finding;

	*to = *from;
	put_session(a, &k->session, from->session);
	to->session = &k->session;
	if (from->owner_session != NULL) {
		put_session(a, &k->owner, from->owner_session);
		to->owner_session = &k->owner;
	}
	if (from->process != NULL) {
		put_process(a, &k->process, from->process);
		to->process = &k->process;
	}
	for (size_t i = 0; i < from->nancestry; i++) {
		put_process(a, &k->ancestry[i], from->ancestry[i]);
		to->ancestry[i] = &k->ancestry[i];
	}
	to->to_unix.p = put(a, from->to_unix.p, from->to_unix.n);
	to->file.p = put(a, from->file.p, from->file.n);
	to->subject = put_str(a, from->subject);
	to->via = put_str(a, from->via);
}

static void
put_tags(struct arena *a, struct kept *k, const struct decision *from)
{
	struct decision *to = &k->ruling.decision;

	to->ntags = from->ntags < ST_RULE_TAGS ? from->ntags : ST_RULE_TAGS;
	to->tags = k->tags;
	for (size_t i = 0; i < to->ntags; i++) {
		k->tags[i].n = from->tags[i].n;
		k->tags[i].p = put(a, from->tags[i].p, from->tags[i].n);
	}
}

static void
put_ruling(struct arena *a, struct kept *k, const struct ruling *from)
{
	k->ruling = *from;
	put_finding(a, k, from->finding);
	k->ruling.finding = &k->finding;
	k->ruling.as.p = put(a, from->as.p, from->as.n);
	k->ruling.decision.file = put_str(a, from->decision.file);
	k->ruling.decision.message = put_str(a, from->decision.message);
	put_tags(a, k, &from->decision);
}

struct kept *
kept_new(const struct ruling *r)
{
	struct kept *count = calloc(1, sizeof(*count)), *k = NULL;
	struct arena a = {0};

	if (count == NULL)
		return NULL;
	put_ruling(&a, count, r);
	free(count);
	if ((k = calloc(1, sizeof(*k) + a.n)) == NULL)
		return NULL;
	a = (struct arena){.p = k->strings};
	put_ruling(&a, k, r);
	return k;
}

void
kept_free(struct kept **kp)
{
	free(*kp);
	*kp = NULL;
}

const struct ruling *
kept_ruling(const struct kept *k)
{
	return &k->ruling;
}

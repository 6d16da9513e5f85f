/* tree: users and their values, found, made and let go of; see baseline_parts.h.  Pure. */
#include <stdlib.h>

#include "agentd/baseline/baseline_parts.h"

/* As strcmp(), of a text that is kept and one that may be longer than what is kept of it. */
static int
compare(const char *kept, const char *text)
{
	return strncmp(kept, text, ST_USUAL_TEXT - 1);
}

static int
user_order(const struct usual_user *a, const struct usual_user *b)
{
	return compare(a->name, b->name);
}

static int
value_order(const struct usual_value *a, const struct usual_value *b)
{
	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : compare(a->text, b->text);
}

#define UNUSED_STATIC __attribute__((unused)) static /* libbsd's own word for it is not on Linux */
RB_GENERATE_INTERNAL(usual_users, usual_user, in_baseline, user_order, UNUSED_STATIC)
RB_GENERATE_INTERNAL(usual_values, usual_value, in_user, value_order, UNUSED_STATIC)

/* --- found ------------------------------------------------------------------------------------------------- */

struct usual_user *
usual_user_find(const struct baseline *b, const char *name)
{
	struct usual_user *u = RB_ROOT(&b->users);
	int c;

	while (u != NULL && (c = compare(u->name, name)) != 0)
		u = c > 0 ? RB_LEFT(u, in_baseline) : RB_RIGHT(u, in_baseline);
	return u;
}

struct usual_user *
usual_user_first(const struct baseline *b)
{
	struct usual_user *u = RB_ROOT(&b->users);

	while (u != NULL && RB_LEFT(u, in_baseline) != NULL)
		u = RB_LEFT(u, in_baseline);
	return u;
}

struct usual_user *
usual_user_next(struct usual_user *u)
{
	return usual_users_RB_NEXT(u);
}

/* The first that does not stand before it. */
static struct usual_value *
at_or_after(const struct usual_user *u, enum usual_kind kind, const char *text)
{
	const struct usual_value key = {.kind = kind, .text = text};
	struct usual_value *v = RB_ROOT(&u->values), *found = NULL;

	while (v != NULL) {
		if (value_order(v, &key) >= 0) {
			found = v;
			v = RB_LEFT(v, in_user);
		} else {
			v = RB_RIGHT(v, in_user);
		}
	}
	return found;
}

struct usual_value *
usual_find(const struct usual_user *u, enum usual_kind kind, const char *text)
{
	struct usual_value *v = u != NULL ? at_or_after(u, kind, text) : NULL;

	return v != NULL && v->kind == kind && compare(v->text, text) == 0 ? v : NULL;
}

struct usual_value *
usual_from(const struct usual_user *u, enum usual_kind kind)
{
	return u != NULL ? at_or_after(u, kind, "") : NULL;
}

struct usual_value *
usual_next(struct usual_value *v)
{
	return usual_values_RB_NEXT(v);
}

/* The first value of a user or of those behind him. */
static struct usual_value *
first_of(struct usual_user *u)
{
	struct usual_value *v = NULL;

	for (; u != NULL && (v = usual_from(u, 0)) == NULL; u = usual_user_next(u))
		;
	return v;
}

struct usual_value *
usual_next_of_all(struct usual_value *v)
{
	struct usual_value *next = usual_next(v);

	return next != NULL ? next : first_of(usual_user_next(v->user));
}

static struct usual_user *
user_at_or_after(const struct baseline *b, const char *name)
{
	struct usual_user *u = RB_ROOT(&b->users), *found = NULL;

	while (u != NULL) {
		if (compare(u->name, name) >= 0) {
			found = u;
			u = RB_LEFT(u, in_baseline);
		} else {
			u = RB_RIGHT(u, in_baseline);
		}
	}
	return found;
}

struct usual_user *
usual_user_after(const struct baseline *b, const char *name)
{
	struct usual_user *u = user_at_or_after(b, name);

	return u != NULL && compare(u->name, name) == 0 ? usual_user_next(u) : u;
}

struct usual_value *
usual_at(const struct baseline *b, const struct usual_place *at)
{
	struct usual_user *u = user_at_or_after(b, at->user);
	struct usual_value *v = NULL;

	if (u == NULL || compare(u->name, at->user) != 0)
		return first_of(u);
	v = at_or_after(u, at->kind, at->value);
	return v != NULL ? v : first_of(usual_user_next(u));
}

void
usual_place_of(const struct usual_value *v, struct usual_place *out)
{
	(void)bytes_copy(bytes_of(v->user->name), out->user, sizeof(out->user));
	(void)bytes_copy(bytes_of(v->text), out->value, sizeof(out->value));
	out->kind = v->kind;
}

/* --- made -------------------------------------------------------------------------------------------------- */

static struct usual_user *
user_ensure(struct baseline *b, const char *name)
{
	struct usual_user *u = usual_user_find(b, name);

	if (u != NULL || b->nuser >= ST_USUAL_USERS || (u = calloc(1, sizeof(*u))) == NULL)
		return u;
	RB_INIT(&u->values);
	for (unsigned i = 0; i < USUAL_COUNT; i++)
		u->before[i].day = DAY_NONE;
	memcpy(u->name, name, strnlen(name, ST_USUAL_TEXT - 1));
	RB_INSERT(usual_users, &b->users, u);
	b->nuser++;
	b->bytes += sizeof(*u);
	return u;
}

void
usual_user_release(struct baseline *b, struct usual_user *u)
{
	if (u->total + u->refs > 0)
		return;
	RB_REMOVE(usual_users, &b->users, u);
	b->nuser--;
	b->bytes -= sizeof(*u);
	free(u);
}

void
usual_recount(struct usual_user *u, enum usual_kind kind, int32_t day)
{
	if (day != u->before[kind].day)
		u->before[kind].day = DAY_NONE;
}

static size_t
size_of(const struct baseline *b, size_t text)
{
	return sizeof(struct usual_value) + b->set.window * sizeof(struct usual_day) + text + 1;
}

static struct usual_value *
value_add(struct baseline *b, struct usual_user *u, const struct usual_key *key)
{
	const size_t n = strnlen(key->value, ST_USUAL_TEXT - 1);
	struct usual_value *v = calloc(1, size_of(b, n));
	char *text;

	if (v == NULL)
		return NULL;
	text = (char *)&v->ring[b->set.window];
	memcpy(text, key->value, n);
	v->text = text;
	v->user = u;
	v->kind = key->kind;
	RB_INSERT(usual_values, &u->values, v);
	u->n[v->kind]++;
	u->total++;
	b->nvalue++;
	b->bytes += size_of(b, n);
	return v;
}

struct usual_value *
usual_ensure(struct baseline *b, const struct usual_key *key)
{
	struct usual_user *u = user_ensure(b, key->user);
	struct usual_value *v = usual_find(u, key->kind, key->value);

	if (v != NULL)
		return v;
	if (u != NULL) {
		u->refs++;
		if (usual_make_room(b, u, key->kind))
			v = value_add(b, u, key);
		u->refs--;
		usual_user_release(b, u);
	}
	b->dropped += v == NULL;
	return v;
}

/* --- changed, and let go of ---------------------------------------------------------------------------------- */

void
usual_mark(struct baseline *b, struct usual_value *v, uint64_t slots)
{
	if (!b->set.kept || slots == 0)
		return;
	if (v->changed == 0)
		TAILQ_INSERT_TAIL(&b->changed, v, in_changed);
	v->changed |= slots;
}

static void
value_free(struct baseline *b, struct usual_value *v)
{
	b->bytes -= size_of(b, strlen(v->text));
	free(v);
}

void
usual_settle(struct baseline *b, struct usual_value *v)
{
	struct usual_user *u = v->user;

	TAILQ_REMOVE(&b->changed, v, in_changed);
	v->changed = 0;
	if (!v->gone)
		return;
	value_free(b, v);
	u->refs--;
	usual_user_release(b, u);
}

uint64_t
usual_slots_in_use(const struct baseline *b, const struct usual_value *v)
{
	uint64_t slots = 0;

	for (unsigned i = 0; i < b->set.window; i++)
		slots |= v->ring[i].count != 0 ? UINT64_C(1) << i : 0;
	return slots;
}

void
usual_drop(struct baseline *b, struct usual_value *v, bool tell)
{
	struct usual_user *u = v->user;
	const uint64_t slots = tell && v->told ? usual_slots_in_use(b, v) : 0;

	RB_REMOVE(usual_values, &u->values, v);
	u->n[v->kind]--;
	u->total--;
	b->nvalue--;
	usual_recount(u, v->kind, DAY_NONE);
	if (v->changed != 0)
		usual_settle(b, v);
	if (slots != 0) {
		v->gone = true;
		u->refs++;
		usual_mark(b, v, slots);
		return;
	}
	value_free(b, v);
	usual_user_release(b, u);
}

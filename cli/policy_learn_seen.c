/*
 * policy_learn_seen: what was observed, each thing once with how often and when.  Whatever a rule could not name
 * soundly is left out here, with the reason: names that are patterns, places that are not known, what was alerted, by
 * itself or by the case of its session.
 */
#include "cli/policy_learn.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/glob.h"
#include "policy/lexer.h"

#define FACT(f) (1u << (f))

unsigned
learn_wants(enum activity a)
{
	static const unsigned wants[ACT_COUNT] = {
		[ACT_LOGIN] = WANT_ORIGIN,
		[ACT_OUTBOUND_SSH] = WANT_TO | WANT_PORT,
		[ACT_RELAY] = WANT_TO | WANT_PORT,
		[ACT_SSH_PROXY] = WANT_TO | WANT_PORT,
		[ACT_AGENT_USE] = WANT_OWNER,
		[ACT_AGENT_HIJACK] = WANT_OWNER,
		[ACT_MUX_USE] = WANT_OWNER,
		[ACT_MUX_HIJACK] = WANT_OWNER,
		[ACT_LISTEN] = WANT_PORT,
		[ACT_UNUSUAL_ORIGIN] = WANT_ORIGIN,
		[ACT_UNUSUAL_DESTINATION] = WANT_TO | WANT_PORT,
		[ACT_CONCURRENT_ORIGINS] = WANT_ORIGIN,
		[ACT_LISTED_ORIGIN] = WANT_ORIGIN,
	};

	return wants[a];
}

void
learn_evidence_add(struct learn_evidence *to, const struct learn_evidence *e)
{
	to->count += e->count;
	if (e->first.ms != 0 && (to->first.ms == 0 || e->first.ms < to->first.ms))
		to->first = e->first;
	if (e->last.ms > to->last.ms)
		to->last = e->last;
}

bool
learn_begin(struct learn *l, const struct learn_options *o)
{
	*l = (struct learn){.options = *o, .cell_keys = tally_new(ST_LEARN_SEEN),
	    .dest_keys = tally_new(ST_LEARN_SEEN), .user_keys = tally_new(ST_LEARN_USERS),
	    .key_keys = tally_new(ST_LEARN_USERS), .group_keys = tally_new(ST_LEARN_GROUPS),
	    .member_keys = tally_new(ST_LEARN_SEEN), .sessions = tally_new(ST_LEARN_SEEN),
	    .left = tally_new(ST_LEARN_LEFT)};
	l->options.late = o->late && !o->alerts;
	return l->cell_keys != NULL && l->dest_keys != NULL && l->user_keys != NULL && l->key_keys != NULL &&
	    l->group_keys != NULL && l->member_keys != NULL && l->sessions != NULL && l->left != NULL;
}

void
learn_end(struct learn *l)
{
	learn_rules_free(l->rules, l->nrules);
	for (size_t i = 0; i < l->nusers; i++) {
		free(l->users[i].name);
		free(l->users[i].always[0].ids);
		free(l->users[i].always[1].ids);
	}
	for (size_t i = 0; i < l->nkeys; i++)
		free(l->keys[i]);
	for (size_t i = 0; i < l->ngroups; i++)
		free(l->groups[i]);
	free(l->users);
	free(l->keys);
	free(l->groups);
	free(l->members);
	free(l->dests);
	free(l->cells);
	tally_free(&l->cell_keys);
	tally_free(&l->dest_keys);
	tally_free(&l->user_keys);
	tally_free(&l->key_keys);
	tally_free(&l->group_keys);
	tally_free(&l->member_keys);
	tally_free(&l->sessions);
	tally_free(&l->left);
}

/* --- numbers for names ------------------------------------------------------------------------ */

/* From then on numbers and what they stand for are apart: nothing is made of it. */
static bool
no_memory(struct learn *l)
{
	l->failed = true;
	return false;
}

static char *
copy(struct bytes b)
{
	return strndup(b.n > 0 ? b.p : "", b.n);
}

static bool
user_number(struct learn *l, struct bytes name, uint32_t *out)
{
	struct learn_user *room;
	size_t at;

	if (!tally_index(l->user_keys, name, &at))
		return false;
	*out = (uint32_t)at;
	if (at < l->nusers)
		return true;
	room = array_grow(l->users, l->nusers, &l->user_room, sizeof(*room), ST_LEARN_USERS);
	if (room == NULL)
		return no_memory(l);
	l->users = room;
	l->users[l->nusers] = (struct learn_user){.name = copy(name)};
	return l->users[l->nusers].name != NULL ? ++l->nusers > 0 : no_memory(l);
}

static bool
key_number(struct learn *l, struct bytes name, uint32_t *out)
{
	char **room;
	size_t at;

	if (!tally_index(l->key_keys, name, &at))
		return false;
	*out = (uint32_t)at;
	if (at < l->nkeys)
		return true;
	room = array_grow(l->keys, l->nkeys, &l->key_room, sizeof(*room), ST_LEARN_USERS);
	if (room == NULL)
		return no_memory(l);
	l->keys = room;
	l->keys[l->nkeys] = copy(name);
	return l->keys[l->nkeys] != NULL ? ++l->nkeys > 0 : no_memory(l);
}

static bool
group_number(struct learn *l, struct bytes name, uint32_t *out)
{
	char **names;
	uint32_t *members;
	size_t at;

	if (!tally_index(l->group_keys, name, &at))
		return false;
	*out = (uint32_t)at;
	if (at < l->ngroups)
		return true;
	names = array_grow(l->groups, l->ngroups, &l->group_room, sizeof(*names), ST_LEARN_GROUPS);
	l->groups = names != NULL ? names : l->groups;
	members = array_grow(l->members, l->ngroups, &l->members_room, sizeof(*members), ST_LEARN_GROUPS);
	l->members = members != NULL ? members : l->members;
	if (names == NULL || members == NULL)
		return no_memory(l);
	l->members[l->ngroups] = 0;
	l->groups[l->ngroups] = copy(name);
	return l->groups[l->ngroups] != NULL ? ++l->ngroups > 0 : no_memory(l);
}

bool
learn_dest_number(struct learn *l, struct learn_dest d, uint32_t *out)
{
	struct buf key = BUF_INIT;
	struct learn_dest *room;
	bool ok;
	size_t at = 0;

	if (d.self)
		buf_puts(&key, "self");
	else
		prefix_print(d.prefix, &key);
	ok = buf_ok(&key) && tally_index(l->dest_keys, buf_bytes(&key), &at);
	buf_free(&key);
	*out = (uint32_t)at;
	if (!ok || at < l->ndests)
		return ok;
	room = array_grow(l->dests, l->ndests, &l->dest_room, sizeof(*room), ST_LEARN_SEEN);
	if (room == NULL)
		return no_memory(l);
	l->dests = room;
	l->dests[l->ndests++] = d;
	return true;
}

/* --- groups ------------------------------------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Counts a user for a group when he is first seen in it. */
static void
count_member(struct learn *l, uint32_t user, uint32_t group)
{
	const size_t before = tally_count(l->member_keys);
	char key[32];
	size_t at;

	(void)snprintf(key, sizeof(key), "%u %u", user, group);
	if (!tally_index(l->member_keys, bytes_of(key), &at))
		l->members[group] = UINT32_MAX; /* nobody knows how many: nothing is made of it */
	else if (at == before && l->members[group] != UINT32_MAX)
		l->members[group]++;
}

static void
keep_common(struct learn_groups *g, const uint32_t *ids, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++)
		if (bsearch(&g->ids[i], ids, n, sizeof(*ids), by_number) != NULL)
			g->ids[kept++] = g->ids[i];
	g->n = kept;
}

static void
see_groups(struct learn *l, uint32_t user, const struct question *q)
{
	struct learn_groups *g = &l->users[user].always[q->activity != ACT_LOGIN];
	uint32_t ids[ST_PAST_LIST];
	size_t n = 0;

	for (size_t i = 0; (q->known & FACT(QF_GROUP)) != 0 && i < q->ngroups && n < ST_PAST_LIST; i++) {
		if (!glob_is_plain(q->groups[i]) || !group_number(l, q->groups[i], &ids[n]))
			continue;
		count_member(l, user, ids[n]);
		n++;
	}
	qsort(ids, n, sizeof(ids[0]), by_number);
	if (g->begun) {
		keep_common(g, ids, n);
		return;
	}
	g->begun = true;
	g->ids = n > 0 ? malloc(n * sizeof(*ids)) : NULL;
	if (g->ids == NULL)
		return;
	memcpy(g->ids, ids, n * sizeof(*ids));
	g->n = n;
}

/* --- what is seen --------------------------------------------------------------------------------- */

/* Why no rule is made of it; NULL: one is. */
static const char *
why_not(const struct learn *l, const struct asked *a, unsigned wants)
{
	const struct question *q = &a->q;

	if (!l->options.alerts && (!a->calm || activity_info(q->activity)->default_action >= DO_ALERT))
		return "it was alerted or stopped, or is of a kind that is (--include-alerts)";
	if (!l->options.alerts && !l->options.late && tally_has(l->sessions, a->session))
		return LEARN_CASE_ALERTED;
	if (q->user.n == 0)
		return "whose login it was is not known";
	if (!glob_is_plain(q->user))
		return "a policy would take the user's name for a pattern";
	if (l->options.by_key && (q->key.n == 0 || !glob_is_plain(q->key)))
		return "the login had no key, or it is not known";
	if ((wants & WANT_ORIGIN) != 0 && q->origin.family == 0)
		return "where it came from is not known";
	if ((wants & WANT_TO) != 0 && q->to_kind != TO_ADDR && q->to_kind != TO_SELF)
		return "where it went is not known, or no address";
	if ((wants & WANT_PORT) != 0 && q->port == 0)
		return "there is no port, or it is not known";
	if ((wants & WANT_OWNER) != 0 && q->owner == OWNER_UNKNOWN)
		return "whose socket it was is not known";
	return NULL;
}

void
learn_leave(struct learn *l, const struct question *q, uint64_t count, const char *why)
{
	const unsigned wants = learn_wants(q->activity);
	struct buf text = BUF_INIT;
	char ip[ADDR_STRLEN];

	buf_puts(&text, activity_info(q->activity)->name);
	if (q->user.n > 0) {
		buf_puts(&text, " user ");
		token_print(q->user, &text);
	}
	if ((wants & WANT_ORIGIN) != 0 && q->origin.family != 0)
		buf_printf(&text, " origin %s", addr_str(q->origin, ip));
	if ((wants & WANT_TO) != 0 && (q->to_kind == TO_ADDR || q->to_kind == TO_SELF))
		buf_printf(&text, " to %s", q->to_addr.family != 0 ? addr_str(q->to_addr, ip) : "self");
	if ((wants & WANT_PORT) != 0 && q->port != 0)
		buf_printf(&text, " port %u", q->port);
	if ((wants & WANT_OWNER) != 0 && q->owner != OWNER_UNKNOWN)
		buf_printf(&text, " owner %s", owner_name(q->owner));
	buf_printf(&text, ": %s", why);
	if (buf_ok(&text))
		(void)tally_add(l->left, buf_bytes(&text), count);
	buf_free(&text);
}

static bool
place_of(struct learn *l, const struct question *q, unsigned wants, uint32_t *out)
{
	struct learn_dest d = {.self = (wants & WANT_TO) != 0 && q->to_kind == TO_SELF};

	*out = 0;
	if ((wants & (WANT_TO | WANT_ORIGIN)) == 0)
		return true;
	if (!d.self) {
		d.prefix.addr = (wants & WANT_TO) != 0 ? q->to_addr : q->origin;
		d.prefix.bits = d.prefix.addr.family == 4 ? 32 : 128;
	}
	return learn_dest_number(l, d, out);
}

/* NULL: no room. */
static struct learn_cell *
cell_of(struct learn *l, const struct learn_cell *c)
{
	struct learn_cell *room;
	char key[96];
	size_t at;

	(void)snprintf(key, sizeof(key), "%d %u %u %u %u %u %u", c->activity, c->user, c->key, c->dest, c->port, c->owner,
	    c->session);
	if (!tally_index(l->cell_keys, bytes_of(key), &at))
		return NULL;
	if (at < l->ncells)
		return &l->cells[at];
	room = array_grow(l->cells, l->ncells, &l->cell_room, sizeof(*room), ST_LEARN_SEEN);
	if (room == NULL && !no_memory(l))
		return NULL;
	l->cells = room;
	l->cells[l->ncells] = *c;
	l->cells[l->ncells].seen = (struct learn_evidence){0};
	return &l->cells[l->ncells++];
}

bool
learn_cell_add(struct learn *l, const struct learn_cell *c)
{
	struct learn_cell *cell = cell_of(l, c);

	if (cell != NULL)
		learn_evidence_add(&cell->seen, &c->seen);
	return cell != NULL;
}

static bool
session_number(struct learn *l, struct bytes session, uint32_t *out)
{
	size_t at;

	if (!l->options.late || session.n == 0)
		return true;
	if (!tally_index(l->sessions, session, &at))
		return false;
	*out = (uint32_t)at + 1;
	return true;
}

static bool
learn_cell(struct learn *l, const struct asked *a, uint32_t user, unsigned wants)
{
	const struct question *q = &a->q;
	struct learn_cell c = {.seen = {.count = a->count, .first = q->time, .last = q->time}, .activity = q->activity, .user = user,
	    .port = (wants & WANT_PORT) != 0 ? q->port : 0, .owner = (wants & WANT_OWNER) != 0 ? q->owner : 0};

	return (!l->options.by_key || key_number(l, q->key, &c.key)) && place_of(l, q, wants, &c.dest) &&
	    session_number(l, a->session, &c.session) && learn_cell_add(l, &c);
}

void
learn_see(struct learn *l, const struct asked *a)
{
	const unsigned wants = learn_wants(a->q.activity);
	const char *why = why_not(l, a, wants);
	bool known = a->q.user.n > 0;
	uint32_t user = 0;

	if ((l->options.activities != 0 && (l->options.activities >> a->q.activity & 1) == 0) ||
	    (l->options.user != NULL && !bytes_is(a->q.user, l->options.user)))
		return;
	l->asked += a->count;
	known = known && user_number(l, a->q.user, &user);
	if (known)
		see_groups(l, user, &a->q);
	if (why != NULL)
		learn_leave(l, &a->q, a->count, why);
	else if (known && learn_cell(l, a, user, wants))
		l->learned += a->count;
	else
		l->lost += a->count;
}

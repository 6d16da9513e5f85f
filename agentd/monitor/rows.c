/* rows: see rows.h.  Runs in the monitor. */
#include "agentd/monitor/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/gate.h"
#include "agentd/monitor/kept.h"
#include "agentd/monitor/lenders.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/review.h"
#include "agentd/monitor/sound.h"
#include "base/log.h"

#define FLAGS_ACT   (GATEROW_ISOLATED | GATEROW_REVOKED)
#define FLAGS_ORDER (GATEROW_ISOLATED_ORDER | GATEROW_REVOKED_ORDER)

struct rows {
	struct monitor *m; /* borrowed */
	struct lenders *lenders;
	uint32_t generation; /* in force; 0: none yet */
	uint32_t making;     /* 0: none */
	struct grant fallback, next_fallback; /* of `generation`, of `making` */
	struct kept kept; /* what rows had before they were given one of `making` */
	struct log_limit log_limit;
};

/* --- one row ---------------------------------------------------------------------------------------- */

/* Nothing outweighs an isolated session; 0: it refuses nothing. */
static uint32_t
weight_of(const struct mon_session *s)
{
	if (s->row_denies == 0 && (s->row_flags & FLAGS_ACT) == 0)
		return 0;
	return ((s->row_flags & GATEROW_ISOLATED) != 0 ? 1u << 31 : 0) + s->row_denies + 1;
}

static bool
weigh(struct lenders *all, struct mon_session *s, uint32_t weight)
{
	struct lender l = {.auid = s->auid, .ses = s->ses, .weight = s->row_lends};

	if (weight == s->row_lends)
		return true;
	if (l.weight != 0)
		lenders_remove(all, &l);
	l.weight = weight;
	s->row_lends = weight == 0 || lenders_add(all, &l) ? weight : 0;
	return s->row_lends == weight;
}

static void
lend(struct rows *all, struct mon_session *s, bool living)
{
	uint32_t before = lenders_first(all->lenders, s->auid), now;
	int rc = weigh(all->lenders, s, living && s->row ? weight_of(s) : 0) ? 0 : -ENOMEM;
	unsigned held;

	now = lenders_first(all->lenders, s->auid);
	if (now != before)
		rc = gate_borrow_set(all->m->gate, s->auid, now);
	if (rc != 0 && log_allow(&all->log_limit, 10, &held))
		log_err("the grant of session %u is not lent: %s", s->ses, strerror(-rc));
}

static void
note_row(struct mon_session *s, const struct grant *g)
{
	s->row = true;
	s->row_denies = grant_denies(g);
	s->row_generation = g->generation;
}

/* Its row is about to be one of a generation that is not in force yet. */
static int
keep_row(struct rows *all, const struct mon_session *s, const struct grant *g)
{
	struct gate_row row;

	if (!s->row || all->making == 0 || g->generation != all->making || s->row_generation == all->making ||
	    gate_row_get(all->m->gate, s->ses, &row) != 0)
		return 0;
	return kept_add(&all->kept, s->ses, &row.grant) ? 0 : -ENOMEM;
}

static struct grant
fallback_of(const struct rows *all, uint32_t generation)
{
	const struct grant *g = generation == all->making ? &all->next_fallback : &all->fallback;

	return g->generation == generation ? *g : (struct grant){.generation = generation};
}

/* It had no other, and may have connected by what nobody has said of it; and this one is another. */
static bool
ends_fallback(const struct rows *all, const struct mon_session *s, const struct grant *g)
{
	const struct grant fallback = fallback_of(all, all->generation);
	struct gate_row row;

	return s->row && all->generation != 0 && g->generation == all->generation &&
	    memcmp(g, &fallback, sizeof(*g)) != 0 && gate_row_get(all->m->gate, s->ses, &row) == 0 &&
	    memcmp(&row.grant, &fallback, sizeof(fallback)) == 0;
}

int
rows_grant(struct rows *all, struct mon_session *s, const struct grant *g)
{
	const struct gate_row row = {.grant = *g, .ses = s->ses, .auid = s->auid,
	    .sshd_pid = (uint32_t)s->monitor_pid, .sshd_start = s->start_ticks, .flags = s->row_flags,
	    .sshd_dev = s->exe_dev, .sshd_ino = s->exe_ino};
	bool provisional;
	int rc;

	if (protect_breakglass(all->m->cf, s, NULL))
		return -EPERM;
	rc = keep_row(all, s, g);
	provisional = ends_fallback(all, s, g);
	if (rc == 0)
		rc = gate_row_set(all->m->gate, &row);
	if (rc == 0) {
		note_row(s, g);
		lend(all, s, !s->over);
	}
	if (rc == 0 && provisional)
		review_due(all->m->review);
	return rc;
}

/* As it is, or, of a session without a row, one that allows everything. */
static struct grant
grant_of(const struct rows *all, const struct mon_session *s)
{
	struct gate_row row;

	if (s->row && gate_row_get(all->m->gate, s->ses, &row) == 0)
		return row.grant;
	return (struct grant){.generation = all->generation};
}

static int
set_flags(struct rows *all, struct mon_session *s, uint32_t flags)
{
	const struct grant g = grant_of(all, s);
	uint32_t before = s->row_flags;
	int rc;

	if (flags == before)
		return 0;
	s->row_flags = flags;
	rc = rows_grant(all, s, &g);
	if (rc != 0)
		s->row_flags = before;
	return rc;
}

int
rows_flag(struct rows *all, struct mon_session *s, uint32_t flags)
{
	return set_flags(all, s, s->row_flags | flags);
}

/* --- all of them ------------------------------------------------------------------------------------ */

static bool
free_of_policy(struct mon_session *s, void *arg)
{
	uint32_t order = s->row_flags & FLAGS_ORDER;
	uint32_t act = ((order & GATEROW_ISOLATED_ORDER) != 0 ? (uint32_t)GATEROW_ISOLATED : 0) |
	    ((order & GATEROW_REVOKED_ORDER) != 0 ? (uint32_t)GATEROW_REVOKED : 0);

	if (set_flags(arg, s, order | act) != 0)
		log_err("session %u stays isolated or revoked", s->ses);
	return true;
}

void
rows_mode(struct rows *all, enum mode mode)
{
	if (mode == MODE_AUDIT)
		registry_each(all->m->registry, free_of_policy, all);
}

static bool
find(struct mon_session *s, void *arg)
{
	struct rows *all = arg;
	struct gate_row row;

	if (s->row || gate_row_get(all->m->gate, s->ses, &row) != 0)
		return true;
	if (protect_breakglass(all->m->cf, s, NULL)) {
		(void)gate_row_drop(all->m->gate, s->ses); /* it is so only now */
		return true;
	}
	s->row_flags = row.flags;
	note_row(s, &row.grant);
	(void)weigh(all->lenders, s, s->over ? 0 : weight_of(s));
	return true;
}

/* All are found: nobody lends for a while who refuses less than another of his. */
static bool
adopt(struct mon_session *s, void *arg)
{
	struct rows *all = arg;
	struct gate_row row;

	if (!s->row || gate_row_get(all->m->gate, s->ses, &row) != 0)
		return true;
	if (rows_grant(all, s, &row.grant) != 0 ||
	    gate_borrow_set(all->m->gate, s->auid, lenders_first(all->lenders, s->auid)) != 0)
		log_err("the row of session %u is as the daemon before this one left it", s->ses);
	return true;
}

static bool
is_registered(uint32_t ses, void *arg)
{
	const struct rows *all = arg;

	return registry_get(all->m->registry, ses) != NULL;
}

void
rows_adopt(struct rows *all)
{
	registry_each(all->m->registry, find, all);
	registry_each(all->m->registry, adopt, all);
	gate_prune(all->m->gate, is_registered, all);
	rows_mode(all, mode_get(all->m->mode));
}

/* --- the fallback ----------------------------------------------------------------------------------- */

void
rows_keep_fallback(struct rows *all, const struct grant *g)
{
	*(g->generation == all->making ? &all->next_fallback : &all->fallback) = *g;
}

int
rows_fall_back(struct rows *all, uint32_t ses)
{
	struct mon_session *s = registry_get(all->m->registry, ses);
	const struct grant g = fallback_of(all, all->generation);

	/* Without one it has what its user's other sessions lend. */
	if (s == NULL || s->row || all->generation == 0)
		return 0;
	return rows_grant(all, s, &g);
}

/* --- generations ------------------------------------------------------------------------------------ */

struct replacing {
	struct rows *all;
	uint32_t bad, good; /* bad 0: every other than good */
	int rc;
};

static bool
replace(struct mon_session *s, void *arg)
{
	struct replacing *r = arg;
	const struct grant g = fallback_of(r->all, r->good);
	int rc;

	if (r->bad != 0 ? !s->row || s->row_generation != r->bad : s->row && s->row_generation == r->good)
		return true;
	rc = rows_grant(r->all, s, &g);
	if (rc != 0 && rc != -EPERM)
		r->rc = rc;
	return true;
}

/*
 * What was being made is never finished: rows are as they were before; those that were not get the fallback.  While
 * there is none, because this daemon has none in force yet, they keep what they have: it is better than nothing.
 */
static int
undo(struct rows *all)
{
	struct replacing r = {.all = all, .bad = all->making, .good = all->generation};

	all->making = 0;
	for (size_t i = 0; i < all->kept.n; i++) {
		const struct kept_grant *k = &all->kept.of[i];
		struct mon_session *s = registry_get(all->m->registry, k->ses);

		if (s != NULL && s->row && s->row_generation == r.bad)
			(void)rows_grant(all, s, &k->grant);
	}
	kept_clear(&all->kept);
	if (r.good != 0)
		registry_each(all->m->registry, replace, &r);
	return r.rc;
}

static bool
note_generation(struct mon_session *s, void *arg)
{
	if (s->row)
		gate_slots_add(arg, s->row_generation);
	return true;
}

int
rows_classes_begin(struct rows *all, uint32_t *generation)
{
	int rc = all->making != 0 ? undo(all) : 0;
	struct gate_slots rows = {0};

	if (rc != 0)
		return rc;
	registry_each(all->m->registry, note_generation, &rows);
	rc = gate_classes_begin(all->m->gate, &rows, generation);
	if (rc == 0)
		all->making = *generation;
	return rc;
}

bool
rows_making(const struct rows *all, uint32_t generation)
{
	return generation != 0 && generation == all->making;
}

bool
rows_knows(const struct rows *all, uint32_t generation)
{
	return generation != 0 && (generation == all->making || generation == all->generation);
}

int
rows_classes_done(struct rows *all)
{
	struct replacing r = {.all = all, .good = all->making};
	int rc;

	registry_each(all->m->registry, replace, &r);
	rc = r.rc != 0 ? r.rc : gate_classes_done(all->m->gate, all->making);
	if (rc == 0) {
		all->fallback = fallback_of(all, all->making);
		all->generation = all->making;
		all->making = 0;
		kept_clear(&all->kept);
	}
	return rc;
}

/* --- life ------------------------------------------------------------------------------------------- */

static void
on_change(struct mon_session *s, enum registry_change change, void *arg)
{
	struct rows *all = arg;

	lend(all, s, change == SESSION_REVIVED);
	if (change == SESSION_REMOVED && s->row)
		(void)gate_row_drop(all->m->gate, s->ses);
}

struct rows *
rows_new(struct monitor *m)
{
	struct rows *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->m = m;
	all->lenders = lenders_new();
	if (all->lenders == NULL)
		rows_free(&all);
	else
		registry_watch(m->registry, on_change, all);
	return all;
}

void
rows_free(struct rows **all)
{
	if (*all == NULL)
		return;
	registry_watch((*all)->m->registry, NULL, NULL);
	lenders_free(&(*all)->lenders);
	kept_clear(&(*all)->kept);
	free(*all);
	*all = NULL;
}

/* loads: see loads.h. */
#include "agentd/engine/loads.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/by_hand.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/in_force.h"
#include "agentd/engine/last_good.h"
#include "agentd/engine/listed.h"
#include "agentd/engine/load_alert.h"
#include "agentd/engine/policy_watch.h"
#include "agentd/engine/state.h"
#include "agentd/engine/worker.h"
#include "base/log.h"

/* A load under way. */
struct loading {
	struct engine *e;         /* borrowed */
	struct policy_load *load; /* owned */
	struct load_who who;
	loads_done_fn *done;
	void *arg;
};

/* --- keeping it ----------------------------------------------------------------------------------------- */

static void
keep(struct engine *e, struct policy_load *l, const struct load_who *who)
{
	if (l->named && who->by == LOAD_HAND && !by_hand_keep(e->conf->state_dir, l->path)) {
		failure_note(FAIL_POLICY_KEPT);
		log_warn("should the engine end before its time, the next one loads %s", e->conf->policy);
	}
	if (!l->configured || l->absent || l->last_good)
		return;
	if (!last_good_keep(e->loader, e->conf->state_dir, l))
		failure_note(FAIL_LAST_GOOD);
}

/* --- watching it ------------------------------------------------------------------------------------------ */

/* What is in force, and what was refused: the file that it lacks may come. */
static void
watch(struct engine *e, const struct policy_load *l)
{
	const char *path = policy_box_last_good(e->policy) ? e->conf->policy : policy_box_path(e->policy);

	if (e->policy_watch == NULL)
		return;
	policy_watch_begin(e->policy_watch);
	policy_watch_path(e->policy_watch, path);
	if (e->conf->require_signature && e->conf->allowed_signers != NULL)
		policy_watch_path(e->policy_watch, e->conf->allowed_signers);
	policy_watch_files(e->policy_watch, policy_box_files(e->policy));
	if (!l->named || l->configured)
		policy_watch_files(e->policy_watch, l->files);
	policy_watch_end(e->policy_watch);
}

void
loads_changed(void *engine)
{
	const struct load_who who = {.by = LOAD_WATCH};

	if (!loads_order(engine, NULL, &who, NULL, NULL))
		log_warn("too many loads of the policy wait: one more was not begun");
}

/* --- what came of it ------------------------------------------------------------------------------------- */

/* Events come for what is nothing new, too. */
static bool
is_old_news(const struct engine *e, const struct policy_load *l, const struct load_who *who)
{
	const struct policy_files *now = policy_box_files(e->policy);

	return who->by == LOAD_WATCH && l->policy != NULL && !l->absent && now != NULL &&
	    !policy_box_last_good(e->policy) && policy_box_error(e->policy) == NULL &&
	    policy_files_same(now, l->files);
}

/* Its files as they are, and why: another file may be bad in the same words.  Never 0. */
static uint64_t
hash_refused(const struct policy_load *l)
{
	const uint64_t found = l->files != NULL ? policy_files_found(l->files) : 0;

	return hash_u64(found + bytes_hash(buf_bytes(&l->diag))) | 1;
}

/* A file that is still bad as it was is no news either. */
static void
refuse(struct engine *e, const struct policy_load *l, const struct load_who *who)
{
	const uint64_t refused = hash_refused(l);

	if (who->by != LOAD_WATCH || refused != e->refused) {
		failure_note(FAIL_POLICY_LOAD);
		load_alert_refused(e, l, who);
	}
	e->refused = refused;
}

/* Whoever tries the next release by hand: a start takes the configured file, which is an older one by now. */
static void
warn_of_rise(const struct engine *e, struct policy_load *l, uint64_t before)
{
	const struct policy *p = policy_box_get(e->policy);
	const bool fleet = pol_fleet(p)[0] != '\0';

	if (l->configured || pol_serial(p) <= before)
		return;
	buf_printf(&l->diag, "%s: warning: from now on nothing below serial %llu%s%s is taken, not from the configured file %s either\n",
	    l->path, (unsigned long long)pol_serial(p), fleet ? " of fleet " : "", pol_fleet(p), e->conf->policy);
}

static bool
take(struct engine *e, struct policy_load *l, const struct load_who *who)
{
	const uint64_t fleet = l->policy != NULL ? serials_fleet(pol_fleet(l->policy)) : 0;
	const uint64_t serial = serials_get(&e->serials, fleet);

	if (!in_force_take(e, l)) {
		refuse(e, l, who);
		return false;
	}
	e->refused = 0;
	if (who->by == LOAD_HAND)
		warn_of_rise(e, l, serial);
	if (!l->absent)
		load_alert_loaded(e, l, who);
	keep(e, l, who);
	return true;
}

static bool
finish(struct engine *e, struct policy_load *l, const struct load_who *who)
{
	const bool loaded = is_old_news(e, l, who) || take(e, l, who);

	watch(e, l);
	return loaded;
}

static void
loading_free(struct loading *g)
{
	policy_load_free(&g->load);
	free(g);
}

static void
run(void *arg)
{
	const struct loading *g = arg;

	policy_load_run(g->load);
	last_good_prepare(g->load);
}

static void
on_run(void *arg)
{
	struct loading *g = arg;
	const struct bytes exceptions = policy_box_exceptions(g->e->policy);
	bool loaded;

	/* Somebody gave one, or took it back, meanwhile. */
	if (!bytes_eq(exceptions, buf_bytes(&g->load->prelude)) && policy_load_again(g->load, exceptions) &&
	    worker_post(g->e->loader, run, on_run, g))
		return;
	loaded = finish(g->e, g->load, &g->who);
	if (g->done != NULL)
		g->done(g->load, loaded, g->arg);
	loading_free(g);
}

bool
loads_order(struct engine *e, const char *path, const struct load_who *who, loads_done_fn *done, void *arg)
{
	struct loading *g = calloc(1, sizeof(*g));
	const bool named = path != NULL;

	if (g == NULL)
		return false;
	*g = (struct loading){.e = e, .who = *who, .done = done, .arg = arg};
	if (path == NULL)
		path = policy_box_last_good(e->policy) ? e->conf->policy : policy_box_path(e->policy);
	g->load = policy_load_new(e->conf, path, named, policy_box_exceptions(e->policy));
	if (who->by == LOAD_SIGHUP || who->by == LOAD_HAND)
		listed_again(e->listed);
	if (g->load != NULL && worker_post(e->loader, run, on_run, g))
		return true;
	loading_free(g);
	return false;
}

/* --- the first ------------------------------------------------------------------------------------------- */

static bool
load_now(struct engine *e, const char *path, bool named, enum load_by by)
{
	const struct load_who who = {.by = by};
	struct policy_load *l = policy_load_new(e->conf, path, named, policy_box_exceptions(e->policy));
	bool ok = false;

	if (l == NULL)
		return false;
	policy_load_run(l);
	last_good_prepare(l);
	ok = finish(e, l, &who);
	policy_load_free(&l);
	return ok;
}

/* why_not: when it is refused. */
static bool
load_last_good(struct engine *e, struct buf *why_not)
{
	const struct load_who who = {.by = LOAD_START};
	const char *why;
	struct policy_load *l = last_good_load(e->conf, policy_box_exceptions(e->policy), &why);
	bool ok = l != NULL && in_force_take(e, l);

	if (ok) {
		failure_note(FAIL_LAST_GOOD_USED);
		load_alert_last_good(e, l, &who);
		watch(e, l);
	} else {
		log_err("nor can the last good policy that was kept be loaded: %s", l == NULL ? why : "as follows");
		if (l != NULL)
			in_force_log(LOG_ERR, &l->diag, 0);
		buf_put_visible(why_not, l == NULL ? bytes_of(why) : load_first_line(&l->diag));
	}
	policy_load_free(&l);
	return ok;
}

/* The configured one; without any of it, what is left is the empty one. */
static void
load_configured(struct engine *e)
{
	/* Where one was kept, the file should be there. */
	const bool kept = last_good_is_kept(e->conf->state_dir);
	struct buf why = BUF_INIT;

	if (!load_now(e, e->conf->policy, kept, LOAD_START) && !(kept && load_last_good(e, &why)))
		load_alert_none(e, kept ? &why : NULL);
	buf_free(&why);
}

/* The one before may have had another policy than the configured one. */
static bool
load_by_hand_again(struct engine *e)
{
	struct buf path = BUF_INIT;
	bool kept = by_hand_get(e->conf->state_dir, &path), ok = kept && load_now(e, path.p, true, LOAD_AGAIN);

	if (kept && !ok) {
		log_err("%s was in force and cannot be loaded again: %s is loaded instead", path.p,
		    e->conf->policy);
		outlet_notice(e->outlet, "policy-lost", SEV_CRITICAL, 0,
		    "the policy that was loaded by hand cannot be loaded again; the configured one is in force");
	}
	buf_free(&path);
	return ok;
}

static void
tell_restarted(struct engine *e, uint64_t restarts)
{
	char sentence[96];

	failure_add(FAIL_ENGINE_RESTARTED, restarts);
	snprintf(sentence, sizeof(sentence), "the engine ended and was started again (%llu since the daemon's start)",
	    (unsigned long long)restarts);
	outlet_notice(e->outlet, "engine-restarted", SEV_HIGH, restarts, sentence);
}

void
loads_first(struct engine *e, uint64_t restarts)
{
	e->restarts = restarts;
	if (restarts == 0)
		by_hand_forget(e->conf->state_dir);
	if (restarts == 0 || !load_by_hand_again(e))
		load_configured(e);
	if (restarts != 0)
		tell_restarted(e, restarts);
}

/* grants: see grants.h.  Engine process. */
#include "agentd/engine/grants.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "agentd/engine/classes.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/round.h"
#include "base/log.h"

#define LOGIN_WAIT_MS 5000 /* the monitor has answered the module long before */
#define OWN_EVERY_MS  5000
#define RETRY_MIN_MS  1000
#define RETRY_MAX_MS  60000
#define MINUTE_MS     60000

/* A login that waits: for the classes of a policy that is on its way (ses), or for its row. */
struct login {
	TAILQ_ENTRY(login) link;
	struct grants *grants; /* borrowed */
	uint32_t ses;
	bool sent;
	grants_ready_fn *ready;
	void *arg;
};

struct grants {
	struct grants_parts parts;
	struct event *kick;
	struct own own;
	struct classes *now;  /* in force; NULL: none, or of a policy that is no more */
	struct classes *next; /* of the renewal under way; NULL: none */
	struct round *round;
	bool renew, again;    /* wanted */
	bool held;            /* the next ones' classes are in, their rows wait for what is known of sessions */
	bool review;          /* what is connected was not held against this policy yet */
	struct rtime computed; /* the time that the rows hold for */
	struct mtime own_read, retry;
	int64_t retry_ms;
	TAILQ_HEAD(, login) logins;
	struct grants_stats stats;
};

static void
arm(struct grants *g)
{
	const struct timeval now = {0};

	event_add(g->kick, &now);
}

static struct round_by
round_by(const struct grants *g, const struct classes *c)
{
	return (struct round_by){.policy = g->parts.policy(g->parts.arg), .space = classes_space(c),
	    .generation = classes_generation(c)};
}

/* Those by which a login gets its row: the newer ones as soon as they are in.  NULL: it has to wait. */
static const struct classes *
usable(const struct grants *g)
{
	return g->next != NULL && classes_are_ready(g->next) ? g->next : g->now;
}

/* --- logins ----------------------------------------------------------------------------------------- */

static void
settle(struct login *l, enum result r)
{
	struct grants *g = l->grants;

	TAILQ_REMOVE(&g->logins, l, link);
	if (r == RES_OK)
		g->stats.installed++;
	else if (r != RES_NO_SESSION && r != RES_GONE && r != RES_PROTECTED)
		g->stats.failed++;
	l->ready(r, l->arg);
	free(l);
}

static void
on_login_row(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	(void)fds;
	settle(arg, n != NULL && n->result < RES_COUNT ? (enum result)n->result : RES_COUNT);
}

static bool
send_row(struct grants *g, struct login *l, const struct session *s, const struct classes *c)
{
	const struct round_by by = round_by(g, c);

	l->sent = round_send(g->round, s, &by, LOGIN_WAIT_MS, on_login_row, l);
	return l->sent;
}

bool
grants_login(struct grants *g, const struct session *s, grants_ready_fn *ready, void *arg)
{
	const struct classes *c = usable(g);
	struct login *l;

	if (c == NULL && g->next == NULL && !g->renew)
		return false; /* and nobody is at it */
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return false;
	*l = (struct login){.grants = g, .ses = s->ses, .ready = ready, .arg = arg};
	TAILQ_INSERT_TAIL(&g->logins, l, link);
	if (c == NULL || send_row(g, l, s, c))
		return true;
	TAILQ_REMOVE(&g->logins, l, link);
	free(l);
	return false;
}

/* They waited for classes: here they are (RES_OK), or will not come for now. */
static void
serve_logins(struct grants *g, enum result r)
{
	struct login *l, *next;

	for (l = TAILQ_FIRST(&g->logins); l != NULL; l = next) {
		const struct session *s = host_session(pipeline_host(g->parts.pipeline), l->ses);

		next = TAILQ_NEXT(l, link);
		if (l->sent)
			continue;
		if (r != RES_OK)
			settle(l, r);
		else if (s == NULL)
			settle(l, RES_GONE);
		else if (!send_row(g, l, s, g->next))
			settle(l, RES_COUNT);
	}
}

/* --- a renewal --------------------------------------------------------------------------------------- */

static void
drop_next(struct grants *g)
{
	round_stop(g->round);
	classes_free(&g->next);
	g->held = false;
}

static void
fail(struct grants *g, const char *what, enum result r)
{
	failure_note(FAIL_GRANTS);
	log_at(g->retry_ms == 0 ? LOG_ERR : LOG_DEBUG, "grants: %s: %s; those before stay in force", what,
	    r < RES_COUNT ? result_text(r) : "no answer");
	drop_next(g);
	serve_logins(g, r == RES_OK ? RES_COUNT : r);
	g->retry_ms = g->retry_ms == 0 ? RETRY_MIN_MS : g->retry_ms * 2;
	if (g->retry_ms > RETRY_MAX_MS)
		g->retry_ms = RETRY_MAX_MS;
	g->retry = mtime_after(mtime_now(), g->retry_ms);
}

static void
on_finished(struct classes *c, enum result r, void *arg)
{
	struct grants *g = arg;

	if (r != RES_OK) {
		fail(g, "the monitor does not take them", r);
		return;
	}
	classes_free(&g->now);
	g->now = c;
	g->next = NULL;
	g->retry_ms = 0;
	g->review = false;
	log_debug("grants: generation %u is in force", classes_generation(c));
	arm(g);
}

static uint32_t
ending_flags(const struct grants *g)
{
	return (pol_ungranted_deny(g->parts.policy(g->parts.arg)) ? REQF_UNGRANTED_DENY : 0u) |
	    (g->review ? REQF_REVIEW : 0u);
}

/* The rows are in: of a renewal, or of a walk with the classes in force. */
static void
on_rows(bool ok, void *arg)
{
	struct grants *g = arg;

	if (!ok)
		fail(g, "not every session could be given its own", RES_COUNT);
	else if (g->next != NULL && !classes_finish(g->next, ending_flags(g), on_finished))
		fail(g, "the monitor cannot be asked", RES_COUNT);
	arm(g);
}

static void
begin_rows(struct grants *g, const struct classes *c, struct rtime since, struct rtime now)
{
	const struct round_by by = round_by(g, c);

	g->again = false;
	g->computed = now;
	if (!round_walk(g->round, &by, since, now))
		fail(g, "the sessions cannot be listed", RES_COUNT);
}

static void
begin_held(struct grants *g)
{
	if (!g->held || !g->parts.whole(g->parts.arg))
		return;
	g->held = false;
	begin_rows(g, g->next, RTIME_NONE, rtime_now());
}

static void
on_classes(struct classes *c, enum result r, void *arg)
{
	struct grants *g = arg;

	if (r != RES_OK) {
		fail(g, "the classes of the policy could not be installed", r);
		return;
	}
	g->stats.blurred = pol_space_blurred(classes_space(c));
	serve_logins(g, RES_OK);
	g->held = true;
	begin_held(g);
}

static void
begin_renewal(struct grants *g)
{
	int rc = own_read(&g->own, pipeline_host(g->parts.pipeline));

	if (rc != 0)
		log_warn("the addresses of this host cannot be read: %s", strerror(-rc));
	drop_next(g);
	g->renew = g->again = false;
	g->retry = (struct mtime){0};
	g->next = classes_new(g->parts.link, g->parts.policy(g->parts.arg), &g->own, on_classes, g);
	if (g->next == NULL)
		fail(g, "the monitor cannot be asked", RES_COUNT);
}

/* --- when ---------------------------------------------------------------------------------------------- */

/* Not from within what may be the cause: begins what is wanted. */
static void
on_kick(evutil_socket_t fd, short what, void *arg)
{
	struct grants *g = arg;

	(void)fd;
	(void)what;
	begin_held(g);
	if (g->renew)
		begin_renewal(g);
	else if (g->again && g->next == NULL && g->now != NULL && !round_walking(g->round))
		begin_rows(g, g->now, RTIME_NONE, rtime_now());
}

void
grants_renew(struct grants *g)
{
	/* What they were computed from is gone; in the kernel they stay in force. */
	drop_next(g);
	classes_free(&g->now);
	g->renew = true;
	arm(g);
}

void
grants_policy(struct grants *g)
{
	g->review = true;
	grants_renew(g);
}

void
grants_again(struct grants *g)
{
	g->again = true;
	arm(g);
}

static void
check_own(struct grants *g, struct mtime now)
{
	struct own own;

	if (mtime_ms_since(now, g->own_read) < OWN_EVERY_MS)
		return;
	g->own_read = now;
	if (own_read(&own, pipeline_host(g->parts.pipeline)) != 0 || own_eq(&own, &g->own))
		return;
	log_info("the addresses of this host have changed");
	g->own = own;
	g->renew = true;
	arm(g);
}

static void
check_time(struct grants *g, struct rtime now)
{
	if (now.ms / MINUTE_MS == g->computed.ms / MINUTE_MS || g->now == NULL || g->next != NULL ||
	    round_walking(g->round) || !pol_has_time(g->parts.policy(g->parts.arg)))
		return;
	begin_rows(g, g->now, g->computed, now);
}

void
grants_tick(struct grants *g, struct rtime now)
{
	const struct mtime when = mtime_now();

	check_own(g, when);
	check_time(g, now);
	begin_held(g);
	if (g->retry.ns != 0 && when.ns >= g->retry.ns) {
		g->retry = (struct mtime){0};
		g->renew = true;
		arm(g);
	}
}

bool
grants_own(const struct grants *g, struct addr a)
{
	return own_has(&g->own, a);
}

struct grants_stats
grants_stats(const struct grants *g)
{
	const struct round_stats *r = round_stats(g->round);
	struct grants_stats s = g->stats;

	s.installed += r->installed;
	s.failed += r->failed;
	s.generation = g->now != NULL ? classes_generation(g->now) : 0;
	s.renewing = g->renew || g->again || g->next != NULL || round_walking(g->round);
	return s;
}

struct grants *
grants_new(const struct grants_parts *parts)
{
	struct grants *g = calloc(1, sizeof(*g));
	const struct round_parts round = {.base = parts->base, .link = parts->link, .pipeline = parts->pipeline,
	    .options = parts->options, .over = on_rows, .arg = g};

	if (g == NULL)
		return NULL;
	g->parts = *parts;
	TAILQ_INIT(&g->logins);
	g->round = round_new(&round);
	g->kick = evtimer_new(parts->base, on_kick, g);
	if (g->round == NULL || g->kick == NULL)
		grants_free(&g);
	else
		event_priority_set(g->kick, 1);
	return g;
}

void
grants_free(struct grants **gp)
{
	struct grants *g = *gp;
	struct login *l;

	if (g == NULL)
		return;
	*gp = NULL;
	if (g->round != NULL)
		round_free(&g->round);
	classes_free(&g->next);
	classes_free(&g->now);
	if (g->kick != NULL)
		event_free(g->kick);
	while ((l = TAILQ_FIRST(&g->logins)) != NULL) {
		TAILQ_REMOVE(&g->logins, l, link);
		free(l);
	}
	free(g);
}

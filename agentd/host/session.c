/*
 * session: the sessions of the host: the tree of them, its caps, their states, and when they are
 * let go.  records.c and report.c fill them.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

/*
 * Without anybody to ask whether tasks live on, a closed session is kept this long after its last
 * event.
 */
#define CLOSED_KEEP_MS   (24 * 3600 * 1000LL)
#define CLOSED_LINGER_MS (60 * 1000LL) /* and its processes this long */
#define OVER_KEEP_MS     5000
#define SWEEP_MAX        64 /* looked at in one go; the next goes on */

static int
ses_order(struct session_node *a, struct session_node *b)
{
	return a->s.ses < b->s.ses ? -1 : a->s.ses > b->s.ses;
}

#define UNUSED_STATIC __attribute__((unused)) static /* libbsd's own word for it is not on Linux */
RB_GENERATE_INTERNAL(session_tree, session_node, by_ses, ses_order, UNUSED_STATIC)

/* --- the tree and its caps -------------------------------------------------------------------- */

struct session_node *
session_find(const struct host *h, uint32_t ses)
{
	struct session_node *n = h->tree.rbh_root;

	while (n != NULL && n->s.ses != ses)
		n = ses < n->s.ses ? RB_LEFT(n, by_ses) : RB_RIGHT(n, by_ses);
	return n;
}

static void
list_join(struct host *h, struct session_node *n, enum session_rank rank)
{
	n->rank = rank;
	TAILQ_INSERT_TAIL(&h->sessions[rank], n, in_host);
	TAILQ_INSERT_TAIL(&n->account->sessions[rank], n, in_account);
}

static void
list_leave(struct host *h, struct session_node *n)
{
	TAILQ_REMOVE(&h->sessions[n->rank], n, in_host);
	TAILQ_REMOVE(&n->account->sessions[n->rank], n, in_account);
}

void
session_free_strings(struct session *s)
{
	for (size_t i = 0; s->group_names != NULL && i < s->ngroups; i++)
		free(s->group_names[i]);
	free(s->group_names);
	free(s->groups);
	free(s->principals);
	free(s->cert_id);
}

static void
drop_processes(struct host *h, struct session_node *n)
{
	struct process_node *p;

	while ((p = TAILQ_FIRST(&n->processes)) != NULL)
		process_drop(h, p);
}

static void
drop_belongings(struct host *h, struct session_node *n)
{
	struct usock_node *u;

	drop_processes(h, n);
	while ((u = TAILQ_FIRST(&n->usocks)) != NULL)
		usock_drop(h, u);
}

void
session_drop(struct host *h, struct session_node *n)
{
	drop_belongings(h, n);
	RB_REMOVE(session_tree, &h->tree, n);
	list_leave(h, n);
	n->account->nsession--;
	account_release(h, n->account);
	h->nsession--;
	h->stats.sessions = h->nsession;
	session_free_strings(&n->s);
	free(n->sshd);
	free(n);
}

/* The one that makes room; NULL: all are reported and open. */
static struct session_node *
victim_of(struct session_list lists[RANK_MAX])
{
	struct session_node *n = NULL;

	for (int rank = RANK_REMEMBERED; n == NULL && rank > RANK_REPORTED; rank--)
		n = TAILQ_FIRST(&lists[rank]);
	return n;
}

/*
 * Makes room below both caps; a user's own does not count for reported sessions that are open: each
 * is a login that sshd bounds.  The account is held meanwhile, or it could go with its last session.
 */
static bool
session_room(struct host *h, struct account *a)
{
	struct session_node *victim = NULL;
	bool full = h->nsession >= ST_SESSIONS;

	if (a->nsession >= ST_SESSIONS_USER)
		victim = victim_of(a->sessions);
	if (victim == NULL && full)
		victim = victim_of(h->sessions);
	h->stats.sessions_dropped += victim != NULL ? victim->rank != RANK_REMEMBERED : full;
	if (victim == NULL)
		return !full;
	a->nsession++;
	session_drop(h, victim);
	a->nsession--;
	return true;
}

struct session_node *
session_add(struct host *h, uint32_t ses, uint32_t auid)
{
	struct account *a = account_get(h, auid);
	struct session_node *n = NULL;

	if (a != NULL && session_room(h, a))
		n = calloc(1, sizeof(*n));
	if (n == NULL) {
		if (a != NULL)
			account_release(h, a);
		return NULL;
	}
	n->s.ses = ses;
	n->s.from = SES_UNSET;
	n->s.auid = n->s.uid = auid;
	n->s.opened = n->s.last = h->now;
	n->account = a;
	TAILQ_INIT(&n->processes);
	TAILQ_INIT(&n->usocks);
	RB_INSERT(session_tree, &h->tree, n);
	list_join(h, n, RANK_OPEN);
	a->nsession++;
	h->nsession++;
	h->stats.sessions = h->nsession;
	return n;
}

struct session_node *
session_ensure(struct host *h, uint32_t ses, uint32_t auid)
{
	struct session_node *n;

	if (ses == SES_UNSET)
		return NULL;
	n = session_find(h, ses);
	return n != NULL ? n : session_add(h, ses, auid);
}

static void
move(struct host *h, struct session_node *n, enum session_rank rank)
{
	list_leave(h, n);
	list_join(h, n, rank);
}

void
session_state_set(struct host *h, struct session_node *n, enum session_state state)
{
	static const enum session_rank ranks[] = {
		[SESSION_OPEN] = RANK_OPEN,
		[SESSION_CLOSED] = RANK_CLOSED,
		[SESSION_OVER] = RANK_OVER,
	};
	bool reported = state == SESSION_OPEN && n->s.source == SESSION_REPORT;

	n->s.state = state;
	move(h, n, reported ? RANK_REPORTED : ranks[state]);
}

void
session_revive(struct host *h, struct session_node *n)
{
	if (n->s.state != SESSION_OVER)
		return;
	if (n->was_open)
		n->s.closed = RTIME_NONE;
	session_state_set(h, n, n->was_open ? SESSION_OPEN : SESSION_CLOSED);
}

/* Records of its last moments come late; one of later than its end says that it was none. */
void
session_touch(struct host *h, struct session_node *n, struct rtime t)
{
	n->s.events++;
	if (rtime_since(t, n->s.last) > 0)
		n->s.last = t;
	if (rtime_since(t, n->over) > 0)
		session_revive(h, n);
	move(h, n, n->rank);
}

/*
 * root's sshd does not fork a user child: the monitor does the work itself (sshd.c,
 * privsep_postauth), but only when PAM is done: before that, what connects is a PAM module.
 */
void
session_root_child(struct session *s)
{
	if (s->ssh && s->uid == 0 && s->child_pid == 0)
		s->child_pid = s->monitor_pid;
}

bool
session_is_open(const struct session *s, struct rtime when)
{
	return s->state == SESSION_OPEN || rtime_since(when, s->closed) <= 0;
}

void
host_closed(struct host *h, uint32_t ses, struct rtime now)
{
	struct session_node *n = session_find(h, ses);

	if (n == NULL || n->s.state != SESSION_OPEN)
		return;
	session_state_set(h, n, SESSION_CLOSED);
	n->s.closed = now;
	usock_drop_forwarded(h, n);
}

void
host_over(struct host *h, uint32_t ses, struct rtime now)
{
	struct session_node *n = session_find(h, ses);

	if (n == NULL || n->s.state == SESSION_OVER)
		return;
	n->was_open = n->s.state == SESSION_OPEN;
	n->over = now;
	host_closed(h, ses, now);
	session_state_set(h, n, SESSION_OVER);
}

/* Nobody watches a session that was over once. */
void
session_over_again(struct host *h, struct session_node *n)
{
	if (n->over.ms != 0 && n->s.nproc == 0)
		host_over(h, n->s.ses, h->now);
}

/* --- sweeping --------------------------------------------------------------------------------- */

/*
 * Records of its last moments may still come, and findings be held: both need to know whose they
 * are.
 */
static void
let_go_of_over(struct host *h, struct rtime now)
{
	struct session_list *over = &h->sessions[RANK_OVER];
	struct session_node *n;

	while ((n = TAILQ_FIRST(over)) != NULL && rtime_since(now, n->over) > OVER_KEEP_MS) {
		drop_belongings(h, n);
		move(h, n, RANK_REMEMBERED);
	}
}

/*
 * Without a probe nobody says that a session is over: closed ones that are quiet lose their
 * processes first, and go after a day.  A session that is quiet but not gone moves to the end of
 * the list.
 */
static void
drop_quiet(struct host *h, struct rtime now)
{
	struct session_list *closed = &h->sessions[RANK_CLOSED];
	struct session_node *n;

	for (int looked = 0; looked < SWEEP_MAX; looked++) {
		n = TAILQ_FIRST(closed);
		if (n == NULL || rtime_since(now, n->s.last) < CLOSED_LINGER_MS)
			return;
		drop_processes(h, n);
		if (rtime_since(now, n->s.last) > CLOSED_KEEP_MS) {
			session_drop(h, n);
			continue;
		}
		move(h, n, RANK_CLOSED);
	}
}

void
session_sweep(struct host *h, struct rtime now)
{
	let_go_of_over(h, now);
	if (h->probe.task == NULL)
		drop_quiet(h, now);
}

/* --- for others ------------------------------------------------------------------------------- */

struct session *
host_session(const struct host *h, uint32_t ses)
{
	struct session_node *n = session_find(h, ses);

	return n != NULL ? &n->s : NULL;
}

/* Who escapes again and again only makes the chain longer. */
struct session *
host_whose(const struct host *h, uint32_t ses)
{
	struct session_node *n = session_find(h, ses), *before;

	for (int i = 0; n != NULL && n->s.from != SES_UNSET && i < ST_ESCAPES; i++) {
		before = session_find(h, n->s.from);
		if (before == NULL)
			break;
		n = before;
	}
	return n != NULL ? &n->s : NULL;
}

void
host_each_session(const struct host *h, bool (*fn)(struct session *, void *), void *arg)
{
	struct session_node *n = RB_ROOT(&h->tree), *next;

	while (n != NULL && RB_LEFT(n, by_ses) != NULL)
		n = RB_LEFT(n, by_ses);
	for (; n != NULL; n = next) {
		next = RB_NEXT(session_tree, NULL, n);
		if (!fn(&n->s, arg))
			return;
	}
}

void
host_each_open(const struct host *h, uint32_t auid, bool (*fn)(struct session *, void *), void *arg)
{
	const struct account *a = account_find(h, auid);
	struct session_node *n, *next;

	for (int rank = RANK_REPORTED; a != NULL && rank <= RANK_OPEN; rank++) {
		for (n = TAILQ_FIRST(&a->sessions[rank]); n != NULL; n = next) {
			next = TAILQ_NEXT(n, in_account);
			if (!fn(&n->s, arg))
				return;
		}
	}
}

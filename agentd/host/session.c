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
#define SWEEP_MAX        64

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

static struct session_list *
list_of(struct host *h, const struct session_node *n)
{
	return &h->sessions[n->s.state];
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

void
session_drop(struct host *h, struct session_node *n)
{
	struct process_node *p;
	struct usock_node *u;

	while ((p = TAILQ_FIRST(&n->processes)) != NULL)
		process_drop(h, p);
	while ((u = TAILQ_FIRST(&n->usocks)) != NULL)
		usock_drop(h, u);
	RB_REMOVE(session_tree, &h->tree, n);
	TAILQ_REMOVE(list_of(h, n), n, in_host);
	TAILQ_REMOVE(&n->account->sessions, n, in_account);
	n->account->nsession--;
	account_release(h, n->account);
	h->nsession--;
	h->stats.sessions = h->nsession;
	session_free_strings(&n->s);
	free(n->sshd);
	free(n);
}

/*
 * Of one user the one to let go of: closed before open, told by records before reported, then the
 * oldest.
 */
static struct session_node *
account_victim(const struct account *a)
{
	struct session_node *n, *guess = NULL;
	int looked = 0;

	TAILQ_FOREACH(n, &a->sessions, in_account) {
		if (n->s.state != SESSION_OPEN)
			return n;
		if (guess == NULL && n->s.source != SESSION_REPORT)
			guess = n;
		if (++looked == SWEEP_MAX)
			break;
	}
	return guess;
}

static struct session_node *
host_victim(const struct host *h)
{
	struct session_node *n = TAILQ_FIRST(&h->sessions[SESSION_OVER]);
	int looked = 0;

	if (n == NULL)
		n = TAILQ_FIRST(&h->sessions[SESSION_CLOSED]);
	if (n != NULL)
		return n;
	TAILQ_FOREACH(n, &h->sessions[SESSION_OPEN], in_host) {
		if (n->s.source != SESSION_REPORT || ++looked == SWEEP_MAX)
			break;
	}
	return n != NULL && n->s.source != SESSION_REPORT ? n : NULL;
}

/*
 * Makes room below both caps.  The account is held meanwhile, or it could go with its last session.
 */
static bool
session_room(struct host *h, struct account *a)
{
	struct session_node *victim = NULL;

	if (a->nsession >= ST_SESSIONS_USER)
		victim = account_victim(a);
	else if (h->nsession >= ST_SESSIONS)
		victim = host_victim(h);
	else
		return true;
	h->stats.sessions_dropped++;
	if (victim == NULL)
		return false;
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
	n->s.auid = n->s.uid = auid;
	n->s.opened = n->s.last = h->now;
	n->account = a;
	TAILQ_INIT(&n->processes);
	TAILQ_INIT(&n->usocks);
	RB_INSERT(session_tree, &h->tree, n);
	TAILQ_INSERT_TAIL(&h->sessions[SESSION_OPEN], n, in_host);
	TAILQ_INSERT_TAIL(&a->sessions, n, in_account);
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

void
session_touch(struct host *h, struct session_node *n, struct rtime t)
{
	n->s.events++;
	if (rtime_since(t, n->s.last) > 0)
		n->s.last = t;
	TAILQ_REMOVE(list_of(h, n), n, in_host);
	TAILQ_INSERT_TAIL(list_of(h, n), n, in_host);
	TAILQ_REMOVE(&n->account->sessions, n, in_account);
	TAILQ_INSERT_TAIL(&n->account->sessions, n, in_account);
}

void
session_state_set(struct host *h, struct session_node *n, enum session_state state)
{
	TAILQ_REMOVE(list_of(h, n), n, in_host);
	n->s.state = state;
	TAILQ_INSERT_TAIL(list_of(h, n), n, in_host);
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

	if (n == NULL)
		return;
	host_closed(h, ses, now);
	if (n->s.state == SESSION_OVER)
		return;
	session_state_set(h, n, SESSION_OVER);
	n->over = now;
}

/* --- sweeping --------------------------------------------------------------------------------- */

/*
 * Records of its last moments may still come, and findings be held: both need to know whose they
 * are.
 */
static void
drop_over(struct host *h, struct rtime now)
{
	struct session_list *over = &h->sessions[SESSION_OVER];
	struct session_node *n;

	while ((n = TAILQ_FIRST(over)) != NULL && rtime_since(now, n->over) > OVER_KEEP_MS)
		session_drop(h, n);
}

static void
drop_processes(struct host *h, struct session_node *n)
{
	struct process_node *p;

	while ((p = TAILQ_FIRST(&n->processes)) != NULL)
		process_drop(h, p);
}

/*
 * Without a probe nobody says that a session is over: closed ones that are quiet lose their
 * processes first, and go after a day.  A session that is quiet but not gone moves to the end of
 * the list.
 */
static void
drop_quiet(struct host *h, struct rtime now)
{
	struct session_list *closed = &h->sessions[SESSION_CLOSED];
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
		TAILQ_REMOVE(closed, n, in_host);
		TAILQ_INSERT_TAIL(closed, n, in_host);
	}
}

void
session_sweep(struct host *h, struct rtime now)
{
	drop_over(h, now);
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

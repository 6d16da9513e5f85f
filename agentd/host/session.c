/*
 * session: the sessions of the host, from PAM reports, from records alone, and as they were found
 * in /proc.  What a report said is never changed by a record.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

/*
 * Without anybody to ask whether tasks live on, a closed session is kept this long after its last
 * event.
 */
#define CLOSED_KEEP_MS   (24 * 3600 * 1000LL)
#define CLOSED_LINGER_MS (60 * 1000LL) /* and its processes this long */
#define OPENING_MS       5000 /* PAM is done by then, should its record be lost */
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
	return n->s.state == SESSION_OPEN ? &h->sessions : &h->closed;
}

static void
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
	if (n->s.state == SESSION_OVER)
		h->nover--;
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
	struct session_node *n = TAILQ_FIRST(&h->closed);
	int looked = 0;

	if (n != NULL)
		return n;
	TAILQ_FOREACH(n, &h->sessions, in_host) {
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

static struct session_node *
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
	TAILQ_INSERT_TAIL(&h->sessions, n, in_host);
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

static void
session_state_set(struct host *h, struct session_node *n, enum session_state state)
{
	TAILQ_REMOVE(list_of(h, n), n, in_host);
	if (n->s.state == SESSION_OVER)
		h->nover--;
	n->s.state = state;
	if (n->s.state == SESSION_OVER)
		h->nover++;
	TAILQ_INSERT_TAIL(list_of(h, n), n, in_host);
}

/* --- from records ----------------------------------------------------------------------------- */

static bool
is_sshd_name(struct bytes exe)
{
	struct bytes name = bytes_basename(exe);

	return bytes_starts(name, BYTES_LIT("sshd")) || bytes_starts(name, BYTES_LIT("dropbear"));
}

static void
set_sshd(struct session_node *n, struct bytes exe)
{
	if (n->sshd == NULL && exe.n > 0)
		n->sshd = strndup(exe.p, exe.n);
}

/*
 * root's sshd does not fork a user child: the monitor does the work itself (sshd.c,
 * privsep_postauth), but only when PAM is done: before that, what connects is a PAM module.
 */
static void
set_root_child(struct session *s)
{
	if (s->ssh && s->uid == 0 && s->child_pid == 0)
		s->child_pid = s->monitor_pid;
}

/* LOGIN: pam_loginuid gave a task a session.  Another pid under a known ses is another boot. */
static void
apply_loginuid(struct host *h, const struct fact *f)
{
	struct session_node *n;

	if (!f->result || f->ses == SES_UNSET)
		return;
	n = session_find(h, f->ses);
	if (n != NULL && n->s.source == SESSION_RECORDS && n->s.monitor_pid != 0 &&
	    n->s.monitor_pid != f->pid) {
		session_drop(h, n);
		n = NULL;
	}
	if (n == NULL)
		n = session_add(h, f->ses, f->auid);
	if (n == NULL)
		return;
	session_touch(h, n, f->time);
	if (n->s.source == SESSION_REPORT && n->s.monitor_pid != f->pid)
		return;
	set_sshd(n, f->exe);
	if (n->s.source != SESSION_RECORDS)
		return;
	n->s.monitor_pid = f->pid;
	n->s.ssh = is_sshd_name(f->exe);
	(void)bytes_copy(bytes_basename(f->exe), n->s.service, sizeof(n->s.service));
}

/* A user record that speaks for the session, and not one of a sudo inside it. */
static bool
speaks_for(const struct session_node *n, const struct fact *f)
{
	if (n->s.monitor_pid != 0)
		return n->s.monitor_pid == f->pid;
	return is_sshd_name(f->user_exe);
}

static void
learn_peer(struct session *s, const struct fact *f)
{
	struct addr a;

	if (s->peer.addr.family == 0 && addr_parse(f->addr, &a))
		s->peer.addr = a;
}

static void
apply_user_start(struct host *h, const struct fact *f)
{
	struct session_node *n = session_ensure(h, f->ses, f->auid);
	struct bytes service;

	if (n == NULL || !speaks_for(n, f))
		return;
	session_touch(h, n, f->time);
	if (!f->result) {
		if (n->s.source == SESSION_RECORDS)
			session_state_set(h, n, SESSION_CLOSED);
		return;
	}
	set_sshd(n, f->user_exe);
	learn_peer(&n->s, f);
	set_root_child(&n->s);
	if (n->s.source != SESSION_RECORDS)
		return;
	n->s.monitor_pid = f->pid;
	n->s.ssh = is_sshd_name(f->user_exe) || bytes_is(f->terminal, "ssh");
	service = n->s.ssh ? BYTES_LIT("sshd") : bytes_basename(f->user_exe);
	(void)bytes_copy(f->acct, n->s.user, sizeof(n->s.user));
	(void)bytes_copy(f->terminal, n->s.tty, sizeof(n->s.tty));
	(void)bytes_copy(service, n->s.service, sizeof(n->s.service));
	set_root_child(&n->s);
}

static void
apply_user_end(struct host *h, const struct fact *f)
{
	struct session_node *n = session_find(h, f->ses);

	if (n == NULL || !speaks_for(n, f))
		return;
	session_touch(h, n, f->time);
	host_closed(h, f->ses, f->time);
}

static void
apply_user_login(struct host *h, const struct fact *f)
{
	struct session_node *n = session_find(h, f->ses);

	if (n == NULL || !speaks_for(n, f) || !f->result)
		return;
	learn_peer(&n->s, f);
	if (n->s.user[0] == '\0')
		(void)bytes_copy(f->acct, n->s.user, sizeof(n->s.user));
}

/* The user child sets the credentials a second time, as root still (auth-pam.c, do_pam_setcred). */
static void
apply_user_auth(struct host *h, const struct fact *f)
{
	struct session_node *n = session_find(h, f->ses);

	if (n == NULL || !n->s.ssh || n->s.child_pid != 0 || n->s.monitor_pid == 0 ||
	    f->pid == n->s.monitor_pid || !bytes_is(f->op, "PAM:setcred"))
		return;
	if (n->sshd != NULL ? bytes_is(f->user_exe, n->sshd) : is_sshd_name(f->user_exe))
		n->s.child_pid = f->pid;
}

/*
 * The user child forwards as the user, has the monitor for parent and runs the monitor's program
 * without ever having executed it.
 */
static void
learn_child(struct host *h, struct session_node *n, const struct fact *f)
{
	const struct process_node *p;

	if (n->s.child_pid != 0 || n->s.monitor_pid == 0 || f->kind == FACT_EXEC || !n->s.ssh)
		return;
	if (n->s.uid == 0 && rtime_since(f->time, n->s.opened) > OPENING_MS)
		set_root_child(&n->s);
	if (f->ppid != n->s.monitor_pid || f->uid != n->s.uid || n->s.uid == 0)
		return;
	if (n->sshd != NULL ? !bytes_is(f->exe, n->sshd) : !is_sshd_name(f->exe))
		return;
	p = process_find(h, f->pid);
	if (p == NULL || p->p.ses != f->ses || p->p.exec_time.ms == 0)
		n->s.child_pid = f->pid;
}

static void
apply_task(struct host *h, const struct fact *f)
{
	struct session_node *n;

	if (!f->has_task)
		return;
	n = session_ensure(h, f->ses, f->auid);
	if (n == NULL)
		return;
	session_touch(h, n, f->time);
	learn_child(h, n, f);
}

static void (*const apply_kind[])(struct host *, const struct fact *) = {
	[FACT_OTHER] = apply_task,
	[FACT_EXEC] = apply_task,
	[FACT_CONNECT] = apply_task,
	[FACT_BIND] = apply_task,
	[FACT_LISTEN] = apply_task,
	[FACT_PTRACE] = apply_task,
	[FACT_LOGINUID] = apply_loginuid,
	[FACT_USER_START] = apply_user_start,
	[FACT_USER_END] = apply_user_end,
	[FACT_USER_LOGIN] = apply_user_login,
	[FACT_USER_AUTH] = apply_user_auth,
};

void
session_apply(struct host *h, const struct fact *f)
{
	if ((size_t)f->kind < sizeof(apply_kind) / sizeof(apply_kind[0]) &&
	    apply_kind[f->kind] != NULL)
		apply_kind[f->kind](h, f);
}

/* --- from reports ----------------------------------------------------------------------------- */

static struct endpoint
endpoint_of(const struct report_addr *a)
{
	struct endpoint e = {.port = a->port};

	e.addr.family = a->family;
	memcpy(e.addr.b, a->b, sizeof(e.addr.b));
	return e;
}

/* A list of terminated strings, an empty one last. */
static char *
principals_dup(const char *list)
{
	const char *p = list;
	char *copy;

	while (*p != '\0')
		p += strlen(p) + 1;
	if (p == list)
		return NULL;
	copy = malloc((size_t)(p - list) + 1);
	if (copy != NULL)
		memcpy(copy, list, (size_t)(p - list) + 1);
	return copy;
}

static void
take_key(struct session *s, const struct report *r)
{
	s->key_known = (r->flags & REPORT_KEY_KNOWN) != 0;
	memcpy(s->key_type, r->key_type, sizeof(s->key_type));
	memcpy(s->key_fp, r->key_fp, sizeof(s->key_fp));
	s->cert = (r->flags & REPORT_CERT) != 0;
	if (!s->cert)
		return;
	memcpy(s->ca_fp, r->ca_fp, sizeof(s->ca_fp));
	s->cert_id = strdup(r->cert_id);
	s->cert_serial = r->cert_serial;
	s->principals = principals_dup(r->principals);
}

static void
take_groups(struct session *s, const struct report *r)
{
	if (r->ngroups == 0)
		return;
	s->groups = calloc(r->ngroups, sizeof(*s->groups));
	s->group_names = calloc(r->ngroups, sizeof(*s->group_names));
	if (s->groups == NULL || s->group_names == NULL)
		return;
	memcpy(s->groups, r->groups, r->ngroups * sizeof(*s->groups));
	s->ngroups = r->ngroups;
}

static void
take_report(struct session *s, const struct report *r, struct rtime now)
{
	session_free_strings(s);
	s->group_names = NULL;
	s->groups = NULL;
	s->principals = s->cert_id = NULL;
	s->ngroups = 0;
	s->source = SESSION_REPORT;
	s->ssh = true;
	s->auid = r->auid;
	s->uid = r->uid;
	s->peer = endpoint_of(&r->peer);
	s->local = endpoint_of(&r->local);
	s->monitor_pid = r->pid;
	s->start_ticks = r->start_ticks;
	s->opened = s->last = now;
	memcpy(s->user, r->user, sizeof(s->user));
	memcpy(s->service, r->service, sizeof(s->service));
	memcpy(s->tty, r->tty, sizeof(s->tty));
	memcpy(s->method, r->method, sizeof(s->method));
	take_key(s, r);
	take_groups(s, r);
}

/* The session's sshd, as a process that others can have for a parent. */
static void
note_monitor(struct host *h, const struct session *s, struct rtime now)
{
	struct process p = {
		.pid = s->monitor_pid,
		.ses = s->ses,
		.auid = s->auid,
		.seen = now,
		.is_sshd = true,
		.comm = "sshd",
	};

	if (s->monitor_pid != 0)
		(void)process_note(h, &p);
}

struct session *
host_open(struct host *h, const struct report *r, struct rtime now)
{
	struct session_node *n = session_find(h, r->ses);

	if (r->ses == SES_UNSET)
		return NULL;
	if (n != NULL && n->s.source == SESSION_REPORT && n->s.monitor_pid != r->pid) {
		session_drop(h, n);
		n = NULL;
	}
	if (n == NULL)
		n = session_add(h, r->ses, r->auid);
	if (n == NULL)
		return NULL;
	session_state_set(h, n, SESSION_OPEN);
	take_report(&n->s, r, now);
	note_monitor(h, &n->s, now);
	return &n->s;
}

struct session *
host_found(struct host *h, uint32_t ses, uint32_t auid, uint32_t monitor_pid,
    uint64_t start_ticks, struct endpoint peer, struct endpoint local, struct rtime now)
{
	struct session_node *n = session_ensure(h, ses, auid);

	if (n == NULL)
		return NULL;
	if (n->s.source == SESSION_REPORT)
		return &n->s;
	n->s.source = SESSION_PROC;
	n->s.ssh = monitor_pid != 0;
	n->s.monitor_pid = monitor_pid;
	n->s.start_ticks = start_ticks;
	n->s.peer = peer;
	n->s.local = local;
	n->s.last = now;
	set_root_child(&n->s);
	note_monitor(h, &n->s, now);
	return &n->s;
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
	session_state_set(h, n, SESSION_OVER);
}

/* --- sweeping --------------------------------------------------------------------------------- */

static void
drop_over(struct host *h)
{
	struct session_node *n, *next;

	for (n = TAILQ_FIRST(&h->closed); n != NULL && h->nover > 0; n = next) {
		next = TAILQ_NEXT(n, in_host);
		if (n->s.state == SESSION_OVER)
			session_drop(h, n);
	}
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
	struct session_node *n;

	for (int looked = 0; looked < SWEEP_MAX; looked++) {
		n = TAILQ_FIRST(&h->closed);
		if (n == NULL || rtime_since(now, n->s.last) < CLOSED_LINGER_MS)
			return;
		drop_processes(h, n);
		if (rtime_since(now, n->s.last) > CLOSED_KEEP_MS) {
			session_drop(h, n);
			continue;
		}
		TAILQ_REMOVE(&h->closed, n, in_host);
		TAILQ_INSERT_TAIL(&h->closed, n, in_host);
	}
}

void
session_sweep(struct host *h, struct rtime now)
{
	drop_over(h);
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

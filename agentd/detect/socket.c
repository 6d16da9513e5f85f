/*
 * socket: a process connects to a Unix socket that somebody owns.  Finds out what socket and whose
 * it is: by inode where it is known, else, live, by asking and holding the finding for at most a
 * second, else by its name and its file's owner.  Pure.
 */
#include "agentd/detect/socket.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/ripe.h"
#include "agentd/host/table.h"

#define OWNER_WAIT_MS 1000

struct wait {
	struct ripe ripe;
	TAILQ_ENTRY(wait) in_order;
	enum usock_kind kind; /* by name and program, until somebody tells */
	bool by_sshd;
	struct evidence e;
};
TAILQ_HEAD(wait_list, wait);

struct sockets {
	struct ripe_queue queue;
	struct wait_list waits;
	size_t n;
	struct quota quota;
	uint64_t lessons;
};

/* --- what the judges share -------------------------------------------------------------------- */

/* "/home/alice/.ssh/agent/s.x": the word before "/.ssh/". */
static bool
is_in_home_of(const struct evidence *e, const char *user)
{
	struct bytes path = {.p = e->path, .n = e->path_len};
	const char *dot = e->path_len > 0 ? memmem(e->path, e->path_len, "/.ssh/", 6) : NULL;

	if (dot == NULL)
		return false;
	path.n = (size_t)(dot - e->path);
	return bytes_is(bytes_basename(path), user);
}

bool
socket_is_own(const struct detect *d, const struct evidence *e)
{
	const struct session *s = detect_session(d, e->ses);

	if (e->un.has_inode)
		return e->un.ouid == (s->ses != SES_UNSET ? s->uid : e->uid);
	return s->user[0] != '\0' && is_in_home_of(e, s->user);
}

bool
socket_was_offered(const struct socket_use *use)
{
	const struct evidence *e = use->e;
	uint32_t owner = use->usock != NULL ? use->usock->owner_uid : e->un.ouid;

	if (e->exit != 0 || e->euid == 0 || e->euid == owner || owner == 0)
		return false;
	return use->usock != NULL ? !use->usock->forwarded : e->un.has_inode;
}

static uint64_t
lent_key(uint32_t windows, uint32_t attached)
{
	return hash_u64(hash_u64(ACT_SESSION_BRIDGE) ^ ((uint64_t)windows << 32 | attached));
}

void
socket_lend(struct detect *d, const struct socket_use *attach)
{
	if (attach->owner_session != NULL && (attach->owner == OWNER_SAME_LOGIN || attach->owner == OWNER_SAME_USER))
		(void)fold_pass(detect_fold(d), lent_key(attach->owner_session->ses, attach->e->ses), attach->e->time,
		    FOLD_FOREVER);
}

bool
socket_was_lent(struct detect *d, const struct socket_use *use)
{
	return use->owner == OWNER_SAME_USER && use->owner_session != NULL &&
	    fold_has(detect_fold(d), lent_key(use->e->ses, use->owner_session->ses), use->e->time, FOLD_FOREVER);
}

const char *
socket_whose(const struct socket_use *use, char out[SOCKET_WHOSE])
{
	char who[SESSION_STRLEN];

	if (use->owner == OWNER_SELF)
		(void)snprintf(out, SOCKET_WHOSE, "its own");
	else if (use->owner_session != NULL)
		(void)snprintf(out, SOCKET_WHOSE, "that of %s",
		    session_str(use->owner_session, who));
	else if (use->usock != NULL)
		(void)snprintf(out, SOCKET_WHOSE, "that of uid %u, without a session",
		    use->usock->owner_uid);
	else if (use->e->un.has_inode)
		(void)snprintf(out, SOCKET_WHOSE, "a file of uid %u", use->e->un.ouid);
	else
		(void)snprintf(out, SOCKET_WHOSE, "whose is not known");
	return out;
}

void
socket_used(struct detect *d, const struct socket_use *use, enum activity activity, enum owner owner,
    const char *what)
{
	char program[64], whose[SOCKET_WHOSE];
	struct finding f;

	finding_start(d, use->e, activity, &f);
	finding_fold(d, &f, evidence_key(use->e, activity, use->e->life), FOLD_FOREVER);
	f.owner = owner;
	f.owner_session = use->owner_session;
	finding_reason(&f, "%s %s with %s: %s", f.outcome == OUTCOME_FAILURE ? "tried to use" : "uses", what,
	    program_str(f.process, program), socket_whose(use, whose));
	finding_send(d, &f);
}

/* --- judging ---------------------------------------------------------------------------------- */

static void
other_judge(struct detect *d, const struct socket_use *use)
{
	(void)d;
	(void)use;
}

static void (*const judges[])(struct detect *, const struct socket_use *) = {
	[USOCK_OTHER] = other_judge,
	[USOCK_AGENT] = agent_judge,
	[USOCK_MUX] = mux_judge,
	[USOCK_TMUX] = bridge_judge,
	[USOCK_SCREEN] = bridge_judge,
};

static const struct usock *
known_usock(const struct detect *d, const struct evidence *e)
{
	struct fact_unix un = evidence_unix(e);

	return host_usock(detect_host(d), &un);
}

/*
 * The name has to do.  With its inode the guess is kept, for who comes by another name; without one
 * a stranger could fill the owner's share of the table with names.
 */
static const struct usock *
guess_usock(struct detect *d, const struct evidence *e, struct usock *guessed)
{
	const struct usock *u = known_usock(d, e);
	struct fact_unix un = evidence_unix(e);

	if (u != NULL)
		return u;
	if (!host_usock_guess(detect_host(d), &un, guessed))
		return NULL;
	if (un.has_inode)
		host_owner_set(detect_host(d), guessed);
	return guessed;
}

static void
judge(struct detect *d, const struct evidence *e, enum usock_kind kind, bool by_sshd,
    const struct usock *u)
{
	struct socket_use use = {.e = e, .kind = kind, .usock = u};
	const struct session *s = detect_session(d, e->ses);

	if (u != NULL) {
		/* who listens tells more than the name, when it is one of those we know */
		use.kind = u->kind != USOCK_OTHER ? u->kind : usock_kind_of(evidence_unix(e).path);
		use.owner = host_owner(detect_host(d), s, e->uid, u, &use.owner_session);
	}
	if (by_sshd && use.kind != USOCK_AGENT && use.kind != USOCK_MUX) {
		if (e->exit == 0)
			relay_unix(d, e);
		return;
	}
	judges[use.kind](d, &use);
}

/* --- waiting for an owner --------------------------------------------------------------------- */

static void
wait_drop(struct sockets *s, struct wait *w)
{
	ripe_clear(&s->queue, &w->ripe);
	TAILQ_REMOVE(&s->waits, w, in_order);
	s->n--;
	quota_give(&s->quota, w->e.auid);
	free(w);
}

static void
wait_end(struct detect *d, struct sockets *s, struct wait *w)
{
	struct usock guessed;

	judge(d, &w->e, w->kind, w->by_sshd, guess_usock(d, &w->e, &guessed));
	wait_drop(s, w);
}

/* False: no room for another; then the name has to do. */
static bool
wait_for_owner(struct sockets *s, const struct evidence *e, enum usock_kind kind, bool by_sshd)
{
	struct wait *w = NULL;

	if (s->n >= ST_HOPS || !quota_take(&s->quota, e->auid))
		return false;
	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		quota_give(&s->quota, e->auid);
		return false;
	}
	w->e = *e;
	w->kind = kind;
	w->by_sshd = by_sshd;
	TAILQ_INSERT_TAIL(&s->waits, w, in_order);
	s->n++;
	ripe_set(&s->queue, &w->ripe, (struct rtime){.ms = e->time.ms + OWNER_WAIT_MS});
	return true;
}

static void
socket_ripen(struct detect *d, void *state, struct rtime now, bool all)
{
	struct sockets *s = state;
	uint64_t lessons = host_lessons(detect_host(d));
	struct wait *w, *next;
	struct ripe *r;

	while ((r = ripe_next(&s->queue, now, all)) != NULL)
		wait_end(d, s, TABLE_ENTRY(r, struct wait, ripe));
	if (lessons == s->lessons)
		return;
	s->lessons = lessons;
	TAILQ_FOREACH_SAFE(w, &s->waits, in_order, next) {
		if (known_usock(d, &w->e) != NULL)
			wait_end(d, s, w);
	}
}

/* --- facts ------------------------------------------------------------------------------------ */

/*
 * An SSH client looks for a ControlMaster before it connects to its server (OpenSSH ssh.c, main):
 * what it opens then, and is neither a service's nor an agent, is one.  Later it may be an agent by
 * another name, or the near end of a forward.
 */
static enum usock_kind
kind_by_use(const struct detect *d, const struct fact *f, const struct evidence *e)
{
	const struct process *p = host_process(detect_host(d), f->pid);
	enum usock_kind kind = usock_kind_of(f->un.path);

	if (kind == USOCK_OTHER && p != NULL && p->program == PROGRAM_SSH && !p->is_sshd &&
	    !usock_is_service(f->un.path) && !outbound_is_connected(d, e))
		return USOCK_MUX;
	return kind;
}

/* Nobody listens there any more, or it is not there: an old SSH_AUTH_SOCK in a tmux, for one. */
static bool
leads_nowhere(int64_t exit)
{
	return exit == -ENOENT || exit == -ECONNREFUSED || exit == -ENOTDIR || exit == -ELOOP ||
	    exit == -EPROTOTYPE || exit == -EISCONN || exit == -EALREADY;
}

static void
socket_fact(struct detect *d, void *state, const struct fact *f)
{
	struct sockets *s = state;
	const struct usock *u;
	struct usock guessed;
	struct evidence e;
	enum usock_kind kind;
	bool by_sshd, can_ask;

	if (f->kind != FACT_CONNECT || f->family != AF_UNIX || leads_nowhere(f->exit) ||
	    host_usock_is_system(detect_host(d), &f->un))
		return;
	e = evidence_of(d, f);
	kind = kind_by_use(d, f, &e);
	by_sshd = relay_is_child(d, f);
	can_ask = f->un.has_inode && host_probe(detect_host(d))->want_owner != NULL;
	u = can_ask ? known_usock(d, &e) : guess_usock(d, &e, &guessed);
	if (u == NULL && can_ask && wait_for_owner(s, &e, kind, by_sshd))
		return;
	judge(d, &e, kind, by_sshd, u);
}

static void *
socket_new(void)
{
	struct sockets *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	ripe_init(&s->queue);
	TAILQ_INIT(&s->waits);
	return s;
}

static void
socket_free(void *state)
{
	struct sockets *s = state;
	struct wait *w;

	while ((w = TAILQ_FIRST(&s->waits)) != NULL)
		wait_drop(s, w);
	free(s);
}

const struct detector detector_socket = {
	.name = "socket",
	.state_new = socket_new,
	.state_free = socket_free,
	.fact = socket_fact,
	.ripen = socket_ripen,
};

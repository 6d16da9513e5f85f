/* strangers: see strangers.h.  Engine process. */
#include "agentd/engine/strangers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/tcp_diag.h"
#include "agentd/host/table.h"
#include "base/log.h"

#define EVERY_MS    5000
#define ASK_WAIT_MS 5000
#define ASKS_EACH   12 /* in a round, of each share: the monitor answers 600 a minute */
#define ASKS_USER   8  /* of them for what one user has */

/* Who opens many sockets waits for himself alone. */
enum share { LISTENERS_OTHER, LISTENERS_ROOT, CONNECTIONS_OTHER, CONNECTIONS_ROOT, SHARES };

/* A socket that listens, or a connection of one that speaks SSH. */
struct held {
	TAILQ_ENTRY(held) link;
	struct table_link by_inode; /* unless it is gone */
	struct strangers *all; /* borrowed */
	uint64_t inode;
	struct endpoint local, peer; /* peer.port 0: it listens */
	struct rtime since;
	struct served served;
	char program[16];
	uint32_t uid; /* its maker's */
	bool seen;    /* in this round */
	bool asked;   /* an answer is on its way */
	bool gone;    /* it stays until then */
	bool settled; /* nothing is left to be asked */
	bool ssh;     /* who holds it speaks SSH */
	bool guessed; /* ssh is, until there is an answer */
	bool unread;  /* it was told of as one of whom nobody is to be seen */
};
TAILQ_HEAD(helds, held);

/* Of one who is not root. */
struct user {
	unsigned n;    /* that are his */
	unsigned asks; /* of this round and list */
};

struct strangers {
	struct strangers_parts parts;
	struct event *timer;
	int netlink; /* −1: none */
	struct helds listeners, connections, gone;
	struct table inodes;
	struct user users[ST_STRANGERS_UIDS]; /* by uid; of two in one slot it is the sum */
	unsigned others;       /* that are not root's */
	unsigned asks[SHARES]; /* of this round */
};

/* --- what is there ------------------------------------------------------------------------------------ */

static struct held *
find(const struct strangers *all, uint64_t inode)
{
	struct table_link *l = table_first(&all->inodes, hash_u64(inode));

	while (l != NULL && TABLE_ENTRY(l, struct held, by_inode)->inode != inode)
		l = table_next(l);
	return l != NULL ? TABLE_ENTRY(l, struct held, by_inode) : NULL;
}

static struct user *
user_of(struct strangers *all, uint32_t uid)
{
	return &all->users[hash_u64(uid) % ST_STRANGERS_UIDS];
}

/* One user is many, who has uids of a namespace: all of them together leave room for root's. */
static bool
has_room(struct strangers *all, uint32_t uid)
{
	return all->inodes.n < ST_STRANGERS && (uid == 0 ||
	    (all->others < ST_STRANGERS - ST_STRANGERS_ROOT && user_of(all, uid)->n < ST_STRANGERS_USER));
}

static void
note(struct strangers *all, struct helds *list, const struct tcp_socket *s)
{
	struct held *h = find(all, s->inode);

	if (h == NULL && s->inode != 0) {
		h = has_room(all, s->uid) ? calloc(1, sizeof(*h)) : NULL;
		if (h == NULL) {
			failure_note(FAIL_STRANGERS);
			return;
		}
		*h = (struct held){.all = all, .inode = s->inode, .local = s->local, .since = rtime_now(),
		    .uid = s->uid};
		if (list == &all->connections)
			h->peer = s->peer;
		TAILQ_INSERT_TAIL(list, h, link);
		table_add(&all->inodes, &h->by_inode, hash_u64(h->inode));
		all->others += h->uid != 0;
		user_of(all, h->uid)->n += h->uid != 0;
	}
	if (h != NULL)
		h->seen = true;
}

static void
note_listener(const struct tcp_socket *s, void *arg)
{
	struct strangers *all = arg;

	note(all, &all->listeners, s);
}

static void
note_connection(const struct tcp_socket *s, void *arg)
{
	struct strangers *all = arg;

	note(all, &all->connections, s);
}

static void
drop(struct strangers *all, struct helds *list, struct held *h)
{
	TAILQ_REMOVE(list, h, link);
	table_del(&all->inodes, &h->by_inode);
	all->others -= h->uid != 0;
	user_of(all, h->uid)->n -= h->uid != 0;
	if (h->asked) {
		h->gone = true;
		TAILQ_INSERT_TAIL(&all->gone, h, link);
	} else
		free(h);
}

/* What this round did not see is no more. */
static void
drop_unseen(struct strangers *all, struct helds *list)
{
	struct held *h, *next;

	for (h = TAILQ_FIRST(list); h != NULL; h = next) {
		next = TAILQ_NEXT(h, link);
		if (h->seen)
			h->seen = false;
		else
			drop(all, list, h);
	}
}

/* --- who holds it ------------------------------------------------------------------------------------- */

static void
judge(struct held *h)
{
	struct served *v = &h->served;

	v->time = rtime_now();
	v->since = h->since;
	v->local = h->local;
	v->peer = h->peer;
	v->program = h->program;
	h->settled = detect_served(h->all->parts.detect, v);
}

/* The answer came, and nobody wants it any more. */
static void
bury(struct held *h)
{
	TAILQ_REMOVE(&h->all->gone, h, link);
	free(h);
}

static void
on_program(bool ssh, void *arg)
{
	struct held *h = arg;

	h->asked = false;
	if (h->gone) {
		bury(h);
		return;
	}
	h->ssh = ssh;
	h->guessed = false;
	if (h->peer.port == 0 || !ssh)
		h->settled = true;
	else
		judge(h);
}

static void
describe(struct held *h, const struct notice *n)
{
	const struct probe *probe = h->all->parts.probe;
	struct probe_task task;

	h->served = (struct served){.pid = n->pid, .ppid = (uint32_t)n->value, .ses = n->ses, .auid = n->auid,
	    .uid = n->uid, .euid = n->euid, .dropped = (n->flags & HOLDERF_DROPPED) != 0};
	h->program[0] = '\0';
	if (probe->task != NULL && probe->task(probe->arg, n->pid, &task))
		memcpy(h->program, task.comm, sizeof(h->program));
}

/*
 * Asked again, told or not: he may have fewer next time.  What listens and is such a user's own is taken for an SSH
 * server's until then; a listener of root's may be the kernel's, which nobody holds.
 */
static void
on_unread(struct held *h, const struct notice *n)
{
	failure_note(FAIL_UNREAD);
	if (h->peer.port == 0) {
		h->ssh = h->guessed = h->uid != 0 && (n->flags & HOLDERF_MAKERS) != 0;
		return;
	}
	if (h->unread)
		return;
	h->served = (struct served){.ses = SES_UNSET, .auid = AUID_UNSET, .uid = h->uid, .euid = h->uid, .unread = true,
	    .hoarder = n->uid};
	judge(h);
	h->unread = h->settled;
	h->settled = false;
}

static void
on_holder(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct held *h = arg;
	int fd = fds[0];

	if (h->gone || n == NULL || n->result != RES_OK || fd == -1) {
		h->asked = false; /* it is asked again, should it be there next time */
		if (h->gone)
			bury(h);
		else if (n != NULL && n->result == RES_UNREAD)
			on_unread(h, n);
		return;
	}
	fds[0] = -1;
	describe(h, n);
	if ((n->flags & HOLDERF_SSHD) == 0) {
		programs_look(h->all->parts.programs, fd, on_program, h);
		return;
	}
	close(fd);
	on_program(true, h);
}

/* Who was asked about comes last the next time: it may be that there is never an answer. */
static void
ask(struct strangers *all, struct helds *list, struct held *h)
{
	struct user *user = user_of(all, h->uid);
	const enum share share = (list == &all->listeners ? LISTENERS_OTHER : CONNECTIONS_OTHER) + (h->uid == 0);
	struct request r = {.kind = REQ_HOLDER, .inode = h->inode, .uid = h->uid};

	if (h->asked || h->settled || all->asks[share] >= ASKS_EACH || (h->uid != 0 && user->asks >= ASKS_USER))
		return;
	all->asks[share]++;
	user->asks += h->uid != 0;
	h->asked = link_ask(all->parts.link, &r, ASK_WAIT_MS, on_holder, h);
	TAILQ_REMOVE(list, h, link);
	TAILQ_INSERT_TAIL(list, h, link);
}

/* What is put at the end on the way is met again, and has been asked about. */
static void
ask_all(struct strangers *all, struct helds *list)
{
	struct held *h, *next, *last = TAILQ_LAST(list, helds);

	for (size_t i = 0; i < ST_STRANGERS_UIDS; i++)
		all->users[i].asks = 0;
	for (h = TAILQ_FIRST(list); h != NULL; h = h == last ? NULL : next) {
		next = TAILQ_NEXT(h, link);
		ask(all, list, h);
	}
}

/* --- a round ------------------------------------------------------------------------------------------ */

static size_t
add_port(uint16_t out[TCP_DIAG_PORTS], size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++) {
		if (out[i] == port)
			return n;
	}
	if (n < TCP_DIAG_PORTS)
		out[n++] = port;
	return n;
}

enum rank { RANK_ROOT, RANK_KNOWN, RANK_GUESSED, RANKS };

static enum rank
rank_of(const struct held *h)
{
	if (h->uid == 0)
		return RANK_ROOT;
	return h->guessed ? RANK_GUESSED : RANK_KNOWN;
}

/* Those first that the policy names, then by rank: a user can open as many as there is room for. */
static size_t
ports(const struct strangers *all, uint16_t out[TCP_DIAG_PORTS])
{
	const struct held *h;
	size_t n = 0;

	TAILQ_FOREACH(h, &all->listeners, link) {
		if (detect_is_ssh_port(all->parts.detect, h->local.port))
			n = add_port(out, n, h->local.port);
	}
	for (enum rank rank = 0; rank < RANKS; rank++) {
		TAILQ_FOREACH(h, &all->listeners, link) {
			if (h->ssh && rank_of(h) == rank)
				n = add_port(out, n, h->local.port);
		}
	}
	return n;
}

/* Most are somebody's who was reported: that is seen without asking. */
static void
judge_connections(struct strangers *all)
{
	struct held *h;

	TAILQ_FOREACH(h, &all->connections, link) {
		if (!h->settled && !h->asked) {
			h->served = (struct served){.ses = SES_UNSET, .auid = AUID_UNSET};
			judge(h);
		}
	}
}

static void
look(struct strangers *all)
{
	static const int families[] = {AF_INET, AF_INET6};
	uint16_t port[TCP_DIAG_PORTS];
	size_t n;
	int rc = 0;

	memset(all->asks, 0, sizeof(all->asks));
	for (size_t i = 0; i < 2 && rc == 0; i++)
		rc = tcp_diag_listening(all->netlink, families[i], note_listener, all);
	n = ports(all, port);
	for (size_t i = 0; i < 2 && rc == 0 && n > 0; i++)
		rc = tcp_diag_served(all->netlink, families[i], port, n, note_connection, all);
	if (rc != 0) {
		failure_note(FAIL_STRANGERS);
		return;
	}
	drop_unseen(all, &all->listeners);
	drop_unseen(all, &all->connections);
	ask_all(all, &all->listeners);
	judge_connections(all);
	ask_all(all, &all->connections);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

/* --- life --------------------------------------------------------------------------------------------- */

struct strangers *
strangers_new(const struct strangers_parts *parts)
{
	struct strangers *all = calloc(1, sizeof(*all));
	const struct timeval tv = timeval_of_ms(EVERY_MS);

	if (all == NULL)
		return NULL;
	all->parts = *parts;
	TAILQ_INIT(&all->listeners);
	TAILQ_INIT(&all->connections);
	TAILQ_INIT(&all->gone);
	all->netlink = tcp_diag_open();
	all->timer = event_new(parts->base, -1, EV_PERSIST, on_time, all);
	if (!table_init(&all->inodes) || all->timer == NULL || (all->netlink != -1 && event_add(all->timer, &tv) == -1))
		strangers_free(&all);
	else
		event_priority_set(all->timer, 1);
	return all;
}

static void
free_all(struct helds *list)
{
	struct held *h;

	while ((h = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, h, link);
		free(h);
	}
}

/* The loop is over: no answer comes any more. */
void
strangers_free(struct strangers **ap)
{
	struct strangers *all = *ap;

	if (all == NULL)
		return;
	*ap = NULL;
	free_all(&all->listeners);
	free_all(&all->connections);
	free_all(&all->gone);
	table_done(&all->inodes);
	if (all->timer != NULL)
		event_free(all->timer);
	if (all->netlink != -1)
		close(all->netlink);
	free(all);
}

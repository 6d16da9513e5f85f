/*
 * usock: the Unix sockets that matter: agents, ControlMasters, terminal multiplexers, and who
 * listens on them.  The inode is the identity: a path may be a symbolic link, relative, or ssh's
 * temporary name of a ControlMaster, which it hard-links to the real one.  Inodes are used again,
 * so what is known ends with its owner.  Runs in the engine and in replay.
 */
#include "agentd/host/model.h"

#include <errno.h>
#include <stdlib.h>

/* --- the table and its caps ------------------------------------------------------------------- */

static uint64_t
inode_hash(uint64_t inode, uint32_t dev_major, uint32_t dev_minor)
{
	return hash_u64(inode ^ (((uint64_t)dev_major << 32 | dev_minor) * 0x9e3779b97f4a7c15ull));
}

static struct usock_node *
find_inode(const struct host *h, uint64_t inode, uint32_t dev_major, uint32_t dev_minor)
{
	struct table_link *l = table_first(&h->inodes, inode_hash(inode, dev_major, dev_minor));

	for (; l != NULL; l = table_next(l)) {
		struct usock_node *n = TABLE_ENTRY(l, struct usock_node, by_inode);

		if (n->u.inode == inode && n->u.dev_major == dev_major &&
		    n->u.dev_minor == dev_minor)
			return n;
	}
	return NULL;
}

static struct bytes
path_of(const struct usock *u)
{
	return (struct bytes){.p = u->path, .n = u->path_len};
}

/* The newest of that path; without_inode: only one whose inode nobody has told yet. */
static struct usock_node *
find_path(const struct host *h, struct bytes path, bool without_inode)
{
	struct table_link *l;

	if (path.n == 0)
		return NULL;
	for (l = table_first(&h->paths, bytes_hash(path)); l != NULL; l = table_next(l)) {
		struct usock_node *n = TABLE_ENTRY(l, struct usock_node, by_path);

		if (bytes_eq(path_of(&n->u), path) && !(without_inode && n->has_inode))
			return n;
	}
	return NULL;
}

void
usock_drop(struct host *h, struct usock_node *n)
{
	if (n->has_inode)
		table_del(&h->inodes, &n->by_inode);
	if (n->u.path_len > 0)
		table_del(&h->paths, &n->by_path);
	TAILQ_REMOVE(&h->usocks[n->rank], n, in_host);
	if (n->session != NULL)
		TAILQ_REMOVE(&n->session->usocks, n, in_session);
	TAILQ_REMOVE(&n->account->usocks[n->rank], n, in_account);
	n->account->nusock--;
	account_release(h, n->account);
	h->nusock--;
	h->stats.sockets = h->nusock;
	free(n->u.path);
	free(n);
}

void
usock_drop_forwarded(struct host *h, struct session_node *s)
{
	struct usock_node *n, *next;

	TAILQ_FOREACH_SAFE(n, &s->usocks, in_session, next) {
		if (n->u.forwarded)
			usock_drop(h, n);
	}
}

static enum usock_rank
rank_of(const struct usock *u)
{
	if (u->kind == USOCK_OTHER)
		return USOCK_PLAIN;
	return u->forwarded ? USOCK_FORWARDED : USOCK_KNOWN;
}

struct usock_node *
usock_victim(struct usock_list lists[USOCK_RANKS])
{
	struct usock_node *n = NULL;

	for (int rank = USOCK_RANKS - 1; n == NULL && rank >= 0; rank--)
		n = TAILQ_FIRST(&lists[rank]);
	return n;
}

/* The account is held by its caller, and counts one more than it has. */
static void
make_room(struct host *h, struct account *a)
{
	struct usock_node *victim = NULL;

	if (a->nusock > ST_SOCKETS_USER)
		victim = usock_victim(a->usocks);
	else if (h->nusock >= ST_SOCKETS)
		victim = usock_victim(h->usocks);
	if (victim == NULL)
		return;
	h->stats.sockets_dropped++;
	usock_drop(h, victim);
}

static void
join(struct host *h, struct usock_node *n, struct account *a)
{
	n->account = a;
	n->session = session_find(h, n->u.owner_ses);
	n->rank = rank_of(&n->u);
	TAILQ_INSERT_TAIL(&h->usocks[n->rank], n, in_host);
	TAILQ_INSERT_TAIL(&a->usocks[n->rank], n, in_account);
	if (n->session != NULL)
		TAILQ_INSERT_TAIL(&n->session->usocks, n, in_session);
	if (n->has_inode)
		table_add(&h->inodes, &n->by_inode,
		    inode_hash(n->u.inode, n->u.dev_major, n->u.dev_minor));
	if (n->u.path_len > 0)
		table_add(&h->paths, &n->by_path, bytes_hash(path_of(&n->u)));
	a->nusock++;
	h->nusock++;
	h->stats.sockets = h->nusock;
}

static void
tell(const struct host *h, struct usock_node *n)
{
	const bool concerns = n->has_inode && (n->u.kind == USOCK_AGENT || n->u.kind == USOCK_MUX);

	n->u.told = h->probe.listens == NULL || !concerns || h->probe.listens(h->probe.arg, &n->u);
}

/* Takes the place of whatever had that inode, or that path without an inode. */
static void
usock_put(struct host *h, const struct usock *u)
{
	struct account *a = account_get(h, u->owner_auid);
	struct usock_node *n;

	if (a == NULL)
		return;
	a->nusock++; /* held, or it could go with the ones that make room */
	n = u->inode != 0 ? find_inode(h, u->inode, u->dev_major, u->dev_minor) : NULL;
	if (n == NULL)
		n = find_path(h, path_of(u), true);
	if (n != NULL)
		usock_drop(h, n);
	make_room(h, a);
	a->nusock--;
	n = calloc(1, sizeof(*n));
	if (n == NULL) {
		h->stats.sockets_dropped++;
		account_release(h, a);
		return;
	}
	n->u = *u;
	n->has_inode = u->inode != 0;
	n->u.path = u->path_len > 0 ? malloc(u->path_len) : NULL;
	n->u.path_len = n->u.path != NULL ? u->path_len : 0;
	if (n->u.path != NULL)
		memcpy(n->u.path, u->path, u->path_len);
	join(h, n, a);
	tell(h, n);
}

void
host_listens_again(struct host *h)
{
	struct usock_node *n;

	for (int rank = 0; rank < USOCK_RANKS; rank++) {
		TAILQ_FOREACH(n, &h->usocks[rank], in_host) {
			if (!n->u.told)
				tell(h, n);
		}
	}
}

/* --- from facts ------------------------------------------------------------------------------- */

static bool
is_program(const struct process *p, const char *name)
{
	return p != NULL && bytes_is(bytes_basename(bytes_of(p->exe)), name);
}

/* By who binds: sshd makes agents and forwarded sockets, ssh ControlMasters. */
static enum usock_kind
kind_of_binder(const struct process *p, struct bytes *path)
{
	enum usock_kind kind = usock_kind_of(*path);

	if (p != NULL && p->is_sshd)
		return kind == USOCK_AGENT ? kind : USOCK_OTHER;
	if (p != NULL && p->program == PROGRAM_SSH)
		return usock_cut_mux_suffix(path) ? USOCK_MUX : USOCK_OTHER;
	if (is_program(p, "ssh-agent"))
		return USOCK_AGENT;
	if (is_program(p, "tmux"))
		return USOCK_TMUX;
	if (is_program(p, "screen"))
		return USOCK_SCREEN;
	return kind;
}

static struct usock
usock_of(const struct fact *f, struct bytes path, enum usock_kind kind)
{
	char *borrowed;

	memcpy(&borrowed, &path.p, sizeof(borrowed)); /* usock_put() copies it */
	return (struct usock){
		.inode = f->un.has_inode ? f->un.inode : 0,
		.dev_major = f->un.dev_major,
		.dev_minor = f->un.dev_minor,
		.path = borrowed,
		.path_len = path.n,
		.kind = kind,
		.owner_pid = f->pid,
		.owner_ses = f->ses,
		.owner_uid = f->euid,
		.owner_auid = f->auid,
		.bound = f->time,
	};
}

static void
apply_bind(struct host *h, const struct fact *f)
{
	const struct process *p = host_process(h, f->pid);
	struct bytes path = f->un.path;
	enum usock_kind kind;
	struct usock_node *old;
	struct usock u;

	if (f->exit != 0)
		return;
	old = f->un.has_inode ? find_inode(h, f->un.inode, f->un.dev_major, f->un.dev_minor) : NULL;
	if (old != NULL)
		usock_drop(h, old);
	kind = kind_of_binder(p, &path);
	if (kind == USOCK_OTHER)
		return;
	u = usock_of(f, path, kind);
	u.forwarded = kind == USOCK_AGENT && p != NULL && p->is_sshd;
	usock_put(h, &u);
}

/* tmux looks for its server, finds none and starts one: the server will be of this session. */
static void
expect_server(struct host *h, const struct fact *f)
{
	enum usock_kind kind = usock_kind_of(f->un.path);
	struct usock_node *old = find_path(h, f->un.path, false);
	struct usock u;

	if (kind != USOCK_TMUX && kind != USOCK_SCREEN)
		return;
	if (old != NULL)
		usock_drop(h, old);
	u = usock_of(f, f->un.path, kind);
	u.inode = 0;
	usock_put(h, &u);
}

/* What was known of this inode counts only while its owner lives. */
static void
drop_stale(struct host *h, const struct fact *f)
{
	struct usock_node *n = find_inode(h, f->un.inode, f->un.dev_major, f->un.dev_minor);

	if (n != NULL && n->u.owner_pid != 0 && task_is_gone(h, n->u.owner_pid, n->u.owner_ses))
		usock_drop(h, n);
}

/* A server that was expected is there: from now on its inode tells. */
static void
learn_inode(struct host *h, const struct fact *f)
{
	struct usock_node *n = find_path(h, f->un.path, true);
	struct usock u;

	if (n == NULL || find_inode(h, f->un.inode, f->un.dev_major, f->un.dev_minor) != NULL)
		return;
	u = n->u;
	u.inode = f->un.inode;
	u.dev_major = f->un.dev_major;
	u.dev_minor = f->un.dev_minor;
	u.path = strndup(n->u.path, n->u.path_len);
	if (u.path != NULL)
		usock_put(h, &u);
	free(u.path);
}

static void
apply_connect(struct host *h, const struct fact *f)
{
	if (host_usock_is_system(h, &f->un))
		return;
	if (f->exit == -ENOENT || f->exit == -ECONNREFUSED) {
		expect_server(h, f);
		return;
	}
	if (!f->un.has_inode)
		return; /* refused by its path: that says nothing of who listens, be it the child of who bound it */
	drop_stale(h, f);
	learn_inode(h, f);
	if (f->ses == SES_UNSET && usock_kind_of(f->un.path) == USOCK_OTHER)
		return; /* a service's own business */
	if (h->probe.want_owner != NULL &&
	    find_inode(h, f->un.inode, f->un.dev_major, f->un.dev_minor) == NULL)
		h->probe.want_owner(h->probe.arg, f->ses, &f->un);
}

void
usock_apply(struct host *h, const struct fact *f)
{
	if (!f->has_task || f->family != AF_UNIX)
		return;
	if (f->kind == FACT_BIND)
		apply_bind(h, f);
	else if (f->kind == FACT_CONNECT)
		apply_connect(h, f);
}

/* --- for others ------------------------------------------------------------------------------- */

void
host_owner_set(struct host *h, const struct usock *u)
{
	usock_put(h, u);
	h->lessons++;
}

struct usock *
host_usock(const struct host *h, const struct fact_unix *un)
{
	struct usock_node *n;

	if (un->has_inode)
		n = find_inode(h, un->inode, un->dev_major, un->dev_minor);
	else
		n = find_path(h, un->path, false);
	return n != NULL ? &n->u : NULL;
}

bool
host_usock_is_system(const struct host *h, const struct fact_unix *un)
{
	if (!un->has_inode)
		return usock_is_system(un->path);
	return un->ouid == 0 && usock_is_roots(un->path) && host_usock(h, un) == NULL;
}

void
host_each_socket(const struct host *h, uint32_t ses, bool (*fn)(struct usock *, void *), void *arg)
{
	struct session_node *s = session_find(h, ses);
	struct usock_node *n, *next;

	for (n = s != NULL ? TAILQ_FIRST(&s->usocks) : NULL; n != NULL; n = next) {
		next = TAILQ_NEXT(n, in_session);
		if (!fn(&n->u, arg))
			return;
	}
}

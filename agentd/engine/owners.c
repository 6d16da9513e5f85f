/* owners: see owners.h.  Engine process. */
#include "agentd/engine/owners.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/un.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/quota.h"

#define ASK_WAIT_MS 5000
/* Of one login user; the monitor answers 600 a minute, of everybody. */
#define USER_BURST  64
#define USER_MINUTE 120

struct ask {
	TAILQ_ENTRY(ask) link;
	struct owners *owners; /* borrowed */
	struct usock sock;     /* path is in path[] */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
};

struct owners {
	struct link *link;
	struct host *host;
	TAILQ_HEAD(, ask) asks;
	unsigned nasks;
	struct quota quota; /* by auid */
};

static void
ask_free(struct ask *a)
{
	TAILQ_REMOVE(&a->owners->asks, a, link);
	a->owners->nasks--;
	free(a);
}

/* What kind of listener it is, by who listens; a name settles what that leaves open. */
static void
set_kind(struct usock *u, uint32_t flags)
{
	u->forwarded = (flags & OWNERF_SSHD) != 0;
	if ((flags & (OWNERF_SSHD | OWNERF_AGENT)) != 0)
		u->kind = USOCK_AGENT;
	else if ((flags & OWNERF_SSH) != 0)
		u->kind = USOCK_MUX;
	else
		u->kind = usock_kind_of((struct bytes){.p = u->path, .n = u->path_len});
}

static void
on_owner(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct ask *a = arg;
	struct usock *u = &a->sock;

	(void)fds;
	if (n != NULL && n->result == RES_UNREAD)
		failure_note(FAIL_UNREAD);
	if (n != NULL && n->result == RES_OK) {
		u->owner_pid = n->pid;
		u->owner_ses = n->ses;
		u->owner_auid = n->auid;
		u->owner_uid = n->euid;
		u->bound = rtime_now();
		set_kind(u, n->flags);
		host_owner_set(a->owners->host, u);
	}
	ask_free(a);
}

static bool
is_asked(const struct owners *o, const struct fact_unix *un)
{
	const struct ask *a;

	TAILQ_FOREACH(a, &o->asks, link) {
		if (a->sock.inode == un->inode && a->sock.dev_major == un->dev_major &&
		    a->sock.dev_minor == un->dev_minor)
			return true;
	}
	return false;
}

/* Services, which have no login user, are nobody's to start in a loop. */
static bool
may_ask(struct owners *o, uint32_t ses)
{
	const struct session *s = host_session(o->host, ses);

	if (s == NULL || s->auid == AUID_UNSET || quota_take(&o->quota, s->auid, mtime_now()))
		return true;
	failure_note(FAIL_OWNER_QUOTA);
	return false;
}

void
owners_want(struct owners *o, uint32_t ses, const struct fact_unix *un)
{
	struct request r = {.kind = REQ_OWNER, .ses = ses, .inode = un->inode,
	    .dev_major = un->dev_major, .dev_minor = un->dev_minor};
	struct ask *a;

	if (o->host == NULL || !un->has_inode || un->path.n >= sizeof(a->path) || is_asked(o, un))
		return;
	if (!may_ask(o, ses))
		return;
	if (o->nasks >= ST_OWNER_ASKS || (a = calloc(1, sizeof(*a))) == NULL) {
		failure_note(FAIL_OWNER_QUEUE);
		return;
	}
	a->owners = o;
	memcpy(a->path, un->path.p, un->path.n);
	a->sock = (struct usock){.inode = un->inode, .dev_major = un->dev_major,
	    .dev_minor = un->dev_minor, .path = a->path, .path_len = un->path.n};
	TAILQ_INSERT_TAIL(&o->asks, a, link);
	o->nasks++;
	if (!link_ask(o->link, &r, ASK_WAIT_MS, on_owner, a))
		ask_free(a);
}

void
owners_tell(struct owners *o, struct host *h)
{
	o->host = h;
}

struct owners *
owners_new(struct link *link)
{
	struct owners *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->link = link;
	quota_init(&o->quota, USER_BURST, USER_MINUTE);
	TAILQ_INIT(&o->asks);
	return o;
}

void
owners_free(struct owners **op)
{
	struct owners *o = *op;
	struct ask *a;

	if (o == NULL)
		return;
	*op = NULL;
	while ((a = TAILQ_FIRST(&o->asks)) != NULL)
		ask_free(a);
	free(o);
}

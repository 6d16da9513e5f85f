/*
 * listen: the session's sshd (-R, X11) or a process opens a listening port.  A bind names the
 * address, the listen that follows on the same descriptor makes it TCP; where only binds are
 * recorded, a bind to a port has to do.  Pure.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/detector.h"
#include "agentd/detect/ripe.h"
#include "agentd/host/table.h"

#define BIND_WAIT_MS   500
#define SAME_LISTEN_MS 60000
#define FD_UNKNOWN     UINT64_MAX

struct bound {
	struct table_link by_pid;
	struct ripe ripe;
	uint64_t fd;
	struct evidence e;
};

struct listens {
	struct table pids;
	struct ripe_queue queue;
	struct quota quota;
	bool listens_recorded; /* there is a rule for listen: a bind alone is no news */
};

/* In a socketcall the descriptor stands in memory, where the record does not look. */
static uint64_t
fd_of(const struct fact *f)
{
	return f->way == WAY_SOCKETCALL ? FD_UNKNOWN : f->a[0];
}

/* ::1 and 127.0.0.1 are one -R, as :: and 0.0.0.0 are; loopback and all addresses are not. */
static uint64_t
same_listen(const struct evidence *e)
{
	struct evidence reach = *e;

	if (addr_is_any(e->to.addr))
		reach.to.addr = (struct addr){.family = 0};
	else if (addr_is_loopback(e->to.addr))
		reach.to.addr = (struct addr){.family = 4, .b = {127}};
	return evidence_key(&reach, ACT_LISTEN, e->ses);
}

static void
send_listen(struct detect *d, const struct evidence *e)
{
	char at[ENDPOINT_STRLEN], program[64];
	struct finding f;

	finding_start(d, e, ACT_LISTEN, &f);
	finding_fold(d, &f, same_listen(e), SAME_LISTEN_MS);
	if (f.process != NULL && f.process->is_sshd)
		finding_reason(&f, "listens at %s through sshd", endpoint_str(f.to, at));
	else
		finding_reason(&f, "listens at %s with %s", endpoint_str(f.to, at),
		    program_str(f.process, program));
	finding_send(d, &f);
}

/*
 * A socket in the file system that sshd listens on for the far end (-R /path:…); agents are not
 * one.
 */
static void
bind_unix(struct detect *d, const struct fact *f)
{
	struct evidence e = evidence_of(d, f);
	struct finding out;

	if (!relay_is_child(d, f) || usock_kind_of(f->un.path) == USOCK_AGENT)
		return;
	finding_start(d, &e, ACT_LISTEN, &out);
	finding_reason(&out, "listens at the socket %.*s through sshd", (int)e.path_len, e.path);
	finding_send(d, &out);
}

static void
drop(struct listens *l, struct bound *b)
{
	table_del(&l->pids, &b->by_pid);
	ripe_clear(&l->queue, &b->ripe);
	quota_give(&l->quota, b->e.auid);
	free(b);
}

static void
bind_inet(struct detect *d, struct listens *l, const struct fact *f)
{
	struct bound *b;

	if (!quota_take(&l->quota, f->auid))
		return;
	if (l->pids.n >= ST_HOPS)
		drop(l, TABLE_ENTRY(ripe_next(&l->queue, RTIME_NONE, true), struct bound, ripe));
	b = calloc(1, sizeof(*b));
	if (b == NULL) {
		quota_give(&l->quota, f->auid);
		return;
	}
	b->e = evidence_of(d, f);
	b->fd = fd_of(f);
	table_add(&l->pids, &b->by_pid, hash_u64(f->pid));
	ripe_set(&l->queue, &b->ripe, (struct rtime){.ms = f->time.ms + BIND_WAIT_MS});
}

static void
listened(struct detect *d, struct listens *l, const struct fact *f)
{
	struct table_link *link = table_first(&l->pids, hash_u64(f->pid)), *next;
	uint64_t fd = fd_of(f);

	l->listens_recorded = true;
	for (; link != NULL; link = next) {
		struct bound *b = TABLE_ENTRY(link, struct bound, by_pid);

		next = table_next(link);
		if (b->e.pid != f->pid || (fd != FD_UNKNOWN && b->fd != FD_UNKNOWN && b->fd != fd))
			continue;
		send_listen(d, &b->e);
		drop(l, b);
	}
}

static void
listen_fact(struct detect *d, void *state, const struct fact *f)
{
	struct listens *l = state;

	if (f->ses == SES_UNSET || f->exit != 0)
		return;
	if (f->kind == FACT_LISTEN)
		listened(d, l, f);
	else if (f->kind == FACT_BIND && f->family == AF_UNIX)
		bind_unix(d, f);
	else if (f->kind == FACT_BIND && f->peer.addr.family != 0)
		bind_inet(d, l, f);
}

/* A bind without listen: of a datagram socket, or there is no rule for listen. */
static void
listen_ripen(struct detect *d, void *state, struct rtime now, bool all)
{
	struct listens *l = state;
	struct ripe *r;

	while ((r = ripe_next(&l->queue, now, all)) != NULL) {
		struct bound *b = TABLE_ENTRY(r, struct bound, ripe);

		if (!l->listens_recorded && b->e.to.port != 0)
			send_listen(d, &b->e);
		drop(l, b);
	}
}

static void *
listen_new(void)
{
	struct listens *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	ripe_init(&l->queue);
	if (!table_init(&l->pids)) {
		free(l);
		return NULL;
	}
	return l;
}

static void
listen_free(void *state)
{
	struct listens *l = state;
	struct ripe *r;

	while ((r = ripe_next(&l->queue, RTIME_NONE, true)) != NULL)
		drop(l, TABLE_ENTRY(r, struct bound, ripe));
	table_done(&l->pids);
	free(l);
}

const struct detector detector_listen = {
	.name = "listen",
	.state_new = listen_new,
	.state_free = listen_free,
	.fact = listen_fact,
	.ripen = listen_ripen,
};

/* probe_live: see probe_live.h.  Engine process. */
#include "agentd/engine/probe_live.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/quota.h"
#include "agentd/engine/tcp_diag.h"
#include "base/log.h"

/* Walks over all TCP sockets for one uid: each takes the kernel a millisecond or so. */
#define UID_BURST    100
#define UID_MINUTE   600

struct probe_live {
	struct probe probe;
	struct programs *programs; /* borrowed */
	struct owners *owners;     /* borrowed */
	struct watch *watch;       /* borrowed */
	const struct volumes *volumes; /* borrowed; NULL: not yet */
	int netlink;               /* −1: none */
	struct quota quota;        /* by uid */
};

/* --- tasks ---------------------------------------------------------------------------------------- */

static bool
probe_task(void *arg, uint32_t pid, struct probe_task *out)
{
	struct proc_stat st;
	uid_t ruid, euid;
	struct probe_task t;

	(void)arg;
	if (proc_stat((pid_t)pid, &st) != 0 || proc_sessionid((pid_t)pid, &t.ses) != 0 ||
	    proc_loginuid((pid_t)pid, &t.auid) != 0 || proc_uids((pid_t)pid, &ruid, &euid) != 0)
		return false;
	t.ppid = (uint32_t)st.ppid;
	t.uid = ruid;
	t.euid = euid;
	t.start_ticks = st.start_ticks;
	memcpy(t.comm, st.comm, sizeof(t.comm));
	*out = t;
	return true;
}

static bool
probe_same_network(void *arg, uint32_t pid)
{
	bool same;

	(void)arg;
	return proc_same_network((pid_t)pid, &same) == 0 && same;
}

/* --- TCP sockets ------------------------------------------------------------------------------------ */

struct find {
	const struct volumes *volumes;
	const struct probe_ask *ask;
	enum fit { NONE, OTHERS, OWN, FREE } best; /* of those so far; OTHERS: of another uid, but of no session */
	unsigned n;                                /* that are as good */
	struct probe_tcp *out;
};

static enum fit
fit_of(const struct find *f, const struct tcp_socket *s)
{
	const bool same = s->uid == f->ask->uid;
	enum claim claim = CLAIM_FREE;

	if (s->inode == 0)
		return NONE;
	if (f->volumes != NULL)
		claim = volumes_claim(f->volumes, f->ask->ses, s, f->ask->when);
	return claim == CLAIM_FREE ? (same ? FREE : OTHERS) : claim == CLAIM_OWN && same ? OWN : NONE;
}

static void
take_found(const struct tcp_socket *s, void *arg)
{
	struct find *f = arg;
	const enum fit fit = fit_of(f, s);

	f->out->found = true;
	if (fit == NONE || fit < f->best)
		return;
	f->n = fit > f->best ? 1 : f->n + 1;
	f->best = fit;
	f->out->local = f->n == 1 && fit != OWN ? s->local : (struct endpoint){0};
}

int
probe_live_find(int netlink, const struct volumes *volumes, const struct probe_ask *ask, struct probe_tcp *out)
{
	struct find f = {.volumes = volumes, .ask = ask, .best = NONE, .out = out};
	const bool v4 = ask->peer.addr.family == 4;
	int rc = tcp_diag_each(netlink, v4 ? AF_INET : AF_INET6, ask->peer, take_found, &f);

	if (rc == 0 && v4)
		rc = tcp_diag_each(netlink, AF_INET6, ask->peer, take_found, &f);
	return rc;
}

static bool
probe_tcp(void *arg, const struct probe_ask *ask, struct probe_tcp *out)
{
	struct probe_live *p = arg;
	int rc = -ENOTCONN;

	*out = (struct probe_tcp){.found = false};
	if (!quota_take(&p->quota, ask->uid, mtime_now())) {
		failure_note(FAIL_TCP_QUOTA);
		return false;
	}
	if (p->netlink != -1 && ask->peer.addr.family != 0)
		rc = probe_live_find(p->netlink, p->volumes, ask, out);
	if (rc != 0)
		failure_note(FAIL_TCP_PROBE);
	return rc == 0;
}

/* --- what comes later ------------------------------------------------------------------------------- */

static void
want_program(void *arg, uint32_t ses, uint32_t pid, uint64_t inode, uint32_t dev_major,
    uint32_t dev_minor)
{
	const struct probe_live *p = arg;

	programs_want(p->programs, ses, pid, inode, dev_major, dev_minor);
}

static void
want_owner(void *arg, uint32_t ses, const struct fact_unix *un)
{
	const struct probe_live *p = arg;

	owners_want(p->owners, ses, un);
}

static bool
listens(void *arg, const struct usock *u)
{
	const struct probe_live *p = arg;

	return watch_socket(p->watch, u);
}

static void
is_client(void *arg, const struct process *process)
{
	const struct probe_live *p = arg;

	watch_client(p->watch, process);
}

struct probe_live *
probe_live_new(struct programs *programs, struct owners *owners, struct watch *watch)
{
	struct probe_live *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->programs = programs;
	p->owners = owners;
	p->watch = watch;
	quota_init(&p->quota, UID_BURST, UID_MINUTE);
	p->netlink = tcp_diag_open();
	if (p->netlink == -1)
		log_warn("sock_diag is not to be had: %s; destinations are taken from records alone",
		    strerror(errno));
	p->probe = (struct probe){.arg = p, .task = probe_task, .tcp = probe_tcp,
	    .same_network = probe_same_network, .want_program = want_program, .want_owner = want_owner,
	    .listens = listens, .is_client = is_client};
	return p;
}

void
probe_live_free(struct probe_live **pp)
{
	struct probe_live *p = *pp;

	if (p == NULL)
		return;
	*pp = NULL;
	if (p->netlink != -1)
		close(p->netlink);
	free(p);
}

void
probe_live_tell(struct probe_live *p, const struct volumes *volumes)
{
	p->volumes = volumes;
}

const struct probe *
probe_live_get(const struct probe_live *p)
{
	return &p->probe;
}

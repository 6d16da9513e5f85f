/*
 * revoke: see revoke.h.  Runs in the monitor.  The name goes before what is connected is cut: nobody connects
 * again in between.  The listener itself is never shut down: sshd would spin on it.
 */
#include "agentd/monitor/revoke.h"

#include <errno.h>
#include <linux/un.h>
#include <sshtether/limits.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/cut.h"
#include "agentd/monitor/errand.h"
#include "agentd/monitor/gate.h"
#include "agentd/monitor/inodes.h"
#include "agentd/monitor/listeners.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/rows.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/sockets.h"
#include "agentd/monitor/table.h"
#include "base/log.h"


struct agent {
	uint64_t cookie;
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	char path[UNIX_PATH_MAX + 1];
};

struct revoking {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	uint32_t id;
	deed_fn *fn;
	void *arg;
	struct mon_session session; /* as it was at the start */
	struct guard guard;
	/* what the thread has found, and done */
	struct inodes sockets; /* of the sshd that serves the user */
	uid_t uid;             /* of that */
	bool served;           /* it was found */
	struct agent agent[ST_REVOKED];
	size_t nagents;
	unsigned cut, left;
};

/* --- what sshd listens on for the client ---------------------------------------------------------------- */

static int
note_sockets(struct revoking *r, const struct facts *f)
{
	uint64_t inode[ST_INODES];
	size_t n = sockets_list(f->pid, inode, ST_INODES);

	r->served = true;
	r->uid = f->ruid;
	for (size_t i = 0; i < n; i++)
		if (!inodes_add(&r->sockets, inode[i]))
			return 1;
	return 0;
}

static int
note_child(int pidfd, const struct facts *f, void *arg)
{
	struct revoking *r = arg;

	(void)pidfd;
	return protect_is_user_child(&r->session, f) ? note_sockets(r, f) : 0;
}

static int
note_top(int pidfd, const struct facts *f, void *arg)
{
	struct revoking *r = arg;

	(void)pidfd;
	return protect_is_top(&r->session, f) ? note_sockets(r, f) : 0;
}

static int
note_agent(const struct diag_unix *u, void *arg)
{
	struct revoking *r = arg;
	struct agent *a = &r->agent[r->nagents];

	if (!u->bound || !u->listening || !inodes_has(&r->sockets, u->inode))
		return 0;
	if (r->nagents == ST_REVOKED) {
		r->left++;
		return 0;
	}
	*a = (struct agent){.cookie = u->cookie, .dev_major = u->major, .dev_minor = u->minor, .inode = u->file_ino};
	if (u->name_n > 1 && u->name[0] == '/' && u->name_n < sizeof(a->path))
		memcpy(a->path, u->name, u->name_n);
	r->nagents++;
	return 0;
}

/* --- the end of one ------------------------------------------------------------------------------------- */

/* A break-glass login that has borrowed it goes on. */
static bool
may_cut(const struct facts *f, const void *arg)
{
	const struct guard *g = arg;

	return !protect_breakglass(g->cf, &(struct mon_session){.auid = f->auid}, f);
}

static void
end(struct revoking *r, const struct agent *a)
{
	const struct errand_file file = {.uid = r->uid, .path = a->path, .dev_major = a->dev_major,
	    .dev_minor = a->dev_minor, .inode = a->inode};
	int rc = a->path[0] == '\0' ? -ENOENT : errand_unlink(&file);

	/* Its name may have gone, or be in another mount namespace. */
	if (rc != 0)
		log_info("session %u: the name of an agent is not removed: %s", r->session.ses, strerror(-rc));
	rc = cut_all(a->dev_major, a->dev_minor, a->inode, may_cut, &r->guard);
	if (rc >= 0)
		r->cut += (unsigned)rc;
	else
		r->left++;
}

static void
run(struct job *job)
{
	struct revoking *r = (struct revoking *)job;

	(void)facts_each(r->session.ses, note_child, r);
	if (!r->served) /* root's logins have no user child */
		(void)facts_each(r->session.ses, note_top, r);
	if (diag_listeners_each(note_agent, r) < 0)
		r->left++;
	for (size_t i = 0; i < r->nagents; i++)
		end(r, &r->agent[i]);
}

/* Who has another name for it, a hard link, meets the gate. */
static void
watch(const struct revoking *r, const struct agent *a)
{
	const struct gate_listener at = {.cookie = a->cookie, .inode = a->inode, .dev_major = a->dev_major,
	    .dev_minor = a->dev_minor, .ses = r->session.ses, .uid = r->uid, .mux = SOCKET_AGENT};

	if (!listeners_watch(r->m->listeners, &at))
		log_warn("session %u: an agent of it is not watched: too many", r->session.ses);
}

static enum result
result_of(const struct revoking *r)
{
	if (r->left != 0)
		return RES_DENIED;
	return r->nagents == 0 ? RES_NO_AGENT : RES_OK;
}

static void
done(struct job *job)
{
	struct revoking *r = (struct revoking *)job;

	for (size_t i = 0; i < r->nagents; i++)
		watch(r, &r->agent[i]);
	if (r->left == 0)
		log_warn("session %u: %zu agents revoked, %u connections cut", r->session.ses, r->nagents, r->cut);
	else
		log_err("session %u: %u agents are left", r->session.ses, r->left);
	r->fn(r->m, r->id, result_of(r), r->left == 0 ? r->cut : r->left, r->arg);
	free(r);
}

/* --- in the loop ---------------------------------------------------------------------------------------- */

enum result
revoke_check(const struct monitor *m, const struct request *rq)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);

	if (s == NULL)
		return RES_NO_SESSION;
	return protect_breakglass(m->cf, s, NULL) ? RES_PROTECTED : RES_OK;
}

enum result
revoke_begin(struct monitor *m, const struct request *rq, bool order, deed_fn *fn, void *arg)
{
	struct mon_session *s = registry_get(m->registry, rq->ses);
	uint32_t flags = GATEROW_REVOKED | (order ? (uint32_t)GATEROW_REVOKED_ORDER : 0);
	struct revoking *r = calloc(1, sizeof(*r));
	int rc = r == NULL ? -ENOMEM : rows_flag(m->rows, s, flags);

	if (rc != 0) {
		log_err("session %u keeps its agents: %s", rq->ses, strerror(-rc));
		free(r);
		return RES_DENIED;
	}
	r->job = (struct job){.run = run, .done = done};
	r->m = m;
	r->id = rq->id;
	r->fn = fn;
	r->arg = arg;
	r->session = *s;
	r->guard = guard_take(m);
	if (aside_give(m->work[WORK_ACT], &r->job))
		return RES_OK;
	free(r);
	return RES_RATE;
}

enum result
handle_revoke(struct monitor *m, const struct request *rq, struct answer *a)
{
	enum result result = revoke_check(m, rq);

	if (result == RES_OK)
		result = table_may_act(m, rq);
	if (result == RES_OK)
		result = revoke_begin(m, rq, false, table_deed_done, NULL);
	a->later = result == RES_OK;
	return result;
}

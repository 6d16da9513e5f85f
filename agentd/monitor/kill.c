/* kill: one process of a session ends.  Runs in the monitor. */
#include <signal.h>

#include "agentd/monitor/cut.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"

static enum result
check(struct monitor *m, const struct request *rq, const struct target *t)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);

	if (protect_breakglass(m->cf, s, &t->facts) || protect_own_sshd(s, &t->facts) ||
	    protect_system(m, NULL, &t->facts))
		return RES_PROTECTED;
	return table_may_act(m, rq);
}

/*
 * First what the process has connected, while it still holds it.  A client may end by that alone, and
 * then it has been stopped all the same.
 */
static enum result
cut_and_kill(const struct request *rq, const struct target *t, struct notice *note)
{
	int cut = rq->inode == 0 ? 0 :
	    cut_connections(rq->ses, rq->dev_major, rq->dev_minor, rq->inode);
	int rc = pidfd_ended(t->pidfd) ? -ESRCH : pidfd_signal(t->pidfd, SIGKILL);

	if (rc == -ESRCH && cut > 0) {
		note->flags = KILLF_CUT;
		rc = 0;
	}
	note->value = rc == 0 ? (uint64_t)(cut > 0 ? cut : 0) : (uint64_t)-rc;
	return rc == 0 ? RES_OK : rc == -ESRCH ? RES_GONE : RES_DENIED;
}

enum result
handle_kill(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct target t;
	enum result result;

	if (rq->time_ms == 0)
		return RES_BAD;
	result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
	if (result != RES_OK)
		return result;
	result = check(m, rq, &t);
	if (result == RES_OK)
		result = cut_and_kill(rq, &t, &a->note);
	target_close(&t);
	return result;
}

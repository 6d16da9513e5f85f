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

enum result
handle_kill(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct target t;
	enum result result;
	int rc;

	if (rq->time_ms == 0)
		return RES_BAD;
	result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
	if (result != RES_OK)
		return result;
	result = check(m, rq, &t);
	/* Before the kill, while the process still holds what it connected. */
	if (result == RES_OK && rq->inode != 0)
		(void)cut_connections(rq->ses, rq->dev_major, rq->dev_minor, rq->inode);
	if (result == RES_OK && (rc = pidfd_signal(t.pidfd, SIGKILL)) != 0) {
		result = rc == -ESRCH ? RES_GONE : RES_DENIED;
		a->note.value = (uint64_t)-rc;
	}
	target_close(&t);
	return result;
}

/* kill: one process of a session ends.  Runs in the monitor. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "agentd/monitor/cut.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"

struct killing {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	struct request rq;
	struct target target; /* owned */
	bool cut_only;        /* a protected process stays, and what it has connected goes */
	struct notice note;
};

/* RES_PROTECTED, *cut_only: the process must stay, but what it has connected need not. */
static enum result
check(struct monitor *m, const struct request *rq, const struct target *t, bool *cut_only)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);
	enum result result;

	*cut_only = false;
	if (protect_breakglass(m->cf, s, &t->facts))
		return RES_PROTECTED;
	if (!protect_own_sshd(s, &t->facts) && !protect_system(m, NULL, &t->facts))
		return table_may_act(m, rq);
	if (rq->inode == 0)
		return RES_PROTECTED;
	result = table_may_act(m, rq);
	*cut_only = result == RES_OK;
	return result == RES_OK ? RES_PROTECTED : result;
}

static enum result
end(const struct target *t, int cut, struct notice *note)
{
	int rc = pidfd_ended(t->pidfd) ? -ESRCH : pidfd_signal(t->pidfd, SIGKILL);

	if (rc == -ESRCH && cut > 0) {
		note->flags = KILLF_CUT;
		rc = 0;
	}
	note->value = rc == 0 ? (uint64_t)(cut > 0 ? cut : 0) : (uint64_t)-rc;
	return rc == 0 ? RES_OK : rc == -ESRCH ? RES_GONE : RES_DENIED;
}

/*
 * First what the process has connected, while it still holds it.  A client may end by that alone, and
 * then it has been stopped all the same.
 */
static void
run(struct job *job)
{
	struct killing *k = (struct killing *)job;
	int cut = cut_connections(k->rq.ses, k->rq.dev_major, k->rq.dev_minor, k->rq.inode, true);

	if (k->cut_only) {
		k->note.result = RES_PROTECTED;
		k->note.value = (uint64_t)(cut > 0 ? cut : 0);
	} else {
		k->note.result = end(&k->target, cut, &k->note);
	}
}

static void
done(struct job *job)
{
	struct killing *k = (struct killing *)job;

	table_answer_with(k->m, k->rq.id, &k->note, NULL, 0);
	target_close(&k->target);
	free(k);
}

/* Takes the target.  False: there is no room for it. */
static bool
cut_and_kill(struct monitor *m, const struct request *rq, const struct target *t, bool cut_only)
{
	struct killing *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return false;
	*k = (struct killing){.job = {.run = run, .done = done}, .m = m, .rq = *rq, .target = *t,
	    .cut_only = cut_only};
	if (aside_give(m->work[WORK_ACT], &k->job))
		return true;
	free(k);
	return false;
}

enum result
handle_kill(struct monitor *m, const struct request *rq, struct answer *a)
{
	struct target t;
	bool cut_only;
	enum result result;

	if (rq->time_ms == 0)
		return RES_BAD;
	result = target_open(m->registry, rq->ses, rq->pid, rq->time_ms, &t);
	if (result != RES_OK)
		return result;
	result = check(m, rq, &t, &cut_only);
	if (rq->inode != 0 && (result == RES_OK || cut_only) && cut_and_kill(m, rq, &t, cut_only)) {
		a->later = true;
		return RES_OK;
	}
	if (result == RES_OK)
		result = end(&t, 0, &a->note);
	target_close(&t);
	return result;
}

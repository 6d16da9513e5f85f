/* target: see target.h.  Runs in the monitor. */
#include "agentd/monitor/target.h"

#include <unistd.h>

#include "base/clock.h"

static bool
is_younger(const struct facts *f, int64_t time_ms)
{
	return proc_start_rtime(f->start_ticks).ms > time_ms + TARGET_TICK_MS;
}

enum result
target_open(struct registry *registry, uint32_t ses, uint32_t pid, int64_t time_ms,
    struct target *out)
{
	struct target t = {.pidfd = -1};
	struct mon_session *s;
	enum result rc;

	if (ses == SES_UNSET || pid == 0 || pid > INT32_MAX || time_ms < 0 ||
	    time_ms > rtime_now().ms + TARGET_AHEAD_MS)
		return RES_BAD;
	s = registry_get(registry, ses);
	if (s == NULL)
		return RES_NO_SESSION;
	t.pidfd = proc_pidfd((pid_t)pid);
	if (t.pidfd < 0)
		return RES_GONE;
	if (facts_of(t.pidfd, (pid_t)pid, &t.facts) != 0)
		rc = RES_GONE;
	else if (t.facts.ses != ses)
		rc = RES_OTHER_SESSION;
	else if (time_ms != 0 && is_younger(&t.facts, time_ms))
		rc = RES_YOUNGER;
	else
		rc = RES_OK;
	/* It lives, whatever the last walk over /proc has missed. */
	if (rc == RES_OK || rc == RES_YOUNGER)
		(void)registry_touch(registry, s);
	if (rc == RES_OK)
		*out = t;
	else
		target_close(&t);
	return rc;
}

void
target_close(struct target *t)
{
	if (t->pidfd >= 0)
		close(t->pidfd);
	t->pidfd = -1;
}

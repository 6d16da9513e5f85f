/* auditd: see auditd.h.  Runs in the monitor; look() in its audit thread. */
#include "agentd/monitor/auditd.h"

#include <stdlib.h>

#include "agentd/monitor/kaudit.h"

#define FRESH_MS 1000

struct look {
	struct job job;
	struct monitor *m; /* for done() */
	int fd, error;
	struct audit_status status;
};

static void
run(struct job *job)
{
	struct look *l = (struct look *)job;

	l->error = kaudit_status(l->fd, &l->status);
}

static void
done(struct job *job)
{
	struct look *l = (struct look *)job;
	struct auditd *a = &l->m->auditd;

	a->asked = false;
	a->seen = mtime_now();
	a->known = l->error == 0;
	a->pid = a->known ? (pid_t)l->status.pid : 0;
	free(l);
}

void
auditd_look(struct monitor *m)
{
	struct auditd *a = &m->auditd;
	struct look *l;

	if (m->audit_fd < 0 || a->asked ||
	    (a->seen.ns != 0 && mtime_ms_since(mtime_now(), a->seen) <= FRESH_MS) ||
	    (l = calloc(1, sizeof(*l))) == NULL)
		return;
	*l = (struct look){.job = {.run = run, .done = done}, .m = m, .fd = m->audit_fd};
	a->asked = aside_give(m->work[WORK_AUDIT], &l->job);
	if (!a->asked)
		free(l);
}

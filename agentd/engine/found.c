/* found: see found.h. */
#include "agentd/engine/found.h"

#include "agentd/engine/failures.h"
#include "agentd/engine/homes.h"
#include "agentd/engine/recall.h"
#include "agentd/engine/restraint.h"
#include "agentd/engine/state.h"
#include "agentd/engine/volumes.h"
#include "base/report_addr.h"

#define WAIT_MS 3000 /* after the last of them: a store or a name service that is slower changes the rows later */

static bool
name_one(struct session *s, void *arg)
{
	struct engine *e = arg;
	const char *name;

	if (s->user[0] != '\0' || s->auid == AUID_UNSET)
		return true;
	name = names_user(e->names, s->auid);
	if (name == NULL || !bytes_copy(bytes_of(name), s->user, sizeof(s->user)))
		s->user[0] = '\0';
	else
		grants_again(e->grants);
	e->found.unnamed = e->found.unnamed || s->user[0] == '\0';
	return true;
}

void
found_name(void *engine)
{
	struct engine *e = engine;

	if (!e->found.unnamed || e->names == NULL) /* NULL: it answers while it ends */
		return;
	e->found.unnamed = false;
	host_each_session(pipeline_host(e->pipeline), name_one, e);
}

/* The store has what the module once reported, or it has not. */
static void
on_known(void *engine)
{
	struct engine *e = engine;

	if (--e->found.asked == 0)
		grants_again(e->grants);
}

void
found_tick(struct engine *e)
{
	found_name(e);
	recall_more(e->recall);
	if (e->found.asked != 0)
		grants_again(e->grants); /* of a slow store, what has come */
}

void
found_session(const struct notice *n, void *engine)
{
	struct engine *e = engine;
	struct host *h = pipeline_host(e->pipeline);
	struct session *s;

	if ((s = host_session(h, n->ses)) != NULL && s->source == SESSION_REPORT) {
		restraint_found(s, n);
		return;
	}
	s = host_found(h, n->ses, n->auid, n->pid, n->start_ticks, endpoint_of(&n->peer),
	    endpoint_of(&n->local), rtime_now());
	if (s == NULL) {
		failure_note(FAIL_HOST_FULL);
		return;
	}
	e->found.last = mtime_now();
	restraint_found(s, n);
	name_one(s, e); /* asks */
	e->found.asked += recall_session(e->recall, s, on_known, e);
	homes_want(e->homes, s->ses, s->auid);
	volumes_session(e->volumes, s);
	grants_again(e->grants);
	e->agents_unknown = true;
	if (n->pid == 0)
		host_closed(h, s->ses, rtime_now());
}

void
found_all(struct engine *e)
{
	e->found.all = true;
	grants_again(e->grants);
}

bool
found_whole(void *engine)
{
	const struct engine *e = engine;
	const bool named = !e->found.unnamed || !names_asked_user(e->names);

	return (e->found.all && e->found.asked == 0 && named) ||
	    mtime_ms_since(mtime_now(), e->found.last) >= WAIT_MS;
}

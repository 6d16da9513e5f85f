/* table: see table.h.  Runs in the monitor; each request is taken as if an intruder had sent it. */
#include "agentd/monitor/table.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/monitor/fleets.h"
#include "agentd/monitor/login.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/ring.h"
#include "agentd/monitor/rules.h"
#include "agentd/monitor/sweep.h"
#include "agentd/monitor/switch.h"
#include "agentd/monitor/watches.h"
#include "base/log.h"

enum row_flag {
	ROW_ACTION = 1u << 0,  /* stops something: enforce mode only */
	ROW_SESSION = 1u << 1, /* names a session */
	ROW_SILENT = 1u << 2,  /* has no NOTE_RESULT */
	ROW_LOOK = 1u << 3,    /* looks at what may have ended by itself */
	ROW_FD = 1u << 4,      /* comes with a descriptor */
};

struct row {
	const char *name;
	unsigned flags;
	unsigned rate; /* a minute; the same number at once */
	handler_fn *handle; /* NULL: it has a body, or a descriptor */
};

/* Each session's grant twice a minute, and the fallback. */
#define GRANTS_RATE (ST_SESSIONS * 2)

static handler_fn handle_hello, handle_policy, handle_answered;

static const struct row rows[REQ_MAX] = {
	[REQ_HELLO] = {"hello", ROW_SILENT, 60, handle_hello},
	[REQ_POLICY] = {"policy", ROW_SILENT, 600, handle_policy},
	[REQ_ANSWERED] = {"answered", ROW_SILENT, 60000, handle_answered},
	[REQ_KILL] = {"kill", ROW_ACTION | ROW_SESSION, 6000, handle_kill},
	[REQ_DESTROY] = {"destroy", ROW_ACTION | ROW_SESSION, 6000, handle_destroy},
	[REQ_TERMINATE] = {"terminate", ROW_ACTION | ROW_SESSION, 600, handle_terminate},
	[REQ_PROGRAM] = {"program", ROW_SESSION | ROW_LOOK, 6000, handle_program},
	[REQ_OWNER] = {"owner", ROW_LOOK, 600, handle_owner},
	[REQ_HOLDER] = {"holder", ROW_LOOK, 600, handle_holder},
	[REQ_AUDIT] = {"audit", 0, 6000, handle_audit},
	[REQ_SOURCE] = {"source", 0, 60, handle_source},
	[REQ_ALIVE] = {"alive", ROW_SESSION | ROW_LOOK, 600, handle_alive},
	[REQ_SPARE] = {"spare", ROW_SESSION | ROW_LOOK, 6000, handle_spare},
	[REQ_CLASSES] = {"classes", 0, 120, handle_classes},
	[REQ_PREFIXES] = {"prefixes", 0, 60000, NULL},
	[REQ_PORTS] = {"ports", 0, 600, NULL},
	[REQ_GRANT] = {"grant", 0, GRANTS_RATE, NULL},
	[REQ_CLASSES_DONE] = {"classes-done", 0, 120, handle_classes_done},
	[REQ_SOCKET] = {"socket", ROW_LOOK, 6000, handle_socket},
	[REQ_ISOLATE] = {"isolate", ROW_ACTION | ROW_SESSION, 600, handle_isolate},
	[REQ_REVOKE] = {"revoke", ROW_ACTION | ROW_SESSION, 600, handle_revoke},
	[REQ_CLIENT] = {"client", ROW_SESSION | ROW_LOOK, 6000, handle_client},
	[REQ_SAY] = {"say", ROW_SESSION | ROW_LOOK, 120, NULL},
	[REQ_KEYS] = {"keys", ROW_FD | ROW_LOOK, 6000, NULL},
	[REQ_GUARD] = {"guard", ROW_SESSION | ROW_LOOK, 6000, handle_guard},
};

static const struct {
	body_fn *handle;
	size_t size; /* of an element; 0: it has none */
	size_t most; /* of them; one at least */
} bodies[REQ_MAX] = {
	[REQ_PREFIXES] = {handle_prefixes, sizeof(struct class_prefix), GRANT_BATCH},
	[REQ_PORTS] = {handle_ports, sizeof(struct class_ports), GRANT_BATCH},
	[REQ_GRANT] = {handle_grant, sizeof(struct grant), 1},
	[REQ_SAY] = {handle_say, sizeof(struct say), 1},
	[REQ_KEYS] = {handle_keys, 0, 0},
};

struct table {
	struct rate rate[REQ_MAX];
	struct log_limit log_limit;
};

struct table *
table_new(void)
{
	struct table *t = calloc(1, sizeof(*t));
	struct mtime now = mtime_now();

	for (unsigned i = 0; t != NULL && i < REQ_MAX; i++)
		rate_init(&t->rate[i], rows[i].rate, 60000, now);
	return t;
}

void
table_free(struct table **t)
{
	free(*t);
	*t = NULL;
}

static bool
is_known(const struct request *rq)
{
	return rq->kind < REQ_MAX && rows[rq->kind].name != NULL;
}

/* n: bytes of the body. */
static bool
fits(const struct request *rq, size_t n, bool has_fd)
{
	size_t size = is_known(rq) ? bodies[rq->kind].size : 0;

	if (has_fd != (is_known(rq) && (rows[rq->kind].flags & ROW_FD) != 0))
		return false;
	return size == 0 ? n == 0 : n != 0 && n % size == 0 && n / size <= bodies[rq->kind].most;
}

static enum result
judge(struct monitor *m, const struct asked *q, struct answer *a)
{
	const struct request *rq = q->rq;
	const struct row *row;

	if (!is_known(rq))
		return RES_BAD;
	row = &rows[rq->kind];
	if (!rate_take(&m->table->rate[rq->kind], mtime_now()))
		return RES_RATE;
	if ((row->flags & ROW_ACTION) != 0 && mode_get(m->mode) != MODE_ENFORCE)
		return RES_MODE_AUDIT;
	if ((row->flags & ROW_SESSION) != 0 && registry_get(m->registry, rq->ses) == NULL)
		return RES_NO_SESSION;
	return row->handle != NULL ? row->handle(m, rq, a) : bodies[rq->kind].handle(m, q, a);
}

/* A process that ended before it could be looked at is nothing to tell people. */
static bool
is_usual(const struct request *rq, enum result result, uint64_t error)
{
	if (rq->kind >= REQ_MAX || (rows[rq->kind].flags & ROW_LOOK) == 0)
		return false;
	return result == RES_GONE || result == RES_NOT_FOUND ||
	    (result == RES_DENIED && (error == ENOENT || error == ESRCH));
}

static void
log_refusal(struct monitor *m, const struct request *rq, enum result result, uint64_t error)
{
	const char *name = is_known(rq) ? rows[rq->kind].name : "?";
	char more[LOG_HELD_LEN];
	unsigned held;

	if (is_usual(rq, result, error))
		log_debug("request %s for session %u pid %u: %s", name, rq->ses, rq->pid,
		    result_text(result));
	else if (log_allow(&m->table->log_limit, 60, &held))
		log_info("request %s for session %u pid %u: %s%s", name, rq->ses, rq->pid,
		    result_text(result), log_held(held, more));
}

static void
answer(struct monitor *m, const struct asked *q)
{
	const struct request *rq = q->rq;
	struct answer a = {.fds = {-1, -1}};
	enum result result = judge(m, q, &a);
	bool silent = is_known(rq) && (rows[rq->kind].flags & ROW_SILENT) != 0;

	if (result != RES_OK && !a.later)
		log_refusal(m, rq, result, a.note.value);
	if (!a.later && !silent) {
		a.note.kind = NOTE_RESULT;
		a.note.id = rq->id;
		a.note.result = result;
		a.note.mode = mode_get(m->mode);
		(void)monitor_send(m, &a.note, a.fds, result == RES_OK ? a.nfds : 0);
	}
	for (int i = 0; i < a.nfds; i++)
		close(a.fds[i]);
}

bool
table_dispatch(struct monitor *m, const struct request *rq, const void *body, size_t n, int fd)
{
	struct asked q = {.rq = rq, .body = body, .fd = fd == -1 ? NULL : &fd};
	bool heard = fits(rq, n, fd != -1);

	if (heard) {
		q.n = n == 0 ? 0 : n / bodies[rq->kind].size;
		answer(m, &q);
	}
	if (fd != -1)
		close(fd);
	return heard;
}

void
table_answer_with(struct monitor *m, uint32_t id, const struct notice *answer, const int *fds, int nfds)
{
	struct notice n = *answer;

	n.kind = NOTE_RESULT;
	n.id = id;
	n.mode = mode_get(m->mode);
	(void)monitor_send(m, &n, fds, nfds);
}

void
table_answer(struct monitor *m, uint32_t id, enum result result, uint64_t value)
{
	const struct notice n = {.result = result, .value = value};

	table_answer_with(m, id, &n, NULL, 0);
}

void
table_deed_done(struct monitor *m, uint32_t id, enum result result, uint64_t n, void *unused)
{
	(void)unused;
	table_answer(m, id, result, n);
}

static void
fall_back_to_audit(struct monitor *m)
{
	struct notice n = {.kind = NOTE_STOP_LIMIT, .mode = MODE_AUDIT,
	    .value = mode_stops(m->mode, mtime_now())};

	log_crit("the stop limit is reached: the host is back in audit mode; look at the alerts, then "
		 "`sshtether mode enforce`");
	switch_mode(m->switcher, MODE_AUDIT, 0, NULL, NULL);
	(void)monitor_send(m, &n, NULL, 0);
}

bool
table_may_stop(struct monitor *m, uint32_t auid)
{
	bool may = mode_may_stop(m->mode, auid, mtime_now());

	if (!may)
		fall_back_to_audit(m);
	return may;
}

enum result
table_may_act(struct monitor *m, const struct request *rq)
{
	const struct mon_session *s = registry_get(m->registry, rq->ses);

	if (s == NULL)
		return RES_NO_SESSION;
	if (mode_get(m->mode) != MODE_ENFORCE)
		return RES_MODE_AUDIT;
	if (!rate_take(&m->actions, mtime_now()))
		return RES_RATE;
	return table_may_stop(m, s->auid) ? RES_OK : RES_MODE_AUDIT;
}

/* --- the short ones --------------------------------------------------------------------------------- */

static enum result
handle_hello(struct monitor *m, const struct request *rq, struct answer *a)
{
	(void)rq;
	(void)a;
	sweep_tell_found(m->sweeper);
	rules_tell_again(m->rules);
	ring_tell_gates(m->ring);
	watches_tell(m);
	return RES_OK;
}

static enum result
handle_policy(struct monitor *m, const struct request *rq, struct answer *a)
{
	(void)a;
	mode_limit(m->mode, rq->limit, (int64_t)rq->window_s * 1000);
	log_info("policy serial %llu is in force; stop limit %u in %u s", (unsigned long long)rq->value,
	    rq->limit, rq->window_s);
	fleets_in_force(m->fleets, rq->inode, rq->value);
	return RES_OK;
}

static enum result
handle_answered(struct monitor *m, const struct request *rq, struct answer *a)
{
	(void)a;
	logins_answered(m->logins, rq->id);
	return RES_OK;
}

/*
 * evidence: from a fact to something that can be held, and from there to a finding with its
 * session, its process, the ancestry back to sshd, and the reason in words.  Pure.
 */
#include <errno.h>
#include <stdio.h>

#include "agentd/detect/detector.h"

struct evidence
evidence_of(const struct detect *d, const struct fact *f)
{
	const struct process *p = host_process(detect_host(d), f->pid);
	struct evidence e = {
		.time = f->time,
		.serial = f->serial,
		.pid = f->pid,
		.ses = f->ses,
		.auid = f->auid,
		.uid = f->uid,
		.euid = f->euid,
		.life = p != NULL ? p->life : 0,
		.to = f->peer,
		.un = f->un,
		.exit = f->exit,
		.way = f->way,
		.count = 1,
	};

	e.un.path = BYTES_NONE;
	if (f->family == AF_UNIX) {
		e.path_len = f->un.path.n < sizeof(e.path) ? f->un.path.n : sizeof(e.path);
		if (e.path_len > 0)
			memcpy(e.path, f->un.path.p, e.path_len);
	}
	return e;
}

struct fact_unix
evidence_unix(const struct evidence *e)
{
	struct fact_unix un = e->un;

	un.path = (struct bytes){.p = e->path, .n = e->path_len};
	return un;
}

/* Member by member: the padding of a copied struct is anything. */
uint64_t
evidence_key(const struct evidence *e, enum activity activity, uint64_t doer)
{
	struct {
		uint64_t doer, inode;
		uint32_t dev_major, dev_minor, activity;
		uint16_t port;
		struct addr addr;
		char path[sizeof(e->path)];
	} key;

	memset(&key, 0, sizeof(key));
	key.doer = doer != 0 ? doer : (uint64_t)e->ses << 32 | e->pid; /* the model does not know it */
	key.activity = activity;
	key.addr = e->to.addr;
	key.port = e->to.port;
	if (e->un.has_inode) {
		key.inode = e->un.inode;
		key.dev_major = e->un.dev_major;
		key.dev_minor = e->un.dev_minor;
	} else
		memcpy(key.path, e->path, e->path_len);
	return bytes_hash((struct bytes){.p = (const char *)&key, .n = sizeof(key)});
}

/* Unknown: a connect that is on its way. */
static enum outcome
outcome_of_exit(int64_t exit)
{
	if (exit >= 0)
		return OUTCOME_SUCCESS;
	return exit == -EINPROGRESS || exit == -EINTR || exit == -EAGAIN ? OUTCOME_UNKNOWN :
	                                                                   OUTCOME_FAILURE;
}

/* --- how work came to a session that is not a login of its own -------------------------------- */

static const struct {
	const char *service, *via;
} services[] = {
	{"cron", "cron"},
	{"crond", "cron"},
	{"atd", "at"},
	{"systemd", "systemd"},
	{"(systemd)", "systemd"},
	{"systemd-executor", "systemd"},
};

static const char *
via_of(const struct session *s, struct rtime when)
{
	if (s->ses == SES_UNSET)
		return NULL;
	if (s->ssh)
		return session_is_open(s, when) ? NULL : "linger";
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (strcmp(s->service, services[i].service) == 0)
			return services[i].via;
	}
	return NULL;
}

/* --- findings --------------------------------------------------------------------------------- */

/* io_uring's record says that the request was carried out, not what came of it (io_uring/net.c: io_connect). */
static enum outcome
outcome_of(const struct evidence *e)
{
	return e->way == WAY_URING && e->exit >= 0 ? OUTCOME_UNKNOWN : outcome_of_exit(e->exit);
}

void
finding_start(struct detect *d, const struct evidence *e, enum activity activity, struct finding *f)
{
	const struct process *p = host_process(detect_host(d), e->pid);

	*f = (struct finding){
		.activity = activity,
		.time = e->time,
		.serial = e->serial,
		.session = detect_session(d, e->ses),
		.process = p != NULL && p->ses == e->ses ? p : NULL,
		.pid = e->pid,
		.uid = e->uid,
		.euid = e->euid,
		.to = e->to,
		.from = e->from,
		.to_unix = {.p = e->path, .n = e->path_len},
		.unix_inode = e->un.has_inode ? e->un.inode : 0,
		.unix_dev_major = e->un.dev_major,
		.unix_dev_minor = e->un.dev_minor,
		.outcome = outcome_of(e),
		.exit = e->exit,
		.way = e->way,
		.count = e->count,
		.note = e->note,
	};
	f->via = via_of(f->session, e->time);
}

void
finding_of_session(struct detect *d, const struct session *s, enum activity activity, struct rtime now, struct finding *f)
{
	const struct evidence e = {.time = now, .ses = s->ses, .auid = s->auid, .uid = s->uid, .euid = s->uid, .count = 1};

	finding_start(d, &e, activity, f);
	f->session = s;
	f->to_unix = BYTES_NONE;
	f->via = NULL;
}

void
finding_follow(const struct finding *from, enum activity activity, struct finding *f)
{
	*f = *from;
	f->activity = activity;
	f->count = 1;
	f->confidence = CONFIDENCE_NONE;
	f->grade = GRADE_NONE;
	f->note = NULL;
	f->nancestry = 0;
}

void
finding_fold(struct detect *d, struct finding *f, uint64_t key, int64_t window_ms)
{
	unsigned count = fold_pass(detect_fold(d), key, f->time, window_ms);

	f->again = count == 0;
	if (count > 1)
		f->count = count;
}

/* What failed has no socket to that peer, or will not keep it. */
static bool
may_have_socket(const struct evidence *e)
{
	return e->exit >= 0 || outcome_of_exit(e->exit) == OUTCOME_UNKNOWN;
}

bool
detect_is_tcp(struct detect *d, struct evidence *e, uint64_t key, int64_t window_ms)
{
	const struct probe *probe = host_probe(detect_host(d));
	const struct probe_ask ask = {.ses = e->ses, .uid = e->euid, .peer = e->to, .when = e->time};
	struct probe_tcp tcp = {.found = false};

	if (e->from.addr.family != 0)
		return true;
	if (probe->tcp == NULL || !may_have_socket(e))
		return false;
	if (fold_has(detect_fold(d), key, e->time, window_ms))
		return true;
	if (!probe->tcp(probe->arg, &ask, &tcp) || !tcp.found)
		return false;
	e->from = tcp.local;
	return true;
}

const char *
endpoint_str(struct endpoint e, char out[ENDPOINT_STRLEN])
{
	char addr[ADDR_STRLEN];

	(void)snprintf(out, ENDPOINT_STRLEN, e.addr.family == 6 ? "[%s]:%u" : "%s:%u",
	    addr_str(e.addr, addr), e.port);
	return out;
}

const char *
session_str(const struct session *s, char out[SESSION_STRLEN])
{
	char addr[ADDR_STRLEN], from[ADDR_STRLEN + 16] = "", user[ST_NAME_MAX + 16];

	if (s->ses == SES_UNSET) {
		(void)snprintf(out, SESSION_STRLEN, "a task without a session");
		return out;
	}
	if (s->user[0] != '\0')
		(void)snprintf(user, sizeof(user), "%s", s->user);
	else
		(void)snprintf(user, sizeof(user), "uid %u", s->auid);
	if (s->peer.addr.family != 0)
		(void)snprintf(from, sizeof(from), " (from %s)", addr_str(s->peer.addr, addr));
	(void)snprintf(out, SESSION_STRLEN, "%s's session %u%s", user, s->ses, from);
	return out;
}

const char *
program_str(const struct process *p, char out[64])
{
	struct bytes name = p != NULL ? bytes_basename(bytes_of(p->exe)) : BYTES_NONE;

	if (name.n == 0 && p != NULL)
		name = bytes_of(p->comm);
	if (name.n == 0)
		name = BYTES_LIT("a program");
	(void)bytes_copy(name, out, 64);
	return out;
}

void
finding_reason(struct finding *f, const char *fmt, ...)
{
	struct buf raw = BUF_INIT, visible = BUF_INIT;
	char who[SESSION_STRLEN];
	va_list ap;

	buf_puts(&raw, session_str(f->session, who));
	buf_putc(&raw, ' ');
	va_start(ap, fmt);
	buf_vprintf(&raw, fmt, ap);
	va_end(ap);
	if (f->note != NULL)
		buf_printf(&raw, " (%s)", f->note);
	buf_put_visible(&visible, buf_bytes(&raw));
	if (buf_ok(&visible))
		(void)bytes_copy(buf_bytes(&visible), f->reason, sizeof(f->reason));
	buf_free(&raw);
	buf_free(&visible);
}

static void
fill_ancestry(struct detect *d, struct finding *f)
{
	const struct process *chain[ST_ANCESTRY + 1];
	size_t n;

	if (f->process == NULL)
		return;
	n = host_ancestry(detect_host(d), f->pid, chain, ST_ANCESTRY + 1);
	for (size_t i = 1; i < n; i++)
		f->ancestry[f->nancestry++] = chain[i];
}

/* Rulings change nothing of a session but this count; the rest of it is the model's. */
static void
count_finding(struct detect *d, const struct finding *f)
{
	struct session *s = host_session(detect_host(d), f->session->ses);

	if (s != NULL)
		s->findings++;
}

void
finding_send(struct detect *d, struct finding *f)
{
	fill_ancestry(d, f);
	if (!f->again)
		count_finding(d, f);
	detect_emit(d, f);
	if (!f->again && f->via != NULL && strcmp(f->via, "linger") == 0 && f->activity != ACT_SESSION_BRIDGE)
		bridge_linger(d, f);
}

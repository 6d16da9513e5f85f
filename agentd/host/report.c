/*
 * report: sessions as the PAM module reported them, and as they were found alive in /proc.  What a
 * report said is never changed by a record.  Runs in the engine.
 */
#include "agentd/host/model.h"

#include <stdlib.h>

#include "base/report_addr.h"

/* A list of terminated strings, an empty one last. */
static char *
principals_dup(const char *list)
{
	const char *p = list;
	char *copy;

	while (*p != '\0')
		p += strlen(p) + 1;
	if (p == list)
		return NULL;
	copy = malloc((size_t)(p - list) + 1);
	if (copy != NULL)
		memcpy(copy, list, (size_t)(p - list) + 1);
	return copy;
}

static void
take_key(struct session *s, const struct report *r)
{
	s->key_known = (r->flags & REPORT_KEY_KNOWN) != 0;
	memcpy(s->key_type, r->key_type, sizeof(s->key_type));
	memcpy(s->key_fp, r->key_fp, sizeof(s->key_fp));
	s->cert = (r->flags & REPORT_CERT) != 0;
	if (!s->cert)
		return;
	memcpy(s->ca_fp, r->ca_fp, sizeof(s->ca_fp));
	s->cert_id = strdup(r->cert_id);
	s->cert_serial = r->cert_serial;
	s->principals = principals_dup(r->principals);
}

static void
take_groups(struct session *s, const struct report *r)
{
	if (r->ngroups == 0)
		return;
	s->groups = calloc(r->ngroups, sizeof(*s->groups));
	s->group_names = calloc(r->ngroups, sizeof(*s->group_names));
	if (s->groups == NULL || s->group_names == NULL)
		return;
	memcpy(s->groups, r->groups, r->ngroups * sizeof(*s->groups));
	s->ngroups = r->ngroups;
}

static void
take_report(struct session *s, const struct report *r, struct rtime now)
{
	session_free_strings(s);
	s->group_names = NULL;
	s->groups = NULL;
	s->principals = s->cert_id = NULL;
	s->ngroups = 0;
	s->source = SESSION_REPORT;
	s->from = SES_UNSET;
	s->report = r->flags;
	s->ssh = true;
	s->auid = r->auid;
	s->uid = r->uid;
	s->peer = endpoint_of(&r->peer);
	s->local = endpoint_of(&r->local);
	s->monitor_pid = r->pid;
	s->start_ticks = r->start_ticks;
	s->opened = s->last = now;
	memcpy(s->user, r->user, sizeof(s->user));
	memcpy(s->service, r->service, sizeof(s->service));
	memcpy(s->tty, r->tty, sizeof(s->tty));
	memcpy(s->method, r->method, sizeof(s->method));
	take_key(s, r);
	take_groups(s, r);
}

/* The session's sshd, as a process that others can have for a parent. */
static void
note_monitor(struct host *h, const struct session *s, struct rtime now)
{
	struct process p = {
		.pid = s->monitor_pid,
		.ses = s->ses,
		.auid = s->auid,
		.seen = now,
		.is_sshd = true,
		.comm = "sshd",
	};

	if (s->monitor_pid != 0)
		(void)process_note(h, &p);
}

struct session *
host_open(struct host *h, const struct report *r, struct rtime now)
{
	struct session_node *n = session_find(h, r->ses);

	if (r->ses == SES_UNSET)
		return NULL;
	if (n != NULL && n->s.source == SESSION_REPORT && n->s.monitor_pid != r->pid) {
		session_drop(h, n);
		n = NULL;
	}
	if (n == NULL)
		n = session_add(h, r->ses, r->auid);
	if (n == NULL)
		return NULL;
	take_report(&n->s, r, now);
	session_state_set(h, n, SESSION_OPEN);
	n->over = RTIME_NONE;
	if (h->reported.ms == 0)
		h->reported = now;
	note_monitor(h, &n->s, now);
	return &n->s;
}

bool
host_expects_report(const struct host *h, struct rtime when)
{
	return h->reported.ms != 0 && rtime_since(when, h->reported) >= 0;
}

struct session *
host_found(struct host *h, uint32_t ses, uint32_t auid, uint32_t monitor_pid,
    uint64_t start_ticks, struct endpoint peer, struct endpoint local, struct rtime now)
{
	struct session_node *n = session_ensure(h, ses, auid);

	if (n == NULL)
		return NULL;
	session_revive(h, n);
	if (n->s.source == SESSION_REPORT)
		return &n->s;
	n->s.source = SESSION_PROC;
	n->s.ssh = true;
	if (monitor_pid != 0) {
		n->s.monitor_pid = monitor_pid;
		n->s.start_ticks = start_ticks;
	}
	if (peer.addr.family != 0) {
		n->s.peer = peer;
		n->s.local = local;
	}
	n->s.last = now;
	if (n->s.opened.ms == 0)
		n->s.opened = now; /* no later than that */
	session_root_child(&n->s);
	note_monitor(h, &n->s, now);
	return &n->s;
}

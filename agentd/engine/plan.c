/* plan: see plan.h. */
#include "agentd/engine/plan.h"

static const char sshd_stays[] = "sshd itself is never stopped";

/* What `block` is, for a process of the session and for its own sshd. */
static const struct plan by_process[ACT_COUNT] = {
	[ACT_OUTBOUND_SSH] = {REQ_KILL, DONE_KILLED, NULL, true},
	[ACT_RELAY] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_AGENT_USE] = {REQ_KILL, DONE_KILLED, NULL, true},
	[ACT_AGENT_HIJACK] = {REQ_KILL, DONE_KILLED, NULL, true},
	[ACT_MUX_USE] = {REQ_KILL, DONE_KILLED, NULL, true},
	[ACT_MUX_HIJACK] = {REQ_KILL, DONE_KILLED, NULL, true},
	[ACT_LISTEN] = {REQ_KILL, DONE_KILLED, NULL, false},
	[ACT_SESSION_BRIDGE] = {REQ_KILL, DONE_KILLED, NULL, false},
	[ACT_SESSION_ESCAPE] = {REQ_KILL, DONE_KILLED, NULL, false},
	[ACT_KEY_READ] = {REQ_KILL, DONE_KILLED, NULL, false},
	[ACT_SSH_TAMPER] = {REQ_KILL, DONE_KILLED, NULL, false},
	[ACT_AUDIT_EVASION] = {REQ_KILL, DONE_KILLED, NULL, true},
	[ACT_UNREPORTED_SESSION] = {REQ_KILL, DONE_KILLED, NULL, false},
};
static const struct plan by_sshd[ACT_COUNT] = {
	[ACT_OUTBOUND_SSH] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_RELAY] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_AGENT_USE] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_AGENT_HIJACK] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_MUX_USE] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_MUX_HIJACK] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_LISTEN] = {0, DONE_FAILED, sshd_stays, false},
	[ACT_SESSION_BRIDGE] = {0, DONE_FAILED, sshd_stays, false},
	[ACT_SESSION_ESCAPE] = {0, DONE_FAILED, sshd_stays, false},
	[ACT_KEY_READ] = {0, DONE_FAILED, sshd_stays, false},
	[ACT_SSH_TAMPER] = {0, DONE_FAILED, sshd_stays, false},
	[ACT_AUDIT_EVASION] = {REQ_DESTROY, DONE_CUT, NULL, false},
	[ACT_UNREPORTED_SESSION] = {0, DONE_FAILED, sshd_stays, false},
};

static bool
is_sshd(const struct finding *f)
{
	return f->activity == ACT_RELAY || (f->process != NULL && f->process->is_sshd);
}

static struct plan
plan_block(const struct finding *f)
{
	static const char nobody[] = "the record names no process";
	static const char nowhere[] = "the record names no connection";
	struct plan p = is_sshd(f) ? by_sshd[f->activity] : by_process[f->activity];

	if (p.kind == 0 && p.why == NULL)
		p.why = "there is no way to block this";
	if (p.kind != 0 && f->pid == 0)
		p = (struct plan){.why = nobody};
	if (p.kind == REQ_DESTROY && f->unix_inode == 0 && f->to.port == 0)
		p = (struct plan){.why = nowhere};
	p.cut = p.cut && (f->unix_inode != 0 || f->to.port != 0);
	return p;
}

/* Of the whole session. */
static const struct plan by_session[DO_COUNT] = {
	[DO_ISOLATE] = {REQ_ISOLATE, DONE_ISOLATED, NULL, false},
	[DO_REVOKE_AGENT] = {REQ_REVOKE, DONE_REVOKED, NULL, false},
	[DO_TERMINATE] = {REQ_TERMINATE, DONE_TERMINATED, NULL, false},
	[DO_TERMINATE_ALL] = {REQ_TERMINATE, DONE_TERMINATED, NULL, false},
};

bool
plan_is_of_session(const struct plan *p)
{
	return p->kind == REQ_ISOLATE || p->kind == REQ_REVOKE || p->kind == REQ_TERMINATE;
}

bool
plan_only_refuses(enum action a)
{
	return a == DO_BLOCK || a == DO_DENY; /* of a login; of what a session does it can only mean the same */
}

struct plan
plan_of(const struct ruling *r)
{
	const struct finding *f = r->finding;

	if (plan_only_refuses(r->decision.action))
		return plan_block(f);
	if (f->session->ses == SES_UNSET)
		return (struct plan){.why = "the task belongs to no session"};
	return by_session[r->decision.action];
}

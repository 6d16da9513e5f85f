/*
 * outbound-ssh: a process of a session runs an SSH client or connects to an SSH port.  An SSH
 * program is one wherever it connects to; any other program is one at an SSH port, or when it
 * connects for a client (ProxyCommand).  One hop is one finding, however many records tell of it.
 * Pure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/command.h"
#include "agentd/detect/hop.h"

#define ARMED_MS      2000 /* from the exec to the first connect */
#define NAME_MS       6000 /* with a name server that is slow (RES_TIMEOUT is 5 s) */
#define UNSURE_MS     1000 /* for the answer whether a program speaks SSH */
#define SAME_HOP_MS   60000
#define PROXY_PARENTS 3    /* ssh, a shell, a wrapper, the program that connects */

/* A client with Kerberos talks to its KDC beside the SSH connection. */
static const uint16_t kerberos_ports[] = {88, 464, 749, 750};

static bool
is_kerberos(uint16_t port)
{
	for (size_t i = 0; i < sizeof(kerberos_ports) / sizeof(kerberos_ports[0]); i++) {
		if (port == kerberos_ports[i])
			return true;
	}
	return false;
}

struct outbound {
	struct hops *hops;
	uint64_t lessons; /* of the host, when last looked at */
};

/* --- telling it ------------------------------------------------------------------------------- */

/* The SSH client that p connects for: one that has not connected itself.  NULL: none. */
static const struct process *
client_of(struct detect *d, const struct hops *hs, const struct process *p)
{
	for (int i = 0; p != NULL && i < PROXY_PARENTS; i++) {
		const struct process *parent = host_process(detect_host(d), p->ppid);
		const struct hop *h;

		if (parent == NULL || parent->ses != p->ses || parent->is_sshd)
			return NULL;
		h = hop_find(hs, parent->pid, parent->life);
		if (parent->program == PROGRAM_SSH && (h == NULL || !h->connected) &&
		    !bytes_starts(bytes_basename(bytes_of(parent->exe)), BYTES_LIT("sshd")))
			return parent;
		p = parent;
	}
	return NULL;
}

/* Started, and nothing was seen yet of what became of it. */
static bool
is_unexplained(const struct hop *h)
{
	return h->armed && !h->connected && !h->proxied && !h->muxed;
}

/* It will not connect itself, its child does. */
static void
explain(const struct hops *hs, const struct process *client)
{
	struct hop *h = client != NULL ? hop_find(hs, client->pid, client->life) : NULL;

	if (h != NULL)
		h->proxied = true;
}

static void
say_outbound(struct finding *f, const char *whom)
{
	char to[ENDPOINT_STRLEN], program[64], tries[32] = "";

	(void)endpoint_str(f->to, to);
	(void)program_str(f->process, program);
	if (f->count > 1)
		(void)snprintf(tries, sizeof(tries), ", %u tries", f->count);
	if (f->outcome == OUTCOME_FAILURE)
		finding_reason(f, "could not connect to %s with %s%s%s: %s", to, program, whom,
		    tries, strerror((int)-f->exit));
	else
		finding_reason(f, "connects to %s with %s%s%s", to, program, whom, tries);
}

static uint64_t
hop_key(const struct evidence *e)
{
	return evidence_key(e, ACT_OUTBOUND_SSH, e->life);
}

static void
send_outbound(struct detect *d, struct hops *hs, struct hop *h, const struct evidence *e)
{
	const struct process *p = host_process(detect_host(d), e->pid);
	const struct process *client = client_of(d, hs, p);
	struct finding f;

	h->connected = true;
	explain(hs, client);
	finding_start(d, e, ACT_OUTBOUND_SSH, &f);
	finding_fold(d, &f, hop_key(e), SAME_HOP_MS);
	say_outbound(&f, client != NULL ? " for its SSH client" : "");
	finding_send(d, &f);
}

static void
send_all(struct detect *d, struct hops *hs, struct hop *h, const struct dial_out *out)
{
	for (size_t i = 0; i < out->n; i++)
		send_outbound(d, hs, h, &out->tcp[i]);
}

/*
 * A client that was started and never seen to connect: it failed before (a name that is not there),
 * or the record was lost, or there is no rule for connects.
 */
static void
send_unseen(struct detect *d, const struct hop *h)
{
	char program[64];
	struct finding f;

	finding_start(d, &h->first, ACT_OUTBOUND_SSH, &f);
	f.outcome = OUTCOME_UNKNOWN;
	finding_reason(&f, "runs %s; no connection of it was seen", program_str(f.process, program));
	finding_send(d, &f);
}

/* --- when something is due -------------------------------------------------------------------- */

static void
schedule(struct hops *hs, struct hop *h, struct rtime now)
{
	int64_t wait = HOP_IDLE_MS;

	if (h->unsure)
		wait = UNSURE_MS;
	else if (h->dial.has_held)
		wait = DIAL_QUIET_MS;
	else if (h->dial.has_failed)
		wait = DIAL_FAILED_MS;
	else if (is_unexplained(h))
		wait = h->asks_name ? NAME_MS : ARMED_MS;
	hop_due(hs, h, (struct rtime){.ms = now.ms + wait});
}

/* Tells what is held.  False: there was nothing. */
static bool
settle(struct detect *d, struct hops *hs, struct hop *h)
{
	struct dial_out out;
	struct evidence failed;

	free(hop_wait_take(hs, h, &(size_t){0}));
	dial_settle(&h->dial, &out);
	if (out.n > 0) {
		send_all(d, hs, h, &out);
	} else if (dial_take_failure(&h->dial, &failed)) {
		send_outbound(d, hs, h, &failed);
	} else if (is_unexplained(h)) {
		h->armed = false;
		send_unseen(d, h);
	} else
		return false;
	return true;
}

static void
settle_last(struct detect *d, struct hops *hs, struct hop *h)
{
	while (settle(d, hs, h))
		;
}

/* --- facts ------------------------------------------------------------------------------------ */

static void
connect_ip(struct detect *d, struct hops *hs, struct hop *h, struct evidence *e)
{
	bool sure = detect_is_tcp(d, e, hop_key(e), SAME_HOP_MS);
	struct dial_out out;

	dial_step(&h->dial, e, sure ? DIAL_SURE : DIAL_BLOCKING, &out);
	send_all(d, hs, h, &out);
}

static bool
can_be_told(struct detect *d, const struct process *p)
{
	return p->program == PROGRAM_UNKNOWN && p->exec_time.ms != 0 &&
	    host_probe(detect_host(d))->want_program != NULL;
}

/*
 * The user cannot have changed it: it talks to its KDC beside its one connection, and to nobody
 * else.
 */
static bool
is_roots_client(const struct process *p)
{
	return program_is_ssh_name(bytes_of(p->exe)) && program_is_steady(bytes_of(p->exe));
}

static bool
is_outbound(struct detect *d, struct hops *hs, const struct process *p, const struct evidence *e)
{
	return p->program == PROGRAM_SSH || detect_is_ssh_port(d, e->to.port) ||
	    client_of(d, hs, p) != NULL;
}

static void
wait_for_program(struct detect *d, struct hops *hs, const struct evidence *e)
{
	struct hop *h = hop_get(d, hs, e);
	bool first;

	if (h == NULL)
		return;
	first = !h->unsure;
	hop_wait(hs, h, e);
	if (first)
		schedule(hs, h, e->time);
}

/*
 * A name server over UDP, or an address that getaddrinfo sorts without a port; TCP has no port 0.
 * Where nobody can look, what a client asks of port 53 is a name.
 */
static bool
is_lookup(struct detect *d, struct evidence *e, bool suspect)
{
	if (e->to.port != 53 || e->exit != 0)
		return e->to.port == 0;
	return !suspect || !detect_is_tcp(d, e, hop_key(e), SAME_HOP_MS);
}

static void
fact_inet(struct detect *d, struct hops *hs, const struct process *p, struct evidence *e)
{
	struct hop *h = hop_find(hs, e->pid, e->life);
	bool outbound = is_outbound(d, hs, p, e), unsure = !outbound && can_be_told(d, p);

	if (is_lookup(d, e, outbound || unsure)) {
		if (h != NULL) {
			h->asks_name = true;
			schedule(hs, h, e->time);
		}
		return;
	}
	if (h != NULL && h->connected && is_kerberos(e->to.port) && is_roots_client(p))
		return;
	if (unsure)
		wait_for_program(d, hs, e);
	if (!outbound)
		return;
	h = hop_get(d, hs, e);
	if (h == NULL)
		return;
	h->asks_name = false;
	connect_ip(d, hs, h, e);
	schedule(hs, h, e->time);
}

static void
fact_unspec(struct hops *hs, const struct evidence *e)
{
	struct hop *h = hop_find(hs, e->pid, e->life);

	if (h == NULL)
		return;
	dial_unspec(&h->dial, e->time);
	schedule(hs, h, e->time);
}

/* The process went on to something else: what it held was TCP. */
static void
fact_other(struct detect *d, struct hops *hs, const struct evidence *e)
{
	struct hop *h = hop_find(hs, e->pid, e->life);
	struct dial_out out;

	if (h == NULL)
		return;
	dial_settle(&h->dial, &out);
	send_all(d, hs, h, &out);
	if (!h->unsure)
		schedule(hs, h, e->time);
}

/* A client that reaches a ControlMaster or an agent is explained by the first alone. */
static void
fact_unix(struct detect *d, struct hops *hs, const struct fact *f, const struct evidence *e)
{
	struct hop *h = hop_find(hs, e->pid, e->life);
	const struct usock *u;
	enum usock_kind kind;

	fact_other(d, hs, e);
	if (h == NULL || !h->armed || f->exit != 0)
		return;
	u = host_usock(detect_host(d), &f->un);
	kind = u != NULL && u->kind != USOCK_OTHER ? u->kind : usock_kind_of(f->un.path);
	if (kind == USOCK_OTHER && usock_is_system(f->un.path))
		return;
	if (kind != USOCK_AGENT)
		h->muxed = true;
}

static void
fact_exec(struct detect *d, struct hops *hs, const struct process *p, const struct evidence *e)
{
	struct hop *h = hop_of_pid(hs, e->pid);

	explain(hs, client_of(d, hs, p));
	if (h != NULL) {
		settle_last(d, hs, h);
		hop_drop(hs, h);
	}
	if (p->program != PROGRAM_SSH || !program_is_ssh_name(bytes_of(p->exe)) ||
	    !command_connects((struct bytes){.p = p->argv, .n = p->argv_len}))
		return;
	h = hop_get(d, hs, e);
	if (h == NULL)
		return;
	h->armed = true;
	h->first = *e;
	schedule(hs, h, e->time);
}

static void
outbound_fact(struct detect *d, void *state, const struct fact *f)
{
	const struct process *p = host_process(detect_host(d), f->pid);
	struct hops *hs = ((struct outbound *)state)->hops;
	struct evidence e;

	if (p == NULL || p->is_sshd || f->ses == SES_UNSET)
		return;
	e = evidence_of(d, f);
	if (f->kind == FACT_EXEC)
		fact_exec(d, hs, p, &e);
	else if (f->kind != FACT_CONNECT)
		fact_other(d, hs, &e);
	else if (f->family == AF_UNSPEC)
		fact_unspec(hs, &e);
	else if (f->family == AF_UNIX)
		fact_unix(d, hs, f, &e);
	else if (f->peer.addr.family != 0)
		fact_inet(d, hs, p, &e);
}

bool
outbound_is_connected(const struct detect *d, const struct evidence *e)
{
	const struct outbound *o = detect_state(d, &detector_outbound);
	const struct hop *h = hop_find(o->hops, e->pid, e->life);

	return h != NULL && (h->connected || h->proxied);
}

/* --- time ------------------------------------------------------------------------------------- */

/* What waited to hear of its program is an SSH client's connect, or nothing. */
static void
program_told(struct detect *d, struct hops *hs, struct hop *h)
{
	const struct process *p = host_process(detect_host(d), h->pid);
	bool is_ssh = p != NULL && p->life == h->life && p->program == PROGRAM_SSH;
	size_t n;
	struct evidence *waits = hop_wait_take(hs, h, &n);

	for (size_t i = 0; is_ssh && i < n; i++)
		connect_ip(d, hs, h, &waits[i]);
	free(waits);
	schedule(hs, h, h->ripe.due);
}

static void
look_at_unsure(struct detect *d, struct outbound *o)
{
	uint64_t lessons = host_lessons(detect_host(d));
	const struct process *p;
	struct hop *h, *next;

	if (lessons == o->lessons)
		return;
	o->lessons = lessons;
	for (h = hop_first_unsure(o->hops); h != NULL; h = next) {
		next = hop_next_unsure(h);
		p = host_process(detect_host(d), h->pid);
		if (p == NULL || p->life != h->life || p->program != PROGRAM_UNKNOWN)
			program_told(d, o->hops, h);
	}
}

static void
outbound_ripen(struct detect *d, void *state, struct rtime now, bool all)
{
	struct outbound *o = state;
	struct hop *h;

	look_at_unsure(d, o);
	while ((h = hop_ripe(o->hops, now, all)) != NULL) {
		if (h->unsure)
			program_told(d, o->hops, h);
		else if (settle(d, o->hops, h))
			schedule(o->hops, h, h->ripe.due);
		else
			hop_drop(o->hops, h);
	}
}

static void
outbound_free(void *state)
{
	struct outbound *o = state;

	hops_free(&o->hops);
	free(o);
}

static void *
outbound_new(void)
{
	struct outbound *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->hops = hops_new(settle_last);
	if (o->hops == NULL) {
		free(o);
		return NULL;
	}
	return o;
}

const struct detector detector_outbound = {
	.name = "outbound-ssh",
	.state_new = outbound_new,
	.state_free = outbound_free,
	.fact = outbound_fact,
	.ripen = outbound_ripen,
};

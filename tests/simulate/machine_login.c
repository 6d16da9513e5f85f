/* machine_login: who logs in, and what the module, sshd, cron and other servers tell of it. */
#include <stdio.h>
#include <string.h>

#include "tests/simulate/machine_parts.h"

#define SSHD_PID  700
#define CRON_PID  650
#define SERVED_MS 300000 /* longer than somebody may take to log in */

static struct record_task
daemon_task(uint32_t ppid, enum program p)
{
	struct record_task t = {.ppid = ppid, .ses = NOBODY, .auid = NOBODY};

	machine_set_program(&t, p);
	return t;
}

static void
set_loginuid(struct machine *m, uint32_t pid, uint32_t uid)
{
	struct record_task *t = &machine_task(m, pid)->r;
	struct record_out out = machine_event(m);

	record_login(&out, t, uid, m->next_ses);
	t->auid = uid;
	t->ses = m->next_ses++;
	machine_join(m, pid);
	machine_feed(m);
}

static struct report_addr
report_addr(struct endpoint e)
{
	struct report_addr a = {.family = e.addr.family, .port = e.port};

	memcpy(a.b, e.addr.b, sizeof(a.b));
	return a;
}

static void
report(struct machine *m, const struct credentials *c, const struct login *l)
{
	struct report r = {.magic = REPORT_MAGIC, .version = REPORT_VERSION, .kind = REPORT_OPEN, .pid = l->monitor,
	    .uid = l->uid, .gid = l->uid, .auid = l->uid, .ses = l->ses, .start_ticks = 1,
	    .peer = report_addr(l->from), .local = report_addr(l->at)};
	struct session *s;

	(void)snprintf(r.user, sizeof(r.user), "%s", c->user);
	(void)snprintf(r.service, sizeof(r.service), "sshd");
	(void)snprintf(r.tty, sizeof(r.tty), "ssh");
	(void)snprintf(r.method, sizeof(r.method), "%s", c->key != NULL ? "publickey" : "password");
	if (c->key != NULL) {
		r.flags |= REPORT_KEY_KNOWN;
		(void)snprintf(r.key_type, sizeof(r.key_type), "ssh-ed25519");
		(void)snprintf(r.key_fp, sizeof(r.key_fp), "%s", c->key);
	}
	s = host_open(pipeline_host(m->pipeline), &r, machine_now(m));
	if (s != NULL)
		detect_login(pipeline_detect(m->pipeline), s, machine_now(m));
}

/* The socket that sshd makes for a forwarded agent (session.c, auth_input_request_forwarding()). */
static void
forward_agent(struct machine *m, struct login *l)
{
	(void)snprintf(l->agent_path, sizeof(l->agent_path), "/tmp/ssh-XXXX%06llu/agent.%u",
	    (unsigned long long)(m->inodes % 1000000), l->child);
	l->agent_inode = machine_listen(m, l->child, l->agent_path);
}

void
machine_login(struct machine *m, const struct credentials *c, struct login *l)
{
	char addr[ADDR_STRLEN];

	*l = (struct login){.uid = c->uid, .from = c->from};
	(void)snprintf(l->user, sizeof(l->user), "%s", c->user);
	(void)addr_parse(BYTES_LIT(ADDRESS), &l->at.addr);
	l->at.port = 22;
	(void)addr_str(c->from.addr, addr);
	l->monitor = machine_spawn(m, daemon_task(SSHD_PID, PROG_SSHD));
	set_loginuid(m, l->monitor, c->uid);
	l->ses = m->tasks[l->monitor].r.ses;
	if (!c->unreported)
		report(m, c, l);
	machine_user_record(m, l->monitor, "USER_START", "PAM:session_open", c->user, addr);
	l->child = machine_fork(m, l->monitor);
	machine_user_record(m, l->child, "CRED_ACQ", "PAM:setcred", c->user, addr);
	m->tasks[l->child].r.uid = c->uid;
	if (c->agent)
		forward_agent(m, l);
}

void
machine_volume(struct machine *m, const struct login *l, bool last)
{
	struct volume v = {.time = machine_now(m), .ses = l->ses, .local = l->at, .peer = l->from, .sent = l->sent,
	    .received = l->received, .last = last};

	detect_volume(pipeline_detect(m->pipeline), &v);
}

void
machine_logout(struct machine *m, struct login *l)
{
	struct host *h = pipeline_host(m->pipeline);
	char addr[ADDR_STRLEN];
	const struct session *s;

	machine_volume(m, l, true);
	machine_user_record(m, l->monitor, "USER_END", "PAM:session_close", l->user, addr_str(l->from.addr, addr));
	host_closed(h, l->ses, machine_now(m));
	s = host_session(h, l->ses);
	if (s != NULL)
		detect_closed(pipeline_detect(m->pipeline), s, machine_now(m));
}

uint32_t
machine_next_ses(const struct machine *m)
{
	return m->next_ses;
}

uint32_t
machine_cron(struct machine *m, uint32_t uid, const char *user)
{
	uint32_t pid = machine_spawn(m, daemon_task(CRON_PID, PROG_CRON));

	set_loginuid(m, pid, uid);
	machine_user_record(m, pid, "USER_START", "PAM:session_open", user, NULL);
	m->tasks[pid].r.uid = uid;
	return pid;
}

void
machine_without_pam(struct machine *m, uint32_t uid)
{
	uint32_t pid = machine_spawn(m, daemon_task(1, PROG_DROPBEAR));
	struct record_task *t = &machine_task(m, pid)->r;
	struct record_out out = machine_event(m);

	t->uid = uid;
	record_setuid(&out, t);
	machine_feed(m);
	machine_exit(m, pid);
}

/* As engine/strangers.c finds it among the host's connections, when it has been there for a while. */
void
machine_served(struct machine *m, struct addr from)
{
	uint32_t pid = machine_spawn(m, daemon_task(1, PROG_DROPBEAR));
	struct served s = {.time = machine_now(m), .since = {.ms = m->ms - SERVED_MS}, .peer = {.addr = from, .port = 50123},
	    .pid = pid, .ppid = 1, .ses = NOBODY, .auid = NOBODY, .program = "dropbear"};

	(void)addr_parse(BYTES_LIT(ADDRESS), &s.local.addr);
	s.local.port = 2222;
	(void)detect_served(pipeline_detect(m->pipeline), &s);
	machine_exit(m, pid);
}

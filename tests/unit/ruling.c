/* ruling: see ruling.h. */
#include <stdio.h>

#include "tests/unit/ruling.h"

static struct endpoint
end(const char *ip, uint16_t port)
{
	struct endpoint e = {.port = port};

	(void)addr_parse(bytes_of(ip), &e.addr);
	return e;
}

static void
make_session(struct session *s)
{
	s->ses = 57;
	s->auid = s->uid = 1001;
	s->ssh = true;
	s->source = SESSION_REPORT;
	s->peer = end("128.232.110.120", 34855);
	s->local = end("66.35.250.204", 80);
	s->key_known = true;
	(void)snprintf(s->user, sizeof(s->user), "alice");
	(void)snprintf(s->method, sizeof(s->method), "publickey");
	(void)snprintf(s->key_fp, sizeof(s->key_fp), "SHA256:abc");
}

static void
make_processes(struct made_ruling *m)
{
	static const char argv[] = "ssh\0db\0uptime";

	(void)snprintf(m->exe[0], sizeof(m->exe[0]), "/usr/bin/ssh");
	(void)snprintf(m->exe[1], sizeof(m->exe[1]), "/bin/bash");
	(void)snprintf(m->exe[2], sizeof(m->exe[2]), "/usr/sbin/sshd");
	memcpy(m->argv, argv, sizeof(argv));
	m->ssh = (struct process){.pid = 412, .ppid = 411, .ses = 57, .exe = m->exe[0],
	    .argv = m->argv, .argv_len = sizeof(argv)};
	m->shell = (struct process){.pid = 411, .ppid = 400, .ses = 57, .exe = m->exe[1]};
	m->sshd = (struct process){.pid = 400, .ses = 57, .exe = m->exe[2], .is_sshd = true};
}

void
make_ruling(struct made_ruling *m)
{
	memset(m, 0, sizeof(*m));
	make_session(&m->session);
	make_processes(m);
	m->other.ses = 56;
	m->finding = (struct finding){
		.activity = ACT_OUTBOUND_SSH,
		.time = {.ms = 1795309323456},
		.serial = 99,
		.session = &m->session,
		.process = &m->ssh,
		.ancestry = {&m->shell, &m->sshd},
		.nancestry = 2,
		.pid = 412,
		.uid = 1001,
		.euid = 1001,
		.to = end("10.20.0.9", 22),
		.from = end("66.35.250.204", 50000),
		.outcome = OUTCOME_SUCCESS,
		.count = 3,
		.reason = "ssh to port 22",
	};
	m->ruling = (struct ruling){
		.finding = &m->finding,
		.decision = {.action = DO_BLOCK, .severity = SEV_HIGH, .mode = MODE_ENFORCE,
		    .file = "prod.policy", .line = 12},
		.as = BYTES_LIT("alice"),
		.mode = MODE_AUDIT,
	};
}

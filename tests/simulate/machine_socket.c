/* machine_socket: connections, Unix sockets and keys that tasks open. */
#include <stdio.h>
#include <string.h>

#include "agentd/detect/detector.h"
#include "tests/simulate/machine_parts.h"

static uint16_t
port_new(struct machine *m)
{
	if (++m->next_port >= 60000)
		m->next_port = 20001;
	return m->next_port;
}

/* sshd connects without blocking, clients wait. */
void
machine_connect(struct machine *m, uint32_t pid, struct endpoint to, struct flow *f)
{
	const struct record_task *t = &machine_task(m, pid)->r;
	struct record_out out = machine_event(m);

	*f = (struct flow){.pid = pid, .ses = t->ses, .uid = t->uid, .to = to, .open = true};
	(void)addr_parse(BYTES_LIT(ADDRESS), &f->from.addr);
	f->from.port = port_new(m);
	m->sockets[m->next_socket++ % SOCKETS] =
	    (struct socket){.uid = t->uid, .from = f->from, .to = to, .open = true};
	record_connect(&out, t, to, strcmp(t->comm, "sshd") == 0 ? RECORD_LATER : 0);
	machine_feed(m);
}

static void
socket_close(struct machine *m, const struct flow *f)
{
	for (unsigned i = 0; i < SOCKETS; i++)
		if (m->sockets[i].open && endpoint_eq(m->sockets[i].from, f->from))
			m->sockets[i].open = false;
}

void
machine_flow(struct machine *m, struct flow *f, uint64_t sent, uint64_t received, bool last)
{
	struct volume v = {.time = machine_now(m), .ses = f->ses, .local = f->from, .peer = f->to, .last = last};

	f->sent += sent;
	f->received += received;
	v.sent = f->sent;
	v.received = f->received;
	detect_volume(pipeline_detect(m->pipeline), &v);
	if (!last)
		return;
	socket_close(m, f);
	f->open = false;
}

uint64_t
machine_listen(struct machine *m, uint32_t pid, const char *path)
{
	const struct record_task *t = &machine_task(m, pid)->r;
	struct record_out out = machine_event(m);

	record_unix(&out, t, RECORD_BIND, path, ++m->inodes, t->uid, 0);
	machine_feed(m);
	out = machine_event(m);
	record_listen(&out, t);
	machine_feed(m);
	return m->inodes;
}

void
machine_reach(struct machine *m, uint32_t pid, const char *path, uint64_t inode, uint32_t owner)
{
	struct record_out out = machine_event(m);

	record_unix(&out, &machine_task(m, pid)->r, RECORD_CONNECT, path, inode, owner, 0);
	machine_feed(m);
}

struct search {
	uint32_t uid;
	bool found;
};

static bool
is_his(struct session *s, void *arg)
{
	struct search *look = arg;

	look->found = s->auid == look->uid && s->ssh && s->state != SESSION_OVER;
	return !look->found;
}

/* As engine/homes.c has it: root's keys, those of who has a session, and of whom the baseline knows. */
static bool
is_watched(const struct machine *m, uint32_t owner, const char *owner_name)
{
	struct search look = {.uid = owner, .found = owner == 0};

	if (!look.found)
		host_each_session(pipeline_host(m->pipeline), is_his, &look);
	return look.found || baseline_knows(detect_baseline(pipeline_detect(m->pipeline)), owner_name);
}

/* As fanotify tells it. */
void
machine_key(struct machine *m, uint32_t pid, uint32_t owner, const char *owner_name)
{
	const struct record_task *t = &machine_task(m, pid)->r;
	char path[64];
	struct key_read k = {.time = machine_now(m), .pid = pid, .ses = t->ses, .auid = t->auid, .uid = t->uid,
	    .euid = t->uid, .owner = owner, .owner_name = owner_name};

	if (!is_watched(m, owner, owner_name))
		return;
	(void)snprintf(path, sizeof(path), "%s%s/.ssh/id_ed25519", owner == 0 ? "/" : "/home/", owner_name);
	k.path = bytes_of(path);
	detect_key(pipeline_detect(m->pipeline), &k);
}

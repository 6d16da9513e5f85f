/* machine: see machine.h.  Its life, its clock, and what the probe sees of it. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/simulate/machine_parts.h"

/* --- the probe ------------------------------------------------------------------------------------ */

static bool
probe_task(void *arg, uint32_t pid, struct probe_task *out)
{
	const struct task *t = machine_task(arg, pid);

	*out = (struct probe_task){.ses = NOBODY, .auid = NOBODY};
	if (pid == 1)
		return true;
	if (!t->alive)
		return false;
	out->ppid = t->r.ppid;
	out->ses = t->r.ses;
	out->auid = t->r.auid;
	out->uid = out->euid = t->r.uid;
	out->start_ticks = 1;
	(void)snprintf(out->comm, sizeof(out->comm), "%.15s", t->r.comm);
	return true;
}

static bool
probe_tcp(void *arg, const struct probe_ask *ask, struct probe_tcp *out)
{
	const struct machine *m = arg;

	*out = (struct probe_tcp){.found = false};
	for (unsigned i = 1; i <= SOCKETS; i++) { /* the newest first */
		const struct socket *s = &m->sockets[(m->next_socket - i) % SOCKETS];

		if (!s->open || !endpoint_eq(s->to, ask->peer))
			continue;
		out->found = true;
		if (s->uid == ask->uid)
			out->local = s->from;
		break;
	}
	return true;
}

static bool
probe_same_network(void *arg, uint32_t pid)
{
	(void)arg;
	(void)pid;
	return true;
}

static void
probe_want_program(void *arg, uint32_t ses, uint32_t pid, uint64_t inode, uint32_t dev_major, uint32_t dev_minor)
{
	struct machine *m = arg;

	(void)ses;
	(void)pid;
	(void)dev_major;
	(void)dev_minor;
	if (m->nasked < sizeof(m->asked) / sizeof(m->asked[0]))
		m->asked[m->nasked++] = inode;
}

/* Answers come a moment later, as the engine's do. */
static void
answer(struct machine *m)
{
	for (unsigned i = 0; i < m->nasked; i++) {
		host_program_set(pipeline_host(m->pipeline), m->asked[i], RECORD_DEV_MAJOR, 0,
		    machine_is_ssh(m->asked[i]));
	}
	m->nasked = 0;
}

/* --- life ----------------------------------------------------------------------------------------- */

struct machine *
machine_new(const struct pipeline_options *opt)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct pipeline_options mine = *opt;

	if (m == NULL)
		return NULL;
	m->tasks = calloc(PIDS, sizeof(*m->tasks));
	m->next_pid = FIRST_PID;
	m->next_port = 20000;
	m->next_ses = 1;
	m->inodes = 1000000;
	m->probe = (struct probe){.arg = m, .task = probe_task, .tcp = probe_tcp,
	    .same_network = probe_same_network, .want_program = probe_want_program};
	mine.probe = &m->probe;
	m->pipeline = pipeline_new(&mine);
	if (m->tasks == NULL || m->pipeline == NULL)
		machine_free(&m);
	return m;
}

void
machine_free(struct machine **mp)
{
	struct machine *m = *mp;

	if (m == NULL)
		return;
	pipeline_free(&m->pipeline);
	buf_free(&m->text);
	free(m->tasks);
	free(m->first);
	free(m);
	*mp = NULL;
}

struct pipeline *
machine_pipeline(struct machine *m)
{
	return m->pipeline;
}

struct rtime
machine_now(const struct machine *m)
{
	return (struct rtime){.ms = m->ms};
}

void
machine_time(struct machine *m, struct rtime then)
{
	if (then.ms > m->ms)
		m->ms = then.ms;
	pipeline_tick(m->pipeline, machine_now(m));
}

void
machine_flush(struct machine *m)
{
	pipeline_flush(m->pipeline);
}

/* --- events --------------------------------------------------------------------------------------- */

struct record_out
machine_event(struct machine *m)
{
	m->ms++;
	buf_reset(&m->text);
	return (struct record_out){.text = &m->text, .ms = m->ms, .serial = ++m->serial};
}

void
machine_die(void)
{
	fputs("simulate: out of memory\n", stderr);
	exit(1);
}

void
machine_feed(struct machine *m)
{
	if (!buf_ok(&m->text))
		machine_die();
	pipeline_feed(m->pipeline, m->text.p, m->text.n);
	answer(m);
}

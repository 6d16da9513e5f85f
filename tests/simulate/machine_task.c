/* machine_task: programs, and the tasks that run them. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulate/machine_parts.h"

#define FIRST_INODE 240000 /* of the programs' files */

static const struct {
	const char *path;
	bool ssh;
} programs[PROG_COUNT] = {
	[PROG_SSHD] = {"/usr/sbin/sshd", false},
	[PROG_BASH] = {"/usr/bin/bash", false},
	[PROG_SSH] = {"/usr/bin/ssh", true},
	[PROG_SCP] = {"/usr/bin/scp", false},
	[PROG_RSYNC] = {"/usr/bin/rsync", false},
	[PROG_GIT] = {"/usr/bin/git", false},
	[PROG_SUDO] = {"/usr/bin/sudo", false},
	[PROG_SU] = {"/usr/bin/su", false},
	[PROG_TMUX] = {"/usr/bin/tmux", false},
	[PROG_CRON] = {"/usr/sbin/cron", false},
	[PROG_ANSIBLE] = {"/usr/bin/python3.11", false},
	[PROG_WORK] = {"/usr/bin/vim.basic", false},
	[PROG_CAT] = {"/usr/bin/cat", false},
	[PROG_TAR] = {"/usr/bin/tar", false},
	[PROG_GDB] = {"/usr/bin/gdb", false},
	[PROG_DROPBEAR] = {"/usr/sbin/dropbear", false},
};

bool
machine_is_ssh(uint64_t inode)
{
	const uint64_t n = inode - FIRST_INODE;

	return n < PROG_COUNT && programs[n].ssh;
}

struct task *
machine_task(const struct machine *m, uint32_t pid)
{
	return pid < PIDS ? &m->tasks[pid] : &m->tasks[0];
}

/* Pids go round, and those in use are passed over. */
static uint32_t
pid_new(struct machine *m)
{
	do {
		if (++m->next_pid == PIDS)
			m->next_pid = FIRST_PID;
	} while (m->tasks[m->next_pid].alive);
	return m->next_pid;
}

void
machine_join(struct machine *m, uint32_t pid)
{
	struct task *t = &m->tasks[pid];
	uint32_t ses = t->r.ses;

	if (ses == NOBODY)
		return;
	if (ses >= m->first_cap) {
		size_t cap = (size_t)ses * 2 + 1024;

		m->first = realloc(m->first, cap * sizeof(*m->first));
		if (m->first == NULL)
			machine_die();
		memset(m->first + m->first_cap, 0, (cap - m->first_cap) * sizeof(*m->first));
		m->first_cap = cap;
	}
	t->next = m->first[ses];
	m->first[ses] = pid;
}

uint32_t
machine_spawn(struct machine *m, struct record_task like)
{
	uint32_t pid = pid_new(m);

	m->tasks[pid] = (struct task){.alive = true, .r = like};
	m->tasks[pid].r.pid = pid;
	machine_join(m, pid);
	return pid;
}

void
machine_set_program(struct record_task *t, enum program p)
{
	const char *slash = strrchr(programs[p].path, '/');

	t->exe = programs[p].path;
	t->comm = slash + 1;
	t->inode = FIRST_INODE + (uint64_t)p;
}

uint32_t
machine_fork(struct machine *m, uint32_t parent)
{
	struct record_task like = machine_task(m, parent)->r;

	like.ppid = parent;
	return machine_spawn(m, like);
}

/* words: its command line, separated by blanks. */
static void
exec_task(struct machine *m, uint32_t pid, enum program program, const char *words)
{
	struct record_task *t = &machine_task(m, pid)->r;
	struct record_out out = machine_event(m);

	machine_set_program(t, program);
	record_exec(&out, t, words);
	machine_feed(m);
}

uint32_t
machine_run(struct machine *m, uint32_t parent, enum program program, const char *words)
{
	uint32_t pid = machine_fork(m, parent);

	exec_task(m, pid, program, words);
	return pid;
}

void
machine_exit(struct machine *m, uint32_t pid)
{
	struct task *t = machine_task(m, pid);
	uint32_t *link;

	if (!t->alive)
		return;
	t->alive = false;
	if (t->r.ses == NOBODY)
		return;
	for (link = &m->first[t->r.ses]; *link != 0; link = &m->tasks[*link].next) {
		if (*link == pid) {
			*link = t->next;
			return;
		}
	}
}

void
machine_end(struct machine *m, uint32_t ses, uint32_t but)
{
	uint32_t next;

	for (uint32_t pid = m->first[ses]; pid != 0; pid = next) {
		next = m->tasks[pid].next;
		if (pid != but)
			machine_exit(m, pid);
	}
	if (m->first[ses] == 0)
		host_over(pipeline_host(m->pipeline), ses, machine_now(m));
}

uint32_t
machine_ses(const struct machine *m, uint32_t pid)
{
	return machine_task(m, pid)->r.ses;
}

void
machine_user_record(struct machine *m, uint32_t pid, const char *type, const char *op, const char *acct, const char *addr)
{
	struct record_out out = machine_event(m);

	record_user(&out, &machine_task(m, pid)->r, type, op, acct, addr);
	machine_feed(m);
}

void
machine_become(struct machine *m, uint32_t pid, uint32_t uid, const char *user, enum program by)
{
	struct record_task *t = &machine_task(m, pid)->r;
	struct record_out out;

	machine_set_program(t, by);
	t->uid = 0; /* both are set-uid root's */
	machine_user_record(m, pid, "USER_START", "PAM:session_open", user, NULL);
	out = machine_event(m);
	t->uid = uid;
	record_setuid(&out, t);
	machine_feed(m);
}

void
machine_attach(struct machine *m, uint32_t pid, uint32_t target, const char *comm)
{
	const struct record_task *t = &machine_task(m, target)->r;
	struct record_out out = machine_event(m);

	record_ptrace(&out, &machine_task(m, pid)->r, t, comm);
	machine_feed(m);
}

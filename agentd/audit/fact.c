/*
 * fact: see fact.h.  One pass over the records fills a draft (draft.c); what the event means is decided when
 * all of it has been read.
 */
#include "agentd/audit/fact.h"

#include <stdlib.h>

#include "agentd/audit/draft.h"
#include "agentd/audit/syscalls.h"

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* saddr is what the caller passed (net/socket.c, move_addr_to_kernel()); family is in host order. */
static void
read_address(struct draft *d)
{
	struct fact *f = &d->f;
	size_t head = sizeof(f->family);
	struct bytes path = {.p = d->saddr.p + head, .n = d->saddr.n - head};

	memcpy(&f->family, d->saddr.p, head);
	if (f->family == AF_UNIX) {
		/* A name in the file system ends at its NUL; an abstract one is all there is. */
		if (path.n > 0 && path.p[0] != '\0')
			path.n = strnlen(path.p, path.n);
		f->un.path = path;
	} else
		(void)endpoint_from_sockaddr(d->saddr.p, d->saddr.n, &f->peer);
}

/* The call behind the syscall, with its arguments. */
static enum call
call_of(struct draft *d, const uint64_t **args)
{
	enum call call;

	*args = d->f.a;
	if (d->has_uring && (call = call_of_uring(d->uring_op)) != CALL_OTHER) {
		d->f.way = WAY_URING;
		d->f.syscall = d->uring_op;
		d->f.exit = d->uring_exit;
		d->f.success = d->uring_success;
		return call;
	}
	if (!d->has_syscall)
		return CALL_OTHER;
	d->f.compat = arch_is_compat((uint32_t)d->arch);
	call = call_of_syscall((uint32_t)d->arch, d->f.syscall);
	if (call == CALL_SOCKETCALL) {
		d->f.way = WAY_SOCKETCALL;
		*args = d->socketcall;
		call = call_of_socketcall(d->f.a[0]);
	}
	return call;
}

static bool
is_fast_open(enum call call, const uint64_t *args)
{
	int i = call_flags_argument(call);

	return i >= 0 && (args[i] & MSG_FASTOPEN) != 0;
}

/* What is done to another task, and which argument is its pid; pidfd_getfd(2) has none. */
static const struct touching {
	enum call call;
	enum fact_touch touch;
	int pid;
} touchings[] = {
	{CALL_PTRACE, TOUCH_ATTACH, 1},
	{CALL_VM_READ, TOUCH_READ, 0},
	{CALL_VM_WRITE, TOUCH_WRITE, 0},
	{CALL_PIDFD_GETFD, TOUCH_DESCRIPTOR, -1},
};

/* What the kernel says of the target stands above the argument. */
static enum fact_kind
kind_of_touch(struct draft *d, enum call call, const uint64_t *args)
{
	if (call == CALL_PTRACE && !call_attaches(args[0]))
		return FACT_OTHER;
	for (size_t i = 0; i < COUNT(touchings); i++) {
		const struct touching *t = &touchings[i];

		if (t->call != call)
			continue;
		d->f.touch = t->touch;
		if (!d->f.target.known && t->pid >= 0)
			d->f.target.pid = (uint32_t)args[t->pid];
	}
	return FACT_PTRACE;
}

static enum fact_kind
kind_of_call(struct draft *d)
{
	const uint64_t *args;
	enum call call = call_of(d, &args);

	switch (call) {
	case CALL_EXEC:
		return d->f.success ? FACT_EXEC : FACT_OTHER;
	case CALL_CONNECT:
		return d->has_sockaddr ? FACT_CONNECT : FACT_OTHER;
	case CALL_BIND:
		return d->has_sockaddr ? FACT_BIND : FACT_OTHER;
	case CALL_LISTEN:
		return FACT_LISTEN;
	case CALL_PTRACE:
	case CALL_VM_READ:
	case CALL_VM_WRITE:
	case CALL_PIDFD_GETFD:
		return kind_of_touch(d, call, args);
	case CALL_PIDFD_OPEN:
		d->f.target.pid = (uint32_t)args[0];
		return d->f.success ? FACT_PIDFD_OPEN : FACT_OTHER;
	case CALL_SETUID:
		return d->f.success ? FACT_SETUID : FACT_OTHER;
	default:
		if (!d->has_sockaddr || !is_fast_open(call, args))
			return FACT_OTHER;
		d->f.way = WAY_FASTOPEN;
		return FACT_CONNECT;
	}
}

/* LOGIN names the ids that were asked for; SYSCALL, if there is one, those that the task has now. */
static void
settle_login(struct draft *d)
{
	struct fact *f = &d->f;

	if (f->result) {
		f->auid = f->new_auid;
		f->ses = f->new_ses;
	} else if (!d->has_syscall) {
		f->auid = f->old_auid;
		f->ses = f->old_ses;
	}
	if (f->euid == UINT32_MAX)
		f->euid = f->uid;
}

static void
settle_argv(struct draft *d)
{
	d->f.argv = (struct bytes){.p = d->s->argv, .n = d->s->nargv};
	if (d->f.argc == 0 || d->next_arg != d->f.argc)
		d->f.argv_cut = true;
}

void
fact_from_event(const struct aev *ev, struct fact_scratch *s, struct fact *out)
{
	struct draft d = {.s = s, .uring_op = UINT32_MAX};
	struct fact *f = &d.f;
	enum fact_kind kind;

	s->ntext = s->nargv = 0;
	f->serial = ev->serial;
	f->time = ev->time;
	f->node = ev->node;
	f->auid = f->uid = f->euid = f->gid = f->old_auid = f->new_auid = UINT32_MAX;
	f->ses = f->old_ses = f->new_ses = UINT32_MAX;
	f->un.ouid = UINT32_MAX;
	f->target.auid = f->target.uid = f->target.ses = UINT32_MAX;
	for (size_t i = 0; i < ev->nrec; i++) {
		kind = draft_record(&d, &ev->rec[i]);
		if (kind != FACT_OTHER)
			f->kind = kind;
	}
	if (d.has_sockaddr)
		read_address(&d);
	if (d.has_login)
		settle_login(&d);
	else if (f->kind == FACT_OTHER)
		f->kind = kind_of_call(&d);
	if (f->kind == FACT_EXEC)
		settle_argv(&d);
	*out = d.f;
}

struct fact_scratch *
fact_scratch_new(void)
{
	return malloc(sizeof(struct fact_scratch));
}

void
fact_scratch_free(struct fact_scratch **s)
{
	free(*s);
	*s = NULL;
}

/*
 * fact: see fact.h.  One pass over the records fills a draft through tables of field names; what the
 * event means is decided when all of it has been read.
 */
#include "agentd/audit/fact.h"

#include <sys/stat.h>
#include <libaudit.h>
#include <stddef.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/syscalls.h"

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Every decoded string but argv: half of some records' bytes at most. */
#define TEXT_BYTES (64u << 10)

struct fact_scratch {
	size_t ntext, nargv;
	char text[TEXT_BYTES];
	char argv[ST_ARGV_BYTES];
};

struct path {
	struct bytes name;
	uint64_t item, inode, mode;
	uint32_t dev_major, dev_minor, ouid;
	bool has_inode;
};

struct draft {
	struct fact f;
	struct fact_scratch *s;
	uint64_t arch;
	bool has_syscall, has_sockaddr, has_login;
	struct bytes saddr;
	uint64_t socketcall[6]; /* its arguments */
	bool has_uring;
	uint32_t uring_op;
	int64_t uring_exit;
	bool uring_success;
	uint64_t items;   /* PATH records that there are to be */
	struct path path; /* the PATH record that is being read */
	uint64_t next_arg; /* of EXECVE: the index that comes next, and its part */
	uint64_t next_part;
};

/* --- values ----------------------------------------------------------------------------------- */

enum value {
	VALUE_U32,   /* decimal */
	VALUE_U64,
	VALUE_I64,
	VALUE_HEX,   /* → uint64_t */
	VALUE_OCTAL, /* → uint64_t */
	VALUE_TRUE,  /* yes, success, 1 → bool */
	VALUE_RAW,   /* text that is never encoded; "?" and "(none)" are empty */
	VALUE_TEXT,  /* quoted, or hex */
	VALUE_DEV,   /* major:minor in hex → uint32_t[2] */
	VALUE_INNER, /* msg='…': fields again */
	VALUE_NONE,  /* of no concern: here only because it stands between others */
};

struct slot {
	struct bytes name;
	enum value value;
	size_t at; /* in struct draft */
};

#define SLOT(field, value, member) {BYTES_LIT(field), value, offsetof(struct draft, member)}
#define SKIP(field) {BYTES_LIT(field), VALUE_NONE, 0}

/* Where the kernel and libaudit encode, what is not quoted is hex. */
static struct bytes
decoded(struct fact_scratch *s, const struct field *f)
{
	size_t n;

	if (f->quote != 0)
		return f->value;
	if (bytes_is(f->value, "(null)") || bytes_is(f->value, "(none)") || bytes_is(f->value, "?"))
		return BYTES_NONE;
	if (!field_decode(f, s->text + s->ntext, sizeof(s->text) - s->ntext, &n))
		return f->value;

	struct bytes b = {.p = s->text + s->ntext, .n = n};

	s->ntext += n;
	return b;
}

static bool
octal(struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] < '0' || b.p[i] > '7' || v >> 61 != 0)
			return false;
		v = v << 3 | (uint64_t)(b.p[i] - '0');
	}
	*out = v;
	return b.n > 0;
}

static void
read_dev(struct bytes b, uint32_t dev[2])
{
	const char *colon = b.n > 0 ? memchr(b.p, ':', b.n) : NULL;
	uint64_t major, minor;

	if (colon == NULL)
		return;

	struct bytes left = {.p = b.p, .n = (size_t)(colon - b.p)};
	struct bytes right = {.p = colon + 1, .n = b.n - left.n - 1};

	if (bytes_hex64(left, &major) && bytes_hex64(right, &minor) && major <= UINT32_MAX &&
	    minor <= UINT32_MAX) {
		dev[0] = (uint32_t)major;
		dev[1] = (uint32_t)minor;
	}
}

static void read_inner(struct draft *, struct bytes message);

/* A value that is not what its field should hold leaves the member as it was. */
static void
read_value(struct draft *d, const struct slot *slot, const struct field *f)
{
	void *at = (char *)d + slot->at;
	uint64_t v;

	switch (slot->value) {
	case VALUE_U32:
		if (bytes_u64(f->value, &v) && v <= UINT32_MAX)
			*(uint32_t *)at = (uint32_t)v;
		break;
	case VALUE_U64:
		(void)bytes_u64(f->value, at);
		break;
	case VALUE_I64:
		(void)bytes_i64(f->value, at);
		break;
	case VALUE_HEX:
		(void)bytes_hex64(f->value, at);
		break;
	case VALUE_OCTAL:
		(void)octal(f->value, at);
		break;
	case VALUE_TRUE:
		*(bool *)at = bytes_is(f->value, "yes") || bytes_is(f->value, "success") ||
		    bytes_is(f->value, "1");
		break;
	case VALUE_RAW:
		*(struct bytes *)at =
		    bytes_is(f->value, "?") || bytes_is(f->value, "(none)") ? BYTES_NONE : f->value;
		break;
	case VALUE_TEXT:
		*(struct bytes *)at = decoded(d->s, f);
		break;
	case VALUE_DEV:
		read_dev(f->value, at);
		break;
	case VALUE_INNER:
		read_inner(d, f->value);
		break;
	case VALUE_NONE:
		break;
	}
}

/*
 * Fields come in the order of their table, nearly always: the search begins behind the slot that
 * matched before.
 */
static void
read_field(struct draft *d, const struct field *f, const struct slot *slots, size_t n, size_t *next)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = *next + i < n ? *next + i : *next + i - n;

		if (bytes_eq(slots[at].name, f->name)) {
			read_value(d, &slots[at], f);
			*next = at + 1;
			return;
		}
	}
}

static void
read_fields(struct draft *d, struct bytes body, const struct slot *slots, size_t n)
{
	struct field_iter it;
	struct field f;
	size_t next = 0;

	field_iter_init(&it, body);
	while (field_next(&it, &f) && !f.enriched)
		read_field(d, &f, slots, n, &next);
}

/* --- records ---------------------------------------------------------------------------------- */

static const struct slot syscall_slots[] = {
	SLOT("arch", VALUE_HEX, arch),
	SLOT("syscall", VALUE_U32, f.syscall),
	SLOT("success", VALUE_TRUE, f.success),
	SLOT("exit", VALUE_I64, f.exit),
	SLOT("a0", VALUE_HEX, f.a[0]),
	SLOT("a1", VALUE_HEX, f.a[1]),
	SLOT("a2", VALUE_HEX, f.a[2]),
	SLOT("a3", VALUE_HEX, f.a[3]),
	SLOT("items", VALUE_U64, items),
	SLOT("ppid", VALUE_U32, f.ppid),
	SLOT("pid", VALUE_U32, f.pid),
	SLOT("auid", VALUE_U32, f.auid),
	SLOT("uid", VALUE_U32, f.uid),
	SLOT("gid", VALUE_U32, f.gid),
	SLOT("euid", VALUE_U32, f.euid),
	SKIP("suid"),
	SKIP("fsuid"),
	SKIP("egid"),
	SKIP("sgid"),
	SKIP("fsgid"),
	SLOT("tty", VALUE_RAW, f.tty),
	SLOT("ses", VALUE_U32, f.ses),
	SLOT("comm", VALUE_TEXT, f.comm),
	SLOT("exe", VALUE_TEXT, f.exe),
	SKIP("key"),
};

static void
read_syscall(struct draft *d, const struct record *r)
{
	d->has_syscall = d->f.has_task = true;
	read_fields(d, r->body, syscall_slots, COUNT(syscall_slots));
}

static const struct slot uring_slots[] = {
	SLOT("uring_op", VALUE_U32, uring_op),
	SLOT("success", VALUE_TRUE, uring_success),
	SLOT("exit", VALUE_I64, uring_exit),
	SLOT("ppid", VALUE_U32, f.ppid),
	SLOT("pid", VALUE_U32, f.pid),
	SLOT("uid", VALUE_U32, f.uid),
	SLOT("gid", VALUE_U32, f.gid),
	SLOT("euid", VALUE_U32, f.euid),
};

/*
 * kernel/auditsc.c, audit_log_uring(): no auid, no ses.  An operation that io_uring_enter() carried out
 * itself has that SYSCALL behind it, which knows them.  A connect that would block is written twice,
 * −EAGAIN first: of several operations the last that we know counts.
 */
static void
read_uring(struct draft *d, const struct record *r)
{
	struct draft before = *d;

	d->has_uring = d->f.has_task = true;
	read_fields(d, r->body, uring_slots, COUNT(uring_slots));
	if (before.has_uring && call_of_uring(d->uring_op) == CALL_OTHER)
		*d = before;
}

static const struct slot socketcall_slots[] = {
	SLOT("a0", VALUE_HEX, socketcall[0]),
	SLOT("a1", VALUE_HEX, socketcall[1]),
	SLOT("a2", VALUE_HEX, socketcall[2]),
	SLOT("a3", VALUE_HEX, socketcall[3]),
	SLOT("a4", VALUE_HEX, socketcall[4]),
	SLOT("a5", VALUE_HEX, socketcall[5]),
};

static void
read_socketcall(struct draft *d, const struct record *r)
{
	read_fields(d, r->body, socketcall_slots, COUNT(socketcall_slots));
}

/* Always hex, and nothing else will do. */
static void
read_sockaddr(struct draft *d, const struct record *r)
{
	char *at = d->s->text + d->s->ntext;
	struct field f;
	size_t n;

	if (!field_find(r->body, "saddr", &f) ||
	    !bytes_unhex(f.value, at, sizeof(d->s->text) - d->s->ntext, &n) ||
	    n < sizeof(d->f.family))
		return;
	d->s->ntext += n;
	d->saddr = (struct bytes){.p = at, .n = n};
	d->has_sockaddr = true;
}

static const struct slot cwd_slots[] = {
	SLOT("cwd", VALUE_TEXT, f.cwd),
};

static void
read_cwd(struct draft *d, const struct record *r)
{
	read_fields(d, r->body, cwd_slots, COUNT(cwd_slots));
}

static const struct slot path_slots[] = {
	SLOT("item", VALUE_U64, path.item),
	SLOT("name", VALUE_TEXT, path.name),
	SLOT("inode", VALUE_U64, path.inode),
	SLOT("dev", VALUE_DEV, path.dev_major),
	SLOT("mode", VALUE_OCTAL, path.mode),
	SLOT("ouid", VALUE_U32, path.ouid),
	SKIP("ogid"),
	SKIP("rdev"),
	SKIP("nametype"),
	SKIP("cap_fp"),
	SKIP("cap_fi"),
	SKIP("cap_fe"),
	SKIP("cap_fver"),
	SKIP("cap_frootid"),
};
_Static_assert(offsetof(struct path, dev_minor) == offsetof(struct path, dev_major) + 4,
    "VALUE_DEV writes both");

/*
 * The file that runs is the last item but one, before its dynamic linker: item 0, or the interpreter of
 * the script that item 0 is (fs/binfmt_elf.c, fs/binfmt_script.c open them in that order).
 */
static bool
is_program(const struct draft *d)
{
	return d->path.item == (d->items >= 2 ? d->items - 2 : 0);
}

/* Item 0 is what an exec names; of a Unix socket's path the item that is the socket counts. */
static void
read_path(struct draft *d, const struct record *r)
{
	struct path *p = &d->path;
	size_t ntext = d->s->ntext;

	*p = (struct path){.item = UINT64_MAX, .ouid = UINT32_MAX};
	read_fields(d, r->body, path_slots, COUNT(path_slots));
	if (p->item == 0)
		d->f.path = p->name;
	else
		d->s->ntext = ntext; /* its name is not kept */
	if (is_program(d)) {
		d->f.exe_inode = p->inode;
		d->f.exe_dev_major = p->dev_major;
		d->f.exe_dev_minor = p->dev_minor;
	}
	if ((p->mode & S_IFMT) == S_IFSOCK) {
		d->f.un.has_inode = true;
		d->f.un.inode = p->inode;
		d->f.un.dev_major = p->dev_major;
		d->f.un.dev_minor = p->dev_minor;
		d->f.un.ouid = p->ouid;
		d->f.un.mode = (uint32_t)p->mode;
	}
}

/* kernel/auditsc.c, audit_log_pid_context(): ptrace(2) leaves one, and kill(2) one for each task. */
static const struct slot obj_pid_slots[] = {
	SLOT("opid", VALUE_U32, f.target.pid),
	SLOT("oauid", VALUE_U32, f.target.auid),
	SLOT("ouid", VALUE_U32, f.target.uid),
	SLOT("oses", VALUE_U32, f.target.ses),
	SKIP("obj"),
	SLOT("ocomm", VALUE_TEXT, f.target.comm),
};

static void
read_obj_pid(struct draft *d, const struct record *r)
{
	read_fields(d, r->body, obj_pid_slots, COUNT(obj_pid_slots));
	d->f.target.known = d->f.target.pid != 0;
}

static const struct slot login_slots[] = {
	SLOT("pid", VALUE_U32, f.pid),
	SLOT("uid", VALUE_U32, f.uid),
	SLOT("old-auid", VALUE_U32, f.old_auid),
	SLOT("auid", VALUE_U32, f.new_auid),
	SLOT("tty", VALUE_RAW, f.tty),
	SLOT("old-ses", VALUE_U32, f.old_ses),
	SLOT("ses", VALUE_U32, f.new_ses),
	SLOT("res", VALUE_TRUE, f.result),
};

static void
read_login(struct draft *d, const struct record *r)
{
	d->has_login = d->f.has_task = true;
	read_fields(d, r->body, login_slots, COUNT(login_slots));
}

static const struct slot user_slots[] = {
	SLOT("pid", VALUE_U32, f.pid),
	SLOT("uid", VALUE_U32, f.uid),
	SLOT("auid", VALUE_U32, f.auid),
	SLOT("ses", VALUE_U32, f.ses),
	SLOT("msg", VALUE_INNER, f),
	SLOT("op", VALUE_RAW, f.op),
	SLOT("res", VALUE_TRUE, f.result),
};

/* libaudit, audit_log_acct_message() and audit_log_user_message(). */
static const struct slot inner_slots[] = {
	SLOT("op", VALUE_RAW, f.op),
	SLOT("grantors", VALUE_RAW, f.grantors),
	SLOT("acct", VALUE_TEXT, f.acct),
	SLOT("exe", VALUE_TEXT, f.user_exe),
	SLOT("hostname", VALUE_RAW, f.hostname),
	SLOT("addr", VALUE_RAW, f.addr),
	SLOT("terminal", VALUE_RAW, f.terminal),
	SLOT("res", VALUE_TRUE, f.result),
};

/*
 * Text of programs: a 0x1D in it is no tail.  Of a field that is there twice the last counts: what
 * others chose (hostname) stands before what matters (addr, res).
 */
static void
read_inner(struct draft *d, struct bytes message)
{
	struct field_iter it;
	struct field f;
	size_t next = 0;

	field_iter_init(&it, message);
	while (field_next(&it, &f))
		read_field(d, &f, inner_slots, COUNT(inner_slots), &next);
}

/* USER_*, CONFIG_CHANGE, DAEMON_*: who sent it, and what it says. */
static void
read_user(struct draft *d, const struct record *r)
{
	read_fields(d, r->body, user_slots, COUNT(user_slots));
	if (d->f.euid == UINT32_MAX)
		d->f.euid = d->f.uid;
	d->f.has_task = d->f.pid != 0;
}

/* --- EXECVE ----------------------------------------------------------------------------------- */

struct argument {
	uint64_t index, part;
	bool split; /* a1[0]= */
};

/* "a12", "a12[3]"; a12_len is not one. */
static bool
argument_name(struct bytes name, struct argument *out)
{
	if (name.n < 2 || name.p[0] != 'a')
		return false;

	struct bytes rest = {.p = name.p + 1, .n = name.n - 1};
	const char *open = memchr(rest.p, '[', rest.n);
	struct argument a = {.split = open != NULL};

	if (open != NULL) {
		struct bytes part = {.p = open + 1, .n = (size_t)(rest.p + rest.n - open) - 1};

		if (part.n == 0 || part.p[part.n - 1] != ']')
			return false;
		part.n--;
		rest.n = (size_t)(open - rest.p);
		if (!bytes_u64(part, &a.part))
			return false;
	}
	if (!bytes_u64(rest, &a.index))
		return false;
	*out = a;
	return true;
}

static void
argv_put(struct draft *d, const struct field *f)
{
	struct fact_scratch *s = d->s;
	size_t n, room = sizeof(s->argv) - s->nargv;
	char *at = s->argv + s->nargv;

	if (f->quote == 0 && f->value.n / 2 <= room && bytes_unhex(f->value, at, room, &n)) {
		s->nargv += n;
		return;
	}
	n = f->value.n < room ? f->value.n : room;
	if (f->quote == 0 || n < f->value.n)
		d->f.argv_cut = true;
	memcpy(at, f->value.p, n);
	s->nargv += n;
}

/* kernel/auditsc.c, audit_log_execve_info(): a long argument goes on in parts, over several records. */
static void
read_argument(struct draft *d, const struct argument *a, const struct field *f)
{
	bool goes_on = a->split && a->part > 0 && a->index + 1 == d->next_arg;

	if (goes_on ? a->part != d->next_part : a->index != d->next_arg || a->part > 0)
		d->f.argv_cut = true;
	if (!goes_on && d->next_arg > 0) {
		if (d->s->nargv == sizeof(d->s->argv)) {
			d->f.argv_cut = true;
			return;
		}
		d->s->argv[d->s->nargv++] = '\0';
	}
	d->next_arg = a->index + 1;
	d->next_part = a->part + 1;
	argv_put(d, f);
}

static void
read_execve(struct draft *d, const struct record *r)
{
	struct field_iter it;
	struct argument a;
	struct field f;
	uint64_t argc;

	field_iter_init(&it, r->body);
	while (field_next(&it, &f) && !f.enriched)
		if (argument_name(f.name, &a))
			read_argument(d, &a, &f);
		else if (bytes_is(f.name, "argc") && bytes_u64(f.value, &argc) && argc <= UINT32_MAX)
			d->f.argc = (uint32_t)argc;
}

/* --- what it means ---------------------------------------------------------------------------- */

struct reader {
	uint16_t first, last; /* record types */
	void (*read)(struct draft *, const struct record *);
	enum fact_kind kind;  /* what a record of this type makes of its event; FACT_OTHER: nothing */
};

static const struct reader readers[] = {
	{AUDIT_SYSCALL, AUDIT_SYSCALL, read_syscall, FACT_OTHER},
	{AUDIT_PATH, AUDIT_PATH, read_path, FACT_OTHER},
	{AUDIT_CWD, AUDIT_CWD, read_cwd, FACT_OTHER},
	{AUDIT_EXECVE, AUDIT_EXECVE, read_execve, FACT_OTHER},
	{AUDIT_SOCKADDR, AUDIT_SOCKADDR, read_sockaddr, FACT_OTHER},
	{AUDIT_SOCKETCALL, AUDIT_SOCKETCALL, read_socketcall, FACT_OTHER},
	{AUDIT_URINGOP, AUDIT_URINGOP, read_uring, FACT_OTHER},
	{AUDIT_OBJ_PID, AUDIT_OBJ_PID, read_obj_pid, FACT_OTHER},
	{AUDIT_LOGIN, AUDIT_LOGIN, read_login, FACT_LOGINUID},
	{AUDIT_USER_AUTH, AUDIT_USER_ACCT, read_user, FACT_USER_AUTH},
	{AUDIT_CRED_ACQ, AUDIT_CRED_ACQ, read_user, FACT_USER_AUTH},
	{AUDIT_CRED_REFR, AUDIT_CRED_REFR, read_user, FACT_USER_AUTH},
	{AUDIT_USER_START, AUDIT_USER_START, read_user, FACT_USER_START},
	{AUDIT_USER_END, AUDIT_USER_END, read_user, FACT_USER_END},
	{AUDIT_USER_LOGIN, AUDIT_USER_LOGIN, read_user, FACT_USER_LOGIN},
	{AUDIT_FIRST_USER_MSG, AUDIT_LAST_USER_MSG, read_user, FACT_OTHER},
	{AUDIT_CONFIG_CHANGE, AUDIT_CONFIG_CHANGE, read_user, FACT_CONFIG},
	{AUDIT_FEATURE_CHANGE, AUDIT_FEATURE_CHANGE, read_user, FACT_CONFIG},
	{AUDIT_FIRST_DAEMON, AUDIT_LAST_DAEMON, read_user, FACT_CONFIG},
};

static void
read_record(struct draft *d, const struct record *r)
{
	for (size_t i = 0; i < COUNT(readers); i++)
		if (r->type >= readers[i].first && r->type <= readers[i].last) {
			readers[i].read(d, r);
			if (readers[i].kind != FACT_OTHER)
				d->f.kind = readers[i].kind;
			return;
		}
}

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

	s->ntext = s->nargv = 0;
	f->serial = ev->serial;
	f->time = ev->time;
	f->node = ev->node;
	f->auid = f->uid = f->euid = f->gid = f->old_auid = f->new_auid = UINT32_MAX;
	f->ses = f->old_ses = f->new_ses = UINT32_MAX;
	f->un.ouid = UINT32_MAX;
	f->target.auid = f->target.uid = f->target.ses = UINT32_MAX;
	for (size_t i = 0; i < ev->nrec; i++)
		read_record(&d, &ev->rec[i]);
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

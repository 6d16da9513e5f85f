/* draft: see draft.h.  A record fills it through a table of field names. */
#include "agentd/audit/draft.h"

#include <libaudit.h>
#include <stddef.h>
#include <sys/stat.h>

#include "agentd/audit/slot.h"
#include "agentd/audit/syscalls.h"

static const struct slot syscall_slot[] = {
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
static const struct slots syscall_slots = SLOTS(syscall_slot);

static void
read_syscall(struct draft *d, const struct record *r)
{
	d->has_syscall = d->f.has_task = true;
	slots_read(d, r->body, &syscall_slots);
}

static const struct slot uring_slot[] = {
	SLOT("uring_op", VALUE_U32, uring_op),
	SLOT("success", VALUE_TRUE, uring_success),
	SLOT("exit", VALUE_I64, uring_exit),
	SLOT("ppid", VALUE_U32, f.ppid),
	SLOT("pid", VALUE_U32, f.pid),
	SLOT("uid", VALUE_U32, f.uid),
	SLOT("gid", VALUE_U32, f.gid),
	SLOT("euid", VALUE_U32, f.euid),
};
static const struct slots uring_slots = SLOTS(uring_slot);

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
	slots_read(d, r->body, &uring_slots);
	if (before.has_uring && call_of_uring(d->uring_op) == CALL_OTHER)
		*d = before;
}

static const struct slot socketcall_slot[] = {
	SLOT("a0", VALUE_HEX, socketcall[0]),
	SLOT("a1", VALUE_HEX, socketcall[1]),
	SLOT("a2", VALUE_HEX, socketcall[2]),
	SLOT("a3", VALUE_HEX, socketcall[3]),
	SLOT("a4", VALUE_HEX, socketcall[4]),
	SLOT("a5", VALUE_HEX, socketcall[5]),
};
static const struct slots socketcall_slots = SLOTS(socketcall_slot);

static void
read_socketcall(struct draft *d, const struct record *r)
{
	slots_read(d, r->body, &socketcall_slots);
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

static const struct slot cwd_slot[] = {
	SLOT("cwd", VALUE_TEXT, f.cwd),
};
static const struct slots cwd_slots = SLOTS(cwd_slot);

static void
read_cwd(struct draft *d, const struct record *r)
{
	slots_read(d, r->body, &cwd_slots);
}

static const struct slot path_slot[] = {
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
static const struct slots path_slots = SLOTS(path_slot);
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
	slots_read(d, r->body, &path_slots);
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
static const struct slot obj_pid_slot[] = {
	SLOT("opid", VALUE_U32, f.target.pid),
	SLOT("oauid", VALUE_U32, f.target.auid),
	SLOT("ouid", VALUE_U32, f.target.uid),
	SLOT("oses", VALUE_U32, f.target.ses),
	SKIP("obj"),
	SLOT("ocomm", VALUE_TEXT, f.target.comm),
};
static const struct slots obj_pid_slots = SLOTS(obj_pid_slot);

static void
read_obj_pid(struct draft *d, const struct record *r)
{
	slots_read(d, r->body, &obj_pid_slots);
	d->f.target.known = d->f.target.pid != 0;
}

static const struct slot login_slot[] = {
	SLOT("pid", VALUE_U32, f.pid),
	SLOT("uid", VALUE_U32, f.uid),
	SLOT("old-auid", VALUE_U32, f.old_auid),
	SLOT("auid", VALUE_U32, f.new_auid),
	SLOT("tty", VALUE_RAW, f.tty),
	SLOT("old-ses", VALUE_U32, f.old_ses),
	SLOT("ses", VALUE_U32, f.new_ses),
	SLOT("res", VALUE_TRUE, f.result),
};
static const struct slots login_slots = SLOTS(login_slot);

static void
read_login(struct draft *d, const struct record *r)
{
	d->has_login = d->f.has_task = true;
	slots_read(d, r->body, &login_slots);
}

/* libaudit, audit_log_acct_message() and audit_log_user_message(). */
static const struct slot inner_slot[] = {
	SLOT("op", VALUE_RAW, f.op),
	SLOT("grantors", VALUE_RAW, f.grantors),
	SLOT("acct", VALUE_TEXT, f.acct),
	SLOT("exe", VALUE_TEXT, f.user_exe),
	SLOT("hostname", VALUE_RAW, f.hostname),
	SLOT("addr", VALUE_RAW, f.addr),
	SLOT("terminal", VALUE_RAW, f.terminal),
	SLOT("res", VALUE_TRUE, f.result),
};
static const struct slots inner_slots = SLOTS(inner_slot);

static const struct slot user_slot[] = {
	SLOT("pid", VALUE_U32, f.pid),
	SLOT("uid", VALUE_U32, f.uid),
	SLOT("auid", VALUE_U32, f.auid),
	SLOT("ses", VALUE_U32, f.ses),
	INNER("msg", &inner_slots),
	SLOT("op", VALUE_RAW, f.op),
	SLOT("res", VALUE_TRUE, f.result),
};
static const struct slots user_slots = SLOTS(user_slot);

/* USER_*, CONFIG_CHANGE, DAEMON_*: who sent it, and what it says. */
static void
read_user(struct draft *d, const struct record *r)
{
	slots_read(d, r->body, &user_slots);
	if (d->f.euid == UINT32_MAX)
		d->f.euid = d->f.uid;
	d->f.has_task = d->f.pid != 0;
}

/* --- which record is read how ----------------------------------------------------------------- */

struct reader {
	uint16_t first, last; /* record types */
	void (*read)(struct draft *, const struct record *);
	enum fact_kind kind;  /* what a record of this type makes of its event; FACT_OTHER: nothing */
};

static const struct reader readers[] = {
	{AUDIT_SYSCALL, AUDIT_SYSCALL, read_syscall, FACT_OTHER},
	{AUDIT_PATH, AUDIT_PATH, read_path, FACT_OTHER},
	{AUDIT_CWD, AUDIT_CWD, read_cwd, FACT_OTHER},
	{AUDIT_EXECVE, AUDIT_EXECVE, draft_execve, FACT_OTHER},
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

enum fact_kind
draft_record(struct draft *d, const struct record *r)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (r->type >= readers[i].first && r->type <= readers[i].last) {
			readers[i].read(d, r);
			return readers[i].kind;
		}
	}
	return FACT_OTHER;
}

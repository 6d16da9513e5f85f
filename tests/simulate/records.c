/* records: see records.h. */
#include "tests/simulate/records.h"

#include <stdio.h>
#include <string.h>

#define CALL_LISTEN   50
#define CALL_EXECVE   59
#define CALL_PTRACE   101
#define CALL_SETUID   105
#define PTRACE_SEIZE  "4206" /* hex */

static void
put_head(const struct record_out *o, const char *type)
{
	buf_printf(o->text, "type=%s msg=audit(%lld.%03lld:%llu): ", type, (long long)(o->ms / 1000),
	    (long long)(o->ms % 1000), (unsigned long long)o->serial);
}

static void
put_syscall(const struct record_out *o, const struct record_task *t, int call, int result, const char *args, int items)
{
	put_head(o, "SYSCALL");
	buf_printf(o->text, "arch=c000003e syscall=%d success=%s exit=%d %s items=%d ppid=%u pid=%u auid=%u uid=%u gid=%u "
	    "euid=%u suid=%u fsuid=%u egid=%u sgid=%u fsgid=%u tty=(none) ses=%u comm=\"%.15s\" exe=\"%s\" key=\"sshtether\"\n",
	    call, result >= 0 ? "yes" : "no", result, args, items, t->ppid, t->pid, t->auid, t->uid, t->uid, t->uid, t->uid,
	    t->uid, t->uid, t->uid, t->uid, t->ses, t->comm, t->exe);
}

/* The record that ends an event. */
static void
put_end(const struct record_out *o)
{
	put_head(o, "PROCTITLE");
	buf_puts(o->text, "proctitle=\"x\"\n");
}

static void
put_path(const struct record_out *o, int item, const char *name, uint64_t inode, const char *mode, uint32_t owner)
{
	put_head(o, "PATH");
	buf_printf(o->text, "item=%d name=\"%s\" inode=%llu dev=%02x:00 mode=%s ouid=%u ogid=0 rdev=00:00 nametype=NORMAL "
	    "cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\n", item, name, (unsigned long long)inode,
	    RECORD_DEV_MAJOR, mode, owner);
}

static void
put_words(const struct record_out *o, const char *words)
{
	const char *p = words;
	unsigned argc = 1;

	for (const char *q = words; *q != '\0'; q++)
		argc += *q == ' ';
	put_head(o, "EXECVE");
	buf_printf(o->text, "argc=%u", argc);
	for (unsigned i = 0; i < argc; i++) {
		size_t n = strcspn(p, " ");

		buf_printf(o->text, " a%u=\"%.*s\"", i, (int)n, p);
		p += n + (p[n] == ' ');
	}
	buf_putc(o->text, '\n');
}

void
record_exec(const struct record_out *o, const struct record_task *t, const char *words)
{
	put_syscall(o, t, CALL_EXECVE, 0, "a0=55e66b469578 a1=55e66b469678 a2=55e66b469818 a3=8", 2);
	put_words(o, words);
	put_path(o, 0, t->exe, t->inode, "0100755", 0);
	put_path(o, 1, "/lib64/ld-linux-x86-64.so.2", 332383, "0100755", 0);
	put_end(o);
}

static void
put_hex(const struct record_out *o, const void *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++) {
		buf_putc(o->text, digits[b[i] >> 4]);
		buf_putc(o->text, digits[b[i] & 15]);
	}
}

static void
put_inet(const struct record_out *o, struct endpoint e)
{
	const unsigned char port[2] = {(unsigned char)(e.port >> 8), (unsigned char)e.port};
	const bool v6 = e.addr.family == 6;

	put_head(o, "SOCKADDR");
	buf_puts(o->text, v6 ? "saddr=0A00" : "saddr=0200");
	put_hex(o, port, sizeof(port));
	if (v6)
		buf_puts(o->text, "00000000");
	put_hex(o, e.addr.b, v6 ? 16 : 4);
	buf_puts(o->text, v6 ? "00000000\n" : "0000000000000000\n");
}

void
record_connect(const struct record_out *o, const struct record_task *t, struct endpoint to, int result)
{
	put_syscall(o, t, RECORD_CONNECT, result, "a0=3 a1=7ffc24a6e1e0 a2=10 a3=0", 0);
	put_inet(o, to);
	put_end(o);
}

void
record_unix(const struct record_out *o, const struct record_task *t, int call, const char *path, uint64_t inode,
    uint32_t owner, int result)
{
	put_syscall(o, t, call, result, "a0=5 a1=7ffc24a6e1e0 a2=6e a3=0", 1);
	put_head(o, "SOCKADDR");
	buf_puts(o->text, "saddr=0100");
	put_hex(o, path, strlen(path) + 1);
	buf_putc(o->text, '\n');
	put_path(o, 0, path, inode, "0140600", owner);
	put_end(o);
}

void
record_listen(const struct record_out *o, const struct record_task *t)
{
	put_syscall(o, t, CALL_LISTEN, 0, "a0=5 a1=80 a2=0 a3=0", 0);
	put_end(o);
}

void
record_setuid(const struct record_out *o, const struct record_task *t)
{
	char args[96];

	(void)snprintf(args, sizeof(args), "a0=%x a1=%x a2=%x a3=0", t->uid, t->uid, t->uid);
	put_syscall(o, t, CALL_SETUID, 0, args, 0);
	put_end(o);
}

void
record_ptrace(const struct record_out *o, const struct record_task *t, const struct record_task *target,
    const char *comm)
{
	char args[96];

	(void)snprintf(args, sizeof(args), "a0=" PTRACE_SEIZE " a1=%x a2=0 a3=0", target->pid);
	put_syscall(o, t, CALL_PTRACE, 0, args, 0);
	put_head(o, "OBJ_PID");
	buf_printf(o->text, "opid=%u oauid=%u ouid=%u oses=%u ocomm=\"%s\"\n", target->pid, target->auid, target->uid,
	    target->ses, comm);
	put_end(o);
}

void
record_login(const struct record_out *o, const struct record_task *t, uint32_t auid, uint32_t ses)
{
	struct record_task after = *t;

	after.auid = auid;
	after.ses = ses;
	put_head(o, "LOGIN");
	buf_printf(o->text, "pid=%u uid=%u old-auid=%u auid=%u tty=(none) old-ses=%u ses=%u res=1\n", t->pid, t->uid,
	    t->auid, auid, t->ses, ses);
	put_syscall(o, &after, 1, 4, "a0=5 a1=7ffc24a6e1e0 a2=4 a3=7ffc24a6def4", 0);
	put_end(o);
}

void
record_user(const struct record_out *o, const struct record_task *t, const char *type, const char *op,
    const char *acct, const char *addr)
{
	put_head(o, type);
	buf_printf(o->text, "pid=%u uid=%u auid=%u ses=%u msg='op=%s grantors=pam_permit acct=\"%s\" exe=\"%s\" hostname=%s "
	    "addr=%s terminal=%s res=success'\n", t->pid, t->uid, t->auid, t->ses, op, acct, t->exe,
	    addr != NULL ? addr : "?", addr != NULL ? addr : "?", addr != NULL ? "ssh" : "?");
}

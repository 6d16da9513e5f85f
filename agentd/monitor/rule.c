/* rule: see rule.h.  Runs in the monitor. */
#include "agentd/monitor/rule.h"

#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"

#define FASTOPEN     0x20000000u /* MSG_FASTOPEN, include/linux/socket.h */
#define ENOENT_EXIT  ((uint32_t)-2)
#define CALL_BIND    2 /* socketcall(2), include/uapi/linux/net.h */
#define CALL_CONNECT 3
#define CALL_LISTEN  4
#define OP_CONNECT   16 /* IORING_OP_CONNECT, BIND and LISTEN (6.11), include/uapi/linux/io_uring.h */
#define OP_BIND      56
#define OP_LISTEN    57

#define ATTACH       16     /* PTRACE_ATTACH, PTRACE_SEIZE, include/uapi/linux/ptrace.h */
#define SEIZE        0x4206
#define FIRST_USER   1000   /* system accounts, sshd's own among them, are below */

#ifndef AUDIT_FILTER_URING_EXIT
#define AUDIT_FILTER_URING_EXIT 0x07
#endif

enum abi { ABI_NONE, ABI_NATIVE, ABI_COMPAT };

struct field {
	uint32_t field, op, value;
};

/* Two rows a program: it becomes a person, or becomes root for good. */
#define SERVER(path)                                                                               \
	{"login by " path, ABI_NATIVE, {"setuid", "setresuid"},                                    \
	    .field = {{AUDIT_UID, AUDIT_GREATER_THAN_OR_EQUAL, FIRST_USER},                        \
	        {AUDIT_SUCCESS, AUDIT_EQUAL, 1}},                                                  \
	    .optional = true, .login = LOGIN_UNSET, .exe = path, .exe_op = AUDIT_EQUAL},           \
	{                                                                                          \
		"root's login by " path, ABI_NATIVE, {"setuid", "setresuid"},                      \
		    .field = {{AUDIT_ARG0, AUDIT_EQUAL, 0}, {AUDIT_SUCCESS, AUDIT_EQUAL, 1}},      \
		    .optional = true, .login = LOGIN_UNSET, .exe = path, .exe_op = AUDIT_EQUAL     \
	}

/* Whose calls. */
enum login { LOGIN_SET, LOGIN_UNSET };

/*
 * One row a rule.  arch= comes first and auid!=unset last, so they are not spelt out; before them stands
 * the program, where there is one.
 */
static const struct want {
	const char *name;
	enum abi abi;
	const char *call[2];
	struct field field[3];
	bool optional;
	enum login login;
	const char *exe;
	uint32_t exe_op;
} wants[] = {
	{"exec", ABI_NATIVE, {"execve", "execveat"}, .field = {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}},
	{"exec b32", ABI_COMPAT, {"execve", "execveat"}, .field = {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}},
	/* Failures too: EINPROGRESS is a connection.  Sockets that are not there (nscd …) are nobody's. */
	{"connect", ABI_NATIVE, {"connect"}, .field = {{AUDIT_EXIT, AUDIT_NOT_EQUAL, ENOENT_EXIT}}},
	{"connect b32", ABI_COMPAT, {"connect"}, .field = {{AUDIT_EXIT, AUDIT_NOT_EQUAL, ENOENT_EXIT}}},
	{"connect socketcall", ABI_COMPAT, {"socketcall"},
	    .field = {{AUDIT_ARG0, AUDIT_EQUAL, CALL_CONNECT}, {AUDIT_EXIT, AUDIT_NOT_EQUAL, ENOENT_EXIT}}},
	{"fastopen sendto", ABI_NATIVE, {"sendto"}, .field = {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}}},
	{"fastopen sendmsg", ABI_NATIVE, {"sendmsg"}, .field = {{AUDIT_ARG2, AUDIT_BIT_MASK, FASTOPEN}}},
	{"fastopen sendmmsg", ABI_NATIVE, {"sendmmsg"}, .field = {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}}},
	{"fastopen sendto b32", ABI_COMPAT, {"sendto"}, .field = {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}}},
	{"fastopen sendmsg b32", ABI_COMPAT, {"sendmsg"}, .field = {{AUDIT_ARG2, AUDIT_BIT_MASK, FASTOPEN}}},
	{"fastopen sendmmsg b32", ABI_COMPAT, {"sendmmsg"}, .field = {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}}},
	/* Netlink sockets are bound by every name lookup. */
	{"bind", ABI_NATIVE, {"bind"},
	    .field = {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}, {AUDIT_SADDR_FAM, AUDIT_NOT_EQUAL, AF_NETLINK}}},
	{"bind b32", ABI_COMPAT, {"bind"},
	    .field = {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}, {AUDIT_SADDR_FAM, AUDIT_NOT_EQUAL, AF_NETLINK}}},
	{"bind socketcall", ABI_COMPAT, {"socketcall"},
	    .field = {{AUDIT_ARG0, AUDIT_EQUAL, CALL_BIND}, {AUDIT_SUCCESS, AUDIT_EQUAL, 1},
		{AUDIT_SADDR_FAM, AUDIT_NOT_EQUAL, AF_NETLINK}}},
	{"listen", ABI_NATIVE, {"listen"}, .field = {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}},
	{"listen b32", ABI_COMPAT, {"listen"}, .field = {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}},
	{"listen socketcall", ABI_COMPAT, {"socketcall"},
	    .field = {{AUDIT_ARG0, AUDIT_EQUAL, CALL_LISTEN}, {AUDIT_SUCCESS, AUDIT_EQUAL, 1}}},
	{"io_uring", ABI_NONE, {NULL}, .optional = true},
	/*
	 * A hand on another task.  Memory is read by every own strace, ten times a call, and between the
	 * processes of an MPI job: root's alone counts, for sshd and ssh-agent let nobody else.  strace
	 * itself attaches first.
	 */
	{"ptrace attach", ABI_NATIVE, {"ptrace"}, .field = {{AUDIT_ARG0, AUDIT_EQUAL, ATTACH}}},
	{"ptrace attach b32", ABI_COMPAT, {"ptrace"}, .field = {{AUDIT_ARG0, AUDIT_EQUAL, ATTACH}}},
	{"ptrace seize", ABI_NATIVE, {"ptrace"}, .field = {{AUDIT_ARG0, AUDIT_EQUAL, SEIZE}}},
	{"ptrace seize b32", ABI_COMPAT, {"ptrace"}, .field = {{AUDIT_ARG0, AUDIT_EQUAL, SEIZE}}},
	{"memory", ABI_NATIVE, {"process_vm_readv", "process_vm_writev"},
	    .field = {{AUDIT_EUID, AUDIT_EQUAL, 0}},
	    .exe = "/usr/bin/strace", .exe_op = AUDIT_NOT_EQUAL},
	{"memory b32", ABI_COMPAT, {"process_vm_readv", "process_vm_writev"},
	    .field = {{AUDIT_EUID, AUDIT_EQUAL, 0}},
	    .exe = "/usr/bin/strace", .exe_op = AUDIT_NOT_EQUAL},
	/* pidfd_getfd(2) does not say whose: the pidfd_open(2) before it does. */
	{"descriptor", ABI_NATIVE, {"pidfd_open", "pidfd_getfd"}, .field = {{AUDIT_EUID, AUDIT_EQUAL, 0}}},
	{"descriptor b32", ABI_COMPAT, {"pidfd_open", "pidfd_getfd"},
	    .field = {{AUDIT_EUID, AUDIT_EQUAL, 0}}},
	/* What an SSH server does for a login that never passed pam_loginuid. */
	SERVER("/usr/sbin/sshd"),
	SERVER("/usr/lib/openssh/sshd-session"),     /* from 9.8 on: Debian, Ubuntu */
	SERVER("/usr/libexec/openssh/sshd-session"), /* Fedora, RHEL */
	SERVER("/usr/lib/ssh/sshd-session"),         /* Arch, Alpine */
	SERVER("/usr/libexec/ssh/sshd-session"),     /* SUSE */
	SERVER("/usr/sbin/dropbear"),
};

#define NWANTS (sizeof(wants) / sizeof(*wants))
_Static_assert(NWANTS <= RULES_MAX, "a bit for each rule");

size_t
rule_count(void)
{
	return NWANTS;
}

const char *
rule_name(size_t i)
{
	return wants[i].name;
}

bool
rule_is_optional(size_t i)
{
	return wants[i].optional;
}

const char *
rule_program(size_t i)
{
	return wants[i].exe_op == AUDIT_EQUAL ? wants[i].exe : NULL;
}

bool
rule_has_simple(size_t i)
{
	for (size_t f = 0; f < 3; f++)
		if (wants[i].field[f].field == AUDIT_SADDR_FAM)
			return true;
	return false;
}

/* --- building ----------------------------------------------------------------------------------------- */

/* libaudit's machine of the ABI, or −1. */
static int
machine_of(enum abi abi)
{
	int native = audit_detect_machine();

	if (abi == ABI_NATIVE)
		return native;
	if (native == MACH_86_64)
		return MACH_X86;
	return native == MACH_AARCH64 ? MACH_ARM : -1;
}

static void
add_field(struct audit_rule_data *r, uint32_t field, uint32_t op, uint32_t value)
{
	r->fields[r->field_count] = field;
	r->fieldflags[r->field_count] = op;
	r->values[r->field_count] = value;
	r->field_count++;
}

/* Strings stand one after the other in buf; the value of their field is the length. */
static void
add_string(struct audit_rule_data *r, uint32_t field, uint32_t op, const char *string)
{
	const size_t n = strlen(string);

	add_field(r, field, op, (uint32_t)n);
	memcpy(r->buf + r->buflen, string, n);
	r->buflen += (uint32_t)n;
}

static void
set_bit(struct audit_rule_data *r, unsigned bit)
{
	r->mask[bit / 32] |= (uint32_t)1 << (bit % 32);
}

/* Calls that the ABI does not know are left out; false when none is left. */
static bool
add_calls(struct audit_rule_data *r, const struct want *w, int machine)
{
	bool any = false;

	for (size_t i = 0; i < 2 && w->call[i] != NULL; i++) {
		int nr = audit_name_to_syscall(w->call[i], machine);

		if (nr < 0 || nr >= AUDIT_BITMASK_SIZE * 32)
			continue;
		set_bit(r, (unsigned)nr);
		any = true;
	}
	return any;
}

bool
rule_build(size_t i, bool simple, union rule_room *room)
{
	const struct want *w = &wants[i];
	struct audit_rule_data *r = &room->data;

	memset(room, 0, sizeof(*room));
	r->action = AUDIT_ALWAYS;
	if (w->abi == ABI_NONE) {
		r->flags = AUDIT_FILTER_URING_EXIT;
		set_bit(r, OP_CONNECT);
		set_bit(r, OP_BIND);
		set_bit(r, OP_LISTEN);
	} else {
		int machine = machine_of(w->abi);

		r->flags = AUDIT_FILTER_EXIT;
		if (machine == -1 || !add_calls(r, w, machine))
			return false;
		add_field(r, AUDIT_ARCH, AUDIT_EQUAL, audit_machine_to_elf(machine));
	}
	for (size_t f = 0; f < 3 && w->field[f].field != 0; f++)
		if (!simple || w->field[f].field != AUDIT_SADDR_FAM)
			add_field(r, w->field[f].field, w->field[f].op, w->field[f].value);
	if (w->exe != NULL)
		add_string(r, AUDIT_EXE, w->exe_op, w->exe);
	add_field(r, AUDIT_LOGINUID, w->login == LOGIN_SET ? AUDIT_NOT_EQUAL : AUDIT_EQUAL, (uint32_t)-1);
	add_string(r, AUDIT_FILTERKEY, AUDIT_EQUAL, RULE_KEY);
	return true;
}

/* --- comparing ---------------------------------------------------------------------------------------- */

/* Those whose value is the length of a string in buf (kernel/auditfilter.c, audit_data_to_entry()). */
static bool
is_string(uint32_t field)
{
	return field == AUDIT_EXE || field == AUDIT_FILTERKEY || field == AUDIT_WATCH ||
	    field == AUDIT_DIR || (field >= AUDIT_SUBJ_USER && field <= AUDIT_OBJ_LEV_HIGH &&
	    field != AUDIT_PPID);
}

/* The string of field i; where buf is too short for it, as much as there is. */
static struct bytes
string_of(const struct audit_rule_data *r, uint32_t i)
{
	uint32_t at = 0, n = r->values[i];

	for (uint32_t k = 0; k < i; k++)
		if (is_string(r->fields[k]))
			at += r->values[k] < r->buflen - at ? r->values[k] : r->buflen - at;
	if (n > r->buflen - at)
		n = r->buflen - at;
	return (struct bytes){.p = r->buf + at, .n = n};
}

static bool
same_field(const struct audit_rule_data *a, uint32_t i, const struct audit_rule_data *b, uint32_t k)
{
	if (a->fields[i] != b->fields[k] || a->fieldflags[i] != b->fieldflags[k])
		return false;
	return is_string(a->fields[i]) ? bytes_eq(string_of(a, i), string_of(b, k)) :
	    a->values[i] == b->values[k];
}

static bool
has_field(const struct audit_rule_data *r, const struct audit_rule_data *of, uint32_t i)
{
	for (uint32_t k = 0; k < r->field_count && k < AUDIT_MAX_FIELDS; k++)
		if (same_field(of, i, r, k))
			return true;
	return false;
}

static bool
mask_covers(const uint32_t *have, const uint32_t *want)
{
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
		if ((want[i] & ~have[i]) != 0)
			return false;
	return true;
}

bool
rule_covers(const struct audit_rule_data *have, const struct audit_rule_data *want)
{
	if (have->flags != want->flags || have->action != AUDIT_ALWAYS || !mask_covers(have->mask, want->mask))
		return false;
	/* Each of its conditions is one of ours: then it fires whenever ours would. */
	for (uint32_t i = 0; i < have->field_count && i < AUDIT_MAX_FIELDS; i++)
		if (have->fields[i] != AUDIT_FILTERKEY && !has_field(want, have, i))
			return false;
	return true;
}

bool
rule_hides_tasks(const struct audit_rule_data *r)
{
	return r->flags == AUDIT_FILTER_TASK && r->action == AUDIT_NEVER;
}

bool
rule_hides_calls(const struct audit_rule_data *r, const struct audit_rule_data *want)
{
	if (r->flags != AUDIT_FILTER_EXIT || want->flags != AUDIT_FILTER_EXIT || r->action != AUDIT_NEVER)
		return false;
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
		if ((r->mask[i] & want->mask[i]) != 0)
			return true;
	return false;
}

bool
rule_hides_records(const struct audit_rule_data *r)
{
	static const uint32_t needed[] = {AUDIT_SYSCALL, AUDIT_EXECVE, AUDIT_SOCKADDR, AUDIT_PATH,
	    AUDIT_LOGIN};

	if (r->flags != AUDIT_FILTER_EXCLUDE || r->field_count != 1 || r->fields[0] != AUDIT_MSGTYPE)
		return false;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (r->fieldflags[0] == AUDIT_EQUAL && r->values[0] == needed[i])
			return true;
	return false;
}

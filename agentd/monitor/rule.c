/* rule: see rule.h.  Runs in the monitor. */
#include "agentd/monitor/rule.h"

#include <string.h>
#include <sys/socket.h>

#define FASTOPEN     0x20000000u /* MSG_FASTOPEN, include/linux/socket.h */
#define ENOENT_EXIT  ((uint32_t)-2)
#define CALL_BIND    2 /* socketcall(2), include/uapi/linux/net.h */
#define CALL_CONNECT 3
#define CALL_LISTEN  4
#define OP_CONNECT   16 /* IORING_OP_CONNECT, include/uapi/linux/io_uring.h */

#ifndef AUDIT_FILTER_URING_EXIT
#define AUDIT_FILTER_URING_EXIT 0x07
#endif

enum abi { ABI_NONE, ABI_NATIVE, ABI_COMPAT };

struct field {
	uint32_t field, op, value;
};

/* One row a rule.  arch= comes first and auid!=unset last, in all of them, so they are not spelt out. */
static const struct want {
	const char *name;
	enum abi abi;
	const char *call[2];
	struct field field[3];
	bool optional;
} wants[] = {
	{"exec", ABI_NATIVE, {"execve", "execveat"}, {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}, false},
	{"exec b32", ABI_COMPAT, {"execve", "execveat"}, {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}, false},
	/* Failures too: EINPROGRESS is a connection.  Sockets that are not there (nscd …) are nobody's. */
	{"connect", ABI_NATIVE, {"connect"}, {{AUDIT_EXIT, AUDIT_NOT_EQUAL, ENOENT_EXIT}}, false},
	{"connect b32", ABI_COMPAT, {"connect"}, {{AUDIT_EXIT, AUDIT_NOT_EQUAL, ENOENT_EXIT}}, false},
	{"connect socketcall", ABI_COMPAT, {"socketcall"},
	    {{AUDIT_ARG0, AUDIT_EQUAL, CALL_CONNECT}, {AUDIT_EXIT, AUDIT_NOT_EQUAL, ENOENT_EXIT}}, false},
	{"fastopen sendto", ABI_NATIVE, {"sendto"}, {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}}, false},
	{"fastopen sendmsg", ABI_NATIVE, {"sendmsg"}, {{AUDIT_ARG2, AUDIT_BIT_MASK, FASTOPEN}}, false},
	{"fastopen sendmmsg", ABI_NATIVE, {"sendmmsg"}, {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}}, false},
	{"fastopen sendto b32", ABI_COMPAT, {"sendto"}, {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}}, false},
	{"fastopen sendmsg b32", ABI_COMPAT, {"sendmsg"}, {{AUDIT_ARG2, AUDIT_BIT_MASK, FASTOPEN}}, false},
	{"fastopen sendmmsg b32", ABI_COMPAT, {"sendmmsg"}, {{AUDIT_ARG3, AUDIT_BIT_MASK, FASTOPEN}},
	    false},
	/* Netlink sockets are bound by every name lookup. */
	{"bind", ABI_NATIVE, {"bind"},
	    {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}, {AUDIT_SADDR_FAM, AUDIT_NOT_EQUAL, AF_NETLINK}}, false},
	{"bind b32", ABI_COMPAT, {"bind"},
	    {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}, {AUDIT_SADDR_FAM, AUDIT_NOT_EQUAL, AF_NETLINK}}, false},
	{"bind socketcall", ABI_COMPAT, {"socketcall"},
	    {{AUDIT_ARG0, AUDIT_EQUAL, CALL_BIND}, {AUDIT_SUCCESS, AUDIT_EQUAL, 1},
		{AUDIT_SADDR_FAM, AUDIT_NOT_EQUAL, AF_NETLINK}}, false},
	{"listen", ABI_NATIVE, {"listen"}, {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}, false},
	{"listen b32", ABI_COMPAT, {"listen"}, {{AUDIT_SUCCESS, AUDIT_EQUAL, 1}}, false},
	{"listen socketcall", ABI_COMPAT, {"socketcall"},
	    {{AUDIT_ARG0, AUDIT_EQUAL, CALL_LISTEN}, {AUDIT_SUCCESS, AUDIT_EQUAL, 1}}, false},
	{"io_uring connect", ABI_NONE, {NULL}, {{0}}, true},
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
	add_field(r, AUDIT_LOGINUID, AUDIT_NOT_EQUAL, (uint32_t)-1);
	/* Strings stand one after the other in buf; the value of their field is the length. */
	add_field(r, AUDIT_FILTERKEY, AUDIT_EQUAL, sizeof(RULE_KEY) - 1);
	r->buflen = sizeof(RULE_KEY) - 1;
	memcpy(room->raw + sizeof(*r), RULE_KEY, sizeof(RULE_KEY) - 1);
	return true;
}

/* --- comparing ---------------------------------------------------------------------------------------- */

static bool
has_field(const struct audit_rule_data *r, uint32_t field, uint32_t op, uint32_t value)
{
	for (uint32_t i = 0; i < r->field_count && i < AUDIT_MAX_FIELDS; i++)
		if (r->fields[i] == field && r->fieldflags[i] == op && r->values[i] == value)
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
		if (have->fields[i] != AUDIT_FILTERKEY &&
		    !has_field(want, have->fields[i], have->fieldflags[i], have->values[i]))
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

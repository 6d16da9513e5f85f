/*
 * syscalls: see syscalls.h.  Numbers from arch/x86/entry/syscalls/syscall_{64,32}.tbl,
 * include/uapi/asm-generic/unistd.h (aarch64), linux/net.h (socketcall) and linux/io_uring.h.
 */
#include "agentd/audit/syscalls.h"

#include <stddef.h>
#include <linux/audit.h>
#include <sys/ptrace.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* x32 shares x86_64's AUDIT_ARCH; its numbers carry this bit (asm/unistd.h, __X32_SYSCALL_BIT). */
#define X32 0x40000000u

struct number {
	uint32_t arch, number;
	enum call call;
};

static const struct number numbers[] = {
	{AUDIT_ARCH_X86_64, 42, CALL_CONNECT},
	{AUDIT_ARCH_X86_64, 59, CALL_EXEC},
	{AUDIT_ARCH_X86_64, 322, CALL_EXEC},
	{AUDIT_ARCH_X86_64, 49, CALL_BIND},
	{AUDIT_ARCH_X86_64, 50, CALL_LISTEN},
	{AUDIT_ARCH_X86_64, 44, CALL_SENDTO},
	{AUDIT_ARCH_X86_64, 46, CALL_SENDMSG},
	{AUDIT_ARCH_X86_64, 307, CALL_SENDMMSG},
	{AUDIT_ARCH_X86_64, 101, CALL_PTRACE},
	{AUDIT_ARCH_X86_64, 310, CALL_VM_READ},
	{AUDIT_ARCH_X86_64, 311, CALL_VM_WRITE},
	{AUDIT_ARCH_X86_64, 434, CALL_PIDFD_OPEN},
	{AUDIT_ARCH_X86_64, 438, CALL_PIDFD_GETFD},
	{AUDIT_ARCH_X86_64, 105, CALL_SETUID},
	{AUDIT_ARCH_X86_64, 117, CALL_SETUID},
	{AUDIT_ARCH_X86_64, X32 | 42, CALL_CONNECT},
	{AUDIT_ARCH_X86_64, X32 | 520, CALL_EXEC},
	{AUDIT_ARCH_X86_64, X32 | 545, CALL_EXEC},
	{AUDIT_ARCH_X86_64, X32 | 49, CALL_BIND},
	{AUDIT_ARCH_X86_64, X32 | 50, CALL_LISTEN},
	{AUDIT_ARCH_X86_64, X32 | 44, CALL_SENDTO},
	{AUDIT_ARCH_X86_64, X32 | 518, CALL_SENDMSG},
	{AUDIT_ARCH_X86_64, X32 | 538, CALL_SENDMMSG},
	{AUDIT_ARCH_X86_64, X32 | 521, CALL_PTRACE},
	{AUDIT_ARCH_X86_64, X32 | 539, CALL_VM_READ},
	{AUDIT_ARCH_X86_64, X32 | 540, CALL_VM_WRITE},
	{AUDIT_ARCH_X86_64, X32 | 434, CALL_PIDFD_OPEN},
	{AUDIT_ARCH_X86_64, X32 | 438, CALL_PIDFD_GETFD},
	{AUDIT_ARCH_X86_64, X32 | 105, CALL_SETUID},
	{AUDIT_ARCH_X86_64, X32 | 117, CALL_SETUID},
	{AUDIT_ARCH_I386, 102, CALL_SOCKETCALL},
	{AUDIT_ARCH_I386, 362, CALL_CONNECT},
	{AUDIT_ARCH_I386, 11, CALL_EXEC},
	{AUDIT_ARCH_I386, 358, CALL_EXEC},
	{AUDIT_ARCH_I386, 361, CALL_BIND},
	{AUDIT_ARCH_I386, 363, CALL_LISTEN},
	{AUDIT_ARCH_I386, 369, CALL_SENDTO},
	{AUDIT_ARCH_I386, 370, CALL_SENDMSG},
	{AUDIT_ARCH_I386, 345, CALL_SENDMMSG},
	{AUDIT_ARCH_I386, 26, CALL_PTRACE},
	{AUDIT_ARCH_I386, 347, CALL_VM_READ},
	{AUDIT_ARCH_I386, 348, CALL_VM_WRITE},
	{AUDIT_ARCH_I386, 434, CALL_PIDFD_OPEN},
	{AUDIT_ARCH_I386, 438, CALL_PIDFD_GETFD},
	{AUDIT_ARCH_I386, 213, CALL_SETUID}, /* setuid32 */
	{AUDIT_ARCH_I386, 208, CALL_SETUID}, /* setresuid32 */
	{AUDIT_ARCH_AARCH64, 203, CALL_CONNECT},
	{AUDIT_ARCH_AARCH64, 221, CALL_EXEC},
	{AUDIT_ARCH_AARCH64, 281, CALL_EXEC},
	{AUDIT_ARCH_AARCH64, 200, CALL_BIND},
	{AUDIT_ARCH_AARCH64, 201, CALL_LISTEN},
	{AUDIT_ARCH_AARCH64, 206, CALL_SENDTO},
	{AUDIT_ARCH_AARCH64, 211, CALL_SENDMSG},
	{AUDIT_ARCH_AARCH64, 269, CALL_SENDMMSG},
	{AUDIT_ARCH_AARCH64, 117, CALL_PTRACE},
	{AUDIT_ARCH_AARCH64, 270, CALL_VM_READ},
	{AUDIT_ARCH_AARCH64, 271, CALL_VM_WRITE},
	{AUDIT_ARCH_AARCH64, 434, CALL_PIDFD_OPEN},
	{AUDIT_ARCH_AARCH64, 438, CALL_PIDFD_GETFD},
	{AUDIT_ARCH_AARCH64, 146, CALL_SETUID},
	{AUDIT_ARCH_AARCH64, 147, CALL_SETUID},
};

enum call
call_of_syscall(uint32_t arch, uint32_t number)
{
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (numbers[i].number == number && numbers[i].arch == arch)
			return numbers[i].call;
	return CALL_OTHER;
}

enum call
call_of_socketcall(uint64_t which)
{
	static const enum call calls[] = {
		[2] = CALL_BIND,
		[3] = CALL_CONNECT,
		[4] = CALL_LISTEN,
		[11] = CALL_SENDTO,
		[16] = CALL_SENDMSG,
		[20] = CALL_SENDMMSG,
	};

	return which < COUNT(calls) ? calls[which] : CALL_OTHER;
}

enum call
call_of_uring(uint32_t op)
{
	switch (op) {
	case 16: /* IORING_OP_CONNECT */
		return CALL_CONNECT;
	case 56: /* IORING_OP_BIND, since 6.11 */
		return CALL_BIND;
	case 57: /* IORING_OP_LISTEN */
		return CALL_LISTEN;
	default:
		return CALL_OTHER;
	}
}

bool
arch_is_compat(uint32_t arch)
{
	return (arch & __AUDIT_ARCH_64BIT) == 0;
}

bool
call_attaches(uint64_t request)
{
	return request == PTRACE_ATTACH || request == PTRACE_SEIZE;
}

int
call_flags_argument(enum call call)
{
	static const int argument[CALL_COUNT] = {
		[CALL_SENDTO] = 3,
		[CALL_SENDMSG] = 2,
		[CALL_SENDMMSG] = 3,
	};

	return argument[call] > 0 ? argument[call] : -1;
}

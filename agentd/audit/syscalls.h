/*
 * syscalls: which numbers of which architecture mean what we look for.  Audit writes the number in the
 * caller's own table: the same connect is 42, 362, 102 with a sub-call, or 203.  Pure.
 */
#ifndef AUDIT_SYSCALLS_H
#define AUDIT_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

#ifndef AUDIT_URINGOP /* linux/audit.h, since 5.16 */
#define AUDIT_URINGOP 1336
#endif

enum call {
	CALL_OTHER = 0,
	CALL_EXEC,
	CALL_CONNECT,
	CALL_BIND,
	CALL_LISTEN,
	CALL_SENDTO,
	CALL_SENDMSG,
	CALL_SENDMMSG,
	CALL_SOCKETCALL, /* i386: the first argument says which, call_of_socketcall() */
	CALL_PTRACE,     /* the first argument says what, call_attaches() */
	CALL_VM_READ,    /* process_vm_readv */
	CALL_VM_WRITE,
	CALL_PIDFD_OPEN,
	CALL_PIDFD_GETFD,
	CALL_SETUID,     /* setuid, setresuid */
	CALL_COUNT,
};

/* arch: AUDIT_ARCH_*, the arch= field. */
enum call call_of_syscall(uint32_t arch, uint32_t number);
enum call call_of_socketcall(uint64_t which);
/* IORING_OP_*, the uring_op= field. */
enum call call_of_uring(uint32_t op);
/* A 32-bit table on a 64-bit kernel (or a 32-bit kernel). */
bool arch_is_compat(uint32_t arch);
/* PTRACE_ATTACH, PTRACE_SEIZE: whatever else ptrace(2) does to another task comes after one of these. */
bool call_attaches(uint64_t request);
/* Which argument holds the MSG_* flags of a call that may carry MSG_FASTOPEN; −1: none does. */
int call_flags_argument(enum call);

#endif

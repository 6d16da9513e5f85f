/*
 * filter: see filter.h.  Engine process, all of its threads.
 *
 * What is in the list is allowed.  What only an intruder would want kills the process, so that it leaves
 * a SECCOMP record.  Everything else fails with ENOSYS, as on a kernel that does not have it: libraries
 * know how to do without, and a new libc does not bring the daemon down.
 */
#include "agentd/engine/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
	/* descriptors that are open */
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(pread64), CALL(pwrite64), CALL(lseek),
	CALL(close), CALL(fstat), CALL(newfstatat), CALL(statx), CALL(dup), CALL(fcntl),
	/* files: the alert file, the store, the policy and its tables, /proc, name services, time zones */
	CALL(open), CALL(openat), CALL(openat2), CALL(stat), CALL(lstat), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getdents64), CALL(getcwd),
	/* the store's own: growing, shrinking, syncing, setting aside */
	CALL(ftruncate), CALL(fallocate), CALL(fsync), CALL(fdatasync), CALL(fchmod), CALL(fchown),
	CALL(unlink), CALL(unlinkat), CALL(rename), CALL(renameat), CALL(renameat2), CALL(umask),
	CALL(fstatfs), CALL(utimensat),
	/* sockets: reports, the monitor, control clients, audit and sock_diag netlink, syslog */
	CALL(recvfrom), CALL(recvmsg), CALL(recvmmsg), CALL(sendto), CALL(sendmsg), CALL(sendmmsg),
	CALL(accept4), CALL(connect), CALL(shutdown), CALL(getsockopt), CALL(setsockopt),
	CALL(getsockname), CALL(getpeername), CALL(bind),
	/* the policy's files: is one another? */
	CALL(inotify_add_watch), CALL(inotify_rm_watch),
	/* the loop */
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2),
	CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6), CALL(eventfd2), CALL(pipe2),
	CALL(timerfd_create), CALL(timerfd_settime),
	/* memory; executable only what was before (below) */
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise),
	/* threads that are there; none is made any more */
	CALL(futex), CALL(set_robust_list), CALL(get_robust_list), CALL(rseq), CALL(sched_yield),
	CALL(exit), CALL(exit_group), CALL(restart_syscall), CALL(gettid), CALL(membarrier),
	/* signals */
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigaltstack),
	/* time and chance */
	CALL(clock_gettime), CALL(clock_getres), CALL(clock_nanosleep), CALL(nanosleep),
	CALL(gettimeofday), CALL(time), CALL(getrandom),
	/* who am I */
	CALL(getpid), CALL(getppid), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid),
	CALL(getresuid), CALL(getresgid), CALL(getgroups), CALL(uname), CALL(sysinfo), CALL(getrusage),
	CALL(prlimit64), CALL(sched_getaffinity), CALL(getcpu),
};

/* Nothing of ours, and of no library that we use, makes these. */
static const int deadly[] = {
	/* another program, another process */
	CALL(execve), CALL(execveat), CALL(fork), CALL(vfork), CALL(ptrace), CALL(process_vm_readv),
	CALL(process_vm_writev), CALL(kcmp), CALL(pidfd_getfd), CALL(process_madvise),
	/* other rights */
	CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid), CALL(setresuid), CALL(setresgid),
	CALL(setgroups), CALL(setfsuid), CALL(setfsgid), CALL(capset), CALL(keyctl), CALL(add_key),
	CALL(request_key), CALL(personality),
	/* another view of the system */
	CALL(unshare), CALL(setns), CALL(chroot), CALL(pivot_root), CALL(mount), CALL(umount2),
	CALL(fsopen), CALL(open_tree), CALL(move_mount),
	/* the kernel itself */
	CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(io_uring_setup), CALL(init_module),
	CALL(finit_module), CALL(delete_module), CALL(kexec_load), CALL(kexec_file_load), CALL(reboot),
	CALL(swapon), CALL(swapoff), CALL(iopl), CALL(ioperm), CALL(acct), CALL(quotactl),
	CALL(open_by_handle_at), CALL(name_to_handle_at), CALL(fanotify_init),
};

#define EQUALS(n, value) {.arg = (n), .op = SCMP_CMP_EQ, .datum_a = (value)}
#define WITHOUT(n, bits) {.arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits), .datum_b = 0}

/* Allowed with these arguments alone. */
static const struct {
	int call;
	unsigned n;
	struct scmp_arg_cmp args[2];
} narrow[] = {
	/* new memory is never executable: code that is injected has nowhere to be */
	{CALL(mmap), 1, {WITHOUT(2, PROT_EXEC)}},
	{CALL(mprotect), 1, {WITHOUT(2, PROT_EXEC)}},
	/* syslog, name services, sock_diag, the host's addresses; no internet sockets: there is nobody to talk to */
	{CALL(socket), 1, {EQUALS(0, AF_UNIX)}},
	{CALL(socket), 2, {EQUALS(0, AF_NETLINK), EQUALS(2, NETLINK_SOCK_DIAG)}},
	{CALL(socket), 2, {EQUALS(0, AF_NETLINK), EQUALS(2, NETLINK_ROUTE)}},
	{CALL(socketpair), 1, {EQUALS(0, AF_UNIX)}},
	/* libevent asks how much there is to read; stdio whether it is a terminal */
	{CALL(ioctl), 1, {EQUALS(1, FIONREAD)}},
	{CALL(ioctl), 1, {EQUALS(1, TCGETS)}},
	{CALL(prctl), 1, {EQUALS(0, PR_SET_NAME)}},
	/* abort() of our own assertions */
	{CALL(tgkill), 1, {EQUALS(2, SIGABRT)}},
};

static int
add_list(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = seccomp_rule_add(ctx, action, calls[i], 0);

		/* EDOM, EFAULT: this architecture, or this library, knows no such call. */
		if (rc != 0 && rc != -EDOM && rc != -EFAULT)
			return rc;
	}
	return 0;
}

static int
add_narrow(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]) && rc == 0; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, narrow[i].call, narrow[i].n,
		    narrow[i].args);
	return rc;
}

bool
filter_enter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc;

	if (ctx == NULL) {
		errno = ENOMEM;
		return false;
	}
	/* A call of another architecture (int 0x80, x32) kills: that is the library's default. */
	if ((rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1)) == 0 &&
	    (rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) == 0 &&
	    (rc = add_list(ctx, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(allowed[0]))) == 0 &&
	    (rc = add_list(ctx, SCMP_ACT_KILL_PROCESS, deadly, sizeof(deadly) / sizeof(deadly[0]))) == 0 &&
	    (rc = add_narrow(ctx)) == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = -rc;
	return rc == 0;
}

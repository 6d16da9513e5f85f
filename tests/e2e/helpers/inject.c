/*
 * inject PID ADDRESS PORT: makes another process, one that waits in a system call, connect: its registers are
 * set so that it calls socket, connect and read, and put back afterwards.  Says as dial does what came of it,
 * "banner …", "errno …" or "ended".  HOLD in the environment: seconds that it keeps hold of the process then.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_LENGTH 2
#define BELOW_STACK    4096 /* clear of the red zone */

static pid_t pid;
static struct user_regs_struct before;

static void
out(const char *what)
{
	puts(what);
	exit(1);
}

static void
wait_stop(void)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		out("ended");
}

/* Until it is found waiting in a system call: the instruction before the next one is then `syscall`. */
static void
attach(void)
{
	for (;;) {
		if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0)
			out("errno EPERM (ptrace)");
		wait_stop();
		if (ptrace(PTRACE_GETREGS, pid, NULL, &before) != 0)
			out("ended");
		if ((ptrace(PTRACE_PEEKTEXT, pid, before.rip - SYSCALL_LENGTH, NULL) & 0xffff) == 0x050f)
			return;
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		usleep(10000);
	}
}

static long
call(long nr, unsigned long a, unsigned long b, unsigned long c)
{
	struct user_regs_struct regs = before;

	regs.rip -= SYSCALL_LENGTH;
	regs.orig_rax = (unsigned long)-1; /* no restart of what it was in */
	regs.rax = (unsigned long)nr;
	regs.rdi = a;
	regs.rsi = b;
	regs.rdx = c;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) != 0 || ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0)
		out("ended");
	wait_stop();
	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0)
		out("ended");
	return (long)regs.rax;
}

static void
copy(int there, void *here, size_t size)
{
	struct iovec own = { here, size }, its = { (void *)(uintptr_t)(before.rsp - BELOW_STACK), size };

	if ((there ? process_vm_writev : process_vm_readv)(pid, &own, 1, &its, 1, 0) != (ssize_t)size)
		out("ended");
}

static long
dial(const char *address, const char *port, char *said, size_t size)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	unsigned long room = before.rsp - BELOW_STACK;
	long fd = call(SYS_socket, AF_INET, SOCK_STREAM, 0), error;

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return fd;
	copy(1, &to, sizeof(to));
	error = call(SYS_connect, (unsigned long)fd, room, sizeof(to));
	if (error == 0)
		error = call(SYS_read, (unsigned long)fd, room, size);
	if (error > 0)
		copy(0, said, size);
	return error;
}

int
main(int argc, char **argv)
{
	const char *seconds = getenv("HOLD");
	char said[32] = "";
	long error;

	if (argc != 4)
		return 2;
	pid = (pid_t)strtol(argv[1], NULL, 10);
	attach();
	error = dial(argv[2], argv[3], said, sizeof(said) - 1);
	if (error > 0)
		printf("banner %.*s\n", (int)strcspn(said, "\r\n"), said);
	else
		printf("errno %s\n", strerrorname_np((int)-error));
	fflush(stdout);
	ptrace(PTRACE_SETREGS, pid, NULL, &before);
	if (seconds != NULL)
		sleep((unsigned)strtoul(seconds, NULL, 10));
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return error <= 0;
}

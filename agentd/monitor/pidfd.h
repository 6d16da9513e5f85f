/* pidfd: three system calls that older C libraries have no names for (pidfd_send_signal(2) …). */
#ifndef MONITOR_PIDFD_H
#define MONITOR_PIDFD_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 0 or −errno. */
static inline int
pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) == -1 ? -errno : 0;
}

/* A duplicate of descriptor fd of that process, close-on-exec, or −errno. */
static inline int
pidfd_take(int pidfd, int fd)
{
	long got = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	return got == -1 ? -errno : (int)got;
}

/* A pidfd is readable once its process has ended. */
static inline bool
pidfd_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

#endif

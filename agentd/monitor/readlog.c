/* readlog: see readlog.h.  Runs in the monitor.  Reads not one byte. */
#include "agentd/monitor/readlog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

#define RECV_BUFFER (8 << 20) /* a burst while the engine is busy */

/*
 * A namespace descriptor of the initial network namespace, −1 when this process is in it or nobody can
 * tell.  Kernel threads never leave it, and kthreadd is pid 2; pid 1 is the second best (a container).
 */
static int
initial_namespace(void)
{
	struct proc_stat two;
	bool kthreadd = proc_stat(2, &two) == 0 && two.ppid == 0 && strcmp(two.comm, "kthreadd") == 0;
	const char *path = kthreadd ? "/proc/2/ns/net" : "/proc/1/ns/net";
	struct stat initial, own;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	if (fstat(fd, &initial) == 0 && stat("/proc/self/ns/net", &own) == 0 &&
	    (initial.st_dev != own.st_dev || initial.st_ino != own.st_ino))
		return fd;
	close(fd);
	return -1;
}

static int
open_here(void)
{
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	int size = RECV_BUFFER, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_AUDIT);

	if (fd == -1)
		return -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) == -1) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

/* Records are sent in the initial network namespace only (kernel/audit.c, kauditd_send_multicast). */
static int
open_there(void)
{
	int there = initial_namespace(), back = -1, fd = -EPERM;

	if (there == -1)
		return open_here();
	back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (back != -1 && setns(there, CLONE_NEWNET) == 0) {
		fd = open_here();
		if (setns(back, CLONE_NEWNET) == -1) {
			log_crit("cannot return to my network namespace: %s", strerror(errno));
			abort();
		}
	}
	if (back != -1)
		close(back);
	close(there);
	return fd;
}

int
readlog_shut(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = {.len = 1, .filter = &nothing};
	char none;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == -1)
		return -errno;
	while (recv(fd, &none, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS || errno == EINTR)
		;
	return 0;
}

int
readlog_listen(int fd)
{
	int none = 0;

	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)) == 0 || errno == ENOENT ? 0 : -errno;
}

int
readlog_new(void)
{
	int group = AUDIT_NLGRP_READLOG, fd = open_there(), rc;

	if (fd < 0)
		return fd;
	rc = readlog_shut(fd);
	if (rc == 0 && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == -1)
		rc = -errno;
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

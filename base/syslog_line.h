/*
 * syslog_line: one line to the local syslog (RFC 3164 as Linux's local daemons read it: no host name).
 * Not syslog(3), which waits when the reader is slow: a daemon that logins depend on must not.
 */
#ifndef BASE_SYSLOG_LINE_H
#define BASE_SYSLOG_LINE_H

#include "base/clock.h"

#define SYSLOG_SOCKET "/dev/log"

struct syslog_line {
	const char *path;  /* of the datagram socket; borrowed */
	const char *ident; /* borrowed */
	int fd;            /* −1: not connected */
};

/* Connects, so that a later chroot, filter or full disk does not matter.  0 or −errno; may fail: send tries again. */
int syslog_line_open(struct syslog_line *);
void syslog_line_close(struct syslog_line *);
/*
 * priority: a LOG_* level; the facility is authpriv.  text: visible, without newline; cut at 4 KiB.
 * 0, or −errno: −EAGAIN the reader is slow, −ENOENT or −ECONNREFUSED there is none, −ENOMEM.
 */
int syslog_line_send(struct syslog_line *, int priority, struct rtime now, struct bytes text);

#endif

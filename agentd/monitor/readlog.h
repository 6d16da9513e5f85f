/*
 * readlog: a socket in audit's multicast group (AUDIT_NLGRP_READLOG), which listens or is shut.  By a filter, for
 * who joins or leaves makes a record himself (kernel/audit.c, audit_log_multicast()), and sleeps with a full backlog.
 */
#ifndef MONITOR_READLOG_H
#define MONITOR_READLOG_H

/* Shut; or −errno.  Needs CAP_AUDIT_READ, and CAP_SYS_ADMIN where the network is not the host's. */
int readlog_new(void);
/* All that comes from now on may be read.  0 or −errno. */
int readlog_listen(int fd);
/* Nothing more comes, and what was not read is gone.  0 or −errno. */
int readlog_shut(int fd);

#endif

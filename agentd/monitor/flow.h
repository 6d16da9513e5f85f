/* flow: the addresses of a TCP connection that a process holds, as /proc shows them. */
#ifndef MONITOR_FLOW_H
#define MONITOR_FLOW_H

#include <sshtether/report.h>

#include "base/proc.h"

/* It holds a TCP socket that listens, in whatever network namespace it is. */
bool flow_listens(pid_t);
/*
 * The established TCP connection of the lowest descriptor of the process that started at start_ticks, in whatever
 * network namespace it is: what an sshd serves, for root's holds what it relays as well.  False, and both ends
 * empty, when there is none.
 */
bool flow_of_process(pid_t, uint64_t start_ticks, struct report_addr *peer, struct report_addr *local);
/* One line of /proc/PID/net/tcp or tcp6: false for the heading and for what is not established. */
bool flow_parse_line(const char *line, struct report_addr *local, struct report_addr *peer,
    uint64_t *inode);

#endif

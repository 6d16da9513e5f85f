/*
 * connection: the TCP connection of this login, as SSH_CONNECTION names it.  The descriptor is found
 * by its four-tuple and never by its number: that differs between sshd's versions.
 */
#ifndef PAM_MODULE_CONNECTION_H
#define PAM_MODULE_CONNECTION_H

#include <sshtether/report.h>

#include "base/bytes.h"

/* "10.0.0.1 50022 10.0.0.2 22".  False, outputs untouched, for anything else ("UNKNOWN 65535 …"). */
bool connection_parse(struct bytes text, struct report_addr *peer, struct report_addr *local);
/* Shuts down every socket of this process with that four-tuple; how many, or −errno. */
int connection_end(const struct report_addr *peer, const struct report_addr *local);

#endif

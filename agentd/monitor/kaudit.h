/* kaudit: questions to the kernel's audit system, answered within a bounded time. */
#ifndef MONITOR_KAUDIT_H
#define MONITOR_KAUDIT_H

#include <libaudit.h>
#include <stdbool.h>

#define KAUDIT_WAIT_MS 500

/* A NETLINK_AUDIT socket, close-on-exec, or −errno (also when the kernel has no audit). */
int kaudit_open(void);
/* 0 or −errno. */
int kaudit_status(int fd, struct audit_status *);
/* Calls fn with each rule in force, in order; it borrows the rule.  0 or −errno. */
int kaudit_rules(int fd, void (*fn)(const struct audit_rule_data *, void *), void *arg);

#endif

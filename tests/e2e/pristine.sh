#!/bin/sh
# pristine: prints what the lab could leave behind on this machine; two outputs are compared with cmp.
# Counters that only grow (lost, backlog waits) are left out, other people's short-lived processes too.
set -u

section() {
	printf '== %s\n' "$1"
}

section accounts
cat /etc/passwd /etc/group /etc/shadow /etc/gshadow | sha256sum
section "configuration and run files"
find /etc -xdev -newermt '@0' -type f -printf '%p %s %T@\n' | sort | sha256sum
find /run /var/log/audit /var/log/sshtether /var/lib/sshtether -xdev -maxdepth 1 -printf '%p %y\n' 2>/dev/null | sort
ls -d /dev/log 2>/dev/null
section audit
auditctl -s 2>/dev/null | grep -E '^(enabled|failure|pid|rate_limit|backlog_limit|backlog_wait_time|loginuid_immutable) '
auditctl -l 2>/dev/null
section mounts
awk '{ print $5, $3 }' /proc/self/mountinfo | sort
section "namespaces and links"
ip netns list
ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort
section cgroups
awk '$0 ~ / - cgroup2 / { print $5 }' /proc/self/mountinfo | while read -r root; do
	find "$root" -type d -name '*sshtether*'
done
section processes
ps -eo comm= | grep -xE 'sshd|sshd-session|auditd|sshtetherd|ssh-agent|tmux: server' | sort
exit 0

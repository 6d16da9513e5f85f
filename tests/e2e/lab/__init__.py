"""The lab: three hosts (laptop, bastion, db) made of namespaces, with real sshd, PAM and auditd.

keeper      the two processes outside: audit lock, cgroup, clean-up whatever happens
linux       the few system calls that Python does not wrap
audit       the kernel's audit state: saved, lent to the lab's auditd, put back
host        one host: mount, UTS and network namespaces with an /etc of its own
accounts    users, groups, keys, certificates
sshd        configuration and start of a host's sshd; ssh as a user
syslog      what the bastion's programs tell /dev/log
daemon      sshtetherd and the sshtether command on the bastion
load        connections by the thousand, and SYNs counted where they arrive
waiting     waiting for events with a limit, never for a time
world       the hosts, joined up, with auditd and sshd running
stage       the world with sshtetherd, and what most tests do on it
"""

/*
 * tcp_diag: what the kernel tells of TCP sockets, whosever they are (sock_diag(7), linux/inet_diag.h).  Needs no
 * rights; all calls return at once, for the kernel answers in the call.  Engine process; the one place that
 * knows the layouts.
 */
#ifndef ENGINE_TCP_DIAG_H
#define ENGINE_TCP_DIAG_H

#include "base/addr.h"

struct tcp_socket {
	struct endpoint local, peer;
	uint64_t inode;          /* of one that ended, or that no process holds any more: 0 */
	uint32_t uid;            /* its maker's; of one that ended: not told */
	uint64_t sent, received; /* tcp_info: bytes_acked, bytes_received; SYN and FIN count for one each */
};
typedef void tcp_socket_fn(const struct tcp_socket *, void *arg);

/* Of those below.  −1: there is none to be had, errno says why. */
int tcp_diag_open(void);
/*
 * Each socket of that family to that peer, in any state that has one.  One of AF_INET6 may hold an IPv4
 * connection.  0, −errno.
 */
int tcp_diag_each(int netlink, int family, struct endpoint peer, tcp_socket_fn *, void *arg);
/* Each socket of that family that has a peer. */
int tcp_diag_all(int netlink, int family, tcp_socket_fn *, void *arg);
/* That one.  −ENOENT: there is none (any more). */
int tcp_diag_one(int netlink, struct endpoint local, struct endpoint peer, struct tcp_socket *out);

/* Each socket of that family that listens; then each connection at one of these ports of ours.  n is 1 or more. */
int tcp_diag_listening(int netlink, int family, tcp_socket_fn *, void *arg);
int tcp_diag_served(int netlink, int family, const uint16_t *port, size_t n, tcp_socket_fn *, void *arg);

/* --- ends --- */

/*
 * Tells of each TCP socket of this network that is no more, with what it carried in all
 * (SKNLGRP_INET_TCP_DESTROY).  Non-blocking; −1 as above.
 */
int tcp_diag_ends_open(void);
/* Of those alone that have one of these ports at either end; n 0: of all.  At most TCP_DIAG_PORTS; −errno. */
#define TCP_DIAG_PORTS 64
int tcp_diag_ends_of(int fd, const uint16_t *port, size_t n);
/* One packet.  1: there may be more; 0: not now; −ENOBUFS: some were dropped by the kernel, go on; −errno. */
int tcp_diag_ends_read(int fd, tcp_socket_fn *, void *arg);

#endif

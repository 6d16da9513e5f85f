/*
 * socket: the uses of Unix sockets that have an owner.  socket.c finds out which socket and whose;
 * agent.c, mux.c and bridge.c judge.  Private to detect/.
 */
#ifndef DETECT_SOCKET_H
#define DETECT_SOCKET_H

#include "agentd/detect/detector.h"

struct socket_use {
	const struct evidence *e;
	enum usock_kind kind;
	const struct usock *usock; /* NULL: nobody knows whose it is */
	enum owner owner;          /* OWNER_UNKNOWN then */
	const struct session *owner_session; /* NULL: none, or not known */
};

void agent_judge(struct detect *, const struct socket_use *);
void mux_judge(struct detect *, const struct socket_use *);
void bridge_judge(struct detect *, const struct socket_use *);

/*
 * Whoever made the socket opened it to others, and this one came in as himself: no more than its
 * owner offered, whatever it is called or runs.  Never of sshd's agents and root's sockets, which
 * nobody is meant to share.
 */
bool socket_was_offered(const struct socket_use *);
/*
 * A login attached itself to the tmux or screen of another session of its user: that one's windows ask its agent from
 * now on, as it wished, whatever key it came with.
 */
void socket_lend(struct detect *, const struct socket_use *attach);
bool socket_was_lent(struct detect *, const struct socket_use *);
/* The file belongs to the login user, or lies in his home by its name. */
bool socket_is_own(const struct detect *, const struct evidence *);
/* "its own", "that of alice's session 35 (from 192.0.2.1)" …; returns out */
#define SOCKET_WHOSE (SESSION_STRLEN + 16)
const char *socket_whose(const struct socket_use *, char out[SOCKET_WHOSE]);
/* The finding: `what` was used, or somebody tried to, of that owner; once for all of a process's life. */
void socket_used(struct detect *, const struct socket_use *, enum activity, enum owner, const char *what);

#endif

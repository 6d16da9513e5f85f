/*
 * actor: a process with a login uid and an audit session of its own that connects and runs as it is told,
 * and says what came of it.  Needs root.
 */
#ifndef TESTS_MONITOR_ACTOR_H
#define TESTS_MONITOR_ACTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct actor {
	pid_t pid;
	uint32_t auid, ses;
	int orders, told;
};

enum act {
	ACT_TCP = 1,
	ACT_MPTCP,
	ACT_FAST_OPEN,   /* sendto with MSG_FASTOPEN */
	ACT_UDP_CONNECT,
	ACT_UDP_PROBE,   /* sendmsg of nothing, which is never sent */
	ACT_UNIX,        /* a path */
	ACT_NOTHING,
	ACT_HAMMER,      /* actor_hammer() */
};

/* Who does it. */
enum actor_by {
	BY_ITSELF,
	BY_CHILD,   /* a fork of it: the same program */
	BY_OTHER,   /* a child that runs the copy of this program */
	BY_PROXY,   /* a child of that, which runs this program again */
	BY_NOBODY,  /* a child with another uid, of the same program */
};

#define ACTOR_KILLED 256 /* and the signal */

/* path: a copy of this program, for BY_OTHER and BY_PROXY.  Before the first actor. */
void actor_copy(const char *path);
/* AUID_UNSET: without session, of nobody who logged in. */
void actor_open(struct actor *, uint32_t auid);
void actor_close(struct actor *);
/* 0, an errno, or ACTOR_KILLED + signal.  port 0: to is a path. */
int actor_do(const struct actor *, enum act, enum actor_by, const char *to, uint16_t port);
/* Begins ACT_HAMMER, and it does nothing else; actor_hammered() ends it: how often EPERM came; −1: once not. */
void actor_hammer(struct actor *, const char *to, uint16_t port);
long actor_hammered(struct actor *);

/* What main() does first: when this is a run for BY_OTHER, it does not return. */
void actor_main(int argc, char **argv);

#endif

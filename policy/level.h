/*
 * level: how strongly an activity can be stopped, and by which of the kernel's gates.  One table for the
 * whole product: `policy check`, alerts and `sshtether status` answer from it, so that none promises more
 * than another.  Which gates work is the caller's to say: the daemon has tried them.  Pure.
 */
#ifndef POLICY_LEVEL_H
#define POLICY_LEVEL_H

#include "base/words.h"

/* What the daemon's monitor has loaded and seen to refuse; enum gate_flag (monitor/request.h), bit for bit. */
enum pol_gate {
	POLG_CONNECT = 1u << 0,  /* TCP connections, by address and port */
	POLG_PATH = 1u << 1,     /* Unix sockets of others, by path */
	POLG_LISTENER = 1u << 2, /* agent and shared connections by who listens: a kill inside connect(2) */
	POLG_EXEC = 1u << 3,     /* SSH clients end at exec, where nothing is allowed */
	POLG_DATAGRAM = 1u << 4, /* datagrams of isolated sessions */
};
#define POLG_COUNT 5
#define POLG_ALL   ((1u << POLG_COUNT) - 1)

/* "connect", "path", "listener", "exec", "datagram": of bit i; NULL from POLG_COUNT on. */
const char *pol_gate_name(unsigned i);
bool pol_gate_parse(struct bytes, unsigned *bit);

/*
 * What the action comes to for the activity with these gates.  *why: what keeps it from more; NULL when
 * nothing does, and for actions that stop nothing (up to alert).
 */
enum level pol_level(enum activity, enum action, unsigned gates, const char **why);
/* The best that any action comes to. */
enum level pol_activity_level(enum activity, unsigned gates, const char **why);

#endif

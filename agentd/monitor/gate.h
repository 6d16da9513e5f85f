/*
 * gate: the kernel's side of enforcement: BPF programs on a cgroup and on two tracepoints, their maps, and
 * what comes back through their ring.  Loaded and tried before privileges go; afterwards only maps are
 * written.  Everything works by the audit session id of the task (task_struct.sessionid).
 */
#ifndef MONITOR_GATE_H
#define MONITOR_GATE_H

#include <stdbool.h>

#include "agentd/config.h"
#include "agentd/monitor/gate_abi.h"
#include "agentd/monitor/gate_slots.h"
#include "agentd/monitor/request.h"
#include "base/clock.h"

struct event_base;
struct gate;

/*
 * Opens, attaches and exercises each facility on cf->gate_cgroup; those pinned by a daemon before this one
 * are adopted, rows and all.  Never NULL but for lack of memory: a gate without any facility answers
 * GATEF 0 and takes rows without effect.  Before privileges are dropped.
 */
struct gate *gate_open(const struct config *);
/* on-exit release: everything is detached; keep: stays pinned. */
void gate_close(struct gate **);
/* What works: enum gate_flag; why[i]: errno of facility 1 << i that does not. */
unsigned gate_works(const struct gate *, uint8_t why[GATEF_COUNT]);
/* Hands what the ring has to fn, as NOTE_GATE notices that lack nothing; from now on, on this loop. */
typedef void gate_event_fn(const struct notice *, void *arg);
int gate_listen(struct gate *, struct event_base *, gate_event_fn *, void *arg);

/* All of these: 0 or −errno; at once, without waiting. */
int gate_mode(struct gate *, enum mode);
/* Enforce ends then by itself, whatever has become of this daemon; 0: it does not.  Never before that. */
int gate_until(struct gate *, struct btime);
int gate_ungranted(struct gate *, bool deny);
int gate_row_set(struct gate *, const struct gate_row *);
/* −ENOENT: there is none. */
int gate_row_get(struct gate *, uint32_t ses, struct gate_row *);
int gate_row_drop(struct gate *, uint32_t ses);
/* Whose grant a task of auid with another ses has; SES_UNSET: nobody's. */
int gate_borrow_set(struct gate *, uint32_t auid, uint32_t ses);

/* Of a daemon before this one: what concerns sessions that are not known goes. */
typedef bool gate_known_fn(uint32_t ses, void *arg);
void gate_prune(struct gate *, gate_known_fn *, void *arg);

/*
 * A new generation of classes, and its number; those of the rows that there are, and the one in force, stay what they
 * are.  The kernel waits for an RCU grace period in it (maybe_wait_bpf_programs()): 10 ms.
 */
int gate_classes_begin(struct gate *, const struct gate_slots *rows, uint32_t *generation);
int gate_prefixes(struct gate *, uint32_t generation, const struct class_prefix *, size_t n);
int gate_ports(struct gate *, uint32_t generation, const struct class_ports *, size_t n);
/* It is in force; the rows of all others must have been replaced. */
int gate_classes_done(struct gate *, uint32_t generation);

/* By path too where one can be relied on; NULL: none. */
int gate_listener_set(struct gate *, const struct gate_listener *, const char *path);
int gate_listener_drop(struct gate *, uint64_t cookie, const char *path);
/* A program file that is an SSH client; a descriptor of it (O_PATH will do), which stays the caller's. */
int gate_client_set(struct gate *, int fd);
/* Those that it knows; how many, at most GATE_LISTENERS. */
size_t gate_listeners(const struct gate *, struct gate_listener out[GATE_LISTENERS]);
/* How many connections were to be ended and could not be told, since the start. */
uint64_t gate_uncut(const struct gate *);
/* Refusals of a session since its row was set. */
uint64_t gate_refused(struct gate *, uint32_t ses);

/* The map of who made a TCP connection (struct gate_maker), for diag_tcp_each(); borrowed.  −1: none. */
int gate_makers(const struct gate *);

/* Both in any thread, till the gate is closed.  Of the isolated, gate_judge() says nothing. */
struct gate_question {
	uint32_t ses;
	bool relay;           /* by the session's own sshd */
	bool came;            /* perhaps somebody else made it, to here: only what goes to an SSH port is judged */
	struct report_addr to;
	int program, starter; /* descriptors of what it and its parent run (O_PATH will do); −1: none */
};
/* A connection that a process of that session makes now, by the session's own row: enum grant_verdict, or −errno. */
int gate_judge(const struct gate *, const struct gate_question *);
/* Whether a task of that session and login uid would be refused that listener. */
bool gate_refuses(const struct gate *, uint32_t ses, uint32_t auid, uint64_t cookie);

#endif

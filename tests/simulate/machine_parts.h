/* machine_parts: what the files of the machine share. */
#ifndef SIMULATE_MACHINE_PARTS_H
#define SIMULATE_MACHINE_PARTS_H

#include "tests/simulate/machine.h"
#include "tests/simulate/records.h"

#define PIDS      (1u << 17)
#define FIRST_PID 1000
#define SOCKETS   512 /* that are open at a time, at most; beyond it the probe forgets */
#define ADDRESS   "10.0.0.10" /* of the bastion */

struct task {
	bool alive;
	uint32_t next; /* of its session; 0: the last */
	struct record_task r;
};

struct socket {
	uint32_t uid;
	struct endpoint from, to;
	bool open;
};

struct machine {
	struct pipeline *pipeline;
	struct probe probe;
	struct buf text;
	int64_t ms;
	uint64_t serial, inodes;
	uint32_t next_pid, next_ses;
	uint16_t next_port;
	struct task *tasks;   /* by pid */
	uint32_t *first;      /* task, by session; 0: none */
	size_t first_cap;
	struct socket sockets[SOCKETS];
	unsigned next_socket;
	uint64_t asked[64]; /* programs that the model wants to know of */
	unsigned nasked;
};

/* The next event's place: each has a millisecond of its own. */
struct record_out machine_event(struct machine *);
/* What was written there goes to the pipeline. */
void machine_feed(struct machine *);
void machine_die(void); /* out of memory */

bool machine_is_ssh(uint64_t inode); /* a program's */
/* Pid 0's when there is no such pid. */
struct task *machine_task(const struct machine *, uint32_t pid);
/* A new task like that; its pid. */
uint32_t machine_spawn(struct machine *, struct record_task like);
uint32_t machine_fork(struct machine *, uint32_t parent);
void machine_set_program(struct record_task *, enum program);
/* It counts among its session's from now on. */
void machine_join(struct machine *, uint32_t pid);
void machine_user_record(struct machine *, uint32_t pid, const char *type, const char *op, const char *acct,
    const char *addr);

#endif

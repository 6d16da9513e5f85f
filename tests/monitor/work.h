/* work: what the user's process of a session does, one order after the other. */
#ifndef TESTS_MONITOR_WORK_H
#define TESTS_MONITOR_WORK_H

#include <stdbool.h>
#include <stdint.h>

enum order {
	ORDER_FORK = 1, /* a sibling that holds whatever work holds */
	ORDER_CONNECT_TCP,
	ORDER_CONNECT_UNIX,
	ORDER_EXEC,    /* a program; answers once it is that, and lives */
	ORDER_REPORT,  /* a forged one: work is no sshd */
	ORDER_CLIENT,  /* a process that connects to a Unix socket and ends when that does */
	ORDER_USE,     /* the same; answers once it has connected */
	ORDER_SHARE,   /* the same, by a child that may be killed for it; answers once that has ended */
	ORDER_HALT,    /* as EXEC, and it stands before its first instruction */
	ORDER_SERVE,   /* as EXEC, and it holds a TCP socket that listens */
	ORDER_HOARD,   /* work holds a lot of descriptors; how many */
	ORDER_SOCKETS, /* so many more, of one socket */
	ORDER_CROWD,   /* so many pairs of sockets */
	ORDER_LISTEN,  /* at a Unix socket */
	ORDER_LEAVE,   /* of a descriptor: only a new child has it then */
	ORDER_FLY,     /* of a descriptor: nobody has it then, it lies in the queue of a Unix socket */
	ORDER_HIDE,    /* of a descriptor: only a thread with a table of its own has it then */
	ORDER_AFAR,    /* work is in another network namespace from then on */
};

/* An order as it is written to work. */
struct work_line {
	int32_t order; /* enum order */
	char arg[124]; /* with its NUL */
};

/* Says its pid once it is a user's, unless it stays root; then answers each order with an int: −errno on failure. */
void work_run(int orders, int told, int pids, bool root) __attribute__((noreturn));

#endif

/* gate_acts: what must be refused when a facility is tried (gate_try.c). */
#ifndef MONITOR_GATE_ACTS_H
#define MONITOR_GATE_ACTS_H

#include <errno.h>

#define GATE_TRY_PORT    1  /* tcpmux: nobody's.  127.0.0.1 and ::1 have class 1, and so has it */
#define GATE_TRY_PROGRAM "/bin/true"
#define GATE_NOT_GATED   EOPNOTSUPP /* loaded, attached, and of no effect */

/* An agent that is another's. */
struct gate_tools {
	char path[96];
	char link[96]; /* to it */
};

/* 0, or the errno that says what is wrong.  The last two do not return where their facility works. */
int gate_act_connect(const struct gate_tools *);
int gate_act_datagram(const struct gate_tools *);
int gate_act_path(const struct gate_tools *);
int gate_act_listener(const struct gate_tools *);
int gate_act_exec(const struct gate_tools *);

#endif

/* gate_kit: a real gate on a cgroup of the test's own, and sessions for it to refuse. */
#ifndef TESTS_MONITOR_GATE_KIT_H
#define TESTS_MONITOR_GATE_KIT_H

#include "agentd/monitor/gate.h"
#include "tests/monitor/actor.h"
#include "tests/unit/unit.h"

/* Closed ports of loopback. */
#define SSH_PORT   61 /* class 1, an SSH port */
#define OTHER_PORT 63 /* class 0 */
#define NEAR       "127.0.0.1" /* class 1; ::1 too */
#define NEAR_MAPPED "::ffff:" NEAR
#define FAR        "127.0.0.2" /* class 2 */

#define ALICE 4001
#define BOB   4002
#define GLASS 4003 /* break-glass */

struct gate_kit {
	struct config cf;
	struct gate *gate;
	struct actor alice, bob, again; /* again: alice, another session */
	char dir[32];
	struct notice saw[512]; /* since kit_row() or kit_forget() */
	size_t n;
	struct event_base *base;
};
extern struct gate_kit kit;

/* NULL, or why this machine cannot. */
const char *gate_kit_obstacle(void);
void gate_kit_open(void);
void gate_kit_close(void);
/* A gate by kit.cf, as a daemon opens it; gate_close(&kit.gate) ends it. */
void gate_kit_start(void);
/* A setup of cmocka: no rows, enforce mode, a new generation of classes. */
int gate_kit_fresh(void **state);

const char *gate_kit_path(const char *name); /* of the folder; valid until the next call but one */
/* As the loop would, now. */
void gate_kit_hear(void);
/* What was told of that session last, but of this event; NULL: nothing. */
const struct notice *gate_kit_told(uint32_t ses, enum gate_event);
/* Allows everything, for a test to change. */
struct gate_row gate_kit_row(const struct actor *);
/* Refuses class 1 at ports of class 1 by that way. */
void gate_kit_deny(struct gate_row *, enum grant_via, enum grant_verdict);
/* It is the session's sshd. */
void gate_kit_serves(struct gate_row *, const struct actor *);
void gate_kit_set(const struct gate_row *);
/* A new generation beside those of their rows; what has which class in it; both. */
uint32_t gate_kit_begin(void);
void gate_kit_fill(uint32_t generation);
uint32_t gate_kit_classes(void);
/* A listener at that name, in the gate's maps, as of those; its descriptor. */
int gate_kit_listener(const char *name, uint32_t ses, uint32_t uid, enum grant_socket, struct gate_listener *);

extern const struct CMUnitTest gate_tcp_tests[], gate_judge_tests[], gate_unix_tests[], gate_keep_tests[];
extern const size_t gate_tcp_n, gate_judge_n, gate_unix_n, gate_keep_n;

#endif

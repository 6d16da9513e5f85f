/* kit: what the tests of a lying engine have in common. */
#ifndef TESTS_MONITOR_KIT_H
#define TESTS_MONITOR_KIT_H

#include "agentd/monitor/grant.h"
#include "tests/monitor/stage.h"

#define KIT_AUID 4001

struct CMUnitTest;
struct kit_tests {
	const struct CMUnitTest *test;
	size_t n;
};
extern const struct kit_tests liar_login, liar_kill, liar_mode, liar_serial, liar_say, liar_cut, liar_end, liar_look,
    liar_grants, liar_gates, liar_review, liar_listeners, liar_isolate, liar_revoke, liar_watch, liar_flood;

/* Each test starts in audit mode, without a stop limit and without sessions. */
int kit_fresh(void **state);
int kit_clear(void **state);
#define kit_test(f) cmocka_unit_test_setup_teardown(f, kit_fresh, kit_clear)

/* A request about that process, as of now. */
struct request kit_request(enum request_kind, const struct stage_session *, pid_t);
enum result kit_ask(enum request_kind, const struct stage_session *, pid_t);

/* With a body of so many bytes. */
enum result kit_ask_with(struct request *, const void *body, size_t, struct notice *);
/* Sends them, which is the last thing that the engine does; the next one is there. */
void kit_is_rubbish(const struct request *, const void *body, size_t);

/* A new generation of classes, in which far is class 1, near 2, and `port` an SSH port of class 1. */
uint32_t kit_classes(const char *port);
enum result kit_classes_done(uint32_t generation);
/* All allowed but for what a test adds. */
struct grant kit_grant(uint32_t generation);
/* The verdict for SSH, or for the relay, whatever the address and the port. */
void kit_deny(struct grant *, enum grant_via);
enum result kit_give(const struct stage_session *, const struct grant *);
/* Which gates work here: of NOTE_GATES. */
unsigned kit_gates(void);
/* The next word of a gate about ses, but for other events; false after a while. */
bool kit_saw(uint32_t ses, enum gate_event, struct notice *);

/* A copy of sleep(1) below the stage's folder. */
void kit_copy_sleep(const char *name);
/* On loopback; *to is where to connect. */
int kit_tcp_listener(char port[8], struct report_addr *to);
/* At "unix" below the stage's folder; rq says which file that is. */
int kit_unix_listener(struct request *rq);
/* 0: open and silent, 1: closed or reset. */
int kit_ended(int fd);
/* Waits until it is closed or reset; false: it is not. */
bool kit_ends(int fd);

#endif

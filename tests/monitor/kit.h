/* kit: what the tests of a lying engine have in common. */
#ifndef TESTS_MONITOR_KIT_H
#define TESTS_MONITOR_KIT_H

#include "tests/monitor/stage.h"

#define KIT_AUID 4001

struct CMUnitTest;
struct kit_tests {
	const struct CMUnitTest *test;
	size_t n;
};
extern const struct kit_tests liar_login, liar_kill, liar_mode, liar_cut, liar_end, liar_look, liar_flood;

/* Each test starts in audit mode, without a stop limit and without sessions. */
int kit_fresh(void **state);
int kit_clear(void **state);
#define kit_test(f) cmocka_unit_test_setup_teardown(f, kit_fresh, kit_clear)

/* A request about that process, as of now. */
struct request kit_request(enum request_kind, const struct stage_session *, pid_t);
enum result kit_ask(enum request_kind, const struct stage_session *, pid_t);

/* A copy of sleep(1) below the stage's folder. */
void kit_copy_sleep(const char *name);
/* On loopback; *to is where to connect. */
int kit_tcp_listener(char port[8], struct report_addr *to);
/* At "unix" below the stage's folder; rq says which file that is. */
int kit_unix_listener(struct request *rq);
/* 0: open and silent, 1: closed or reset. */
int kit_ended(int fd);

#endif

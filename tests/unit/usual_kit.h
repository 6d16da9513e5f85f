/*
 * usual_kit: days of a user's life for the tests of what is unusual: a kit with a baseline, logins at a time of the
 * day that end after a while, and trips to other hosts.
 */
#ifndef TESTS_USUAL_KIT_H
#define TESTS_USUAL_KIT_H

#include "agentd/baseline/baseline.h"
#include "tests/unit/detect_kit.h"

#define MINUTE 60000LL
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* Monday, 2023-11-13, 00:00 UTC. */
#define MONDAY 1699833600000LL

struct life {
	struct kit kit;
	struct baseline *baseline;
	uint32_t ses;  /* the last one */
	uint32_t left_out; /* uid that is_learned() says no of; 0: nobody */
	bool refuse; /* whoever logs in, as the engine does for a policy */
	const char *listed; /* an address on the list "bad.txt" */
};

void life_open(struct life *);
void life_close(struct life *);
/* Of a test whose state is a life. */
int life_setup(void **state);
int life_teardown(void **state);
#define LIFE_TEST(test) cmocka_unit_test_setup_teardown(test, life_setup, life_teardown)
/* Time goes on to that day (0: the Monday) and minute of it; never back. */
void life_at(struct life *, unsigned day, int64_t ms_of_day);
/* A login; key NULL: of none. */
uint32_t life_login(struct life *, uint32_t uid, const char *user, const char *from, const char *key);
void life_logout(struct life *, uint32_t ses, uint32_t uid);
/* ssh from that session to there. */
void life_ssh(struct life *, uint32_t ses, uint32_t uid, const char *to);
/* alice, at nine on each working day of that many from the Monday on: an hour from the office, and ssh to db. */
void life_office(struct life *, unsigned days);
/* How much was found that is judged by what is usual. */
size_t life_unusual(const struct life *);

#endif

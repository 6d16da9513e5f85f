/* What is told of a life that has been the same for weeks: of whom, from when on, how often, and what is learned. */
#include "tests/unit/usual_kit.h"

static void
the_same_as_ever(void **state)
{
	struct life *l = *state;
	uint32_t ses;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "192.0.2.77", "SHA256:a");
	life_ssh(l, ses, ALICE, "10.0.0.5");
	life_at(l, 28, 11 * HOUR);
	life_logout(l, ses, ALICE);
	assert_int_equal(life_unusual(l), 0);
}

/* 14 days of the host and 10 of the user: until then nothing is unusual. */
static void
until_there_is_enough(void **state)
{
	struct life *l = *state;
	uint32_t ses;

	life_office(l, 12); /* ten working days */
	life_at(l, 12, 3 * HOUR);
	ses = life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:z");
	life_ssh(l, ses, ALICE, "10.9.9.9");
	assert_int_equal(life_unusual(l), 0);
	life_logout(l, ses, ALICE);
	life_at(l, 28, 3 * HOUR); /* enough of the host, not of bob */
	ses = life_login(l, BOB, "bob", "203.0.113.9", "SHA256:z");
	life_ssh(l, ses, BOB, "10.9.9.9");
	assert_int_equal(life_unusual(l), 0);
}

static void
who_is_left_out(void **state)
{
	struct life *l = *state;
	uint32_t ses;

	life_office(l, 28);
	l->left_out = ALICE;
	life_at(l, 28, 3 * HOUR);
	ses = life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:z");
	life_ssh(l, ses, ALICE, "10.9.9.9");
	assert_int_equal(life_unusual(l), 0);
	l->left_out = 0;
	life_logout(l, ses, ALICE);
	life_at(l, 29, 9 * HOUR); /* nor was it learned */
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a");
	(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_MEDIUM);
}

/* Whoever knocks and is refused, day by day, does not become usual by it; nor is he told of once more. */
static void
who_is_refused(void **state)
{
	struct life *l = *state;
	struct usual u;

	life_office(l, 26);
	l->refuse = true;
	l->listed = "203.0.113.9";
	for (unsigned day = 26; day < 29; day++) {
		life_at(l, day, 9 * HOUR);
		life_logout(l, life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a"), ALICE);
	}
	assert_int_equal(life_unusual(l) + kit_count(&l->kit, ACT_LISTED_ORIGIN), 0);
	l->refuse = false;
	baseline_ask(l->baseline, &(struct usual_key){USUAL_DURATION, "alice", "0"}, (struct rtime){.ms = MONDAY + 29 * DAY}, &u);
	assert_int_equal(u.days, 0);
	life_at(l, 30, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a");
	(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_MEDIUM);
	(void)kit_only(&l->kit, ACT_LISTED_ORIGIN, CONFIDENCE_HIGH);
}

/* Once a day; what was folded stands in the next one. */
static void
once_a_day(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	for (int i = 0; i < 4; i++) {
		life_at(l, 28, 9 * HOUR + i * 10 * MINUTE);
		life_logout(l, life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a"), ALICE);
	}
	assert_int_equal(kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_MEDIUM)->count, 1);
	kit_forget(&l->kit);
	l->listed = "192.0.2.10";
	for (unsigned day = 29; day < 32; day += 2) {
		life_at(l, day, 9 * HOUR);
		life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE);
		life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE);
	}
	assert_int_equal(kit_count(&l->kit, ACT_LISTED_ORIGIN), 2);
	assert_int_equal(kit_found(&l->kit, ACT_LISTED_ORIGIN, 0)->count, 1);
	assert_int_equal(kit_found(&l->kit, ACT_LISTED_ORIGIN, 1)->count, 2);
}

static void
what_is_learned(void **state)
{
	struct life *l = *state;
	const struct {
		enum usual_kind kind;
		const char *user, *value;
	} wanted[] = {
		{USUAL_ACTIVE, "alice", ""}, {USUAL_ACTIVE, "", ""}, {USUAL_ORIGIN, "alice", "192.0.2.0/24"},
		{USUAL_ORIGIN, "", "192.0.2.0/24"}, {USUAL_KEY, "alice", "SHA256:a"}, {USUAL_HOUR, "alice", "9"},
		{USUAL_SESSIONS, "alice", "1"}, {USUAL_NETWORKS, "alice", "1"}, {USUAL_DESTINATION, "alice", "10.0.0.5:22"},
		{USUAL_DESTINATION, "", "10.0.0.5:22"}, {USUAL_PAIR, "", "192.0.2.10 10.0.0.5"}, {USUAL_VOLUME, "alice", "7"},
	};
	const struct rtime then = {.ms = MONDAY + 9 * HOUR};
	struct volume v = {.time = then, .sent = 10, .received = 5, .last = true, .peer = kit_endpoint("192.0.2.10", 50000)};
	uint32_t ses;
	struct usual u;

	life_at(l, 0, 9 * HOUR);
	v.ses = ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	detect_volume(l->kit.detect, &v);
	life_ssh(l, ses, ALICE, "10.0.0.5");
	life_at(l, 0, 10 * HOUR);
	life_logout(l, ses, ALICE);
	detect_closed(l->kit.detect, host_session(l->kit.host, ses), (struct rtime){.ms = l->kit.ms}); /* told twice */
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		baseline_ask(l->baseline, &(struct usual_key){wanted[i].kind, wanted[i].user, wanted[i].value}, then, &u);
		if (u.today != 1)
			fail_msg("%s of '%s' '%s': %u", usual_name(wanted[i].kind), wanted[i].user, wanted[i].value, u.today);
	}
	baseline_ask(l->baseline, &(struct usual_key){USUAL_DURATION, "alice", "20"}, then, &u);
	assert_int_equal(baseline_high(l->baseline, USUAL_DURATION, "alice", (struct rtime){.ms = then.ms + DAY}, 1),
	    usual_step(3599));
	assert_int_equal(u.today + u.days, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(the_same_as_ever),
		LIFE_TEST(until_there_is_enough),
		LIFE_TEST(who_is_left_out),
		LIFE_TEST(who_is_refused),
		LIFE_TEST(once_a_day),
		LIFE_TEST(what_is_learned),
	};

	return cmocka_run_group_tests_name("detect_unusual", tests, NULL, NULL);
}

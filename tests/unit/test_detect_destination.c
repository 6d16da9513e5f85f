/* unusual-destination: where somebody goes on to who went to the same places for weeks. */
#include "tests/unit/usual_kit.h"

#include <stdio.h>
#include <string.h>

static void
a_new_destination(void **state)
{
	struct life *l = *state;
	const struct found *f;
	uint32_t ses;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	life_ssh(l, ses, ALICE, "10.77.0.9");
	f = kit_only(&l->kit, ACT_UNUSUAL_DESTINATION, CONFIDENCE_MEDIUM);
	assert_string_equal(f->to, "10.77.0.9:22");
	assert_non_null(strstr(f->reason, "first time in 21 days that alice goes to 10.77.0.9:22; 0 of 20 active days"));
	kit_forget(&l->kit);
	life_ssh(l, ses, ALICE, "10.0.0.6"); /* beside 10.0.0.5 */
	(void)kit_only(&l->kit, ACT_UNUSUAL_DESTINATION, CONFIDENCE_LOW);
}

/* A host that everybody starts to use on the same day. */
static void
a_new_host_of_the_fleet(void **state)
{
	struct life *l = *state;
	uint32_t ses;

	life_office(l, 28);
	life_at(l, 28, 8 * HOUR);
	ses = life_login(l, BOB, "bob", "192.0.2.20", "SHA256:b");
	life_ssh(l, ses, BOB, "10.77.0.9");
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	life_ssh(l, ses, ALICE, "10.77.0.9");
	(void)kit_only(&l->kit, ACT_UNUSUAL_DESTINATION, CONFIDENCE_LOW);
}

/* alice and bob, on each working day of four weeks: n hosts each, alice's are 10.(60+i).0.9 and bob's 10.(80+i).0.9. */
static void
weeks_of_work(struct life *l, unsigned n, bool others_each_day)
{
	char to[32];

	for (unsigned day = 0; day < 28; day++) {
		uint32_t alice, bob;

		if (day % 7 >= 5)
			continue;
		life_at(l, day, 9 * HOUR);
		alice = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
		bob = life_login(l, BOB, "bob", "192.0.2.20", "SHA256:b");
		for (unsigned i = 0; i < n; i++) {
			(void)snprintf(to, sizeof(to), "10.%u.%u.9", 60 + i, others_each_day ? day : 0);
			life_ssh(l, alice, ALICE, to);
			(void)snprintf(to, sizeof(to), "10.%u.0.9", 80 + i);
			life_ssh(l, bob, BOB, to);
		}
		life_at(l, day, 10 * HOUR);
		life_logout(l, alice, ALICE);
		life_logout(l, bob, BOB);
		kit_forget(&l->kit);
	}
	life_at(l, 28, 9 * HOUR);
}

/* Where bob goes day by day and alice never did: that is no new host. */
static void
the_host_of_others(void **state)
{
	struct life *l = *state;

	weeks_of_work(l, 2, false);
	life_ssh(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE, "10.81.0.9");
	(void)kit_only(&l->kit, ACT_UNUSUAL_DESTINATION, CONFIDENCE_MEDIUM);
}

/* Twelve hosts a day, always the same: a thirteenth is as unusual as a second. */
static void
many_hosts_are_no_habit_of_new_ones(void **state)
{
	struct life *l = *state;

	weeks_of_work(l, 12, false);
	life_ssh(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE, "10.200.0.9");
	(void)kit_only(&l->kit, ACT_UNUSUAL_DESTINATION, CONFIDENCE_MEDIUM);
}

/* A new one each day: one more is a day like any other. */
static void
new_ones_each_day(void **state)
{
	struct life *l = *state;

	weeks_of_work(l, 1, true);
	life_ssh(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE, "10.200.0.9");
	(void)kit_only(&l->kit, ACT_UNUSUAL_DESTINATION, CONFIDENCE_LOW);
}

/* A scan is no habit: what comes a week later is as new as it was. */
static void
after_a_scan(void **state)
{
	struct life *l = *state;
	char to[32];
	uint32_t ses;

	life_office(l, 20);
	life_at(l, 21, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(to, sizeof(to), "10.%u.0.9", 100 + i);
		life_ssh(l, ses, ALICE, to);
	}
	life_logout(l, ses, ALICE);
	kit_forget(&l->kit);
	life_at(l, 28, 9 * HOUR);
	life_ssh(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE, "10.200.0.9");
	(void)kit_only(&l->kit, ACT_UNUSUAL_DESTINATION, CONFIDENCE_MEDIUM);
}

/* One after the other, in one session. */
static void
a_sweep(void **state)
{
	struct life *l = *state;
	uint32_t ses;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	life_ssh(l, ses, ALICE, "10.71.0.9");
	life_ssh(l, ses, ALICE, "10.72.0.9");
	life_ssh(l, ses, ALICE, "10.73.0.9");
	life_ssh(l, ses, ALICE, "10.74.0.9");
	assert_int_equal(kit_count(&l->kit, ACT_UNUSUAL_DESTINATION), 4);
	assert_int_equal(kit_found(&l->kit, ACT_UNUSUAL_DESTINATION, 2)->confidence, CONFIDENCE_MEDIUM);
	assert_int_equal(kit_found(&l->kit, ACT_UNUSUAL_DESTINATION, 3)->confidence, CONFIDENCE_HIGH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(a_new_destination),
		LIFE_TEST(a_new_host_of_the_fleet),
		LIFE_TEST(the_host_of_others),
		LIFE_TEST(many_hosts_are_no_habit_of_new_ones),
		LIFE_TEST(new_ones_each_day),
		LIFE_TEST(after_a_scan),
		LIFE_TEST(a_sweep),
	};

	return cmocka_run_group_tests_name("detect_destination", tests, NULL, NULL);
}

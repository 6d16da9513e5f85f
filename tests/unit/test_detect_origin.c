/* unusual-origin, concurrent-origins, listed-origin: where somebody comes from who came from the same place for weeks. */
#include "tests/unit/usual_kit.h"

#include <stdio.h>
#include <string.h>

static void
a_new_network(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a");
	assert_string_equal(kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_MEDIUM)->reason,
	    "alice's session 121 (from 203.0.113.9) is unusual: first time in 21 days that alice came from "
	    "203.0.113.0/24; 0 of 20 active days");
	assert_int_equal(life_unusual(l), 1);
}

static void
a_new_network_and_a_new_key(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:z");
	assert_non_null(strstr(kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_HIGH)->reason, "and with the new SHA256:z"));
}

static void
a_new_key_in_the_office(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:z");
	assert_non_null(strstr(kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_LOW)->reason,
	    "alice used SHA256:z, from the usual 192.0.2.0/24"));
}

/* On a second day it is still told, and from the third one on it is his. */
static void
a_new_key_comes_back(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	for (unsigned day = 28; day < 31; day++) {
		life_at(l, day, 9 * HOUR);
		kit_forget(&l->kit);
		life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:z"), ALICE);
		if (day == 29)
			assert_non_null(strstr(kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_LOW)->reason,
			    "second day in 22 days that alice used SHA256:z, from the usual 192.0.2.0/24; 1 of 21 active days"));
		assert_int_equal(kit_count(&l->kit, ACT_UNUSUAL_ORIGIN), day < 30);
	}
}

/* With its network, which is usual a day later. */
static void
a_new_key_comes_back_with_its_network(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	for (unsigned day = 28; day < 30; day++) {
		life_at(l, day, 9 * HOUR);
		kit_forget(&l->kit);
		life_logout(l, life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:z"), ALICE);
	}
	(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_LOW);
}

/* Nor does the alert of a network hide a key that follows from there. */
static void
a_new_key_after_its_network(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	for (unsigned i = 0; i < 2; i++) {
		life_logout(l, life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a"), ALICE);
		(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_MEDIUM);
	}
	kit_forget(&l->kit);
	for (unsigned i = 0; i < 2; i++)
		life_logout(l, life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:z"), ALICE);
	assert_non_null(strstr(kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_HIGH)->reason, "and with the new SHA256:z"));
}

/* It was there before anything was unusual, if once. */
static void
an_old_key_of_one_day(void **state)
{
	struct life *l = *state;

	life_at(l, 0, 1 * HOUR);
	life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:y"), ALICE);
	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:y");
	assert_int_equal(kit_count(&l->kit, ACT_UNUSUAL_ORIGIN), 0);
}

/* An office that others come from; a network next to the user's own. */
static void
networks_that_are_not_strange(void **state)
{
	struct life *l = *state;

	life_office(l, 25);
	for (unsigned day = 25; day < 28; day++) {
		uint32_t ses;

		life_at(l, day, 8 * HOUR);
		ses = life_login(l, BOB, "bob", "198.51.100.3", "SHA256:b");
		life_logout(l, ses, BOB);
	}
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "198.51.100.9", "SHA256:a");
	(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_LOW);
	kit_forget(&l->kit);
	(void)life_login(l, ALICE, "alice", "192.0.77.1", "SHA256:a");
	(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_LOW);
}

/* --- how many places, and how many new ones --- */

/* alice, each day from one of n networks in turn. */
static void
weeks_about(struct life *l, unsigned n)
{
	char from[32];

	for (unsigned day = 0; day < 28; day++) {
		uint32_t ses;

		(void)snprintf(from, sizeof(from), "%u.9.9.9", 60 + day % n);
		life_at(l, day, 9 * HOUR);
		ses = life_login(l, ALICE, "alice", from, "SHA256:a");
		life_at(l, day, 10 * HOUR);
		life_logout(l, ses, ALICE);
		kit_forget(&l->kit);
	}
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a");
}

/* An office, a home, a VPN … : many, and the same ones again and again. */
static void
many_places_are_no_travelling(void **state)
{
	struct life *l = *state;

	weeks_about(l, 12);
	(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_MEDIUM);
}

static void
another_place_each_day(void **state)
{
	struct life *l = *state;

	weeks_about(l, 28);
	(void)kit_only(&l->kit, ACT_UNUSUAL_ORIGIN, CONFIDENCE_LOW);
}

/* --- several at once --- */

static void
in_two_places(void **state)
{
	struct life *l = *state;
	const struct found *f;
	uint32_t ses;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a");
	f = kit_only(&l->kit, ACT_CONCURRENT_ORIGINS, CONFIDENCE_HIGH);
	assert_int_equal(f->owner_ses, ses);
	assert_non_null(strstr(f->reason, "is open together with alice's session 121 (from 192.0.2.10), active 0 minutes ago, "
	    "with the same key: 2 networks at once, at most 1 is usual; from there on 0 of 20 active days"));
}

/* The one that moved left a connection behind. */
static void
a_laptop_that_moved(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	life_at(l, 28, 10 * HOUR);
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a");
	(void)kit_only(&l->kit, ACT_CONCURRENT_ORIGINS, CONFIDENCE_MEDIUM);
	kit_forget(&l->kit);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"); /* and back: both are known by now */
	assert_int_equal(kit_count(&l->kit, ACT_CONCURRENT_ORIGINS), 1);
	assert_int_equal(kit_found(&l->kit, ACT_CONCURRENT_ORIGINS, 0)->confidence, CONFIDENCE_LOW);
}

/* Day by day from two networks: two are usual. */
static void
laptop_and_phone(void **state)
{
	struct life *l = *state;

	for (unsigned day = 0; day < 22; day++) {
		uint32_t laptop, phone;

		life_at(l, day, 9 * HOUR);
		laptop = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
		phone = life_login(l, ALICE, "alice", "198.51.100.3", "SHA256:p");
		life_at(l, day, 9 * HOUR + 40 * MINUTE);
		life_logout(l, laptop, ALICE);
		life_logout(l, phone, ALICE);
	}
	assert_int_equal(life_unusual(l), 0);
	life_at(l, 22, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	(void)life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a"); /* but from nowhere else */
	(void)kit_only(&l->kit, ACT_CONCURRENT_ORIGINS, CONFIDENCE_HIGH);
}

/* --- lists --- */

static void
a_listed_address(void **state)
{
	struct life *l = *state;

	l->listed = "203.0.113.66";
	(void)life_login(l, BOB, "bob", "203.0.113.66", NULL); /* on the first day, of anybody */
	assert_non_null(strstr(kit_only(&l->kit, ACT_LISTED_ORIGIN, CONFIDENCE_HIGH)->reason, "comes from an address that bad.txt lists"));
	assert_int_equal(kit_alerts(&l->kit), 1);
	kit_forget(&l->kit);
	life_office(l, 28);
	l->listed = "192.0.2.10";
	life_at(l, 28, 9 * HOUR);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	assert_non_null(strstr(kit_only(&l->kit, ACT_LISTED_ORIGIN, CONFIDENCE_LOW)->reason,
	    "alice came from 192.0.2.0/24 on 20 of 20 active days"));
}

/* Who is in when his address comes onto a list is told of, once. */
static void
an_address_that_is_listed_later(void **state)
{
	struct life *l = *state;
	uint32_t gone;

	gone = life_login(l, BOB, "bob", "203.0.113.66", NULL);
	life_logout(l, gone, BOB);
	(void)life_login(l, ALICE, "alice", "203.0.113.66", NULL);
	detect_listed_anew(l->kit.detect, (struct rtime){.ms = l->kit.ms});
	assert_int_equal(kit_count(&l->kit, ACT_LISTED_ORIGIN), 0);
	l->listed = "203.0.113.66";
	for (int64_t i = 0; i < 2; i++)
		detect_listed_anew(l->kit.detect, (struct rtime){.ms = l->kit.ms + i});
	assert_non_null(strstr(kit_only(&l->kit, ACT_LISTED_ORIGIN, CONFIDENCE_HIGH)->reason, "alice's session"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(a_new_network),
		LIFE_TEST(a_new_network_and_a_new_key),
		LIFE_TEST(a_new_key_in_the_office),
		LIFE_TEST(a_new_key_comes_back),
		LIFE_TEST(a_new_key_comes_back_with_its_network),
		LIFE_TEST(a_new_key_after_its_network),
		LIFE_TEST(an_old_key_of_one_day),
		LIFE_TEST(networks_that_are_not_strange),
		LIFE_TEST(many_places_are_no_travelling),
		LIFE_TEST(another_place_each_day),
		LIFE_TEST(in_two_places),
		LIFE_TEST(a_laptop_that_moved),
		LIFE_TEST(laptop_and_phone),
		LIFE_TEST(a_listed_address),
		LIFE_TEST(an_address_that_is_listed_later),
	};

	return cmocka_run_group_tests_name("detect_origin", tests, NULL, NULL);
}

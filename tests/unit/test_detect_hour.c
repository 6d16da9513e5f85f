/* unusual-hour, unusual-duration: when somebody comes, and for how long, whose hours were the same for weeks. */
#include "tests/unit/usual_kit.h"

#include <string.h>

static void
in_the_night(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	life_at(l, 28, 3 * HOUR);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	assert_non_null(strstr(kit_only(&l->kit, ACT_UNUSUAL_HOUR, CONFIDENCE_LOW)->reason,
	    "is unusual: first time in 21 days that alice logged in around 03:00 UTC on working days; "
	    "0 of 20 logins within 2 hours of it"));
	assert_int_equal(life_unusual(l), 1);
}

/* An hour before and after, and the change of daylight saving on top of it; the first Saturday. */
static void
about_the_same_time(void **state)
{
	struct life *l = *state;

	life_office(l, 28);
	life_at(l, 28, 7 * HOUR);
	life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE);
	life_at(l, 28, 11 * HOUR);
	life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE);
	life_at(l, 33, 15 * HOUR);
	life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE);
	assert_int_equal(kit_count(&l->kit, ACT_UNUSUAL_HOUR), 0);
}

/* --- durations --- */

/* Told while it is open, and not again when it ends. */
static void
far_too_long(void **state)
{
	struct life *l = *state;
	uint32_t ses;

	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	life_at(l, 28, 12 * HOUR + 50 * MINUTE);
	assert_int_equal(life_unusual(l), 0);
	life_at(l, 28, 20 * HOUR);
	assert_non_null(strstr(kit_only(&l->kit, ACT_UNUSUAL_DURATION, CONFIDENCE_LOW)->reason, " hours so far; alice's last less than "));
	life_at(l, 29, 20 * HOUR);
	life_logout(l, ses, ALICE);
	assert_int_equal(kit_count(&l->kit, ACT_UNUSUAL_DURATION), 1);
}

/* Three logins a working day, and at three in the morning of the first nights, in the first one some; then again. */
static void
weeks_with_nights(struct life *l, unsigned nights, unsigned times)
{
	for (unsigned i = 1; i < times; i++) {
		life_at(l, 0, 2 * HOUR + i * MINUTE);
		life_logout(l, life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a"), ALICE);
	}

	for (unsigned day = 0; day < 28; day++) {
		if (day % 7 >= 5)
			continue;
		for (int64_t hour = day < nights ? 3 : 9; hour < 12; hour += hour == 3 ? 6 : 1) {
			uint32_t ses;

			life_at(l, day, hour * HOUR);
			ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
			life_at(l, day, hour * HOUR + 10 * MINUTE);
			life_logout(l, ses, ALICE);
		}
	}
	kit_forget(&l->kit);
	life_at(l, 28, 3 * HOUR);
	(void)life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
}

/* One night in sixty logins does not make the second one usual. */
static void
one_night_before(void **state)
{
	struct life *l = *state;

	weeks_with_nights(l, 1, 1);
	(void)kit_only(&l->kit, ACT_UNUSUAL_HOUR, CONFIDENCE_LOW);
	assert_non_null(strstr(kit_found(&l->kit, ACT_UNUSUAL_HOUR, 0)->reason, "1 of 61 logins within 2 hours of it"));
}

/* However often in that night. */
static void
one_busy_night_before(void **state)
{
	struct life *l = *state;

	weeks_with_nights(l, 1, 5);
	(void)kit_only(&l->kit, ACT_UNUSUAL_HOUR, CONFIDENCE_LOW);
	assert_non_null(strstr(kit_found(&l->kit, ACT_UNUSUAL_HOUR, 0)->reason, "is unusual: second day in "));
	assert_non_null(strstr(kit_found(&l->kit, ACT_UNUSUAL_HOUR, 0)->reason, "5 of 65 logins within 2 hours of it"));
}

static void
two_nights_before(void **state)
{
	struct life *l = *state;

	weeks_with_nights(l, 2, 1);
	assert_int_equal(kit_count(&l->kit, ACT_UNUSUAL_HOUR), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(in_the_night),
		LIFE_TEST(about_the_same_time),
		LIFE_TEST(far_too_long),
		LIFE_TEST(one_night_before),
		LIFE_TEST(one_busy_night_before),
		LIFE_TEST(two_nights_before),
	};

	return cmocka_run_group_tests_name("detect_hour", tests, NULL, NULL);
}

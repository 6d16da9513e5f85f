/* Time zones as a policy reads them, against libc's; broken files; and hours that name one. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/safe.h"
#include "policy/hours.h"
#include "policy/zone.h"

/* With summer time by every kind of rule, across the new year, of half an hour, below zero, and none. */
static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin",
    "Africa/Casablanca", "Asia/Kolkata", "America/Sao_Paulo", "Asia/Tehran", "Pacific/Apia", "America/Nuuk",
    "Asia/Gaza", "Antarctica/Troll", "Pacific/Chatham", "Africa/Monrovia", "Etc/GMT+7", "EST5EDT", "UTC"};

static void
in_zone(const char *name)
{
	if (name != NULL)
		setenv("TZ", name, 1);
	else
		unsetenv("TZ");
	tzset();
}

static void
assert_like_libc(const struct zone *z, const char *name, int64_t at)
{
	const time_t t = (time_t)at;
	struct tm tm;

	assert_non_null(localtime_r(&t, &tm));
	if (tm.tm_gmtoff != zone_offset(z, at))
		fail_msg("%s at %lld: %ld, not %d", name, (long long)at, (long)tm.tm_gmtoff, zone_offset(z, at));
}

static void
test_offsets(void **state)
{
	uint64_t random = 1;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct arena a = ARENA_INIT;
		struct zone *z = zone_read(&a, NULL, bytes_of(zones[i]));

		if (z == NULL)
			fail_msg("%s", zones[i]);
		in_zone(zones[i]);
		for (size_t k = 0; k < z->nchanges; k++)
			for (int d = -1; d <= 1; d++)
				if (z->changes[k].at > -4000000000)
					assert_like_libc(z, zones[i], z->changes[k].at + d);
		/* 1843 to 2223, and each hour of years that only the rule at the end speaks of */
		for (unsigned k = 0; k < 20000; k++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			assert_like_libc(z, zones[i], (int64_t)(random >> 31) % 12000000000 - 4000000000);
		}
		for (int64_t t = 2524608000; t < 2524608000 + 2 * 366 * 86400; t += 1800)
			assert_like_libc(z, zones[i], t);
		arena_free(&a);
	}
	in_zone(NULL);
}

static void
test_names(void **state)
{
	static const char *const bad[] = {
	    "", "/etc/passwd", "../etc", "Europe/", "Europe//Berlin", "Europe/Ber lin", "a.b"};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(zone_name_ok(bytes_of(bad[i])));
	assert_true(zone_name_ok(bytes_of("America/Port-au-Prince")));
	assert_true(zone_name_ok(bytes_of("Etc/GMT+12")));
	assert_null(zone_read(&a, NULL, bytes_of("Europe")));
	assert_null(zone_read(&a, NULL, bytes_of("Europe/Atlantis")));
	arena_free(&a);
}

/* Every cut of a file, and every byte of it changed: no zone or some zone, and no harm (sanitizers look). */
static void
test_broken_files(void **state)
{
	struct buf file = BUF_INIT;

	(void)state;
	if (plain_read("/usr/share/zoneinfo/Europe/Berlin", 65536, &file) != 0)
		skip();
	for (size_t n = 0; n < file.n; n++) {
		struct arena a = ARENA_INIT;
		char *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, file.p, n);
		assert_null(zone_parse(&a, BYTES_LIT("x"), (struct bytes){.p = copy, .n = n}));
		free(copy);
		arena_free(&a);
	}
	for (size_t n = 0; n < 2 * file.n; n++) {
		struct arena a = ARENA_INIT;
		char was = file.p[n / 2];
		struct zone *z;

		file.p[n / 2] = (char)(n % 2 ? 0xff : was ^ 1);
		z = zone_parse(&a, BYTES_LIT("x"), buf_bytes(&file));
		if (z != NULL)
			(void)(zone_offset(z, 0) + zone_offset(z, 1800000000) + zone_offset(z, 4000000000));
		file.p[n / 2] = was;
		arena_free(&a);
	}
	buf_free(&file);
}

static bool
hold(const char *text, const char *zone_name, int64_t at)
{
	struct arena a = ARENA_INIT;
	struct bytes zone;
	struct hours h;
	bool is;

	assert_true(hours_parse(bytes_of(text), &h, &zone));
	assert_true(bytes_is(zone, zone_name));
	if (zone.n != 0)
		assert_non_null(h.zone = zone_read(&a, NULL, zone));
	is = hours_hold(&h, (struct rtime){.ms = at * 1000});
	arena_free(&a);
	return is;
}

static void
test_hours(void **state)
{
	const int64_t summer = 1783317600; /* Monday, 2026-07-06T06:00Z: 08:00 in Berlin, 15:00 in Tokyo */
	const int64_t winter = 1767682800; /* Tuesday, 2026-01-06T07:00Z: 08:00 in Berlin */
	struct hours h;
	struct bytes zone;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	in_zone("America/New_York");
	assert_true(hold("08:00-18:00 Europe/Berlin", "Europe/Berlin", summer));
	assert_false(hold("08:00-18:00 Europe/Berlin", "Europe/Berlin", summer - 60));
	assert_true(hold("08:00-18:00 Europe/Berlin", "Europe/Berlin", winter));
	assert_false(hold("08:00-18:00 Europe/Berlin", "Europe/Berlin", winter - 60));
	assert_true(hold("mon 15:00-15:01 Asia/Tokyo", "Asia/Tokyo", summer));
	assert_true(hold("mon UTC", "UTC", summer));
	assert_false(hold("tue-sun UTC", "UTC", summer));
	assert_true(hold("02:00-02:01", "", summer));
	/* Sunday in Honolulu still */
	assert_true(hold("sun 20:00-21:00 Pacific/Honolulu", "Pacific/Honolulu", summer));
	in_zone(NULL);
	for (const char *const *bad = (const char *const[]){"Europe/Berlin", "mon 08:00-18:00 Europe/Berlin x",
		 "08:00-18:00 mon", "mon  08:00-18:00", "mon ", "08:00-18:00 ../x", "", " ", NULL};
	    *bad != NULL; bad++)
		if (hours_parse(bytes_of(*bad), &h, &zone) && zone.n == 0)
			fail_msg("'%s'", *bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_offsets),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_broken_files),
	    cmocka_unit_test(test_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

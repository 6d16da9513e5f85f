/* ssh-proxy: an SSH connection that came in and went on, by what is usual and by what it carried. */
#include "tests/unit/usual_kit.h"

#include <string.h>

#define KB 1000ULL
#define MB (1000 * KB)
#define SPAN 10000 /* between two looks */

/* --- connections ------------------------------------------------------------------------------------------- */

/* What its own connection has carried so far: from the client, to it. */
static void
carry_in(struct life *l, uint32_t ses, uint64_t received, uint64_t sent, bool last)
{
	const struct session *s = host_session(l->kit.host, ses);
	const struct volume v = {.time = {.ms = l->kit.ms}, .ses = ses, .local = kit_endpoint("10.0.0.1", 22),
	    .peer = s->peer, .received = received, .sent = sent, .last = last};

	detect_volume(l->kit.detect, &v);
}

/* And one that it made: to there, from there. */
static void
carry_out(struct life *l, uint32_t ses, uint16_t port, const char *to, uint64_t sent, uint64_t received, bool last)
{
	const struct volume v = {.time = {.ms = l->kit.ms}, .ses = ses, .local = kit_endpoint("10.0.0.1", port),
	    .peer = kit_endpoint(to, 22), .received = received, .sent = sent, .last = last};

	detect_volume(l->kit.detect, &v);
}

/* A relay by the session's sshd: nothing was started for the user. */
static void
relay(struct life *l, uint32_t ses, const char *to)
{
	const struct who child = {ses * 10 + 1, ses * 10, ses, ALICE, ALICE, "/usr/sbin/sshd"};

	kit_connect(&l->kit, child, to, 22, LATER);
	kit_wait(&l->kit, 3000);
}

static const struct found *
only(const struct life *l, enum grade grade, enum confidence confidence)
{
	if (kit_count(&l->kit, ACT_SSH_PROXY) != 1)
		kit_dump(&l->kit);
	assert_int_equal(kit_count(&l->kit, ACT_SSH_PROXY), 1);
	assert_int_equal(kit_found(&l->kit, ACT_SSH_PROXY, 0)->grade, grade);
	assert_int_equal(kit_found(&l->kit, ACT_SSH_PROXY, 0)->confidence, confidence);
	return kit_found(&l->kit, ACT_SSH_PROXY, 0);
}

static void
none(const struct life *l)
{
	if (kit_count(&l->kit, ACT_SSH_PROXY) != 0)
		kit_dump(&l->kit);
	assert_int_equal(kit_count(&l->kit, ACT_SSH_PROXY), 0);
}

static uint32_t
monday_morning(struct life *l, const char *from)
{
	life_office(l, 28);
	life_at(l, 28, 9 * HOUR);
	return life_login(l, ALICE, "alice", from, "SHA256:a");
}

/* --- against what is usual ----------------------------------------------------------------------------------- */

static void
the_way_that_is_gone_each_day(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "192.0.2.10");

	life_ssh(l, ses, ALICE, "10.0.0.5");
	relay(l, ses, "10.0.0.5");
	none(l);
}

static void
nothing_is_unusual_yet(void **state)
{
	struct life *l = *state;
	uint32_t ses;

	life_office(l, 12);
	life_at(l, 12, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "203.0.113.9", "SHA256:a");
	relay(l, ses, "10.9.9.9");
	none(l);
}

/* The same network and destination, but never from that address: the record has it, at the lowest grade. */
static void
a_pair_that_is_new(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "192.0.2.77");

	life_ssh(l, ses, ALICE, "10.0.0.5");
	assert_string_equal(only(l, GRADE_UNUSUAL, CONFIDENCE_LOW)->reason,
	    "alice's session 121 (from 192.0.2.77) goes on to 10.0.0.5:22 (a client in the session), "
	    "first time in 21 days from 192.0.2.77 to 10.0.0.5");
}

static void
never_seen_and_without_a_shell(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "192.0.2.10");

	relay(l, ses, "10.9.9.9");
	assert_string_equal(only(l, GRADE_SUSPICIOUS, CONFIDENCE_MEDIUM)->reason,
	    "alice's session 121 (from 192.0.2.10) goes on to 10.9.9.9:22 (relay without a shell), "
	    "went there on 0 of 20 active days, first time in 21 days from 192.0.2.10 to 10.9.9.9");
}

static void
beside_a_shell(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "192.0.2.10");
	const struct who bash = {5000, ses * 10 + 1, ses, ALICE, ALICE, "/bin/bash"};

	kit_exec(&l->kit, bash, "-bash");
	relay(l, ses, "10.9.9.9");
	assert_non_null(strstr(only(l, GRADE_SUSPICIOUS, CONFIDENCE_LOW)->reason, "relay beside a shell"));
}

static void
from_an_unknown_network(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "203.0.113.9");

	life_ssh(l, ses, ALICE, "10.0.0.5");
	assert_non_null(strstr(only(l, GRADE_SUSPICIOUS, CONFIDENCE_LOW)->reason,
	    "came from 203.0.113.0/24 on 0 of 20 active days"));
}

static void
once_a_day(void **state)
{
	struct life *l = *state;
	uint32_t ses = monday_morning(l, "192.0.2.10");

	relay(l, ses, "10.9.9.9");
	life_at(l, 28, 10 * HOUR);
	relay(l, ses, "10.9.9.9");
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	relay(l, ses, "10.9.9.9");
	(void)only(l, GRADE_SUSPICIOUS, CONFIDENCE_MEDIUM);
	life_at(l, 29, 9 * HOUR);
	relay(l, ses, "10.9.9.9");
	assert_int_equal(kit_count(&l->kit, ACT_SSH_PROXY), 2);
	assert_int_equal(kit_found(&l->kit, ACT_SSH_PROXY, 1)->count, 3);
}

static void
who_is_left_out(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "203.0.113.9");

	l->left_out = ALICE;
	relay(l, ses, "10.9.9.9");
	carry_in(l, ses, 20 * MB, 8 * KB, false);
	carry_out(l, ses, 40000, "10.9.9.9", 20 * MB, 8 * KB, true);
	none(l);
}

/* --- what passes through --------------------------------------------------------------------------------------- */

/* Nothing need be known of what is usual. */
static void
what_comes_in_goes_out(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");
	const struct found *f;

	carry_in(l, ses, 3 * KB, 5 * KB, false);
	relay(l, ses, "10.0.0.5");
	for (unsigned i = 0; i < 4; i++) {
		carry_in(l, ses, 3 * KB + i * 28 * MB, 5 * KB + i * 300 * KB, false);
		carry_out(l, ses, 40000, "10.0.0.5", i * 27700 * KB, i * 290 * KB, false);
		kit_wait(&l->kit, SPAN);
	}
	f = only(l, GRADE_DETECTED, CONFIDENCE_HIGH);
	assert_string_equal(f->reason, "alice's session 101 (from 192.0.2.1) is passed through: in from 192.0.2.1 28 MB, "
	    "out to 10.0.0.5:22 28 MB within 10 s: 98 % alike; relay without a shell");
	assert_int_equal(f->bytes_in, 28 * MB + 300 * KB);
	assert_int_equal(f->bytes_out, 27990 * KB);
	assert_string_equal(f->to, "10.0.0.5:22");
	assert_int_equal(f->pid, ses * 10 + 1);
}

/* Told of first when it is over, and when no more of it comes. */
static void
a_short_one(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	carry_in(l, ses, 3 * KB, 5 * KB, false);
	relay(l, ses, "10.0.0.5");
	carry_in(l, ses, 7 * KB, 300 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 4 * KB, 290 * KB, true);
	none(l);
	carry_in(l, ses, 7 * KB, 300 * KB, false);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_MEDIUM);
}

/* Looked at on its way, when two megabytes of it are in the host: told when it is sure, and once. */
static void
looked_at_on_its_way(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	carry_in(l, ses, 3 * KB, 5 * KB, false);
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 4 * KB, 300 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 4 * KB, 310 * KB, false);
	carry_in(l, ses, 20 * KB, 14349 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 20 * KB, 16488 * KB, false);
	none(l);
	carry_in(l, ses, 20 * KB, 18 * MB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 20 * KB, 20040 * KB, true);
	none(l);
	carry_in(l, ses, 20 * KB, 20030 * KB, true);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_HIGH);
}

/* As alike as that for ever: what is apart is more than a host holds. */
static void
never_surer(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	carry_in(l, ses, 3 * KB, 5 * KB, false);
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 20 * KB, 35 * MB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 20 * KB, 40 * MB, false);
	none(l);
	carry_in(l, ses, 20 * KB, 70 * MB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 20 * KB, 80 * MB, false);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_MEDIUM);
}

/* The last of what was fetched is on its way to a slow client when the connection has ended. */
static void
a_slow_client(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	relay(l, ses, "10.0.0.5");
	carry_in(l, ses, 3 * KB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 0, 0, false);
	carry_in(l, ses, 20 * KB, 14 * MB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 10 * KB, 20 * MB, true);
	none(l);
	kit_wait(&l->kit, SPAN);
	carry_in(l, ses, 20 * KB, 20100 * KB, true);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_HIGH);
}

/* Heard of at once, but found when it is over: what came in meanwhile counts, however often that was told. */
static void
found_late(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	carry_in(l, ses, 3 * KB, 5 * KB, false);
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 20 * KB, 14 * MB, false);
	kit_wait(&l->kit, 1000);
	carry_in(l, ses, 20 * KB, 20 * MB, true);
	carry_in(l, ses, 20 * KB, 20 * MB, false);
	none(l);
	carry_out(l, ses, 40000, "10.0.0.5", 10 * KB, 20 * MB, true);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_HIGH);
}

/* What the session carried before it ever went on is none of what went through, be it found when half of that was over. */
static void
after_a_long_life(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	carry_in(l, ses, 10 * KB, 10 * MB, false);
	kit_wait(&l->kit, SPAN);
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 15 * KB, 20 * MB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 4 * KB, 10 * MB, false);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_HIGH);
}

/* A connection that nobody ever measured is not waited for for ever. */
static void
after_one_that_was_never_found(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");
	const struct who ssh = {1999999, ses * 10 + 1, ses, ALICE, ALICE, "/usr/bin/ssh"};

	life_ssh(l, ses, ALICE, "10.0.0.9");
	for (uint64_t i = 0; i < 40; i++) {
		carry_in(l, ses, 10 * KB, i * MB, false);
		kit_wait(&l->kit, SPAN);
	}
	kit_exec(&l->kit, ssh, "ssh there");
	l->kit.ms += 1000;
	carry_in(l, ses, 10 * KB, 39 * MB, false);
	l->kit.ms -= 900;
	kit_connect(&l->kit, ssh, "10.0.0.5", 22, 0); /* heard of when its session was told once more */
	kit_wait(&l->kit, 3000);
	carry_in(l, ses, 20 * KB, 59 * MB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 10 * KB, 20 * MB, true);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_HIGH);
}

/* No more of it will come, though what its session carried is told again. */
static void
found_late_and_never_surer(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 20 * KB, 20 * MB, true);
	carry_in(l, ses, 20 * KB, 20 * MB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 10 * KB, 17500 * KB, true);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_MEDIUM);
}

/* Several at once, none of which is alike by itself. */
static void
by_two_connections(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	relay(l, ses, "10.0.0.5");
	carry_in(l, ses, 3 * KB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 0, 0, false);
	carry_out(l, ses, 40001, "10.0.0.5", 0, 0, false);
	carry_in(l, ses, 20 * MB, 9 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 10 * MB, 2 * KB, false);
	none(l);
	carry_out(l, ses, 40001, "10.0.0.5", 9900 * KB, 2 * KB, false);
	(void)only(l, GRADE_DETECTED, CONFIDENCE_HIGH);
}

/* A package came and stayed here, or went to the screen alone, and there was one ssh, too. */
static void
the_twin(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	carry_in(l, ses, 3 * KB, 5 * KB, false);
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 50 * MB, 40 * KB, false); /* scp to here */
	carry_out(l, ses, 40000, "10.0.0.5", 9 * KB, 12 * KB, true);
	kit_wait(&l->kit, SPAN);
	carry_in(l, ses, 50 * MB, 60 * KB, false);
	kit_wait(&l->kit, 4 * SPAN);
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 50 * MB + 4 * KB, 90 * KB, false);
	carry_out(l, ses, 40001, "10.0.0.5", 4 * KB, 60 * KB, false);
	carry_in(l, ses, 50 * MB + 14 * KB, 110 * KB, false);
	carry_out(l, ses, 40001, "10.0.0.5", 20 * KB, 70 * MB, true); /* fetched, and kept here */
	none(l);
}

/* As much in as out, but the one in the one direction and the other in the other. */
static void
crossed(void **state)
{
	struct life *l = *state;
	const uint32_t ses = life_login(l, ALICE, "alice", "192.0.2.1", "SHA256:a");

	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 3 * KB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 0, 0, false);
	carry_in(l, ses, 20 * MB, 100 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 100 * KB, 20 * MB, true);
	none(l);
}

/* What the baseline knows well is silent, however much is carried; it grows by that grade alone. */
static void
through_the_usual_way(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "192.0.2.10");

	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 3 * KB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 0, 0, false);
	carry_in(l, ses, 20 * MB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 20 * MB, 5 * KB, true);
	none(l);
}

static void
the_grade_grows(void **state)
{
	struct life *l = *state;
	const uint32_t ses = monday_morning(l, "192.0.2.10");

	relay(l, ses, "10.9.9.9");
	carry_in(l, ses, 3 * KB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.9.9.9", 0, 0, false);
	carry_in(l, ses, 20 * MB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.9.9.9", 20 * MB, 5 * KB, false);
	assert_int_equal(kit_count(&l->kit, ACT_SSH_PROXY), 2);
	assert_int_equal(kit_found(&l->kit, ACT_SSH_PROXY, 0)->grade, GRADE_SUSPICIOUS);
	assert_int_equal(kit_found(&l->kit, ACT_SSH_PROXY, 1)->grade, GRADE_DETECTED);
	carry_in(l, ses, 40 * MB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.9.9.9", 40 * MB, 5 * KB, true);
	assert_int_equal(kit_count(&l->kit, ACT_SSH_PROXY), 2);
}

/* --- volume ----------------------------------------------------------------------------------------------------- */

/* Each day a session with a few megabytes; then one that fetches much, and later hands it on. */
static void
more_than_ever(void **state)
{
	struct life *l = *state;
	const struct found *f;
	uint32_t ses;

	for (unsigned day = 0; day < 28; day++) {
		life_at(l, day, 9 * HOUR);
		ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
		life_ssh(l, ses, ALICE, "10.0.0.5");
		carry_in(l, ses, 1 * MB, 4 * MB, true);
		life_logout(l, ses, ALICE);
	}
	kit_forget(&l->kit);
	life_at(l, 28, 9 * HOUR);
	ses = life_login(l, ALICE, "alice", "192.0.2.10", "SHA256:a");
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_in(l, ses, 3 * KB, 5 * KB, false);
	carry_out(l, ses, 40000, "10.0.0.5", 0, 0, false);
	carry_out(l, ses, 40000, "10.0.0.5", 100 * KB, 900 * MB, true);
	none(l);
	kit_wait(&l->kit, 10 * MINUTE);
	carry_in(l, ses, 100 * KB, 890 * MB, false);
	none(l); /* until it goes on again: the two are not of one time */
	life_ssh(l, ses, ALICE, "10.0.0.5");
	carry_out(l, ses, 40001, "10.0.0.5", 1 * KB, 1 * KB, false);
	f = only(l, GRADE_HIGH_VOLUME, CONFIDENCE_MEDIUM);
	assert_non_null(strstr(f->reason, "in from 192.0.2.10 890 MB, out to 10.0.0.5:22 900 MB; in 29 days no session "
	    "of the user had "));
	assert_int_equal(f->bytes_out, 900 * MB + 102 * KB);
}

int
main(void)
{
#define TEST(fn) LIFE_TEST(fn)
	const struct CMUnitTest tests[] = {
		TEST(the_way_that_is_gone_each_day),
		TEST(nothing_is_unusual_yet),
		TEST(a_pair_that_is_new),
		TEST(never_seen_and_without_a_shell),
		TEST(beside_a_shell),
		TEST(from_an_unknown_network),
		TEST(once_a_day),
		TEST(who_is_left_out),
		TEST(what_comes_in_goes_out),
		TEST(a_short_one),
		TEST(looked_at_on_its_way),
		TEST(never_surer),
		TEST(a_slow_client),
		TEST(found_late),
		TEST(after_a_long_life),
		TEST(after_one_that_was_never_found),
		TEST(found_late_and_never_surer),
		TEST(by_two_connections),
		TEST(the_twin),
		TEST(crossed),
		TEST(through_the_usual_way),
		TEST(the_grade_grows),
		TEST(more_than_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

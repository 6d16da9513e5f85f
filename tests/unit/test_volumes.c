/* engine/volumes: what the kernel says that connections carry, on loopback. */
#include "tests/unit/volumes_kit.h"

#include <unistd.h>

static void
is_asked_for_in_turn(void **state)
{
	struct stage *s = *state;
	const struct volume *v = &heard_of(s, s->login.local)->v;

	assert_true(addr_eq(v->peer.addr, s->login.peer.addr) && v->peer.port == s->login.peer.port);
	assert_int_equal(v->ses, SES);
	near(v->received, 0);
	push(s->login.there, s->login.here, MUCH);
	volumes_tick(s->volumes);
	near(v->received, MUCH);
	assert_false(v->last);
	near(host_session(s->host, SES)->bytes_in, MUCH);
}

static void
has_its_last_word(void **state)
{
	struct stage *s = *state;
	struct pair out = go_out(s);
	const struct volume *v;

	find(s, SES, out.local, out.peer);
	turn(s);
	push(out.here, out.there, MUCH);
	push(out.there, out.here, 3000);
	push(s->login.there, s->login.here, MUCH);
	hang_up(&out);
	v = the_end_of(s, out.local);
	near(v->sent, MUCH);
	near(v->received, 3000);
	/* And what had come in by then was told with it. */
	near(heard_of(s, s->login.local)->v.received, MUCH);
	near(host_session(s->host, SES)->bytes_out, MUCH + 3000);
	hang_up(&s->login);
	near(the_end_of(s, (struct endpoint){.addr = v->local.addr, .port = end_of(s->sshd, getsockname).port})->received,
	    MUCH);
}

/* It was over before anybody knew that it mattered. */
static void
may_end_before_it_is_found(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer); /* the port is one that matters from now on */
	turn(s);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	hang_up(&second);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	find(s, SES, second.local, second.peer);
	near(the_end_of(s, second.local)->received, MUCH);
}

/* A whole session may be: its totals are told again with what it made. */
static void
may_be_found_after_its_session(void **state)
{
	struct stage *s = *state;
	const struct endpoint own = end_of(s->sshd, getsockname);
	struct pair first = go_out(s), second;
	const struct heard *h;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	push(s->login.here, s->login.there, MUCH);
	hang_up(&second);
	hang_up(&first);
	hang_up(&s->login);
	(void)the_end_of(s, first.local);
	h = heard_of(s, own);
	near(the_end_of(s, own)->sent, MUCH);
	s->n = 0;
	find(s, SES, second.local, second.peer);
	near(the_end_of(s, second.local)->received, MUCH);
	assert_int_equal(h->v.local.port, own.port);
	assert_int_equal(h->times, 1);
	near(h->v.sent, MUCH);
	assert_false(h->v.last);
}

/* The record came so late that nobody could say which connection it was of: one that ended, if there is but one. */
static void
may_be_found_without_its_end(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	hang_up(&second);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	find(s, SES, (struct endpoint){0}, second.peer);
	near(the_end_of(s, second.local)->received, MUCH);
}

/* Nor had the kernel told of its end yet: not found by its user, it is as one that is gone. */
static void
word_of_its_end_may_come_later(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer);
	turn(s);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	second = go_out(s);
	push(second.there, second.here, MUCH);
	find_of(s, SES, (uint32_t)geteuid() + 1, (struct endpoint){0}, second.peer);
	turn(s);
	assert_null(heard_of(s, second.local));
	hang_up(&second);
	near(wait_for_end(s, second.local, true)->received, MUCH);
}

/* Of two that ended nobody can say which. */
static void
which_it_was_must_be_clear(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second, third;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	third = go_out(s);
	hang_up(&second);
	hang_up(&third);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	find(s, SES, (struct endpoint){0}, second.peer);
	turn(s);
	assert_null(heard_of(s, second.local));
	assert_null(heard_of(s, third.local));
}

/* A relay makes more connections than findings tell of. */
static void
another_to_the_same_place(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	find(s, SES, first.local, first.peer);
	turn(s);
	second = go_out(s);
	volumes_connect(s->volumes, SES, (uint32_t)geteuid() + 1, second.peer, found_at);
	turn(s);
	assert_null(heard_of(s, second.local));
	volumes_connect(s->volumes, SES, (uint32_t)geteuid(), second.peer, found_at);
	turn(s);
	assert_int_equal(heard_of(s, second.local)->v.ses, SES);
	push(second.here, second.there, MUCH);
	hang_up(&second);
	near(the_end_of(s, second.local)->sent, MUCH);
	hang_up(&first);
}

/* Of two sessions of one user that go to the same place, nobody can say whose it is. */
static void
whose_it_is_must_be_clear(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second;

	s->other = come_in(s);
	(void)open_session(s, OTHER, &s->other);
	find(s, SES, first.local, first.peer);
	find(s, OTHER, (struct endpoint){0}, first.peer);
	turn(s);
	assert_int_equal(heard_of(s, first.local)->v.ses, SES);
	second = go_out(s);
	volumes_connect(s->volumes, OTHER, (uint32_t)geteuid(), second.peer, found_at);
	turn(s);
	assert_null(heard_of(s, second.local));
	hang_up(&second);
	hang_up(&first);
}

/* The kernel is asked to tell of those ports alone. */
static void
others_may_end_as_they_like(void **state)
{
	struct stage *s = *state;
	struct volumes_stats before, after;
	const int elsewhere = listener();

	volumes_stats_get(s->volumes, &before);
	for (unsigned i = 0; i < 1000; i++) {
		struct pair p;
		int here = made(elsewhere);

		p = (struct pair){.here = here, .there = accept(elsewhere, NULL, NULL)};
		hang_up(&p);
	}
	hang_up(&s->login);
	(void)the_end_of(s, end_of(s->sshd, getsockname));
	volumes_stats_get(s->volumes, &after);
	assert_in_range(after.ends - before.ends, 0, 8); /* of the login's own two sockets, and who else is here */
	assert_int_equal(after.connections, 0);
	(void)close(elsewhere);
}

/* Nobody was told that it ended: it is taken for over some time later, however often it is looked at. */
static void
ends_without_a_word(void **state)
{
	struct stage *s = *state;
	const struct pair never = {.here = -1, .there = -1, .local = {.addr = s->login.peer.addr, .port = 1},
	    .peer = {.addr = s->login.peer.addr, .port = 1}};

	(void)open_session(s, OTHER, &never);
	for (unsigned i = 0; i < 6; i++)
		volumes_tick(s->volumes);
	assert_null(heard_of(s, never.local));
	ahead_ms = 6000;
	for (unsigned i = 0; i < 6; i++)
		volumes_tick(s->volumes);
	ahead_ms = 0;
	assert_non_null(heard_of(s, never.local));
	assert_true(heard_of(s, never.local)->v.last);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, volumes_setup, volumes_teardown)
	const struct CMUnitTest tests[] = {
		TEST(is_asked_for_in_turn),
		TEST(has_its_last_word),
		TEST(may_end_before_it_is_found),
		TEST(may_be_found_after_its_session),
		TEST(may_be_found_without_its_end),
		TEST(word_of_its_end_may_come_later),
		TEST(which_it_was_must_be_clear),
		TEST(another_to_the_same_place),
		TEST(whose_it_is_must_be_clear),
		TEST(others_may_end_as_they_like),
		TEST(ends_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

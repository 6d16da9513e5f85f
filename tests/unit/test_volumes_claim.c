/* engine/volumes, probe_live: which of a user's connections a session made, and who is looked at when. */
#include "tests/unit/volumes_kit.h"

#include <netinet/in.h>
#include <unistd.h>

#include "agentd/engine/probe_live.h"

static enum claim
claim_of(const struct stage *s, uint32_t ses, const struct pair *p)
{
	const int netlink = tcp_diag_open();
	struct tcp_socket socket;

	assert_true(netlink >= 0);
	assert_int_equal(tcp_diag_one(netlink, p->local, p->peer, &socket), 0);
	(void)close(netlink);
	return volumes_claim(s->volumes, ses, &socket, found_at);
}

/* A second session of one user goes where the first one is. */
static void
what_is_anothers_is_not_claimed(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second = go_out(s);

	find(s, SES, first.local, first.peer);
	assert_int_equal(claim_of(s, SES, &first), CLAIM_OWN);
	assert_int_equal(claim_of(s, OTHER, &first), CLAIM_NONE);
	assert_int_equal(claim_of(s, SES, &second), CLAIM_FREE);
	assert_int_equal(claim_of(s, OTHER, &second), CLAIM_FREE);
	hang_up(&second);
	hang_up(&first);
}

static struct endpoint
probe(const struct stage *s, uint32_t ses, uint32_t uid, struct endpoint to)
{
	const struct probe_ask ask = {.ses = ses, .uid = uid, .peer = to, .when = found_at};
	const int netlink = tcp_diag_open();
	struct probe_tcp out = {.found = false};

	assert_true(netlink >= 0);
	assert_int_equal(probe_live_find(netlink, s->volumes, &ask, &out), 0);
	(void)close(netlink);
	return out.local;
}

/* A client: what its finding says of its own end is what the probe says. */
static void
dial(struct stage *s, uint32_t ses, uint32_t uid, struct endpoint to)
{
	const struct finding f = {.activity = ACT_OUTBOUND_SSH, .session = host_session(s->host, ses), .euid = uid,
	    .from = probe(s, ses, uid, to), .to = to, .time = found_at};

	volumes_finding(s->volumes, &f);
	turn(s);
}

/* What it carries from now on. */
static void
is_counted(struct stage *s, struct pair *out)
{
	push(out->here, out->there, MUCH);
	hang_up(out);
	near(the_end_of(s, out->local)->sent, MUCH);
}

/* Who changes his uid after socket(2) connects that of the one he was. */
static void
made_as_another(void **state)
{
	struct stage *s = *state;
	struct pair out = go_out(s);

	dial(s, SES, (uint32_t)geteuid() + 5, out.peer);
	is_counted(s, &out);
}

/* Its finding is folded into the first one's. */
static void
another_of_one_process(void **state)
{
	struct stage *s = *state;
	struct pair idle = go_out(s), out;

	dial(s, SES, (uint32_t)geteuid(), idle.peer);
	out = go_out(s);
	volumes_connect(s->volumes, SES, (uint32_t)geteuid(), out.peer, found_at);
	turn(s);
	is_counted(s, &out);
	hang_up(&idle);
}

/* The record comes when it is over; another of the session, to the same place, goes on. */
static void
beside_one_that_goes_on(void **state)
{
	struct stage *s = *state;
	struct pair idle = go_out(s), out;

	dial(s, SES, (uint32_t)geteuid(), idle.peer);
	out = go_out(s);
	push(out.here, out.there, MUCH);
	hang_up(&out);
	dial(s, SES, (uint32_t)geteuid(), idle.peer);
	near(wait_for_end(s, out.local, true)->sent, MUCH);
	hang_up(&idle);
}

/* Of which connection of two a finding is was not clear, and both were taken: it is of none that ended. */
static void
when_it_was_found_nothing_is_missed(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second, strange;

	find(s, SES, first.local, first.peer);
	turn(s);
	hang_up(&first);
	(void)the_end_of(s, first.local);
	strange = go_out(s);
	first = go_out(s);
	second = go_out(s);
	hang_up(&strange);
	(void)usleep(100000); /* the kernel's word of that is there */
	dial(s, SES, (uint32_t)geteuid(), first.peer);
	assert_non_null(heard_of(s, first.local));
	assert_non_null(heard_of(s, second.local));
	assert_null(heard_of(s, strange.local));
	hang_up(&first);
	hang_up(&second);
}

/* Both dial there at once; later the first dials alone. */
static void
another_session_went_there(void **state)
{
	struct stage *s = *state;
	struct pair first = go_out(s), second, third;

	s->other = come_in(s);
	(void)open_session(s, OTHER, &s->other);
	found_at = rtime_now();
	find(s, SES, first.local, first.peer);
	turn(s);
	found_at.ms += 60000;
	second = go_out(s);
	third = go_out(s);
	dial(s, OTHER, (uint32_t)geteuid(), second.peer);
	assert_int_equal(heard_of(s, second.local)->v.ses, OTHER);
	assert_int_equal(heard_of(s, third.local)->v.ses, OTHER);
	hang_up(&first);
	hang_up(&second);
	hang_up(&third);
}

/* A socket from before the engine, connected anew. */
static void
what_was_there_before_is_made_again(void **state)
{
	struct stage *s = *state;
	struct pair old = go_out(s), out;
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	volumes_free(&s->volumes);
	begin(s);
	volumes_session(s->volumes, host_session(s->host, SES));
	(void)close(old.there);
	assert_int_equal(connect(old.here, &none, sizeof(none)), 0);
	assert_int_equal(getsockname(s->db, (struct sockaddr *)&sin, &len), 0);
	found_at = (struct rtime){.ms = rtime_now().ms + 1000};
	assert_int_equal(connect(old.here, (const struct sockaddr *)&sin, sizeof(sin)), 0);
	out = pair_of(old.here, accept(s->db, NULL, NULL));
	dial(s, SES, (uint32_t)geteuid(), out.peer);
	is_counted(s, &out);
}

/* A session that is due again and again is not the only one that is looked at. */
static void
one_takes_no_look_from_another(void **state)
{
	struct stage *s = *state;
	static struct pair many[240];
	struct pair mine = go_out(s);
	unsigned looks = 0, before;

	find(s, SES, mine.local, mine.peer);
	s->other = come_in(s);
	(void)open_session(s, OTHER, &s->other);
	for (size_t i = 0; i < 240; i++) {
		many[i] = go_out(s);
		find(s, OTHER, many[i].local, many[i].peer);
	}
	turn(s);
	for (unsigned second = 0; second < 20; second++) {
		before = heard_of(s, mine.local)->times;
		volumes_tick(s->volumes);
		for (unsigned i = 0; i < 6; i++) {
			volumes_connect(s->volumes, OTHER, (uint32_t)geteuid(), many[0].peer, found_at);
			turn(s);
		}
		if (second % 2 != 0) /* be it due itself */
			volumes_connect(s->volumes, SES, (uint32_t)geteuid(), mine.peer, found_at);
		looks += heard_of(s, mine.local)->times - before;
	}
	assert_in_range(looks, 5, 20);
	for (size_t i = 0; i < 240; i++)
		hang_up(&many[i]);
	hang_up(&mine);
}

/* The engine begins when there is a connection; only what was made before that can be it. */
static void
what_was_there_before(void **state)
{
	struct stage *s = *state;
	struct pair before = go_out(s), since;

	volumes_free(&s->volumes);
	begin(s);
	volumes_session(s->volumes, host_session(s->host, SES));
	assert_int_equal(claim_of(s, SES, &before), CLAIM_FREE);
	found_at = (struct rtime){.ms = rtime_now().ms + 1000};
	assert_int_equal(claim_of(s, SES, &before), CLAIM_NONE);
	since = go_out(s);
	assert_int_equal(claim_of(s, SES, &since), CLAIM_FREE);
	find(s, SES, (struct endpoint){0}, since.peer);
	turn(s);
	assert_non_null(heard_of(s, since.local));
	assert_null(heard_of(s, before.local));
	hang_up(&since);
	hang_up(&before);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, volumes_setup, volumes_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_anothers_is_not_claimed),
		TEST(made_as_another),
		TEST(another_of_one_process),
		TEST(beside_one_that_goes_on),
		TEST(when_it_was_found_nothing_is_missed),
		TEST(another_session_went_there),
		TEST(what_was_there_before),
		TEST(what_was_there_before_is_made_again),
		TEST(one_takes_no_look_from_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is done about a ruling, and that the alert says what came of it: acts over a pair of packets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/acts.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/prepare.h"
#include "base/safe.h"
#include "tests/unit/link_pair.h"
#include "tests/unit/ruling.h"
#include "tests/unit/unit.h"

struct stage {
	struct link_pair pair;
	struct acts *acts;
	unsigned told;
	enum done done;
	enum level level;
	char why[160];
	struct made_ruling m;
	bool gated;          /* what the gates say of it */
	struct gate_act act;
};

static void
on_outcome(const struct outcome_of *o, void *arg)
{
	struct stage *s = arg;

	s->told++;
	s->done = o->done;
	s->level = o->level;
	snprintf(s->why, sizeof(s->why), "%s", o->why != NULL ? o->why : "");
}

static bool
gated(const struct finding *f, struct gate_act *out, void *arg)
{
	const struct stage *s = arg;

	(void)f;
	*out = s->act;
	return s->gated;
}

static void
spared(uint32_t ses, void (*fn)(uint32_t pid, void *fn_arg), void *fn_arg, void *arg)
{
	(void)arg;
	if (ses == 57) {
		fn(901, fn_arg);
		fn(902, fn_arg);
	}
}

static int
set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct acts_parts parts = {.spared = spared, .gated = gated, .outcome = on_outcome, .arg = s};

	link_pair_open(&s->pair);
	parts.link = s->pair.link;
	parts.base = s->pair.base;
	s->acts = acts_new(&parts);
	make_ruling(&s->m);
	s->m.ruling.mode = MODE_ENFORCE;
	s->m.ruling.stop = true;
	s->m.ruling.decision.action = DO_BLOCK;
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	link_pair_end(&s->pair);
	acts_free(&s->acts);
	link_pair_close(&s->pair);
	free(s);
	return 0;
}

static bool
asked(struct stage *s, struct request *r)
{
	return packet_recv(s->pair.monitor, r, sizeof(*r), NULL, 0) == (long)sizeof(*r);
}

static void
answer(struct stage *s, uint32_t id, enum result result, uint64_t value)
{
	const struct notice n = {.kind = NOTE_RESULT, .id = id, .result = result, .value = value};

	assert_int_equal(packet_send(s->pair.monitor, &n, sizeof(n), NULL, 0), 0);
	event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
}

static void
nothing_is_asked_when_nothing_is_to_stop(void **state)
{
	struct stage *s = *state;
	struct request r;

	s->m.ruling.stop = false;
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->done, DONE_WOULD_HAVE);
	assert_int_equal(s->level, LEVEL_REACT);
	s->m.ruling.spared = "never-stop holds";
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->done, DONE_ALERTED);
	s->m.ruling.decision.action = DO_PASS;
	s->m.ruling.spared = NULL;
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->done, DONE_PASSED);
	assert_int_equal(s->told, 3);
	assert_false(asked(s, &r));
}

static void
the_alert_waits_and_tells_the_truth(void **state)
{
	static const struct {
		enum result result;
		enum done done;
		const char *why;
	} rows[] = {
	    {RES_OK, DONE_KILLED, ""},
	    {RES_YOUNGER, DONE_FAILED, NULL},
	    {RES_PROTECTED, DONE_FAILED, NULL},
	    {RES_RATE, DONE_FAILED, NULL},
	    {RES_MODE_AUDIT, DONE_WOULD_HAVE, NULL},
	    {RES_DENIED, DONE_FAILED, "the kernel refused: Operation not permitted"},
	};
	struct stage *s = *state;
	struct request r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		acts_ruling(s->acts, &s->m.ruling);
		assert_int_equal(s->told, i);
		assert_int_equal(acts_stats(s->acts)->waiting, 1);
		assert_true(asked(s, &r));
		assert_int_equal(r.kind, REQ_KILL);
		assert_int_equal(r.ses, 57);
		assert_int_equal(r.pid, s->m.finding.pid);
		assert_int_equal(r.time_ms, s->m.finding.time.ms);
		answer(s, r.id, rows[i].result, 1);
		if (rows[i].result == RES_OK) {
			assert_true(asked(s, &r)); /* its connection: it went with it */
			answer(s, r.id, RES_NOT_FOUND, 0);
		}
		assert_int_equal(s->told, i + 1);
		assert_int_equal(s->done, rows[i].done);
		if (rows[i].why != NULL)
			assert_string_equal(s->why, rows[i].why);
		else
			assert_string_equal(s->why, result_text(rows[i].result));
		assert_int_equal(s->level, LEVEL_REACT);
	}
	assert_int_equal(acts_stats(s->acts)->waiting, 0);
}

static void
a_monitor_that_is_silent_is_a_failure(void **state)
{
	struct stage *s = *state;

	acts_ruling(s->acts, &s->m.ruling);
	link_tick(s->pair.link, mtime_now());
	assert_int_equal(s->told, 0);
	link_tick(s->pair.link, (struct mtime){.ns = mtime_now().ns + 3000000000});
	assert_int_equal(s->done, DONE_FAILED);
	assert_string_equal(s->why, "the monitor did not answer in time");
}

/* A process that earned two rulings is killed once, and both alerts say so. */
static void
gone_by_our_own_hand_is_killed(void **state)
{
	struct stage *s = *state;
	struct request a, b;

	acts_ruling(s->acts, &s->m.ruling);
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &a) && asked(s, &b));
	answer(s, a.id, RES_OK, 0);
	answer(s, b.id, RES_GONE, 0);
	assert_true(asked(s, &a) && asked(s, &b));
	answer(s, a.id, RES_NOT_FOUND, 0);
	answer(s, b.id, RES_NOT_FOUND, 0);
	assert_int_equal(s->told, 2);
	assert_int_equal(s->done, DONE_KILLED);
	assert_string_equal(s->why, "");
	s->m.finding.activity = ACT_LISTEN;
	s->m.finding.pid++;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &a));
	answer(s, a.id, RES_GONE, 0);
	assert_int_equal(s->done, DONE_FAILED);
}

/* A client forks, or is passed its connection: whoever has it by now loses it too. */
static void
a_connection_left_to_a_child_is_cut(void **state)
{
	static const struct {
		enum result kill, destroy;
		enum done done;
		const char *why;
	} rows[] = {
	    {RES_OK, RES_OK, DONE_KILLED, ""},
	    {RES_OK, RES_NOT_FOUND, DONE_KILLED, ""},
	    {RES_OK, RES_PROTECTED, DONE_KILLED, "its connection may live: "},
	    {RES_GONE, RES_OK, DONE_CUT, ""},
	    {RES_GONE, RES_PROTECTED, DONE_FAILED, ""},
	};
	struct stage *s = *state;
	struct request r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s->m.finding.pid++;
		acts_ruling(s->acts, &s->m.ruling);
		assert_true(asked(s, &r));
		assert_int_equal(r.kind, REQ_KILL);
		assert_int_equal(r.pid, s->m.finding.pid);
		answer(s, r.id, rows[i].kill, 0);
		assert_int_equal(s->told, i);
		assert_true(asked(s, &r));
		assert_int_equal(r.kind, REQ_DESTROY);
		assert_int_equal(r.ses, 57);
		assert_int_equal(r.pid, s->m.finding.pid);
		assert_int_equal(r.flags, REQF_MADE);
		assert_int_equal(r.to.port, 22);
		assert_int_equal(r.time_ms, s->m.finding.time.ms);
		answer(s, r.id, rows[i].destroy, 1);
		assert_int_equal(s->told, i + 1);
		assert_int_equal(s->done, rows[i].done);
		assert_int_equal(strncmp(s->why, rows[i].why, strlen(rows[i].why)), 0);
	}
	assert_int_equal(acts_stats(s->acts)->waiting, 0);
}

/* To cut one connection of a session is not to have ended all of it. */
static void
a_cut_is_no_end_of_all(void **state)
{
	struct stage *s = *state;
	struct request r;

	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	answer(s, r.id, RES_GONE, 0);
	assert_true(asked(s, &r));
	answer(s, r.id, RES_OK, 1);
	assert_int_equal(s->done, DONE_CUT);
	s->m.finding.activity = ACT_LISTEN;
	s->m.finding.pid++;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	answer(s, r.id, RES_GONE, 0);
	assert_int_equal(s->done, DONE_FAILED);
}

static void
an_agent_left_to_a_child_is_cut(void **state)
{
	struct stage *s = *state;
	struct request r;

	s->m.finding.activity = ACT_AGENT_HIJACK;
	s->m.finding.unix_inode = 4711;
	s->m.finding.unix_dev_minor = 3;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	assert_int_equal(r.kind, REQ_KILL);
	assert_int_equal(r.inode, 4711);
	assert_int_equal(r.to.family, 0);
	answer(s, r.id, RES_GONE, 0);
	assert_int_equal(s->told, 0);
	assert_true(asked(s, &r));
	assert_int_equal(r.kind, REQ_DESTROY);
	assert_int_equal(r.pid, 0);
	assert_int_equal(r.inode, 4711);
	answer(s, r.id, RES_OK, 1);
	assert_int_equal(s->done, DONE_CUT);
}

/* A client may end by itself as soon as it is cut: it was stopped, and by what is told. */
static void
what_ended_by_the_cut_was_cut(void **state)
{
	struct stage *s = *state;
	struct notice n = {.kind = NOTE_RESULT, .result = RES_OK, .flags = KILLF_CUT, .value = 1};
	struct request r;

	s->m.finding.activity = ACT_MUX_HIJACK;
	s->m.finding.unix_inode = 4711;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	n.id = r.id;
	assert_int_equal(packet_send(s->pair.monitor, &n, sizeof(n), NULL, 0), 0);
	event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
	assert_int_equal(s->told, 1);
	assert_int_equal(s->done, DONE_CUT);
	assert_string_equal(s->why, "");
}

static void
sshd_is_cut_and_never_killed(void **state)
{
	struct stage *s = *state;
	struct request r;

	s->m.finding.activity = ACT_RELAY;
	s->m.finding.process = &s->m.sshd;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	assert_int_equal(r.kind, REQ_DESTROY);
	assert_int_equal(r.to.port, s->m.finding.to.port);
	answer(s, r.id, RES_OK, 1);
	assert_int_equal(s->done, DONE_CUT);
	s->m.sshd.is_sshd = true;
	for (int i = 0; i < ACT_COUNT; i++) {
		s->m.finding.activity = (enum activity)i;
		acts_ruling(s->acts, &s->m.ruling);
		while (asked(s, &r))
			assert_int_not_equal(r.kind, REQ_KILL);
	}
}

/* A record may be faster than the socket that it tells of. */
static void
a_connection_is_looked_for_again(void **state)
{
	struct stage *s = *state;
	struct request r;

	s->m.finding.activity = ACT_RELAY;
	s->m.finding.process = &s->m.sshd;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	answer(s, r.id, RES_NOT_FOUND, 0);
	assert_int_equal(s->told, 0);
	event_base_loop(s->pair.base, EVLOOP_ONCE);
	assert_true(asked(s, &r));
	answer(s, r.id, RES_OK, 1);
	assert_int_equal(s->done, DONE_CUT);
	acts_ruling(s->acts, &s->m.ruling);
	for (int i = 0; i < 3; i++) {
		assert_true(asked(s, &r));
		answer(s, r.id, RES_NOT_FOUND, 0);
		if (i < 2)
			event_base_loop(s->pair.base, EVLOOP_ONCE);
	}
	assert_int_equal(s->done, DONE_FAILED);
}

static void
an_end_spares_what_the_policy_names(void **state)
{
	struct stage *s = *state;
	struct request r, b;

	s->m.ruling.decision.action = DO_TERMINATE;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r) && asked(s, &b));
	assert_true(r.kind == REQ_SPARE && b.kind == REQ_SPARE);
	assert_int_equal(r.pid, 901);
	assert_int_equal(b.pid, 902);
	answer(s, b.id, RES_GONE, 0); /* what has ended needs no sparing */
	assert_false(asked(s, &b));
	answer(s, r.id, RES_OK, 0);
	assert_true(asked(s, &r));
	assert_int_equal(r.kind, REQ_TERMINATE);
	assert_int_equal(r.flags, 0);
	answer(s, r.id, RES_OK, 0);
	assert_int_equal(s->done, DONE_TERMINATED);
	s->m.ruling.decision.action = DO_TERMINATE_ALL;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	assert_int_equal(r.kind, REQ_TERMINATE);
	assert_int_equal(r.flags, REQF_ALL);
}

/* Rather no end than one that takes the database along. */
static void
no_end_without_what_it_must_spare(void **state)
{
	struct stage *s = *state;
	struct request a, b;

	s->m.ruling.decision.action = DO_TERMINATE;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &a) && asked(s, &b));
	answer(s, a.id, RES_RATE, 0);
	assert_int_equal(s->told, 0);
	answer(s, b.id, RES_OK, 0);
	assert_int_equal(s->told, 1);
	assert_int_equal(s->done, DONE_FAILED);
	assert_non_null(strstr(s->why, result_text(RES_RATE)));
	assert_false(asked(s, &a));
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &a) && asked(s, &b));
	link_tick(s->pair.link, (struct mtime){.ns = INT64_MAX});
	assert_int_equal(s->done, DONE_FAILED);
	assert_false(asked(s, &a));
	assert_int_equal(acts_stats(s->acts)->waiting, 0);
}

static enum result prepared;

static void
on_prepared(enum result result, void *arg)
{
	(void)arg;
	prepared = result;
}

static void
root_waits_for_what_is_spared(void **state)
{
	struct stage *s = *state;
	struct request a, b;

	prepared = RES_BAD;
	assert_true(prepare_end(s->pair.link, 57, spared, NULL, on_prepared, NULL));
	assert_true(asked(s, &a) && asked(s, &b));
	answer(s, a.id, RES_OK, 0);
	assert_int_equal(prepared, RES_BAD);
	answer(s, b.id, RES_RATE, 0);
	assert_int_equal(prepared, RES_RATE);
	assert_false(asked(s, &a));
	assert_true(prepare_end(s->pair.link, 58, spared, NULL, on_prepared, NULL)); /* spares nothing */
	assert_true(asked(s, &a));
	assert_int_equal(a.kind, REQ_ALIVE);
	answer(s, a.id, RES_OK, 0);
	assert_int_equal(prepared, RES_OK);
}

static void
a_session_is_isolated_or_loses_its_agents(void **state)
{
	static const struct {
		enum action action;
		enum request_kind kind;
		enum done done;
	} rows[] = {
	    {DO_ISOLATE, REQ_ISOLATE, DONE_ISOLATED},
	    {DO_REVOKE_AGENT, REQ_REVOKE, DONE_REVOKED},
	};
	struct stage *s = *state;
	struct request r;

	acts_gates(s->acts, GATEF_CONNECT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s->m.ruling.decision.action = rows[i].action;
		acts_ruling(s->acts, &s->m.ruling);
		assert_true(asked(s, &r));
		assert_int_equal(r.kind, rows[i].kind);
		assert_int_equal(r.ses, 57);
		assert_int_equal(r.pid, 0);
		assert_int_equal(r.inode, 0);
		assert_int_equal(r.to.port, 0);
		answer(s, r.id, RES_OK, 0);
		assert_int_equal(s->done, rows[i].done);
		assert_int_equal(s->level, LEVEL_REACT);
	}
}

/* --- what the kernel did by itself --- */

static void
refuse(struct stage *s)
{
	s->m.finding.exit = -EPERM;
	s->m.finding.outcome = OUTCOME_FAILURE;
	s->act = (struct gate_act){.done = DONE_REFUSED, .level = LEVEL_PREVENT, .ses = 57};
}

static void
what_was_refused_is_asked_of_nobody(void **state)
{
	struct stage *s = *state;
	struct request r;

	refuse(s);
	s->gated = true;
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->done, DONE_REFUSED);
	assert_int_equal(s->level, LEVEL_PREVENT);
	assert_string_equal(s->why, "");
	s->m.finding.again = true; /* the flood: one is told, the next counts */
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->told, 1);
	assert_false(asked(s, &r));
	s->m.finding.again = false;
	s->act.ses = 33; /* cron's, by alice's grant */
	acts_ruling(s->acts, &s->m.ruling);
	assert_non_null(strstr(s->why, "session 33"));
	s->m.ruling.decision.action = DO_PASS; /* the policy has changed since */
	s->m.ruling.stop = false;
	s->act.ses = 57;
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->done, DONE_REFUSED);
	assert_false(asked(s, &r));
}

/* The gate has refused an agent that root took; that root took it is told as what it is. */
static void
no_gate_refuses_what_is_inferred(void **state)
{
	struct stage *s = *state;

	refuse(s);
	s->gated = true;
	s->m.finding.activity = ACT_ESCALATED_AGENT;
	s->m.ruling.decision.action = DO_RECORD;
	s->m.ruling.stop = false;
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->done, DONE_RECORDED);
	assert_int_equal(s->level, LEVEL_OBSERVE);
	assert_int_equal(s->told, 1);
}

/* Killed inside connect(2); the record was faster than the gate's word. */
static void
what_the_gate_killed_was_killed(void **state)
{
	struct stage *s = *state;
	struct request r;

	s->m.finding.activity = ACT_LISTEN; /* whose plan has no connection to cut */
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	s->gated = true;
	s->act = (struct gate_act){.done = DONE_KILLED, .level = LEVEL_REACT, .ses = 57};
	answer(s, r.id, RES_GONE, 0);
	assert_int_equal(s->done, DONE_KILLED);
	assert_int_equal(s->level, LEVEL_REACT);
	assert_string_equal(s->why, "");
}

static void
a_refused_connect_may_still_end_the_session(void **state)
{
	struct stage *s = *state;
	struct request r;

	refuse(s);
	s->gated = true;
	s->m.ruling.decision.action = DO_TERMINATE_ALL;
	acts_ruling(s->acts, &s->m.ruling);
	assert_true(asked(s, &r));
	assert_int_equal(r.kind, REQ_TERMINATE);
	answer(s, r.id, RES_OK, 0);
	assert_int_equal(s->done, DONE_TERMINATED);
	assert_int_equal(s->level, LEVEL_REACT);
}

/* The record of a refusal is here before the gate's word. */
static void
the_gate_may_speak_last(void **state)
{
	struct stage *s = *state;
	struct request r;

	refuse(s);
	acts_gates(s->acts, GATEF_CONNECT);
	acts_ruling(s->acts, &s->m.ruling);
	acts_gate_told(s->acts);
	assert_int_equal(s->told, 0);
	assert_int_equal(acts_stats(s->acts)->waiting, 1);
	s->gated = true;
	acts_gate_told(s->acts);
	assert_int_equal(s->told, 1);
	assert_int_equal(s->done, DONE_REFUSED);
	assert_int_equal(s->level, LEVEL_PREVENT);
	assert_int_equal(acts_stats(s->acts)->waiting, 0);
	assert_false(asked(s, &r));
}

/* Somebody else's firewall: nothing connected, and whoever tried, a shell perhaps, lives. */
static void
nobody_is_killed_for_nothing(void **state)
{
	struct stage *s = *state;
	struct request r;

	refuse(s);
	acts_ruling(s->acts, &s->m.ruling); /* no gate works here */
	assert_int_equal(s->told, 1);
	acts_gates(s->acts, GATEF_CONNECT);
	acts_ruling(s->acts, &s->m.ruling);
	assert_int_equal(s->told, 1);
	while (s->told == 1)
		event_base_loop(s->pair.base, EVLOOP_ONCE);
	assert_int_equal(s->done, DONE_REFUSED);
	assert_int_equal(s->level, LEVEL_OBSERVE);
	assert_non_null(strstr(s->why, "nothing connected"));
	assert_false(asked(s, &r));
	acts_ruling(s->acts, &s->m.ruling); /* one still waits at the end */
}

static void
what_is_not_to_be_had_is_said(void **state)
{
	struct stage *s = *state;
	struct request r;

	s->m.finding.pid = 0;
	acts_ruling(s->acts, &s->m.ruling);
	assert_string_equal(s->why, "the record names no process");
	s->m.ruling.decision.action = DO_TERMINATE;
	s->m.session.ses = UINT32_MAX;
	acts_ruling(s->acts, &s->m.ruling);
	assert_string_equal(s->why, "the task belongs to no session");
	assert_false(asked(s, &r));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_asked_when_nothing_is_to_stop),
		TEST(the_alert_waits_and_tells_the_truth),
		TEST(a_monitor_that_is_silent_is_a_failure),
		TEST(gone_by_our_own_hand_is_killed),
		TEST(an_agent_left_to_a_child_is_cut),
		TEST(a_connection_left_to_a_child_is_cut),
		TEST(a_cut_is_no_end_of_all),
		TEST(what_ended_by_the_cut_was_cut),
		TEST(sshd_is_cut_and_never_killed),
		TEST(a_connection_is_looked_for_again),
		TEST(an_end_spares_what_the_policy_names),
		TEST(no_end_without_what_it_must_spare),
		TEST(root_waits_for_what_is_spared),
		TEST(a_session_is_isolated_or_loses_its_agents),
		TEST(what_was_refused_is_asked_of_nobody),
		TEST(no_gate_refuses_what_is_inferred),
		TEST(what_the_gate_killed_was_killed),
		TEST(a_refused_connect_may_still_end_the_session),
		TEST(the_gate_may_speak_last),
		TEST(nobody_is_killed_for_nothing),
		TEST(what_is_not_to_be_had_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

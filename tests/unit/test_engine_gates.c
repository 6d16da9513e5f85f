/* What the gates saw, held against what audit tells: matched, told from the gate's word, accused, or left. */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/gates.h"
#include "agentd/monitor/grant.h"
#include "base/report_addr.h"
#include "tests/unit/detect_kit.h"

#define SES 57

static const struct who ssh = {412, 400, SES, ALICE, ALICE, "/usr/bin/nc"};

struct stage {
	struct kit k;
	struct gates *g;
	struct audit_stream audit;
};

static int
set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	kit_open(&s->k, false);
	s->g = gates_new(s->k.detect, s->k.host);
	s->audit = (struct audit_stream){.live = true, .ruled = true, .since = {.ms = 1}};
	kit_report(&s->k, SES, ALICE, "alice", "192.0.2.7", 400, "SHA256:abc");
	*state = s;
	return s->g == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	gates_free(&s->g);
	kit_close(&s->k);
	free(s);
	return 0;
}

/* Time passes, a second a tick; audit tells of other things, or not. */
static void
pass(struct stage *s, int seconds, bool audit_goes_on)
{
	for (int i = 0; i < seconds; i++) {
		struct fact other = {.kind = FACT_OTHER};

		s->k.ms += 1000;
		other.time = (struct rtime){.ms = s->k.ms};
		if (audit_goes_on)
			gates_fact(s->g, &other);
		gates_tick(s->g, (struct rtime){.ms = s->k.ms}, &s->audit);
	}
}

static void
settle(struct stage *s)
{
	pass(s, 10, true); /* losses of before the test are long ago */
	kit_forget(&s->k);
}

static struct notice
event(const struct stage *s, enum gate_event kind, unsigned verdict, uint32_t flags)
{
	return (struct notice){.kind = NOTE_GATE, .ses = SES, .id = SES, .pid = ssh.pid, .uid = ALICE,
	    .auid = ALICE, .flags = (uint32_t)kind | verdict << 8 | flags, .value = (uint64_t)s->k.ms};
}

static void
saw_tcp(struct stage *s, const char *to, uint16_t port, unsigned verdict, uint32_t flags)
{
	struct notice n = event(s, GATE_TCP, verdict, flags);

	n.peer = report_addr_of(kit_endpoint(to, port));
	gates_saw(s->g, &n);
}

static void
refused(struct stage *s, const char *to, uint16_t port)
{
	saw_tcp(s, to, port, GRANT_DENY, GATEN_REFUSED);
}

/* The record of it, for the gates alone. */
static void
told(struct stage *s, const char *to, uint16_t port, int64_t exit)
{
	struct fact f = kit_task(FACT_CONNECT, ssh);

	f.family = AF_INET;
	f.peer = kit_endpoint(to, port);
	f.exit = exit;
	f.time = (struct rtime){.ms = s->k.ms};
	gates_fact(s->g, &f);
}

static struct finding
finding(const struct stage *s, const char *to, uint16_t port)
{
	return (struct finding){.activity = ACT_OUTBOUND_SSH, .time = {.ms = s->k.ms}, .pid = ssh.pid,
	    .to = kit_endpoint(to, port), .exit = -EPERM, .outcome = OUTCOME_FAILURE};
}

static void
what_was_refused_is_known(void **state)
{
	struct stage *s = *state;
	struct finding f = finding(s, "10.9.2.2", 22);
	struct gate_act act;

	assert_false(gates_done(s->g, &f, &act));
	refused(s, "10.9.2.2", 22);
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_REFUSED);
	assert_int_equal(act.level, LEVEL_PREVENT);
	assert_int_equal(act.ses, SES);
	f.to.port = 23;
	assert_false(gates_done(s->g, &f, &act));
	f = finding(s, "10.9.2.2", 22);
	f.pid++;
	assert_false(gates_done(s->g, &f, &act));
	f = finding(s, "10.9.2.2", 22);
	f.outcome = OUTCOME_SUCCESS; /* it came to be all the same */
	assert_false(gates_done(s->g, &f, &act));
	f = finding(s, "10.9.2.2", 22);
	f.time.ms += 5000; /* and this is another one */
	assert_false(gates_done(s->g, &f, &act));
}

/* Audit told of it long ago: that is no silence, and no news to wait for. */
static void
what_was_there_before_the_rule_is_told_at_once(void **state)
{
	struct stage *s = *state;
	struct finding f = finding(s, "10.9.2.2", 22);
	struct gate_act act;

	settle(s);
	f = finding(s, "10.9.2.2", 22);
	saw_tcp(s, "10.9.2.2", 22, GRANT_DENY, GATEN_BEFORE);
	assert_non_null(strstr(kit_found(&s->k, ACT_OUTBOUND_SSH, 0)->reason, "since before this rule to 10.9.2.2:22"));
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_CUT);
	assert_int_equal(act.level, LEVEL_REACT);
	assert_true(act.before);
	pass(s, 60, true);
	assert_int_equal(s->k.n, 1);
}

/* A kernel without SOCK_DESTROY. */
static void
what_could_not_be_ended_is_told_as_failed(void **state)
{
	struct stage *s = *state;
	struct notice n = event(s, GATE_TCP, GRANT_DENY, GATEN_BEFORE);
	struct finding f = finding(s, "10.9.2.2", 22);
	struct gate_act act;

	n.peer = report_addr_of(f.to);
	n.result = RES_DENIED;
	gates_saw(s->g, &n);
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 1);
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_FAILED);
	assert_int_equal(act.level, LEVEL_REACT);
	assert_true(act.before);
}

/* A client that tries again and again is told of when it gives up, from the time of its first try. */
static void
who_tries_again_was_refused_before(void **state)
{
	struct stage *s = *state;
	const struct finding f = finding(s, "10.9.2.2", 22);
	struct gate_act act;

	for (int i = 0; i < 5; i++, s->k.ms += 1000)
		refused(s, "10.9.2.2", 22);
	assert_true(gates_done(s->g, &f, &act));
	s->k.ms += 60000;
	refused(s, "10.9.2.2", 22);
	assert_false(gates_done(s->g, &f, &act));
}

/* Of a flood BPF tells some: the rest was refused by the same grant, and no other session's. */
static void
a_flood_is_the_gates_too(void **state)
{
	struct stage *s = *state;
	struct finding f = finding(s, "10.9.2.2", 22);
	struct session own = {.ses = SES}, other = {.ses = SES + 1};
	struct gate_act act;

	f.session = &own;
	f.pid++;
	for (unsigned i = 1; i < GATE_TELL; i++)
		refused(s, "10.9.2.2", 22);
	assert_false(gates_done(s->g, &f, &act)); /* each was told: this one was not the gate's */
	refused(s, "10.9.2.2", 22);
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_REFUSED);
	assert_int_equal(act.level, LEVEL_PREVENT);
	f.session = &other;
	assert_false(gates_done(s->g, &f, &act));
	f.session = &own;
	f.exit = -ECONNREFUSED;
	assert_false(gates_done(s->g, &f, &act));
	f.exit = -EPERM;
	f.time.ms += 5000;
	assert_false(gates_done(s->g, &f, &act));
}

/* Whichever comes first, and however a host is written. */
static void
both_ways_round(void **state)
{
	struct stage *s = *state;
	struct finding f;

	settle(s);
	told(s, "10.9.2.2", 22, -EPERM);
	f = finding(s, "10.9.2.2", 22);
	gates_named(s->g, &f);
	refused(s, "10.9.2.2", 22);
	refused(s, "::ffff:10.9.2.3", 22);
	told(s, "10.9.2.3", 22, -EPERM);
	f = finding(s, "10.9.2.3", 22);
	gates_named(s->g, &f);
	refused(s, "127.0.0.1", 22);
	told(s, "0.0.0.0", 22, -EPERM);
	f = finding(s, "0.0.0.0", 22);
	gates_named(s->g, &f);
	pass(s, 400, true);
	assert_int_equal(s->k.n, 0);
	assert_int_equal(gates_stats(s->g).unseen, 0);
}

static void
silence_is_told_and_accused(void **state)
{
	struct stage *s = *state;
	const struct found *f;

	settle(s);
	refused(s, "10.9.2.2", 22);
	pass(s, 4, true);
	assert_int_equal(s->k.n, 0);
	pass(s, 3, true);
	f = kit_found(&s->k, ACT_OUTBOUND_SSH, 0);
	assert_int_equal(f->ses, SES);
	assert_int_equal(f->outcome, OUTCOME_FAILURE);
	assert_string_equal(f->to, "10.9.2.2:22");
	assert_non_null(strstr(f->reason, "audit has not told"));
	assert_int_equal(kit_count(&s->k, ACT_AUDIT_EVASION), 0);
	pass(s, 10, true);
	f = kit_found(&s->k, ACT_AUDIT_EVASION, 0);
	assert_non_null(strstr(f->reason, "saw pid 412"));
	assert_non_null(strstr(f->reason, "connect to 10.9.2.2:22; audit never told"));
	pass(s, 400, true);
	assert_int_equal(s->k.n, 2);
}

/* An auditd that restarts, falls behind, is stopped or loses records accuses nobody. */
static void
no_accusation_where_audit_was_away(void **state)
{
	struct stage *s = *state;

	settle(s);
	refused(s, "10.9.2.2", 22);
	s->audit.live = false;
	pass(s, 2, false);
	s->audit.live = true;
	s->audit.since = (struct rtime){.ms = s->k.ms};
	pass(s, 60, true);
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 1);
	assert_non_null(strstr(kit_found(&s->k, ACT_OUTBOUND_SSH, 0)->reason, "lost records or was away"));
	refused(s, "10.9.2.3", 22);
	pass(s, 11, true);
	s->audit.lost++;
	pass(s, 60, true);
	refused(s, "10.9.2.4", 22);
	pass(s, 400, false); /* stopped */
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 3);
	s->audit.behind = true;
	refused(s, "10.9.2.5", 22);
	pass(s, 400, true);
	s->audit.behind = false;
	s->audit.ruled = false;
	refused(s, "10.9.2.6", 22);
	pass(s, 400, true);
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 5);
	assert_int_equal(kit_count(&s->k, ACT_AUDIT_EVASION), 0);
}

/* The stream stood still and goes on: what it tells late was told. */
static void
late_is_not_never(void **state)
{
	struct stage *s = *state;
	const int64_t then = s->k.ms;

	settle(s);
	refused(s, "10.9.2.2", 22);
	pass(s, 20, false);
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 1);
	s->k.ms -= 20000;
	told(s, "10.9.2.2", 22, -EPERM);
	s->k.ms += 20000;
	pass(s, 60, true);
	assert_int_equal(kit_count(&s->k, ACT_AUDIT_EVASION), 0);
	assert_true(then < s->k.ms);
}

/* A connect that is allowed may block for two minutes; its record comes when it returns. */
static void
a_blocked_connect_is_no_evasion(void **state)
{
	struct stage *s = *state;

	settle(s);
	saw_tcp(s, "10.9.2.2", 22, GRANT_REPORT, 0);
	pass(s, 130, true);
	assert_int_equal(s->k.n, 0);
	s->k.ms -= 130000; /* a record has the time at which the call began */
	told(s, "10.9.2.2", 22, -ETIMEDOUT);
	s->k.ms += 130000;
	saw_tcp(s, "10.9.2.3", 22, GRANT_REPORT, 0);
	pass(s, 130, true);
	assert_int_equal(s->k.n, 0);
	pass(s, 30, true);
	assert_int_equal(kit_count(&s->k, ACT_AUDIT_EVASION), 1);
	assert_string_equal(kit_found(&s->k, ACT_AUDIT_EVASION, 0)->to, "10.9.2.3:22");
}

/* Audit told of the connect and no detector made anything of it: a refusal is told all the same. */
static void
no_refusal_goes_untold(void **state)
{
	struct stage *s = *state;

	settle(s);
	refused(s, "10.9.2.2", 443);
	told(s, "10.9.2.2", 443, -EPERM);
	pass(s, 6, true);
	assert_int_equal(s->k.n, 0);
	pass(s, 6, true);
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 1);
	assert_null(strstr(kit_found(&s->k, ACT_OUTBOUND_SSH, 0)->reason, "gate"));
	saw_tcp(s, "10.9.2.3", 443, GRANT_DENY, 0); /* a near miss is no refusal */
	told(s, "10.9.2.3", 443, 0);
	pass(s, 400, true);
	assert_int_equal(s->k.n, 1);
}

static void
a_flood_is_one(void **state)
{
	struct stage *s = *state;

	settle(s);
	for (int i = 0; i < 1000; i++)
		refused(s, "10.9.2.2", 22);
	pass(s, 60, true);
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 1);
	assert_int_equal(kit_found(&s->k, ACT_OUTBOUND_SSH, 0)->count, 1000);
	assert_int_equal(kit_count(&s->k, ACT_AUDIT_EVASION), 1);
	assert_int_equal(gates_stats(s->g).refused, 1000);
	assert_int_equal(host_session(s->k.host, SES)->refused, 1000);
}

/* sshd relays; a client that ends at exec; a socket that is refused by its path. */
static void
of_each_kind(void **state)
{
	struct stage *s = *state;
	struct finding f = {.activity = ACT_OUTBOUND_SSH, .pid = ssh.pid, .outcome = OUTCOME_UNKNOWN};
	struct notice n;
	struct gate_act act;

	settle(s);
	n = event(s, GATE_EXEC, GRANT_DENY, GATEN_KILLED);
	gates_saw(s->g, &n);
	f.time = (struct rtime){.ms = s->k.ms};
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_KILLED);
	assert_int_equal(act.level, LEVEL_PREVENT);

	n = event(s, GATE_UNIX, GRANT_DENY, GATEN_KILLED);
	n.inode = 777;
	gates_saw(s->g, &n);
	f = (struct finding){.activity = ACT_AGENT_HIJACK, .pid = ssh.pid, .unix_inode = 777,
	    .time = {.ms = s->k.ms}, .outcome = OUTCOME_SUCCESS};
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_KILLED);
	assert_int_equal(act.level, LEVEL_REACT);

	n = event(s, GATE_UNIX, GRANT_DENY, GATEN_REFUSED);
	n.inode = 778;
	n.pid = f.pid = 500;
	gates_saw(s->g, &n);
	f.unix_inode = 0; /* refused before the file was looked at */
	f.to_unix = BYTES_LIT("/tmp/ssh-x/agent.1");
	f.outcome = OUTCOME_FAILURE;
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_REFUSED);
	assert_int_equal(act.level, LEVEL_PREVENT);

	n = event(s, GATE_UNIX, GRANT_DENY, GATEN_RELAY);
	n.inode = 779;
	n.pid = f.pid = 401;
	gates_saw(s->g, &n);
	f.unix_inode = 779;
	f.outcome = OUTCOME_SUCCESS;
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.done, DONE_CUT);
	assert_int_equal(act.level, LEVEL_REACT);
}

/* Its session was there before audit was. */
static void
who_was_never_audited_is_not_accused(void **state)
{
	struct stage *s = *state;
	const struct endpoint none = {0};
	struct notice n;

	settle(s);
	(void)host_found(s->k.host, 60, ALICE, 90, 1, none, none, (struct rtime){.ms = s->k.ms});
	for (uint32_t pid = 500; pid < 502; pid++) {
		n = event(s, GATE_TCP, GRANT_DENY, GATEN_REFUSED);
		n.ses = n.id = 60;
		n.pid = pid;
		n.peer = report_addr_of(kit_endpoint("10.9.2.2", 22));
		gates_saw(s->g, &n);
		if (pid == 500)
			kit_exec(&s->k, (struct who){501, 90, 60, ALICE, ALICE, "/usr/bin/nc"}, "nc");
	}
	pass(s, 60, true);
	assert_int_equal(kit_count(&s->k, ACT_OUTBOUND_SSH), 2);
	assert_int_equal(kit_count(&s->k, ACT_AUDIT_EVASION), 1);
	assert_int_equal(kit_found(&s->k, ACT_AUDIT_EVASION, 0)->pid, 501);
}

static void
a_borrowed_grant_names_its_lender(void **state)
{
	struct stage *s = *state;
	struct notice n = event(s, GATE_TCP, GRANT_DENY, GATEN_REFUSED | GATEN_BORROWED);
	struct finding f = finding(s, "10.9.2.2", 22);
	struct gate_act act;

	n.id = 58; /* the task's own: cron's */
	n.peer = report_addr_of(f.to);
	gates_saw(s->g, &n);
	assert_true(gates_done(s->g, &f, &act));
	assert_int_equal(act.ses, SES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_refused_is_known),
		TEST(what_was_there_before_the_rule_is_told_at_once),
		TEST(what_could_not_be_ended_is_told_as_failed),
		TEST(who_tries_again_was_refused_before),
		TEST(a_flood_is_the_gates_too),
		TEST(both_ways_round),
		TEST(silence_is_told_and_accused),
		TEST(no_accusation_where_audit_was_away),
		TEST(late_is_not_never),
		TEST(a_blocked_connect_is_no_evasion),
		TEST(no_refusal_goes_untold),
		TEST(a_flood_is_one),
		TEST(of_each_kind),
		TEST(who_was_never_audited_is_not_accused),
		TEST(a_borrowed_grant_names_its_lender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Grants: from a policy and a login to the kernel's rows, and when they are sent: grants over a pair of packets. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/grant_row.h"
#include "agentd/engine/grants.h"
#include "base/report_addr.h"
#include "base/safe.h"
#include "tests/unit/link_pair.h"
#include "tests/unit/policy_kit.h"
#include "tests/unit/unit.h"

#define POLICY                                                                                         \
	"fleet t\nserial 1\nmode enforce\nssh-ports { 22 }\n"                                           \
	"pass outbound-ssh user alice to 10.9.2.3 port 22\n"                                            \
	"block outbound-ssh, relay user alice to 10.0.0.0/8\n"                                          \
	"block agent-hijack user alice owner other\n"

struct packet {
	struct request r;
	char body[8192];
};

struct stage {
	struct link_pair pair;
	struct pipeline *pipeline;
	struct pipeline_options options;
	struct grants *grants;
	struct policy *policy;
	uint32_t generation;
	enum result refuse; /* what is said to the next REQ_PREFIXES; RES_OK */
	struct packet last;
	bool unknown; /* there is more to be known of a session */
	unsigned ready;
	enum result result;
};

/* --- the stage --- */

static const struct policy *
in_force(void *arg)
{
	const struct stage *s = arg;

	return s->policy;
}

static bool
is_whole(void *arg)
{
	const struct stage *s = arg;

	return !s->unknown;
}

static int
set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	link_pair_open(&s->pair);
	s->policy = kit_policy(POLICY);
	s->options = (struct pipeline_options){.boot_id = "b", .host_name = "t"};
	s->pipeline = pipeline_new(&s->options);
	s->grants = grants_new(&(struct grants_parts){.base = s->pair.base, .link = s->pair.link,
	    .pipeline = s->pipeline, .options = &s->options, .policy = in_force, .whole = is_whole,
	    .arg = s});
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	link_pair_end(&s->pair);
	grants_free(&s->grants);
	pipeline_free(&s->pipeline);
	link_pair_close(&s->pair);
	pol_free(&s->policy);
	free(s);
	return 0;
}

static const struct session *
login(struct stage *s, uint32_t ses, const char *user, uint32_t uid)
{
	struct report r = {.magic = REPORT_MAGIC, .version = REPORT_VERSION, .kind = REPORT_OPEN,
	    .flags = REPORT_KEY_KNOWN, .pid = 9000 + ses, .uid = uid, .auid = uid, .ses = ses};

	snprintf(r.user, sizeof(r.user), "%s", user);
	snprintf(r.method, sizeof(r.method), "publickey");
	snprintf(r.key_fp, sizeof(r.key_fp), "SHA256:%s", user);
	return host_open(pipeline_host(s->pipeline), &r, rtime_now());
}

static void
answer(struct stage *s, enum result result)
{
	struct notice n = {.kind = NOTE_RESULT, .id = s->last.r.id, .result = result};

	if (s->last.r.kind == REQ_CLASSES)
		n.value = ++s->generation;
	assert_int_equal(packet_send(s->pair.monitor, &n, sizeof(n), NULL, 0), 0);
}

/* The next request, unanswered; 0: none comes. */
static unsigned
next(struct stage *s)
{
	memset(&s->last, 0, sizeof(s->last));
	for (int i = 0; i < 200; i++) {
		long n = packet_recv(s->pair.monitor, &s->last, sizeof(s->last), NULL, 0);

		if (n > 0) {
			assert_true(n >= (long)sizeof(s->last.r));
			return s->last.r.kind;
		}
		event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
		usleep(500); /* the walk pauses a millisecond between its shares */
	}
	return 0;
}

static void
expect(struct stage *s, enum request_kind kind)
{
	assert_int_equal(next(s), kind);
	answer(s, RES_OK);
}

static const struct grant *
row(const struct stage *s)
{
	return (const struct grant *)(const void *)s->last.body;
}

static void
on_ready(enum result r, void *arg)
{
	struct stage *s = arg;

	s->ready++;
	s->result = r;
}

/* The engine has read the answer. */
static void
await_ready(struct stage *s, unsigned n)
{
	for (int i = 0; i < 2000 && s->ready < n; i++) {
		event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
	assert_int_equal(s->ready, n);
}

static void
whole_renewal(struct stage *s, unsigned rows)
{
	expect(s, REQ_CLASSES);
	expect(s, REQ_PREFIXES);
	expect(s, REQ_PORTS);
	for (unsigned i = 0; i < rows; i++)
		expect(s, REQ_GRANT);
	expect(s, REQ_GRANT);
	assert_int_equal(s->last.r.ses, SES_UNSET); /* last, the fallback */
	expect(s, REQ_CLASSES_DONE);
	assert_int_equal(s->last.r.value, s->generation);
	assert_int_equal(next(s), 0);
	assert_int_equal(grants_stats(s->grants).generation, s->generation);
}

/* --- when --- */

static void
in_the_right_order(void **state)
{
	struct stage *s = *state;

	login(s, 57, "alice", 1001);
	login(s, 58, "bob", 1002);
	grants_renew(s->grants);
	whole_renewal(s, 2);
	grants_renew(s->grants);
	whole_renewal(s, 2);
	assert_int_equal(grants_stats(s->grants).installed, 6);
	assert_int_equal(grants_stats(s->grants).failed, 0);
}

static void
a_login_is_ready_when_its_row_is_in(void **state)
{
	struct stage *s = *state;

	grants_renew(s->grants);
	whole_renewal(s, 0);
	assert_true(grants_login(s->grants, login(s, 57, "alice", 1001), on_ready, s));
	assert_int_equal(next(s), REQ_GRANT);
	assert_int_equal(s->last.r.ses, 57);
	assert_int_equal(row(s)->generation, 1);
	assert_int_equal(s->ready, 0);
	answer(s, RES_OK);
	assert_int_equal(next(s), 0);
	assert_int_equal(s->ready, 1);
	assert_int_equal(s->result, RES_OK);
	assert_true(grants_login(s->grants, login(s, 58, "alice", 1001), on_ready, s));
	assert_int_equal(next(s), REQ_GRANT);
	answer(s, RES_DENIED);
	assert_int_equal(next(s), 0);
	assert_int_equal(s->result, RES_DENIED);
}

/* The old policy is no more; the new one's classes are on their way: the login waits for them. */
static void
a_login_during_a_renewal(void **state)
{
	struct stage *s = *state;

	grants_renew(s->grants);
	whole_renewal(s, 0);
	grants_renew(s->grants);
	expect(s, REQ_CLASSES);
	assert_int_equal(next(s), REQ_PREFIXES);
	assert_true(grants_login(s->grants, login(s, 57, "alice", 1001), on_ready, s));
	answer(s, RES_OK);
	expect(s, REQ_PORTS);
	expect(s, REQ_GRANT);
	assert_int_equal(s->last.r.ses, 57);
	assert_int_equal(row(s)->generation, 2);
	expect(s, REQ_GRANT); /* and once more with all the others, which may be on its way by now */
	await_ready(s, 1);
	expect(s, REQ_GRANT);
	assert_int_equal(s->last.r.ses, SES_UNSET);
	expect(s, REQ_CLASSES_DONE);
}

/* While thousands of rows are sent again, a login's own is behind no more than a window of them. */
static void
a_login_is_not_behind_thousands(void **state)
{
	struct stage *s = *state;
	unsigned rows = 0;

	for (uint32_t ses = 100; ses < 3100; ses++)
		assert_non_null(login(s, ses, "alice", 2000 + ses % 10));
	grants_renew(s->grants);
	expect(s, REQ_CLASSES);
	expect(s, REQ_PREFIXES);
	expect(s, REQ_PORTS);
	while (next(s) == REQ_GRANT)
		rows++; /* none is answered */
	assert_true(rows > 0 && rows <= 128);
	assert_true(grants_login(s->grants, login(s, 57, "alice", 1001), on_ready, s));
	assert_int_equal(next(s), REQ_GRANT);
	assert_int_equal(s->last.r.ses, 57);
	assert_int_equal(row(s)->generation, 1);
}

static void
what_fails_begins_again(void **state)
{
	struct stage *s = *state;
	struct mtime begin = mtime_now();
	unsigned kind;

	grants_renew(s->grants);
	expect(s, REQ_CLASSES);
	assert_int_equal(next(s), REQ_PREFIXES);
	assert_true(grants_login(s->grants, login(s, 57, "alice", 1001), on_ready, s));
	answer(s, RES_DENIED);
	expect(s, REQ_PORTS); /* was on its way */
	assert_int_equal(next(s), 0);
	assert_int_equal(s->ready, 1);
	assert_int_equal(s->result, RES_DENIED);
	assert_false(grants_login(s->grants, login(s, 58, "alice", 1001), on_ready, s));
	do {
		grants_tick(s->grants, rtime_now());
		kind = next(s);
	} while (kind == 0 && mtime_ms_since(mtime_now(), begin) < 60000);
	assert_int_equal(kind, REQ_CLASSES);
	assert_true(mtime_ms_since(mtime_now(), begin) >= 900);
	answer(s, RES_OK);
	expect(s, REQ_PREFIXES);
}

static void
what_is_overtaken_comes_to_nothing(void **state)
{
	struct stage *s = *state;
	struct packet old;

	login(s, 57, "alice", 1001);
	grants_renew(s->grants);
	expect(s, REQ_CLASSES);
	expect(s, REQ_PREFIXES);
	expect(s, REQ_PORTS);
	assert_int_equal(next(s), REQ_GRANT);
	old = s->last;
	grants_renew(s->grants);
	while (next(s) == REQ_GRANT)
		; /* the rest of that share */
	assert_int_equal(s->last.r.kind, REQ_CLASSES);
	answer(s, RES_OK);
	s->last = old;
	answer(s, RES_BAD);
	expect(s, REQ_PREFIXES);
	expect(s, REQ_PORTS);
	expect(s, REQ_GRANT);
	assert_int_equal(row(s)->generation, 2);
	expect(s, REQ_GRANT);
	expect(s, REQ_CLASSES_DONE);
	assert_int_equal(s->last.r.value, 2);
}

/* A session that was found has its row without new classes. */
static void
found_sessions_get_theirs(void **state)
{
	struct stage *s = *state;
	const struct endpoint none = {0};

	grants_renew(s->grants);
	whole_renewal(s, 0);
	assert_non_null(host_found(pipeline_host(s->pipeline), 60, 1001, 77, 5, none, none, rtime_now()));
	grants_again(s->grants);
	expect(s, REQ_GRANT);
	assert_int_equal(s->last.r.ses, 60);
	assert_int_equal(row(s)->login, 0);
	expect(s, REQ_GRANT);
	assert_int_equal(next(s), 0);
}

/* Who lives keeps the row he has; who comes has one at once. */
static void
rows_wait_for_what_is_known(void **state)
{
	struct stage *s = *state;

	host_found(pipeline_host(s->pipeline), 57, 1001, 900, 5, (struct endpoint){0}, (struct endpoint){0}, rtime_now());
	s->unknown = true;
	grants_renew(s->grants);
	expect(s, REQ_CLASSES);
	expect(s, REQ_PREFIXES);
	expect(s, REQ_PORTS);
	assert_int_equal(next(s), 0);
	assert_true(grants_stats(s->grants).renewing);
	assert_true(grants_login(s->grants, login(s, 58, "bob", 1002), on_ready, s));
	expect(s, REQ_GRANT);
	assert_int_equal(s->last.r.ses, 58);
	await_ready(s, 1);
	grants_again(s->grants); /* something is known, not all */
	assert_int_equal(next(s), 0);
	s->unknown = false;
	grants_tick(s->grants, rtime_now());
	for (unsigned i = 0; i < 3; i++)
		expect(s, REQ_GRANT);
	assert_int_equal(s->last.r.ses, SES_UNSET);
	expect(s, REQ_CLASSES_DONE);
	assert_int_equal(next(s), 0);
	assert_false(grants_stats(s->grants).renewing);
}

/* 2026-11-23 is a Monday: at nine alice may. */
static void
the_hour_changes_who_has_changed(void **state)
{
	struct stage *s = *state;
	struct rtime t = {.ms = 1795420740000}; /* 07:59 UTC */

	pol_free(&s->policy);
	setenv("TZ", "UTC", 1);
	s->policy = kit_policy("fleet t\nserial 1\nmode enforce\n"
			  "pass outbound-ssh user alice hours 08:00-18:00\nblock outbound-ssh user alice\n");
	login(s, 57, "alice", 1001);
	login(s, 58, "bob", 1002);
	grants_renew(s->grants);
	expect(s, REQ_CLASSES);
	while (next(s) != REQ_CLASSES_DONE)
		answer(s, RES_OK);
	answer(s, RES_OK);
	assert_int_equal(next(s), 0);
	grants_tick(s->grants, t); /* from the real now to that minute */
	while (next(s) != 0)
		answer(s, RES_OK);
	t.ms += 60000;
	grants_tick(s->grants, t);
	expect(s, REQ_GRANT);
	assert_int_equal(s->last.r.ses, 57);
	assert_int_equal(row(s)->flags & GRANTF_NO_DESTINATION, 0);
	assert_int_equal(next(s), 0);
	t.ms += 60000;
	grants_tick(s->grants, t);
	assert_int_equal(next(s), 0);
}

/* --- what --- */

static void
rows_say_what_the_policy_says(void **state)
{
	struct stage *s = *state;
	const struct class_prefix *p;
	unsigned ten = 0, backup = 0, port = 0;
	const struct class_ports *ports;

	login(s, 57, "alice", 1001);
	grants_renew(s->grants);
	expect(s, REQ_CLASSES);
	expect(s, REQ_PREFIXES);
	p = (const struct class_prefix *)(const void *)s->last.body;
	for (size_t i = 0; i < GRANT_BATCH && p[i].bits != 0; i++) {
		static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

		if (memcmp(p[i].addr, mapped, 12) != 0 || p[i].addr[12] != 10)
			continue;
		if (p[i].bits == 104)
			ten = p[i].addr_class;
		else if (p[i].bits == 128 && p[i].addr[15] == 3)
			backup = p[i].addr_class;
	}
	assert_true(ten != 0 && backup != 0 && ten != backup);
	expect(s, REQ_PORTS);
	ports = (const struct class_ports *)(const void *)s->last.body;
	for (size_t i = 0; i < GRANT_BATCH && (ports[i].lo != 0 || ports[i].hi != 0); i++)
		if (ports[i].lo <= 22 && ports[i].hi >= 22) {
			port = ports[i].port_class;
			assert_int_equal(ports[i].ssh, 1);
		}
	expect(s, REQ_GRANT);
	assert_int_equal(grant_tcp(row(s), VIA_SSH, port, ten), GRANT_DENY);
	assert_int_equal(grant_tcp(row(s), VIA_SSH, port, backup), GRANT_REPORT);
	assert_int_equal(grant_tcp(row(s), VIA_RELAY, port, backup), GRANT_DENY);
	assert_int_equal(grant_tcp(row(s), VIA_SSH, port, 0), GRANT_REPORT);
	assert_int_equal(row(s)->unix_use[SOCKET_AGENT][GRANT_OTHER], GRANT_DENY);
	assert_int_equal(row(s)->unix_use[SOCKET_AGENT][GRANT_SELF], GRANT_ALLOW);
	assert_int_equal(row(s)->unix_use[SOCKET_MUX][GRANT_OTHER], GRANT_REPORT);
	assert_int_not_equal(row(s)->login, 0);
}

static void
one_number_is_one_login(void **state)
{
	struct session a = {.auid = 1001, .key_known = true, .key_fp = "SHA256:abc"}, b = a;

	(void)state;
	assert_int_equal(grant_login_id(&a, "boot"), grant_login_id(&b, "boot"));
	b.auid = 1002;
	assert_true(grant_login_id(&a, "boot") != grant_login_id(&b, "boot"));
	b = a;
	b.key_fp[7] = 'x';
	assert_true(grant_login_id(&a, "boot") != grant_login_id(&b, "boot"));
	b.key_known = false;
	assert_int_equal(grant_login_id(&b, "boot"), 0);
}

/* A certificate's login is known by more than its key: what is not surely another login is not refused. */
static void
what_may_be_the_same_login_is_not_refused(void **state)
{
	struct pol_grant p = {.agent = {[OWNER_SAME_USER] = POL_DENY, [OWNER_OTHER] = POL_DENY}};
	struct session s = {.auid = 1001, .key_known = true, .key_fp = "SHA256:abc"};
	struct grant g;

	(void)state;
	grant_row(&p, &s, "boot", 3, &g);
	assert_int_equal(g.generation, 3);
	assert_int_equal(g.unix_use[SOCKET_AGENT][GRANT_SAME_USER], GRANT_DENY);
	s.cert = true;
	grant_row(&p, &s, "boot", 3, &g);
	assert_int_equal(g.unix_use[SOCKET_AGENT][GRANT_SAME_USER], GRANT_ALLOW);
	assert_int_equal(g.unix_use[SOCKET_AGENT][GRANT_OTHER], GRANT_DENY);
	s.cert = s.key_known = false;
	grant_row(&p, &s, "boot", 3, &g);
	assert_int_equal(g.unix_use[SOCKET_AGENT][GRANT_SAME_USER], GRANT_ALLOW);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_the_right_order),
		TEST(a_login_is_ready_when_its_row_is_in),
		TEST(a_login_during_a_renewal),
		TEST(a_login_is_not_behind_thousands),
		TEST(what_fails_begins_again),
		TEST(what_is_overtaken_comes_to_nothing),
		TEST(found_sessions_get_theirs),
		TEST(rows_wait_for_what_is_known),
		TEST(the_hour_changes_who_has_changed),
		TEST(rows_say_what_the_policy_says),
		cmocka_unit_test(one_number_is_one_login),
		cmocka_unit_test(what_may_be_the_same_login_is_not_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

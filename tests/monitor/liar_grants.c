/* Grants and their classes, as the engine says them: what is taken, and what is not. */
#include "tests/monitor/kit.h"

#include "base/proc.h"
#include "tests/unit/unit.h"

static void
a_grant_is_for_registered_sessions(void **state)
{
	struct stage_session s, unknown, glass;
	uint32_t generation = kit_classes("2222");
	const struct grant g = kit_grant(generation);

	(void)state;
	stage_session(&s, KIT_AUID, true);
	stage_session(&unknown, KIT_AUID, false);
	stage_session(&glass, STAGE_GLASS, true);
	assert_int_equal(kit_give(&s, &g), RES_OK);
	assert_int_equal(kit_give(&unknown, &g), RES_NO_SESSION);
	assert_int_equal(kit_give(&glass, &g), RES_PROTECTED);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	stage_session_end(&s);
	stage_session_end(&unknown);
	stage_session_end(&glass);
}

static void
a_grant_that_means_nothing_is_refused(void **state)
{
	struct stage_session s;
	uint32_t generation = kit_classes("2222");
	struct grant g;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	g = kit_grant(generation + 1);
	assert_int_equal(kit_give(&s, &g), RES_BAD);
	g = kit_grant(0);
	assert_int_equal(kit_give(&s, &g), RES_BAD);
	g = kit_grant(generation);
	g.tcp[VIA_RELAY][GRANT_PORTS - 1][GRANT_ADDRS / 4 - 1] = 0xc0; /* 3 is no verdict */
	assert_int_equal(kit_give(&s, &g), RES_BAD);
	g = kit_grant(generation);
	g.unix_use[SOCKET_MUX][GRANT_OTHER] = GRANT_DENY + 1;
	assert_int_equal(kit_give(&s, &g), RES_BAD);
	g = kit_grant(generation);
	g.flags = 2;
	assert_int_equal(kit_give(&s, &g), RES_BAD);
	g.flags = GRANTF_NO_DESTINATION;
	kit_deny(&g, VIA_SSH);
	assert_int_equal(kit_give(&s, &g), RES_OK);
	stage_session_end(&s);
}

static void
classes_that_mean_nothing_are_refused(void **state)
{
	uint32_t generation = kit_classes("2222");
	struct request rq = {.kind = REQ_PREFIXES, .value = generation};
	struct class_prefix p[2] = {{.bits = 128, .addr_class = GRANT_ADDRS - 1}, {.bits = 129}};
	struct class_ports ports = {.lo = 23, .hi = 22};

	(void)state;
	assert_int_equal(kit_ask_with(&rq, p, sizeof(p), NULL), RES_BAD);
	assert_int_equal(kit_ask_with(&rq, p, sizeof(*p), NULL), RES_OK);
	p->addr_class = GRANT_ADDRS;
	assert_int_equal(kit_ask_with(&rq, p, sizeof(*p), NULL), RES_BAD);
	p->addr_class = 1;
	rq.value = generation + 1;
	assert_int_equal(kit_ask_with(&rq, p, sizeof(*p), NULL), RES_BAD);
	rq.value = (uint64_t)generation | 1ull << 32;
	assert_int_equal(kit_ask_with(&rq, p, sizeof(*p), NULL), RES_BAD);
	rq = (struct request){.kind = REQ_PORTS, .value = generation};
	assert_int_equal(kit_ask_with(&rq, &ports, sizeof(ports), NULL), RES_BAD);
	ports = (struct class_ports){.lo = 22, .hi = 65535, .port_class = GRANT_PORTS};
	assert_int_equal(kit_ask_with(&rq, &ports, sizeof(ports), NULL), RES_BAD);
	ports = (struct class_ports){.lo = 22, .hi = 65535, .ssh = 2};
	assert_int_equal(kit_ask_with(&rq, &ports, sizeof(ports), NULL), RES_BAD);
	/* It is in force once, and what is in force is not changed. */
	assert_int_equal(kit_classes_done(generation + 1), RES_BAD);
	assert_int_equal(kit_classes_done(generation), RES_OK);
	assert_int_equal(kit_classes_done(generation), RES_BAD);
	rq = (struct request){.kind = REQ_PREFIXES, .value = generation};
	assert_int_equal(kit_ask_with(&rq, p, sizeof(*p), NULL), RES_BAD);
}

/* No kind has a body of another size than its own.  Few of them: each engine comes later than the last. */
static void
a_body_of_another_size_costs_the_engine_its_life(void **state)
{
	static const struct class_prefix many[GRANT_BATCH + 1];
	const struct grant two[2] = {{.generation = 1}, {.generation = 1}};
	const struct {
		uint32_t kind;
		const void *body;
		size_t n;
	} lies[] = {
		{REQ_GRANT, two, 0},
		{REQ_GRANT, two, sizeof(two)},
		{REQ_PREFIXES, many, sizeof(many)},
		{REQ_KILL, two, sizeof(*two)},
	};
	const struct request no_limit = {.kind = REQ_POLICY};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		kit_is_rubbish(&(struct request){.kind = lies[i].kind, .value = 1}, lies[i].body, lies[i].n);
	stage_send(&no_limit, sizeof(no_limit));
}

static const struct CMUnitTest tests[] = {
	kit_test(a_grant_is_for_registered_sessions),
	kit_test(a_grant_that_means_nothing_is_refused),
	kit_test(classes_that_mean_nothing_are_refused),
	kit_test(a_body_of_another_size_costs_the_engine_its_life),
};

const struct kit_tests liar_grants = {tests, sizeof(tests) / sizeof(*tests)};

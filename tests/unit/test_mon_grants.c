/* Grants in the monitor: what is sound, who lends, and which row whom the gates hold it for. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "agentd/monitor/gate.h"
#include "agentd/monitor/lenders.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/review.h"
#include "agentd/monitor/rows.h"
#include "agentd/monitor/sound.h"
#include "base/proc.h"

#define GLASS 99

/* --- a gate of arrays --------------------------------------------------------------------------------- */

#define SPACE 64

static struct {
	struct gate_row row[SPACE]; /* by ses; auid 0: none */
	uint32_t lender[SPACE];     /* by auid; SES_UNSET: none */
	uint32_t generation;
	struct gate_slots needed; /* when the last one began */
	uint32_t loans[SPACE];    /* that were written, one after the other */
	size_t nloans;
	int error; /* of gate_row_set() */
} fake;

int
gate_row_set(struct gate *g, const struct gate_row *row)
{
	(void)g;
	if (fake.error == 0)
		fake.row[row->ses] = *row;
	return fake.error;
}

int
gate_row_get(struct gate *g, uint32_t ses, struct gate_row *row)
{
	(void)g;
	*row = fake.row[ses];
	return row->auid == 0 ? -ENOENT : 0;
}

int
gate_row_drop(struct gate *g, uint32_t ses)
{
	(void)g;
	fake.row[ses] = (struct gate_row){0};
	return 0;
}

int
gate_borrow_set(struct gate *g, uint32_t auid, uint32_t ses)
{
	(void)g;
	fake.lender[auid] = ses;
	fake.loans[fake.nloans++ % SPACE] = ses;
	return 0;
}

void
gate_prune(struct gate *g, gate_known_fn *known, void *arg)
{
	(void)g;
	for (uint32_t ses = 1; ses < SPACE; ses++)
		if (fake.row[ses].auid != 0 && !known(ses, arg))
			fake.row[ses] = (struct gate_row){0};
}

int
gate_classes_begin(struct gate *g, const struct gate_slots *rows, uint32_t *generation)
{
	(void)g;
	fake.needed = *rows;
	*generation = ++fake.generation;
	return 0;
}

int
gate_classes_done(struct gate *g, uint32_t generation)
{
	(void)g;
	assert_int_equal(generation, fake.generation);
	return 0;
}

bool
protect_breakglass(const struct config *cf, const struct mon_session *s, const struct facts *f)
{
	(void)cf;
	(void)f;
	return s->auid == GLASS;
}

static unsigned dues; /* that what is connected is to be looked at again */

void
review_due(struct review *r)
{
	(void)r;
	dues++;
}

static enum mode mode = MODE_ENFORCE;

enum mode
mode_get(const struct mode_keeper *k)
{
	(void)k;
	return mode;
}

/* --- the stage ------------------------------------------------------------------------------------------ */

static struct monitor mon;

static int
set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	for (size_t i = 0; i < SPACE; i++)
		fake.lender[i] = SES_UNSET;
	mode = MODE_ENFORCE;
	mon = (struct monitor){.registry = registry_new()};
	mon.rows = rows_new(&mon);
	return mon.rows == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	rows_free(&mon.rows);
	registry_free(&mon.registry);
	return 0;
}

static struct mon_session *
session(uint32_t ses, uint32_t auid)
{
	struct mon_session *s = registry_add(mon.registry, ses, auid);

	assert_non_null(s);
	s->monitor_pid = 1000 + (pid_t)ses;
	s->start_ticks = 2000 + ses;
	s->exe_dev = 7;
	s->exe_ino = 8;
	return s;
}

static uint32_t
begin(void)
{
	uint32_t generation;

	assert_int_equal(rows_classes_begin(mon.rows, &generation), 0);
	return generation;
}

static struct grant
denying(uint32_t generation)
{
	struct grant g = {.generation = generation};

	g.tcp[VIA_RELAY][3][5] = GRANT_DENY << 4;
	return g;
}

static bool
row_denies(uint32_t ses)
{
	return fake.row[ses].auid != 0 && grant_denies(&fake.row[ses].grant);
}

/* --- sound ---------------------------------------------------------------------------------------------- */

static void
every_verdict_is_looked_at(void **state)
{
	struct grant g = {0};

	(void)state;
	assert_true(sound_grant(&g));
	assert_false(grant_denies(&g));
	for (size_t i = 0; i < sizeof(g.tcp); i++)
		for (unsigned shift = 0; shift < 8; shift += 2)
			for (unsigned v = 0; v < 4; v++) {
				(&g.tcp[0][0][0])[i] = (uint8_t)(v << shift);
				assert_int_equal(sound_grant(&g), v != 3);
				assert_int_equal(grant_denies(&g), v >= 2);
				(&g.tcp[0][0][0])[i] = 0;
			}
	for (size_t i = 0; i < sizeof(g.unix_use); i++)
		for (unsigned v = 0; v < 256; v++) {
			(&g.unix_use[0][0])[i] = (uint8_t)v;
			assert_int_equal(sound_grant(&g), v <= 2);
			assert_int_equal(grant_denies(&g), v >= 2 ? 1 : 0);
			(&g.unix_use[0][0])[i] = 0;
		}
	g.flags = GRANTF_NO_DESTINATION;
	assert_true(sound_grant(&g) && grant_denies(&g));
	g.flags = 2;
	assert_false(sound_grant(&g));
}

/* Neighbours in a byte: 2 beside 1 is no 3. */
static void
verdicts_do_not_run_together(void **state)
{
	struct grant g = {0};

	(void)state;
	memset(g.tcp, 0x99, sizeof(g.tcp));
	assert_true(sound_grant(&g));
	memset(g.tcp, 0x66, sizeof(g.tcp));
	assert_true(sound_grant(&g));
	memset(g.tcp, 0x55, sizeof(g.tcp));
	assert_true(sound_grant(&g));
	assert_false(grant_denies(&g));
}

static void
classes_have_bounds(void **state)
{
	struct class_prefix p[2] = {{.bits = 128, .addr_class = 63}, {.bits = 0}};
	struct class_ports ports = {.lo = 0, .hi = 65535, .port_class = 7, .ssh = 1};

	(void)state;
	assert_true(sound_prefixes(p, 2));
	p[1].bits = 129;
	assert_true(sound_prefixes(p, 1));
	assert_false(sound_prefixes(p, 2));
	p[1] = (struct class_prefix){.addr_class = 64};
	assert_false(sound_prefixes(p, 2));
	p[1] = (struct class_prefix){.pad = 1};
	assert_false(sound_prefixes(p, 2));
	assert_true(sound_ports(&ports, 1));
	ports.port_class = 8;
	assert_false(sound_ports(&ports, 1));
	ports = (struct class_ports){.lo = 1, .hi = 0};
	assert_false(sound_ports(&ports, 1));
	ports = (struct class_ports){.ssh = 2};
	assert_false(sound_ports(&ports, 1));
}

/* --- lenders -------------------------------------------------------------------------------------------- */

/* Of whom refuses most, the newest. */
static uint32_t
first_of(const uint32_t weight[32])
{
	uint32_t first = SES_UNSET;

	for (uint32_t ses = 0; ses < 32; ses++)
		if (weight[ses] != 0 && (first == SES_UNSET || weight[ses] >= weight[first]))
			first = ses;
	return first;
}

static void
who_refuses_most_lends(void **state)
{
	struct lenders *all = lenders_new();
	static uint32_t model[8][32]; /* auid, ses → weight; 0: none */
	unsigned seed = 3;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct lender l = {.auid = (uint32_t)rand_r(&seed) % 8, .ses = (uint32_t)rand_r(&seed) % 32};
		uint32_t *weight = &model[l.auid][l.ses];

		l.weight = *weight;
		lenders_remove(all, &l); /* or it was never there */
		l.weight = *weight = (uint32_t)rand_r(&seed) % 4;
		if (l.weight != 0)
			assert_true(lenders_add(all, &l) && lenders_add(all, &l));
		assert_int_equal(lenders_first(all, l.auid), first_of(model[l.auid]));
	}
	lenders_free(&all);
	assert_null(all);
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static void
a_row_says_what_the_registry_knows(void **state)
{
	struct mon_session *s = session(5, 10);
	const struct grant g = denying(begin());

	(void)state;
	assert_int_equal(rows_grant(mon.rows, s, &g), 0);
	assert_int_equal(fake.row[5].auid, 10);
	assert_int_equal(fake.row[5].sshd_pid, 1005);
	assert_int_equal(fake.row[5].sshd_start, 2005);
	assert_int_equal(fake.row[5].sshd_dev, 7);
	assert_int_equal(fake.row[5].sshd_ino, 8);
	assert_memory_equal(&fake.row[5].grant, &g, sizeof(g));
	assert_int_equal(rows_grant(mon.rows, session(6, GLASS), &g), -EPERM);
	assert_int_equal(fake.row[6].auid, 0);
	assert_int_equal(rows_flag(mon.rows, registry_get(mon.registry, 6), GATEROW_ISOLATED), -EPERM);
	fake.error = -E2BIG;
	assert_int_equal(rows_grant(mon.rows, session(7, 10), &g), -E2BIG);
	assert_int_equal(fake.lender[10], 5);
}

/* Who had the fallback grant, because nobody had said more of him; and nobody else. */
static void
a_grant_after_the_fallback_is_a_reason_to_look(void **state)
{
	struct mon_session *s = session(5, 10), *other = session(6, 11);
	struct grant g = {.generation = begin()};
	const struct grant deny = denying(g.generation);

	(void)state;
	dues = 0;
	rows_keep_fallback(mon.rows, &g);
	g.login = 1;
	assert_int_equal(rows_grant(mon.rows, other, &g), 0);
	assert_int_equal(rows_classes_done(mon.rows), 0);
	assert_int_equal(rows_grant(mon.rows, other, &deny), 0);
	assert_int_equal(rows_grant(mon.rows, session(7, 12), &deny), 0);
	assert_int_equal(dues, 0);
	assert_int_equal(rows_grant(mon.rows, s, &deny), 0);
	assert_int_equal(dues, 1);
	assert_int_equal(rows_grant(mon.rows, s, &g), 0);
	assert_int_equal(dues, 1);
}

static void
who_lends_follows_the_sessions(void **state)
{
	const uint32_t generation = begin();
	const struct grant deny = denying(generation), allow = {.generation = generation};
	struct mon_session *s = session(5, 10);

	(void)state;
	assert_int_equal(rows_grant(mon.rows, s, &allow), 0);
	assert_int_equal(fake.lender[10], SES_UNSET);
	assert_int_equal(rows_grant(mon.rows, s, &deny), 0);
	assert_int_equal(fake.lender[10], 5);
	assert_int_equal(rows_grant(mon.rows, session(9, 10), &deny), 0);
	assert_int_equal(rows_grant(mon.rows, session(7, 10), &deny), 0);
	assert_int_equal(fake.lender[10], 9);
	registry_over(mon.registry, registry_get(mon.registry, 9));
	assert_int_equal(fake.lender[10], 7);
	assert_true(row_denies(9)); /* it may revive, and is never without */
	(void)registry_touch(mon.registry, registry_get(mon.registry, 9));
	assert_int_equal(fake.lender[10], 9);
	registry_remove(mon.registry, 9);
	assert_int_equal(fake.lender[10], 7);
	assert_int_equal(fake.row[9].auid, 0);
	assert_int_equal(rows_grant(mon.rows, registry_get(mon.registry, 7), &allow), 0);
	assert_int_equal(fake.lender[10], 5);
	assert_int_equal(rows_grant(mon.rows, registry_get(mon.registry, 5), &allow), 0);
	assert_int_equal(fake.lender[10], SES_UNSET);
	/* Whoever is isolated lends that. */
	assert_int_equal(rows_flag(mon.rows, registry_get(mon.registry, 5), GATEROW_ISOLATED), 0);
	assert_int_equal(fake.lender[10], 5);
}

static void
who_may_least_lends(void **state)
{
	struct grant little = denying(begin()), more = little;
	struct mon_session *first = session(5, 10), *second = session(6, 10);

	(void)state;
	more.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
	assert_int_equal(rows_grant(mon.rows, first, &more), 0);
	assert_int_equal(rows_grant(mon.rows, second, &little), 0);
	assert_int_equal(fake.lender[10], 5);
	more.tcp[VIA_SSH][0][0] = GRANT_DENY | GRANT_DENY << 2;
	assert_int_equal(rows_grant(mon.rows, second, &more), 0);
	assert_int_equal(fake.lender[10], 6);
	assert_int_equal(rows_grant(mon.rows, second, &little), 0);
	assert_int_equal(fake.lender[10], 5);
	assert_int_equal(rows_flag(mon.rows, second, GATEROW_ISOLATED), 0);
	assert_int_equal(fake.lender[10], 6);
	rows_mode(mon.rows, MODE_AUDIT);
	assert_int_equal(fake.lender[10], 5);
	registry_over(mon.registry, first);
	assert_int_equal(fake.lender[10], 6);
}

static void
flags_outlive_grants_and_roots_outlive_the_mode(void **state)
{
	struct mon_session *s = session(5, 10), *by_root;
	const struct grant g = {.generation = begin()};
	const uint32_t order = GATEROW_REVOKED | GATEROW_REVOKED_ORDER;

	(void)state;
	assert_int_equal(rows_flag(mon.rows, s, GATEROW_ISOLATED), 0);
	assert_int_equal(fake.row[5].flags, GATEROW_ISOLATED);
	assert_int_equal(rows_grant(mon.rows, s, &g), 0);
	assert_int_equal(fake.row[5].flags, GATEROW_ISOLATED);
	by_root = session(6, 11);
	assert_int_equal(rows_flag(mon.rows, by_root, order), 0);
	assert_int_equal(rows_flag(mon.rows, by_root, GATEROW_ISOLATED), 0);
	rows_mode(mon.rows, MODE_ENFORCE);
	assert_int_equal(fake.row[5].flags, GATEROW_ISOLATED);
	rows_mode(mon.rows, MODE_AUDIT);
	assert_int_equal(fake.row[5].flags, 0);
	assert_int_equal(fake.row[6].flags, order);
	assert_int_equal(fake.lender[10], SES_UNSET);
	assert_int_equal(fake.lender[11], 6);
}

static void
a_login_without_an_answer_has_the_fallback(void **state)
{
	const uint32_t generation = begin();
	const struct grant deny = denying(generation), allow = {.generation = generation};

	(void)state;
	(void)session(5, 10);
	assert_int_equal(rows_fall_back(mon.rows, 5), 0);
	assert_int_equal(fake.row[5].auid, 0); /* no policy was ever heard of */
	rows_keep_fallback(mon.rows, &deny);
	assert_int_equal(rows_classes_done(mon.rows), 0);
	assert_true(row_denies(5));
	(void)session(6, 10);
	assert_int_equal(rows_fall_back(mon.rows, 6), 0);
	assert_true(row_denies(6));
	assert_int_equal(rows_grant(mon.rows, session(7, 10), &allow), 0);
	assert_int_equal(rows_fall_back(mon.rows, 7), 0);
	assert_false(row_denies(7));
	(void)session(8, GLASS);
	assert_int_equal(rows_fall_back(mon.rows, 8), -EPERM);
	assert_int_equal(rows_fall_back(mon.rows, 60), 0);
	assert_int_equal(rows_fall_back(mon.rows, SES_UNSET), 0);
}

static void
a_generation_leaves_nobody_behind(void **state)
{
	uint32_t first = begin(), second, third;
	struct grant deny = denying(first), allow = {.generation = first};

	(void)state;
	assert_true(rows_making(mon.rows, first) && rows_knows(mon.rows, first));
	assert_false(rows_making(mon.rows, 0) || rows_knows(mon.rows, 0) || rows_knows(mon.rows, first + 1));
	assert_int_equal(rows_grant(mon.rows, session(5, 10), &allow), 0);
	assert_int_equal(rows_grant(mon.rows, session(6, 11), &allow), 0);
	rows_keep_fallback(mon.rows, &deny);
	assert_int_equal(rows_classes_done(mon.rows), 0);
	assert_true(rows_knows(mon.rows, first) && !rows_making(mon.rows, first));
	/* Half way through the next the engine is another one: 5 has what it had, 7 had nothing. */
	second = begin();
	deny.generation = allow.generation = second;
	assert_int_equal(rows_grant(mon.rows, registry_get(mon.registry, 5), &deny), 0);
	assert_int_equal(rows_grant(mon.rows, session(7, 12), &allow), 0);
	third = begin();
	assert_false(rows_knows(mon.rows, second));
	assert_false(row_denies(5));
	assert_int_equal(fake.row[5].grant.generation, first);
	assert_true(row_denies(7));
	assert_int_equal(fake.row[7].grant.generation, first);
	assert_false(row_denies(6));
	assert_int_equal(fake.row[6].grant.generation, first);
	/* Nobody says what the fallback of the third is: all may be done. */
	assert_int_equal(rows_classes_done(mon.rows), 0);
	assert_false(row_denies(5) || row_denies(6) || row_denies(7));
	assert_int_equal(fake.row[5].grant.generation, third);
	assert_int_equal(fake.row[6].grant.generation, third);
}

static void
rows_of_a_daemon_before_are_taken_over(void **state)
{
	const struct grant deny = denying(3);

	(void)state;
	fake.row[5] = (struct gate_row){.grant = deny, .ses = 5, .auid = 10, .sshd_pid = 1,
	    .flags = GATEROW_ISOLATED | GATEROW_ISOLATED_ORDER};
	fake.row[6] = (struct gate_row){.grant = deny, .ses = 6, .auid = 10, .flags = GATEROW_REVOKED};
	fake.row[7] = (struct gate_row){.grant = deny, .ses = 7, .auid = 11};
	fake.row[8] = (struct gate_row){.grant = deny, .ses = 8, .auid = GLASS};
	(void)session(5, 10);
	(void)session(6, 10);
	(void)session(8, GLASS);
	mode = MODE_AUDIT;
	rows_adopt(mon.rows);
	assert_true(row_denies(5) && row_denies(6));
	assert_int_equal(fake.row[5].sshd_pid, 1005);
	assert_int_equal(fake.row[5].flags, GATEROW_ISOLATED | GATEROW_ISOLATED_ORDER);
	assert_int_equal(fake.row[6].flags, 0);
	assert_int_equal(fake.row[7].auid, 0);
	assert_int_equal(fake.row[8].auid, 0);
	assert_int_equal(fake.lender[10], 5); /* isolated */
}

/* Half made by that daemon, or by one before it: a new one begins beside them, until it is in force alone. */
static void
generations_of_a_daemon_before_are_needed(void **state)
{
	const uint32_t generation[] = {0, 3, 4, 4 + GATE_SLOTS};

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		fake.row[i] = (struct gate_row){.grant = denying(generation[i]), .ses = i, .auid = 10};
		(void)session(i, 10);
	}
	fake.generation = 20;
	rows_adopt(mon.rows);
	(void)begin();
	assert_int_equal(fake.needed.of[3], 3);
	assert_int_equal(fake.needed.of[4], 4 + GATE_SLOTS);
	assert_int_equal(__builtin_popcount(gate_slots_mask(&fake.needed)), 2);
	assert_int_equal(rows_classes_done(mon.rows), 0);
	(void)begin();
	assert_int_equal(gate_slots_mask(&fake.needed), 1u << gate_slot(21));
}

/* The engine died in the first renewal of all: who logged in meanwhile keeps what he was granted. */
static void
before_the_first_policy_nobody_is_freed(void **state)
{
	const struct grant deny = denying(3);
	struct grant half;

	(void)state;
	fake.row[5] = (struct gate_row){.grant = deny, .ses = 5, .auid = 10};
	(void)session(5, 10);
	rows_adopt(mon.rows);
	fake.generation = 20;
	half = denying(begin());
	assert_int_equal(rows_grant(mon.rows, registry_get(mon.registry, 5), &half), 0);
	assert_int_equal(rows_grant(mon.rows, session(6, 11), &half), 0);
	(void)begin();
	assert_true(row_denies(5) && row_denies(6));
	assert_int_equal(fake.row[5].grant.generation, 3);
	assert_int_equal(fake.row[6].grant.generation, half.generation);
	assert_int_equal(fake.needed.of[gate_slot(half.generation)], half.generation);
}

/* Not for a moment does one lend who refuses less. */
static void
who_lent_before_lends_on(void **state)
{
	struct grant more = denying(3);

	(void)state;
	more.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
	for (uint32_t ses = 5; ses <= 7; ses++) {
		fake.row[ses] = (struct gate_row){.grant = ses == 6 ? more : denying(3), .ses = ses, .auid = 10};
		(void)session(ses, 10);
	}
	fake.row[8] = (struct gate_row){.grant.generation = 3, .ses = 8, .auid = 11};
	(void)session(8, 11);
	fake.lender[10] = 6;
	fake.lender[11] = 8; /* and does not any more */
	rows_adopt(mon.rows);
	assert_true(fake.nloans > 0);
	for (size_t i = 0; i < fake.nloans; i++)
		assert_true(fake.loans[i] == 6 || fake.loans[i] == SES_UNSET);
	assert_int_equal(fake.lender[10], 6);
	assert_int_equal(fake.lender[11], SES_UNSET);
}

#define staged(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_is_looked_at),
		cmocka_unit_test(verdicts_do_not_run_together),
		cmocka_unit_test(classes_have_bounds),
		cmocka_unit_test(who_refuses_most_lends),
		staged(a_row_says_what_the_registry_knows),
		staged(a_grant_after_the_fallback_is_a_reason_to_look),
		staged(who_lends_follows_the_sessions),
		staged(who_may_least_lends),
		staged(flags_outlive_grants_and_roots_outlive_the_mode),
		staged(a_login_without_an_answer_has_the_fallback),
		staged(a_generation_leaves_nobody_behind),
		staged(rows_of_a_daemon_before_are_taken_over),
		staged(generations_of_a_daemon_before_are_needed),
		staged(before_the_first_policy_nobody_is_freed),
		staged(who_lent_before_lends_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

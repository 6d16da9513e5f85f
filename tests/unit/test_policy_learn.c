/*
 * What is learned of random histories: all that was observed passes, no rule can go, and nothing else passes but by
 * the joins that the manual names.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/policy_learn.h"

#define FACT(f) (1u << (f))

#define USERS  9
#define HISTORIES 60
#define SEEN   120

static const char *const names[USERS] = {"alice", "bob", "carol", "dave", "eve", "to", "o'hara", "x y", "star*"};

/* --- a small deterministic source of chance --------------------------------------------------------- */

static uint64_t chance;

static unsigned
below(unsigned n)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (unsigned)(chance % n);
}

/* --- histories ---------------------------------------------------------------------------------------- */

static struct asked history[SEEN];

/* Groups: users 0 to 2 are dba and staff, 3 and 4 staff; from 5 on none is known. */
static void
put_groups(struct asked *a, unsigned user)
{
	if (user >= 5)
		return;
	a->groups[0] = BYTES_LIT("staff");
	a->groups[1] = BYTES_LIT("dba");
	a->q.groups = a->groups;
	a->q.ngroups = user < 3 ? 2 : 1;
	a->q.known |= FACT(QF_GROUP);
}

static struct addr
address(unsigned kind)
{
	struct addr a;
	char text[ADDR_STRLEN];

	if (kind < 8)
		(void)snprintf(text, sizeof(text), "10.%u.%u.%u", below(2), below(2), below(12));
	else if (kind < 9)
		(void)snprintf(text, sizeof(text), "10.0.0.%u", below(256));
	else
		(void)snprintf(text, sizeof(text), "2001:db8::%x:%x", below(2), below(6));
	assert_true(addr_parse(bytes_of(text), &a));
	return a;
}

static void
put_place(struct asked *a)
{
	struct question *q = &a->q;

	if (q->activity == ACT_LOGIN) {
		q->origin = address(below(8));
		q->known |= FACT(QF_ORIGIN) | FACT(QF_TO) | FACT(QF_PORT) | FACT(QF_OWNER);
		return;
	}
	if (learn_wants(q->activity) & WANT_OWNER) {
		q->owner = (enum owner)(OWNER_SELF + below(3));
		q->known |= FACT(QF_OWNER);
		return;
	}
	if ((learn_wants(q->activity) & WANT_TO) == 0)
		return;
	if (below(20) == 0)
		return; /* not known where to */
	q->to_kind = below(10) == 0 ? TO_SELF : TO_ADDR;
	q->to_addr = address(below(10));
	if (q->to_kind == TO_SELF)
		assert_true(addr_parse(BYTES_LIT("192.0.2.1"), &q->to_addr));
	q->port = below(4) == 0 ? 2222 : 22;
	q->known |= FACT(QF_TO) | FACT(QF_PORT);
}

static void
put_key(struct asked *a, unsigned user)
{
	static const char *const keys[] = {"SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "SHA256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"};

	a->q.key = bytes_of(keys[user == 1 ? below(2) : 0]);
	a->q.known |= FACT(QF_KEY);
}

static void
make_history(unsigned seed)
{
	static const enum activity activities[] = {ACT_LOGIN, ACT_OUTBOUND_SSH, ACT_OUTBOUND_SSH, ACT_OUTBOUND_SSH,
	    ACT_RELAY, ACT_AGENT_USE, ACT_SESSION_BRIDGE, ACT_AGENT_HIJACK};

	chance = 0x9e3779b97f4a7c15u + seed;
	for (unsigned i = 0; i < SEEN; i++) {
		struct asked *a = &history[i];
		unsigned user = below(USERS);

		memset(a, 0, sizeof(*a));
		a->count = 1 + below(3);
		a->calm = below(12) != 0;
		a->q.activity = activities[below(8)];
		a->q.user = bytes_of(names[user]);
		a->q.time.ms = 1795309323456 + (int64_t)below(1000000);
		a->q.known = FACT(QF_USER) | FACT(QF_TIME);
		put_groups(a, user);
		put_key(a, user);
		put_place(a);
	}
}

/* What learn is to make rules of. */
static bool
is_kept(const struct asked *a)
{
	return a->calm && a->q.activity != ACT_AGENT_HIJACK && !bytes_is(a->q.user, "star*") &&
	    ((learn_wants(a->q.activity) & WANT_TO) == 0 || a->q.to_kind != TO_NONE);
}

/* --- learning ------------------------------------------------------------------------------------------ */

static void
learn_text_of(const struct learn_options *o, struct buf *out)
{
	struct learn l;
	const struct learn_show show = {.learn = &l, .source = "a test", .now = {.ms = 1795309323456}};

	assert_true(learn_begin(&l, o));
	for (unsigned i = 0; i < SEEN; i++)
		learn_see(&l, &history[i]);
	assert_true(o->exact || learn_join(&l));
	assert_true(learn_rules(&l));
	assert_int_equal(l.lost, 0);
	learn_text(&show, out);
	assert_true(buf_ok(out));
	learn_end(&l);
}

static struct policy *
parse(struct bytes text)
{
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *p = pol_parse("learned", text, NULL, &diag, &errors);

	if (p == NULL)
		fail_msg("%s\n%.*s", diag.p, (int)text.n, text.p);
	buf_free(&diag);
	return p;
}

static bool
passes(const struct policy *p, const struct question *q)
{
	struct decision d;

	pol_ask(p, q, &d);
	return d.action == DO_PASS && !d.undetermined;
}

static void
assert_kept(const struct policy *p)
{
	for (unsigned i = 0; i < SEEN; i++)
		if (is_kept(&history[i]) && !passes(p, &history[i].q)) {
			struct buf words = BUF_INIT;

			question_print(&history[i].q, &words);
			fail_msg("not kept: %s", words.p);
		}
}

static bool
all_kept(const struct policy *p)
{
	for (unsigned i = 0; i < SEEN; i++)
		if (is_kept(&history[i]) && !passes(p, &history[i].q))
			return false;
	return true;
}

/* Without the rule that begins there. */
static void
assert_needed(const struct buf *text, const char *rule)
{
	const char *end = strchr(rule, '\n');
	struct buf rest = BUF_INIT;
	struct policy *p;

	assert_non_null(end);
	buf_put(&rest, text->p, (size_t)(rule - text->p));
	buf_puts(&rest, end);
	p = parse(buf_bytes(&rest));
	if (all_kept(p))
		fail_msg("this can go: %.*s\nof:\n%s", (int)(end - rule), rule, text->p);
	pol_free(&p);
	buf_free(&rest);
}

static void
assert_minimal(const struct buf *text)
{
	for (const char *line = text->p; line != NULL && *line != '\0';) {
		if (strncmp(line, "pass ", 5) == 0)
			assert_needed(text, line);
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
}

/* --- what may pass though nobody did it ------------------------------------------------------------------ */

static struct addr
place(const struct question *q)
{
	return q->activity == ACT_LOGIN ? q->origin : q->to_addr;
}

static bool by_key;

static bool
same_kind(const struct question *x, const struct question *y)
{
	return (!by_key || bytes_eq(x->key, y->key)) && x->activity == y->activity && x->port == y->port &&
	    x->owner == y->owner && x->to_kind == y->to_kind;
}

static bool
was_seen(const struct question *q, struct bytes user)
{
	for (unsigned i = 0; i < SEEN; i++) {
		const struct question *h = &history[i].q;

		if (is_kept(&history[i]) && bytes_eq(h->user, user) && same_kind(h, q) &&
		    ((learn_wants(q->activity) & (WANT_TO | WANT_ORIGIN)) == 0 || q->to_kind == TO_SELF ||
			addr_eq(place(h), place(q))))
			return true;
	}
	return false;
}

/* Different addresses of the network that this user was seen to reach so. */
static unsigned
neighbours(const struct question *q, struct bytes user, unsigned bits)
{
	struct addr seen[SEEN];
	struct prefix net = {.addr = place(q), .bits = (uint8_t)bits};
	unsigned n = 0;

	for (unsigned b = bits; b < 128; b++)
		net.addr.b[b / 8] &= (uint8_t)~(0x80u >> b % 8);
	for (unsigned i = 0; i < SEEN; i++) {
		const struct question *h = &history[i].q;
		bool known = false;

		if (!is_kept(&history[i]) || !bytes_eq(h->user, user) || !same_kind(h, q) ||
		    !prefix_has(net, place(h)))
			continue;
		for (unsigned k = 0; k < n; k++)
			known = known || addr_eq(seen[k], place(h));
		if (!known)
			seen[n++] = place(h);
	}
	return n;
}

static bool
may_be_joined(const struct question *q, struct bytes user)
{
	if (q->to_kind == TO_SELF || (learn_wants(q->activity) & (WANT_TO | WANT_ORIGIN)) == 0)
		return false;
	if (place(q).family == 6)
		return neighbours(q, user, LEARN_BITS6) >= LEARN_JOIN;
	for (unsigned bits = LEARN_BITS4; bits < 31; bits++) {
		unsigned n = neighbours(q, user, bits);

		if (n >= LEARN_JOIN && n * LEARN_JOIN_PART >= 1u << (32 - bits))
			return true;
	}
	return false;
}

static bool
did(const struct question *q, struct bytes user, bool exact)
{
	return was_seen(q, user) || (!exact && may_be_joined(q, user));
}

/* Or all members of a group of this user did it. */
static bool
is_sound(const struct question *q, bool exact)
{
	bool dba = true;

	if (did(q, q->user, exact))
		return true;
	for (unsigned u = 0; u < 3; u++)
		dba = dba && did(q, bytes_of(names[u]), exact);
	return dba && !exact && q->ngroups == 2;
}

static void
assert_sound(const struct policy *p, bool exact)
{
	for (unsigned i = 0; i < 4000; i++) {
		struct asked a = {.calm = true};
		unsigned user = below(USERS);

		a.q.activity = history[below(SEEN)].q.activity;
		a.q.user = bytes_of(names[user]);
		a.q.known = FACT(QF_USER) | FACT(QF_TIME);
		put_groups(&a, user);
		put_key(&a, user);
		put_place(&a);
		if (passes(p, &a.q) && !is_sound(&a.q, exact)) {
			struct buf words = BUF_INIT, text = BUF_INIT;

			question_print(&a.q, &words);
			pol_print(p, &text);
			fail_msg("nobody did: %s\n%s", words.p, text.p);
		}
	}
}

static void
a_history_is_kept_and_no_more(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= HISTORIES; seed++) {
		const struct learn_options o = {.exact = seed % 3 == 0, .by_key = seed % 4 == 0};
		struct buf text = BUF_INIT;
		struct policy *p;

		by_key = o.by_key;
		make_history(seed);
		learn_text_of(&o, &text);
		p = parse(buf_bytes(&text));
		assert_kept(p);
		assert_minimal(&text);
		assert_sound(p, o.exact);
		pol_free(&p);
		buf_free(&text);
	}
}

/* --- one by one ---------------------------------------------------------------------------------------------- */

static void
see_asked(struct learn *l, const char *session, const char *user, const char *to, unsigned n, bool group)
{
	struct asked a = {.calm = true, .count = 1, .session = bytes_of(session)};
	char text[ADDR_STRLEN];

	a.q = (struct question){.activity = ACT_OUTBOUND_SSH, .user = bytes_of(user), .to_kind = TO_ADDR, .port = 22,
	    .known = FACT(QF_USER) | FACT(QF_TO) | FACT(QF_PORT)};
	if (group) {
		a.groups[0] = BYTES_LIT("ops");
		a.q.groups = a.groups;
		a.q.ngroups = 1;
		a.q.known |= FACT(QF_GROUP);
	}
	(void)snprintf(text, sizeof(text), "%s%u", to, n);
	assert_true(addr_parse(bytes_of(text), &a.q.to_addr));
	learn_see(l, &a);
}

static void
see(struct learn *l, const char *user, const char *to, unsigned n, bool group)
{
	see_asked(l, "", user, to, n, group);
}

static void
see_in(struct learn *l, const char *session, const char *user, const char *to, unsigned n)
{
	see_asked(l, session, user, to, n, false);
}

static void
rules_of(struct learn *l, struct buf *out)
{
	const struct learn_show show = {.learn = l, .source = "a test"};

	assert_true((l->options.exact || learn_join(l)) && learn_rules(l));
	learn_text(&show, out);
	learn_end(l);
}

static void
assert_in(const struct buf *text, const char *want)
{
	if (strstr(text->p, want) == NULL)
		fail_msg("'%s' is not in:\n%s", want, text->p);
}

static void
neighbours_are_joined(void **state)
{
	struct learn l;
	struct buf text = BUF_INIT;

	(void)state;
	assert_true(learn_begin(&l, &(struct learn_options){0}));
	for (unsigned i = 1; i <= 7; i++)
		see(&l, "alice", "10.0.0.", i, false);
	for (unsigned i = 0; i < 3; i++)
		see(&l, "bob", "10.0.0.", i, false);
	for (unsigned i = 1; i <= 4; i++)
		see(&l, "carol", "2001:db8::", i, false);
	for (unsigned i = 0; i < 4; i++)
		see(&l, "dave", "10.0.0.", i * 10, false);
	rules_of(&l, &text);
	assert_in(&text, "pass outbound-ssh user alice to 10.0.0.0/29 port 22\n");
	assert_in(&text, "pass outbound-ssh user bob to { 10.0.0.0, 10.0.0.1, 10.0.0.2 } port 22\n");
	assert_in(&text, "pass outbound-ssh user carol to 2001:db8::/64 port 22\n");
	assert_in(&text, "pass outbound-ssh user dave to { 10.0.0.0, 10.0.0.10, 10.0.0.20, 10.0.0.30 } port 22\n");
	assert_in(&text, "7 times by 1 user; addresses joined\n");
	buf_free(&text);
}

static void
a_group_stands_for_all_that_were_seen_of_it(void **state)
{
	struct learn l;
	struct buf text = BUF_INIT;

	(void)state;
	for (unsigned with = 0; with < 2; with++) {
		assert_true(learn_begin(&l, &(struct learn_options){0}));
		see(&l, "alice", "10.0.0.", 1, true);
		see(&l, "bob", "10.0.0.", 1, true);
		see(&l, "carol", "10.0.0.", 1, true);
		if (with > 0)
			see(&l, "dave", "10.0.0.", 2, true);
		rules_of(&l, &text);
		assert_in(&text, with > 0 ? "pass outbound-ssh user { alice, bob, carol } to 10.0.0.1 port 22\n" :
		                            "pass outbound-ssh group ops to 10.0.0.1 port 22\n");
		buf_reset(&text);
	}
	/* Nor does it where one of them was once seen without his groups: the rule would not keep that. */
	assert_true(learn_begin(&l, &(struct learn_options){0}));
	see(&l, "alice", "10.0.0.", 1, true);
	see(&l, "bob", "10.0.0.", 1, true);
	see(&l, "carol", "10.0.0.", 1, true);
	see(&l, "carol", "10.0.0.", 1, false);
	rules_of(&l, &text);
	assert_in(&text, "user { alice, bob, carol }");
	buf_free(&text);
}

static void
long_lists_are_tables_and_seldom_things_comments(void **state)
{
	static const char *const seldom[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
	struct learn l;
	struct buf text = BUF_INIT;
	struct policy *p;

	(void)state;
	assert_true(learn_begin(&l, &(struct learn_options){.exact = true, .min = 2}));
	for (unsigned i = 0; i < 20; i++)
		see(&l, "alice", "10.0.0.", i % 10 * 3, false);
	see(&l, "alice\nblock any # \\", "10.0.0.", 1, false);
	see(&l, "eve\nblock any", "10.0.0.", 1, false);
	for (unsigned i = 0; i < 12; i++)
		see(&l, seldom[i], "10.0.0.", 77, false);
	l.options.min = 13;
	rules_of(&l, &text);
	assert_in(&text, "# pass outbound-ssh user { a, b, c, d, e, f, g, h, i, j, k, l } to 10.0.0.77 port 22\n");
	assert_null(strstr(text.p, "users-"));
	assert_in(&text, "table <to-1> {\n\t10.0.0.0, 10.0.0.3,");
	assert_in(&text, "pass outbound-ssh user alice to <to-1> port 22\n");
	assert_in(&text, "; seldom, not in force\n# pass outbound-ssh user \"eve\\x0ablock any\" to 10.0.0.1 port 22\n");
	assert_in(&text, "a policy would take the user's name for a pattern\n");
	p = parse(buf_bytes(&text));
	assert_int_equal(pol_nrules(p), 1);
	pol_free(&p);
	buf_free(&text);
}

/* A log tells it behind what was seen; the same things of another session are learned as often as they were seen there. */
static void
sessions_whose_case_alerted_are_left_out(void **state)
{
	struct learn l;
	struct buf text = BUF_INIT;

	(void)state;
	assert_true(learn_begin(&l, &(struct learn_options){.late = true}));
	for (unsigned i = 0; i < 5; i++)
		see_in(&l, i == 1 || i == 2 ? "7" : i == 3 ? "8" : "9", "alice", "10.0.0.", 1);
	see_in(&l, "7", "alice", "10.0.0.", 2);
	learn_alerted(&l, BYTES_LIT("7"));
	assert_true(learn_settle(&l));
	assert_int_equal(l.learned, 3);
	rules_of(&l, &text);
	assert_in(&text, ": 3 of 6 observations.\n");
	assert_in(&text, "# 3 times by 1 user\npass outbound-ssh user alice to 10.0.0.1 port 22\n");
	assert_in(&text, "#   2 times outbound-ssh user alice to 10.0.0.1 port 22: the case of its session alerted");
	assert_in(&text, "#   1 time outbound-ssh user alice to 10.0.0.2 port 22: the case of its session alerted");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_history_is_kept_and_no_more),
		cmocka_unit_test(neighbours_are_joined),
		cmocka_unit_test(a_group_stands_for_all_that_were_seen_of_it),
		cmocka_unit_test(long_lists_are_tables_and_seldom_things_comments),
		cmocka_unit_test(sessions_whose_case_alerted_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

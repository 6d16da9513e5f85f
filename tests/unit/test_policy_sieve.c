/*
 * What pol_ask() finds with sieves against a plain walk over all rules, first match first, written here: random
 * policies with every kind of condition, blocks, ends and lines before the file's own, and questions with
 * facts that are not known, absent, or known in part (seeded).  Every field of a decision counts.
 */
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/sieve.h"

#define BIT(f)     (1u << (f))
#define PICK(list) (list)[(size_t)rand() % (sizeof(list) / sizeof((list)[0]))]

/* --- values: few enough that rules and questions meet, many enough that rules are told apart ------- */

static unsigned variety; /* of this policy */

static void
put_name(struct buf *out)
{
	static const char *const before[] = {"", "x", "team-", "/usr/bin/", "/opt/with/a/long/name/of/it/"};
	static const char *const behind[] = {"", "y", "-prod", ".example.net", "/of/another/long/name"};

	buf_printf(out, "%s%u%s", before[rand() % 5], (unsigned)rand() % variety, behind[rand() % 5]);
}

/* A name, or a glob that is like one. */
static void
put_pattern(struct buf *out)
{
	struct buf name = BUF_INIT;
	size_t at;

	put_name(&name);
	at = (size_t)rand() % (name.n + 1);
	switch (rand() % 10) {
	case 0:
		buf_printf(out, "%.*s*", (int)at, name.p);
		break;
	case 1:
		buf_printf(out, "*%s", name.p + at);
		break;
	case 2:
		buf_printf(out, "%.*s*%s", (int)at, name.p, name.p + at);
		break;
	case 3:
		buf_printf(out, "%.*s[!a-z]*%s", (int)at, name.p, name.p + at);
		break;
	case 4:
		buf_printf(out, "%.*s\\\\%s", (int)at, name.p, name.p + at);
		break;
	case 5:
		buf_printf(out, "?%s", name.p + (name.n > 0));
		break;
	default:
		buf_putb(out, buf_bytes(&name));
	}
	buf_free(&name);
}

static struct addr
random_addr(void)
{
	struct addr a = {.family = rand() % 3 == 0 ? 6 : 4};
	const unsigned n = a.family == 4 ? 4 : 16;

	a.b[0] = a.family == 4 ? 10 : 0x20;
	for (unsigned i = 1; i < n; i++)
		a.b[i] = (uint8_t)(rand() % 2 ? 0 : (unsigned)rand() % (variety < 256 ? variety : 256));
	return a;
}

static void
put_network(struct buf *out)
{
	static const uint8_t lengths[2][8] = {
	    {0, 8, 12, 16, 22, 24, 31, 32}, {0, 16, 32, 48, 57, 64, 126, 128}};
	struct prefix p = {.addr = random_addr()};

	p.bits = lengths[p.addr.family == 6][rand() % 8];
	for (unsigned i = 0; i < 16; i++)
		p.addr.b[i] &= (uint8_t)(p.bits >= 8 * (i + 1) ? 0xff :
			p.bits > 8 * i                         ? 0xff00u >> (p.bits - 8 * i) :
			                                         0);
	prefix_print(p, out);
}

static void
put_port(struct buf *out)
{
	unsigned port = 1 + (unsigned)rand() % variety * 7;

	buf_printf(out, "%u", port);
	if (rand() % 4 == 0)
		buf_printf(out, "-%u", port + (unsigned)rand() % (rand() % 2 ? 5 : 3000));
}

static void
put_value(enum pol_fact fact, struct buf *out)
{
	static const char *const owners[] = {"self", "same-login", "same-user", "other"};
	static const char *const hours[] = {"08:00-18:00", "22:00-06:00", "mon-fri"};

	if (fact == QF_PORT) {
		put_port(out);
	} else if (fact == QF_OWNER) {
		buf_puts(out, PICK(owners));
	} else if (fact == QF_TIME) {
		buf_puts(out, PICK(hours));
	} else if (rand() % 12 == 0) {
		buf_puts(out, fact_is_addr(fact) ? "<nets>" : "<names>");
	} else if (fact == QF_TO && rand() % 8 == 0) {
		buf_puts(out, "self");
	} else if (fact_is_addr(fact) && (fact == QF_ORIGIN || rand() % 5 > 0)) {
		put_network(out);
	} else {
		buf_puts(out, fact == QF_TO ? "unix \"" : "\"");
		put_pattern(out);
		buf_putc(out, '"');
	}
}

/* --- a policy ------------------------------------------------------------------------------------------ */

static enum pol_fact facts[QF_COUNT]; /* that this policy's rules are about */
static unsigned nfacts;

static void
put_cond(struct buf *out)
{
	enum pol_fact fact = facts[(unsigned)rand() % nfacts];
	unsigned n = rand() % 3 == 0 ? 1 + (unsigned)rand() % 6 : 1;

	buf_printf(out, " %s%s ", rand() % 6 == 0 ? "!" : "", fact_word(fact));
	buf_puts(out, n > 1 ? "{ " : "");
	for (unsigned i = 0; i < n; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		put_value(fact, out);
	}
	buf_puts(out, n > 1 ? " }" : "");
}

static void
put_rule(bool prelude, struct buf *out)
{
	static const char *const verbs[] = {"record", "pass", "alert", "block", "terminate", "terminate all"};
	unsigned n = rand() % 20 == 0 ? 0 : 1 + (unsigned)rand() % 3;

	buf_printf(out, "%s %s", prelude ? "pass" : PICK(verbs),
	    rand() % 4 == 0 ? "any" : rand() % 2 ? "outbound-ssh" : "outbound-ssh, relay");
	for (unsigned i = 0; i < n; i++)
		put_cond(out);
	if (prelude || rand() % 8 == 0)
		buf_puts(out, rand() % 2 ? " until 2020-01-01" : " until 2099-01-01");
	if (rand() % 6 == 0)
		buf_printf(out, " mode %s", rand() % 2 ? "audit" : "enforce");
	if (rand() % 6 == 0)
		buf_printf(out, " severity %s message \"m%d\"", rand() % 2 ? "low" : "high", rand() % 3);
	buf_putc(out, '\n');
}

static void
put_tables(struct buf *out)
{
	buf_puts(out, "table <nets> { ");
	for (int i = rand() % 90; i >= 0; i--) {
		buf_puts(out, rand() % 4 == 0 ? "!" : "");
		put_network(out);
		buf_puts(out, i > 0 ? ", " : " }\ntable <names> { ");
	}
	for (int i = rand() % 90; i >= 0; i--) {
		buf_puts(out, rand() % 4 == 0 ? "!\"" : "\"");
		if (rand() % 20 == 0)
			put_pattern(out);
		else
			put_name(out);
		buf_puts(out, i > 0 ? "\", " : "\" }\n");
	}
}

static void
put_policy(unsigned nrules, struct buf *out)
{
	unsigned depth = 0;

	buf_printf(out, "mode %s\n", rand() % 2 ? "enforce" : "audit");
	put_tables(out);
	if (rand() % 4 == 0)
		buf_puts(out, "never-stop user { team-1, team-2 }\nnever-stop group 1y\n");
	for (unsigned i = 0; i < nrules; i++) {
		if (rand() % 10 == 0 && depth < 4) {
			buf_puts(out, "match");
			for (int k = rand() % 8 == 0 ? 14 : rand() % 2; k >= 0; k--)
				put_cond(out);
			buf_puts(out, " {\n");
			depth++;
		} else if (rand() % 6 == 0 && depth > 0) {
			buf_puts(out, "}\n");
			depth--;
		}
		put_rule(false, out);
	}
	while (depth-- > 0)
		buf_puts(out, "}\n");
}

static struct policy *
random_policy(struct buf *text)
{
	struct pol_options o = {.now = {.ms = 1}, .prelude.name = "before"};
	struct buf prelude = BUF_INIT, diag = BUF_INIT;
	struct policy *pol;
	unsigned errors;

	variety = 1 + (unsigned)rand() % (rand() % 2 ? 8 : 60);
	nfacts = 1 + (unsigned)rand() % 4;
	for (unsigned i = 0; i < nfacts; i++)
		facts[i] = (enum pol_fact)(rand() % QF_COUNT);
	put_policy(1 + (unsigned)rand() % (rand() % 4 == 0 ? 200 : 30), text);
	for (int i = rand() % 4; i > 0; i--)
		put_rule(true, &prelude);
	o.prelude.text = buf_bytes(&prelude);
	pol = pol_parse("p", buf_bytes(text), &o, &diag, &errors);
	if (pol == NULL)
		fail_msg("%s\n%s", diag.p, text->p);
	buf_putb(text, buf_bytes(&prelude));
	buf_free(&prelude);
	buf_free(&diag);
	return pol;
}

/* --- a question ---------------------------------------------------------------------------------------- */

#define LIST 60

struct asked {
	struct question q;
	struct buf names; /* all of them, one after the other */
	struct bytes groups[LIST], principals[LIST], roles[LIST];
};

/* An offset for now: the buffer may move. */
static struct bytes
name(struct asked *a)
{
	struct bytes b = {.p = (const char *)(uintptr_t)a->names.n};

	if (rand() % 8 > 0)
		put_name(&a->names);
	b.n = a->names.n - (size_t)(uintptr_t)b.p;
	return b;
}

static void
settle(const struct asked *a, struct bytes *b)
{
	b->p = b->n > 0 ? a->names.p + (uintptr_t)b->p : NULL;
}

static size_t
names(struct asked *a, struct bytes list[LIST])
{
	size_t n = (size_t)rand() % (rand() % 10 == 0 ? LIST : 4);

	for (size_t i = 0; i < n; i++)
		list[i] = name(a);
	return n;
}

static struct bytes
method(struct asked *a)
{
	struct bytes b = name(a);

	for (int i = rand() % 3; i > 0; i--) {
		buf_putc(&a->names, ',');
		b.n += 1 + name(a).n;
	}
	return b;
}

static void
settle_all(struct asked *a)
{
	struct question *q = &a->q;
	struct bytes *const one[] = {&q->user, &q->as, &q->key, &q->cert_id, &q->ca, &q->method, &q->host,
	    &q->tty, &q->to_unix, &q->exe, &q->parent, &q->via};

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		settle(a, one[i]);
	for (size_t i = 0; i < q->ngroups; i++)
		settle(a, &a->groups[i]);
	for (size_t i = 0; i < q->nprincipals; i++)
		settle(a, &a->principals[i]);
	for (size_t i = 0; i < q->nroles; i++)
		settle(a, &a->roles[i]);
}

static void
make_question(struct asked *a)
{
	struct question *q = &a->q;

	buf_reset(&a->names);
	*q = (struct question){.activity = rand() % 4 ? ACT_OUTBOUND_SSH : ACT_RELAY, .user = name(a), .as = name(a),
	    .groups = a->groups, .principals = a->principals, .roles = a->roles, .key = name(a),
	    .cert_id = name(a), .ca = name(a), .method = method(a), .host = name(a), .tty = name(a),
	    .exe = name(a), .parent = name(a), .via = name(a), .to_unix = name(a),
	    .time.ms = (int64_t)(1790000000 + rand() % 1000000) * 1000,
	    .port = (uint16_t)(1 + (unsigned)rand() % variety * 7),
	    .owner = (enum owner)(rand() % OWNER_COUNT), .to_kind = (enum pol_to_kind)(rand() % 4)};
	q->ngroups = names(a, a->groups);
	q->nprincipals = names(a, a->principals);
	q->nroles = names(a, a->roles);
	if (rand() % 8 > 0)
		q->origin = random_addr();
	if (q->to_kind == TO_ADDR || (q->to_kind == TO_SELF && rand() % 2))
		q->to_addr = random_addr();
	settle_all(a);
	q->known = BIT(QF_COUNT) - 1;
	if (rand() % 2)
		q->known &= (uint32_t)rand() | (uint32_t)rand() | (rand() % 2 ? (uint32_t)rand() : 0);
	if (rand() % 4 == 0)
		q->partial = (uint32_t)rand() & q->known;
}

/* --- the plain walk ------------------------------------------------------------------------------------- */

static enum tri
conds_hold(const struct conds *conds, const struct question *q, uint32_t *unknown)
{
	enum tri all = TRI_YES;

	for (const struct cond *c = conds->first; c != NULL; c = c->next) {
		enum tri said = cond_holds(c, q);

		if (said == TRI_NO)
			return TRI_NO;
		if (said == TRI_UNKNOWN) {
			*unknown |= BIT(c->fact);
			all = TRI_UNKNOWN;
		}
	}
	return all;
}

static enum tri
plain_rule(const struct rule *r, const struct question *q, struct rtime now, uint32_t *missing)
{
	uint32_t unknown = 0;

	if ((r->activities & BIT(q->activity)) == 0 ||
	    (r->until_text.n != 0 && now.ms != 0 && now.ms >= r->until.ms) ||
	    conds_hold(&r->conds, q, &unknown) == TRI_NO)
		return TRI_NO;
	for (const struct block *b = r->block; b != NULL; b = b->parent)
		if (conds_hold(&b->conds, q, &unknown) == TRI_NO)
			return TRI_NO;
	*missing |= unknown;
	return unknown != 0 ? TRI_UNKNOWN : TRI_YES;
}

static struct decision
plain_decision(const struct policy *pol, size_t i, enum activity a)
{
	const struct activity_info *info = activity_info(a);
	const struct rule *r = i < pol->nrules ? pol->rules[i] : NULL;

	if (r == NULL)
		return (struct decision){.by_default = true, .action = info->default_action,
		    .severity = info->default_severity, .mode = pol->mode, .rule = UINT_MAX};
	return (struct decision){.action = r->action, .file = r->at.src->name, .line = r->at.line,
	    .severity = r->severity < 0 ? info->default_severity : (enum severity)r->severity,
	    .mode = r->mode < 0 ? pol->mode : (enum mode)r->mode, .rule = (unsigned)i, .message = r->message};
}

static void
plain_ask(const struct policy *pol, size_t first, const struct question *q, struct rtime now, struct decision *out)
{
	struct decision weakest = {0}, d;
	enum action strongest = DO_RECORD;
	bool any = false, differ = false;
	uint32_t missing = 0;
	enum tri said;

	for (size_t i = first; i <= pol->nrules; i++) {
		said = i < pol->nrules ? plain_rule(pol->rules[i], q, now, &missing) : TRI_YES;
		if (said == TRI_NO)
			continue;
		d = plain_decision(pol, i, q->activity);
		differ = differ || (any && (d.action != weakest.action || d.severity != weakest.severity ||
						d.mode != weakest.mode));
		if (!any || d.action < weakest.action || (d.action == weakest.action && d.mode < weakest.mode))
			weakest = d;
		if (!any || d.action > strongest)
			strongest = d.action;
		any = true;
		if (said == TRI_YES)
			break;
	}
	*out = differ ? weakest : d;
	out->undetermined = differ;
	out->missing = differ ? missing : 0;
	out->strongest = strongest;
	out->never_stop = never_stop_holds(pol, q) != TRI_NO;
}

/* --- both ------------------------------------------------------------------------------------------------ */

static void
compare(const struct decision *got, const struct decision *want, const struct question *q, const struct buf *text)
{
	struct buf asked = BUF_INIT;

	if (got->undetermined == want->undetermined && got->missing == want->missing &&
	    got->strongest == want->strongest && got->by_default == want->by_default &&
	    got->never_stop == want->never_stop && got->action == want->action &&
	    got->severity == want->severity && got->mode == want->mode && got->file == want->file &&
	    got->line == want->line && got->rule == want->rule && got->message == want->message)
		return;
	question_print(q, &asked);
	fail_msg("rule %d of line %u, and not %d of line %u\n%s\n%s", (int)got->rule, got->line, (int)want->rule,
	    want->line, asked.p, text->p);
}

static void
ask(const struct policy *pol, const struct question *q, const struct buf *text)
{
	struct rtime now = (q->known & BIT(QF_TIME)) != 0 ? q->time : RTIME_NONE;
	struct decision got, want;

	pol_ask(pol, q, &got);
	plain_ask(pol, 0, q, now, &want);
	compare(&got, &want, q, text);
	now.ms = rand() % 2 ? 0 : 1790000000000;
	pol_ask_file(pol, q, now, NULL, &got);
	plain_ask(pol, pol->nprelude, q, now, &want);
	compare(&got, &want, q, text);
}

/* Which facets sieves were split by; a list ascends, and nothing is below that is not in it. */
struct tally {
	unsigned facets[QF_COUNT][64], deepest;
};

static void
look(const struct sieve *s, unsigned depth, struct tally *t)
{
	const uint64_t *slots = s->room + sieve_words(s->slots);

	for (uint32_t i = 1; i < s->n; i++)
		assert_true(s->rules[i - 1] < s->rules[i]);
	if (s->slots == 0)
		return;
	t->facets[s->facet.fact][s->facet.part]++;
	t->deepest = depth > t->deepest ? depth : t->deepest;
	if (s->others != NULL)
		look(s->others, depth + 1, t);
	for (uint32_t i = 0; i < s->slots; i++)
		if (slots[i] != 0 && !slot_is_rule(slots[i]))
			look(slot_sieve(slots[i]), depth + 1, t);
}

static void
finds_what_a_walk_finds(void **state)
{
	struct asked *a = calloc(1, sizeof(*a));
	struct tally tally = {0};

	(void)state;
	assert_non_null(a);
	srand(21);
	for (int round = 0; round < 1500; round++) {
		struct buf text = BUF_INIT;
		struct policy *pol = random_policy(&text);

		for (int i = 0; i < 40; i++) {
			make_question(a);
			ask(pol, &a->q, &text);
		}
		look(pol->sieves[ACT_OUTBOUND_SSH], 1, &tally);
		pol_free(&pol);
		buf_free(&text);
	}
	for (unsigned f = 0; f < QF_COUNT; f++) {
		unsigned fine = tally.facets[f][0], coarse = 0;

		for (unsigned p = 1; p < 64; p++)
			coarse += tally.facets[f][p];
		assert_true(f == QF_TIME || fine > 0);
		assert_true(f == QF_TIME || f == QF_OWNER || coarse > 30);
	}
	assert_true(tally.deepest > 5);
	buf_free(&a->names);
	free(a);
}

/* A range of IPv6 that begins and ends in two networks /64, at nearly the same place in both. */
static void
ranges_over_networks(void **state)
{
	struct question q = {.activity = ACT_OUTBOUND_SSH, .known = BIT(QF_TO), .to_kind = TO_ADDR};
	struct buf text = BUF_INIT, diag = BUF_INIT;
	struct decision d;
	struct policy *pol;
	unsigned errors;

	(void)state;
	/* From 2001:db8:0:0:8000:: to 2001:db8:0:1:8000::f. */
	buf_puts(&text, "table <r> { 2001:db8::/63, !2001:db8::/65");
	for (unsigned i = 4; i < 63; i++) {
		struct prefix p = {.addr = {.family = 6, .b = {0x20, 1, 0xd, 0xb8, [7] = 1, [8] = 0x80}},
		    .bits = (uint8_t)(128 - i)};

		p.addr.b[15 - i / 8] |= (uint8_t)(1u << i % 8);
		buf_puts(&text, ", !");
		prefix_print(p, &text);
	}
	buf_puts(&text, " }\nblock outbound-ssh to <r>\n");
	for (unsigned i = 0; i < 20; i++)
		buf_printf(&text, "pass outbound-ssh to 2001:db9::%u\n", i);
	pol = pol_parse("p", buf_bytes(&text), NULL, &diag, &errors);
	assert_non_null(pol);
	assert_int_not_equal(pol->sieves[ACT_OUTBOUND_SSH]->slots, 0);
	assert_true(addr_parse(BYTES_LIT("2001:db8:0:1::1"), &q.to_addr));
	pol_ask(pol, &q, &d);
	assert_int_equal(d.action, DO_BLOCK);
	pol_free(&pol);
	buf_free(&text);
	buf_free(&diag);
}

static int
by_number(const void *va, const void *vb)
{
	const uint64_t *a = va, *b = vb;

	return *a < *b ? -1 : *a > *b;
}

static uint64_t
number_of(unsigned i, char name[16])
{
	(void)snprintf(name, 16, "n%x", i);
	return name_number(bytes_of(name));
}

/* Each line is "ACTION relay user NAME", and decides of its user. */
static void
each_line_decides(struct bytes text)
{
	struct question q = {.activity = ACT_RELAY, .known = BIT(QF_USER)};
	struct buf diag = BUF_INIT;
	unsigned errors, line = 0;
	struct policy *pol = pol_parse("p", text, NULL, &diag, &errors);
	struct decision d;

	assert_non_null(pol);
	assert_int_not_equal(pol->sieves[ACT_RELAY]->slots, 0);
	while (text.n > 0) {
		q.user = bytes_take(&text, '\n');
		for (int words = 3; words > 0; words--)
			(void)bytes_take(&q.user, ' ');
		pol_ask(pol, &q, &d);
		assert_int_equal(d.line, ++line);
	}
	pol_free(&pol);
	buf_free(&diag);
}

/* Two names whose numbers have the upper half and the lowest bits in common: one must not hide the other's rule. */
static void
numbers_nearly_alike(void **state)
{
	enum { NAMES = 1 << 20 };
	uint64_t *numbers = calloc(NAMES, sizeof(*numbers));
	unsigned pairs = 0;
	char name[16];

	(void)state;
	assert_non_null(numbers);
	for (unsigned i = 0; i < NAMES; i++)
		numbers[i] = number_of(i, name);
	qsort(numbers, NAMES, sizeof(*numbers), by_number);
	for (unsigned i = 1; i < NAMES && pairs < 3; i++) {
		struct buf text = BUF_INIT;

		if (numbers[i] >> 32 != numbers[i - 1] >> 32 || ((numbers[i] ^ numbers[i - 1]) & 15) != 0)
			continue;
		pairs++;
		buf_puts(&text, "pass relay user b\npass relay user c\npass relay user d\npass relay user e\n");
		for (unsigned k = 0; k < NAMES; k++) {
			uint64_t number = number_of(k, name);

			if (number == numbers[i] || number == numbers[i - 1])
				buf_printf(&text, "block relay user %s\n", name);
		}
		each_line_decides(buf_bytes(&text));
		buf_free(&text);
	}
	assert_true(pairs > 0);
	free(numbers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_a_walk_finds),
	    cmocka_unit_test(ranges_over_networks),
	    cmocka_unit_test(numbers_nearly_alike),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* gen_policy: see gen_policy.h.  Making; gen_write.c writes. */
#include "tests/unit/gen_policy.h"

#include <stdio.h>
#include <stdlib.h>

#define PICK(list)  (list)[(size_t)rand() % (sizeof(list) / sizeof((list)[0]))]
#define ONE_IN(n)   (rand() % (n) == 0)
#define BELOW(n)    ((unsigned)rand() % (unsigned)(n))
#define IS_ADDR(f)  ((f) == QF_ORIGIN || (f) == QF_TO)
#define IS_NAME(f)  (!IS_ADDR(f) && (f) != QF_PORT && (f) != QF_TIME && (f) != QF_OWNER)

/* Around here questions are asked. */
#define NOW_S 1790000000

/* --- names ------------------------------------------------------------------------------------------- */

static const char *const plain_names[] = {"alice", "bob", "al", "web1", "web-12", "user", "self", "two words", "caf\xc3\xa9",
    "\xff\xfe\x80", "say \"hi\"", "/usr/bin/ssh", "/usr/bin/git", "SHA256:aa/b+c", "a,b", "x#y", "{", "-", "!not",
    "T1021.004"};
static const char *const strange_names[] = {"st*r", "wh?", "[a]", "back\\slash", "*"};

#define NPLAIN (sizeof(plain_names) / sizeof(plain_names[0]))

static void
make_name(const struct gen_policy *g, bool plain, char out[GEN_NAME])
{
	const char *name = plain_names[BELOW(g->variety < NPLAIN ? g->variety : NPLAIN)];

	if (!plain && g->variety > NPLAIN && ONE_IN(8))
		name = PICK(strange_names);
	(void)snprintf(out, GEN_NAME, "%s", name);
}

/* With a backslash before what would mean something. */
static void
quote_name(const char *name, char out[GEN_NAME])
{
	size_t n = 0;

	for (; *name != '\0'; name++) {
		if (strchr("*?[]\\", *name) != NULL)
			out[n++] = '\\';
		out[n++] = *name;
	}
	out[n] = '\0';
}

static void
make_glob(const struct gen_policy *g, char out[GEN_NAME])
{
	char name[GEN_NAME], tail[GEN_NAME];
	size_t at;

	make_name(g, false, name);
	at = BELOW(strlen(name) + 1);
	quote_name(name + at, tail);
	switch (rand() % 12) {
	case 0:
		name[at] = '\0';
		quote_name(name, tail);
		(void)snprintf(out, GEN_NAME, "%.30s*", tail);
		break;
	case 1:
		(void)snprintf(out, GEN_NAME, "*%.30s", tail);
		break;
	case 2:
		(void)snprintf(out, GEN_NAME, "?*%.30s", tail);
		break;
	case 3:
		(void)snprintf(out, GEN_NAME, "[a-m]*%.30s", tail);
		break;
	case 4:
		(void)snprintf(out, GEN_NAME, "[!a/]*");
		break;
	case 5:
		(void)snprintf(out, GEN_NAME, "*");
		break;
	default:
		quote_name(name, out);
	}
}

/* --- values ---------------------------------------------------------------------------------------------- */

/* Near each other, so that networks hold addresses. */
static struct addr
make_addr(const struct gen_policy *g)
{
	struct addr a = {.family = ONE_IN(3) ? 6 : 4};
	const unsigned n = a.family == 4 ? 4 : 16;

	a.b[0] = a.family == 4 ? 10 : 0x20;
	for (unsigned i = 1; i < n; i++)
		a.b[i] = (uint8_t)(rand() % 2 ? 0 : BELOW(g->variety));
	if (ONE_IN(20))
		a.b[0] = 0xff;
	return a;
}

static void
make_net(const struct gen_policy *g, struct gen_value *v)
{
	static const unsigned lengths[2][8] = {{0, 8, 9, 16, 24, 30, 31, 32}, {0, 8, 33, 48, 64, 65, 127, 128}};

	v->kind = GEN_NET;
	v->net = make_addr(g);
	v->bits = PICK(lengths[v->net.family == 6]);
	for (unsigned i = v->bits; i < 128; i++)
		v->net.b[i / 8] &= (uint8_t)~(0x80u >> i % 8);
}

static void
make_hours(struct gen_value *v)
{
	v->kind = GEN_HOURS;
	v->days = ONE_IN(3) ? 0x7f : 1 + BELOW(0x7f);
	v->lo = BELOW(24) * 60 + BELOW(4) * 15;
	do
		v->hi = BELOW(96) * 15;
	while (v->hi == v->lo);
	if (ONE_IN(4)) {
		v->lo = 0;
		v->hi = 1440;
	}
}

static bool
make_use(const struct gen_policy *g, bool of_names, unsigned from, struct gen_value *v)
{
	for (v->table = from; v->table < g->ntables; v->table++)
		if (g->table[v->table].of_names == of_names && ONE_IN(2)) {
			v->kind = GEN_TABLE;
			return true;
		}
	return false;
}

static void
make_value(const struct gen_policy *g, enum pol_fact fact, struct gen_value *v)
{
	*v = (struct gen_value){.kind = GEN_GLOB};
	if (fact == QF_PORT) {
		v->kind = GEN_PORTS;
		v->lo = v->hi = 1 + BELOW(g->variety) * 7;
		if (ONE_IN(3))
			v->hi += BELOW(rand() % 2 ? 9 : 60000);
	} else if (fact == QF_OWNER) {
		v->kind = GEN_OWNER;
		v->owner = (enum owner)(OWNER_SELF + BELOW(4));
	} else if (fact == QF_TIME) {
		make_hours(v);
	} else if (ONE_IN(4) && make_use(g, IS_NAME(fact), 0, v)) {
		return;
	} else if (fact == QF_TO && ONE_IN(6)) {
		v->kind = GEN_SELF;
	} else if (IS_ADDR(fact) && (fact == QF_ORIGIN || !ONE_IN(5))) {
		make_net(g, v);
	} else {
		v->kind = fact == QF_TO ? GEN_UNIX : GEN_GLOB;
		make_glob(g, v->glob);
	}
}

static void
make_cond(const struct gen_policy *g, enum pol_fact fact, struct gen_cond *c)
{
	c->fact = fact;
	c->negate = ONE_IN(5);
	c->n = ONE_IN(3) ? 1 + BELOW(GEN_VALUES) : 1;
	for (unsigned i = 0; i < c->n; i++)
		make_value(g, fact, &c->value[i]);
}

static unsigned
make_conds(const struct gen_policy *g, unsigned most, unsigned least, struct gen_cond *out)
{
	unsigned n = least + BELOW(most - least + 1);

	for (unsigned i = 0; i < n; i++)
		make_cond(g, g->fact[BELOW(g->nfacts)], &out[i]);
	return n;
}

/* --- statements -------------------------------------------------------------------------------------------- */

static void
make_tables(struct gen_policy *g)
{
	g->ntables = BELOW(GEN_TABLES + 1);
	for (unsigned i = g->ntables; i-- > 0;) {
		struct gen_table *t = &g->table[i];

		t->of_names = rand() % 2;
		t->from_file = !t->of_names && ONE_IN(4);
		t->no_signature = t->from_file && rand() % 2;
		t->n = BELOW(GEN_ENTRIES + 1);
		for (unsigned k = 0; k < t->n; k++) {
			struct gen_value *v = &t->entry[k];

			*v = (struct gen_value){.kind = GEN_GLOB};
			if (t->from_file || rand() % 2 || !make_use(g, t->of_names, i + 1, v)) {
				if (t->of_names)
					make_glob(g, v->glob);
				else
					make_net(g, v);
			}
			v->negate = ONE_IN(4);
		}
	}
}

/* Whom lines name: users and groups.  Returns how many. */
static unsigned
make_people(struct gen_policy *g, struct gen_cond *lines)
{
	const unsigned n = ONE_IN(3) ? BELOW(GEN_LINES + 1) : 0;

	for (unsigned i = 0; i < n; i++) {
		make_cond(g, rand() % 2 ? QF_USER : QF_GROUP, &lines[i]);
		lines[i].negate = false;
	}
	return n;
}

static void
make_lines(struct gen_policy *g)
{
	g->nnever_stop = make_people(g, g->never_stop);
	g->nno_baseline = make_people(g, g->no_baseline);
	g->nspare = BELOW(GEN_LINES + 1);
	for (unsigned i = 0; i < g->nspare; i++) {
		make_cond(g, QF_EXE, &g->spare[i]);
		g->spare[i].negate = false;
	}
	g->ssh_ports.n = 0;
	if (rand() % 2)
		make_cond(g, QF_PORT, &g->ssh_ports);
}

static const enum activity some[] = {ACT_OUTBOUND_SSH, ACT_RELAY, ACT_AGENT_USE, ACT_AGENT_HIJACK, ACT_LOGIN};

static void
make_action(struct gen_rule *r)
{
	static const enum action actions[] = {DO_RECORD, DO_PASS, DO_PASS, DO_ALERT, DO_BLOCK, DO_REVOKE_AGENT,
	    DO_ISOLATE, DO_TERMINATE, DO_TERMINATE_ALL, DO_DENY};
	const uint32_t login = 1u << ACT_LOGIN;

	r->action = PICK(actions);
	r->any = r->action != DO_DENY && ONE_IN(4);
	r->activities = r->action == DO_DENY ? login : r->any ? (1u << ACT_COUNT) - 1 : 0;
	while (r->activities == 0) {
		for (unsigned i = 0; i < 5; i++)
			r->activities |= rand() % 2 ? 1u << some[i] : 0;
		if (r->action == DO_BLOCK)
			r->activities &= ~login;
	}
	/* What stops sessions leaves logins alone, and what is only inferred, but where it names them. */
	if (r->any && (r->action == DO_BLOCK || r->action == DO_REVOKE_AGENT || r->action == DO_ISOLATE)) {
		r->activities &= ~login;
		for (unsigned a = 0; a < ACT_COUNT; a++)
			r->activities &= activity_is_inferred((enum activity)a) ? ~(1u << a) : UINT32_MAX;
	}
}

static void
make_until(struct gen_rule *r)
{
	const int64_t day = 24 * 60 * 60;

	r->until_day = rand() % 2;
	r->until_ms = (NOW_S + (int64_t)BELOW(24 * 60) * 60 * 20 - 10 * day) / 60 * 60 * 1000;
	if (r->until_day)
		r->until_ms -= r->until_ms % (day * 1000);
}

static void
make_options(struct gen_rule *r)
{
	static const char *const messages[] = {"ask #bastion", "no \"way\" \\", "caf\xc3\xa9 ferm\xc3\xa9", "x", "deny"};
	static const char *const tags[] = {"watch", "T1021.004", "x#1", "severity", "a,b", "{"};
	static const struct pol_rate rates[] = {{1, 86400000}, {5, 600000}, {7, 90000}, {1000000, 1000}};

	r->severity = ONE_IN(4) ? (int)BELOW(SEV_COUNT) : -1;
	r->mode = ONE_IN(5) ? (int)BELOW(MODE_COUNT) : -1;
	r->message = ONE_IN(6) ? PICK(messages) : NULL;
	r->ntags = ONE_IN(6) ? 1 + BELOW(GEN_TAGS) : 0;
	for (unsigned i = 0; i < r->ntags; i++)
		r->tag[i] = tags[2 * i + BELOW(2)];
	if (r->action >= DO_ALERT && ONE_IN(6))
		r->at_most = PICK(rates);
	if (ONE_IN(6))
		make_until(r);
}

static void
make_prelude(struct gen_policy *g)
{
	g->nprelude = ONE_IN(4) ? 1 + BELOW(3) : 0;
	for (unsigned i = 0; i < g->nprelude; i++) {
		struct gen_rule *r = &g->rule[i];

		*r = (struct gen_rule){.action = DO_PASS, .any = rand() % 2, .block = -1, .severity = -1, .mode = -1};
		r->activities = r->any ? (1u << ACT_COUNT) - 1 : 1u << ACT_RELAY;
		r->n = make_conds(g, GEN_CONDS, 1, r->cond);
		make_until(r);
	}
	g->nrules = g->nprelude;
}

/* In the order of the text; blocks as a stack. */
static void
make_rules(struct gen_policy *g)
{
	unsigned more = 1 + BELOW(ONE_IN(4) ? GEN_RULES - 3 : 12);
	int block = -1;

	for (; more > 0; more--) {
		struct gen_rule *r = &g->rule[g->nrules++];

		if (ONE_IN(5) && g->nblocks < GEN_BLOCKS) {
			struct gen_block *b = &g->block[g->nblocks];

			b->n = make_conds(g, GEN_BLOCK_CONDS, 1, b->cond);
			b->parent = block;
			block = (int)g->nblocks++;
		} else if (ONE_IN(4) && block >= 0) {
			block = g->block[block].parent;
		}
		*r = (struct gen_rule){.block = block};
		make_action(r);
		r->n = make_conds(g, GEN_CONDS, ONE_IN(6) ? 0 : 1, r->cond);
		make_options(r);
	}
}

void
gen_policy(struct gen_policy *g)
{
	static const char *const fleets[] = {NULL, "prod", "caf\xc3\xa9 1", "mode"};

	memset(g, 0, sizeof(*g));
	g->variety = 2 + BELOW(rand() % 2 ? 5 : 40);
	g->nfacts = 1 + BELOW(5);
	for (unsigned i = 0; i < g->nfacts; i++)
		g->fact[i] = (enum pol_fact)BELOW(QF_COUNT);
	g->fleet = PICK(fleets);
	g->serial = BELOW(3);
	g->stop_limit = BELOW(3);
	g->mode = (enum mode)BELOW(MODE_COUNT);
	make_tables(g);
	make_lines(g);
	make_prelude(g);
	make_rules(g);
}

/* --- questions ----------------------------------------------------------------------------------------------- */

static struct bytes
name_of(const struct gen_policy *g, struct gen_question *a, bool plain, enum pol_fact fact, unsigned i)
{
	if (ONE_IN(8))
		a->text[fact][i][0] = '\0';
	else
		make_name(g, plain, a->text[fact][i]);
	return a->list[fact][i] = bytes_of(a->text[fact][i]);
}

static size_t
names_of(const struct gen_policy *g, struct gen_question *a, bool plain, enum pol_fact fact, unsigned from)
{
	unsigned n = from + BELOW(GEN_NAMES + 1 - from);

	for (unsigned i = from; i < n; i++)
		while (name_of(g, a, plain, fact, i).n == 0)
			;
	return n - from;
}

/* One method, or several with commas. */
static struct bytes
method_of(const struct gen_policy *g, struct gen_question *a, bool plain)
{
	char *text = a->text[QF_METHOD][0], second[GEN_NAME];

	(void)name_of(g, a, plain, QF_METHOD, 0);
	if (text[0] != '\0' && ONE_IN(3)) {
		make_name(g, plain, second);
		(void)snprintf(text + strlen(text), GEN_NAME - strlen(text), ",%s", second);
	}
	return a->list[QF_METHOD][0] = bytes_of(text);
}

/* Some time around now; often when a rule ends, or just before. */
static struct rtime
make_time(const struct gen_policy *g)
{
	const struct gen_rule *r = &g->rule[BELOW(g->nrules)];

	if (r->until_ms != 0 && rand() % 2)
		return (struct rtime){.ms = r->until_ms - (rand() % 2) * 60000};
	return (struct rtime){.ms = (NOW_S + (int64_t)BELOW(1000000)) / 60 * 60 * 1000};
}

/* A login goes nowhere yet. */
static void
no_later(struct question *q)
{
	q->to_kind = TO_NONE;
	q->to_unix = q->exe = q->parent = q->via = BYTES_NONE;
	q->port = 0;
	q->owner = OWNER_UNKNOWN;
}

void
gen_question(const struct gen_policy *g, bool plain, struct gen_question *a)
{
	struct question *q = &a->q;

	memset(a, 0, sizeof(*a));
	*q = (struct question){.activity = PICK(some), .known = (1u << QF_COUNT) - 1,
	    .user = name_of(g, a, plain, QF_USER, 0), .as = name_of(g, a, plain, QF_AS, 0),
	    .groups = a->list[QF_GROUP], .ngroups = names_of(g, a, plain, QF_GROUP, 0),
	    .key = name_of(g, a, plain, QF_KEY, 0), .principals = a->list[QF_PRINCIPAL],
	    .nprincipals = names_of(g, a, plain, QF_PRINCIPAL, 0), .cert_id = name_of(g, a, plain, QF_CERT_ID, 0),
	    .ca = name_of(g, a, plain, QF_CA, 0), .method = method_of(g, a, plain),
	    .host = name_of(g, a, plain, QF_ON, 0), .tty = name_of(g, a, plain, QF_TTY, 0),
	    .roles = &a->list[QF_ON][1], .nroles = names_of(g, a, plain, QF_ON, 1),
	    .exe = name_of(g, a, plain, QF_EXE, 0), .parent = name_of(g, a, plain, QF_PARENT, 0),
	    .via = name_of(g, a, plain, QF_VIA, 0), .to_unix = name_of(g, a, plain, QF_TO, 0),
	    .time = make_time(g), .port = (uint16_t)(1 + BELOW(g->variety) * 7),
	    .owner = (enum owner)(OWNER_SELF + BELOW(4)), .to_kind = (enum pol_to_kind)BELOW(4)};
	if (!ONE_IN(8))
		q->origin = make_addr(g);
	/* In words, this host is `self` and nothing more. */
	if (q->to_kind == TO_ADDR || (q->to_kind == TO_SELF && !plain && rand() % 2))
		q->to_addr = make_addr(g);
	if (q->to_kind == TO_UNIX)
		q->port = 0;
	if (q->to_kind == TO_UNIX && q->to_unix.n == 0)
		q->to_unix = BYTES_LIT("/x");
	if (q->activity == ACT_LOGIN)
		no_later(q);
}

void
gen_forget(struct gen_question *a)
{
	struct question *q = &a->q;

	if (rand() % 4)
		q->known &= (uint32_t)rand() | (uint32_t)rand() | (rand() % 2 ? (uint32_t)rand() : 0);
	if (ONE_IN(3))
		q->partial = (1u << QF_GROUP | 1u << QF_PRINCIPAL | 1u << QF_ON) & (uint32_t)rand() & q->known;
}

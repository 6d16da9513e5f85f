/*
 * pol_ask() against a plain walk, on random policies and questions (seeded).  The model keeps what
 * it wrote as text in structures of its own and judges it with other means: fnmatch(3) for globs, a
 * mask on a 32-bit number for prefixes, no tables compiled, nothing remembered.  Also: what is
 * determined stays the same whatever the missing facts turn out to be; print → parse → print is the
 * identity.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/policy.h"

#define BIT(f) (1u << (f))
#define PICK(list) (list)[(size_t)rand() % (sizeof(list) / sizeof((list)[0]))]

static const char *const users[] = {"alice", "bob", "carol", "deploy", "a*"};
static const char *const user_globs[] = {"alice", "bob", "a*", "*", "?ob", "[a-c]*", "dep*y", "a\\\\*"};
static const char *const groups[] = {"staff", "ops", "wheel"};
static const char *const networks[] = {"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3",
    "192.0.2.0/24", "0.0.0.0/0", "10.1.2.2/31"};
static const char *const hosts[] = {"10.1.2.3", "10.1.2.2", "10.9.9.9", "192.0.2.1", "198.51.100.1"};
static const char *const ports[] = {"22", "20-30", "2222", "1-65535"};
static const uint16_t some_ports[] = {22, 23, 2222, 443};
static const char *const owners[] = {"self", "same-login", "same-user", "other"};
static const char *const sockets[] = {"/tmp/ssh-*/agent.*", "/run/x", "*"};
static const char *const socket_paths[] = {"/tmp/ssh-1/agent.2", "/run/x", "/run/y"};
static const char *const hours[] = {"08:00-18:00", "22:00-06:00", "mon-fri", "\"sat,sun 10:00-12:00\"",
    "\"fri 20:00-04:00\""};
static const char *const verbs[] = {"record", "pass", "alert", "block", "terminate", "terminate all"};
static const enum action verb_action[] = {
    DO_RECORD, DO_PASS, DO_ALERT, DO_BLOCK, DO_TERMINATE, DO_TERMINATE_ALL};
static const enum activity acts[] = {ACT_OUTBOUND_SSH, ACT_RELAY, ACT_AGENT_USE, ACT_AGENT_HIJACK};

/* The other facts that are names: what rules say of them, and questions. */
static const struct m_names {
	const char *word, *pattern[4], *value[4];
} others[QF_COUNT] = {
    [QF_AS] = {"as", {"root", "r*", "alice", "?ob"}, {"root", "alice", "bob", ""}},
    [QF_KEY] = {"key", {"SHA256:aa", "SHA256:a*", "*", "*b"}, {"SHA256:aa", "SHA256:ab", "SHA256:cc", ""}},
    [QF_PRINCIPAL] = {"principal", {"ops", "dev-*", "dev-web", "*"}, {"ops", "dev-web", "dev-db", ""}},
    [QF_CERT_ID] = {"cert-id", {"alice@*", "*@laptop", "ci", "c?"}, {"alice@laptop", "bob@laptop", "ci", ""}},
    [QF_CA] = {"ca", {"SHA256:ca", "*", "SHA256:c[a-c]", "SHA256:cb"}, {"SHA256:ca", "SHA256:cb", "SHA256:xx", ""}},
    [QF_METHOD] = {"method", {"publickey", "password", "*interactive", "publickey,password"},
	{"publickey", "password", "publickey,password", "publickey,keyboard-interactive"}},
    [QF_ON] = {"on", {"web*", "bastion", "db", "*1"}, {"web1", "bastion", "db2", "db"}},
    [QF_TTY] = {"tty", {"pts/*", "ssh", "*1", "tty?"}, {"pts/1", "ssh", "tty1", ""}},
    [QF_EXE] = {"exe", {"/usr/bin/ssh", "*/git", "/tmp/*", "/usr/*/ssh"},
	{"/usr/bin/ssh", "/usr/bin/git", "/tmp/x/ssh", ""}},
    [QF_PARENT] = {"parent", {"/usr/bin/bash", "*/make", "/usr/*", "*"},
	{"/usr/bin/bash", "/usr/bin/make", "/opt/make", ""}},
    [QF_VIA] = {"via", {"tmux", "at", "?t", "t*"}, {"tmux", "at", "cron", ""}},
};

enum { TABLES = 3, VALUES = 3, CONDS = 3, RULES = 60, BLOCKS = 6, LINES = 2000, NAMES = 3 };

struct m_value {
	char text[64];
	int table; /* -1: none */
	bool is_unix, self;
};

struct m_cond {
	enum pol_fact fact;
	bool negate;
	struct m_value value[VALUES];
	size_t n;
};

struct m_block {
	struct m_cond cond;
	int parent; /* -1: top */
};

struct m_rule {
	unsigned verb;
	uint32_t activities;
	struct m_cond cond[CONDS];
	size_t nconds;
	int block, severity, mode;
	unsigned line;
};

struct model {
	struct {
		char entry[4][40];
		bool negate[4];
		size_t n;
		bool of_names;
	} table[TABLES];
	struct m_block block[BLOCKS];
	size_t nblocks;
	struct m_rule rule[RULES];
	size_t nrules;
	enum mode mode;
};

/* --- making one ------------------------------------------------------------------------------- */

static void
make_value(struct m_value *v, enum pol_fact fact)
{
	*v = (struct m_value){.table = -1};
	switch (fact) {
	case QF_USER:
		if (rand() % 4 == 0)
			v->table = TABLES - 1;
		(void)snprintf(v->text, sizeof(v->text), "\"%s\"", PICK(user_globs));
		break;
	case QF_GROUP:
		(void)snprintf(v->text, sizeof(v->text), "%s", PICK(groups));
		break;
	case QF_TO:
		v->is_unix = rand() % 4 == 0;
		v->self = !v->is_unix && rand() % 5 == 0;
		/* fall through */
	case QF_ORIGIN:
		if (!v->is_unix && !v->self && rand() % 3 == 0)
			v->table = rand() % (TABLES - 1);
		(void)snprintf(v->text, sizeof(v->text), v->is_unix ? "unix \"%s\"" : "%s",
		    v->is_unix ? PICK(sockets) :
		        v->self ? "self" :
		                  PICK(networks));
		break;
	case QF_PORT:
		(void)snprintf(v->text, sizeof(v->text), "%s", PICK(ports));
		break;
	case QF_OWNER:
		(void)snprintf(v->text, sizeof(v->text), "%s", PICK(owners));
		break;
	case QF_TIME:
		(void)snprintf(v->text, sizeof(v->text), "%s", PICK(hours));
		break;
	default:
		(void)snprintf(v->text, sizeof(v->text), "\"%s\"", PICK(others[fact].pattern));
	}
	if (v->table >= 0)
		(void)snprintf(v->text, sizeof(v->text), "<t%d>", v->table);
}

static void
make_cond(struct m_cond *c)
{
	static const enum pol_fact facts[] = {
	    QF_USER, QF_GROUP, QF_ORIGIN, QF_TO, QF_PORT, QF_OWNER, QF_TIME};

	c->fact = PICK(facts);
	if (rand() % 3 == 0)
		do
			c->fact = (enum pol_fact)(rand() % QF_COUNT);
		while (others[c->fact].word == NULL);
	c->negate = rand() % 4 == 0;
	c->n = 1 + (size_t)rand() % VALUES;
	for (size_t i = 0; i < c->n; i++)
		make_value(&c->value[i], c->fact);
}

static void
make_tables(struct model *m)
{
	for (int t = 0; t < TABLES; t++) {
		m->table[t].of_names = t == TABLES - 1;
		m->table[t].n = (size_t)rand() % 5;
		for (size_t i = 0; i < m->table[t].n; i++) {
			m->table[t].negate[i] = rand() % 3 == 0;
			(void)snprintf(m->table[t].entry[i], sizeof(m->table[t].entry[i]), "%s",
			    m->table[t].of_names ? PICK(user_globs) : PICK(networks));
		}
	}
}

/* Rules in the order of the text; blocks as a stack. */
static void
make_rules(struct model *m)
{
	int block = -1;

	/* Mostly short; some with more conditions than pol_ask() remembers at a time. */
	m->nrules = 1 + (size_t)rand() % (rand() % 5 == 0 ? RULES : 12);
	for (size_t i = 0; i < m->nrules; i++) {
		struct m_rule *r = &m->rule[i];
		size_t verb = (size_t)rand() % (sizeof(verbs) / sizeof(verbs[0]));

		if (rand() % 4 == 0 && m->nblocks < BLOCKS) {
			make_cond(&m->block[m->nblocks].cond);
			m->block[m->nblocks].parent = block;
			block = (int)m->nblocks++;
		} else if (rand() % 4 == 0 && block >= 0) {
			block = m->block[block].parent;
		}
		*r = (struct m_rule){.verb = (unsigned)verb, .block = block, .severity = -1, .mode = -1};
		while (r->activities == 0)
			for (size_t a = 0; a < 4; a++)
				r->activities |= rand() % 2 ? BIT(acts[a]) : 0;
		r->nconds = (size_t)rand() % (CONDS + 1);
		for (size_t k = 0; k < r->nconds; k++)
			make_cond(&r->cond[k]);
		if (rand() % 3 == 0)
			r->severity = rand() % SEV_COUNT;
		if (rand() % 5 == 0)
			r->mode = rand() % MODE_COUNT;
	}
}

/* --- writing it ------------------------------------------------------------------------------- */

static void
write_cond(const struct m_cond *c, struct buf *out)
{
	static const char *const words[QF_COUNT] = {[QF_USER] = "user", [QF_GROUP] = "group",
	    [QF_ORIGIN] = "origin", [QF_TO] = "to", [QF_PORT] = "port", [QF_OWNER] = "owner",
	    [QF_TIME] = "hours"};

	buf_printf(out, " %s%s ", c->negate ? "!" : "",
	    words[c->fact] != NULL ? words[c->fact] : others[c->fact].word);
	if (c->n == 1 && rand() % 2) {
		buf_puts(out, c->value[0].text);
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		buf_printf(out, "%s%s", i == 0 ? "{ " : rand() % 2 ? ", " : ",\n    ", c->value[i].text);
	buf_puts(out, rand() % 2 ? " }" : ", }");
}

static void
close_until(const struct model *m, int *open, int inner, struct buf *out)
{
	while (*open >= 0) {
		int b = inner;

		while (b >= 0 && b != *open)
			b = m->block[b].parent;
		if (b == *open)
			return;
		buf_puts(out, "}\n");
		*open = m->block[*open].parent;
	}
}

static void
open_until(const struct model *m, int *open, int inner, struct buf *out)
{
	while (*open != inner) {
		int b = inner;

		while (m->block[b].parent != *open)
			b = m->block[b].parent;
		buf_puts(out, "match");
		write_cond(&m->block[b].cond, out);
		buf_puts(out, " {  # in\n");
		*open = b;
	}
}

static unsigned
lines(const struct buf *out)
{
	unsigned n = 1;

	for (size_t i = 0; i < out->n; i++)
		n += out->p[i] == '\n';
	return n;
}

static void
write_model(struct model *m, struct buf *out)
{
	int open = -1;

	buf_printf(out, "mode %s\n", mode_name(m->mode));
	for (int t = 0; t < TABLES; t++) {
		buf_printf(out, "table <t%d> {", t);
		for (size_t i = 0; i < m->table[t].n; i++)
			buf_printf(out, "%s %s\"%s\"", i == 0 ? "" : ",", m->table[t].negate[i] ? "!" : "",
			    m->table[t].entry[i]);
		buf_puts(out, " }\n");
	}
	for (size_t i = 0; i < m->nrules; i++) {
		struct m_rule *r = &m->rule[i];
		const char *sep = " ";

		close_until(m, &open, r->block, out);
		open_until(m, &open, r->block, out);
		r->line = lines(out);
		buf_puts(out, verbs[r->verb]);
		for (unsigned a = 0; a < ACT_COUNT; a++) {
			if ((r->activities & BIT(a)) == 0)
				continue;
			buf_printf(out, "%s%s", sep, activity_info((enum activity)a)->name);
			sep = ", ";
		}
		for (size_t k = 0; k < r->nconds; k++)
			write_cond(&r->cond[k], out);
		if (r->severity >= 0)
			buf_printf(out, " severity %s", severity_name((enum severity)r->severity));
		if (r->mode >= 0)
			buf_printf(out, " mode %s", mode_name((enum mode)r->mode));
		buf_putc(out, '\n');
	}
	close_until(m, &open, -1, out);
}

/* --- judging it: as plainly as can be --------------------------------------------------------- */

static uint32_t
number(const char *dotted)
{
	struct in_addr in;

	assert_int_equal(inet_pton(AF_INET, dotted, &in), 1);
	return ntohl(in.s_addr);
}

static bool
in_network(const char *network, uint32_t a)
{
	char head[40];
	const char *slash = strchr(network, '/');
	int bits = slash != NULL ? (int)strtol(slash + 1, NULL, 10) : 32;

	(void)snprintf(head, sizeof(head), "%.*s", (int)strcspn(network, "/"), network);
	return bits == 0 || (number(head) ^ a) >> (32 - bits) == 0;
}

static int
width(const char *network)
{
	const char *slash = strchr(network, '/');

	return slash != NULL ? (int)strtol(slash + 1, NULL, 10) : 32;
}

/* What the text "a\\*" in quotes means as a glob. */
static bool
glob_says(const char *quoted, const char *text)
{
	char pattern[64];
	size_t n = 0;

	for (const char *p = quoted; *p != '\0'; p++) {
		if (*p == '\\' && p[1] == '\\')
			p++;
		if (*p != '"')
			pattern[n++] = *p;
	}
	pattern[n] = '\0';
	return fnmatch(pattern, text, 0) == 0;
}

static bool
table_has(const struct model *m, int t, uint32_t a, const char *name)
{
	bool in = false, out = false;
	int longest = -1;

	for (size_t i = 0; i < m->table[t].n; i++) {
		const char *e = m->table[t].entry[i];
		bool negate = m->table[t].negate[i];

		if (m->table[t].of_names) {
			in = in || (!negate && glob_says(e, name));
			out = out || (negate && glob_says(e, name));
		} else if (in_network(e, a) && width(e) >= longest) {
			in = !negate && (width(e) > longest || in);
			longest = width(e);
		}
	}
	return in && !out;
}

struct m_question {
	struct question q;
	const char *user, *socket, *group[3];
	uint32_t origin, to;
	struct bytes group_bytes[3];
	const char *name[QF_COUNT][NAMES]; /* of the other facts; NULL: no more */
	struct bytes name_bytes[QF_COUNT][NAMES];
};

/* One of the methods that were needed, and not all of them together. */
static bool
method_says(const char *glob, const char *methods)
{
	char copy[64], *rest = copy, *one;

	(void)snprintf(copy, sizeof(copy), "%s", methods);
	while ((one = strsep(&rest, ",")) != NULL)
		if (glob_says(glob, one))
			return true;
	return false;
}

static bool
name_says(const char *glob, enum pol_fact fact, const struct m_question *mq)
{
	for (size_t i = 0; i < NAMES && mq->name[fact][i] != NULL; i++) {
		const char *name = mq->name[fact][i];

		if (name[0] != '\0' && (glob_says(glob, name) || (fact == QF_METHOD && method_says(glob, name))))
			return true;
	}
	return false;
}

static bool
hours_say(const char *text, struct rtime t)
{
	time_t s = (time_t)(t.ms / 1000);
	struct tm tm;
	unsigned now;

	gmtime_r(&s, &tm);
	now = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	if (strcmp(text, "08:00-18:00") == 0)
		return now >= 480 && now < 1080;
	if (strcmp(text, "22:00-06:00") == 0)
		return now >= 1320 || now < 360;
	if (strcmp(text, "mon-fri") == 0)
		return tm.tm_wday >= 1 && tm.tm_wday <= 5;
	if (strcmp(text, "\"sat,sun 10:00-12:00\"") == 0)
		return (tm.tm_wday == 0 || tm.tm_wday == 6) && now >= 600 && now < 720;
	return (tm.tm_wday == 5 && now >= 1200) || (tm.tm_wday == 6 && now < 240);
}

static bool
value_says(const struct model *m, const struct m_value *v, enum pol_fact fact,
    const struct m_question *mq)
{
	const struct question *q = &mq->q;
	unsigned lo, hi;

	switch (fact) {
	case QF_USER:
		return v->table >= 0 ? table_has(m, v->table, 0, mq->user) : glob_says(v->text, mq->user);
	case QF_GROUP:
		for (size_t i = 0; i < q->ngroups; i++)
			if (strcmp(mq->group[i], v->text) == 0)
				return true;
		return false;
	case QF_ORIGIN:
		return v->table >= 0 ? table_has(m, v->table, mq->origin, "") :
		                       in_network(v->text, mq->origin);
	case QF_TO:
		if (q->to_kind == TO_UNIX)
			return v->is_unix && glob_says(v->text + strlen("unix "), mq->socket);
		if (v->is_unix)
			return false;
		if (v->self)
			return q->to_kind == TO_SELF;
		return v->table >= 0 ? table_has(m, v->table, mq->to, "") : in_network(v->text, mq->to);
	case QF_PORT:
		if (sscanf(v->text, "%u-%u", &lo, &hi) < 2)
			hi = lo;
		return lo <= q->port && q->port <= hi;
	case QF_OWNER:
		return strcmp(owner_name(q->owner), v->text) == 0;
	case QF_TIME:
		return hours_say(v->text, q->time);
	default:
		return name_says(v->text, fact, mq);
	}
}

/* 0: no, 1: yes, 2: not known */
static int
cond_says(const struct model *m, const struct m_cond *c, const struct m_question *mq)
{
	bool any = false;

	if ((mq->q.known & BIT(c->fact)) == 0)
		return 2;
	for (size_t i = 0; i < c->n; i++)
		any = any || value_says(m, &c->value[i], c->fact, mq);
	if (!any && (mq->q.partial & BIT(c->fact)) != 0)
		return 2;
	return any != c->negate;
}

static int
both(int a, int b)
{
	return a == 0 || b == 0 ? 0 : a == 2 || b == 2 ? 2 : 1;
}

static int
rule_says(const struct model *m, const struct m_rule *r, const struct m_question *mq)
{
	int said = (r->activities & BIT(mq->q.activity)) != 0;

	for (size_t i = 0; i < r->nconds; i++)
		said = both(said, cond_says(m, &r->cond[i], mq));
	for (int b = r->block; b >= 0; b = m->block[b].parent)
		said = both(said, cond_says(m, &m->block[b].cond, mq));
	return said;
}

/* The decision of a rule, or of none (NULL). */
static struct decision
decision_of(const struct model *m, const struct m_rule *r, enum activity a)
{
	const struct activity_info *info = activity_info(a);
	struct decision d = {.action = info->default_action, .severity = info->default_severity,
	    .mode = m->mode, .by_default = true, .rule = UINT_MAX};

	if (r == NULL)
		return d;
	d.by_default = false;
	d.action = verb_action[r->verb];
	if (r->severity >= 0)
		d.severity = (enum severity)r->severity;
	if (r->mode >= 0)
		d.mode = (enum mode)r->mode;
	d.line = r->line;
	d.rule = (unsigned)(r - m->rule);
	return d;
}

static bool
alike(const struct decision *a, const struct decision *b)
{
	return a->action == b->action && a->severity == b->severity && a->mode == b->mode;
}

static void
compare(const struct model *m, const struct m_question *mq, const struct decision *got, const char *text)
{
	struct decision possible[RULES + 1];
	const struct decision *last;
	bool same = true;
	size_t n = 0;

	for (size_t i = 0; i < m->nrules; i++) {
		int said = rule_says(m, &m->rule[i], mq);

		if (said != 0)
			possible[n++] = decision_of(m, &m->rule[i], mq->q.activity);
		if (said == 1)
			goto decided;
	}
	possible[n++] = decision_of(m, NULL, mq->q.activity);
decided:
	last = &possible[n - 1];
	for (size_t i = 0; i < n; i++)
		same = same && alike(&possible[i], last);
	if (got->undetermined != !same)
		fail_msg("undetermined is %d\n%s", got->undetermined, text);
	if (same && (!alike(got, last) || got->line != last->line || got->rule != last->rule))
		fail_msg("line %u decided, not %u\n%s", got->line, last->line, text);
	for (size_t i = 0; i < n && !same; i++)
		if (got->action > possible[i].action)
			fail_msg("%s is not the weakest\n%s", action_name(got->action), text);
	for (size_t i = 0; i < n; i++)
		if (got->strongest < possible[i].action)
			fail_msg("%s is not the strongest\n%s", action_name(got->strongest), text);
	if (same && got->strongest != got->action)
		fail_msg("determined, and yet another is the strongest\n%s", text);
	if (!same && got->missing == 0)
		fail_msg("nothing is missing\n%s", text);
	if ((got->missing & mq->q.known & ~mq->q.partial) != 0)
		fail_msg("a known fact is missing\n%s", text);
}

/* --- questions -------------------------------------------------------------------------------- */

static struct addr
addr4(uint32_t v)
{
	return (struct addr){.family = 4,
	    .b = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}};
}

static struct bytes
make_name(struct m_question *mq, enum pol_fact fact, size_t i)
{
	mq->name[fact][i] = PICK(others[fact].value);
	return mq->name_bytes[fact][i] = bytes_of(mq->name[fact][i]);
}

static size_t
make_list(struct m_question *mq, enum pol_fact fact, size_t from)
{
	size_t n = from + (size_t)rand() % (NAMES + 1 - from);

	for (size_t i = from; i < n; i++)
		make_name(mq, fact, i);
	return n - from;
}

/* The host is the first that `on` means. */
static void
make_names(struct m_question *mq)
{
	struct question *q = &mq->q;

	q->as = make_name(mq, QF_AS, 0);
	q->key = make_name(mq, QF_KEY, 0);
	q->cert_id = make_name(mq, QF_CERT_ID, 0);
	q->ca = make_name(mq, QF_CA, 0);
	q->method = make_name(mq, QF_METHOD, 0);
	q->tty = make_name(mq, QF_TTY, 0);
	q->exe = make_name(mq, QF_EXE, 0);
	q->parent = make_name(mq, QF_PARENT, 0);
	q->via = make_name(mq, QF_VIA, 0);
	q->host = make_name(mq, QF_ON, 0);
	q->roles = &mq->name_bytes[QF_ON][1];
	q->nroles = make_list(mq, QF_ON, 1);
	q->principals = mq->name_bytes[QF_PRINCIPAL];
	q->nprincipals = make_list(mq, QF_PRINCIPAL, 0);
}

static void
make_question(struct m_question *mq)
{
	struct question *q = &mq->q;

	*mq = (struct m_question){.user = PICK(users), .socket = PICK(socket_paths),
	    .origin = number(PICK(hosts)), .to = number(PICK(hosts))};
	q->activity = PICK(acts);
	q->user = bytes_of(mq->user);
	q->ngroups = (size_t)rand() % 4;
	for (size_t i = 0; i < q->ngroups; i++)
		mq->group_bytes[i] = bytes_of(mq->group[i] = PICK(groups));
	q->groups = mq->group_bytes;
	q->origin = addr4(mq->origin);
	q->to_kind = rand() % 4 == 0 ? TO_UNIX : rand() % 4 == 0 ? TO_SELF : TO_ADDR;
	q->to_addr = addr4(mq->to);
	q->to_unix = bytes_of(mq->socket);
	q->port = PICK(some_ports);
	q->owner = (enum owner)(OWNER_SELF + rand() % 4);
	q->time = (struct rtime){.ms = (int64_t)(1790000000 + rand() % 1000000) * 1000};
	make_names(mq);
	q->known = BIT(QF_COUNT) - 1;
}

static void
ask_all(const struct model *m, const struct policy *pol, const char *text)
{
	for (int i = 0; i < 20; i++) {
		struct m_question mq;
		struct decision some, all;
		uint32_t known;

		make_question(&mq);
		known = mq.q.known;
		pol_ask(pol, &mq.q, &all);
		compare(m, &mq, &all, text);
		assert_false(all.undetermined);
		mq.q.known &= rand() % 2 ? known : (uint32_t)rand();
		if (rand() % 3 == 0)
			mq.q.partial = (BIT(QF_GROUP) | BIT(QF_PRINCIPAL) | BIT(QF_ON)) & (uint32_t)rand();
		pol_ask(pol, &mq.q, &some);
		compare(m, &mq, &some, text);
		/* More facts can settle an answer, not change one that is settled. */
		if (some.undetermined ? some.action > all.action : !alike(&some, &all))
			fail_msg("more facts changed the answer\n%s", text);
	}
}

/* The printed policy says the same, rule by rule. */
static void
ask_again(const struct policy *pol, const struct policy *again, const char *text)
{
	for (int i = 0; i < 20; i++) {
		struct m_question mq;
		struct decision a, b;

		make_question(&mq);
		mq.q.known &= rand() % 2 ? UINT32_MAX : (uint32_t)rand();
		pol_ask(pol, &mq.q, &a);
		pol_ask(again, &mq.q, &b);
		if (!alike(&a, &b) || a.rule != b.rule || a.missing != b.missing)
			fail_msg("printed, it says another thing\n%s", text);
	}
}

static struct policy *
parse(struct bytes text)
{
	struct pol_options options = {.now = {.ms = 1}};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *pol = pol_parse("m", text, &options, &diag, &errors);

	if (pol == NULL || diag.n != 0)
		fail_msg("%s\n%.*s", diag.p, (int)text.n, text.p);
	buf_free(&diag);
	return pol;
}

static void
asked_and_printed(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 3000; round++) {
		struct buf text = BUF_INIT, once = BUF_INIT, twice = BUF_INIT, diag = BUF_INIT;
		struct model m = {.mode = (enum mode)(rand() % MODE_COUNT)};
		struct policy *pol, *again;

		make_tables(&m);
		make_rules(&m);
		write_model(&m, &text);
		pol = parse(buf_bytes(&text));
		assert_int_equal(pol_nrules(pol), m.nrules);
		ask_all(&m, pol, text.p);
		pol_print(pol, &once);
		again = parse(buf_bytes(&once));
		pol_print(again, &twice);
		assert_string_equal(once.p, twice.p);
		ask_again(pol, again, text.p);
		pol_lint(pol, POLG_ALL, &diag);
		pol_free(&pol);
		pol_free(&again);
		buf_free(&text);
		buf_free(&once);
		buf_free(&twice);
		buf_free(&diag);
	}
}

/* A rule that lint calls dead decides no question. */
static void
dead_rules_are_dead(void **state)
{
	unsigned called = 0;

	(void)state;
	srand(8);
	for (int round = 0; round < 3000; round++) {
		struct buf text = BUF_INIT, lint = BUF_INIT;
		struct model m = {.mode = MODE_AUDIT};
		bool dead[LINES] = {false};
		struct policy *pol;

		make_tables(&m);
		make_rules(&m);
		write_model(&m, &text);
		pol = parse(buf_bytes(&text));
		pol_lint(pol, POLG_ALL, &lint);
		for (const char *p = lint.n != 0 ? lint.p : ""; (p = strstr(p, "m:")) != NULL; p++) {
			unsigned line;
			char word[16];

			if (sscanf(p, "m:%u:%*u: warning: this rule can %15s", &line, word) == 2 &&
			    line < LINES) {
				dead[line] = true;
				called++;
			}
		}
		for (int i = 0; i < 40; i++) {
			struct m_question mq;
			struct decision d;

			make_question(&mq);
			pol_ask(pol, &mq.q, &d);
			if (!d.by_default && d.line < LINES && dead[d.line])
				fail_msg("line %u decides\n%s\n%s", d.line, text.p, lint.p);
		}
		pol_free(&pol);
		buf_free(&text);
		buf_free(&lint);
	}
	assert_true(called > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asked_and_printed),
	    cmocka_unit_test(dead_rules_are_dead),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

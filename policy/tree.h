/*
 * tree: a policy as it was written, and what was compiled from it.  Internal to policy/.
 * Everything hangs in the policy's arena; after a load nothing in it changes.
 */
#ifndef POLICY_TREE_H
#define POLICY_TREE_H

#include "policy/arena.h"
#include "policy/diag.h"
#include "policy/policy.h"
#include "policy/set.h"

enum value_kind {
	VAL_TEXT,  /* a glob, or plain text in facts */
	VAL_TABLE, /* <name> */
	VAL_ADDR,
	VAL_SELF,  /* an address of this host */
	VAL_UNIX,  /* a socket path */
	VAL_PORTS,
	VAL_HOURS,
	VAL_OWNER,
};

struct ports {
	uint16_t lo, hi;
};

/* Minutes of the day, `to` not inside; to ≤ from goes over midnight, and counts for the day it began. */
struct hours {
	uint8_t days; /* bit 0: Monday */
	uint16_t from, to;
};
#define EVERY_DAY 0x7f
#define DAY_END   (24 * 60)

struct value {
	struct value *next;
	enum value_kind kind;
	bool negate; /* in tables */
	bool quoted; /* written as a string: never a word of the language */
	bool wrong;  /* reported already */
	uint32_t off, len, line;
	struct bytes text; /* decoded */
	union {
		struct prefix prefix;
		struct ports ports;
		struct hours hours;
		enum owner owner;
		const struct table *table;
	} as;
};

struct values {
	struct value *first, *last;
	size_t n;
};

/* A condition's values, compiled; conditions alike share one. */
struct test {
	unsigned id;
	enum pol_fact fact;
	bool self;
	size_t nvalues, ntables;
	const struct table **tables;
	const struct value *values; /* ports, hours, owners */
	struct addr_set addrs;
	struct name_set names;      /* of unix sockets where the fact is QF_TO */
};

/* Conditions as they are asked. */
struct term {
	const struct test *test;
	enum pol_fact fact;
	bool negate;
};

struct terms {
	const struct term *list;
	size_t n;
};

struct cond {
	struct cond *next;
	enum pol_fact fact;
	bool negate;
	struct span at; /* its word */
	struct values values;
	const struct test *test;
};

struct conds {
	struct cond *first, *last;
};

struct table {
	struct table *next;
	struct bytes name;
	struct span at; /* <name> */
	const struct cond *as_addr, *as_name; /* who first used it so; NULL: nobody */
	struct bytes file; /* as written; n 0: inline */
	struct span file_at;
	struct source source; /* of the file */
	struct values values;
	struct addr_set addrs;
	struct name_set names;
};

struct block {
	struct block *parent; /* NULL: top */
	struct terms terms;   /* its conditions */
	struct conds conds;   /* the same, as they were written */
	struct block *next;   /* of all, as they began */
	bool used;            /* a rule stands in it, or in a block inside */
	struct span at;
};

struct rule {
	struct rule *next;
	struct span at; /* its first word */
	enum action action;
	uint32_t activities; /* 1u << enum activity */
	bool any;
	struct conds conds;
	const struct block *block; /* NULL: top */
	int severity, mode;        /* −1: not given */
	const char *message;       /* NULL: not given */
	struct bytes until_text;   /* n 0: not given */
	struct rtime until;        /* the first moment when it no longer holds */
	const struct clause *clause;
};

/* A rule as it is asked, next to the others: where rules are many, what they are spread over is what takes time. */
struct clause {
	struct terms terms;        /* its own conditions and, where they are few, those of its blocks */
	const struct block *block; /* whose conditions it has as well; NULL: none */
	struct rtime until; /* RTIME_NONE: no end */
	const char *file, *message;
	uint32_t line;
	uint8_t action;
	int8_t severity, mode; /* −1: not given */
};

struct expect {
	struct expect *next;
	struct span at;
	enum action action;
	struct conds facts; /* for the printer */
	struct question question;
};

struct sieve;

struct policy {
	struct arena arena;
	struct source source, prelude; /* prelude: text n 0: there is none */
	size_t nprelude; /* its rules: the first ones */
	const char *dir;
	struct bytes fleet;
	uint64_t serial;
	enum mode mode;
	bool has_fleet, has_serial, has_mode, has_stop_limit, has_ungranted;
	struct values ssh_ports;
	uint8_t ssh_port_bits[65536 / 8];
	struct table *tables, *last_table;
	struct conds never_stop; /* one for each line */
	struct conds spare;
	unsigned stop_limit;
	int64_t stop_window_ms;
	bool ungranted_deny;
	struct block *blocks, *last_block;
	struct rule *first_rule, *last_rule;
	const struct rule **rules;
	struct clause *clauses; /* of the same index */
	size_t nrules;
	uint32_t *by_activity[ACT_COUNT]; /* indices into rules, ascending */
	size_t nby_activity[ACT_COUNT];
	const struct sieve *sieves[ACT_COUNT]; /* the same rules, to be found by a question (sieve.h) */
	unsigned ntests; /* ids of tests are below */
	struct expect *expects, *last_expect;
	size_t nexpects;
};

_Static_assert(ACT_COUNT <= 32, "activities of a rule are bits of an uint32_t");

static inline struct span
value_span(const struct value *v, const struct source *src)
{
	return (struct span){.src = src, .off = v->off, .len = v->len, .line = v->line};
}

/* Facts that are known only when it happens: a login has none of them. */
#define LATER_FACTS                                                                            \
	(1u << QF_TO | 1u << QF_PORT | 1u << QF_EXE | 1u << QF_PARENT | 1u << QF_VIA |         \
	    1u << QF_OWNER)

/* The word of a condition: "user", "cert-id". */
const char *fact_word(enum pol_fact);
/* Whether its values are addresses (origin, to) or names (user, key, exe …); neither: port, hours, owner. */
bool fact_is_addr(enum pol_fact);
bool fact_is_name(enum pol_fact);

/* --- question.c ------------------------------------------------------------------------------- */

/* Whether the fact is one string, and where in a struct question that stands. */
bool fact_is_string(enum pol_fact, size_t *offset);
struct bytes question_string(const struct question *, size_t offset);

/* --- ask.c: three values, as Kleene has them -------------------------------------------------- */

enum tri { TRI_NO, TRI_YES, TRI_UNKNOWN };

static inline struct term
term_of(const struct cond *c)
{
	return (struct term){.test = c->test, .fact = c->fact, .negate = c->negate};
}

enum tri cond_holds(const struct cond *, const struct question *);

#define MEMO 64

/* What a test said of one question, for the last test that hashed to each place.  Starts as zeros. */
struct memo {
	const struct test *test[MEMO];
	bool said[MEMO];
};
enum tri cond_holds_memo(struct memo *, const struct cond *, const struct question *);
/* It stops something, and is in enforce mode; what never-stop says is apart. */
bool rule_refuses(const struct policy *, const struct rule *);
/* Past its end.  Without any time a rule with an end is still in force. */
bool rule_is_over(const struct rule *, struct rtime now);
/* All of the conditions of a rule and of the blocks around it, and its end. */
enum tri rule_holds(const struct rule *, const struct question *);
/*
 * pol_ask() of the file's own rules, with the time for `until` given apart; RTIME_NONE: rules with an end are
 * in force.
 */
void pol_ask_file(const struct policy *, const struct question *, struct rtime now,
    struct decision *out);
enum tri never_stop_holds(const struct policy *, const struct question *);

/* --- print.c ---------------------------------------------------------------------------------- */

void print_value(const struct value *, struct buf *);
void print_values(const struct values *, struct buf *);
void print_cond(const struct cond *, struct buf *);
void print_rule(const struct rule *, struct buf *);
void print_expect(const struct expect *, struct buf *);
/* A question as on an expect line: activity and the facts that are known. */
void print_question(const struct question *, struct buf *);
/* What a question says of one fact: "eve", "10.1.2.3", "none", "unknown". */
void print_fact(const struct question *, enum pol_fact, struct buf *);

#endif

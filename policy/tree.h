/*
 * tree: a policy as it was written, and what was compiled from it.  Internal to policy/.
 * Everything hangs in the policy's arena; after a load nothing in it changes.
 */
#ifndef POLICY_TREE_H
#define POLICY_TREE_H

#include <stdalign.h>

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
	const struct zone *zone; /* NULL: the host's */
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

/* A condition's values, compiled; conditions alike share one.  What is asked together stands together. */
struct test {
	unsigned id;
	uint8_t fact; /* enum pol_fact */
	uint8_t self : 1, scope : 2; /* scope: enum on_scope */
	uint16_t nports;
	struct addr_set addrs;
	const struct ports *ports; /* ascending, disjoint */
	alignas(ARENA_LINE) struct name_set names; /* of unix sockets where the fact is QF_TO */
	const struct table **tables;
	const struct value *values; /* as they were written */
	uint32_t nvalues, ntables;
};

/* Conditions as they are asked. */
struct term {
	const struct test *test;
	uint8_t fact; /* enum pol_fact */
	bool negate;
};

struct terms {
	const struct term *list;
	uint32_t n;
};

/* What `on` speaks of. */
enum on_scope { ON_EITHER, ON_HOST, ON_ROLE };

struct cond {
	struct cond *next;
	enum pol_fact fact;
	enum on_scope scope;
	bool negate;
	struct span at; /* its word */
	struct values values;
	const struct test *test;
};

struct conds {
	struct cond *first, *last;
};

struct nest {
	struct name_set own;         /* and of those tables in it that take nothing out */
	const struct table **with, **without; /* the others in it, those with a '!' */
	size_t nwith, nwithout;
	unsigned looks; /* how many tables one name is looked up in, at most */
};

struct table {
	struct table *next;
	struct bytes name;
	struct span at; /* <name> */
	const struct cond *as_addr, *as_name; /* who first used it so; NULL: nobody */
	struct bytes file; /* as the policy's own file sees it; n 0: inline */
	bool no_signature; /* the file needs none of its own */
	struct span file_at;
	struct source source; /* of the file */
	struct values values;
	struct addr_set addrs;
	struct name_set names; /* with those of the tables in it: what is not here is not in the table */
	/* Of names, where tables in it take some out again that this one may have: the last word. */
	const struct nest *nest; /* NULL: names says all */
	/* while it is loaded */
	enum { NEST_NEW, NEST_OPEN, NEST_DONE } state;
	unsigned height; /* of the tables in it, one in the other */
	bool compiled;
};

/* A file of the policy's text: its own, or one that is included. */
struct part {
	const struct part *by;       /* which includes it; NULL: the policy's own */
	struct span at;              /* its name there */
	const struct source *source;
	const char *dir;             /* from which its names are seen, as the policy's own see it; NULL: as they */
	unsigned depth;
};

struct block {
	struct block *parent; /* NULL: top */
	struct terms terms;   /* its conditions */
	struct conds conds;   /* the same, as they were written */
	struct block *next;   /* of all, as they began */
	bool used;            /* a rule stands in it, or in a block inside */
	unsigned misplaced;   /* statements that cannot stand in a block */
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
	struct values tag_values;  /* as they were written */
	const struct bytes *tags;  /* the same, of that number */
	struct pol_rate at_most;   /* n 0: not given */
	struct bytes until_text;   /* n 0: not given */
	struct rtime until;        /* the first moment when it no longer holds */
	const struct compiled_rule *compiled;
};

/*
 * A rule as it is asked.  Where rules are many, what they are spread over is what takes time: it stands in two lines
 * of the cache.
 */
#define NEAR_TERMS 5

struct compiled_rule {
	alignas(ARENA_LINE) struct terms terms; /* its own conditions and, where they are few, those of its blocks */
	struct rtime until;                     /* RTIME_NONE: no end */
	const struct block *block;              /* whose conditions it has as well; NULL: none */
	struct term near[NEAR_TERMS];           /* its terms, when they are no more */
	const char *file;
	uint32_t line;
	uint8_t action;
	int8_t severity, mode; /* −1: not given */
	bool more;             /* its rule has a message, tags or a limit */
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
	struct part part;              /* its own file */
	size_t nprelude; /* its rules: the first ones */
	const char *dir;
	struct zone *zones; /* that hours name */
	struct bytes fleet;
	uint64_t serial;
	enum mode mode;
	bool has_fleet, has_serial, has_mode, has_stop_limit, has_ungranted;
	struct values ssh_ports;
	uint8_t ssh_port_bits[65536 / 8];
	struct table *tables, *last_table;
	struct conds never_stop; /* one for each line */
	struct conds no_baseline;
	struct conds spare;
	unsigned stop_limit;
	int64_t stop_window_ms;
	bool ungranted_deny;
	struct block *blocks, *last_block;
	struct rule *first_rule, *last_rule;
	const struct rule **rules;
	struct compiled_rule *compiled; /* of the same index */
	size_t nrules;
	uint32_t *by_activity[ACT_COUNT]; /* indices into rules, ascending */
	size_t nby_activity[ACT_COUNT];
	const struct sieve *sieves[ACT_COUNT]; /* the same rules, to be found by a question (sieve.h) */
	unsigned ntests; /* ids of tests are below */
	struct expect *expects, *last_expect;
	size_t nexpects;
	unsigned warnings; /* that the load gave */
};

_Static_assert(sizeof(struct test) <= 2 * ARENA_LINE, "an address wants the first line, a name the second");
_Static_assert(sizeof(struct compiled_rule) <= 2 * ARENA_LINE, "a compiled rule stands in two lines");
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

/* "host ", "role ", or nothing. */
const char *on_scope_word(enum on_scope);
/* The word of a condition: "user", "cert-id". */
const char *fact_word(enum pol_fact);
/* Whether its values are addresses (origin, to) or names (user, key, exe …); neither: port, hours, owner. */
bool fact_is_addr(enum pol_fact);
bool fact_is_name(enum pol_fact);

/* --- question.c ------------------------------------------------------------------------------- */

/* Whether the fact is one string, and where in a struct question that stands. */
bool fact_is_string(enum pol_fact, size_t *offset);
struct bytes question_string(const struct question *, size_t offset);

/* --- nest.c ----------------------------------------------------------------------------------- */

/* left: as name_set_has_within() has it. */
bool table_has_name(const struct table *, struct bytes, uint64_t *left);

/* --- ask.c: three values, as Kleene has them -------------------------------------------------- */

enum tri { TRI_NO, TRI_YES, TRI_UNKNOWN };

static inline struct term
term_of(const struct cond *c)
{
	return (struct term){.test = c->test, .fact = (uint8_t)c->fact, .negate = c->negate};
}

enum tri cond_holds(const struct cond *, const struct question *);

#define MEMO 64

/* What a test said of one question, for the last test that hashed to each place.  Starts as zeros. */
struct memo {
	const struct test *test[MEMO];
	bool said[MEMO];
	uint64_t *left; /* steps that may still be taken; NULL: any number */
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
 * in force.  left: steps that it may take, by which they become fewer; where none is left, *out is no answer.  NULL: any
 * number.
 */
void pol_ask_file(const struct policy *, const struct question *, struct rtime now, uint64_t *left,
    struct decision *out);
enum tri never_stop_holds(const struct policy *, const struct question *);
enum tri never_stop_within(const struct policy *, const struct question *, uint64_t *left);
enum tri no_baseline_holds(const struct policy *, const struct question *);

/* --- print.c ---------------------------------------------------------------------------------- */

void print_value(const struct value *, struct buf *);
void print_values(const struct values *, struct buf *);
void print_cond(const struct cond *, struct buf *);
/* As it is meant: with the conditions of the blocks around it. */
void print_rule(const struct rule *, struct buf *);
void print_expect(const struct expect *, struct buf *);
/* "at_most" of a rule, an object. */
void json_rate(struct json *, const struct pol_rate *);
/* What a question says of one fact: "eve", "10.1.2.3", "none", "unknown". */
void print_fact(const struct question *, enum pol_fact, struct buf *);

#endif

/*
 * parse: what the grammar calls.  parse.c joins lexer and parser and says what is wrong with the
 * shape of a line; build*.c make the tree and say what is wrong with its values.  Internal to
 * policy/.
 */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include "policy/index.h"
#include "policy/keyword.h"
#include "policy/lexer.h"
#include "policy/tree.h"

struct lexeme {
	struct token token;
	struct keyword word; /* token 0: none */
};

/* What stands behind the conditions of a rule, while it is read. */
struct clauses {
	struct conds conds;
	struct value *severity, *mode, *message, *until, *at_most;
	struct values tags;
	bool wrong; /* there was an error among them: these are not all */
};

/* A token as the grammar gets it. */
struct given {
	int kind; /* of grammar.h */
	struct lexeme lexeme;
};

/* Where reading goes on after an error; see again.h. */
struct again {
	bool lost;         /* behind an error, and not yet where it goes on */
	bool held;         /* what was given last is given again */
	bool prose;        /* the error was in the words of a message: they may be any */
	bool first;        /* what was given last begins the statement */
	int statement;     /* what began it: of grammar.h */
	int before[2];     /* what was given before it, the last one first */
	unsigned braces[2]; /* open lists, behind what was given last and before it */
};

struct parser {
	struct policy *policy; /* borrowed */
	struct diag *diag;     /* borrowed */
	struct lexer lexer;
	const struct pol_options *options; /* borrowed; NULL: none */
	struct index tables;   /* name → struct table */
	struct index parts;    /* path → struct part */
	const struct part *part; /* which is read; NULL: no policy */
	unsigned nincluded, nlisted; /* files, patterns */
	size_t bytes;          /* of all parts */
	struct block *block;   /* the innermost open one */
	unsigned depth;        /* also of blocks that are too deep to be kept */
	int start;             /* a token that says what to parse; given first */
	bool blank;            /* nothing on this line yet */
	struct given given;    /* the last token */
	struct again again;
	bool prelude;          /* the text is one: pass rules with an end */
	bool facts;            /* a question: conditions are facts */
	struct expect *asked;  /* the question that was parsed */
};

/* False when an error was reported; the parser's tree is then not to be used. */
bool parse_policy(struct parser *);
bool parse_question(struct parser *);
/* A text of nothing but expect lines. */
bool parse_tests(struct parser *);

/* --- build.c, build_top.c, build_rule.c, include.c: one function for each thing the grammar knows --------- */

struct value *build_value(struct parser *, const struct lexeme *);
struct values build_list(struct values, struct value *);
/* scope: NULL: none */
struct cond *build_cond(struct parser *, bool negate, const struct lexeme *word, const struct lexeme *scope,
    struct values, struct span at);
struct conds build_conds(struct conds, struct cond *);

void build_include(struct parser *, struct span, const struct value *);
void build_fleet(struct parser *, struct span, struct value *);
void build_serial(struct parser *, struct span, struct value *);
void build_mode(struct parser *, struct span, struct value *);
void build_ssh_ports(struct parser *, struct span, struct values);
void build_table(struct parser *, const struct lexeme *name, struct values);
void build_table_file(struct parser *, const struct lexeme *name, struct value *file, bool no_signature);
void build_never_stop(struct parser *, struct span, struct cond *);
void build_no_baseline(struct parser *, struct span, struct cond *);
void build_spare(struct parser *, struct span, struct cond *);
void build_stop_limit(struct parser *, struct span, struct value *n, struct value *window);
void build_ungranted(struct parser *, struct span, struct value *);

/* slot: where in a struct clauses it belongs. */
void build_clause(struct parser *, struct value **slot, struct span, struct value *);
void build_tags(struct parser *, struct values *slot, struct span, struct values);
uint32_t build_activities(struct parser *, uint32_t before, const struct lexeme *);
void build_rule(struct parser *, const struct lexeme *action, const struct span *all,
    uint32_t activities, bool any, const struct clauses *);
/* Of what has an error already: looks at the rest of it, and makes nothing. */
void build_wrong_rule(struct parser *, const struct clauses *);
void build_wrong_match(struct parser *, const struct conds *);
void build_wrong_expect(struct parser *, const struct conds *facts);
void build_block_open(struct parser *, struct span, struct conds);
void build_block_close(struct parser *);
void build_expect(struct parser *, struct span, const struct lexeme *action, const struct span *all,
    enum activity, struct conds facts);

/* --- value.c: what a value means for its condition -------------------------------------------- */

/* Checks v for the fact and fills v->as; an error is reported and v->wrong set. */
void value_resolve(struct parser *, const struct source *, enum pol_fact, struct value *);
/* Warns where no key has such a fingerprint; of other facts nothing is said. */
void value_fingerprint(struct diag *, struct span, enum pol_fact, struct bytes text);
/* For tables: the text as an address or prefix; an error is reported. */
bool value_prefix(struct diag *, struct span, struct bytes text, struct prefix *);
/* Facts of an expect line into its question; an error is reported. */
void facts_apply(struct parser *, struct question *, const struct conds *);

/* --- nest.c: tables in tables ------------------------------------------------------------------ */

/* The table of that name; NULL: there is none, which is reported. */
struct table *table_named(struct parser *, struct span, struct bytes name);
/* Which tables stand in which; false when an error was reported. */
bool nest_link(struct parser *);
/* The condition uses the table, and so all that stand in it; what they cannot be for it is reported. */
void nest_use(struct parser *, struct table *, const struct cond *, struct span);

/* --- resolve.c: what could not be known on the way -------------------------------------------- */

/* False when an error was reported. */
bool resolve(struct parser *);

#endif

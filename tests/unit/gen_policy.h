/*
 * gen_policy: random policies that are right, for tests: what they say in structures of their own, and as text
 * with every way to write it (quotes, escapes, comments, joined lines); and questions that meet them.  From rand().
 * Knows nothing of how policies are read or judged.
 */
#ifndef TESTS_UNIT_GEN_POLICY_H
#define TESTS_UNIT_GEN_POLICY_H

#include "policy/policy.h"

enum {
	GEN_TABLES = 8, GEN_ENTRIES = 6, GEN_VALUES = 4, GEN_CONDS = 4, GEN_BLOCK_CONDS = 2, GEN_BLOCKS = 10,
	GEN_RULES = 80, GEN_LINES = 3, GEN_NAME = 40, GEN_NAMES = 4, GEN_TAGS = 3,
};

enum gen_kind { GEN_GLOB, GEN_TABLE, GEN_NET, GEN_SELF, GEN_UNIX, GEN_PORTS, GEN_HOURS, GEN_OWNER };

struct gen_value {
	enum gen_kind kind;
	bool negate;         /* of a table's entries */
	char glob[GEN_NAME]; /* as it is meant, without quotes */
	unsigned table;
	struct addr net;
	unsigned bits;
	unsigned lo, hi;       /* ports, both inside; minutes of the day, hi not inside */
	unsigned days;         /* bit 0: Monday */
	enum owner owner;
};

struct gen_cond {
	enum pol_fact fact;
	bool negate;
	struct gen_value value[GEN_VALUES];
	unsigned n;
};

/* Entries that are tables come behind it. */
struct gen_table {
	struct gen_value entry[GEN_ENTRIES];
	unsigned n;
	bool of_names, from_file, no_signature;
};

struct gen_block {
	struct gen_cond cond[GEN_BLOCK_CONDS];
	unsigned n;
	int parent; /* −1: top */
};

struct gen_rule {
	enum action action;
	uint32_t activities;
	bool any;
	struct gen_cond cond[GEN_CONDS];
	unsigned n;
	int block, severity, mode; /* −1: none */
	int64_t until_ms;          /* 0: none */
	bool until_day;            /* written as the day before */
	const char *message, *tag[GEN_TAGS];
	unsigned ntags;
	struct pol_rate at_most;
	unsigned line; /* set when it is written */
};

/* The first nprelude rules stand before the file's own. */
struct gen_policy {
	const char *fleet;
	unsigned serial, stop_limit;
	enum mode mode;
	struct gen_table table[GEN_TABLES];
	unsigned ntables;
	struct gen_cond never_stop[GEN_LINES], no_baseline[GEN_LINES], spare[GEN_LINES], ssh_ports;
	unsigned nnever_stop, nno_baseline, nspare;
	struct gen_block block[GEN_BLOCKS];
	unsigned nblocks;
	struct gen_rule rule[GEN_RULES];
	unsigned nrules, nprelude;
	/* What rules and questions are about, so that they meet. */
	enum pol_fact fact[QF_COUNT];
	unsigned nfacts, variety;
};

struct gen_question {
	struct question q;
	char text[QF_COUNT][GEN_NAMES][GEN_NAME]; /* of names; `on`: the host first */
	struct bytes list[QF_COUNT][GEN_NAMES];
};

void gen_policy(struct gen_policy *);
void gen_write(struct gen_policy *, struct buf *text, struct buf *prelude);
/* Every fact known; plain: no name that could be taken for a pattern. */
void gen_question(const struct gen_policy *, bool plain, struct gen_question *);
/* Some facts unknown, some lists known in part. */
void gen_forget(struct gen_question *);

/* Its tables' files are made up, too.  NULL: an error, on stderr. */
struct policy *gen_load(const struct gen_policy *, const struct buf *text, const struct buf *prelude);

#endif

/* table: what tables hold: read from their files, checked and compiled.  Internal to policy/. */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include "policy/index.h"
#include "policy/tree.h"

/* One load: all files share one budget of bytes. */
struct table_load {
	struct policy *policy;             /* borrowed */
	const struct index *tables;        /* borrowed; name → struct table */
	struct diag *diag;                 /* borrowed */
	const struct pol_options *options; /* borrowed; NULL: plain files */
	bool nested;                       /* which table stands in which is known */
	size_t file_bytes;                 /* so far */
	size_t taken;                      /* entries of tables in tables, so far */
	unsigned files; /* that the policy names, so far: those that are included come first */
};

/* table_join.c: what the tables in one add to it; names: its own. */
bool table_join_addrs(struct table_load *, struct table *, struct addr_entry *own, size_t n);
bool table_join_names(struct table_load *, struct table *, const struct name_entry *own, size_t n);
/* Whether there are any. */
bool table_is_nested(const struct table *);

/*
 * Reads the table's file, if it has one, and compiles its entries as what its users take them for.
 * Errors go to diag; no memory: the arena says so.
 */
void table_compile(struct table_load *, struct table *);

#endif

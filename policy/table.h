/* table: what tables hold: read from their files, checked and compiled.  Internal to policy/. */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include "policy/tree.h"

/* One load: all files share one budget of bytes. */
struct table_load {
	struct policy *policy;             /* borrowed */
	struct diag *diag;                 /* borrowed */
	const struct pol_options *options; /* borrowed; NULL: plain files */
	size_t file_bytes;                 /* so far */
	unsigned files;
};

/*
 * Reads the table's file, if it has one, and compiles its entries as what its users take them for.
 * Errors go to diag; no memory: the arena says so.
 */
void table_compile(struct table_load *, struct table *);

#endif

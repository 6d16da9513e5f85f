/*
 * draft: a fact while its event is read: what each record adds to it.  Internal to agentd/audit: fact.c makes
 * the fact of it when all has been read.
 */
#ifndef AUDIT_DRAFT_H
#define AUDIT_DRAFT_H

#include <sshtether/limits.h>

#include "agentd/audit/fact.h"

/* Every decoded string but argv: half of some records' bytes at most. */
#define DRAFT_TEXT_BYTES (64u << 10)

struct fact_scratch {
	size_t ntext, nargv;
	char text[DRAFT_TEXT_BYTES];
	char argv[ST_ARGV_BYTES];
};

struct path {
	struct bytes name;
	uint64_t item, inode, mode;
	uint32_t dev_major, dev_minor, ouid;
	bool has_inode;
};

struct draft {
	struct fact f;
	struct fact_scratch *s;
	uint64_t arch;
	bool has_syscall, has_sockaddr, has_login;
	struct bytes saddr;
	uint64_t socketcall[6]; /* its arguments */
	bool has_uring;
	uint32_t uring_op;
	int64_t uring_exit;
	bool uring_success;
	uint64_t items;   /* PATH records that there are to be */
	struct path path; /* the PATH record that is being read */
	uint64_t next_arg; /* of EXECVE: the index that comes next, and its part */
	uint64_t next_part;
};

/* Takes what the record says; what it makes of its event, FACT_OTHER: nothing. */
enum fact_kind draft_record(struct draft *, const struct record *);
/* argv.c: EXECVE. */
void draft_execve(struct draft *, const struct record *);

#endif

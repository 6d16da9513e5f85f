/*
 * records: audit records as the kernel and libaudit write them, a whole event each (sources: kernel/auditsc.c,
 * kernel/audit.c; the recordings of tests/data/sessions have the same fields in the same order).
 */
#ifndef SIMULATE_RECORDS_H
#define SIMULATE_RECORDS_H

#include "base/addr.h"

#define RECORD_LATER     (-115) /* EINPROGRESS */
#define RECORD_DEV_MAJOR 254

enum { RECORD_CONNECT = 42, RECORD_BIND = 49 };

struct record_out {
	struct buf *text;
	int64_t ms;
	uint64_t serial;
};

struct record_task {
	uint32_t pid, ppid, ses, auid, uid;
	const char *comm, *exe; /* borrowed */
	uint64_t inode;         /* of its program */
};

void record_exec(const struct record_out *, const struct record_task *, const char *words);
void record_connect(const struct record_out *, const struct record_task *, struct endpoint to, int result);
/* call: RECORD_CONNECT or RECORD_BIND */
void record_unix(const struct record_out *, const struct record_task *, int call, const char *path, uint64_t inode,
    uint32_t owner, int result);
void record_listen(const struct record_out *, const struct record_task *);
void record_setuid(const struct record_out *, const struct record_task *);
void record_ptrace(const struct record_out *, const struct record_task *, const struct record_task *target,
    const char *comm);
/* The task as it was before; what it gets. */
void record_login(const struct record_out *, const struct record_task *, uint32_t auid, uint32_t ses);
/* addr NULL: none */
void record_user(const struct record_out *, const struct record_task *, const char *type, const char *op,
    const char *acct, const char *addr);

#endif

/* vault_row: what is on its way between the loop and the store: a row with its strings in one piece of memory. */
#ifndef ENGINE_VAULT_ROW_H
#define ENGINE_VAULT_ROW_H

#include <sys/queue.h>

#include "agentd/sink/store.h"

enum row_kind { ROW_FINDING, ROW_SESSION, ROW_LOGINS, ROW_DROP_SESSION, ROW_CASE, ROW_USUAL,
	ROW_DROP_USUAL };

struct row {
	STAILQ_ENTRY(row) link;
	enum row_kind kind;
	union {
		struct store_finding finding;
		struct store_session session;
		struct store_logins logins;
		struct store_case kase;
		struct store_usual usual; /* ROW_DROP_USUAL: its user; with a count: all users */
	} u;
	char strings[];
};
STAILQ_HEAD(rows, row);

/* Copies; free(3) takes all of one.  NULL: out of memory. */
struct row *vault_row_finding(const struct store_finding *);
struct row *vault_row_case(const struct store_case *);
struct row *vault_row_logins(const struct store_logins *);
struct row *vault_row_session(enum row_kind, const struct store_session *);
struct row *vault_row_usual(enum row_kind, const struct store_usual *);
void vault_rows_free(struct rows *);

#endif

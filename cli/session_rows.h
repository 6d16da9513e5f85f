/* session_rows: a session of an answer (control.h) as rows: for sessions and for session. */
#ifndef CLI_SESSION_ROWS_H
#define CLI_SESSION_ROWS_H

#include "cli/client.h"
#include "cli/table.h"

/* "open", "open, isolated, agents revoked", and the colour that says how it is. */
void session_state(const json_t *session, struct buf *out);
enum cli_style session_state_style(const json_t *session);
/* The key's fingerprint, the certificate's id, or how else the user logged in. */
void session_credential(const json_t *session, struct buf *out);

/*
 * The tree's columns.  A session's processes are put below its row, a process below its
 * parent, and below a process the sockets that it listens on and where it went.  Without all,
 * of the processes that have ended only those that went somewhere, and what stands between.
 */
enum { TREE_WHAT, TREE_USER, TREE_FROM, TREE_SINCE, TREE_STATE, TREE_NOTE, TREE_COLUMNS };
extern const struct table_column session_tree_columns[TREE_COLUMNS];
struct table_row *session_tree_rows(const struct cli *, struct table *, struct table_row *parent,
    const json_t *session, bool all);

#endif

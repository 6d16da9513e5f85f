/*
 * store_parts: what the files of the store share.  store.c opens, measures and closes, store_put.c writes, store_find.c
 * reads, store_case.c does both with cases.  Nobody else includes this.
 */
#ifndef SINK_STORE_PARTS_H
#define SINK_STORE_PARTS_H

#include <sys/types.h>

#include <sqlite3.h>

#include "agentd/sink/store.h"

enum store_statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_FINDING,
	SQL_SESSION,
	SQL_LOGINS,
	SQL_CASE,
	SQL_DROP_SESSION,
	SQL_USUAL,
	SQL_NO_USUAL,
	SQL_DROP_USUAL,
	SQL_EACH_USUAL,
	SQL_GET_SESSION,
	SQL_COUNT_FINDINGS,
	SQL_COUNT_SESSIONS,
	SQL_COUNT,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_COUNT];
	char *path; /* owned */
	dev_t dev;
	ino_t ino;
	uint64_t over[STORE_T_COUNT]; /* rows above the cap that are yet to go */
	char why[128];
};

/* What SQLite's answer comes to; what it says of it goes to store_why(). */
enum store_error store_result(struct store *, int rc);
/* A row's object as a line; false: there is no room for it. */
bool store_put_line(sqlite3_stmt *, struct buf *lines);
/* Runs a statement that answers nothing. */
enum store_error store_run(struct store *, enum store_statement);
/* store_case.c */
enum store_error store_find_cases(struct store *, const struct store_query *, struct buf *lines, bool *cut);
/* Statements in a row, as text. */
enum store_error store_exec(struct store *, const char *text);
/* The one number that a statement answers. */
enum store_error store_number(struct store *, const char *text, int64_t *out);
/* NULL is ""; the text must live until the statement is reset. */
void store_bind_text(sqlite3_stmt *, int at, const char *text);

#endif

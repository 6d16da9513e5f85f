/* store_case: cases, written and found; see store.h.  Engine process, in the archive's thread. */
#include "agentd/sink/store_parts.h"

enum store_error
store_put_case(struct store *s, const struct store_case *v)
{
	sqlite3_stmt *st = s->stmt[SQL_CASE];

	store_bind_text(st, 1, v->boot);
	sqlite3_bind_int64(st, 2, v->ses);
	store_bind_text(st, 3, v->user);
	sqlite3_bind_int64(st, 4, v->changed_ms);
	sqlite3_bind_int64(st, 5, v->over_ms);
	sqlite3_bind_int64(st, 6, v->score);
	sqlite3_bind_int64(st, 7, v->severity);
	sqlite3_bind_text64(st, 8, v->json.p, v->json.n, SQLITE_STATIC, SQLITE_UTF8);
	return store_run(s, SQL_CASE);
}

static const char find[] =
    "SELECT json FROM cases WHERE changed >= ?1 AND (?2 = 0 OR changed < ?2) AND (?3 IS NULL OR user = ?3) "
    "AND (?4 IS NULL OR substr(boot, 1, length(?4)) = ?4) AND (?5 = 0 OR ses = ?6) AND severity >= ?7 "
    "AND (?8 = 0 OR over = 0) ORDER BY changed DESC LIMIT ?9";

enum store_error
store_find_cases(struct store *s, const struct store_query *q, struct buf *lines, bool *cut)
{
	const uint64_t limit = q->limit != 0 && q->limit < ST_CASE_ROWS ? q->limit : ST_CASE_ROWS;
	sqlite3_stmt *st = NULL;
	uint64_t rows = 0;
	int rc = sqlite3_prepare_v2(s->db, find, -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, q->since_ms);
		sqlite3_bind_int64(st, 2, q->until_ms);
		sqlite3_bind_text(st, 3, q->user, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 4, q->boot, -1, SQLITE_STATIC);
		sqlite3_bind_int(st, 5, q->has_ses);
		sqlite3_bind_int64(st, 6, q->ses);
		sqlite3_bind_int64(st, 7, q->severity);
		sqlite3_bind_int(st, 8, q->living);
		sqlite3_bind_int64(st, 9, (sqlite3_int64)limit);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && store_put_line(st, lines))
			rows++;
		*cut = rc == SQLITE_ROW || (q->limit == 0 && rows == limit);
	}
	enum store_error e = store_result(s, rc);

	sqlite3_finalize(st);
	return e;
}

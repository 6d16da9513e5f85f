/* store_find: rows, found again; see store.h.  Engine process, in the archive's thread. */
#include "agentd/sink/store_parts.h"

/* The conditions of a query, each with what is bound for it. */
static void
put_where(const struct store_query *q, struct buf *out)
{
	buf_puts(out, " WHERE 1");
	if (q->since_ms != 0)
		buf_puts(out, " AND time >= ?1");
	if (q->until_ms != 0)
		buf_puts(out, " AND time < ?2");
	if (q->user != NULL)
		buf_puts(out, " AND user = ?3");
	if (q->activity != NULL)
		buf_puts(out, " AND activity = ?4");
	if (q->has_ses)
		buf_puts(out, " AND boot = ?5 AND ses = ?6");
	if (!q->quiet)
		buf_puts(out, " AND alert = 1");
}

static void
bind_where(sqlite3_stmt *st, const struct store_query *q)
{
	/* What the text does not hold is SQLITE_RANGE or ignored. */
	sqlite3_bind_int64(st, 1, q->since_ms);
	sqlite3_bind_int64(st, 2, q->until_ms);
	sqlite3_bind_text(st, 3, q->user, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, q->activity, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 5, q->boot, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 6, q->ses);
}

bool
store_put_line(sqlite3_stmt *st, struct buf *lines)
{
	const int n = sqlite3_column_bytes(st, 0);
	const void *json = sqlite3_column_text(st, 0);

	if (lines->n + (size_t)n + 1 > ST_QUERY_BYTES)
		return false;
	buf_put(lines, json, (size_t)n);
	buf_putc(lines, '\n');
	return buf_ok(lines);
}

/* Columns: the object, and where it stands for `after`; 0: counted. */
static const char *const pages[] = {
	[STORE_FINDINGS] =
	    "SELECT json, id FROM findings WHERE id > ?1 AND time >= ?2 AND time < ?3 AND "
	    "(?5 IS NULL OR instr(json, '\"id\":\"' || ?5) > 0) ORDER BY id LIMIT ?4",
	[STORE_SESSIONS] =
	    "SELECT json_object('boot', boot, 'ses', ses, 'user', user, 'ip', ip, 'tty', tty, 'method', method, "
	    "'key', key, 'ca', ca, 'cert_id', cert_id, 'groups', groups, 'opened', opened), 0 FROM sessions "
	    "WHERE opened >= ?2 AND opened < ?3 ORDER BY opened, boot, ses LIMIT ?4 OFFSET ?1",
	[STORE_LOGINS] =
	    "SELECT json_object('user', user, 'ip', ip, 'key', key, 'method', method, 'last', last, 'count', "
	    "count), 0 FROM logins WHERE last >= ?2 AND last < ?3 ORDER BY day, user, ip, key, method LIMIT ?4 "
	    "OFFSET ?1",
	[STORE_ALERTED] =
	    "SELECT json_object('session', json_extract(json, '$.sshtether.session')), id FROM cases WHERE id > ?1 AND "
	    "changed >= ?2 AND changed < ?3 AND json_extract(json, '$.sshtether.case.told') IS NOT NULL ORDER BY id "
	    "LIMIT ?4",
};

static enum store_error
find_page(struct store *s, const struct store_query *q, struct buf *lines)
{
	sqlite3_stmt *st = NULL;
	uint64_t next = q->after, rows = 0;
	int rc = sqlite3_prepare_v2(s->db, pages[q->part], -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, (sqlite3_int64)q->after);
		sqlite3_bind_int64(st, 2, q->since_ms);
		sqlite3_bind_int64(st, 3, q->until_ms != 0 ? q->until_ms : INT64_MAX);
		sqlite3_bind_int64(st, 4, ST_PAGE_ROWS);
		sqlite3_bind_text(st, 5, q->id, -1, SQLITE_STATIC); /* SQLITE_RANGE of the other parts */
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && store_put_line(st, lines)) {
			const int64_t at = sqlite3_column_int64(st, 1);

			rows++;
			next = at != 0 ? (uint64_t)at : next + 1;
		}
	}
	if (rc != SQLITE_ROW && rows < ST_PAGE_ROWS)
		next = 0;
	buf_printf(lines, "{\"next\":%llu}\n", (unsigned long long)next);
	enum store_error e = store_result(s, rc);

	sqlite3_finalize(st);
	return e;
}

static enum store_error
find_newest(struct store *s, const struct store_query *q, struct buf *lines, bool *cut)
{
	const uint64_t limit = q->limit != 0 && q->limit < ST_QUERY_ROWS ? q->limit :
	    ST_QUERY_ROWS;
	struct buf text = BUF_INIT;
	sqlite3_stmt *st = NULL;
	uint64_t rows = 0;
	int rc;

	buf_puts(&text, "SELECT json FROM (SELECT id, json FROM findings");
	put_where(q, &text);
	buf_printf(&text, " ORDER BY id DESC LIMIT %llu) ORDER BY id", (unsigned long long)limit);
	rc = buf_ok(&text) ? sqlite3_prepare_v2(s->db, text.p, (int)text.n, &st, NULL) : SQLITE_NOMEM;
	if (rc == SQLITE_OK) {
		bind_where(st, q);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && store_put_line(st, lines))
			rows++;
		*cut = rc == SQLITE_ROW || (q->limit == 0 && rows == limit);
	}
	buf_free(&text);
	enum store_error e = store_result(s, rc);

	sqlite3_finalize(st);
	return e;
}

enum store_error
store_find(struct store *s, const struct store_query *q, struct buf *lines, bool *cut)
{
	*cut = false;
	if (q->part == STORE_CASES)
		return store_find_cases(s, q, lines, cut);
	return q->part == STORE_NEWEST ? find_newest(s, q, lines, cut) : find_page(s, q, lines);
}

static const char *
keep_text(sqlite3_stmt *st, int at, struct buf *room)
{
	const size_t start = room->n;

	buf_puts(room, (const char *)sqlite3_column_text(st, at));
	buf_putc(room, '\0');
	return buf_ok(room) ? room->p + start : "";
}

/* For the strings of a row: what is kept of it must not move while more is added. */
static size_t
row_bytes(sqlite3_stmt *st)
{
	size_t n = 0;

	for (int i = 0; i < sqlite3_column_count(st); i++)
		n += (size_t)sqlite3_column_bytes(st, i) + 2;
	return n;
}

bool
store_session_get(struct store *s, const char *boot, uint32_t ses, struct store_session *out,
    struct buf *room)
{
	sqlite3_stmt *st = s->stmt[SQL_GET_SESSION];
	bool found;

	store_bind_text(st, 1, boot);
	sqlite3_bind_int64(st, 2, ses);
	found = sqlite3_step(st) == SQLITE_ROW && buf_room(room, row_bytes(st)) != NULL;
	if (found)
		*out = (struct store_session){
		    .boot = boot,
		    .ses = ses,
		    .auid = (uint32_t)sqlite3_column_int64(st, 0),
		    .port = (uint16_t)sqlite3_column_int(st, 1),
		    .cert_serial = (uint64_t)sqlite3_column_int64(st, 2),
		    .opened_ms = sqlite3_column_int64(st, 3),
		    .closed_ms = sqlite3_column_int64(st, 4),
		    .over_ms = sqlite3_column_int64(st, 5),
		    .events = (uint64_t)sqlite3_column_int64(st, 6),
		    .findings = (uint64_t)sqlite3_column_int64(st, 7),
		    .user = keep_text(st, 8, room),
		    .ip = keep_text(st, 9, room),
		    .service = keep_text(st, 10, room),
		    .tty = keep_text(st, 11, room),
		    .method = keep_text(st, 12, room),
		    .key_type = keep_text(st, 13, room),
		    .key = keep_text(st, 14, room),
		    .ca = keep_text(st, 15, room),
		    .cert_id = keep_text(st, 16, room),
		    .groups = keep_text(st, 17, room),
		};
	sqlite3_reset(st);
	return found;
}

enum store_error
store_each_usual(struct store *s, int32_t from, int32_t to, const struct store_usual *after, unsigned limit,
    store_usual_fn *fn, void *arg)
{
	sqlite3_stmt *st = s->stmt[SQL_EACH_USUAL];
	int rc;

	/* Each row has a kind: all of a day stand behind its beginning. */
	sqlite3_bind_int64(st, 1, after != NULL ? after->day : from);
	/* Copied: the caller may keep each row as the one to come after. */
	sqlite3_bind_text(st, 2, after != NULL ? after->user : "", -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 3, after != NULL ? after->kind : "", -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 4, after != NULL ? after->value : "", -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 5, to);
	sqlite3_bind_int64(st, 6, limit);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_usual row = {.day = (int32_t)sqlite3_column_int64(st, 0),
		    .user = (const char *)sqlite3_column_text(st, 1),
		    .kind = (const char *)sqlite3_column_text(st, 2),
		    .value = (const char *)sqlite3_column_text(st, 3),
		    .count = (uint32_t)sqlite3_column_int64(st, 4)};

		if (row.user != NULL && row.kind != NULL && row.value != NULL)
			fn(&row, arg);
	}
	enum store_error e = store_result(s, rc);

	sqlite3_reset(st);
	return e;
}

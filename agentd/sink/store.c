/* store: see store.h.  Engine process, in the archive's thread. */
#include "agentd/sink/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "agentd/sink/store_schema.h"

enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_FINDING,
	SQL_SESSION,
	SQL_LOGINS,
	SQL_DROP_SESSION,
	SQL_GET_SESSION,
	SQL_COUNT_FINDINGS,
	SQL_COUNT_SESSIONS,
	SQL_COUNT,
};

static const char *const sql[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_FINDING] = "INSERT INTO findings(time, boot, ses, user, activity, action, done, severity, "
			"alert, json) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_SESSION] =
	    "INSERT INTO sessions(boot, ses, auid, user, ip, port, service, tty, method, key_type, "
	    "key, ca, cert_id, cert_serial, opened, closed, over, events, findings, groups) VALUES(?1, ?2, "
	    "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) "
	    "ON CONFLICT(boot, ses) DO UPDATE SET closed = excluded.closed, over = excluded.over, "
	    "events = excluded.events, findings = excluded.findings",
	[SQL_LOGINS] =
	    "INSERT INTO logins(day, user, ip, key, method, first, last, count, seconds) "
	    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(day, user, ip, key, method) DO UPDATE "
	    "SET first = min(first, excluded.first), last = max(last, excluded.last), "
	    "count = count + excluded.count, seconds = seconds + excluded.seconds",
	[SQL_DROP_SESSION] = "DELETE FROM sessions WHERE boot = ?1 AND ses = ?2",
	[SQL_GET_SESSION] =
	    "SELECT auid, port, cert_serial, opened, closed, over, events, findings, user, ip, service, "
	    "tty, method, key_type, key, ca, cert_id, groups FROM sessions WHERE boot = ?1 AND ses = ?2",
	[SQL_COUNT_FINDINGS] = "SELECT count(*) FROM findings",
	[SQL_COUNT_SESSIONS] = "SELECT count(*) FROM sessions",
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_COUNT];
	char *path; /* owned */
	dev_t dev;
	ino_t ino;
	char why[128];
};

static enum store_error
error_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return STORE_OK;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return STORE_CORRUPT;
	case SQLITE_FULL:
		return STORE_FULL;
	default:
		return STORE_IO;
	}
}

static enum store_error
result(struct store *s, int rc)
{
	enum store_error e = error_of(rc);

	if (e != STORE_OK)
		snprintf(s->why, sizeof(s->why), "%s", sqlite3_errmsg(s->db));
	return e;
}

/* --- writing ------------------------------------------------------------------------------------ */

static void
bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text != NULL ? text : "", -1, SQLITE_STATIC);
}

static enum store_error
run(struct store *s, enum statement which)
{
	int rc = sqlite3_step(s->stmt[which]);
	enum store_error e = result(s, rc);

	sqlite3_reset(s->stmt[which]);
	return e;
}

enum store_error
store_begin(struct store *s)
{
	return run(s, SQL_BEGIN);
}

enum store_error
store_commit(struct store *s)
{
	return run(s, SQL_COMMIT);
}

void
store_rollback(struct store *s)
{
	if (sqlite3_get_autocommit(s->db) == 0)
		run(s, SQL_ROLLBACK);
}

enum store_error
store_put_finding(struct store *s, const struct store_finding *f)
{
	sqlite3_stmt *st = s->stmt[SQL_FINDING];

	sqlite3_bind_int64(st, 1, f->time_ms);
	bind_text(st, 2, f->boot);
	sqlite3_bind_int64(st, 3, f->ses);
	bind_text(st, 4, f->user);
	bind_text(st, 5, f->activity);
	bind_text(st, 6, f->action);
	bind_text(st, 7, f->done);
	bind_text(st, 8, f->severity);
	sqlite3_bind_int(st, 9, f->alert);
	sqlite3_bind_text64(st, 10, f->json.p, f->json.n, SQLITE_STATIC, SQLITE_UTF8);
	return run(s, SQL_FINDING);
}

enum store_error
store_put_session(struct store *s, const struct store_session *v)
{
	sqlite3_stmt *st = s->stmt[SQL_SESSION];

	bind_text(st, 1, v->boot);
	sqlite3_bind_int64(st, 2, v->ses);
	sqlite3_bind_int64(st, 3, v->auid);
	bind_text(st, 4, v->user);
	bind_text(st, 5, v->ip);
	sqlite3_bind_int(st, 6, v->port);
	bind_text(st, 7, v->service);
	bind_text(st, 8, v->tty);
	bind_text(st, 9, v->method);
	bind_text(st, 10, v->key_type);
	bind_text(st, 11, v->key);
	bind_text(st, 12, v->ca);
	bind_text(st, 13, v->cert_id);
	sqlite3_bind_int64(st, 14, (sqlite3_int64)v->cert_serial);
	sqlite3_bind_int64(st, 15, v->opened_ms);
	sqlite3_bind_int64(st, 16, v->closed_ms);
	sqlite3_bind_int64(st, 17, v->over_ms);
	sqlite3_bind_int64(st, 18, (sqlite3_int64)v->events);
	sqlite3_bind_int64(st, 19, (sqlite3_int64)v->findings);
	bind_text(st, 20, v->groups);
	return run(s, SQL_SESSION);
}

enum store_error
store_drop_session(struct store *s, const char *boot, uint32_t ses)
{
	bind_text(s->stmt[SQL_DROP_SESSION], 1, boot);
	sqlite3_bind_int64(s->stmt[SQL_DROP_SESSION], 2, ses);
	return run(s, SQL_DROP_SESSION);
}

enum store_error
store_put_logins(struct store *s, const struct store_logins *v)
{
	sqlite3_stmt *st = s->stmt[SQL_LOGINS];

	sqlite3_bind_int64(st, 1, v->day_ms);
	bind_text(st, 2, v->user);
	bind_text(st, 3, v->ip);
	bind_text(st, 4, v->key);
	bind_text(st, 5, v->method);
	sqlite3_bind_int64(st, 6, v->first_ms);
	sqlite3_bind_int64(st, 7, v->last_ms);
	sqlite3_bind_int64(st, 8, (sqlite3_int64)v->count);
	sqlite3_bind_int64(st, 9, (sqlite3_int64)v->seconds);
	return run(s, SQL_LOGINS);
}

static enum store_error
exec(struct store *s, const char *text)
{
	return result(s, sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

enum store_error
store_prune(struct store *s, int64_t before_ms, bool tenth)
{
	char text[640];
	enum store_error e;

	snprintf(text, sizeof(text),
	    "DELETE FROM findings WHERE time < %1$lld;"
	    "DELETE FROM sessions WHERE opened < %1$lld;"
	    "DELETE FROM logins WHERE day < %1$lld;", (long long)before_ms);
	if (before_ms != 0 && (e = exec(s, text)) != STORE_OK)
		return e;
	if (tenth && (e = exec(s,
	    "DELETE FROM findings WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 10 FROM findings);"
	    "DELETE FROM sessions WHERE opened <= (SELECT min(opened) + "
	    "(max(opened) - min(opened)) / 10 FROM sessions);")) != STORE_OK)
		return e;
	return exec(s, "PRAGMA incremental_vacuum(256)");
}

/* --- reading ------------------------------------------------------------------------------------ */

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

static bool
put_row(sqlite3_stmt *st, struct buf *lines)
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
	    "SELECT json, id FROM findings WHERE id > ?1 AND time >= ?2 AND time < ?3 ORDER BY id LIMIT ?4",
	[STORE_SESSIONS] =
	    "SELECT json_object('boot', boot, 'ses', ses, 'user', user, 'ip', ip, 'tty', tty, 'method', method, "
	    "'key', key, 'ca', ca, 'cert_id', cert_id, 'groups', groups, 'opened', opened), 0 FROM sessions "
	    "WHERE opened >= ?2 AND opened < ?3 ORDER BY opened, boot, ses LIMIT ?4 OFFSET ?1",
	[STORE_LOGINS] =
	    "SELECT json_object('user', user, 'ip', ip, 'key', key, 'method', method, 'last', last, 'count', "
	    "count), 0 FROM logins WHERE last >= ?2 AND last < ?3 ORDER BY day, user, ip, key, method LIMIT ?4 "
	    "OFFSET ?1",
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
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && put_row(st, lines)) {
			const int64_t at = sqlite3_column_int64(st, 1);

			rows++;
			next = at != 0 ? (uint64_t)at : next + 1;
		}
	}
	if (rc != SQLITE_ROW && rows < ST_PAGE_ROWS)
		next = 0;
	buf_printf(lines, "{\"next\":%llu}\n", (unsigned long long)next);
	enum store_error e = result(s, rc);

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
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && put_row(st, lines))
			rows++;
		*cut = rc == SQLITE_ROW || (q->limit == 0 && rows == limit);
	}
	buf_free(&text);
	enum store_error e = result(s, rc);

	sqlite3_finalize(st);
	return e;
}

enum store_error
store_find(struct store *s, const struct store_query *q, struct buf *lines, bool *cut)
{
	*cut = false;
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

	bind_text(st, 1, boot);
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

static enum store_error
count(struct store *s, enum statement which, uint64_t *out)
{
	int rc = sqlite3_step(s->stmt[which]);
	enum store_error e = result(s, rc);

	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(s->stmt[which], 0);
	sqlite3_reset(s->stmt[which]);
	return e;
}

enum store_error
store_measure(struct store *s, struct store_size *out)
{
	struct store_size size = {0};
	struct stat st;
	enum store_error e;

	if ((e = count(s, SQL_COUNT_FINDINGS, &size.findings)) != STORE_OK ||
	    (e = count(s, SQL_COUNT_SESSIONS, &size.sessions)) != STORE_OK)
		return e;
	if (stat(s->path, &st) == 0)
		size.bytes = (uint64_t)st.st_size;
	*out = size;
	return STORE_OK;
}

enum store_error
store_check(const struct store *s)
{
	struct stat st;

	if (stat(s->path, &st) == -1 || st.st_dev != s->dev || st.st_ino != s->ino)
		return STORE_LOST;
	return STORE_OK;
}

const char *
store_why(const struct store *s)
{
	return s->why;
}

/* --- opening ------------------------------------------------------------------------------------ */

static enum store_error
pragma_int(struct store *s, const char *text, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	enum store_error e = result(s, rc);

	sqlite3_finalize(st);
	return e;
}

static enum store_error
check_sound(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL);
	bool sound = false;

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		sound = bytes_is(bytes_of((const char *)sqlite3_column_text(st, 0)), "ok");
	enum store_error e = result(s, rc);

	sqlite3_finalize(st);
	if (e == STORE_OK && !sound) {
		snprintf(s->why, sizeof(s->why), "quick_check found damage");
		return STORE_CORRUPT;
	}
	return e;
}

static enum store_error
set_up(struct store *s, uint64_t max_bytes)
{
	int64_t version = 0;
	char text[96];
	enum store_error e;

	if ((e = exec(s, store_pragmas)) != STORE_OK || (e = check_sound(s)) != STORE_OK ||
	    (e = pragma_int(s, "PRAGMA user_version", &version)) != STORE_OK)
		return e;
	snprintf(text, sizeof(text), "PRAGMA max_page_count = %llu",
	    (unsigned long long)(max_bytes / STORE_PAGE));
	if ((e = exec(s, text)) != STORE_OK)
		return e;
	if (version > STORE_VERSION) {
		snprintf(s->why, sizeof(s->why), "made by a newer version (%lld)", (long long)version);
		return STORE_CORRUPT;
	}
	return version == 0 ? exec(s, store_schema) : STORE_OK;
}

static enum store_error
prepare(struct store *s)
{
	for (unsigned i = 0; i < SQL_COUNT; i++) {
		enum store_error e = result(s, sqlite3_prepare_v3(s->db, sql[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &s->stmt[i], NULL));

		if (e == STORE_IO) /* a table is not as ours is: the file is of somebody else */
			return STORE_CORRUPT;
		if (e != STORE_OK)
			return e;
	}
	return STORE_OK;
}

static enum store_error
open_file(struct store *s)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_NOFOLLOW;
	const mode_t before = umask(077);
	int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
	struct stat st;

	umask(before);
	if (rc != SQLITE_OK)
		return result(s, rc);
	sqlite3_busy_timeout(s->db, 1000);
	sqlite3_extended_result_codes(s->db, 1);
	if (stat(s->path, &st) == 0) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	return STORE_OK;
}

enum store_error
store_open(const char *path, uint64_t max_bytes, struct store **out, char why[128])
{
	struct store *s = calloc(1, sizeof(*s));
	enum store_error e = STORE_IO;

	snprintf(why, 128, "out of memory");
	if (s == NULL || (s->path = strdup(path)) == NULL)
		goto out;
	if ((e = open_file(s)) != STORE_OK || (e = set_up(s, max_bytes)) != STORE_OK ||
	    (e = prepare(s)) != STORE_OK) {
		snprintf(why, 128, "%s", s->why);
		goto out;
	}
	/* The file may have been made only now. */
	struct stat st;

	if (stat(path, &st) == 0) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	*out = s;
	return STORE_OK;
out:
	store_close(&s);
	return e;
}

void
store_close(struct store **sp)
{
	struct store *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	for (unsigned i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->stmt[i]);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

int
store_set_aside(const char *path, int64_t now_ms)
{
	static const char *const companions[] = {"-wal", "-shm"};
	struct buf to = BUF_INIT, from = BUF_INIT;
	int rc = 0;

	buf_printf(&to, "%s.corrupt-%lld", path, (long long)(now_ms / 1000));
	if (!buf_ok(&to))
		rc = -ENOMEM;
	else if (rename(path, to.p) == -1)
		rc = errno == ENOENT ? 0 : -errno;
	for (unsigned i = 0; i < 2; i++) {
		buf_reset(&from);
		buf_printf(&from, "%s%s", path, companions[i]);
		buf_reset(&to);
		buf_printf(&to, "%s.corrupt-%lld%s", path, (long long)(now_ms / 1000), companions[i]);
		if (buf_ok(&from) && buf_ok(&to))
			(void)!rename(from.p, to.p);
	}
	buf_free(&to);
	buf_free(&from);
	return rc;
}

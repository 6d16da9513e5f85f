/* store: see store.h.  Engine process, in the archive's thread. */
#include "agentd/sink/store_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/sink/store_schema.h"

#define SHED_TRIES 20

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
	[SQL_CASE] =
	    "INSERT INTO cases(boot, ses, user, changed, over, score, severity, json) "
	    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(boot, ses) DO UPDATE SET user = excluded.user, "
	    "changed = excluded.changed, over = excluded.over, score = excluded.score, "
	    "severity = excluded.severity, json = excluded.json",
	[SQL_DROP_SESSION] = "DELETE FROM sessions WHERE boot = ?1 AND ses = ?2",
	[SQL_USUAL] = "INSERT INTO usual(day, user, kind, value, count) VALUES(?1, ?2, ?3, ?4, ?5) "
		      "ON CONFLICT(day, user, kind, value) DO UPDATE SET count = excluded.count",
	[SQL_NO_USUAL] = "DELETE FROM usual WHERE day = ?1 AND user = ?2 AND kind = ?3 AND value = ?4",
	/* From day to day, and there to the user: no scan. */
	[SQL_DROP_USUAL] =
	    "WITH RECURSIVE days(day) AS (SELECT min(day) FROM usual UNION ALL "
	    "SELECT (SELECT min(day) FROM usual WHERE day > days.day) FROM days WHERE days.day IS NOT NULL) "
	    "DELETE FROM usual WHERE user = ?1 AND day IN (SELECT day FROM days)",
	[SQL_EACH_USUAL] =
	    "SELECT day, user, kind, value, count FROM usual WHERE (day, user, kind, value) > (?1, ?2, ?3, ?4) "
	    "AND day <= ?5 ORDER BY day, user, kind, value LIMIT ?6",
	[SQL_GET_SESSION] =
	    "SELECT auid, port, cert_serial, opened, closed, over, events, findings, user, ip, service, "
	    "tty, method, key_type, key, ca, cert_id, groups FROM sessions WHERE boot = ?1 AND ses = ?2",
	[SQL_COUNT_FINDINGS] = "SELECT count(*) FROM findings",
	[SQL_COUNT_SESSIONS] = "SELECT count(*) FROM sessions",
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

enum store_error
store_result(struct store *s, int rc)
{
	enum store_error e = error_of(rc);

	if (e != STORE_OK)
		snprintf(s->why, sizeof(s->why), "%s", sqlite3_errmsg(s->db));
	return e;
}

void
store_bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text != NULL ? text : "", -1, SQLITE_STATIC);
}

enum store_error
store_exec(struct store *s, const char *text)
{
	return store_result(s, sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

enum store_error
store_number(struct store *s, const char *text, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	enum store_error e = store_result(s, rc);

	sqlite3_finalize(st);
	return e;
}

/* --- its size ----------------------------------------------------------------------------------- */

static enum store_error
count(struct store *s, enum store_statement which, uint64_t *out)
{
	int rc = sqlite3_step(s->stmt[which]);
	enum store_error e = store_result(s, rc);

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
check_sound(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL);
	bool sound = false;

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		sound = bytes_is(bytes_of((const char *)sqlite3_column_text(st, 0)), "ok");
	enum store_error e = store_result(s, rc);

	sqlite3_finalize(st);
	if (e == STORE_OK && !sound) {
		snprintf(s->why, sizeof(s->why), "quick_check found damage");
		return STORE_CORRUPT;
	}
	return e;
}

/* One version up, whole or not at all. */
static enum store_error
migrate(struct store *s, int64_t version)
{
	char done[64];
	enum store_error e = store_exec(s, "BEGIN IMMEDIATE");

	snprintf(done, sizeof(done), "PRAGMA user_version = %lld; COMMIT", (long long)version + 1);
	if (e == STORE_OK && (e = store_exec(s, store_steps[version])) == STORE_OK)
		e = store_exec(s, done);
	if (sqlite3_get_autocommit(s->db) == 0)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return e;
}

/* A tenth may be rows of few bytes. */
static enum store_error
make_room_and_migrate(struct store *s, int64_t version)
{
	enum store_error e = migrate(s, version);

	for (unsigned tries = 0; version > 0 && e == STORE_FULL && tries < SHED_TRIES; tries++) {
		if ((e = store_shed(s)) == STORE_OK)
			e = migrate(s, version);
	}
	return e;
}

static enum store_error
set_up(struct store *s, uint64_t max_bytes)
{
	int64_t version = 0;
	char text[96];
	enum store_error e;

	if ((e = store_exec(s, store_pragmas)) != STORE_OK || (e = check_sound(s)) != STORE_OK ||
	    (e = store_number(s, "PRAGMA user_version", &version)) != STORE_OK)
		return e;
	snprintf(text, sizeof(text), "PRAGMA max_page_count = %llu",
	    (unsigned long long)(max_bytes / STORE_PAGE));
	if ((e = store_exec(s, text)) != STORE_OK)
		return e;
	if (version < 0 || version > STORE_VERSION) {
		snprintf(s->why, sizeof(s->why), "made by a newer version (%lld)", (long long)version);
		return STORE_CORRUPT;
	}
	for (; e == STORE_OK && version < STORE_VERSION; version++)
		e = make_room_and_migrate(s, version);
	return e;
}

static enum store_error
prepare(struct store *s)
{
	for (unsigned i = 0; i < SQL_COUNT; i++) {
		enum store_error e = store_result(s, sqlite3_prepare_v3(s->db, sql[i], -1,
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
		return store_result(s, rc);
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

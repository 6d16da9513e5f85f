/* store_kit: see store_kit.h. */
#include "tests/unit/store_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

/* What the first released version executed, to the letter. */
static const char version_1[] =
    "PRAGMA page_size = 4096;"
    "PRAGMA auto_vacuum = INCREMENTAL;"
    "PRAGMA journal_mode = WAL;"
    "BEGIN;"
    "CREATE TABLE sessions(boot TEXT NOT NULL, ses INTEGER NOT NULL, auid INTEGER, user TEXT, ip TEXT,"
    " port INTEGER, service TEXT, tty TEXT, method TEXT, key_type TEXT, key TEXT, ca TEXT, cert_id TEXT,"
    " cert_serial INTEGER, groups TEXT, opened INTEGER, closed INTEGER, over INTEGER, events INTEGER,"
    " findings INTEGER, PRIMARY KEY(boot, ses)) WITHOUT ROWID;"
    "CREATE INDEX sessions_opened ON sessions(opened);"
    "CREATE INDEX sessions_user ON sessions(user, opened);"
    "CREATE TABLE logins(day INTEGER NOT NULL, user TEXT NOT NULL, ip TEXT NOT NULL, key TEXT NOT NULL,"
    " method TEXT NOT NULL, first INTEGER, last INTEGER, count INTEGER, seconds INTEGER,"
    " PRIMARY KEY(day, user, ip, key, method)) WITHOUT ROWID;"
    "CREATE TABLE findings(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, boot TEXT, ses INTEGER,"
    " user TEXT, activity TEXT, action TEXT, done TEXT, severity TEXT, alert INTEGER, json TEXT);"
    "CREATE INDEX findings_time ON findings(time);"
    "CREATE INDEX findings_user ON findings(user, time);"
    "CREATE INDEX findings_ses ON findings(boot, ses);"
    "PRAGMA user_version = 1;"
    "COMMIT;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
    "INSERT INTO findings(time, boot, ses, user, activity, action, done, severity, alert, json) "
    "SELECT i * 1000, 'boot', 7, 'alice', 'outbound-ssh', 'alert', 'alerted', 'low', 1, '{' || i || '}' FROM n;"
    "INSERT INTO sessions(boot, ses, auid, user, ip, opened) VALUES('boot', 7, 1000, 'alice', '10.0.0.1', 5);"
    "INSERT INTO logins VALUES(0, 'bob', '10.0.0.2', '', 'publickey', 1, 2, 3, 4);";

static int
set_up_in(const char *where, void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	snprintf(p->dir, sizeof(p->dir), "%s/test-store-XXXXXX", where);
	if (mkdtemp(p->dir) == NULL)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/store.db", p->dir);
	*state = p;
	return 0;
}

int
kit_set_up(void **state)
{
	return set_up_in("/tmp", state);
}

int
kit_set_up_in_memory(void **state)
{
	return set_up_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", state);
}

int
kit_tear_down(void **state)
{
	struct place *p = *state;
	char *const argv[] = {(char[]){"rm"}, (char[]){"-rf"}, p->dir, NULL};

	if (fork() == 0) {
		execv("/bin/rm", argv);
		_exit(127);
	}
	free(p);
	return 0;
}

struct store *
kit_opened(const struct place *p, uint64_t size)
{
	struct store *s = NULL;
	char why[128] = "";

	if (store_open(p->path, size, &s, why) != STORE_OK)
		fail_msg("the store cannot be opened: %s", why);
	return s;
}

static sqlite3 *
file_opened(const struct place *p)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	return db;
}

int64_t
kit_number(const struct place *p, const char *sql)
{
	sqlite3 *db = file_opened(p);
	sqlite3_stmt *st;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

void
kit_exec(const struct place *p, const char *sql)
{
	sqlite3 *db = file_opened(p);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

void
kit_version_1(const struct place *p)
{
	kit_exec(p, version_1);
}

void
kit_unlink(const struct place *p)
{
	static const char *const companions[] = {"", "-wal", "-shm"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", p->path, companions[i]);
		(void)unlink(path);
	}
}

void
kit_tend(struct store *s, const struct store_bounds *bounds)
{
	bool more, count = true;

	do {
		assert_int_equal(store_tend(s, bounds, count, &more), STORE_OK);
		count = false;
	} while (more);
}

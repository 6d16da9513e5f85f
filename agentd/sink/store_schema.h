/* store_schema: the tables of the store, and how an older one becomes this one.  Included by store.c alone. */
#ifndef SINK_STORE_SCHEMA_H
#define SINK_STORE_SCHEMA_H

#include "agentd/sink/store.h"

/*
 * synchronous NORMAL in WAL: a power cut may cost the last second of history, never the file.
 * auto_vacuum has to be set before the first table.
 */
static const char store_pragmas[] =
    "PRAGMA page_size = 4096;"
    "PRAGMA auto_vacuum = INCREMENTAL;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA wal_autocheckpoint = 1000;"
    "PRAGMA journal_size_limit = 8388608;";

/* Times are milliseconds since 1970, UTC. */
static const char store_first[] =
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
    "CREATE INDEX findings_ses ON findings(boot, ses);";

/*
 * cases: one a session.  usual: a row a day of what agentd/baseline/ counts; the day (a number since 1970) comes first,
 * so that a day goes as a whole and rows come back in its order.
 */
static const char store_second[] =
    "CREATE TABLE cases(id INTEGER PRIMARY KEY, boot TEXT NOT NULL, ses INTEGER NOT NULL, user TEXT,"
    " changed INTEGER, over INTEGER, score INTEGER, severity INTEGER, json TEXT, UNIQUE(boot, ses));"
    "CREATE INDEX cases_changed ON cases(changed);"
    "CREATE TABLE usual(day INTEGER NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,"
    " count INTEGER NOT NULL, PRIMARY KEY(day, user, kind, value)) WITHOUT ROWID;";

/* From each version, none at first, to the next. */
static const char *const store_steps[STORE_VERSION] = {store_first, store_second};

#endif

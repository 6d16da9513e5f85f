/* store_schema: the tables of the store, version 1.  Included by store.c alone. */
#ifndef SINK_STORE_SCHEMA_H
#define SINK_STORE_SCHEMA_H

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
static const char store_schema[] =
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
    "COMMIT;";

#endif

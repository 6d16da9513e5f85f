/*
 * store: the history of sessions and findings, in SQLite.  One connection, WAL.  Calls may wait for the
 * disk: they are made in a thread of their own (engine/archive.h), by one thread at a time.  A store that
 * cannot be used is the caller's to set aside; nothing here stops anything else.
 */
#ifndef SINK_STORE_H
#define SINK_STORE_H

#include <sshtether/limits.h>

#include "base/buf.h"

#define STORE_VERSION 2 /* PRAGMA user_version */
#define STORE_PAGE    4096

/* Strings are borrowed; NULL is "". */
struct store_finding {
	int64_t time_ms;
	const char *boot;
	uint32_t ses;
	const char *user, *activity, *action, *done, *severity;
	bool alert; /* false: recorded or passed */
	struct bytes json;
};

struct store_session {
	const char *boot;
	uint32_t ses, auid;
	const char *user, *ip, *service, *tty, *method, *key_type, *key, *ca, *cert_id;
	const char *groups; /* names, each followed by a newline; "": not known */
	uint16_t port;
	uint64_t cert_serial;
	int64_t opened_ms, closed_ms, over_ms; /* 0: not yet */
	uint64_t events, findings;
};

/* Short quiet logins that were alike: added to what is there. */
struct store_logins {
	int64_t day_ms; /* midnight, UTC */
	const char *user, *ip, *key, *method;
	int64_t first_ms, last_ms;
	uint64_t count, seconds;
};

/* What was found of one session, joined: replaces what is there. */
struct store_case {
	const char *boot;
	uint32_t ses;
	const char *user;
	int64_t changed_ms, over_ms; /* over: 0 while its session lives */
	unsigned score, severity;    /* severity: enum severity */
	struct bytes json;
};

/* A day of one value of the baseline.  count 0: there is none. */
struct store_usual {
	const char *kind, *user, *value;
	int32_t day; /* since 1970 */
	uint32_t count;
};

enum store_error {
	STORE_OK = 0,
	STORE_CORRUPT, /* damaged, or not ours: to be set aside */
	STORE_FULL,    /* the disk, or the size that it may have */
	STORE_LOST,    /* the file was moved away under us */
	STORE_IO,      /* anything else; store_why() */
};

struct store;

/* Makes the file (0600) and its tables when they are not there.  max_bytes: never larger than that. */
enum store_error store_open(const char *path, uint64_t max_bytes, struct store **out,
    char why[128]);
void store_close(struct store **);
const char *store_why(const struct store *);

/* A batch is one transaction; what was put between begin and a failure is gone. */
enum store_error store_begin(struct store *);
enum store_error store_put_finding(struct store *, const struct store_finding *);
enum store_error store_put_session(struct store *, const struct store_session *);
enum store_error store_put_logins(struct store *, const struct store_logins *);
enum store_error store_put_case(struct store *, const struct store_case *);
/* Takes the row of a session away again. */
enum store_error store_drop_session(struct store *, const char *boot, uint32_t ses);
/* In the place of what is there. */
enum store_error store_put_usual(struct store *, const struct store_usual *);
/* All days of a user; NULL: of all. */
enum store_error store_drop_usual(struct store *, const char *user);
enum store_error store_commit(struct store *);
void store_rollback(struct store *);

/* The tables that grow, in the order in which they are looked after. */
enum store_table { STORE_T_FINDINGS, STORE_T_SESSIONS, STORE_T_LOGINS, STORE_T_CASES, STORE_T_USUAL, STORE_T_COUNT };

/* What each may hold: nothing older, and no more rows. */
struct store_bounds {
	int64_t before_ms[STORE_T_COUNT]; /* 0: of any age */
	uint64_t rows[STORE_T_COUNT];     /* 0: any number */
};
/*
 * One step of a few thousand rows towards its bounds, or of giving pages that are free back to the disk; *more: there
 * is more to do.  How many rows are over the cap is counted when `count` is set, for it takes a scan.
 */
enum store_error store_tend(struct store *, const struct store_bounds *, bool count, bool *more);
/* There is no room: the oldest tenth of findings, sessions and cases goes. */
enum store_error store_shed(struct store *);
/* STORE_LOST when the path no longer leads to the open file. */
enum store_error store_check(const struct store *);

/* What a query asks for: the newest findings that it names, or a page of all that there is of a kind. */
enum store_part { STORE_NEWEST, STORE_FINDINGS, STORE_SESSIONS, STORE_LOGINS, STORE_ALERTED, STORE_CASES };

struct store_query {
	enum store_part part;
	uint64_t after;              /* a page: what the one before ended with; 0: the first */
	int64_t since_ms, until_ms; /* 0: open */
	const char *user, *activity; /* NULL: any */
	const char *boot;            /* with has_ses; of cases: how it begins, NULL: any */
	bool has_ses;
	uint32_t ses;
	bool quiet;      /* recorded and passed ones too */
	uint64_t limit;  /* the newest so many; 0: ST_QUERY_ROWS */
	unsigned severity; /* of cases: at least this one */
	bool living;       /* of cases: those alone whose session was not over */
	const char *id;  /* a page of findings: those in which an id begins so; NULL: all */
};

/*
 * Objects, oldest first, one a line: findings as they were put, sessions and logins with the names of their
 * columns, of STORE_ALERTED the sessions whose case alerted.  cut: there were more.  A page takes but the times of the query, and ends with {"next":N}: what
 * the next one comes after, 0: nothing does.  Cases: the last changed first.
 */
enum store_error store_find(struct store *, const struct store_query *, struct buf *lines,
    bool *cut);
/* A session by its key; false: none.  Strings go into room. */
bool store_session_get(struct store *, const char *boot, uint32_t ses, struct store_session *out,
    struct buf *room);

typedef void store_usual_fn(const struct store_usual *, void *arg);
/* A page of the days from..to, in the order of day, user, kind and value: those behind `after` (NULL: the first). */
enum store_error store_each_usual(struct store *, int32_t from, int32_t to, const struct store_usual *after,
    unsigned limit, store_usual_fn *, void *arg);

struct store_size {
	uint64_t bytes, findings, sessions;
};
enum store_error store_measure(struct store *, struct store_size *);

/*
 * Renames path to path.corrupt-TIME with its companions.  0 or −errno.
 */
int store_set_aside(const char *path, int64_t now_ms);

#endif

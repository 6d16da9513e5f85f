/*
 * archive: the store's thread.  Rows are copied, gathered for up to a second and written in one
 * transaction off the decision path; queries run there too.  A store that is damaged is set aside and
 * begun anew, one that is full loses its oldest tenth, one that cannot be used costs its rows and a
 * counter, never a detection.
 */
#ifndef ENGINE_ARCHIVE_H
#define ENGINE_ARCHIVE_H

#include "agentd/sink/store.h"
#include "base/clock.h"

struct event_base;
struct archive;

struct archive_options {
	struct event_base *base;
	const char *path; /* copied */
	uint64_t max_bytes;
	unsigned days, usual_days;
	/* Something that people must hear of: "store-set-aside", "store-failing". */
	void (*trouble)(const char *what, const char *sentence, void *arg);
	void *arg;
};

/* NULL: no thread or no memory. */
struct archive *archive_new(const struct archive_options *);
/* Writes what is gathered, for at most wait_ms. */
void archive_free(struct archive **, int64_t wait_ms);

void archive_finding(struct archive *, const struct store_finding *);
void archive_session(struct archive *, const struct store_session *);
void archive_logins(struct archive *, const struct store_logins *);
void archive_case(struct archive *, const struct store_case *);
/* Its row goes away again. */
void archive_drop_session(struct archive *, const char *boot, uint32_t ses);
void archive_usual(struct archive *, const struct store_usual *);
/* All rows of a user; NULL: of all. */
void archive_drop_usual(struct archive *, const char *user);
/* Hands on what was gathered.  Once a second. */
void archive_flush(struct archive *);
/* Now, or after the rows that the thread is writing: for what must outlive a crash. */
void archive_soon(struct archive *);

/* lines: an object a line; why is NULL when all went well. */
typedef void archive_found_fn(struct bytes lines, bool cut, const char *why, void *arg);
/* False: the thread is busy, fn is not called. */
bool archive_find(struct archive *, const struct store_query *, archive_found_fn *, void *arg);
/* session: NULL when there is none. */
typedef void archive_session_fn(const struct store_session *, void *arg);
bool archive_get_session(struct archive *, const char *boot, uint32_t ses, archive_session_fn *,
    void *arg);

/* A page of the baseline's rows (ROW_USUAL), and whether more may follow; why is NULL when all went well. */
struct rows;
typedef void archive_usual_fn(const struct rows *, bool more, const char *why, void *arg);
/* Of the days from..to, behind that row (NULL: the first).  False: the thread is busy, fn is not called. */
bool archive_get_usual(struct archive *, int32_t from, int32_t to, const struct store_usual *after,
    archive_usual_fn *, void *arg);
/* What was put until now is written, or it is not: some of it was dropped. */
typedef void archive_synced_fn(bool ok, void *arg);
bool archive_sync(struct archive *, archive_synced_fn *, void *arg);

struct archive_state {
	bool failing;
	struct store_size size;
	uint64_t written, dropped, set_aside, lost; /* lost: the file was taken away, and begun anew */
	size_t queued; /* rows */
	char why[128];
};
void archive_state(struct archive *, struct archive_state *);
const char *archive_path(const struct archive *);

#endif

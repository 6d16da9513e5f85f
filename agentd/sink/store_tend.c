/*
 * store_tend: what keeps the store small: days that are over, caps, and free pages that go back to the disk; see
 * store.h.  Engine process, in the archive's thread.  A step is short: rows wait behind it.
 */
#include <stdio.h>

#include "agentd/sink/store_parts.h"

#define STEP_ROWS  2000
#define STEP_PAGES 512
#define FREE_SHARE 10 /* so many hundredths of the file may be free: they are used again soon */
#define DAY_MS     86400000

/* The key of each table and the column that says how old a row is; its unit. */
static const struct {
	const char *name, *key, *time;
	int64_t unit_ms;
} tables[STORE_T_COUNT] = {
	[STORE_T_FINDINGS] = {"findings", "id", "time", 1},
	[STORE_T_SESSIONS] = {"sessions", "boot, ses", "opened", 1},
	[STORE_T_LOGINS] = {"logins", "day, user, ip, key, method", "day", 1},
	[STORE_T_CASES] = {"cases", "id", "changed", 1},
	[STORE_T_USUAL] = {"usual", "day, user, kind, value", "day", DAY_MS},
};

/* Of the oldest rows at most `limit`, and of them those that are older than that; *gone: so many. */
static enum store_error
drop_oldest(struct store *s, enum store_table t, int64_t before, uint64_t limit, uint64_t *gone)
{
	char text[320];
	enum store_error e;

	snprintf(text, sizeof(text), "DELETE FROM %1$s WHERE (%2$s) IN (SELECT %2$s FROM %1$s WHERE %3$s < %4$lld "
	    "ORDER BY %3$s LIMIT %5$llu)", tables[t].name, tables[t].key, tables[t].time, (long long)before,
	    (unsigned long long)limit);
	e = store_exec(s, text);
	*gone = e == STORE_OK ? (uint64_t)sqlite3_changes(s->db) : 0;
	return e;
}

static enum store_error
count_over(struct store *s, const struct store_bounds *bounds)
{
	enum store_error e = STORE_OK;

	for (unsigned t = 0; e == STORE_OK && t < STORE_T_COUNT; t++) {
		char text[64];
		int64_t rows = 0;

		s->over[t] = 0;
		if (bounds->rows[t] == 0)
			continue;
		snprintf(text, sizeof(text), "SELECT count(*) FROM %s", tables[t].name);
		e = store_number(s, text, &rows);
		if ((uint64_t)rows > bounds->rows[t])
			s->over[t] = (uint64_t)rows - bounds->rows[t];
	}
	return e;
}

/* *gone: rows of this table went. */
static enum store_error
tend_table(struct store *s, const struct store_bounds *bounds, enum store_table t, uint64_t *gone)
{
	enum store_error e = STORE_OK;

	if (bounds->before_ms[t] != 0)
		e = drop_oldest(s, t, bounds->before_ms[t] / tables[t].unit_ms, STEP_ROWS, gone);
	if (e == STORE_OK && *gone == 0 && s->over[t] > 0)
		e = drop_oldest(s, t, INT64_MAX, s->over[t] < STEP_ROWS ? s->over[t] : STEP_ROWS, gone);
	s->over[t] -= *gone < s->over[t] ? *gone : s->over[t];
	return e;
}

/* The pages that are free, when they are too many; else 0. */
static enum store_error
too_many_free(struct store *s, int64_t *out)
{
	int64_t pages = 0, unused = 0;
	enum store_error e;

	if ((e = store_number(s, "PRAGMA page_count", &pages)) == STORE_OK)
		e = store_number(s, "PRAGMA freelist_count", &unused);
	*out = unused * 100 > pages * FREE_SHARE ? unused : 0;
	return e;
}

/* The file is shorter once the log is written back into it. */
static enum store_error
give_back(struct store *s, bool *more)
{
	int64_t before, after = 0;
	char text[64];
	enum store_error e;

	if ((e = too_many_free(s, &before)) != STORE_OK || before == 0)
		return e;
	snprintf(text, sizeof(text), "PRAGMA incremental_vacuum(%d)", STEP_PAGES);
	if ((e = store_exec(s, text)) != STORE_OK || (e = too_many_free(s, &after)) != STORE_OK)
		return e;
	*more = after != 0 && after < before;
	return *more ? STORE_OK : store_exec(s, "PRAGMA wal_checkpoint(PASSIVE)");
}

enum store_error
store_tend(struct store *s, const struct store_bounds *bounds, bool count, bool *more)
{
	enum store_error e = count ? count_over(s, bounds) : STORE_OK;
	uint64_t gone = 0;

	*more = false;
	for (unsigned t = 0; e == STORE_OK && gone == 0 && t < STORE_T_COUNT; t++)
		e = tend_table(s, bounds, t, &gone);
	if (e == STORE_OK && gone == 0)
		e = give_back(s, more);
	*more = e == STORE_OK && (*more || gone > 0);
	return e;
}

enum store_error
store_shed(struct store *s)
{
	enum store_error e = store_exec(s,
	    "DELETE FROM findings WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 10 FROM findings);"
	    "DELETE FROM sessions WHERE opened <= (SELECT min(opened) + "
	    "(max(opened) - min(opened)) / 10 FROM sessions);");
	int64_t version = 0;

	if (e == STORE_OK)
		e = store_number(s, "PRAGMA user_version", &version);
	if (e != STORE_OK || version < 2)
		return e;
	return store_exec(s, "DELETE FROM cases WHERE changed <= (SELECT min(changed) + "
	    "(max(changed) - min(changed)) / 10 FROM cases)");
}

/* store_put: batches of rows; see store.h.  Engine process, in the archive's thread. */
#include "agentd/sink/store_parts.h"

enum store_error
store_run(struct store *s, enum store_statement which)
{
	int rc = sqlite3_step(s->stmt[which]);
	enum store_error e = store_result(s, rc);

	sqlite3_reset(s->stmt[which]);
	return e;
}

enum store_error
store_begin(struct store *s)
{
	return store_run(s, SQL_BEGIN);
}

enum store_error
store_commit(struct store *s)
{
	return store_run(s, SQL_COMMIT);
}

void
store_rollback(struct store *s)
{
	if (sqlite3_get_autocommit(s->db) == 0)
		store_run(s, SQL_ROLLBACK);
}

enum store_error
store_put_finding(struct store *s, const struct store_finding *f)
{
	sqlite3_stmt *st = s->stmt[SQL_FINDING];

	sqlite3_bind_int64(st, 1, f->time_ms);
	store_bind_text(st, 2, f->boot);
	sqlite3_bind_int64(st, 3, f->ses);
	store_bind_text(st, 4, f->user);
	store_bind_text(st, 5, f->activity);
	store_bind_text(st, 6, f->action);
	store_bind_text(st, 7, f->done);
	store_bind_text(st, 8, f->severity);
	sqlite3_bind_int(st, 9, f->alert);
	sqlite3_bind_text64(st, 10, f->json.p, f->json.n, SQLITE_STATIC, SQLITE_UTF8);
	return store_run(s, SQL_FINDING);
}

enum store_error
store_put_session(struct store *s, const struct store_session *v)
{
	sqlite3_stmt *st = s->stmt[SQL_SESSION];

	store_bind_text(st, 1, v->boot);
	sqlite3_bind_int64(st, 2, v->ses);
	sqlite3_bind_int64(st, 3, v->auid);
	store_bind_text(st, 4, v->user);
	store_bind_text(st, 5, v->ip);
	sqlite3_bind_int(st, 6, v->port);
	store_bind_text(st, 7, v->service);
	store_bind_text(st, 8, v->tty);
	store_bind_text(st, 9, v->method);
	store_bind_text(st, 10, v->key_type);
	store_bind_text(st, 11, v->key);
	store_bind_text(st, 12, v->ca);
	store_bind_text(st, 13, v->cert_id);
	sqlite3_bind_int64(st, 14, (sqlite3_int64)v->cert_serial);
	sqlite3_bind_int64(st, 15, v->opened_ms);
	sqlite3_bind_int64(st, 16, v->closed_ms);
	sqlite3_bind_int64(st, 17, v->over_ms);
	sqlite3_bind_int64(st, 18, (sqlite3_int64)v->events);
	sqlite3_bind_int64(st, 19, (sqlite3_int64)v->findings);
	store_bind_text(st, 20, v->groups);
	return store_run(s, SQL_SESSION);
}

enum store_error
store_drop_session(struct store *s, const char *boot, uint32_t ses)
{
	store_bind_text(s->stmt[SQL_DROP_SESSION], 1, boot);
	sqlite3_bind_int64(s->stmt[SQL_DROP_SESSION], 2, ses);
	return store_run(s, SQL_DROP_SESSION);
}

enum store_error
store_put_logins(struct store *s, const struct store_logins *v)
{
	sqlite3_stmt *st = s->stmt[SQL_LOGINS];

	sqlite3_bind_int64(st, 1, v->day_ms);
	store_bind_text(st, 2, v->user);
	store_bind_text(st, 3, v->ip);
	store_bind_text(st, 4, v->key);
	store_bind_text(st, 5, v->method);
	sqlite3_bind_int64(st, 6, v->first_ms);
	sqlite3_bind_int64(st, 7, v->last_ms);
	sqlite3_bind_int64(st, 8, (sqlite3_int64)v->count);
	sqlite3_bind_int64(st, 9, (sqlite3_int64)v->seconds);
	return store_run(s, SQL_LOGINS);
}

enum store_error
store_put_usual(struct store *s, const struct store_usual *v)
{
	const enum store_statement which = v->count != 0 ? SQL_USUAL : SQL_NO_USUAL;
	sqlite3_stmt *st = s->stmt[which];

	sqlite3_bind_int64(st, 1, v->day);
	store_bind_text(st, 2, v->user);
	store_bind_text(st, 3, v->kind);
	store_bind_text(st, 4, v->value);
	if (v->count != 0)
		sqlite3_bind_int64(st, 5, v->count);
	return store_run(s, which);
}

enum store_error
store_drop_usual(struct store *s, const char *user)
{
	if (user == NULL) /* pages as a whole: a thousand times faster than by rows */
		return store_exec(s, "DELETE FROM usual");
	store_bind_text(s->stmt[SQL_DROP_USUAL], 1, user);
	return store_run(s, SQL_DROP_USUAL);
}

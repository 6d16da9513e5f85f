/* vault_row: see vault_row.h.  Engine process, in the loop and in the archive's thread. */
#include "agentd/engine/vault_row.h"

#include <stdlib.h>
#include <string.h>

#define N(fields) (sizeof(fields) / sizeof((fields)[0]))

/* With copies of the strings, to which the caller's fields point from now on: they go into the row. */
static struct row *
row_new(enum row_kind kind, const char **fields[], size_t n)
{
	size_t total = 0, at = 0;
	struct row *r;

	for (size_t i = 0; i < n; i++)
		total += (*fields[i] != NULL ? strlen(*fields[i]) : 0) + 1;
	if ((r = calloc(1, sizeof(*r) + total)) == NULL)
		return NULL;
	r->kind = kind;
	for (size_t i = 0; i < n; i++) {
		size_t len = *fields[i] != NULL ? strlen(*fields[i]) : 0;

		if (len > 0)
			memcpy(r->strings + at, *fields[i], len);
		*fields[i] = r->strings + at;
		at += len + 1;
	}
	return r;
}

/* As a string: JSON text has no NUL of its own. */
struct row *
vault_row_finding(const struct store_finding *from)
{
	struct store_finding f = *from;
	char *json = strndup(f.json.p, f.json.n);
	const char *text = json;
	const char **fields[] = {&f.boot, &f.user, &f.activity, &f.action, &f.done, &f.severity, &text};
	struct row *r = json != NULL ? row_new(ROW_FINDING, fields, N(fields)) : NULL;

	free(json);
	if (r == NULL)
		return NULL;
	f.json.p = text;
	r->u.finding = f;
	return r;
}

struct row *
vault_row_case(const struct store_case *from)
{
	struct store_case c = *from;
	char *json = strndup(c.json.p, c.json.n);
	const char *text = json;
	const char **fields[] = {&c.boot, &c.user, &text};
	struct row *r = json != NULL ? row_new(ROW_CASE, fields, N(fields)) : NULL;

	free(json);
	if (r == NULL)
		return NULL;
	c.json.p = text;
	r->u.kase = c;
	return r;
}

struct row *
vault_row_session(enum row_kind kind, const struct store_session *from)
{
	struct store_session s = *from;
	const char **fields[] = {&s.boot, &s.user, &s.ip, &s.service, &s.tty, &s.method, &s.key_type,
	    &s.key, &s.ca, &s.cert_id, &s.groups};
	struct row *r = row_new(kind, fields, N(fields));

	if (r != NULL)
		r->u.session = s;
	return r;
}

struct row *
vault_row_usual(enum row_kind kind, const struct store_usual *from)
{
	struct store_usual u = *from;
	const char **fields[] = {&u.kind, &u.user, &u.value};
	struct row *r = row_new(kind, fields, N(fields));

	if (r != NULL)
		r->u.usual = u;
	return r;
}

struct row *
vault_row_logins(const struct store_logins *from)
{
	struct store_logins l = *from;
	const char **fields[] = {&l.user, &l.ip, &l.key, &l.method};
	struct row *r = row_new(ROW_LOGINS, fields, N(fields));

	if (r != NULL)
		r->u.logins = l;
	return r;
}

void
vault_rows_free(struct rows *rows)
{
	struct row *r;

	while ((r = STAILQ_FIRST(rows)) != NULL) {
		STAILQ_REMOVE_HEAD(rows, link);
		free(r);
	}
}

/* asked: see asked.h.  Pure. */
#include "agentd/engine/asked.h"

const char *
asked_fact(enum pol_fact f)
{
	static const char *const names[QF_COUNT] = {
		[QF_USER] = "user", [QF_AS] = "as", [QF_GROUP] = "group", [QF_ORIGIN] = "origin",
		[QF_KEY] = "key", [QF_PRINCIPAL] = "principal", [QF_CERT_ID] = "cert-id", [QF_CA] = "ca",
		[QF_METHOD] = "method", [QF_ON] = "on", [QF_TIME] = "hours", [QF_TTY] = "tty", [QF_TO] = "to",
		[QF_PORT] = "port", [QF_EXE] = "exe", [QF_PARENT] = "parent", [QF_VIA] = "via",
		[QF_OWNER] = "owner",
	};

	return names[f];
}

static void
put_list(struct json *j, const char *key, const struct bytes *list, size_t n)
{
	if (n == 0)
		return;
	json_karray(j, key);
	for (size_t i = 0; i < n; i++)
		json_str(j, list[i]);
	json_end(j, ']');
}

static void
put_addr(struct json *j, const char *key, struct addr a)
{
	char text[ADDR_STRLEN];

	json_kstr(j, key, addr_str(a, text));
}

static void
put_destination(struct json *j, const struct question *q)
{
	if (q->to_kind == TO_UNIX)
		json_kbytes(j, "unix", q->to_unix);
	if (q->to_kind == TO_SELF || q->to_kind == TO_ADDR)
		put_addr(j, "to", q->to_addr);
	if (q->to_kind == TO_SELF)
		json_kbool(j, "self", true);
	if (q->port != 0)
		json_kuint(j, "port", q->port);
}

/* Is there anything to show of it? */
static bool
has_value(const struct question *q, enum pol_fact f)
{
	const struct bytes *text[QF_COUNT] = {[QF_USER] = &q->user, [QF_AS] = &q->as, [QF_KEY] = &q->key,
	    [QF_CERT_ID] = &q->cert_id, [QF_CA] = &q->ca, [QF_METHOD] = &q->method, [QF_ON] = &q->host,
	    [QF_TTY] = &q->tty, [QF_EXE] = &q->exe, [QF_PARENT] = &q->parent, [QF_VIA] = &q->via};

	switch (f) {
	case QF_GROUP:
		return q->ngroups > 0;
	case QF_PRINCIPAL:
		return q->nprincipals > 0;
	case QF_ORIGIN:
		return q->origin.family != 0;
	case QF_TIME:
		return q->time.ms != 0;
	case QF_TO:
		return q->to_kind != TO_NONE;
	case QF_PORT:
		return q->port != 0;
	case QF_OWNER:
		return q->owner != OWNER_UNKNOWN;
	default:
		return text[f]->n > 0;
	}
}

static void
put_facts(struct json *j, const char *key, uint32_t facts)
{
	if (facts == 0)
		return;
	json_karray(j, key);
	for (unsigned f = 0; f < QF_COUNT; f++)
		if ((facts & 1u << f) != 0)
			json_str(j, bytes_of(asked_fact((enum pol_fact)f)));
	json_end(j, ']');
}

void
asked_json(const struct question *q, struct json *j)
{
	uint32_t absent = 0;

	json_object(j);
	json_kint(j, "time", q->time.ms);
	json_kbytes(j, "user", q->user);
	json_kbytes(j, "as", q->as);
	put_list(j, "groups", q->groups, q->ngroups);
	put_addr(j, "origin", q->origin);
	json_kbytes(j, "key", q->key);
	put_list(j, "principals", q->principals, q->nprincipals);
	json_kbytes(j, "cert_id", q->cert_id);
	json_kbytes(j, "ca", q->ca);
	json_kbytes(j, "method", q->method);
	json_kbytes(j, "on", q->host);
	put_list(j, "roles", q->roles, q->nroles);
	json_kbytes(j, "tty", q->tty);
	put_destination(j, q);
	json_kbytes(j, "exe", q->exe);
	json_kbytes(j, "parent", q->parent);
	json_kbytes(j, "via", q->via);
	if (q->owner != OWNER_UNKNOWN)
		json_kstr(j, "owner", owner_name(q->owner));
	for (unsigned f = 0; f < QF_COUNT; f++)
		if ((q->known & 1u << f) != 0 && !has_value(q, (enum pol_fact)f))
			absent |= 1u << f;
	put_facts(j, "absent", absent);
	put_facts(j, "partial", q->partial);
	json_end(j, '}');
}

/*
 * past_ask: a question of the past, from what the store keeps (agentd/engine/asked.h).  Whatever is not
 * there is not known; a string that was no UTF-8 is not, either.
 */
#include "cli/past.h"

#include "agentd/engine/asked.h"
#include "agentd/sink/alert.h"

#define FACT(f) (1u << (f))

static const struct {
	const char *key;
	enum pol_fact fact;
	size_t at; /* struct bytes in struct question */
} texts[] = {
	{"user", QF_USER, offsetof(struct question, user)},
	{"as", QF_AS, offsetof(struct question, as)},
	{"key", QF_KEY, offsetof(struct question, key)},
	{"cert_id", QF_CERT_ID, offsetof(struct question, cert_id)},
	{"ca", QF_CA, offsetof(struct question, ca)},
	{"method", QF_METHOD, offsetof(struct question, method)},
	{"on", QF_ON, offsetof(struct question, host)},
	{"tty", QF_TTY, offsetof(struct question, tty)},
	{"exe", QF_EXE, offsetof(struct question, exe)},
	{"parent", QF_PARENT, offsetof(struct question, parent)},
	{"via", QF_VIA, offsetof(struct question, via)},
};

/* U+FFFD stands where a byte was that could not be written. */
static bool
is_whole(struct bytes b)
{
	return b.n > 0 && memmem(b.p, b.n, "\xef\xbf\xbd", 3) == NULL;
}

static void
set_text(struct question *q, enum pol_fact fact, struct bytes *field, struct bytes value)
{
	if (!is_whole(value))
		return;
	*field = value;
	q->known |= FACT(fact);
}

static void
set_origin(struct question *q, struct bytes ip)
{
	if (addr_parse(ip, &q->origin))
		q->known |= FACT(QF_ORIGIN);
}

static void
set_to(struct question *q, struct bytes ip, int64_t port, bool self)
{
	if (!addr_parse(ip, &q->to_addr))
		return;
	q->to_kind = self ? TO_SELF : TO_ADDR;
	q->port = (uint16_t)port;
	q->known |= FACT(QF_TO) | FACT(QF_PORT);
}

static void
set_unix(struct question *q, struct bytes path)
{
	if (!is_whole(path))
		return;
	q->to_kind = TO_UNIX;
	q->to_unix = path;
	q->known |= FACT(QF_TO) | FACT(QF_PORT);
}

static void
set_owner(struct question *q, struct bytes word)
{
	if (owner_parse(word, &q->owner))
		q->known |= FACT(QF_OWNER);
}

/* What has no room is as if it had been cut when it was written. */
static size_t
read_list(const json_t *list, struct bytes out[ST_PAST_LIST], bool *cut)
{
	const json_t *item;
	size_t n = 0;

	for (size_t i = 0; (item = answer_item(list, i)) != NULL; i++) {
		struct bytes text = answer_str(item, "");

		if (n < ST_PAST_LIST && is_whole(text))
			out[n++] = text;
		else
			*cut = true;
	}
	return n;
}

static void
set_lists(struct asked *a, const json_t *facts)
{
	struct question *q = &a->q;
	bool groups_cut = false, principals_cut = false, roles_cut = false;

	q->groups = a->groups;
	q->ngroups = read_list(answer_get(facts, "groups"), a->groups, &groups_cut);
	q->principals = a->principals;
	q->nprincipals = read_list(answer_get(facts, "principals"), a->principals, &principals_cut);
	q->roles = a->roles;
	q->nroles = read_list(answer_get(facts, "roles"), a->roles, &roles_cut);
	q->known |= (q->ngroups > 0 ? FACT(QF_GROUP) : 0) | (q->nprincipals > 0 ? FACT(QF_PRINCIPAL) : 0);
	q->partial |= (groups_cut ? FACT(QF_GROUP) : 0) | (principals_cut ? FACT(QF_PRINCIPAL) : 0);
}

static uint32_t
read_facts(const json_t *list)
{
	const json_t *item;
	uint32_t facts = 0;

	for (size_t i = 0; (item = answer_item(list, i)) != NULL; i++)
		for (unsigned f = 0; f < QF_COUNT; f++)
			if (bytes_is(answer_str(item, ""), asked_fact((enum pol_fact)f)))
				facts |= FACT(f);
	return facts;
}

static void
set_time(struct question *q, int64_t ms)
{
	q->time.ms = ms;
	q->known |= ms > 0 ? FACT(QF_TIME) : 0;
}

static void
from_facts(struct asked *a, const json_t *facts)
{
	struct question *q = &a->q;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		set_text(q, texts[i].fact, (struct bytes *)((char *)q + texts[i].at), answer_str(facts, texts[i].key));
	set_time(q, answer_int(facts, "time"));
	set_lists(a, facts);
	set_origin(q, answer_str(facts, "origin"));
	set_to(q, answer_str(facts, "to"), answer_int(facts, "port"), answer_bool(facts, "self"));
	set_unix(q, answer_str(facts, "unix"));
	set_owner(q, answer_str(facts, "owner"));
	q->known |= read_facts(answer_get(facts, "absent"));
	q->partial |= read_facts(answer_get(facts, "partial"));
}

/* Of a finding that was stored before facts were: what its alert says. */
static void
from_alert(struct asked *a, const json_t *o)
{
	struct question *q = &a->q;
	struct bytes created = answer_str(o, "@timestamp");
	struct rtime when;
	char plain[32];

	a->short_of_facts = true;
	set_text(q, QF_USER, &q->user, answer_str(o, "user.name"));
	set_text(q, QF_AS, &q->as, answer_str(o, "user.effective.name"));
	set_text(q, QF_KEY, &q->key, answer_str(o, "sshtether.key"));
	set_text(q, QF_CERT_ID, &q->cert_id, answer_str(o, "sshtether.cert_id"));
	set_text(q, QF_METHOD, &q->method, answer_str(o, "sshtether.method"));
	set_text(q, QF_EXE, &q->exe, answer_str(o, "process.executable"));
	set_text(q, QF_PARENT, &q->parent, answer_str(o, "process.parent.executable"));
	set_text(q, QF_ON, &q->host, answer_str(o, "host.name"));
	set_origin(q, answer_str(o, "source.ip"));
	set_to(q, answer_str(o, "destination.ip"), answer_int(o, "destination.port"), false);
	set_unix(q, answer_str(o, "sshtether.to"));
	set_owner(q, answer_str(o, "sshtether.owner"));
	created.n -= created.n > 5 ? 5 : created.n; /* without its milliseconds */
	if (created.n + 2 > sizeof(plain))
		return;
	(void)snprintf(plain, sizeof(plain), "%.*sZ", (int)created.n, created.n > 0 ? created.p : "");
	if (when_parse(bytes_of(plain), RTIME_NONE, &when))
		set_time(q, when.ms);
}

/* The numbers are those of alert_severity(). */
static bool
was_calm(const json_t *o)
{
	struct bytes done = answer_str(o, "sshtether.done");

	return (bytes_is(done, done_name(DONE_RECORDED)) || bytes_is(done, done_name(DONE_PASSED))) &&
	    answer_int(o, "event.severity") < 73;
}

bool
asked_finding(const json_t *o, struct asked *a)
{
	const json_t *facts = answer_get(o, "facts");

	memset(&a->q, 0, sizeof(a->q));
	a->short_of_facts = false;
	a->count = 1;
	a->session = answer_str(o, "sshtether.session");
	a->faint = bytes_is(answer_str(o, "sshtether.confidence"), confidence_name(CONFIDENCE_LOW));
	a->calm = was_calm(o);
	if (!activity_parse(answer_str(o, "sshtether.activity"), &a->q.activity))
		return false;
	if (facts != NULL)
		from_facts(a, facts);
	else
		from_alert(a, o);
	return true;
}

/* What both know of a login; "" is not known. */
static void
from_login(struct asked *a, const json_t *o)
{
	struct question *q = &a->q;

	memset(q, 0, sizeof(*q));
	q->activity = ACT_LOGIN;
	a->short_of_facts = false;
	a->faint = false;
	a->calm = true;
	set_text(q, QF_USER, &q->user, answer_str(o, "user"));
	set_text(q, QF_KEY, &q->key, answer_str(o, "key"));
	set_text(q, QF_METHOD, &q->method, answer_str(o, "method"));
	set_origin(q, answer_str(o, "ip"));
	/* As question.c has it of a login: nothing of the user's runs yet, and it goes nowhere. */
	q->known |= FACT(QF_TO) | FACT(QF_PORT) | FACT(QF_EXE) | FACT(QF_PARENT) | FACT(QF_VIA) | FACT(QF_OWNER);
}

/* As question.c has it: a method without publickey is the word that there is no key. */
static void
set_no_key(struct question *q)
{
	const uint32_t cert = FACT(QF_CERT_ID) | FACT(QF_CA) | FACT(QF_PRINCIPAL);

	if (q->key.n > 0) {
		q->known |= q->ca.n == 0 ? cert : 0;
		return;
	}
	if (q->method.n > 0 && memmem(q->method.p, q->method.n, "publickey", 9) == NULL)
		q->known |= cert | FACT(QF_KEY);
}

void
asked_on(struct asked *a, const struct asked_host *host)
{
	a->q.roles = host->roles;
	a->q.nroles = host->nroles;
	set_text(&a->q, QF_ON, &a->q.host, host->on);
}

/* One a line. */
static size_t
split_groups(struct bytes text, struct bytes out[ST_PAST_LIST])
{
	size_t n = 0;

	while (text.n > 0 && n < ST_PAST_LIST) {
		struct bytes one = bytes_take(&text, '\n');

		if (one.n > 0)
			out[n++] = one;
	}
	return n;
}

bool
asked_session(const json_t *o, struct asked *a)
{
	struct question *q = &a->q;
	char boot[40];

	from_login(a, o);
	a->count = 1;
	set_time(q, answer_int(o, "opened"));
	set_text(q, QF_TTY, &q->tty, answer_str(o, "tty"));
	set_text(q, QF_CERT_ID, &q->cert_id, answer_str(o, "cert_id"));
	set_text(q, QF_CA, &q->ca, answer_str(o, "ca"));
	set_no_key(q);
	q->groups = a->groups;
	q->ngroups = split_groups(answer_str(o, "groups"), a->groups);
	q->known |= q->ngroups > 0 ? FACT(QF_GROUP) : 0;
	if (!bytes_copy(answer_str(o, "boot"), boot, sizeof(boot)))
		return false;
	a->session = bytes_of(alert_session(boot, (uint32_t)answer_int(o, "ses"), a->name));
	return q->user.n > 0;
}

bool
asked_logins(const json_t *o, struct asked *a)
{
	from_login(a, o);
	a->count = (uint64_t)answer_int(o, "count");
	a->session = BYTES_NONE;
	set_time(&a->q, answer_int(o, "last"));
	if (a->q.key.n == 0) /* of a certificate nothing is kept */
		set_no_key(&a->q);
	return a->q.user.n > 0 && a->count > 0;
}

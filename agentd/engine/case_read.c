/* case_read: see case_read.h.  Times are read as they are written: rtime_iso(). */
#include "agentd/engine/case_read.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/engine/parsed.h"

/* 2026-11-22T01:02:03.456Z: when_parse() knows no fractions of a second. */
static struct rtime
read_time(const json_t *v, const char *path)
{
	const struct bytes text = parsed_str(v, path);
	struct rtime t = RTIME_NONE;
	uint64_t ms = 0;
	char whole[24];

	if (text.n != 24 || text.p[19] != '.' || !bytes_u64((struct bytes){.p = text.p + 20, .n = 3}, &ms))
		return RTIME_NONE;
	memcpy(whole, text.p, 19);
	whole[19] = 'Z';
	if (!when_parse((struct bytes){.p = whole, .n = 20}, RTIME_NONE, &t))
		return RTIME_NONE;
	t.ms += (int64_t)ms;
	return t;
}

static struct addr
read_addr(const json_t *v, const char *path)
{
	struct addr a;

	if (!addr_parse(parsed_str(v, path), &a))
		memset(&a, 0, sizeof(a));
	return a;
}

static struct endpoint
read_endpoint(const json_t *v, const char *path)
{
	const json_t *e = parsed_get(v, path);

	return (struct endpoint){.addr = read_addr(e, "ip"), .port = (uint16_t)parsed_int(e, "port", 0)};
}

/* A uid stands as a string, as ECS has it. */
static uint32_t
read_uid(const json_t *v, const char *path)
{
	uint64_t n;

	return bytes_u64(parsed_str(v, path), &n) && n <= UINT32_MAX ? (uint32_t)n : AUID_UNSET;
}

static enum session_source
read_source(struct bytes name)
{
	enum session_source s = SESSION_REPORT;

	while (s > SESSION_RECORDS && !bytes_is(name, case_source_name(s)))
		s--;
	return s;
}

static void
read_login(const json_t *v, struct case_file *c)
{
	const struct {
		const char *path;
		char *to;
		size_t size;
	} texts[] = {
		{"user.name", c->user, sizeof(c->user)},
		{"sshtether.boot", c->boot, sizeof(c->boot)},
		{"sshtether.tty", c->tty, sizeof(c->tty)},
		{"sshtether.method", c->method, sizeof(c->method)},
		{"sshtether.key", c->key_fp, sizeof(c->key_fp)},
		{"sshtether.key_type", c->key_type, sizeof(c->key_type)},
		{"sshtether.cert_id", c->cert_id, sizeof(c->cert_id)},
		{"sshtether.ca", c->ca_fp, sizeof(c->ca_fp)},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void)bytes_copy(parsed_str(v, texts[i].path), texts[i].to, texts[i].size);
	c->ses = (uint32_t)parsed_int(v, "sshtether.ses", SES_UNSET);
	c->auid = (uint32_t)parsed_int(v, "sshtether.auid", AUID_UNSET);
	c->judged = parsed_bool(v, "sshtether.judged");
	c->source = read_source(parsed_str(v, "sshtether.known_by"));
	c->peer = read_endpoint(v, "source");
	c->local = read_endpoint(v, "server");
	c->opened = read_time(v, "sshtether.opened");
	c->changed = read_time(v, "sshtether.changed");
	c->over = read_time(v, "sshtether.over");
	if (!severity_parse(parsed_str(v, "sshtether.case.told"), &c->told))
		c->told = SEV_INFO;
}

/* A word that is not known is the first of its kind: nothing. */
static void
read_words(const json_t *v, struct case_item *it)
{
	(void)grade_parse(parsed_str(v, "grade"), &it->grade);
	(void)confidence_parse(parsed_str(v, "confidence"), &it->confidence);
	(void)owner_parse(parsed_str(v, "owner"), &it->owner);
	(void)severity_parse(parsed_str(v, "severity"), &it->severity);
	(void)done_parse(parsed_str(v, "done"), &it->done);
}

/* False: of an activity that there is not, or no memory. */
static bool
read_item(const json_t *v, struct case_item *it)
{
	const struct bytes subject = parsed_str(v, "subject"), reason = parsed_str(v, "reason");

	*it = (struct case_item){
	    .passed = parsed_bool(v, "passed"),
	    .alerted = parsed_bool(v, "alerted"),
	    .changed = parsed_bool(v, "changed"),
	    .reached = parsed_bool(v, "reached"),
	    .agent = parsed_bool(v, "agent"),
	    .first = read_time(v, "first"),
	    .last = read_time(v, "last"),
	    .count = (uint64_t)parsed_int(v, "count", 1),
	    .owner_ses = (uint32_t)parsed_int(v, "owner_ses", SES_UNSET),
	};
	if (!activity_parse(parsed_str(v, "activity"), &it->activity))
		return false;
	read_words(v, it);
	(void)bytes_copy(parsed_str(v, "id"), it->id, sizeof(it->id));
	(void)bytes_copy(parsed_str(v, "as"), it->as, sizeof(it->as));
	(void)bytes_copy(parsed_str(v, "owner_user"), it->owner_user, sizeof(it->owner_user));
	it->subject = subject.n > 0 ? strndup(subject.p, subject.n) : strdup("");
	it->reason = reason.n > 0 ? strndup(reason.p, reason.n) : strdup("");
	if (it->subject != NULL && it->reason != NULL)
		return true;
	free(it->subject);
	free(it->reason);
	return false;
}

static bool
read_items(const json_t *v, struct case_file *c)
{
	const json_t *list = parsed_get(v, "findings"), *one;

	if ((c->items = calloc(ST_CASE_ITEMS, sizeof(*c->items))) == NULL)
		return false;
	for (size_t i = 0; c->nitems < ST_CASE_ITEMS && (one = parsed_item(list, i)) != NULL; i++) {
		if (read_item(one, &c->items[c->nitems]))
			c->nitems++;
	}
	c->dropped = (uint64_t)parsed_int(v, "more", 0);
	return true;
}

static void
read_seen(const json_t *v, struct case_seen *seen)
{
	const json_t *list = parsed_get(v, "sessions"), *one;

	for (size_t i = 0; i < ST_CASE_SEEN && (one = parsed_item(list, i)) != NULL; i++)
		seen->others[seen->nothers++] = (struct case_other){.ses = (uint32_t)parsed_int(one, "ses", SES_UNSET),
		    .from = read_addr(one, "ip"), .opened = read_time(one, "opened")};
	list = parsed_get(v, "tasks");
	for (size_t i = 0; i < ST_CASE_SEEN && (one = parsed_item(list, i)) != NULL; i++) {
		struct case_task *task = &seen->tasks[seen->ntasks++];

		*task = (struct case_task){.pid = (uint32_t)parsed_int(one, "pid", 0), .uid = read_uid(one, "uid"),
		    .seen = read_time(one, "time")};
		(void)bytes_copy(parsed_str(one, "executable"), task->exe, sizeof(task->exe));
	}
	list = parsed_get(v, "agents");
	for (size_t i = 0; i < ST_CASE_SEEN && (one = parsed_item(list, i)) != NULL; i++) {
		if (bytes_copy(parsed_str(one, ""), seen->agents[seen->nagents], sizeof(seen->agents[0])))
			seen->nagents++;
	}
}

struct case_file *
case_read(struct bytes json)
{
	const json_t *v = parsed_new(json);
	struct case_file *c = v != NULL ? calloc(1, sizeof(*c)) : NULL;

	if (c != NULL) {
		read_login(v, c);
		read_seen(parsed_get(v, "seen"), &c->seen);
		if (!read_items(v, c) || c->ses == SES_UNSET) {
			case_free(c);
			c = NULL;
		}
	}
	if (c != NULL)
		case_score(c);
	if (v != NULL)
		parsed_drop(&v);
	return c;
}

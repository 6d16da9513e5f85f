/*
 * sheet: the questions of the analyst's sheet on SSH hijacking, in its order, each with yes, no or unknown and what
 * that rests on.  "no" is said only where it would have been seen.  Pure.
 */
#include <stdio.h>

#include "agentd/case/case.h"

enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

static const char *const answers[] = {
	[ANSWER_UNKNOWN] = "unknown",
	[ANSWER_NO] = "no",
	[ANSWER_YES] = "yes",
};

struct asking {
	const struct case_file *c;
	struct json j; /* of the array of evidence, which is written before its answer */
};

/* --- evidence --- */

static void
put_words(struct asking *a, struct rtime when, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
put_words(struct asking *a, struct rtime when, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	json_object(&a->j);
	json_kbytes(&a->j, "text", buf_bytes(&text));
	json_ktime(&a->j, "time", when);
	json_end(&a->j, '}');
	buf_free(&text);
}

static void
put_item(struct asking *a, const struct case_item *it)
{
	struct json *j = &a->j;

	json_object(j);
	json_kstr(j, "text", it->reason);
	json_ktime(j, "time", it->first);
	json_kstr(j, "activity", activity_info(it->activity)->name);
	json_kstr(j, "id", it->id);
	if (it->count > 1)
		json_kuint(j, "count", it->count);
	if (it->passed)
		json_kbool(j, "passed", true);
	json_end(j, '}');
}

static bool
put_group(struct asking *a, enum case_group g)
{
	bool any = false;

	for (size_t i = 0; i < a->c->nitems; i++) {
		if (a->c->items[i].points[g] > 0) {
			put_item(a, &a->c->items[i]);
			any = true;
		}
	}
	return any;
}

/* From its beginning: what was not seen did not happen. */
static bool
is_watched(const struct case_file *c)
{
	return c->source != SESSION_PROC;
}

/* --- the questions --- */

static enum answer
ask_origin(struct asking *a)
{
	const struct case_file *c = a->c;
	char ip[ADDR_STRLEN];

	if (c->peer.addr.family != 0)
		put_words(a, c->opened, "%s came from %s by %s%s%s", c->user[0] != '\0' ? c->user : "the user",
		    addr_str(c->peer.addr, ip), c->method[0] != '\0' ? c->method : "a method that is not known",
		    c->key_fp[0] != '\0' ? ", key " : "", c->key_fp);
	if (put_group(a, GROUP_ORIGIN))
		return ANSWER_YES;
	if (a->c->judged)
		put_words(a, RTIME_NONE, "neither this origin nor the hour is unusual for this user");
	else
		put_words(a, RTIME_NONE, "what is usual for this user is not known: too few days were seen");
	return a->c->judged ? ANSWER_NO : ANSWER_UNKNOWN;
}

static enum answer
ask_simultaneous(struct asking *a)
{
	const struct case_file *c = a->c;
	const bool found = put_group(a, GROUP_SIMULTANEOUS);
	char ip[ADDR_STRLEN];

	for (size_t i = 0; i < c->seen.nothers; i++) {
		const struct case_other *o = &c->seen.others[i];
		const bool same = c->peer.addr.family != 0 && addr_cmp(o->from, c->peer.addr) == 0;

		put_words(a, o->opened, "session %u of the same user was open, from %s%s", o->ses,
		    o->from.family != 0 ? addr_str(o->from, ip) : "an address that is not known",
		    same ? ", the same origin" : "");
	}
	if (found || c->seen.nothers > 0)
		return ANSWER_YES;
	return c->auid != AUID_UNSET ? ANSWER_NO : ANSWER_UNKNOWN;
}

static enum answer
ask_forwarded(struct asking *a)
{
	const struct case_file *c = a->c;
	bool any = c->seen.nagents > 0;

	for (size_t i = 0; i < c->seen.nagents; i++)
		put_words(a, RTIME_NONE, "sshd forwards an agent for it at %s", c->seen.agents[i]);
	for (size_t i = 0; i < c->nitems; i++) {
		if (c->items[i].activity == ACT_AGENT_USE && c->items[i].owner == OWNER_SELF) {
			put_item(a, &c->items[i]);
			any = true;
		}
	}
	if (any)
		return ANSWER_YES;
	return is_watched(a->c) ? ANSWER_NO : ANSWER_UNKNOWN;
}

static enum answer
ask_escalation(struct asking *a)
{
	const struct case_file *c = a->c;
	bool any = put_group(a, GROUP_ESCALATION);

	for (size_t i = 0; i < c->nitems; i++) {
		if (c->items[i].changed && c->items[i].points[GROUP_ESCALATION] == 0) {
			put_item(a, &c->items[i]);
			any = true;
		}
	}
	for (size_t i = 0; i < c->seen.ntasks; i++)
		put_words(a, c->seen.tasks[i].seen, "%s[%u] ran as uid %u", c->seen.tasks[i].exe, c->seen.tasks[i].pid,
		    c->seen.tasks[i].uid);
	if (any || c->seen.ntasks > 0)
		return ANSWER_YES;
	return is_watched(a->c) ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* Who uses the agent that he forwarded himself does what it is there for. */
static bool
is_own_use(const struct case_item *it)
{
	return it->activity == ACT_AGENT_USE && it->owner == OWNER_SELF && !it->changed;
}

static bool
is_touching(const struct case_item *it)
{
	switch (it->activity) {
	case ACT_KEY_READ:
	case ACT_AGENT_HIJACK:
	case ACT_MUX_HIJACK:
		return true;
	case ACT_SSH_TAMPER:
		return it->agent;
	default:
		return it->activity == ACT_AGENT_USE && !is_own_use(it);
	}
}

static enum answer
ask_keys(struct asking *a)
{
	bool any = false, own = false;

	for (size_t i = 0; i < a->c->nitems; i++) {
		if (is_touching(&a->c->items[i])) {
			put_item(a, &a->c->items[i]);
			any = true;
		}
		own = own || is_own_use(&a->c->items[i]);
	}
	if (any)
		return ANSWER_YES;
	if (own)
		put_words(a, RTIME_NONE, "only the agent that was forwarded with this login, by its own user");
	return is_watched(a->c) ? ANSWER_NO : ANSWER_UNKNOWN;
}

static const struct {
	const char *name, *words;
	enum answer (*ask)(struct asking *);
} questions[] = {
	{"origin", "is the origin suspect?", ask_origin},
	{"simultaneous-sessions", "are there simultaneous sessions?", ask_simultaneous},
	{"agent-forwarded", "was an agent forwarded?", ask_forwarded},
	{"escalation", "was there escalation?", ask_escalation},
	{"keys-or-agents", "were keys or agent sockets touched?", ask_keys},
};

void
case_put_questions(struct json *j, const struct case_file *c)
{
	struct asking a = {.c = c};

	json_karray(j, "questions");
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		enum answer answer;

		json_object(j);
		json_kstr(j, "question", questions[i].name);
		json_kstr(j, "words", questions[i].words);
		json_karray(j, "evidence");
		a.j = *j; /* goes on there */
		answer = questions[i].ask(&a);
		*j = a.j;
		json_end(j, ']');
		json_kstr(j, "answer", answers[answer]);
		json_end(j, '}');
	}
	json_end(j, ']');
}

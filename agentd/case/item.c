/*
 * item: one thing that was found of a session: made of a finding, and joined with what says the same once more.
 * Pure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/case/case_parts.h"

void
case_item_done(struct case_item *it)
{
	free(it->subject);
	free(it->reason);
}

/* What it was done to: a process, a socket, a file, another host. */
static char *
subject_of(const struct finding *f)
{
	struct buf text = BUF_INIT;
	char ip[ADDR_STRLEN];

	if (f->subject != NULL)
		buf_puts(&text, f->subject);
	else if (f->to_unix.n > 0)
		alert_unix_path(f->to_unix, &text);
	else if (f->file.n > 0)
		buf_putb(&text, f->file);
	else if (f->to.addr.family != 0)
		buf_printf(&text, "%s port %u", addr_str(f->to.addr, ip), f->to.port);
	if (text.p == NULL && !text.failed)
		return strdup("");
	if (!buf_ok(&text))
		buf_free(&text);
	return text.p; /* the caller's now */
}

/* A task that is no longer the login's user; root has nowhere to rise to. */
static bool
is_changed(const struct finding *f)
{
	const uint32_t auid = f->session->auid;

	return auid != AUID_UNSET && auid != 0 && f->euid != AUID_UNSET && f->euid != auid;
}

bool
case_item_of(const struct ruling *r, enum done done, const char *id, struct case_item *out)
{
	const struct finding *f = r->finding;
	struct case_item it = {
	    .activity = f->activity,
	    .grade = f->grade,
	    .confidence = f->confidence,
	    .owner = f->owner,
	    .severity = r->decision.severity,
	    .done = done,
	    .passed = r->decision.action == DO_PASS,
	    .alerted = done > DONE_PASSED,
	    .changed = is_changed(f),
	    .reached = f->reached,
	    .agent = f->agent,
	    .first = f->time,
	    .last = f->time,
	    .count = 1,
	    .owner_ses = f->owner_session != NULL ? f->owner_session->ses : SES_UNSET,
	};

	(void)snprintf(it.id, sizeof(it.id), "%s", id);
	(void)bytes_copy(r->as, it.as, sizeof(it.as));
	if (f->owner_session != NULL)
		(void)snprintf(it.owner_user, sizeof(it.owner_user), "%s", f->owner_session->user);
	it.subject = subject_of(f);
	it.reason = strdup(f->reason);
	if (it.subject == NULL || it.reason == NULL) {
		case_item_done(&it);
		return false;
	}
	*out = it;
	return true;
}

static bool
is_same(const struct case_item *a, const struct case_item *b)
{
	return a->activity == b->activity && a->grade == b->grade && a->owner == b->owner && a->passed == b->passed &&
	    a->changed == b->changed && a->owner_ses == b->owner_ses && strcmp(a->subject, b->subject) == 0;
}

static void
fold(struct case_item *into, const struct case_item *it)
{
	into->count += it->count;
	into->done = it->last.ms >= into->last.ms ? it->done : into->done;
	into->alerted |= it->alerted;
	if (it->first.ms < into->first.ms)
		into->first = it->first;
	if (it->last.ms > into->last.ms)
		into->last = it->last;
	if (it->severity > into->severity)
		into->severity = it->severity;
	if (it->confidence > into->confidence && into->confidence != CONFIDENCE_NONE)
		into->confidence = it->confidence;
}

/* Without it the score is the same, or little less: others of its groups count as much. */
static bool
is_covered(const struct case_file *c, const struct case_item *it)
{
	for (unsigned g = 0; g < GROUP_COUNT; g++) {
		bool by_another = it->points[g] == 0;

		for (size_t i = 0; i < c->nitems && !by_another; i++)
			by_another = &c->items[i] != it && c->items[i].points[g] >= it->points[g];
		if (!by_another)
			return false;
	}
	return true;
}

static bool
is_context(const struct case_item *it)
{
	unsigned points = 0;

	for (unsigned g = 0; g < GROUP_COUNT; g++)
		points += it->points[g];
	return points == 0;
}

/* The first that says nothing; else the first that others stand for; else one that has no points. */
static struct case_item *
least_of(const struct case_file *c)
{
	struct case_item *least = NULL, *risen = NULL;

	for (size_t i = 0; i < c->nitems; i++) {
		struct case_item *it = &c->items[i];

		if (is_context(it) && !it->changed)
			return it;
		if (is_context(it))
			risen = risen == NULL ? it : risen; /* case_has_escalated() */
		else if (least == NULL && is_covered(c, it))
			least = it;
	}
	return least != NULL ? least : risen;
}

/* Who does a lot that counts little must not hide by it what counts.  False: it says nothing new. */
static bool
make_room_for(struct case_file *c, struct case_item *it)
{
	struct case_item *least;

	case_weigh(it);
	if (is_covered(c, it) || (least = least_of(c)) == NULL)
		return false;
	case_item_done(least);
	memmove(least, least + 1, (size_t)(&c->items[--c->nitems] - least) * sizeof(*least));
	c->dropped++;
	return true;
}

void
case_add(struct case_file *c, struct case_item *it)
{
	struct case_item *more;

	for (size_t i = 0; i < c->nitems; i++) {
		if (is_same(&c->items[i], it)) {
			fold(&c->items[i], it);
			goto drop;
		}
	}
	more = c->nitems < ST_CASE_ITEMS || make_room_for(c, it) ?
	    reallocarray(c->items, c->nitems + 1, sizeof(*more)) : NULL;
	if (more == NULL) {
		c->dropped++;
		goto drop;
	}
	c->items = more;
	c->items[c->nitems++] = *it;
	return;
drop:
	case_item_done(it);
}

void
case_items_free(struct case_file *c)
{
	for (size_t i = 0; i < c->nitems; i++)
		case_item_done(&c->items[i]);
	free(c->items);
	c->items = NULL;
	c->nitems = 0;
}

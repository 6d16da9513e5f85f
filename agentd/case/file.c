/* file: a case itself: whose session it is, and two halves of one joined.  Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/case/case_parts.h"

void
case_note_login(struct case_file *c, const struct session *s)
{
	c->auid = s->auid;
	c->source = s->source;
	c->peer = s->peer;
	c->local = s->local;
	c->opened = s->opened;
	(void)snprintf(c->user, sizeof(c->user), "%s", s->user);
	(void)snprintf(c->tty, sizeof(c->tty), "%s", s->tty);
	(void)snprintf(c->method, sizeof(c->method), "%s", s->method);
	(void)snprintf(c->key_type, sizeof(c->key_type), "%s", s->key_type);
	(void)snprintf(c->key_fp, sizeof(c->key_fp), "%s", s->key_fp);
	(void)snprintf(c->ca_fp, sizeof(c->ca_fp), "%s", s->ca_fp);
	(void)snprintf(c->cert_id, sizeof(c->cert_id), "%s", s->cert_id != NULL ? s->cert_id : "");
}

static void
join_seen(struct case_seen *into, const struct case_seen *from)
{
	if (into->nothers == 0) {
		memcpy(into->others, from->others, sizeof(into->others));
		into->nothers = from->nothers;
	}
	if (into->ntasks == 0) {
		memcpy(into->tasks, from->tasks, sizeof(into->tasks));
		into->ntasks = from->ntasks;
	}
	if (into->nagents == 0) {
		memcpy(into->agents, from->agents, sizeof(into->agents));
		into->nagents = from->nagents;
	}
}

void
case_join(struct case_file *into, struct case_file *from)
{
	struct case_item *items = into->items;
	const size_t n = into->nitems;

	into->items = from->items;
	into->nitems = from->nitems;
	from->items = NULL;
	from->nitems = 0;
	for (size_t i = 0; i < n; i++)
		case_add(into, &items[i]);
	free(items);
	join_seen(&into->seen, &from->seen);
	into->dropped += from->dropped;
	if (from->told > into->told)
		into->told = from->told;
}

void
case_free(struct case_file *c)
{
	if (c == NULL)
		return;
	case_items_free(c);
	free(c);
}

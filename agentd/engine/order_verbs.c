/* order_verbs: what root is about to order; see verbs.h. */
#include "agentd/engine/verbs.h"

#include <string.h>

#include "agentd/engine/calls.h"
#include "agentd/engine/pending.h"
#include "agentd/engine/prepare.h"

static void
announced(struct client *c, struct engine *e, uint32_t ses)
{
	char name[ALERT_SESSION_LEN];
	struct buf line = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	json_kstr(&j, "session", alert_session(e->boot_id, ses, name));
	json_kuint(&j, "ses", ses);
	json_end(&j, '}');
	verb_send(c, &line);
	client_end(c, 0, NULL);
}

static void
on_prepared(enum result result, void *arg)
{
	struct pending *p = arg;

	if (p->client != NULL && result == RES_OK)
		announced(p->client, p->e, p->ses);
	else if (p->client != NULL && result == RES_COUNT)
		client_end(p->client, 3, "the monitor does not answer");
	else if (p->client != NULL && result == RES_RATE)
		client_end(p->client, 3, "what the policy spares could not be spared: too much at once");
	else if (p->client != NULL)
		client_end(p->client, 1, "there is no such session now");
	pending_free(p);
}

/* What is to be done, and why: kept until the monitor says what became of it (notices.c). */
void
verb_announce(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const char *reason = args_str(args, "reason");
	struct pending *p;
	uint32_t ses;

	if (!verb_ses(c, args, e, &ses))
		return;
	if (reason == NULL || reason[0] == '\0' ||
	    !orders_note(&e->orders, ses, (uint32_t)client_pid(c), reason)) {
		client_end(c, 3, reason == NULL || reason[0] == '\0' ? "a reason is to be given" :
		    "the reason is too long");
		return;
	}
	if (args_str(args, "order") != NULL && strcmp(args_str(args, "order"), "terminate") != 0) {
		/* What the policy spares concerns the end alone. */
		if (host_session(pipeline_host(e->pipeline), ses) != NULL)
			announced(c, e, ses);
		else
			client_end(c, 1, "there is no such session now");
		return;
	}
	if ((p = pending_new(e, c)) != NULL) {
		p->ses = ses;
		if (prepare_end(e->link, ses, calls_spared, e, on_prepared, p))
			return;
		pending_free(p);
	}
	client_end(c, 3, "the monitor could not be asked");
}

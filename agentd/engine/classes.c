/* classes: see classes.h.  Engine process. */
#include "agentd/engine/classes.h"

#include <stdlib.h>

#include "agentd/engine/grant_row.h"

#define WAIT_MS 10000
#define WINDOW  16 /* packets on their way: logins come between them */

struct classes {
	struct link *link;
	struct pol_space *space; /* owned */
	classes_ready_fn *then; /* who waits for the last answer; NULL: nobody any more */
	void *arg;
	uint32_t generation;
	size_t nprefix, nports; /* sent so far */
	unsigned waiting;       /* requests that have no answer yet; they hold us */
	bool is_ready, let_go;
};

_Static_assert(GRANT_BATCH * sizeof(struct class_prefix) <= LINK_BODY_MAX &&
    GRANT_BATCH * sizeof(struct class_ports) <= LINK_BODY_MAX, "a batch is one packet");

static void
release(struct classes *c)
{
	pol_space_free(&c->space);
	free(c);
}

static void
finish(struct classes *c, enum result r)
{
	classes_ready_fn *then = c->then;

	c->then = NULL;
	c->is_ready = r == RES_OK;
	then(c, r, c->arg);
}

static void on_sent(const struct notice *, int fds[LINK_FDS], void *arg);

static bool
send_batch(struct classes *c, enum request_kind kind, const void *body, size_t n)
{
	struct request r = {.kind = kind, .value = c->generation};

	if (!link_ask_body(c->link, &r, body, n, WAIT_MS, on_sent, c))
		return false;
	c->waiting++;
	return true;
}

/* *done grows by what was sent. */
static bool
send_prefixes(struct classes *c, const struct pol_prefix *from, size_t n, size_t *done)
{
	struct class_prefix batch[GRANT_BATCH];
	size_t k = 0;

	for (; k < GRANT_BATCH && *done + k < n; k++)
		batch[k] = grant_prefix(&from[*done + k]);
	*done += k;
	return send_batch(c, REQ_PREFIXES, batch, k * sizeof(batch[0]));
}

static bool
send_ports(struct classes *c, const struct pol_ports *from, size_t n, size_t *done)
{
	struct class_ports batch[GRANT_BATCH];
	size_t k = 0;

	for (; k < GRANT_BATCH && *done + k < n; k++)
		batch[k] = grant_ports(&from[*done + k]);
	*done += k;
	return send_batch(c, REQ_PORTS, batch, k * sizeof(batch[0]));
}

/* As much as the window takes. */
static void
send_more(struct classes *c)
{
	size_t nprefix, nports;
	const struct pol_prefix *prefixes = pol_space_prefixes(c->space, &nprefix);
	const struct pol_ports *ports = pol_space_ports(c->space, &nports);
	bool ok = true;

	while (ok && c->waiting < WINDOW && c->nprefix < nprefix)
		ok = send_prefixes(c, prefixes, nprefix, &c->nprefix);
	while (ok && c->waiting < WINDOW && c->nports < nports)
		ok = send_ports(c, ports, nports, &c->nports);
	if (!ok)
		finish(c, RES_COUNT);
	else if (c->waiting == 0) /* of the ending, too */
		finish(c, RES_OK);
}

static enum result
result_of(const struct notice *n)
{
	return n != NULL && n->result < RES_COUNT ? (enum result)n->result : RES_COUNT;
}

static void
on_sent(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct classes *c = arg;

	(void)fds;
	c->waiting--;
	if (c->let_go && c->waiting == 0)
		release(c);
	else if (c->then != NULL && result_of(n) != RES_OK)
		finish(c, result_of(n));
	else if (c->then != NULL)
		send_more(c);
}

static void
on_begun(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct classes *c = arg;

	if (result_of(n) == RES_OK)
		c->generation = (uint32_t)n->value;
	on_sent(n, fds, arg);
}

bool
classes_finish(struct classes *c, uint32_t flags, classes_ready_fn *done)
{
	struct request r = {.kind = REQ_CLASSES_DONE, .value = c->generation, .flags = flags};

	if (!link_ask(c->link, &r, WAIT_MS, on_sent, c))
		return false;
	c->waiting++;
	c->then = done;
	return true;
}

bool
classes_are_ready(const struct classes *c)
{
	return c->is_ready;
}

uint32_t
classes_generation(const struct classes *c)
{
	return c->generation;
}

const struct pol_space *
classes_space(const struct classes *c)
{
	return c->space;
}

struct classes *
classes_new(struct link *link, const struct policy *policy, const struct own *own, classes_ready_fn *ready,
    void *arg)
{
	struct request r = {.kind = REQ_CLASSES};
	struct classes *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct classes){.link = link, .then = ready, .arg = arg, .waiting = 1};
	c->space = pol_space_new(policy, own->addr, own->n);
	if (c->space == NULL || !link_ask(link, &r, WAIT_MS, on_begun, c)) {
		release(c);
		return NULL;
	}
	return c;
}

void
classes_free(struct classes **cp)
{
	struct classes *c = *cp;

	if (c == NULL)
		return;
	*cp = NULL;
	c->then = NULL;
	c->let_go = true; /* the last answer frees it */
	if (c->waiting == 0)
		release(c);
}

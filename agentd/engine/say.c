/* say: see say.h. */
#include "agentd/engine/say.h"

#include <sshtether/limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/detect/fold.h"

#define AGAIN_MS  10000
#define ANSWER_MS 10000

struct say_state {
	struct link *link; /* borrowed */
	struct fold *said; /* owned; by session and rule */
};

/* Of a session that has ended nobody reads any more. */
static bool
is_worth_saying(const struct outcome_of *o)
{
	return o->ruling->decision.message != NULL && o->done >= DONE_REFUSED && o->done < DONE_TERMINATED &&
	    o->ruling->finding->activity != ACT_LOGIN && o->ruling->finding->session->ses != SES_UNSET;
}

/* Whether it was read is nobody's business. */
static void
on_answer(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	(void)n;
	(void)fds;
	(void)arg;
}

void
say_outcome(struct say_state *s, const struct outcome_of *o)
{
	const struct finding *f = o->ruling->finding;
	struct request rq = {.kind = REQ_SAY, .ses = f->session->ses};
	struct say say = {0};
	uint64_t key = (uint64_t)rq.ses << 32 | o->ruling->decision.rule;

	if (!is_worth_saying(o) || fold_pass(s->said, hash_u64(key), f->time, AGAIN_MS) == 0)
		return;
	(void)snprintf(say.text, sizeof(say.text), "%s, %s: %s", activity_info(f->activity)->name, done_name(o->done),
	    o->ruling->decision.message);
	(void)link_ask_body(s->link, &rq, &say, sizeof(say), ANSWER_MS, on_answer, NULL);
}

struct say_state *
say_new(struct link *link)
{
	struct say_state *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->link = link;
	if ((s->said = fold_new(ST_SAID)) == NULL)
		say_free(&s);
	return s;
}

void
say_free(struct say_state **sp)
{
	struct say_state *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	fold_free(&s->said);
	free(s);
}

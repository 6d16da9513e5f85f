/*
 * newcomer: a login as a report tells of it, as a session that the model does not hold: to put it to the
 * policy before there is one, and where the model must not have it.
 */
#ifndef ENGINE_NEWCOMER_H
#define ENGINE_NEWCOMER_H

#include "agentd/engine/names.h"
#include "agentd/engine/pipeline.h"
#include "agentd/monitor/request.h"

/* A session that stands on the stack, with what it owns. */
struct newcomer {
	struct session s;
	struct report report; /* the copy that s borrows its strings from */
	char *names[ST_GROUPS_MAX]; /* owned */
	struct question_room room;  /* what a ruling on it may borrow from */
};

void newcomer_fill(struct newcomer *, const struct report *, const struct notice *kernel, struct names *);
void newcomer_free(struct newcomer *);
/* Group names into out; NULL, which is "not known", as long as one of them may still come. */
char **newcomer_group_names(struct names *, const uint32_t *gids, size_t n, char **out);

#endif

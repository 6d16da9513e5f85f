/* choice: which of what the store keeps is asked for: the options that `alerts` and `case` share. */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

#include "cli/client.h"

struct choice {
	struct rtime since, until;
	const char *user; /* NULL: whoever */
	int64_t limit;    /* 0: as many as there are */
};

/* Rows of a command's own options; their values are for choice_take(). */
#define CHOICE_OPTIONS \
	{"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'}, \
	{"user", required_argument, NULL, 'U'}, {"limit", required_argument, NULL, 'n'}

/* False: it is none of these, or is wrong, which it has said. */
bool choice_take(const struct cli *, struct choice *, int val);
/* Times and limit, as control.h has them; request NULL: nothing.  Whose they are the caller asks. */
void choice_put(json_t *request, const struct choice *);

#endif

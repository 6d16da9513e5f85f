/* verb: what a line at MONITOR_SOCKET asks for (control.h). */
#ifndef MONITOR_VERB_H
#define MONITOR_VERB_H

#include "base/words.h"

enum verb { VERB_BAD, VERB_MODE_GET, VERB_MODE_SET, VERB_CONFIRM, VERB_TERMINATE, VERB_ISOLATE,
	VERB_REVOKE };

struct verb_line {
	enum verb verb;
	enum mode mode; /* VERB_MODE_SET */
	int64_t trial_ms; /* VERB_MODE_SET: enforce for so long, unless it is confirmed; 0: for good */
	uint32_t ses;   /* VERB_TERMINATE, VERB_ISOLATE, VERB_REVOKE */
	bool all;       /* VERB_TERMINATE: what the policy spares too */
};

/* One line, without its newline.  Nothing of it but numbers and our own words comes out. */
struct verb_line verb_parse(struct bytes line);

#endif

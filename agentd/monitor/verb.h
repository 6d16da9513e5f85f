/* verb: what a line at MONITOR_SOCKET asks for (control.h). */
#ifndef MONITOR_VERB_H
#define MONITOR_VERB_H

#include "base/words.h"

enum verb { VERB_BAD, VERB_MODE_GET, VERB_MODE_SET, VERB_TERMINATE };

struct verb_line {
	enum verb verb;
	enum mode mode; /* VERB_MODE_SET */
	uint32_t ses;   /* VERB_TERMINATE */
	bool all;       /* VERB_TERMINATE: what the policy spares too */
};

/* One line, without its newline.  Nothing of it but numbers and our own words comes out. */
struct verb_line verb_parse(struct bytes line);

#endif

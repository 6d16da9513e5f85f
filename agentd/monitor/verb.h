/* verb: what a line at MONITOR_SOCKET asks for (control.h). */
#ifndef MONITOR_VERB_H
#define MONITOR_VERB_H

#include "base/words.h"

enum verb { VERB_BAD, VERB_MODE_GET, VERB_MODE_SET };

/* One line, without its newline; set is written for VERB_MODE_SET alone. */
enum verb verb_parse(struct bytes line, enum mode *set);

#endif

/*
 * levels: how strongly this build can stop what it finds, and why not more strongly.  One table; alerts
 * and `sshtether status` read it, so that neither promises more than there is.
 */
#ifndef ENGINE_LEVELS_H
#define ENGINE_LEVELS_H

#include "base/words.h"

/* The best that can be done about an activity. why: what keeps it from more, or from all. */
enum level level_of_activity(enum activity, const char **why);
/* What that action comes to for that activity; LEVEL_OBSERVE: it is not to be had, and why. */
enum level level_of_action(enum activity, enum action, const char **why);

#endif

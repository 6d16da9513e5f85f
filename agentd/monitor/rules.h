/*
 * rules: keeps the audit rules in force that the site's own do not cover, watches the kernel's lost
 * counter, and takes back at the end what it added, and nothing else.
 */
#ifndef MONITOR_RULES_H
#define MONITOR_RULES_H

#include "agentd/monitor/ctx.h"

struct ruleset;

struct ruleset *rules_new(struct monitor *);
/* Takes back what was added.  After the end of the audit thread. */
void rules_free(struct ruleset **);
/* Beside the loop: adds what is missing, or says what is.  Tells the engine when something changed. */
void rules_check(struct ruleset *);
/* The same for an engine that has heard nothing yet. */
void rules_tell_again(struct ruleset *);

#endif

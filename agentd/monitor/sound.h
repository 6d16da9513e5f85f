/* sound: what the engine sends for the gates, held against what a gate can take.  Pure. */
#ifndef MONITOR_SOUND_H
#define MONITOR_SOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "agentd/monitor/grant.h"

bool sound_grant(const struct grant *);
bool sound_prefixes(const struct class_prefix *, size_t n);
bool sound_ports(const struct class_ports *, size_t n);
/* How much it refuses, sooner or later: whoever has one that does is confined. */
unsigned grant_denies(const struct grant *);

#endif

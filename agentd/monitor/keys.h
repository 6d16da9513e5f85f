/*
 * keys: who opens a private key of a user that logs in, or lists a directory of agents, is told to the
 * engine.  By notification only: nobody waits for us.
 */
#ifndef MONITOR_KEYS_H
#define MONITOR_KEYS_H

#include "agentd/monitor/ctx.h"
#include "agentd/monitor/fan.h"

struct keys;
struct readers;

/* group: of FAN_ABOUT_NAMES, negative: there is none, now or from some time on; it and readers are borrowed. */
struct keys *keys_new(struct monitor *, const int *group, struct readers *);
void keys_free(struct keys **);
unsigned keys_count(const struct keys *);
/* A fan_fn; arg is the keys. */
void keys_event(const struct fan_event *, void *keys);
/* An agent of that uid listens at that path. */
void keys_agent(struct keys *, const char *socket, uint32_t uid);

#endif

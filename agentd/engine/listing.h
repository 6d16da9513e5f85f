/*
 * listing: all sessions to a client, a share at a time, so that a login never waits for a long list.
 */
#ifndef ENGINE_LISTING_H
#define ENGINE_LISTING_H

#include <stdbool.h>

struct client;
struct engine;

/* all: those that are no SSH logins or are over too.  Ends the client's answer, now or later. */
void listing_begin(struct engine *, struct client *, bool all, bool tree);
/* The client left. */
void listing_forget(struct engine *, const struct client *);

#endif

/*
 * proxied: the sessions that went on from here: each with the places it went to, and with what passes through it.  At
 * most ST_PROXIES of them, of ST_PROXY_PLACES each; who went on longest ago is forgotten.  Pure; for proxy.c alone.
 */
#ifndef DETECT_PROXIED_H
#define DETECT_PROXIED_H

#include "agentd/detect/passage.h"
#include "agentd/host/table.h"

/* A destination of a session, and who went there last. */
struct place {
	struct endpoint to, from;
	uint64_t serial, life;
	uint32_t pid, uid, euid;
	bool relay, shell;
	bool usual;         /* the baseline knows it well */
	bool known;         /* and knows at least that the user goes there, if not from here */
	enum grade grade;   /* that was told */
};

struct proxied {
	struct table_link by_ses;
	TAILQ_ENTRY(proxied) in_order;
	uint32_t ses;
	struct passage passage;
	struct place place[ST_PROXY_PLACES];
	size_t nplaces; /* ever; the oldest is overwritten */
};

struct proxies {
	struct table by_ses;
	TAILQ_HEAD(, proxied) order; /* the one that went on last is last */
};

/* NULL: out of memory. */
struct proxies *proxies_new(void);
void proxies_free(struct proxies *);

/* NULL: it did not go on. */
struct proxied *proxied_find(const struct proxies *, uint32_t ses);
/* It goes on now.  NULL: out of memory. */
struct proxied *proxied_get(struct proxies *, uint32_t ses);

/* NULL: it did not go there, or so many others since. */
struct place *place_find(struct proxied *, struct endpoint to);
/* The same, or room for another, with nothing in it but to. */
struct place *place_get(struct proxied *, struct endpoint to);

#endif

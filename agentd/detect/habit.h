/*
 * habit: what a session is compared by: its key, its company, where it goes.  learn.c notes it and the detectors of
 * the unusual ask for it, in the same words.  Pure.  Private to detect/.
 */
#ifndef DETECT_HABIT_H
#define DETECT_HABIT_H

#include "agentd/detect/detector.h"

/*
 * What it logged in with, as the baseline knows it: the key's fingerprint; of a certificate its CA, for many live
 * a day; without a key the method; "" where nobody said.  Returns out.
 */
const char *habit_key(const struct session *, char out[ST_USUAL_TEXT]);

/* The session and the others of its user that are open over SSH, and the different networks they come from. */
#define COMPANY_NETS 16 /* that are told apart */
struct company {
	unsigned sessions, networks; /* itself counted */
	struct prefix nets[COMPANY_NETS]; /* its own first */
};
void company_of(const struct detect *, const struct session *, struct company *);
/* The network that an address counts as. */
struct prefix habit_net(struct addr);
/* Alike in their first bits: of one provider, or one site. */
bool habit_near(struct addr, struct addr);

/* Outbound SSH or a relay to an address, that did not fail. */
bool habit_goes_out(const struct finding *);

/*
 * On how many of the days before the user had a value that came on that day alone: what he tries, and not what he has
 * besides many other things that are usual.  A hundred on one day are one day: a scan makes nobody a traveller.
 */
unsigned habit_once(const struct detect *, const char *user, enum usual_kind, struct rtime when);

#endif

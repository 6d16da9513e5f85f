/*
 * exchange: one report to sshtetherd, one verdict back, within one deadline that counts from before
 * the connection is made.  Whatever is at the other end, the caller is back in time.
 */
#ifndef PAM_MODULE_EXCHANGE_H
#define PAM_MODULE_EXCHANGE_H

#include <sshtether/report.h>

/* Each way in which no verdict comes has its name, so that the log tells them apart. */
enum exchange {
	EXCHANGE_OK,
	EXCHANGE_ABSENT,   /* nobody listens at the path */
	EXCHANGE_NOT_ROOT, /* somebody else than root does */
	EXCHANGE_LATE,     /* no verdict before the deadline */
	EXCHANGE_CLOSED,   /* the connection ended without one */
	EXCHANGE_RUBBISH,  /* what came is not a verdict of this version */
	EXCHANGE_FAILED,   /* the kernel refused a call */
	EXCHANGE_COUNT,
};

/* *out is set only for EXCHANGE_OK; for the others errno says more. */
enum exchange exchange(const char *path, unsigned timeout_ms, const struct report *,
    struct verdict *out);
/* Ends a sentence that begins with "no verdict: ". */
const char *exchange_text(enum exchange);

#endif

/*
 * trust: whether the bytes of a policy's file carry the signature of somebody whom this host trusts.  One
 * for each load: who may sign is read once, the time is one.  Runs in the engine, beside its loop too.
 */
#ifndef ENGINE_TRUST_H
#define ENGINE_TRUST_H

#include <sshtether/limits.h>

#include "base/buf.h"
#include "base/clock.h"

struct trust;

/* Who signed. */
struct trust_signer {
	char name[ST_SIGNER_NAME]; /* "": nobody */
	char key[ST_FP_MAX];
};

/* signers: the path of allowed_signers, copied; NULL: the usual one.  NULL: out of memory. */
struct trust *trust_new(const char *signers, struct rtime now);
void trust_free(struct trust **);
/* False: why gets words that follow "FILE: ". */
bool trust_check(struct trust *, struct bytes file, struct bytes signature, struct trust_signer *who,
    struct buf *why);
/* OpenSSL reads its configuration and makes its tables: once, before the filter. */
void trust_warm(void);
/* There is no list of signers at all. */
bool trust_is_nobody(struct trust *);

#endif

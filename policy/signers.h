/*
 * signers: allowed_signers, as ssh-keygen(1) describes it: a line a signer, with the patterns of his
 * names, options, and his public key or that of a CA.  A bad line counts for nothing and is told; the
 * others count.  Pure; memory is the caller's and of one size.
 */
#ifndef POLICY_SIGNERS_H
#define POLICY_SIGNERS_H

#include "base/clock.h"
#include "policy/pubkey.h"

/* A walk over the lines. */
struct signers {
	struct bytes rest; /* borrowed */
	unsigned line;     /* the one that was read last, from 1 */
	char key[ST_SIGNERS_LINE]; /* of that line, out of base64 */
	char spaces[ST_SIGNER_NAME];
};

/* Slices of the text, and of the walk until its next line. */
struct signer {
	struct bytes names; /* patterns */
	bool authority;     /* cert-authority: the key is a CA's */
	bool limited;       /* namespaces= */
	struct bytes spaces; /* patterns */
	struct rtime valid_after, valid_before; /* both within; RTIME_NONE: no bound */
	bool no_touch;      /* no-touch-required, ours: ssh-keygen does not ask for a touch */
	bool verify;        /* verify-required, ours */
	struct pubkey key;
};

enum signers_step { SIGNERS_END, SIGNERS_ONE, SIGNERS_BAD };

void signers_start(struct signers *, struct bytes text);
/* SIGNERS_BAD: *why says what is wrong with line signers.line. */
enum signers_step signers_next(struct signers *, struct signer *out, const char **why);

/* "20270331", "202703311800", "20270331180000", each in local time or with Z or UTC behind. */
bool signers_time(struct bytes, struct rtime *out);

#endif

/*
 * signature: who signed a policy, or why nobody did whom we trust.  File, signature and signers are given
 * as bytes; nothing is opened, no clock is read.  Runs in the command line, and in the engine.
 */
#ifndef POLICY_SIGNATURE_H
#define POLICY_SIGNATURE_H

#include "policy/signers.h"

#define SIGNATURE_NAMESPACE "sshtether-policy"
#define SIGNATURE_SIGNERS   "/etc/sshtether/allowed_signers"
#define SIGNATURE_SUFFIX    ".sig"

struct signature_ask {
	struct bytes file;
	struct bytes signature; /* as ssh-keygen -Y sign writes it */
	struct bytes signers;   /* allowed_signers */
	struct bytes space;     /* the namespace, not empty */
	struct bytes principal; /* that it must be; empty: any of the signers */
	struct rtime now;
};

struct signature_answer {
	enum sig_why why; /* SIG_GOOD: it is signed by: */
	char principal[ST_SIGNER_NAME]; /* the certificate's that is allowed, or the line's names */
	unsigned line;                  /* of allowed_signers; 0: none is about the key */
	/* of whom the signature says that it is; "" where it could not be read */
	const char *key_type;
	char fp[ST_FP_MAX];
	char ca_fp[ST_FP_MAX]; /* with a certificate */
	char cert_id[ST_CERTID_MAX];
	uint64_t cert_serial;
	uint32_t counter; /* of a security key */
	/* lines of allowed_signers that count for nothing */
	unsigned nbad;
	struct {
		unsigned line;
		const char *why;
	} bad[ST_SIGNERS_ERRORS]; /* the first of them */
};

void signature_check(const struct signature_ask *, struct signature_answer *out);

#endif

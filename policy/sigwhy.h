/*
 * sigwhy: why a signature is not accepted.  One table: a word that scripts rely on, and a sentence for
 * people.  What each of them is about is said by who returns it.
 */
#ifndef POLICY_SIGWHY_H
#define POLICY_SIGWHY_H

#include <stdbool.h>

enum sig_why {
	SIG_GOOD,
	/* the form of the signature */
	SIG_TOO_LARGE,
	SIG_ARMOUR,
	SIG_AFTER_END,
	SIG_MALFORMED,
	SIG_VERSION,
	SIG_HASH,
	SIG_ALGORITHM,
	/* the key in it */
	SIG_KEY_TYPE,
	SIG_KEY_MALFORMED,
	SIG_KEY_WEAK,
	/* its certificate */
	SIG_CERT_MALFORMED,
	SIG_CERT_KIND,
	SIG_CERT_EARLY,
	SIG_CERT_LATE,
	SIG_CERT_OPTION,
	SIG_CERT_NOBODY,
	SIG_CERT_CA_KEY,
	SIG_CERT_FORGED,
	/* the allowed signers */
	SIG_UNLISTED,
	SIG_PRINCIPAL,
	SIG_LINE_NAMESPACE,
	SIG_LINE_EARLY,
	SIG_LINE_LATE,
	/* the signature itself */
	SIG_NAMESPACE,
	SIG_WRONG,
	SIG_NO_TOUCH,
	SIG_NO_VERIFICATION,
	SIG_NO_MEMORY,
	SIG_WHY_COUNT,
};

/* "key-weak": stable. */
const char *sig_why_name(enum sig_why);
/* "an RSA key of less than 2048 bits". */
const char *sig_why_text(enum sig_why);

#endif

/*
 * sshcert: OpenSSH's certificates (PROTOCOL.certkeys): a public key, whose it is and for how long, signed
 * by a CA.  All of it is an outsider's until sshcert_check() and a trusted CA have spoken for it.  Pure.
 */
#ifndef POLICY_SSHCERT_H
#define POLICY_SSHCERT_H

#include "policy/pubkey.h"

/* Slices of the blob that it was read from. */
struct sshcert {
	struct pubkey key;
	struct pubkey ca;
	uint64_t serial;
	uint32_t kind; /* 1 a user's, 2 a host's */
	struct bytes id;
	struct bytes principals; /* for sshcert_principal() */
	uint64_t valid_after, valid_before; /* seconds since 1970; the last one is not within */
	struct bytes critical, extensions;
	struct bytes signed_part, signature;
};

/* A whole blob, after its type: SIG_CERT_MALFORMED, SIG_CERT_CA_KEY, SIG_KEY_*. */
enum sig_why sshcert_parse(const struct pubkey_type *, struct bytes blob, struct sshcert *out);
/* The next name of a list of principals; false: no more. */
bool sshcert_principal(struct bytes *list, struct bytes *out);
bool sshcert_extension(const struct sshcert *, const char *name);
/* The critical option verify-required, the only one that is known here. */
bool sshcert_wants_verification(const struct sshcert *);

/* A user's, of somebody, in force at that second, without critical options that are not kept. */
enum sig_why sshcert_check(const struct sshcert *, uint64_t now);
/* Did the CA, which the caller trusts, sign it? */
enum sig_why sshcert_verify(const struct sshcert *);

#endif

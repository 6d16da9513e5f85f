/*
 * pubkey: SSH public keys, as they stand in signatures, certificates and allowed_signers, and the
 * signatures that they make.  Sources: RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709, and PROTOCOL.u2f
 * of OpenSSH.  All input is an outsider's.  Pure; no allocation stays.
 */
#ifndef POLICY_PUBKEY_H
#define POLICY_PUBKEY_H

#include <sshtether/limits.h>

#include "base/buf.h"
#include "policy/sigwhy.h"

enum key_family { KEY_ED25519, KEY_ECDSA, KEY_RSA };

/* One row of the table in pubkey.c; the same type is the same row. */
struct pubkey_type {
	const char *name; /* "ssh-ed25519" */
	const char *cert; /* of its certificates */
	enum key_family family;
	bool sk;           /* made by a FIDO token, which signs flags and a counter too */
	const char *curve; /* KEY_ECDSA: as SSH calls it, and OpenSSL */
	const char *group;
	size_t point; /* bytes of the public key; KEY_RSA: 0 */
	const char *hash; /* that its signatures are made with; NULL: none, or as the signature says */
};

/* Slices of the blob that it was read from. */
struct pubkey {
	const struct pubkey_type *type;
	struct bytes point;       /* ed25519: 32 bytes; ecdsa: 04, x, y */
	struct bytes n, e;        /* rsa: without leading zeros */
	struct bytes application; /* sk: "ssh:" */
};

/* What a FIDO token said with its signature. */
struct key_touch {
	bool present;  /* touched; of other keys true */
	bool verified; /* by PIN or fingerprint; of other keys true */
	uint32_t counter;
};

/* NULL: not accepted, or not known.  *cert: it is that of a certificate. */
const struct pubkey_type *pubkey_type_of(struct bytes name, bool *cert);
/* The fields that follow the type: SIG_KEY_MALFORMED, SIG_KEY_WEAK. */
enum sig_why pubkey_fields(const struct pubkey_type *, struct bytes *wire, struct pubkey *out);
/* A whole blob, of a key and not of a certificate; SIG_KEY_TYPE too. */
enum sig_why pubkey_parse(struct bytes blob, struct pubkey *out);
bool pubkey_eq(const struct pubkey *, const struct pubkey *);
/* As it stands in files, numbers in their shortest form. */
void pubkey_blob(const struct pubkey *, struct buf *out);
/* As ssh-keygen -l prints it: "SHA256:…". */
bool pubkey_fingerprint(const struct pubkey *, char out[ST_FP_MAX]);

/* pubkey_verify.c */
/*
 * Did the key make the signature (a blob with its algorithm in front) of that message?  SIG_MALFORMED,
 * SIG_ALGORITHM, SIG_KEY_MALFORMED, SIG_WRONG; *touch is set when it did.
 */
enum sig_why pubkey_verify(const struct pubkey *, struct bytes signature, struct bytes message, struct key_touch *);

#endif

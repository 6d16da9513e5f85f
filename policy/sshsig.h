/*
 * sshsig: the file that `ssh-keygen -Y sign` writes (PROTOCOL.sshsig): armour, and in it the signer's key
 * or certificate, a namespace, the hash of the file and the signature.  All of it is an outsider's.  Pure.
 */
#ifndef POLICY_SSHSIG_H
#define POLICY_SSHSIG_H

#include "policy/sshcert.h"

/* Of the longest namespace that can be asked for. */
#define SSHSIG_NAMESPACE 64
/* What sshsig_message() needs: magic, namespace, reserved, hash's name, hash. */
#define SSHSIG_MESSAGE (6 + 4 + SSHSIG_NAMESPACE + 4 + 4 + 6 + 4 + 64)

/* Slices of the blob that it was read from. */
struct sshsig {
	struct pubkey key;
	bool certified;
	struct sshcert cert; /* of the key */
	struct bytes space;  /* namespace */
	struct bytes hash;   /* "sha256", "sha512" */
	struct bytes signature;
};

/*
 * Takes the armour off; room has as many bytes as the text.  *blob is a slice of it.  SIG_ARMOUR,
 * SIG_AFTER_END, SIG_MALFORMED.
 */
enum sig_why sshsig_unwrap(struct bytes text, char *room, struct bytes *blob);
enum sig_why sshsig_parse(struct bytes blob, struct sshsig *out);
/* What the key signed, for this file: *out is a slice of room. */
enum sig_why sshsig_message(const struct sshsig *, struct bytes file, char room[SSHSIG_MESSAGE], struct bytes *out);

#endif

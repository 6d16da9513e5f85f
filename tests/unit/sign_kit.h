/*
 * sign_kit: SSH keys, certificates and signatures for unit tests, made with OpenSSL and written by hand, so
 * that each field can be wrong.  What ssh-keygen makes is tests/oracle's to try.
 */
#ifndef TESTS_SIGN_KIT_H
#define TESTS_SIGN_KIT_H

#include <openssl/evp.h>

#include "base/buf.h"

struct kit_key {
	const char *type; /* "ssh-ed25519" …; borrowed */
	EVP_PKEY *pkey;   /* owned */
	struct buf blob;  /* owned */
};

/* Of that type; bits: of RSA. */
void kit_key_new(struct kit_key *, const char *type, unsigned bits);
void kit_key_free(struct kit_key *);

void kit_u32(struct buf *, uint32_t);
void kit_u64(struct buf *, uint64_t);
void kit_string(struct buf *, struct bytes);

/* A signature as it stands in files, by that algorithm (NULL: the key's own); flags and counter of a token. */
struct kit_said {
	const char *algorithm;
	uint8_t flags;
	uint32_t counter;
};
void kit_sign(const struct kit_key *, struct kit_said, struct bytes message, struct buf *out);

/* A certificate; zeroed fields are those of a good one of alice and carol. */
struct kit_cert {
	uint32_t kind;
	uint64_t valid_after, valid_before;
	struct bytes principals;             /* wire; p NULL: alice and carol */
	struct bytes critical, extensions;   /* wire */
	const struct kit_key *forger;        /* signs in the CA's place */
	struct kit_said said;                /* of the CA */
};
void kit_certify(const struct kit_key *, const struct kit_key *ca, const struct kit_cert *, struct buf *out);
/* One option of a certificate, appended. */
void kit_option(struct buf *, const char *name, const char *value);

/* A signature of a file, without its armour; zeroed fields are those of a good one. */
struct kit_sig {
	const char *space, *hash;
	struct bytes key; /* a certificate; p NULL: the key's blob */
	struct kit_said said;
};
void kit_sshsig(const struct kit_key *, const struct kit_sig *, struct bytes file, struct buf *out);
void kit_armour(struct bytes blob, struct buf *out);
/* A line of allowed_signers: `before` is names and options. */
void kit_line(const struct kit_key *, const char *before, struct buf *out);

#endif

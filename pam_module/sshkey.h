/*
 * sshkey: what a public key or certificate says of itself.  sshd has accepted it already; it is read
 * here as if nobody had.
 */
#ifndef PAM_MODULE_SSHKEY_H
#define PAM_MODULE_SSHKEY_H

#include <sshtether/limits.h>

#include "base/bytes.h"

/* Of one key in base64: sshd takes packets of 256 KiB, a certificate with 256 principals is 20 KiB. */
#define SSHKEY_TEXT_MAX (256u << 10)

struct sshkey {
	char type[ST_NAME_MAX];
	char fp[ST_FP_MAX]; /* "SHA256:…" of the plain public key, as ssh-keygen -l prints it */
	bool cert;          /* the rest is set */
	uint64_t serial;
	char id[ST_CERTID_MAX];
	char ca_fp[ST_FP_MAX];
	char principals[ST_PRINCIPALS_MAX]; /* each terminated, an empty one ends the list */
	bool id_cut;         /* the key id was longer */
	bool principals_cut; /* there were more, or one that the list cannot hold */
};

/*
 * type and base64 are the two words of an authorized_keys line.  False, with *out untouched: not a
 * key, another type inside than outside, or a certificate of a kind that is not known here.  A plain
 * key of an unknown type has a fingerprint all the same.
 */
bool sshkey_parse(struct bytes type, struct bytes base64, struct sshkey *out);

#endif

/*
 * pubkey_verify: is it that key's signature of that message?  The arithmetic is OpenSSL's; the forms are
 * SSH's: RFC 8709 (ed25519), RFC 5656 (r and s), RFC 8332 (RSA with SHA-2), PROTOCOL.u2f (what a FIDO
 * token signs).
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/wire.h"
#include "policy/pubkey.h"

#define ED25519_SIGNATURE 64
#define SHA256_BYTES      32
#define SK_MESSAGE        (SHA256_BYTES + 1 + 4 + SHA256_BYTES)

#define SK_PRESENT  0x01 /* FIDO's user presence, user verification */
#define SK_VERIFIED 0x04

static const unsigned char *
octets(struct bytes b)
{
	return (const unsigned char *)b.p;
}

/* --- OpenSSL's key ---------------------------------------------------------------------------------- */

static EVP_PKEY *
key_of_params(const char *kind, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *
rsa_key(const struct pubkey *k)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(octets(k->n), (int)k->n.n, NULL);
	BIGNUM *e = BN_bin2bn(octets(k->e), (int)k->e.n, NULL);
	EVP_PKEY *key = NULL;

	if (bld != NULL && n != NULL && e != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = key_of_params("RSA", bld);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

/* A point that is not on the curve makes no key. */
static EVP_PKEY *
ecdsa_key(const struct pubkey *k)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bld != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, k->type->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, k->point.p, k->point.n) == 1)
		key = key_of_params("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static EVP_PKEY *
openssl_key(const struct pubkey *k)
{
	switch (k->type->family) {
	case KEY_ED25519:
		return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, octets(k->point), k->point.n);
	case KEY_ECDSA:
		return ecdsa_key(k);
	case KEY_RSA:
	default:
		return rsa_key(k);
	}
}

/* --- one signature ------------------------------------------------------------------------------------ */

static enum sig_why
verify(const struct pubkey *k, const char *hash, const unsigned char *sig, size_t n, struct bytes message)
{
	EVP_PKEY *key = openssl_key(k);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum sig_why why = SIG_WRONG;

	if (key == NULL)
		why = SIG_KEY_MALFORMED;
	else if (ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, hash, NULL, NULL, key, NULL) == 1 &&
	    EVP_DigestVerify(ctx, sig, n, octets(message), message.n) == 1)
		why = SIG_GOOD;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return why;
}

static enum sig_why
verify_ed25519(const struct pubkey *k, const char *hash, struct bytes sig, struct bytes message)
{
	return sig.n == ED25519_SIGNATURE ? verify(k, hash, octets(sig), sig.n, message) : SIG_MALFORMED;
}

/* r and s, as OpenSSL wants them: in DER. */
static enum sig_why
verify_ecdsa(const struct pubkey *k, const char *hash, struct bytes sig, struct bytes message)
{
	enum sig_why why = SIG_MALFORMED;
	unsigned char *der = NULL;
	ECDSA_SIG *pair = NULL;
	BIGNUM *br, *bs;
	struct bytes r, s;
	int n;

	if (!wire_number(&sig, &r) || !wire_number(&sig, &s) || sig.n != 0 || r.n >= k->point.n ||
	    s.n >= k->point.n)
		return why;
	br = BN_bin2bn(octets(r), (int)r.n, NULL);
	bs = BN_bin2bn(octets(s), (int)s.n, NULL);
	pair = ECDSA_SIG_new();
	if (pair != NULL && ECDSA_SIG_set0(pair, br, bs) == 1) {
		br = bs = NULL; /* the pair's */
		n = i2d_ECDSA_SIG(pair, &der);
		why = n > 0 ? verify(k, hash, der, (size_t)n, message) : SIG_NO_MEMORY;
	}
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	BN_free(br);
	BN_free(bs);
	return why;
}

/* Some signers leave leading zeros out: OpenSSL wants the whole length. */
static enum sig_why
verify_rsa(const struct pubkey *k, const char *hash, struct bytes sig, struct bytes message)
{
	unsigned char whole[ST_RSA_BITS_MAX / 8] = {0};

	if (sig.n == 0 || sig.n > k->n.n)
		return SIG_MALFORMED;
	memcpy(whole + k->n.n - sig.n, sig.p, sig.n);
	return verify(k, hash, whole, k->n.n, message);
}

/* --- FIDO --------------------------------------------------------------------------------------------- */

/* What the token signed: the application's hash, what it vouches for, the message's hash. */
static bool
sk_message(const struct pubkey *k, struct bytes said, struct bytes message, unsigned char out[SK_MESSAGE])
{
	if (EVP_Digest(k->application.p, k->application.n, out, NULL, EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(message.p, message.n, out + SHA256_BYTES + said.n, NULL, EVP_sha256(), NULL) != 1)
		return false;
	memcpy(out + SHA256_BYTES, said.p, said.n);
	return true;
}

/* --- all of them -------------------------------------------------------------------------------------- */

/* false: no algorithm of this key.  *hash: what it hashes with, NULL for none. */
static bool
algorithm(const struct pubkey *k, struct bytes name, const char **hash)
{
	*hash = k->type->hash;
	if (k->type->family != KEY_RSA)
		return bytes_is(name, k->type->name);
	*hash = bytes_is(name, "rsa-sha2-256") ? "SHA2-256" : "SHA2-512";
	return bytes_is(name, "rsa-sha2-256") || bytes_is(name, "rsa-sha2-512");
}

/* A signature as it stands in files. */
struct parts {
	struct bytes raw;
	struct bytes said; /* flags and counter of a token, as they were signed; of others none */
	const char *hash;
	struct key_touch touch;
};

static enum sig_why
take_apart(const struct pubkey *k, struct bytes signature, struct parts *out)
{
	uint8_t flags = SK_PRESENT | SK_VERIFIED;
	uint32_t counter = 0;
	struct bytes name;

	if (!wire_text(&signature, &name))
		return SIG_MALFORMED;
	if (!algorithm(k, name, &out->hash))
		return SIG_ALGORITHM;
	if (!wire_string(&signature, &out->raw))
		return SIG_MALFORMED;
	out->said = signature;
	if (k->type->sk && (!wire_u8(&signature, &flags) || !wire_u32(&signature, &counter)))
		return SIG_MALFORMED;
	out->touch = (struct key_touch){.present = (flags & SK_PRESENT) != 0,
	    .verified = (flags & SK_VERIFIED) != 0, .counter = counter};
	return signature.n == 0 ? SIG_GOOD : SIG_MALFORMED;
}

enum sig_why
pubkey_verify(const struct pubkey *k, struct bytes signature, struct bytes message, struct key_touch *touch)
{
	static enum sig_why (*const verifiers[])(const struct pubkey *, const char *, struct bytes, struct bytes) = {
		[KEY_ED25519] = verify_ed25519, [KEY_ECDSA] = verify_ecdsa, [KEY_RSA] = verify_rsa,
	};
	unsigned char sk[SK_MESSAGE];
	struct parts parts;
	enum sig_why why = take_apart(k, signature, &parts);

	if (why == SIG_GOOD && k->type->sk) {
		why = sk_message(k, parts.said, message, sk) ? SIG_GOOD : SIG_NO_MEMORY;
		message = (struct bytes){.p = (const char *)sk, .n = sizeof(sk)};
	}
	if (why == SIG_GOOD)
		why = verifiers[k->type->family](k, parts.hash, parts.raw, message);
	if (why == SIG_GOOD)
		*touch = parts.touch;
	return why;
}

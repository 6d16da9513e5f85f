/* sign_kit: see sign_kit.h. */
#include "tests/unit/sign_kit.h"

#include "tests/unit/unit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "base/base64.h"
#include "policy/pubkey.h"

#define APPLICATION "ssh:"

/* --- wire --------------------------------------------------------------------------------------------- */

void
kit_u32(struct buf *out, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_putc(out, (char)(v >> shift));
}

void
kit_u64(struct buf *out, uint64_t v)
{
	kit_u32(out, (uint32_t)(v >> 32));
	kit_u32(out, (uint32_t)v);
}

void
kit_string(struct buf *out, struct bytes s)
{
	kit_u32(out, (uint32_t)s.n);
	buf_putb(out, s);
}

static void
put_number(struct buf *out, const BIGNUM *n)
{
	unsigned char raw[4096] = {0};
	int bytes = BN_bn2bin(n, raw + 1);
	bool lead = bytes > 0 && (raw[1] & 0x80) != 0;

	kit_string(out, (struct bytes){.p = (char *)raw + (lead ? 0 : 1), .n = (size_t)bytes + (lead ? 1 : 0)});
}

/* --- keys --------------------------------------------------------------------------------------------- */

static const struct pubkey_type *
type_of(const struct kit_key *k)
{
	bool cert;
	const struct pubkey_type *t = pubkey_type_of(bytes_of(k->type), &cert);

	assert_true(t != NULL && !cert);
	return t;
}

static void
put_rsa(struct kit_key *k)
{
	BIGNUM *n = NULL, *e = NULL;

	assert_true(EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
	assert_true(EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1);
	put_number(&k->blob, e);
	put_number(&k->blob, n);
	BN_free(n);
	BN_free(e);
}

static void
put_point(struct kit_key *k, const struct pubkey_type *t)
{
	unsigned char point[256];
	size_t n = sizeof(point);

	if (t->family == KEY_ED25519) {
		assert_true(EVP_PKEY_get_raw_public_key(k->pkey, point, &n) == 1);
	} else {
		kit_string(&k->blob, bytes_of(t->curve));
		assert_true(EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) == 1);
	}
	kit_string(&k->blob, (struct bytes){.p = (char *)point, .n = n});
	if (t->sk)
		kit_string(&k->blob, BYTES_LIT(APPLICATION));
}

void
kit_key_new(struct kit_key *k, const char *type, unsigned bits)
{
	const struct pubkey_type *t;

	*k = (struct kit_key){.type = type};
	t = type_of(k);
	k->pkey = t->family == KEY_RSA ? EVP_RSA_gen(bits) :
	    t->family == KEY_ECDSA     ? EVP_EC_gen(t->group) :
	                                 EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_true(k->pkey != NULL);
	kit_string(&k->blob, bytes_of(type));
	if (t->family == KEY_RSA)
		put_rsa(k);
	else
		put_point(k, t);
	assert_true(buf_ok(&k->blob));
}

void
kit_key_free(struct kit_key *k)
{
	EVP_PKEY_free(k->pkey);
	buf_free(&k->blob);
	*k = (struct kit_key){0};
}

/* --- signatures ----------------------------------------------------------------------------------------- */

static void
raw_signature(const struct kit_key *k, const char *hash, struct bytes message, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[2048];
	size_t n = sizeof(sig);

	assert_true(EVP_DigestSignInit_ex(ctx, NULL, hash, NULL, NULL, k->pkey, NULL) == 1);
	assert_true(EVP_DigestSign(ctx, sig, &n, (const unsigned char *)message.p, message.n) == 1);
	buf_put(out, sig, n);
	EVP_MD_CTX_free(ctx);
}

static void
put_pair(const struct buf *der, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)der->p;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)der->n);

	assert_true(pair != NULL);
	put_number(out, ECDSA_SIG_get0_r(pair));
	put_number(out, ECDSA_SIG_get0_s(pair));
	ECDSA_SIG_free(pair);
}

static void
put_hash(struct buf *out, struct bytes of, const EVP_MD *md)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n;

	assert_true(EVP_Digest(of.p, of.n, hash, &n, md, NULL) == 1);
	buf_put(out, hash, n);
}

static void
token_message(struct kit_said said, struct bytes message, struct buf *out)
{
	put_hash(out, BYTES_LIT(APPLICATION), EVP_sha256());
	buf_putc(out, (char)said.flags);
	kit_u32(out, said.counter);
	put_hash(out, message, EVP_sha256());
}

void
kit_sign(const struct kit_key *k, struct kit_said said, struct bytes message, struct buf *out)
{
	const struct pubkey_type *t = type_of(k);
	const char *own = t->family == KEY_RSA ? "rsa-sha2-512" : t->name;
	const char *algorithm = said.algorithm != NULL ? said.algorithm : own;
	const char *rsa_hash = bytes_is(bytes_of(algorithm), "rsa-sha2-256") ? "SHA2-256" : "SHA2-512";
	const char *hash = t->family != KEY_RSA ? t->hash : rsa_hash;
	struct buf raw = BUF_INIT, field = BUF_INIT, token = BUF_INIT;

	if (t->sk)
		token_message(said, message, &token);
	raw_signature(k, hash, t->sk ? buf_bytes(&token) : message, &raw);
	if (t->family == KEY_ECDSA)
		put_pair(&raw, &field);
	else
		buf_putb(&field, buf_bytes(&raw));
	kit_string(out, bytes_of(algorithm));
	kit_string(out, buf_bytes(&field));
	if (t->sk) {
		buf_putc(out, (char)said.flags);
		kit_u32(out, said.counter);
	}
	buf_free(&raw);
	buf_free(&field);
	buf_free(&token);
}

/* --- certificates ----------------------------------------------------------------------------------------- */

void
kit_option(struct buf *out, const char *name, const char *value)
{
	struct buf data = BUF_INIT;

	if (*value != '\0')
		kit_string(&data, bytes_of(value));
	kit_string(out, bytes_of(name));
	kit_string(out, buf_bytes(&data));
	buf_free(&data);
}

static void
put_principals(const struct kit_cert *c, struct buf *out)
{
	struct buf list = BUF_INIT;

	kit_string(&list, BYTES_LIT("alice"));
	kit_string(&list, BYTES_LIT("carol"));
	kit_string(out, c->principals.p != NULL ? c->principals : buf_bytes(&list));
	buf_free(&list);
}

void
kit_certify(const struct kit_key *k, const struct kit_key *ca, const struct kit_cert *c, struct buf *out)
{
	const size_t type_field = 4 + strlen(k->type);
	struct buf signature = BUF_INIT;
	struct kit_said said = c->said;

	said.flags = said.flags != 0 ? said.flags : 1;
	kit_string(out, bytes_of(type_of(k)->cert));
	kit_string(out, BYTES_LIT("a nonce of this lab, 32 bytes...."));
	buf_put(out, k->blob.p + type_field, k->blob.n - type_field);
	kit_u64(out, 7);
	kit_u32(out, c->kind != 0 ? c->kind : 1);
	kit_string(out, BYTES_LIT("alice's"));
	put_principals(c, out);
	kit_u64(out, c->valid_after);
	kit_u64(out, c->valid_before != 0 ? c->valid_before : UINT64_MAX);
	kit_string(out, c->critical);
	kit_string(out, c->extensions);
	kit_string(out, BYTES_NONE);
	kit_string(out, buf_bytes(&ca->blob));
	kit_sign(c->forger != NULL ? c->forger : ca, said, buf_bytes(out), &signature);
	kit_string(out, buf_bytes(&signature));
	buf_free(&signature);
}

/* --- files ------------------------------------------------------------------------------------------------ */

static void
put_signed(const char *space, const char *hash, struct bytes file, struct buf *out)
{
	struct buf md = BUF_INIT;

	put_hash(&md, file, bytes_is(bytes_of(hash), "sha256") ? EVP_sha256() : EVP_sha512());
	buf_puts(out, "SSHSIG");
	kit_string(out, bytes_of(space));
	kit_string(out, BYTES_NONE);
	kit_string(out, bytes_of(hash));
	kit_string(out, buf_bytes(&md));
	buf_free(&md);
}

void
kit_sshsig(const struct kit_key *k, const struct kit_sig *s, struct bytes file, struct buf *out)
{
	const char *space = s->space != NULL ? s->space : "sshtether-policy";
	const char *hash = s->hash != NULL ? s->hash : "sha512";
	struct buf message = BUF_INIT, signature = BUF_INIT;

	put_signed(space, hash, file, &message);
	kit_sign(k, s->said, buf_bytes(&message), &signature);
	buf_puts(out, "SSHSIG");
	kit_u32(out, 1);
	kit_string(out, s->key.p != NULL ? s->key : buf_bytes(&k->blob));
	kit_string(out, bytes_of(space));
	kit_string(out, BYTES_NONE);
	kit_string(out, bytes_of(hash));
	kit_string(out, buf_bytes(&signature));
	buf_free(&message);
	buf_free(&signature);
}

static void
put_base64(struct bytes data, struct buf *out)
{
	size_t room = data.n * 2 + 8;
	char *text = buf_room(out, room);

	assert_true(text != NULL && base64_encode(data, text, room));
	out->n += strlen(text);
	for (size_t n = strlen(text); n % 4 != 0; n++)
		buf_putc(out, '=');
}

void
kit_armour(struct bytes blob, struct buf *out)
{
	buf_puts(out, "-----BEGIN SSH SIGNATURE-----\n");
	put_base64(blob, out);
	buf_puts(out, "\n-----END SSH SIGNATURE-----\n");
}

void
kit_line(const struct kit_key *k, const char *before, struct buf *out)
{
	buf_printf(out, "%s %s ", before, k->type);
	put_base64(buf_bytes(&k->blob), out);
	buf_puts(out, " of the lab\n");
}

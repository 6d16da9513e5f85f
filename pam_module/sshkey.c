/*
 * sshkey: see sshkey.h.  Sources: RFC 4253 section 6.6, RFC 5656, and PROTOCOL.certkeys, PROTOCOL.u2f
 * and sshkey.c of OpenSSH.
 */
#include "pam_module/sshkey.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/wire.h"

/*
 * A certificate is: type, nonce, the fields of the plain key, then what the CA says.  's' is a field
 * that is copied as it stands, 'm' a number (mpint), which OpenSSH brings into its shortest form
 * before it hashes.
 */
static const struct key_type {
	const char *plain, *cert;
	const char *fields;
} key_types[] = {
	{"ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", "s"},
	{"ssh-rsa", "ssh-rsa-cert-v01@openssh.com", "mm"},
	{"ssh-dss", "ssh-dss-cert-v01@openssh.com", "mmmm"},
	{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ss"},
	{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ss"},
	{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", "ss"},
	{"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", "ss"},
	{"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sss"},
	{"ssh-mldsa44-ed25519@openssh.com", "ssh-mldsa44-ed25519-cert-v01@openssh.com", "s"},
};

static const struct key_type *
find_certificate(struct bytes type)
{
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (bytes_is(type, key_types[i].cert))
			return &key_types[i];
	return NULL;
}

static bool
looks_like_certificate(struct bytes type)
{
	return memmem(type.p, type.n, "-cert-v", 7) != NULL;
}

/* --- fingerprints -------------------------------------------------------------------------------- */

static bool
print_fingerprint(const unsigned char *md, unsigned n, char out[ST_FP_MAX])
{
	memcpy(out, "SHA256:", 7);
	return base64_encode((struct bytes){.p = (const char *)md, .n = n}, out + 7, ST_FP_MAX - 7);
}

/* One field with its length before it (RFC 4251, string and mpint). */
static bool
hash_field(EVP_MD_CTX *ctx, char kind, struct bytes s)
{
	bool lead = false;
	size_t n;

	if (kind == 'm') {
		while (s.n > 0 && *s.p == '\0')
			(void)wire_skip(&s, 1);
		lead = s.n > 0 && ((uint8_t)*s.p & 0x80) != 0;
	}
	n = s.n + (lead ? 1 : 0);
	return EVP_DigestUpdate(ctx, (const unsigned char[4]){(unsigned char)(n >> 24),
	           (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n}, 4) == 1 &&
	    (!lead || EVP_DigestUpdate(ctx, "", 1) == 1) &&
	    (s.n == 0 || EVP_DigestUpdate(ctx, s.p, s.n) == 1);
}

/* Of a whole blob, as it is. */
static bool
fingerprint_blob(struct bytes blob, char out[ST_FP_MAX])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n;

	return EVP_Digest(blob.p, blob.n, md, &n, EVP_sha256(), NULL) == 1 &&
	    print_fingerprint(md, n, out);
}

/* Of the plain key inside a certificate: takes its fields from *w, leaves what the CA says. */
static bool
fingerprint_inside(const struct key_type *t, struct bytes *w, char out[ST_FP_MAX])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char md[EVP_MAX_MD_SIZE];
	struct bytes field;
	unsigned n;
	bool ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    hash_field(ctx, 's', bytes_of(t->plain));
	for (const char *kind = t->fields; ok && *kind != '\0'; kind++)
		ok = wire_string(w, &field) && hash_field(ctx, *kind, field);
	ok = ok && EVP_DigestFinal_ex(ctx, md, &n) == 1 &&
	    print_fingerprint(md, n, out);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* --- certificates -------------------------------------------------------------------------------- */

/* Adds one name, keeping a byte for the end of the list. */
static void
add_principal(struct sshkey *key, size_t *used, struct bytes name)
{
	if (name.n == 0 || name.n + 2 > sizeof(key->principals) - *used) {
		key->principals_cut = true;
		return;
	}
	memcpy(key->principals + *used, name.p, name.n);
	*used += name.n + 1;
}

static bool
parse_principals(struct bytes list, struct sshkey *key)
{
	size_t used = 0;
	struct bytes name;

	while (list.n > 0) {
		if (!wire_text(&list, &name))
			return false;
		add_principal(key, &used, name);
	}
	return true;
}

static bool
parse_certificate(const struct key_type *t, struct bytes w, struct sshkey *key)
{
	struct bytes nonce, id, principals, critical, extensions, reserved, ca, signature;
	uint64_t valid_after, valid_before;
	uint32_t kind;

	if (!wire_string(&w, &nonce) || !fingerprint_inside(t, &w, key->fp) ||
	    !wire_u64(&w, &key->serial) || !wire_u32(&w, &kind) || !wire_text(&w, &id) ||
	    !wire_string(&w, &principals) || !wire_u64(&w, &valid_after) ||
	    !wire_u64(&w, &valid_before) || !wire_string(&w, &critical) ||
	    !wire_string(&w, &extensions) || !wire_string(&w, &reserved) ||
	    !wire_string(&w, &ca) || !wire_string(&w, &signature) || w.n != 0)
		return false;
	key->cert = true;
	key->id_cut = !bytes_copy(id, key->id, sizeof(key->id));
	return parse_principals(principals, key) && fingerprint_blob(ca, key->ca_fp);
}

static bool
parse_blob(struct bytes type, struct bytes blob, struct sshkey *key)
{
	const struct key_type *t = find_certificate(type);
	struct bytes w = blob, inner;

	if (!wire_string(&w, &inner) || !bytes_eq(inner, type) ||
	    !bytes_copy(type, key->type, sizeof(key->type)))
		return false;
	if (t != NULL)
		return parse_certificate(t, w, key);
	return !looks_like_certificate(type) && fingerprint_blob(blob, key->fp);
}

bool
sshkey_parse(struct bytes type, struct bytes base64, struct sshkey *out)
{
	struct sshkey key = {0};
	uint8_t *blob = NULL;
	size_t n;
	bool ok = false;

	if (base64.n == 0 || base64.n > SSHKEY_TEXT_MAX)
		goto out;
	blob = malloc(BASE64_ROOM(base64.n) + 1);
	if (blob == NULL || !base64_decode(base64, blob, &n))
		goto out;
	ok = parse_blob(type, (struct bytes){.p = (const char *)blob, .n = n}, &key);
	if (ok)
		*out = key;
out:
	free(blob);
	return ok;
}

/* pubkey: see pubkey.h.  Here: what a key is; what it signs is in pubkey_verify.c. */
#include "policy/pubkey.h"

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/wire.h"

static const struct pubkey_type types[] = {
	{"ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", KEY_ED25519, false, NULL, NULL, 32, NULL},
	{"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", KEY_ED25519, true, NULL, NULL, 32, NULL},
	{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", KEY_ECDSA, false, "nistp256",
	    "P-256", 65, "SHA2-256"},
	{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com", KEY_ECDSA, false, "nistp384",
	    "P-384", 97, "SHA2-384"},
	{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", KEY_ECDSA, false, "nistp521",
	    "P-521", 133, "SHA2-512"},
	{"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", KEY_ECDSA, true,
	    "nistp256", "P-256", 65, "SHA2-256"},
	{"ssh-rsa", "ssh-rsa-cert-v01@openssh.com", KEY_RSA, false, NULL, NULL, 0, NULL},
};

const struct pubkey_type *
pubkey_type_of(struct bytes name, bool *cert)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		*cert = bytes_is(name, types[i].cert);
		if (*cert || bytes_is(name, types[i].name))
			return &types[i];
	}
	return NULL;
}

/* --- reading -------------------------------------------------------------------------------------- */

static size_t
bits(struct bytes number)
{
	size_t n = number.n * 8;

	for (unsigned top = number.n > 0 ? (uint8_t)*number.p : 0x80; (top & 0x80) == 0; top <<= 1)
		n--;
	return n;
}

static bool
is_odd(struct bytes number)
{
	return number.n > 0 && (number.p[number.n - 1] & 1) != 0;
}

static enum sig_why
rsa_fields(struct bytes *w, struct pubkey *key)
{
	if (!wire_number(w, &key->e) || !wire_number(w, &key->n) || !is_odd(key->n) || !is_odd(key->e) ||
	    bits(key->e) < 2 || bits(key->n) > ST_RSA_BITS_MAX || bits(key->e) >= bits(key->n))
		return SIG_KEY_MALFORMED;
	return bits(key->n) < ST_RSA_BITS_MIN ? SIG_KEY_WEAK : SIG_GOOD;
}

/* Of a point only the form; that it lies on the curve is OpenSSL's to say. */
static bool
point_fields(const struct pubkey_type *t, struct bytes *w, struct pubkey *key)
{
	struct bytes curve;

	if (t->family == KEY_ECDSA && (!wire_text(w, &curve) || !bytes_is(curve, t->curve)))
		return false;
	if (!wire_string(w, &key->point) || key->point.n != t->point)
		return false;
	if (t->family == KEY_ECDSA && *key->point.p != 4)
		return false;
	return !t->sk || wire_text(w, &key->application);
}

enum sig_why
pubkey_fields(const struct pubkey_type *t, struct bytes *w, struct pubkey *out)
{
	struct pubkey key = {.type = t};
	enum sig_why why;

	if (t->family == KEY_RSA)
		why = rsa_fields(w, &key);
	else
		why = point_fields(t, w, &key) ? SIG_GOOD : SIG_KEY_MALFORMED;
	if (why == SIG_GOOD)
		*out = key;
	return why;
}

enum sig_why
pubkey_parse(struct bytes blob, struct pubkey *out)
{
	const struct pubkey_type *t;
	struct bytes name;
	struct pubkey key;
	enum sig_why why;
	bool cert;

	if (!wire_text(&blob, &name))
		return SIG_KEY_MALFORMED;
	t = pubkey_type_of(name, &cert);
	if (t == NULL || cert)
		return SIG_KEY_TYPE;
	why = pubkey_fields(t, &blob, &key);
	if (why == SIG_GOOD && blob.n != 0)
		why = SIG_KEY_MALFORMED;
	if (why == SIG_GOOD)
		*out = key;
	return why;
}

/* --- who it is -------------------------------------------------------------------------------------- */

bool
pubkey_eq(const struct pubkey *a, const struct pubkey *b)
{
	return a->type == b->type && bytes_eq(a->point, b->point) && bytes_eq(a->n, b->n) &&
	    bytes_eq(a->e, b->e) && bytes_eq(a->application, b->application);
}

static void
put_string(struct buf *out, struct bytes s, bool lead)
{
	size_t n = s.n + (lead ? 1 : 0);

	for (int shift = 24; shift >= 0; shift -= 8)
		buf_putc(out, (char)(n >> shift));
	if (lead)
		buf_putc(out, '\0');
	buf_putb(out, s);
}

static void
put_number(struct buf *out, struct bytes n)
{
	put_string(out, n, n.n > 0 && ((uint8_t)*n.p & 0x80) != 0);
}

void
pubkey_blob(const struct pubkey *key, struct buf *out)
{
	put_string(out, bytes_of(key->type->name), false);
	if (key->type->family == KEY_RSA) {
		put_number(out, key->e);
		put_number(out, key->n);
		return;
	}
	if (key->type->family == KEY_ECDSA)
		put_string(out, bytes_of(key->type->curve), false);
	put_string(out, key->point, false);
	if (key->type->sk)
		put_string(out, key->application, false);
}

bool
pubkey_fingerprint(const struct pubkey *key, char out[ST_FP_MAX])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	struct buf blob = BUF_INIT;
	unsigned n;
	bool ok;

	pubkey_blob(key, &blob);
	ok = buf_ok(&blob) && EVP_Digest(blob.p, blob.n, md, &n, EVP_sha256(), NULL) == 1;
	memcpy(out, "SHA256:", 7);
	ok = ok && base64_encode((struct bytes){.p = (const char *)md, .n = n}, out + 7, ST_FP_MAX - 7);
	buf_free(&blob);
	return ok;
}

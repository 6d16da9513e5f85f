/* sshsig: see sshsig.h. */
#include "policy/sshsig.h"

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/wire.h"

#define VERSION 1

static const struct bytes begin_line = BYTES_LIT("-----BEGIN SSH SIGNATURE-----\n");
static const struct bytes end_line = BYTES_LIT("\n-----END SSH SIGNATURE-----");
static const struct bytes magic = BYTES_LIT("SSHSIG");

/* --- armour ------------------------------------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
all_blank(struct bytes text)
{
	while (text.n > 0 && is_blank(*text.p))
		(void)wire_skip(&text, 1);
	return text.n == 0;
}

/* The text between the two lines; rest is what follows them. */
static bool
body_of(struct bytes text, struct bytes *body, struct bytes *rest)
{
	const char *end;

	if (!bytes_starts(text, begin_line))
		return false;
	(void)wire_skip(&text, begin_line.n);
	end = text.n > 0 ? memmem(text.p, text.n, end_line.p, end_line.n) : NULL;
	if (end == NULL)
		return false;
	*body = (struct bytes){.p = text.p, .n = (size_t)(end - text.p)};
	*rest = text;
	return wire_skip(rest, body->n + end_line.n);
}

enum sig_why
sshsig_unwrap(struct bytes text, char *room, struct bytes *blob)
{
	struct bytes body, rest;
	size_t n = 0;

	if (!body_of(text, &body, &rest))
		return SIG_ARMOUR;
	if (!all_blank(rest))
		return SIG_AFTER_END;
	for (size_t i = 0; i < body.n; i++)
		if (!is_blank(body.p[i]))
			room[n++] = body.p[i];
	/* In place: each quad is read before its bytes are written, which are fewer. */
	if (!base64_decode((struct bytes){.p = room, .n = n}, (uint8_t *)room, &n))
		return SIG_MALFORMED;
	*blob = (struct bytes){.p = room, .n = n};
	return SIG_GOOD;
}

/* --- what is in it ------------------------------------------------------------------------------------ */

static enum sig_why
parse_key(struct bytes blob, struct sshsig *sig)
{
	const struct pubkey_type *t;
	struct bytes w = blob, name;
	enum sig_why why;

	if (!wire_text(&w, &name))
		return SIG_KEY_MALFORMED;
	t = pubkey_type_of(name, &sig->certified);
	if (t == NULL)
		return SIG_KEY_TYPE;
	if (!sig->certified)
		return pubkey_parse(blob, &sig->key);
	why = sshcert_parse(t, blob, &sig->cert);
	sig->key = sig->cert.key;
	return why;
}

static const EVP_MD *
hash_of(struct bytes name)
{
	return bytes_is(name, "sha256") ? EVP_sha256() : bytes_is(name, "sha512") ? EVP_sha512() : NULL;
}

/* What is reserved is passed over, as PROTOCOL.sshsig says; what was signed has it empty. */
enum sig_why
sshsig_parse(struct bytes blob, struct sshsig *out)
{
	struct sshsig sig = {0};
	struct bytes key, reserved;
	uint32_t version;
	enum sig_why why;

	if (!bytes_starts(blob, magic) || !wire_skip(&blob, magic.n) || !wire_u32(&blob, &version))
		return SIG_MALFORMED;
	if (version != VERSION)
		return SIG_VERSION;
	if (!wire_string(&blob, &key) || !wire_text(&blob, &sig.space) || !wire_string(&blob, &reserved) ||
	    !wire_text(&blob, &sig.hash) || !wire_string(&blob, &sig.signature) || blob.n != 0)
		return SIG_MALFORMED;
	if (hash_of(sig.hash) == NULL)
		return SIG_HASH;
	why = parse_key(key, &sig);
	if (why == SIG_GOOD)
		*out = sig;
	return why;
}

/* --- what was signed ---------------------------------------------------------------------------------- */

static char *
put(char *at, struct bytes s)
{
	at[0] = at[1] = at[2] = 0; /* none is as long as 256 */
	at[3] = (char)s.n;
	if (s.n > 0)
		memcpy(at + 4, s.p, s.n);
	return at + 4 + s.n;
}

enum sig_why
sshsig_message(const struct sshsig *sig, struct bytes file, char room[SSHSIG_MESSAGE], struct bytes *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n;
	char *at = room + magic.n;

	if (sig->space.n > SSHSIG_NAMESPACE)
		return SIG_NAMESPACE;
	if (EVP_Digest(file.p, file.n, md, &n, hash_of(sig->hash), NULL) != 1)
		return SIG_NO_MEMORY;
	memcpy(room, magic.p, magic.n);
	at = put(at, sig->space);
	at = put(at, BYTES_NONE);
	at = put(at, sig->hash);
	at = put(at, (struct bytes){.p = (const char *)md, .n = n});
	*out = (struct bytes){.p = room, .n = (size_t)(at - room)};
	return SIG_GOOD;
}

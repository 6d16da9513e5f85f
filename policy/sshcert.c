/* sshcert: see sshcert.h. */
#include "policy/sshcert.h"

#include "base/wire.h"

#define KIND_USER 1
#define KIND_HOST 2

/* --- lists within ------------------------------------------------------------------------------------- */

bool
sshcert_principal(struct bytes *list, struct bytes *out)
{
	return wire_text(list, out);
}

static bool
principals_are_whole(struct bytes list)
{
	struct bytes name;
	unsigned n = 0;

	while (n < ST_CERT_PRINCIPALS && sshcert_principal(&list, &name))
		n++;
	return list.n == 0;
}

/* Options and extensions: pairs of a name and its data. */
static bool
next_option(struct bytes *list, struct bytes *name)
{
	struct bytes rest = *list, data;

	if (!wire_string(&rest, name) || !wire_string(&rest, &data))
		return false;
	*list = rest;
	return true;
}

static bool
options_are_whole(struct bytes list)
{
	struct bytes name;

	while (next_option(&list, &name))
		;
	return list.n == 0;
}

static bool
has_option(struct bytes list, const char *wanted)
{
	struct bytes name;

	while (next_option(&list, &name))
		if (bytes_is(name, wanted))
			return true;
	return false;
}

bool
sshcert_extension(const struct sshcert *c, const char *name)
{
	return has_option(c->extensions, name);
}

bool
sshcert_wants_verification(const struct sshcert *c)
{
	return has_option(c->critical, "verify-required");
}

/* --- reading ------------------------------------------------------------------------------------------ */

static enum sig_why
ca_fields(struct bytes blob, struct pubkey *ca)
{
	enum sig_why why = pubkey_parse(blob, ca);

	return why == SIG_GOOD ? why : SIG_CERT_CA_KEY;
}

enum sig_why
sshcert_parse(const struct pubkey_type *t, struct bytes blob, struct sshcert *out)
{
	struct sshcert c = {0};
	struct bytes w = blob, type, nonce, reserved, ca;
	enum sig_why why;

	if (!wire_text(&w, &type) || !wire_string(&w, &nonce))
		return SIG_CERT_MALFORMED;
	why = pubkey_fields(t, &w, &c.key);
	if (why != SIG_GOOD)
		return why;
	if (!wire_u64(&w, &c.serial) || !wire_u32(&w, &c.kind) || !wire_text(&w, &c.id) ||
	    !wire_string(&w, &c.principals) || !wire_u64(&w, &c.valid_after) || !wire_u64(&w, &c.valid_before) ||
	    !wire_string(&w, &c.critical) || !wire_string(&w, &c.extensions) || !wire_string(&w, &reserved) ||
	    !wire_string(&w, &ca))
		return SIG_CERT_MALFORMED;
	c.signed_part = (struct bytes){.p = blob.p, .n = blob.n - w.n};
	if (!wire_string(&w, &c.signature) || w.n != 0 || (c.kind != KIND_USER && c.kind != KIND_HOST) ||
	    !principals_are_whole(c.principals) || !options_are_whole(c.critical) ||
	    !options_are_whole(c.extensions))
		return SIG_CERT_MALFORMED;
	why = ca_fields(ca, &c.ca);
	if (why == SIG_GOOD)
		*out = c;
	return why;
}

/* --- what it is worth --------------------------------------------------------------------------------- */

/* force-command and source-address speak of logins: who has them was not meant to sign policies. */
static bool
options_are_kept(struct bytes list)
{
	struct bytes name;

	while (next_option(&list, &name))
		if (!bytes_is(name, "verify-required"))
			return false;
	return true;
}

enum sig_why
sshcert_check(const struct sshcert *c, uint64_t now)
{
	if (c->kind != KIND_USER)
		return SIG_CERT_KIND;
	if (c->principals.n == 0)
		return SIG_CERT_NOBODY;
	if (now < c->valid_after)
		return SIG_CERT_EARLY;
	if (now >= c->valid_before)
		return SIG_CERT_LATE;
	return options_are_kept(c->critical) ? SIG_GOOD : SIG_CERT_OPTION;
}

enum sig_why
sshcert_verify(const struct sshcert *c)
{
	struct key_touch touch;
	enum sig_why why = pubkey_verify(&c->ca, c->signature, c->signed_part, &touch);

	if (why == SIG_KEY_MALFORMED || why == SIG_ALGORITHM)
		return SIG_CERT_CA_KEY;
	return why == SIG_GOOD || why == SIG_NO_MEMORY ? why : SIG_CERT_FORGED;
}

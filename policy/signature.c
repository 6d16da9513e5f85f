/*
 * signature: see signature.h.  The order is the one of least trust: form, purpose, is the key listed at
 * all, may it sign here and now; only then is anything calculated with it.
 */
#include "policy/signature.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "policy/sshpattern.h"
#include "policy/sshsig.h"

struct work {
	const struct signature_ask *ask;
	struct sshsig sig;
	bool calculated; /* then: */
	enum sig_why sum;
	struct key_touch touch;
	struct signers walk;
	char blob[ST_SIGNATURE_BYTES];
};

/* --- what hangs on the signature alone ------------------------------------------------------------------ */

static enum sig_why
read_signature(struct work *w)
{
	const struct signature_ask *ask = w->ask;
	struct bytes blob;
	enum sig_why why;

	if (ask->signature.n > sizeof(w->blob))
		return SIG_TOO_LARGE;
	why = sshsig_unwrap(ask->signature, w->blob, &blob);
	if (why == SIG_GOOD)
		why = sshsig_parse(blob, &w->sig);
	return why;
}

static void
name_signer(const struct sshsig *sig, struct signature_answer *out)
{
	out->key_type = sig->certified ? sig->key.type->cert : sig->key.type->name;
	(void)pubkey_fingerprint(&sig->key, out->fp);
	if (!sig->certified)
		return;
	(void)pubkey_fingerprint(&sig->cert.ca, out->ca_fp);
	(void)bytes_copy(sig->cert.id, out->cert_id, sizeof(out->cert_id));
	out->cert_serial = sig->cert.serial;
}

/* Once, and only when a line is about the key or its CA. */
static enum sig_why
calculate(struct work *w)
{
	char room[SSHSIG_MESSAGE];
	struct bytes message;

	if (w->calculated)
		return w->sum;
	w->calculated = true;
	w->sum = w->sig.certified ? sshcert_verify(&w->sig.cert) : SIG_GOOD;
	if (w->sum == SIG_GOOD)
		w->sum = sshsig_message(&w->sig, w->ask->file, room, &message);
	if (w->sum == SIG_GOOD)
		w->sum = pubkey_verify(&w->sig.key, w->sig.signature, message, &w->touch);
	return w->sum;
}

/* --- and on a line of the signers ------------------------------------------------------------------------ */

static bool
is_about(const struct signer *s, const struct sshsig *sig)
{
	return s->authority == sig->certified && pubkey_eq(&s->key, sig->certified ? &sig->cert.ca : &sig->key);
}

/* A name of the certificate that the line allows, and the asker wants. */
static enum sig_why
certified_name(const struct signer *s, const struct work *w, char out[ST_SIGNER_NAME])
{
	struct bytes list = w->sig.cert.principals, name;

	while (sshcert_principal(&list, &name))
		if (name.n > 0 && sshpattern_list_match(s->names, name) &&
		    (w->ask->principal.n == 0 || bytes_eq(w->ask->principal, name)) &&
		    bytes_copy(name, out, ST_SIGNER_NAME))
			return SIG_GOOD;
	return SIG_PRINCIPAL;
}

static enum sig_why
named(const struct signer *s, const struct work *w, char out[ST_SIGNER_NAME])
{
	const struct bytes wanted = w->ask->principal;

	if (w->sig.certified)
		return certified_name(s, w, out);
	if (wanted.n > 0 && !sshpattern_list_match(s->names, wanted))
		return SIG_PRINCIPAL;
	return bytes_copy(wanted.n > 0 ? wanted : s->names, out, ST_SIGNER_NAME) ? SIG_GOOD : SIG_PRINCIPAL;
}

/* As OpenSSH counts it: in whole seconds, both bounds within. */
static enum sig_why
in_time(const struct signer *s, struct rtime now)
{
	const int64_t second = now.ms / 1000;

	if (s->valid_after.ms != 0 && second < s->valid_after.ms / 1000)
		return SIG_LINE_EARLY;
	if (s->valid_before.ms != 0 && second > s->valid_before.ms / 1000)
		return SIG_LINE_LATE;
	return SIG_GOOD;
}

/*
 * A touch is needed unless the line and, where there is one, the certificate say that it is not: as sshd
 * has it.  PIN or fingerprint when one of the two says so.
 */
static enum sig_why
touched(const struct signer *s, const struct work *w)
{
	const struct sshsig *sig = &w->sig;
	bool excused = s->no_touch && (!sig->certified || sshcert_extension(&sig->cert, "no-touch-required"));
	bool verify = s->verify || (sig->certified && sshcert_wants_verification(&sig->cert));

	if (!w->touch.present && !excused)
		return SIG_NO_TOUCH;
	return verify && !w->touch.verified ? SIG_NO_VERIFICATION : SIG_GOOD;
}

static enum sig_why
judge(const struct signer *s, struct work *w, char name[ST_SIGNER_NAME])
{
	const struct signature_ask *ask = w->ask;
	enum sig_why why = named(s, w, name);

	if (why == SIG_GOOD && s->limited && !sshpattern_list_match(s->spaces, ask->space))
		why = SIG_LINE_NAMESPACE;
	if (why == SIG_GOOD)
		why = in_time(s, ask->now);
	if (why == SIG_GOOD && w->sig.certified)
		why = sshcert_check(&w->sig.cert, (uint64_t)(ask->now.ms / 1000));
	if (why == SIG_GOOD)
		why = calculate(w);
	return why == SIG_GOOD ? touched(s, w) : why;
}

/* --- all the lines ---------------------------------------------------------------------------------------- */

static void
note_bad(struct signature_answer *out, unsigned line, const char *why)
{
	if (out->nbad < ST_SIGNERS_ERRORS) {
		out->bad[out->nbad].line = line;
		out->bad[out->nbad].why = why;
	}
	out->nbad++;
}

/* The first line that lets it pass; else what the first one that is about the key says. */
static enum sig_why
ask_signers(struct work *w, struct signature_answer *out)
{
	enum sig_why first = SIG_UNLISTED, why;
	char name[ST_SIGNER_NAME];
	struct signer s;
	const char *wrong;

	signers_start(&w->walk, w->ask->signers);
	for (;;) {
		enum signers_step step = signers_next(&w->walk, &s, &wrong);

		if (step == SIGNERS_END)
			return first;
		if (step == SIGNERS_BAD)
			note_bad(out, w->walk.line, wrong);
		if (step == SIGNERS_BAD || !is_about(&s, &w->sig))
			continue;
		why = judge(&s, w, name);
		if (why == SIG_GOOD || first == SIG_UNLISTED) {
			first = why;
			out->line = w->walk.line;
		}
		if (why != SIG_GOOD)
			continue;
		memcpy(out->principal, name, sizeof(name));
		out->counter = w->touch.counter;
		return why;
	}
}

void
signature_check(const struct signature_ask *ask, struct signature_answer *out)
{
	struct work *w = calloc(1, sizeof(*w));

	*out = (struct signature_answer){.why = SIG_NO_MEMORY, .key_type = ""};
	if (w == NULL)
		return;
	w->ask = ask;
	out->why = read_signature(w);
	if (out->why == SIG_GOOD) {
		name_signer(&w->sig, out);
		out->why = bytes_eq(w->sig.space, ask->space) ? ask_signers(w, out) : SIG_NAMESPACE;
	}
	ERR_clear_error(); /* nobody else's business */
	free(w);
}

/*
 * Signatures and allowed_signers.  The first byte of an input says what the rest is:
 *
 *   s  a signature without its armour; the signers then list the key or the CA that it names, so that all
 *      that can be calculated is
 *   a  a signature's armour, as it stands in a file
 *   l  allowed_signers
 */
#include <stdlib.h>

#include "base/base64.h"
#include "policy/signature.h"
#include "policy/sshsig.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

#define NOW_MS 1795348800000 /* 2026-11-22T12:00:00Z */

static const struct bytes file = BYTES_LIT("fleet lab\nserial 3\nblock relay user eve\n");

/* As ssh-keygen writes it, but for the lines. */
static void
put_base64(struct bytes data, struct buf *out)
{
	size_t room = data.n * 2 + 8;
	char *text = buf_room(out, room);

	MUST(text != NULL && base64_encode(data, text, room));
	out->n += strlen(text);
	for (size_t chars = strlen(text); chars % 4 != 0; chars++)
		buf_putc(out, '=');
}

static void
put_signer(const struct sshsig *sig, struct buf *out)
{
	const struct pubkey *key = sig->certified ? &sig->cert.ca : &sig->key;
	struct buf blob = BUF_INIT;

	pubkey_blob(key, &blob);
	buf_printf(out, "* %s%s ", sig->certified ? "cert-authority,no-touch-required " : "no-touch-required ",
	    key->type->name);
	put_base64(buf_bytes(&blob), out);
	buf_putc(out, '\n');
	buf_free(&blob);
}

static void
check_answer(const struct signature_answer *a)
{
	MUST(a->why < SIG_WHY_COUNT && *sig_why_name(a->why) != '\0' && *sig_why_text(a->why) != '\0');
	MUST(memchr(a->principal, '\0', sizeof(a->principal)) != NULL);
	MUST(a->why != SIG_GOOD || (*a->principal != '\0' && a->line > 0 && strncmp(a->fp, "SHA256:", 7) == 0));
	MUST(a->why != SIG_UNLISTED || a->line == 0);
}

/* What is good is good for one file, one namespace and with these signers only. */
static void
check_all(struct bytes signature, struct bytes signers)
{
	struct signature_ask ask = {.file = file, .signature = signature, .signers = signers,
	    .space = BYTES_LIT(SIGNATURE_NAMESPACE), .now = {.ms = NOW_MS}};
	struct signature_answer a;
	bool good;

	signature_check(&ask, &a);
	check_answer(&a);
	good = a.why == SIG_GOOD;
	ask.file.n--;
	signature_check(&ask, &a);
	MUST(!good || a.why == SIG_WRONG);
	ask.file.n++;
	ask.space = BYTES_LIT("file");
	signature_check(&ask, &a);
	MUST(!good || a.why == SIG_NAMESPACE);
	ask.space = BYTES_LIT(SIGNATURE_NAMESPACE);
	ask.signers = BYTES_NONE;
	signature_check(&ask, &a);
	MUST(!good || a.why == SIG_UNLISTED);
}

static void
fuzz_blob(struct bytes in)
{
	struct buf text = BUF_INIT, signers = BUF_INIT;
	struct sshsig sig;

	if (in.n > ST_SIGNATURE_BYTES / 2)
		return;
	buf_puts(&text, "-----BEGIN SSH SIGNATURE-----\n");
	put_base64(in, &text);
	buf_puts(&text, "\n-----END SSH SIGNATURE-----\n");
	if (sshsig_parse(in, &sig) == SIG_GOOD)
		put_signer(&sig, &signers);
	check_all(buf_bytes(&text), buf_bytes(&signers));
	buf_free(&text);
	buf_free(&signers);
}

static bool
within(struct bytes part, struct bytes whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
fuzz_lines(struct bytes in)
{
	struct signers *walk = malloc(sizeof(*walk));
	enum signers_step step;
	struct signer s;
	const char *why;
	unsigned line = 0;

	MUST(walk != NULL);
	signers_start(walk, in);
	while ((step = signers_next(walk, &s, &why)) != SIGNERS_END) {
		MUST(walk->line > line);
		line = walk->line;
		MUST(step == SIGNERS_BAD ? *why != '\0' : within(s.names, in) && s.key.type != NULL);
	}
	free(walk);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = {.p = (const char *)data + 1, .n = n - 1};

	if (n == 0)
		return 0;
	if (*data == 's')
		fuzz_blob(in);
	else if (*data == 'a')
		check_all(in, BYTES_NONE);
	else if (*data == 'l')
		fuzz_lines(in);
	return 0;
}

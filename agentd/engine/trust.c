/* trust: see trust.h. */
#include "agentd/engine/trust.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base/safe.h"
#include "policy/signature.h"

struct trust {
	char *path; /* owned */
	struct rtime now;
	struct buf signers;
	int read;        /* of path: 1: not yet, 0, or −errno */
	const char *why; /* static */
};

struct trust *
trust_new(const char *signers, struct rtime now)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->path = strdup(signers != NULL ? signers : SIGNATURE_SIGNERS);
	t->now = now;
	t->read = 1;
	if (t->path == NULL)
		trust_free(&t);
	return t;
}

void
trust_free(struct trust **tp)
{
	struct trust *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	buf_free(&t->signers);
	free(t->path);
	free(t);
}

void
trust_warm(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
	    OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_ADD_ALL_CIPHERS, NULL);
}

/* Once a load, and only when there is something to check. */
static int
read_signers(struct trust *t)
{
	if (t->read == 1)
		t->read = safe_read(t->path, ST_SIGNERS_BYTES, &t->signers, &t->why);
	return t->read;
}

bool
trust_is_nobody(struct trust *t)
{
	return read_signers(t) == -ENOENT;
}

static void
put_refusal(const struct trust *t, const struct signature_answer *a, struct buf *why)
{
	buf_puts(why, "not signed by anybody who may: ");
	buf_puts(why, sig_why_text(a->why));
	if (*a->key_type != '\0')
		buf_printf(why, ": %s %s", a->key_type, a->fp);
	if (*a->cert_id != '\0') {
		buf_puts(why, ", certificate \"");
		buf_put_visible(why, bytes_of(a->cert_id));
		buf_putc(why, '"');
	}
	if (a->line != 0)
		buf_printf(why, " (%s:%u)", t->path, a->line);
}

bool
trust_check(struct trust *t, struct bytes file, struct bytes signature, struct trust_signer *who, struct buf *why)
{
	struct signature_ask ask = {.file = file, .signature = signature,
	    .space = BYTES_LIT(SIGNATURE_NAMESPACE), .now = t->now};
	struct signature_answer a;
	int rc = read_signers(t);

	if (rc != 0) {
		buf_printf(why, "the allowed signers, %s, cannot be read: %s", t->path,
		    t->why != NULL ? t->why : strerror(-rc));
		return false;
	}
	ask.signers = buf_bytes(&t->signers);
	signature_check(&ask, &a);
	if (a.why != SIG_GOOD) {
		put_refusal(t, &a, why);
		return false;
	}
	(void)bytes_copy(bytes_of(a.principal), who->name, sizeof(who->name));
	(void)bytes_copy(bytes_of(a.fp), who->key, sizeof(who->key));
	return true;
}

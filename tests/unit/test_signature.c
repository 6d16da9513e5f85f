/* signature: who signed, or why nobody did whom we trust: which reason is told, and what it hangs on. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "policy/signature.h"
#include "tests/unit/sign_kit.h"

#define NOW 1795348800 /* 2026-11-22T12:00:00Z */

static struct kit_key alice, bob, ca, token;
static struct signature_answer answer;
static bool no_memory;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *
__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

static int
setup(void **state)
{
	(void)state;
	kit_key_new(&alice, "ssh-ed25519", 0);
	kit_key_new(&bob, "ecdsa-sha2-nistp256", 0);
	kit_key_new(&ca, "ssh-rsa", 2048);
	kit_key_new(&token, "sk-ssh-ed25519@openssh.com", 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kit_key_free(&alice);
	kit_key_free(&bob);
	kit_key_free(&ca);
	kit_key_free(&token);
	return 0;
}

struct question {
	const struct kit_key *by; /* NULL: alice */
	struct kit_sig sig;
	const char *file;     /* that is asked about; NULL: that was signed */
	const char *principal;
	int64_t second;       /* 0: NOW */
};

static enum sig_why
ask(const struct question *q, const struct buf *signers)
{
	const struct bytes file = BYTES_LIT("fleet lab\n");
	struct buf blob = BUF_INIT, text = BUF_INIT;
	struct signature_ask a = {.file = q->file != NULL ? bytes_of(q->file) : file, .signers = buf_bytes(signers),
	    .space = BYTES_LIT(SIGNATURE_NAMESPACE), .principal = bytes_of(q->principal),
	    .now = {.ms = (q->second != 0 ? q->second : NOW) * 1000}};

	kit_sshsig(q->by != NULL ? q->by : &alice, &q->sig, file, &blob);
	kit_armour(buf_bytes(&blob), &text);
	a.signature = buf_bytes(&text);
	signature_check(&a, &answer);
	buf_free(&blob);
	buf_free(&text);
	return answer.why;
}

/* The same with one line, of alice's key or another. */
static enum sig_why
ask_line(const struct question *q, const struct kit_key *k, const char *before)
{
	struct buf signers = BUF_INIT;
	enum sig_why why;

	kit_line(k, before, &signers);
	why = ask(q, &signers);
	buf_free(&signers);
	return why;
}

static void
who(void **state)
{
	char fp[ST_FP_MAX];
	struct pubkey key;

	(void)state;
	assert_int_equal(ask_line(&(struct question){0}, &alice, "alice,al*"), SIG_GOOD);
	assert_int_equal(pubkey_parse(buf_bytes(&alice.blob), &key), SIG_GOOD);
	assert_true(pubkey_fingerprint(&key, fp));
	assert_string_equal(answer.fp, fp);
	assert_string_equal(answer.key_type, "ssh-ed25519");
	assert_string_equal(answer.principal, "alice,al*");
	assert_string_equal(answer.ca_fp, "");
	assert_int_equal(answer.line, 1);
	assert_int_equal(ask_line(&(struct question){.principal = "alfred"}, &alice, "alice,al*"), SIG_GOOD);
	assert_string_equal(answer.principal, "alfred");
	assert_int_equal(ask_line(&(struct question){.principal = "bob"}, &alice, "alice,al*"), SIG_PRINCIPAL);
	assert_string_equal(answer.principal, "");
	assert_string_equal(answer.fp, fp);
}

static void
what_for(void **state)
{
	(void)state;
	assert_int_equal(ask_line(&(struct question){.file = "fleet lab"}, &alice, "alice"), SIG_WRONG);
	assert_int_equal(ask_line(&(struct question){.file = ""}, &alice, "alice"), SIG_WRONG);
	assert_int_equal(ask_line(&(struct question){.sig = {.space = "file"}}, &alice, "alice"), SIG_NAMESPACE);
	assert_int_equal(ask_line(&(struct question){.sig = {.space = ""}}, &alice, "alice"), SIG_NAMESPACE);
	assert_int_equal(ask_line(&(struct question){0}, &bob, "alice"), SIG_UNLISTED);
	assert_int_equal(answer.line, 0);
	assert_int_equal(ask_line(&(struct question){0}, &alice, "alice cert-authority"), SIG_UNLISTED);
	assert_int_equal(ask_line(&(struct question){0}, &alice, "alice namespaces=\"file\""), SIG_LINE_NAMESPACE);
	assert_int_equal(ask_line(&(struct question){0}, &alice, "alice namespaces=\"sshtether-*\""), SIG_GOOD);
}

static void
when(void **state)
{
	static const char before[] = "alice valid-before=\"20261122120000Z\"", after[] = "alice valid-after=\"20261122120000Z\"";

	(void)state;
	assert_int_equal(ask_line(&(struct question){.second = NOW}, &alice, before), SIG_GOOD);
	assert_int_equal(ask_line(&(struct question){.second = NOW + 1}, &alice, before), SIG_LINE_LATE);
	assert_int_equal(ask_line(&(struct question){.second = NOW}, &alice, after), SIG_GOOD);
	assert_int_equal(ask_line(&(struct question){.second = NOW - 1}, &alice, after), SIG_LINE_EARLY);
}

/* The first line that lets it pass counts; if none does, the first that is about the key says why. */
static void
which_line(void **state)
{
	struct buf signers = BUF_INIT;

	(void)state;
	buf_puts(&signers, "nonsense\n");
	kit_line(&bob, "bob", &signers);
	kit_line(&alice, "alice valid-before=\"20200101Z\"", &signers);
	kit_line(&alice, "alice namespaces=\"file\"", &signers);
	assert_int_equal(ask(&(struct question){0}, &signers), SIG_LINE_LATE);
	assert_int_equal(answer.line, 3);
	assert_int_equal(answer.nbad, 1);
	assert_int_equal(answer.bad[0].line, 1);
	kit_line(&alice, "alice-again", &signers);
	kit_line(&alice, "too-late", &signers);
	assert_int_equal(ask(&(struct question){0}, &signers), SIG_GOOD);
	assert_int_equal(answer.line, 5);
	assert_string_equal(answer.principal, "alice-again");
	buf_free(&signers);
}

static void
certificates(void **state)
{
	struct buf blob = BUF_INIT;
	struct question q = {0};

	(void)state;
	kit_certify(&alice, &ca, &(struct kit_cert){.valid_after = NOW, .valid_before = NOW + 2}, &blob);
	q.sig.key = buf_bytes(&blob);
	assert_int_equal(ask_line(&q, &ca, "bob,c* cert-authority"), SIG_GOOD);
	assert_string_equal(answer.principal, "carol");
	assert_string_equal(answer.key_type, "ssh-ed25519-cert-v01@openssh.com");
	assert_string_equal(answer.cert_id, "alice's");
	assert_int_equal(answer.cert_serial, 7);
	assert_true(strncmp(answer.ca_fp, "SHA256:", 7) == 0 && strcmp(answer.ca_fp, answer.fp) != 0);
	assert_int_equal(ask_line(&q, &ca, "!alice,*  cert-authority"), SIG_GOOD);
	assert_string_equal(answer.principal, "carol");
	q.principal = "alice";
	assert_int_equal(ask_line(&q, &ca, "!alice,* cert-authority"), SIG_PRINCIPAL);
	assert_int_equal(ask_line(&q, &ca, "* cert-authority"), SIG_GOOD);
	assert_string_equal(answer.principal, "alice");
	q.principal = "dave";
	assert_int_equal(ask_line(&q, &ca, "* cert-authority"), SIG_PRINCIPAL);
	q.principal = NULL;
	assert_int_equal(ask_line(&q, &ca, "*"), SIG_UNLISTED);
	assert_int_equal(ask_line(&q, &alice, "*"), SIG_UNLISTED);
	assert_int_equal(ask_line(&q, &bob, "* cert-authority"), SIG_UNLISTED);
	assert_int_equal(ask_line(&q, &ca, "* cert-authority,namespaces=\"file\""), SIG_LINE_NAMESPACE);
	q.second = NOW - 1;
	assert_int_equal(ask_line(&q, &ca, "* cert-authority"), SIG_CERT_EARLY);
	q.second = NOW + 2;
	assert_int_equal(ask_line(&q, &ca, "* cert-authority"), SIG_CERT_LATE);
	q.second = NOW;
	q.file = "another";
	assert_int_equal(ask_line(&q, &ca, "* cert-authority"), SIG_WRONG);
	buf_reset(&blob);
	kit_certify(&alice, &ca, &(struct kit_cert){.principals = BYTES_LIT("\0\0\0\0")}, &blob);
	q = (struct question){.sig = {.key = buf_bytes(&blob)}};
	assert_int_equal(ask_line(&q, &ca, "* cert-authority"), SIG_PRINCIPAL); /* nobody is called "" */
	buf_reset(&blob);
	kit_certify(&alice, &ca, &(struct kit_cert){.forger = &bob, .said = {.algorithm = "rsa-sha2-256"}}, &blob);
	q = (struct question){.sig = {.key = buf_bytes(&blob)}};
	assert_int_equal(ask_line(&q, &ca, "* cert-authority"), SIG_CERT_FORGED);
	buf_free(&blob);
}

/* Touched or not, by PIN or not: what the line says, what the certificate says, what comes of it. */
static void
touches(void **state)
{
	static const struct {
		const char *line; /* options */
		uint8_t flags;
		enum sig_why why;
	} cases[] = {
	    {"*", 1, SIG_GOOD}, {"*", 5, SIG_GOOD}, {"*", 0, SIG_NO_TOUCH}, {"*", 4, SIG_NO_TOUCH},
	    {"* no-touch-required", 0, SIG_GOOD}, {"* verify-required", 1, SIG_NO_VERIFICATION},
	    {"* verify-required", 5, SIG_GOOD}, {"* verify-required", 0, SIG_NO_TOUCH},
	    {"* verify-required,no-touch-required", 4, SIG_GOOD},
	    {"* verify-required,no-touch-required", 0, SIG_NO_VERIFICATION},
	};
	struct question q = {.by = &token};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.sig.said = (struct kit_said){.flags = cases[i].flags, .counter = 9};
		assert_int_equal(ask_line(&q, &token, cases[i].line), cases[i].why);
		assert_int_equal(answer.counter, cases[i].why == SIG_GOOD ? 9 : 0);
	}
	assert_int_equal(ask_line(&(struct question){0}, &alice, "* verify-required"), SIG_GOOD); /* no token */
}

static void
certified_touches(void **state)
{
	static const struct {
		const char *line, *extension, *critical;
		uint8_t flags;
		enum sig_why why;
	} cases[] = {
	    {"* cert-authority", "", "", 1, SIG_GOOD}, {"* cert-authority", "", "", 0, SIG_NO_TOUCH},
	    {"* cert-authority", "no-touch-required", "", 0, SIG_NO_TOUCH},
	    {"* cert-authority,no-touch-required", "", "", 0, SIG_NO_TOUCH},
	    {"* cert-authority,no-touch-required", "no-touch-required", "", 0, SIG_GOOD},
	    {"* cert-authority", "", "verify-required", 1, SIG_NO_VERIFICATION},
	    {"* cert-authority", "", "verify-required", 5, SIG_GOOD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf blob = BUF_INIT, extensions = BUF_INIT, critical = BUF_INIT;
		struct question q = {.by = &token, .sig = {.said = {.flags = cases[i].flags}}};

		if (*cases[i].extension != '\0')
			kit_option(&extensions, cases[i].extension, "");
		if (*cases[i].critical != '\0')
			kit_option(&critical, cases[i].critical, "");
		kit_certify(&token, &ca, &(struct kit_cert){.extensions = buf_bytes(&extensions), .critical = buf_bytes(&critical)}, &blob);
		q.sig.key = buf_bytes(&blob);
		assert_int_equal(ask_line(&q, &ca, cases[i].line), cases[i].why);
		buf_free(&blob);
		buf_free(&extensions);
		buf_free(&critical);
	}
}

static void
bounds(void **state)
{
	struct signature_ask a = {.space = BYTES_LIT(SIGNATURE_NAMESPACE)};
	struct buf signers = BUF_INIT, large = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < ST_SIGNERS_ERRORS + 5; i++)
		buf_puts(&signers, "nonsense\n");
	assert_int_equal(ask(&(struct question){0}, &signers), SIG_UNLISTED);
	assert_int_equal(answer.nbad, ST_SIGNERS_ERRORS + 5);
	assert_int_equal(answer.bad[ST_SIGNERS_ERRORS - 1].line, ST_SIGNERS_ERRORS);
	kit_armour((struct bytes){.p = signers.p, .n = signers.n}, &large);
	while (large.n < ST_SIGNATURE_BYTES)
		buf_putc(&large, '\n');
	a.signature = buf_bytes(&large);
	signature_check(&a, &answer);
	assert_int_equal(answer.why, SIG_MALFORMED);
	buf_putc(&large, '\n');
	a.signature = buf_bytes(&large);
	signature_check(&a, &answer);
	assert_int_equal(answer.why, SIG_TOO_LARGE);
	a.signature = BYTES_NONE;
	signature_check(&a, &answer);
	assert_int_equal(answer.why, SIG_ARMOUR);
	assert_string_equal(answer.key_type, "");
	no_memory = true;
	signature_check(&a, &answer);
	no_memory = false;
	assert_int_equal(answer.why, SIG_NO_MEMORY);
	buf_free(&signers);
	buf_free(&large);
}

static void
reasons(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIG_WHY_COUNT; i++) {
		assert_true(*sig_why_name((enum sig_why)i) != '\0' && *sig_why_text((enum sig_why)i) != '\0');
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(sig_why_name((enum sig_why)i), sig_why_name((enum sig_why)k));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who),
	    cmocka_unit_test(what_for),
	    cmocka_unit_test(when),
	    cmocka_unit_test(which_line),
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(touches),
	    cmocka_unit_test(certified_touches),
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(reasons),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

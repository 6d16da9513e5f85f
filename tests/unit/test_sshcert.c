/* sshcert: certificates of every kind of key, what they are worth, and all of it damaged. */
#include "tests/unit/unit.h"

#include "base/wire.h"
#include "policy/sshcert.h"
#include "tests/unit/sign_kit.h"

#define NOW 1795348800 /* 2026-11-22T12:00:00Z */

struct scene {
	struct kit_key key, ca, other;
	struct buf blob;
	struct sshcert cert;
};

static int
setup(void **state)
{
	static struct scene s;

	kit_key_new(&s.key, "ssh-ed25519", 0);
	kit_key_new(&s.ca, "ecdsa-sha2-nistp256", 0);
	kit_key_new(&s.other, "ecdsa-sha2-nistp256", 0);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	kit_key_free(&s->key);
	kit_key_free(&s->ca);
	kit_key_free(&s->other);
	buf_free(&s->blob);
	return 0;
}

static enum sig_why
parse_blob(const struct kit_key *k, struct bytes blob, struct sshcert *out)
{
	bool cert;

	return sshcert_parse(pubkey_type_of(bytes_of(k->type), &cert), blob, out);
}

static enum sig_why
parse(struct scene *s, const struct kit_cert *c)
{
	buf_reset(&s->blob);
	kit_certify(&s->key, &s->ca, c, &s->blob);
	return parse_blob(&s->key, buf_bytes(&s->blob), &s->cert);
}

/* What it is worth: parsed, checked and calculated. */
static enum sig_why
worth(struct scene *s, const struct kit_cert *c)
{
	enum sig_why why = parse(s, c);

	if (why == SIG_GOOD)
		why = sshcert_check(&s->cert, NOW);
	return why == SIG_GOOD ? sshcert_verify(&s->cert) : why;
}

static void
what_it_says(void **state)
{
	struct scene *s = *state;
	struct bytes list, name;
	struct pubkey key;

	assert_int_equal(worth(s, &(struct kit_cert){.valid_after = 5, .valid_before = NOW + 1}), SIG_GOOD);
	assert_int_equal(pubkey_parse(buf_bytes(&s->key.blob), &key), SIG_GOOD);
	assert_true(pubkey_eq(&s->cert.key, &key));
	assert_int_equal(pubkey_parse(buf_bytes(&s->ca.blob), &key), SIG_GOOD);
	assert_true(pubkey_eq(&s->cert.ca, &key));
	assert_true(s->cert.serial == 7 && s->cert.valid_after == 5 && s->cert.valid_before == NOW + 1);
	assert_true(bytes_is(s->cert.id, "alice's"));
	list = s->cert.principals;
	assert_true(sshcert_principal(&list, &name) && bytes_is(name, "alice"));
	assert_true(sshcert_principal(&list, &name) && bytes_is(name, "carol"));
	assert_false(sshcert_principal(&list, &name));
}

static void
every_type(void **state)
{
	static const char *const types[] = {
	    "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	    "ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
	};
	const size_t n = sizeof(types) / sizeof(types[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct buf blob = BUF_INIT;
		struct kit_key key, ca;
		struct sshcert c;

		kit_key_new(&key, types[i], 2048);
		kit_key_new(&ca, types[n - 1 - i], 2048);
		kit_certify(&key, &ca, &(struct kit_cert){0}, &blob);
		assert_int_equal(parse_blob(&key, buf_bytes(&blob), &c), SIG_GOOD);
		assert_int_equal(sshcert_verify(&c), SIG_GOOD);
		buf_free(&blob);
		kit_key_free(&key);
		kit_key_free(&ca);
	}
}

static void
damaged(void **state)
{
	struct scene *s = *state;
	struct sshcert c;

	assert_int_equal(worth(s, &(struct kit_cert){0}), SIG_GOOD);
	for (size_t n = 0; n < s->blob.n; n++)
		assert_int_not_equal(parse_blob(&s->key, (struct bytes){.p = s->blob.p, .n = n}, &c), SIG_GOOD);
	for (size_t i = 0; i < s->blob.n; i++) {
		enum sig_why why;

		s->blob.p[i] ^= 0x40;
		why = parse_blob(&s->key, buf_bytes(&s->blob), &c);
		assert_int_not_equal(why == SIG_GOOD ? sshcert_verify(&c) : why, SIG_GOOD);
		s->blob.p[i] ^= 0x40;
	}
	buf_putc(&s->blob, '\0');
	assert_int_equal(parse_blob(&s->key, buf_bytes(&s->blob), &c), SIG_CERT_MALFORMED);
}

static void
in_time(void **state)
{
	struct scene *s = *state;

	assert_int_equal(worth(s, &(struct kit_cert){.valid_after = NOW}), SIG_GOOD);
	assert_int_equal(worth(s, &(struct kit_cert){.valid_after = NOW + 1}), SIG_CERT_EARLY);
	assert_int_equal(worth(s, &(struct kit_cert){.valid_before = NOW + 1}), SIG_GOOD);
	assert_int_equal(worth(s, &(struct kit_cert){.valid_before = NOW}), SIG_CERT_LATE);
	assert_int_equal(worth(s, &(struct kit_cert){.valid_after = UINT64_MAX}), SIG_CERT_EARLY);
}

static void
whose(void **state)
{
	struct buf many = BUF_INIT;
	struct scene *s = *state;

	assert_int_equal(worth(s, &(struct kit_cert){.kind = 2}), SIG_CERT_KIND);
	assert_int_equal(worth(s, &(struct kit_cert){.kind = 3}), SIG_CERT_MALFORMED);
	assert_int_equal(worth(s, &(struct kit_cert){.principals = {.p = "", .n = 0}}), SIG_CERT_NOBODY);
	assert_int_equal(worth(s, &(struct kit_cert){.principals = BYTES_LIT("\0\0\0\3ab")}), SIG_CERT_MALFORMED);
	assert_int_equal(worth(s, &(struct kit_cert){.principals = BYTES_LIT("\0\0\0\3a\0b")}), SIG_CERT_MALFORMED);
	for (unsigned i = 0; i < ST_CERT_PRINCIPALS; i++)
		kit_string(&many, BYTES_LIT("u"));
	assert_int_equal(worth(s, &(struct kit_cert){.principals = buf_bytes(&many)}), SIG_GOOD);
	kit_string(&many, BYTES_LIT("u"));
	assert_int_equal(worth(s, &(struct kit_cert){.principals = buf_bytes(&many)}), SIG_CERT_MALFORMED);
	buf_free(&many);
}

static void
forged(void **state)
{
	struct scene *s = *state;
	struct kit_cert c = {.forger = &s->other};

	assert_int_equal(worth(s, &c), SIG_CERT_FORGED);
	c = (struct kit_cert){.said = {.algorithm = "ecdsa-sha2-nistp384"}};
	assert_int_equal(worth(s, &c), SIG_CERT_CA_KEY);
}

static void
ca_keys(void **state)
{
	struct buf blob = BUF_INIT;
	struct scene *s = *state;
	struct kit_key rsa, weak;
	struct sshcert c;

	kit_key_new(&rsa, "ssh-rsa", 2048);
	kit_key_new(&weak, "ssh-rsa", 1024);
	kit_certify(&s->key, &rsa, &(struct kit_cert){.said = {.algorithm = "ssh-rsa"}}, &blob);
	assert_int_equal(parse_blob(&s->key, buf_bytes(&blob), &c), SIG_GOOD);
	assert_int_equal(sshcert_verify(&c), SIG_CERT_CA_KEY);
	buf_reset(&blob);
	kit_certify(&s->key, &weak, &(struct kit_cert){0}, &blob);
	assert_int_equal(parse_blob(&s->key, buf_bytes(&blob), &c), SIG_CERT_CA_KEY);
	buf_free(&blob);
	kit_key_free(&rsa);
	kit_key_free(&weak);
}

/* Critical ones are kept or refused; the others are passed over but for what is asked for. */
static void
options(void **state)
{
	static const struct {
		const char *name, *value;
		enum sig_why why;
	} cases[] = {
	    {"verify-required", "", SIG_GOOD}, {"force-command", "true", SIG_CERT_OPTION},
	    {"source-address", "10.0.0.0/8", SIG_CERT_OPTION}, {"x@example.org", "", SIG_CERT_OPTION}, {"", "", SIG_CERT_OPTION},
	};
	struct buf list = BUF_INIT;
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&list);
		kit_option(&list, cases[i].name, cases[i].value);
		assert_int_equal(worth(s, &(struct kit_cert){.critical = buf_bytes(&list)}), cases[i].why);
		assert_int_equal(sshcert_wants_verification(&s->cert), i == 0);
		assert_int_equal(worth(s, &(struct kit_cert){.extensions = buf_bytes(&list)}), SIG_GOOD);
		assert_false(sshcert_wants_verification(&s->cert));
		assert_true(sshcert_extension(&s->cert, cases[i].name));
		assert_false(sshcert_extension(&s->cert, "no-touch-required"));
	}
	kit_option(&list, "verify-required", "");
	kit_string(&list, BYTES_LIT("half"));
	assert_int_equal(worth(s, &(struct kit_cert){.critical = buf_bytes(&list)}), SIG_CERT_MALFORMED);
	assert_int_equal(worth(s, &(struct kit_cert){.extensions = buf_bytes(&list)}), SIG_CERT_MALFORMED);
	buf_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_it_says),
	    cmocka_unit_test(every_type),
	    cmocka_unit_test(damaged),
	    cmocka_unit_test(in_time),
	    cmocka_unit_test(whose),
	    cmocka_unit_test(forged),
	    cmocka_unit_test(ca_keys),
	    cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

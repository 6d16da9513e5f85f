/* pubkey: keys of every type, what they sign, and both of them damaged. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/wire.h"
#include "policy/pubkey.h"
#include "tests/unit/sign_kit.h"

static const char *const types[] = {
    "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

static const struct bytes message = BYTES_LIT("what is signed");

static struct pubkey
parsed(const struct kit_key *k)
{
	struct pubkey key;

	assert_int_equal(pubkey_parse(buf_bytes(&k->blob), &key), SIG_GOOD);
	return key;
}

static enum sig_why
verify(const struct kit_key *k, const struct buf *sig, struct bytes of)
{
	struct pubkey key = parsed(k);
	struct key_touch touch;

	return pubkey_verify(&key, buf_bytes(sig), of, &touch);
}

/* Its own signature, of that message, unchanged: nothing else. */
static void
signs(struct kit_key *k, struct kit_key *other)
{
	struct buf sig = BUF_INIT;

	kit_sign(k, (struct kit_said){.flags = 1}, message, &sig);
	assert_int_equal(verify(k, &sig, message), SIG_GOOD);
	assert_int_equal(verify(k, &sig, BYTES_LIT("what is not")), SIG_WRONG);
	assert_int_equal(verify(other, &sig, message), SIG_WRONG);
	for (size_t i = 0; i < sig.n; i++) {
		sig.p[i] ^= 0x10;
		assert_int_not_equal(verify(k, &sig, message), SIG_GOOD);
		sig.p[i] ^= 0x10;
	}
	for (; sig.n > 0; sig.n--) {
		struct buf cut = {.p = sig.p, .n = sig.n - 1};

		assert_int_not_equal(verify(k, &cut, message), SIG_GOOD);
	}
	kit_sign(k, (struct kit_said){.flags = 1}, message, &sig);
	buf_putc(&sig, '\0');
	assert_int_equal(verify(k, &sig, message), SIG_MALFORMED);
	buf_free(&sig);
}

static void
every_type_signs(void **state)
{
	(void)state;
	for (size_t i = 0; i < NTYPES; i++) {
		struct kit_key k, other;

		kit_key_new(&k, types[i], 2048);
		kit_key_new(&other, types[i], 2048);
		signs(&k, &other);
		kit_key_free(&k);
		kit_key_free(&other);
	}
}

static void
algorithms(void **state)
{
	static const struct {
		const char *type, *algorithm;
		enum sig_why why;
	} cases[] = {
	    {"ssh-rsa", "rsa-sha2-256", SIG_GOOD}, {"ssh-rsa", "rsa-sha2-512", SIG_GOOD},
	    {"ssh-rsa", "ssh-rsa", SIG_ALGORITHM}, {"ssh-rsa", "ssh-ed25519", SIG_ALGORITHM},
	    {"ssh-rsa", "rsa-sha2-512-cert-v01@openssh.com", SIG_ALGORITHM}, {"ssh-rsa", "", SIG_ALGORITHM},
	    {"ssh-ed25519", "sk-ssh-ed25519@openssh.com", SIG_ALGORITHM},
	    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", SIG_ALGORITHM},
	    {"sk-ecdsa-sha2-nistp256@openssh.com", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com", SIG_ALGORITHM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf sig = BUF_INIT;
		struct kit_key k;

		kit_key_new(&k, cases[i].type, 2048);
		kit_sign(&k, (struct kit_said){.algorithm = cases[i].algorithm, .flags = 1}, message, &sig);
		assert_int_equal(verify(&k, &sig, message), cases[i].why);
		buf_free(&sig);
		kit_key_free(&k);
	}
}

/* PKCS#1 signatures may begin with zeros, which some signers leave out. */
static void
short_rsa(void **state)
{
	struct bytes w, algorithm = BYTES_NONE, raw = BYTES_NONE;
	struct buf sig = BUF_INIT, cut = BUF_INIT;
	char text[32];
	struct kit_key k;

	(void)state;
	kit_key_new(&k, "ssh-rsa", 2048);
	for (int i = 0; i < 20000; i++) {
		buf_reset(&sig);
		snprintf(text, sizeof(text), "message %d", i);
		kit_sign(&k, (struct kit_said){0}, bytes_of(text), &sig);
		w = buf_bytes(&sig);
		assert_true(wire_string(&w, &algorithm) && wire_string(&w, &raw));
		if (*raw.p == '\0')
			break;
	}
	assert_int_equal(*raw.p, '\0');
	kit_string(&cut, algorithm);
	kit_string(&cut, (struct bytes){.p = raw.p + 1, .n = raw.n - 1});
	assert_int_equal(verify(&k, &cut, bytes_of(text)), SIG_GOOD);
	buf_free(&sig);
	buf_free(&cut);
	kit_key_free(&k);
}

static void
what_tokens_say(void **state)
{
	static const struct {
		uint8_t flags;
		bool present, verified;
	} cases[] = {{0, false, false}, {1, true, false}, {4, false, true}, {5, true, true}, {0xfa, false, false}, {0xff, true, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key_touch touch;
		struct buf sig = BUF_INIT;
		struct pubkey key;
		struct kit_key k;

		kit_key_new(&k, i % 2 == 0 ? types[1] : types[5], 0);
		key = parsed(&k);
		kit_sign(&k, (struct kit_said){.flags = cases[i].flags, .counter = 0xfffffffe}, message, &sig);
		assert_int_equal(pubkey_verify(&key, buf_bytes(&sig), message, &touch), SIG_GOOD);
		assert_true(touch.present == cases[i].present && touch.verified == cases[i].verified);
		assert_int_equal(touch.counter, 0xfffffffe);
		sig.p[sig.n - 1] ^= 1;
		assert_int_equal(pubkey_verify(&key, buf_bytes(&sig), message, &touch), SIG_WRONG);
		buf_free(&sig);
		kit_key_free(&k);
	}
}

/* Of a key, every cut is damaged; so is what follows it. */
static void
cut_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < NTYPES; i++) {
		struct pubkey key;
		struct kit_key k;

		kit_key_new(&k, types[i], 2048);
		for (size_t n = 0; n < k.blob.n; n++)
			assert_int_not_equal(pubkey_parse((struct bytes){.p = k.blob.p, .n = n}, &key), SIG_GOOD);
		buf_putc(&k.blob, '\0');
		assert_int_equal(pubkey_parse(buf_bytes(&k.blob), &key), SIG_KEY_MALFORMED);
		kit_key_free(&k);
	}
}

static enum sig_why
parse_fields(const char *type, const struct bytes *fields, size_t n)
{
	struct buf blob = BUF_INIT;
	struct pubkey key;
	enum sig_why why;

	kit_string(&blob, bytes_of(type));
	for (size_t i = 0; i < n; i++)
		kit_string(&blob, fields[i]);
	why = pubkey_parse(buf_bytes(&blob), &key);
	buf_free(&blob);
	return why;
}

/* An RSA key of so many bits, all ones but those of the modulus that are asked for. */
static enum sig_why
parse_rsa(size_t bytes, unsigned char top, unsigned char last, struct bytes e)
{
	struct bytes fields[2] = {e, {.n = bytes + 1}};
	char *n = malloc(bytes + 1);
	enum sig_why why;

	assert_non_null(n);
	memset(n, 0xff, bytes + 1);
	n[0] = 0;
	n[1] = (char)top;
	n[bytes] = (char)last;
	fields[1].p = n;
	why = parse_fields("ssh-rsa", fields, 2);
	free(n);
	return why;
}

static void
rsa_bounds(void **state)
{
	const struct bytes e = BYTES_LIT("\1\0\1");

	(void)state;
	assert_int_equal(parse_rsa(256, 0x80, 0xff, e), SIG_GOOD);
	assert_int_equal(parse_rsa(256, 0x7f, 0xff, e), SIG_KEY_WEAK); /* 2047 bits */
	assert_int_equal(parse_rsa(128, 0x80, 0xff, e), SIG_KEY_WEAK);
	assert_int_equal(parse_rsa(2048, 0xff, 0xff, e), SIG_GOOD);
	assert_int_equal(parse_rsa(2049, 0x01, 0xff, e), SIG_KEY_MALFORMED); /* 16385 */
	assert_int_equal(parse_rsa(256, 0x80, 0xfe, e), SIG_KEY_MALFORMED);  /* even */
	assert_int_equal(parse_rsa(256, 0x80, 0xff, BYTES_LIT("\1")), SIG_KEY_MALFORMED);
	assert_int_equal(parse_rsa(256, 0x80, 0xff, BYTES_LIT("\4")), SIG_KEY_MALFORMED);
	assert_int_equal(parse_rsa(256, 0x80, 0xff, BYTES_NONE), SIG_KEY_MALFORMED);
	assert_int_equal(parse_rsa(256, 0x80, 0xff, BYTES_LIT("\xff")), SIG_KEY_MALFORMED); /* negative */
}

static void
points(void **state)
{
	char raw[133] = {4};
	const struct bytes p256 = {.p = raw, .n = 65}, p384 = {.p = raw, .n = 97}, ed = {.p = raw, .n = 32};
	const struct bytes short_ed = {.p = raw, .n = 31}, short_p256 = {.p = raw, .n = 64};
	const struct bytes curve = BYTES_LIT("nistp256"), app = BYTES_LIT("ssh:");

	(void)state;
	assert_int_equal(parse_fields("ecdsa-sha2-nistp256", (struct bytes[]){curve, p256}, 2), SIG_GOOD);
	assert_int_equal(parse_fields("ecdsa-sha2-nistp256", (struct bytes[]){BYTES_LIT("nistp384"), p256}, 2), SIG_KEY_MALFORMED);
	assert_int_equal(parse_fields("ecdsa-sha2-nistp256", (struct bytes[]){curve, p384}, 2), SIG_KEY_MALFORMED);
	assert_int_equal(parse_fields("ecdsa-sha2-nistp256", (struct bytes[]){curve, BYTES_NONE}, 2), SIG_KEY_MALFORMED);
	assert_int_equal(parse_fields("ssh-ed25519", &ed, 1), SIG_GOOD);
	assert_int_equal(parse_fields("ssh-ed25519", &p256, 1), SIG_KEY_MALFORMED);
	assert_int_equal(parse_fields("ssh-ed25519", &short_ed, 1), SIG_KEY_MALFORMED);
	assert_int_equal(parse_fields("ecdsa-sha2-nistp256", (struct bytes[]){curve, short_p256}, 2), SIG_KEY_MALFORMED);
	assert_int_equal(parse_fields("sk-ssh-ed25519@openssh.com", (struct bytes[]){ed, app}, 2), SIG_GOOD);
	assert_int_equal(parse_fields("sk-ssh-ed25519@openssh.com", &ed, 1), SIG_KEY_MALFORMED);
	raw[0] = 2; /* compressed */
	assert_int_equal(parse_fields("ecdsa-sha2-nistp256", (struct bytes[]){curve, p256}, 2), SIG_KEY_MALFORMED);
	assert_int_equal(parse_fields("ssh-dss", (struct bytes[]){app, app, app, app}, 4), SIG_KEY_TYPE);
	assert_int_equal(parse_fields("ssh-ed25519-cert-v01@openssh.com", &ed, 1), SIG_KEY_TYPE);
	assert_int_equal(parse_fields("", &ed, 1), SIG_KEY_TYPE);
}

/* A point that has the form and is not on the curve: it is never calculated with. */
static void
beside_the_curve(void **state)
{
	struct buf sig = BUF_INIT;
	struct kit_key k;

	(void)state;
	kit_key_new(&k, "ecdsa-sha2-nistp256", 0);
	kit_sign(&k, (struct kit_said){0}, message, &sig);
	k.blob.p[k.blob.n - 1] ^= 1;
	assert_int_equal(verify(&k, &sig, message), SIG_KEY_MALFORMED);
	buf_free(&sig);
	kit_key_free(&k);
}

/* ssh-keygen -l of the line "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f". */
static void
fingerprints(void **state)
{
	struct buf again = BUF_INIT;
	struct bytes field;
	struct pubkey key;
	struct kit_key k;
	char raw[32], fp[ST_FP_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (char)i;
	field = (struct bytes){.p = raw, .n = sizeof(raw)};
	kit_string(&again, BYTES_LIT("ssh-ed25519"));
	kit_string(&again, field);
	assert_int_equal(pubkey_parse(buf_bytes(&again), &key), SIG_GOOD);
	assert_true(pubkey_fingerprint(&key, fp));
	assert_string_equal(fp, "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
	for (size_t i = 0; i < NTYPES; i++) {
		kit_key_new(&k, types[i], 2048);
		key = parsed(&k);
		buf_reset(&again);
		pubkey_blob(&key, &again);
		assert_true(bytes_eq(buf_bytes(&again), buf_bytes(&k.blob)));
		kit_key_free(&k);
	}
	buf_free(&again);
}

/* Zeros before a number make no other key. */
static void
the_same(void **state)
{
	struct bytes w, type = BYTES_NONE, e = BYTES_NONE, n = BYTES_NONE;
	struct buf long_form = BUF_INIT, lead = BUF_INIT;
	struct pubkey a, b;
	struct kit_key k, other;

	(void)state;
	kit_key_new(&k, "ssh-rsa", 2048);
	kit_key_new(&other, "ssh-rsa", 2048);
	w = buf_bytes(&k.blob);
	assert_true(wire_string(&w, &type) && wire_string(&w, &e) && wire_string(&w, &n));
	buf_put(&lead, "\0\0", 2);
	buf_putb(&lead, n);
	kit_string(&long_form, type);
	kit_string(&long_form, e);
	kit_string(&long_form, buf_bytes(&lead));
	a = parsed(&k);
	assert_int_equal(pubkey_parse(buf_bytes(&long_form), &b), SIG_GOOD);
	assert_true(pubkey_eq(&a, &b));
	b = parsed(&other);
	assert_false(pubkey_eq(&a, &b));
	kit_key_free(&other);
	kit_key_new(&other, "sk-ssh-ed25519@openssh.com", 0);
	a = b = parsed(&other);
	assert_true(pubkey_eq(&a, &b));
	b.application = BYTES_LIT("ssh:other");
	assert_false(pubkey_eq(&a, &b));
	buf_free(&long_form);
	buf_free(&lead);
	kit_key_free(&k);
	kit_key_free(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_type_signs),
	    cmocka_unit_test(algorithms),
	    cmocka_unit_test(short_rsa),
	    cmocka_unit_test(what_tokens_say),
	    cmocka_unit_test(cut_keys),
	    cmocka_unit_test(rsa_bounds),
	    cmocka_unit_test(points),
	    cmocka_unit_test(beside_the_curve),
	    cmocka_unit_test(fingerprints),
	    cmocka_unit_test(the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

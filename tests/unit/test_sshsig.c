/* sshsig: the armour, the fields in it, and what the key signs. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "policy/sshsig.h"
#include "tests/unit/sign_kit.h"

#define BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define END   "\n-----END SSH SIGNATURE-----"

static const struct bytes file = BYTES_LIT("fleet lab\n");

static enum sig_why
unwrap(struct bytes text, struct buf *out)
{
	char *room = malloc(text.n + 1);
	struct bytes blob = BYTES_NONE;
	enum sig_why why;

	assert_non_null(room);
	why = sshsig_unwrap(text, room, &blob);
	buf_reset(out);
	buf_putb(out, blob);
	free(room);
	return why;
}

static void
armour(void **state)
{
	static const struct {
		struct bytes text;
		enum sig_why why;
		const char *blob;
	} cases[] = {
	    {BYTES_LIT(BEGIN "aGVsbG8=" END "\n"), SIG_GOOD, "hello"},
	    {BYTES_LIT(BEGIN "aGVsbG8=" END), SIG_GOOD, "hello"},
	    {BYTES_LIT(BEGIN "aG Vs\r\n\tbG8=\n" END " \r\n\n"), SIG_GOOD, "hello"},
	    {BYTES_LIT(BEGIN "aGVs\nbG8\n=" END "\n"), SIG_GOOD, "hello"},
	    {BYTES_LIT(BEGIN END), SIG_GOOD, ""},
	    {BYTES_LIT(BEGIN "aGVsbG8=" END "\nx"), SIG_AFTER_END, ""},
	    {BYTES_LIT(BEGIN "aGVsbG8=" END END), SIG_AFTER_END, ""},
	    {BYTES_LIT(BEGIN "aGVsbG8" END), SIG_MALFORMED, ""},
	    {BYTES_LIT(BEGIN "aGVsbG9=" END), SIG_MALFORMED, ""},
	    {BYTES_LIT(BEGIN "aGVs=bG8" END), SIG_MALFORMED, ""},
	    {BYTES_LIT(BEGIN "aGVsbG8\0" END), SIG_MALFORMED, ""},
	    {BYTES_LIT(BEGIN "aGVs.G8=" END), SIG_MALFORMED, ""},
	    {BYTES_LIT(BEGIN), SIG_ARMOUR, ""},
	    {BYTES_LIT(BEGIN "aGVsbG8="), SIG_ARMOUR, ""},
	    {BYTES_LIT(BEGIN "aGVsbG8=-----END SSH SIGNATURE-----\n"), SIG_ARMOUR, ""},
	    {BYTES_LIT("\n" BEGIN "aGVsbG8=" END), SIG_ARMOUR, ""},
	    {BYTES_LIT("-----BEGIN SSH SIGNATURE-----\r\naGVsbG8=" END), SIG_ARMOUR, ""},
	    {BYTES_LIT("-----BEGIN PGP SIGNATURE-----\naGVsbG8=" END), SIG_ARMOUR, ""},
	    {BYTES_LIT(""), SIG_ARMOUR, ""},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(unwrap(cases[i].text, &out), cases[i].why);
		assert_true(bytes_is(buf_bytes(&out), cases[i].blob));
	}
	buf_free(&out);
}

static void
what_it_says(void **state)
{
	struct buf blob = BUF_INIT, text = BUF_INIT, plain = BUF_INIT;
	struct sshsig sig;
	struct kit_key k;

	(void)state;
	kit_key_new(&k, "ssh-ed25519", 0);
	kit_sshsig(&k, &(struct kit_sig){.space = "file", .hash = "sha256"}, file, &blob);
	kit_armour(buf_bytes(&blob), &text);
	assert_int_equal(unwrap(buf_bytes(&text), &plain), SIG_GOOD);
	assert_true(bytes_eq(buf_bytes(&blob), buf_bytes(&plain)));
	assert_int_equal(sshsig_parse(buf_bytes(&blob), &sig), SIG_GOOD);
	assert_true(bytes_is(sig.space, "file") && bytes_is(sig.hash, "sha256") && !sig.certified);
	for (size_t n = 0; n < blob.n; n++)
		assert_int_not_equal(sshsig_parse((struct bytes){.p = blob.p, .n = n}, &sig), SIG_GOOD);
	buf_putc(&blob, '\0');
	assert_int_equal(sshsig_parse(buf_bytes(&blob), &sig), SIG_MALFORMED);
	buf_free(&blob);
	buf_free(&text);
	buf_free(&plain);
	kit_key_free(&k);
}

static enum sig_why
fields(uint32_t version, const char *hash, struct bytes key)
{
	struct buf blob = BUF_INIT;
	enum sig_why why;
	struct sshsig sig;

	buf_puts(&blob, "SSHSIG");
	kit_u32(&blob, version);
	kit_string(&blob, key);
	kit_string(&blob, BYTES_LIT("file"));
	kit_string(&blob, BYTES_LIT("reserved"));
	kit_string(&blob, bytes_of(hash));
	kit_string(&blob, BYTES_NONE);
	why = sshsig_parse(buf_bytes(&blob), &sig);
	blob.p[5] ^= 1;
	assert_int_equal(sshsig_parse(buf_bytes(&blob), &sig), SIG_MALFORMED);
	buf_free(&blob);
	return why;
}

static void
each_field(void **state)
{
	const struct bytes unknown = BYTES_LIT("\0\0\0\7ssh-dss");
	struct kit_key k;

	(void)state;
	kit_key_new(&k, "ssh-ed25519", 0);
	assert_int_equal(fields(1, "sha512", buf_bytes(&k.blob)), SIG_GOOD);
	assert_int_equal(fields(0, "sha512", buf_bytes(&k.blob)), SIG_VERSION);
	assert_int_equal(fields(2, "sha512", buf_bytes(&k.blob)), SIG_VERSION);
	assert_int_equal(fields(1, "sha1", buf_bytes(&k.blob)), SIG_HASH);
	assert_int_equal(fields(1, "sha384", buf_bytes(&k.blob)), SIG_HASH);
	assert_int_equal(fields(1, "", buf_bytes(&k.blob)), SIG_HASH);
	assert_int_equal(fields(1, "sha512", BYTES_NONE), SIG_KEY_MALFORMED);
	assert_int_equal(fields(1, "sha512", unknown), SIG_KEY_TYPE);
	kit_key_free(&k);
}

/* By hand, as PROTOCOL.sshsig has it. */
static void
what_is_signed(void **state)
{
	static const char wanted[] = "SSHSIG" "\0\0\0\4" "file" "\0\0\0\0" "\0\0\0\6" "sha256" "\0\0\0\x20"
	                             "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24"
	                             "\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55";
	char room[SSHSIG_MESSAGE], large[SSHSIG_NAMESPACE + 1] = {0};
	struct sshsig sig = {.space = BYTES_LIT("file"), .hash = BYTES_LIT("sha256")};
	struct bytes message;

	(void)state;
	assert_int_equal(sshsig_message(&sig, BYTES_NONE, room, &message), SIG_GOOD);
	assert_true(bytes_eq(message, (struct bytes){.p = wanted, .n = sizeof(wanted) - 1}));
	sig = (struct sshsig){.space = {.p = large, .n = SSHSIG_NAMESPACE}, .hash = BYTES_LIT("sha512")};
	assert_int_equal(sshsig_message(&sig, BYTES_NONE, room, &message), SIG_GOOD);
	assert_int_equal(message.n, SSHSIG_MESSAGE);
	sig.space.n++;
	assert_int_equal(sshsig_message(&sig, BYTES_NONE, room, &message), SIG_NAMESPACE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(armour),
	    cmocka_unit_test(what_it_says),
	    cmocka_unit_test(each_field),
	    cmocka_unit_test(what_is_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

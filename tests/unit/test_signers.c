/* signers: lines of allowed_signers, good and bad, and its times. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <time.h>

#include "policy/signers.h"
#include "tests/unit/sign_kit.h"

static struct kit_key key;

static int
setup(void **state)
{
	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	kit_key_new(&key, "ssh-ed25519", 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kit_key_free(&key);
	return 0;
}

/* One line, `before` and the key; NULL, or what is wrong with it. */
static const char *
line(const char *before, struct signer *out)
{
	static struct signers walk;
	static struct buf text;
	const char *why = NULL;
	enum signers_step step;

	buf_reset(&text);
	kit_line(&key, before, &text);
	signers_start(&walk, buf_bytes(&text));
	step = signers_next(&walk, out, &why);
	assert_int_equal(step, why == NULL ? SIGNERS_ONE : SIGNERS_BAD);
	if (why == NULL) {
		const char *none;
		struct signer s;

		assert_int_equal(signers_next(&walk, &s, &none), SIGNERS_END);
	}
	return why;
}

static void
options(void **state)
{
	struct signer s;

	(void)state;
	assert_null(line("alice", &s));
	assert_true(bytes_is(s.names, "alice") && !s.authority && !s.limited && !s.no_touch && !s.verify);
	assert_true(s.valid_after.ms == 0 && s.valid_before.ms == 0);
	assert_null(line("\xef\xbb\xbf" "alice", &s));
	assert_true(bytes_is(s.names, "alice"));
	assert_null(line("a* Cert-Authority,NO-TOUCH-REQUIRED,verify-required", &s));
	assert_true(s.authority && s.no_touch && s.verify);
	assert_null(line("\"al ice,bob\"  namespaces=\"file,a\\\"b\",valid-after=\"20261122Z\",valid-before=\"20261123Z\"", &s));
	assert_true(bytes_is(s.names, "al ice,bob") && s.limited && bytes_is(s.spaces, "file,a\"b"));
	assert_int_equal(s.valid_after.ms, 1795305600000);
	assert_int_equal(s.valid_before.ms, 1795392000000);
}

static void
wrong_options(void **state)
{
	static const struct {
		const char *before, *why;
	} cases[] = {
	    {"alice x", "neither an option (namespaces, cert-authority, valid-before ...) nor a type of key that is accepted here"},
	    {"alice cert-authorities", "neither an option (namespaces, cert-authority, valid-before ...) nor a type of key that is accepted here"},
	    {"alice ,cert-authority", "neither an option (namespaces, cert-authority, valid-before ...) nor a type of key that is accepted here"},
	    {"alice cert-authority,", "neither an option (namespaces, cert-authority, valid-before ...) nor a type of key that is accepted here"},
	    {"alice cert-authority;verify-required", "neither a comma nor a blank after an option"},
	    {"alice namespaces=\"a\"b", "neither a comma nor a blank after an option"},
	    {"alice namespaces=a", "an option's value is not in quotes, or too long"},
	    {"alice namespaces", "an option's value is not in quotes, or too long"},
	    {"alice namespaces=\"a", "an option's value is not in quotes, or too long"},
	    {"alice namespaces=\"a\",namespaces=\"b\"", "an option twice"},
	    {"alice valid-after=\"tomorrow\"", "valid-after is no time: YYYYMMDD[HHMM[SS]][Z] in quotes"},
	    {"alice valid-before=\"20260231Z\"", "valid-before is no time: YYYYMMDD[HHMM[SS]][Z] in quotes"},
	    {"alice valid-after=\"20261122\",valid-before=\"20261122\"", "valid-before is not after valid-after"},
	    {"\"alice", "a quote is missing or out of place"},
	    {"al\"ice\"", "a quote is missing or out of place"},
	    {"\"alice\"x", "a quote is missing or out of place"},
	    {"alice ssh-rsa", "the key is damaged"},
	    {"\"\"", "no name"}, {",", "no name"}, {"!alice", "no name"}, {"!*,,!bob", "no name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signer s = {0};
		const char *why = line(cases[i].before, &s);

		if (why == NULL || strcmp(why, cases[i].why) != 0)
			fail_msg("%s: %s", cases[i].before, why != NULL ? why : "good");
		assert_null(s.key.type);
	}
}

static void
times(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0: none */
	} cases[] = {
	    {"20261122Z", 1795305600}, {"20261122z", 1795305600}, {"20261122UTC", 1795305600}, {"20261122utc", 1795305600},
	    {"20261122", 1795273200}, {"202611220100", 1795276800}, {"20261122010203Z", 1795309323}, {"20240229Z", 1709164800},
	    {"20230229Z", 0}, {"20261322Z", 0}, {"20261100Z", 0}, {"202611222400Z", 0}, {"202611220060Z", 0}, {"2026112", 0},
	    {"202611221", 0}, {"2026112212Z", 0}, {"20261122 Z", 0}, {"+0261122Z", 0}, {"", 0}, {"Z", 0}, {"UTC", 0},
	    {"19700101Z", 0}, {"19691231Z", 0}, {"always", 0}, {"0x10", 0}, {"20261122ZZ", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rtime t = RTIME_NONE;

		if (signers_time(bytes_of(cases[i].text), &t) != (cases[i].seconds != 0) ||
		    (cases[i].seconds != 0 && t.ms != cases[i].seconds * 1000))
			fail_msg("%s: %lld", cases[i].text, (long long)t.ms);
	}
}

/* What is wrong with any text, and on which line. */
static void
whole_files(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *why;
	} cases[] = {
	    {"", 0, NULL}, {"# x\n\n \t\n#", 0, NULL}, {"\r\n", 0, NULL},
	    {"# x\nalice", 2, "no key"},
	    {"alice ssh-ed25519", 1, "the key is damaged"},
	    {"alice ssh-ed25519 AAAA", 1, "the key is damaged"},
	    {"alice ssh-ed25519 AAA", 1, "the key is damaged"},
	    {"alice ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", 1,
	        "the key is of another type than the line says"},
	    {"\n\nalice cert-authority ssh-dss AAAA", 3, "no key, or of a type that is not accepted here"},
	    {"alice cert-authority", 1, "no key"},
	    {"alice cert-authority ", 1, "no key, or of a type that is not accepted here"},
	    {"alice ssh-ed25519-cert-v01@openssh.com AAAA", 1, "a certificate: list its key, or its CA's with cert-authority"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct signers walk;
		const char *why = NULL;
		struct signer s;

		signers_start(&walk, bytes_of(cases[i].text));
		assert_int_equal(signers_next(&walk, &s, &why), cases[i].why != NULL ? SIGNERS_BAD : SIGNERS_END);
		if (cases[i].why == NULL)
			continue;
		assert_string_equal(why, cases[i].why);
		assert_int_equal(walk.line, cases[i].line);
		assert_int_equal(signers_next(&walk, &s, &why), SIGNERS_END);
	}
}

/* A bad line between good ones: they count, and know their numbers. */
static void
one_bad_line(void **state)
{
	static struct signers walk;
	struct buf text = BUF_INIT;
	const char *why;
	struct signer s;

	(void)state;
	buf_puts(&text, "# who\r\n");
	kit_line(&key, "alice", &text);
	buf_puts(&text, "nonsense\n\n");
	kit_line(&key, "bob", &text);
	text.n--; /* no newline at the end */
	signers_start(&walk, buf_bytes(&text));
	assert_int_equal(signers_next(&walk, &s, &why), SIGNERS_ONE);
	assert_true(bytes_is(s.names, "alice") && walk.line == 2);
	assert_int_equal(signers_next(&walk, &s, &why), SIGNERS_BAD);
	assert_int_equal(walk.line, 3);
	assert_int_equal(signers_next(&walk, &s, &why), SIGNERS_ONE);
	assert_true(bytes_is(s.names, "bob") && walk.line == 5);
	assert_int_equal(signers_next(&walk, &s, &why), SIGNERS_END);
	buf_free(&text);
}

static void
too_long(void **state)
{
	char names[ST_SIGNER_NAME + 1];
	struct buf before = BUF_INIT;
	struct signer s;

	(void)state;
	memset(names, 'a', sizeof(names));
	names[ST_SIGNER_NAME - 1] = '\0';
	assert_null(line(names, &s));
	names[ST_SIGNER_NAME - 1] = 'a';
	names[ST_SIGNER_NAME] = '\0';
	assert_string_equal(line(names, &s), "the names are too long");
	buf_printf(&before, "alice namespaces=\"%s\"", names);
	assert_null(line(before.p, &s));
	assert_int_equal(s.spaces.n, ST_SIGNER_NAME);
	buf_reset(&before);
	buf_printf(&before, "alice namespaces=\"%sa\"", names);
	assert_string_equal(line(before.p, &s), "an option's value is not in quotes, or too long");
	buf_reset(&before);
	buf_puts(&before, "alice ");
	while (before.n < ST_SIGNERS_LINE)
		buf_puts(&before, "cert-authority,");
	buf_puts(&before, "cert-authority");
	assert_string_equal(line(before.p, &s), "the line is too long, or no text");
	buf_free(&before);
}

static void
no_text(void **state)
{
	static struct signers walk;
	struct buf text = BUF_INIT;
	const char *why;
	struct signer s;

	(void)state;
	kit_line(&key, "alice", &text);
	text.p[text.n - 2] = '\0'; /* in the comment */
	signers_start(&walk, buf_bytes(&text));
	assert_int_equal(signers_next(&walk, &s, &why), SIGNERS_BAD);
	assert_string_equal(why, "the line is too long, or no text");
	buf_free(&text);
}

static void
weak_keys(void **state)
{
	static struct signers walk;
	struct buf text = BUF_INIT;
	struct kit_key rsa;
	const char *why;
	struct signer s;

	(void)state;
	kit_key_new(&rsa, "ssh-rsa", 1024);
	kit_line(&rsa, "alice", &text);
	signers_start(&walk, buf_bytes(&text));
	assert_int_equal(signers_next(&walk, &s, &why), SIGNERS_BAD);
	assert_string_equal(why, "an RSA key of less than 2048 bits");
	buf_free(&text);
	kit_key_free(&rsa);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options),
	    cmocka_unit_test(wrong_options),
	    cmocka_unit_test(times),
	    cmocka_unit_test(whole_files),
	    cmocka_unit_test(one_bad_line),
	    cmocka_unit_test(too_long),
	    cmocka_unit_test(no_text),
	    cmocka_unit_test(weak_keys),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

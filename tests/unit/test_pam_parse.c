/* The small readers of the PAM module: options, SSH_AUTH_INFO_0, SSH_CONNECTION, the exempt file, base64. */
#include "tests/unit/unit.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/wire.h"
#include "pam_module/authinfo.h"
#include "pam_module/connection.h"
#include "pam_module/exempt.h"
#include "pam_module/options.h"

/* --- options --------------------------------------------------------------------------------------- */

static void
options_default(void **state)
{
	struct options o;
	const char *bad, *why;

	(void)state;
	assert_true(options_parse(0, NULL, &o, &bad, &why));
	assert_string_equal(o.socket, REPORT_SOCKET);
	assert_int_equal(o.timeout_ms, 500);
	assert_false(o.fail_closed || o.debug);
	assert_null(o.exempt);
}

static void
options_all(void **state)
{
	const char *argv[] = {"debug", "socket=/x/y", "timeout=2s", "fail=closed", "exempt=/etc/e"};
	struct options o;
	const char *bad, *why;

	(void)state;
	assert_true(options_parse(5, argv, &o, &bad, &why));
	assert_string_equal(o.socket, "/x/y");
	assert_string_equal(o.exempt, "/etc/e");
	assert_int_equal(o.timeout_ms, 2000);
	assert_true(o.fail_closed && o.debug);
}

static void
options_timeout(void **state)
{
	static const struct {
		const char *arg;
		unsigned ms; /* 0: refused */
	} cases[] = {
		{"timeout=250", 250}, {"timeout=250ms", 250}, {"timeout=1s", 1000},
		{"timeout=30s", 30000}, {"timeout=30001", 0}, {"timeout=0", 0}, {"timeout=", 0},
		{"timeout=-1", 0}, {"timeout=1.5s", 0}, {"timeout=10m", 0}, {"timeout=99999999999999999999", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *arg = cases[i].arg, *bad, *why;
		struct options o;
		bool ok = options_parse(1, &arg, &o, &bad, &why);

		assert_true(ok == (cases[i].ms != 0));
		if (ok)
			assert_int_equal(o.timeout_ms, cases[i].ms);
		else
			assert_ptr_equal(bad, arg);
	}
}

static void
options_refused(void **state)
{
	char socket[256];
	const char *cases[] = {"", "Debug", "debug=1", "fail=close", "fail", "fail=", "socket=relative",
	    "socket=", "exempt=", "exempt=x", "use_first_pass", socket};

	(void)state;
	memset(socket, 'x', sizeof(socket));
	memcpy(socket, "socket=/", 8);
	socket[sizeof(socket) - 1] = '\0';
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[] = {"debug", cases[i]}, *bad = NULL, *why = NULL;
		struct options o;

		assert_false(options_parse(2, argv, &o, &bad, &why));
		assert_ptr_equal(bad, cases[i]);
		assert_non_null(why);
	}
}

/* --- SSH_AUTH_INFO_0 ------------------------------------------------------------------------------- */

static void
authinfo_lines(void **state)
{
	static const struct {
		const char *text, *method, *type, *base64;
		bool cut;
	} cases[] = {
		{"", "", "", "", false},
		{"password\n", "password", "", "", false},
		{"password", "password", "", "", false},
		{"publickey ssh-ed25519 AAAA\n", "publickey", "ssh-ed25519", "AAAA", false},
		{"publickey ssh-ed25519 AAAA comment x\n", "publickey", "ssh-ed25519", "AAAA", false},
		{"publickey ssh-rsa A\nkeyboard-interactive/pam\n", "publickey,keyboard-interactive",
		    "ssh-rsa", "A", false},
		{"publickey a B\npublickey c D\n", "publickey,publickey", "c", "D", false},
		{"publickey\n", "publickey", "", "", false},
		{"publickey only-type\n", "publickey", "only-type", "", false},
		/* the key of hostbased is the host's, not the user's */
		{"hostbased ssh-rsa HOST client user \"x\"\n", "hostbased", "", "", false},
		{"\n\n", "", "", "", false},
		{"pass,word\n", "", "", "", true},
		{" publickey a B\n", "", "", "", true},
		{"pass\033word\npassword\n", "password", "", "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct authinfo a;

		authinfo_parse(bytes_of(cases[i].text), &a);
		assert_string_equal(a.method, cases[i].method);
		assert_true(bytes_is(a.key_type, cases[i].type));
		assert_true(bytes_is(a.key_base64, cases[i].base64));
		assert_true(a.method_cut == cases[i].cut);
	}
}

static void
authinfo_none(void **state)
{
	struct authinfo a;

	(void)state;
	authinfo_parse(bytes_of(NULL), &a);
	assert_string_equal(a.method, "");
}

static void
authinfo_many_methods(void **state)
{
	struct buf text = BUF_INIT;
	struct authinfo a;

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_puts(&text, "keyboard-interactive/pam\n");
	authinfo_parse(buf_bytes(&text), &a);
	buf_free(&text);
	assert_true(a.method_cut);
	assert_int_equal(strlen(a.method), 4 * sizeof("keyboard-interactive") - 1);
}

/* --- SSH_CONNECTION -------------------------------------------------------------------------------- */

static void
connections(void **state)
{
	static const struct {
		const char *text;
		uint8_t family; /* 0: refused */
		uint16_t peer, local;
	} cases[] = {
		{"10.0.0.1 50022 10.0.0.2 22", 4, 50022, 22},
		{"::1 1 ::1 65535", 6, 1, 65535},
		{"fe80::1%eth0 1 fe80::2%eth0 22", 6, 1, 22},
		{"::ffff:10.0.0.1 1 10.0.0.2 22", 4, 1, 22},
		{"UNKNOWN 65535 UNKNOWN 65535", 0, 0, 0},
		{"", 0, 0, 0},
		{"10.0.0.1 50022 10.0.0.2", 0, 0, 0},
		{"10.0.0.1 50022 10.0.0.2 22 more", 0, 0, 0},
		{"10.0.0.1 65536 10.0.0.2 22", 0, 0, 0},
		{"10.0.0.1  50022 10.0.0.2 22", 0, 0, 0},
		{"host 50022 10.0.0.2 22", 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct report_addr peer = {0}, local = {0};
		bool ok = connection_parse(bytes_of(cases[i].text), &peer, &local);

		assert_true(ok == (cases[i].family != 0));
		assert_int_equal(peer.family, cases[i].family);
		assert_int_equal(local.family, cases[i].family);
		assert_int_equal(peer.port, cases[i].peer);
		assert_int_equal(local.port, cases[i].local);
	}
	assert_false(connection_parse(bytes_of(NULL), NULL, NULL));
}

/* --- the exempt file ------------------------------------------------------------------------------- */

#define FP "SHA256:uNiVztksCsDhcc0u9e8BrBc0i0qU0x6dVmGk0u5bWV0"

static bool
in_group(const char *group, void *arg)
{
	return strcmp(group, arg) == 0;
}

static void
exempt_lines(void **state)
{
	static const struct {
		const char *text;
		unsigned line, bad;
		bool keys;
	} cases[] = {
		{"", 0, 0, false},
		{"user alice\n", 1, 0, false},
		{"user alice", 1, 0, false},
		{"# user alice\n", 0, 0, false},
		{"\n\n\t user \t alice \t# the one who mends\r\n", 3, 0, false},
		{"\xef\xbb\xbfuser alice\n", 1, 0, false},
		{"user alicex\nuser alic\n", 0, 0, false},
		{"user root\ngroup wheel\n", 2, 0, false},
		{"group domain users\ngroup wheel\n", 2, 0, false},
		{"key " FP "\n", 1, 0, true},
		{"key SHA256:other\n", 0, 0, true},
		{"key\nkey MD5:00\n", 0, 1, false},
		{"alice\nuser alice\n", 2, 1, false},
		{"users alice\nUSER alice\nuser\n", 0, 1, false},
	};
	char wheel[] = "wheel";
	const struct exempt_who who = {.user = "alice", .key_fp = FP, .in_group = in_group, .arg = wheel};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exempt_found f;

		exempt_search(bytes_of(cases[i].text), &who, &f);
		assert_int_equal(f.line, cases[i].line);
		assert_int_equal(f.bad_line, cases[i].bad);
		assert_true(f.names_keys == cases[i].keys);
	}
}

static void
exempt_key_unknown(void **state)
{
	char none[] = "";
	const struct exempt_who who = {.user = "bob", .key_fp = "", .in_group = in_group, .arg = none};
	struct exempt_found f;

	(void)state;
	exempt_search(BYTES_LIT("key \nkey " FP "\n"), &who, &f);
	assert_int_equal(f.line, 0);
	assert_true(f.names_keys);
}

/* A NUL in the file cannot make a name match that is longer. */
static void
exempt_nul(void **state)
{
	char none[] = "";
	const struct exempt_who who = {.user = "bob", .key_fp = "", .in_group = in_group, .arg = none};
	struct exempt_found f;

	(void)state;
	exempt_search(BYTES_LIT("user bob\0x\n"), &who, &f);
	assert_int_equal(f.line, 0);
	assert_int_equal(f.bad_line, 1);
}

/* --- base64 ---------------------------------------------------------------------------------------- */

/* RFC 4648 section 10. */
static void
base64_vectors(void **state)
{
	static const struct {
		const char *plain, *coded, *padded;
	} v[] = {
		{"", "", ""}, {"f", "Zg", "Zg=="}, {"fo", "Zm8", "Zm8="}, {"foo", "Zm9v", "Zm9v"},
		{"foob", "Zm9vYg", "Zm9vYg=="}, {"fooba", "Zm9vYmE", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		char text[16];
		uint8_t out[16];
		size_t n;

		assert_true(base64_encode(bytes_of(v[i].plain), text, sizeof(text)));
		assert_string_equal(text, v[i].coded);
		assert_false(base64_encode(bytes_of(v[i].plain), text, strlen(v[i].coded)));
		assert_true(base64_decode(bytes_of(v[i].padded), out, &n));
		assert_int_equal(n, strlen(v[i].plain));
		assert_memory_equal(out, v[i].plain, n);
	}
}

static void
base64_refused(void **state)
{
	static const char *const bad[] = {"Zg", "Z===", "====", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v\n", "Z g=",
	    "Zm=v", "Zm-v"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t out[16];
		size_t n;

		assert_false(base64_decode(bytes_of(bad[i]), out, &n));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_default),
		cmocka_unit_test(options_all),
		cmocka_unit_test(options_timeout),
		cmocka_unit_test(options_refused),
		cmocka_unit_test(authinfo_lines),
		cmocka_unit_test(authinfo_none),
		cmocka_unit_test(authinfo_many_methods),
		cmocka_unit_test(connections),
		cmocka_unit_test(exempt_lines),
		cmocka_unit_test(exempt_key_unknown),
		cmocka_unit_test(exempt_nul),
		cmocka_unit_test(base64_vectors),
		cmocka_unit_test(base64_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

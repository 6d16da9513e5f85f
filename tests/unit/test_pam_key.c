/*
 * Fingerprints and certificates as ssh-keygen prints them, for every type of key that it can make; the
 * keys of hardware tokens are put together by hand and signed by it all the same.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/safe.h"
#include "base/wire.h"
#include "pam_module/sshkey.h"

static char home[] = "/tmp/test_pam_key.XXXXXX";

/* --- ssh-keygen ------------------------------------------------------------------------------------ */

/* Runs it in `home`; its standard output, valid until the next call. */
static const char *
keygen(const char *const argv[])
{
	static char out[16384];
	int pipe_fds[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(home) == 0 && dup2(pipe_fds[1], STDOUT_FILENO) != -1)
			execvp("ssh-keygen", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipe_fds[1]);
	while ((got = read(pipe_fds[0], out + n, sizeof(out) - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return out;
}

#define KEYGEN(...) keygen((const char *const[]){"ssh-keygen", __VA_ARGS__, NULL})

static const char *
at_home(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", home, name);
	return path;
}

/* The two words of a .pub file; slices of *text. */
static void
read_words(const char *name, struct buf *text, struct bytes *type, struct bytes *base64)
{
	char *blank, *end;

	assert_int_equal(plain_read(at_home(name), 65536, text), 0);
	blank = strchr(text->p, ' ');
	assert_non_null(blank);
	end = blank + 1 + strcspn(blank + 1, " \n");
	*type = (struct bytes){.p = text->p, .n = (size_t)(blank - text->p)};
	*base64 = (struct bytes){.p = blank + 1, .n = (size_t)(end - blank - 1)};
}

static struct sshkey
parse_file(const char *name)
{
	struct buf text = BUF_INIT;
	struct bytes type, base64;
	struct sshkey key;

	read_words(name, &text, &type, &base64);
	assert_true(sshkey_parse(type, base64, &key));
	assert_true(bytes_is(type, key.type));
	buf_free(&text);
	return key;
}

/* --- keys made by hand ----------------------------------------------------------------------------- */

static void
put_string(struct buf *b, struct bytes s)
{
	const char len[4] = {(char)(s.n >> 24), (char)(s.n >> 16), (char)(s.n >> 8), (char)s.n};

	buf_put(b, len, sizeof(len));
	buf_putb(b, s);
}

static void
write_key(const char *name, const char *type, const struct buf *blob)
{
	struct buf line = BUF_INIT;
	size_t room = blob->n * 2 + 8, used;
	char *text = malloc(room);

	assert_non_null(text);
	assert_true(base64_encode(buf_bytes(blob), text, room));
	used = strlen(text);
	while (used % 4 != 0)
		text[used++] = '=';
	text[used] = '\0';
	buf_printf(&line, "%s %s by-hand\n", type, text);
	assert_int_equal(atomic_write(at_home(name), buf_bytes(&line), 0644), 0);
	free(text);
	buf_free(&line);
}

static void
decode_file(const char *name, struct buf *blob)
{
	struct buf text = BUF_INIT;
	struct bytes type, base64;
	size_t n;

	read_words(name, &text, &type, &base64);
	assert_true(base64_decode(base64, (uint8_t *)buf_room(blob, base64.n), &n));
	blob->n = n;
	buf_free(&text);
}

/* PROTOCOL.u2f: the plain key's fields, then the application. */
static void
make_token_key(const char *from, const char *name, const char *type)
{
	struct buf plain = BUF_INIT, blob = BUF_INIT;
	struct bytes w, inner;

	decode_file(from, &plain);
	w = buf_bytes(&plain);
	assert_true(wire_string(&w, &inner));
	put_string(&blob, bytes_of(type));
	buf_putb(&blob, w);
	put_string(&blob, BYTES_LIT("ssh:"));
	write_key(name, type, &blob);
	buf_free(&plain);
	buf_free(&blob);
}

/* --- a libcrypto that fails -------------------------------------------------------------------------- */

static int calls_left = -1; /* of those wrapped below, until one fails; −1: none fails */

typedef struct evp_md_ctx_st EVP_MD_CTX;
EVP_MD_CTX *__real_EVP_MD_CTX_new(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);
int __real_EVP_DigestUpdate(EVP_MD_CTX *, const void *, size_t);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX *, const void *, size_t);

static bool
fails_now(void)
{
	return calls_left >= 0 && calls_left-- == 0;
}

EVP_MD_CTX *
__wrap_EVP_MD_CTX_new(void)
{
	return fails_now() ? NULL : __real_EVP_MD_CTX_new();
}

int
__wrap_EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *p, size_t n)
{
	return fails_now() ? 0 : __real_EVP_DigestUpdate(ctx, p, n);
}

/* --- the tests ------------------------------------------------------------------------------------- */

static const struct made {
	const char *name, *type, *bits;
} made[] = {
	{"rsa", "rsa", "2048"},
	{"dsa", "dsa", "1024"},
	{"e256", "ecdsa", "256"},
	{"e384", "ecdsa", "384"},
	{"e521", "ecdsa", "521"},
	{"ed", "ed25519", "256"},
};

static const char *const all[] = {"rsa", "dsa", "e256", "e384", "e521", "ed", "sk-ed", "sk-e256"};
#define NALL (sizeof(all) / sizeof(all[0]))

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(home) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		KEYGEN("-q", "-t", made[i].type, "-b", made[i].bits, "-N", "", "-f", made[i].name);
	KEYGEN("-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "ca");
	make_token_key("ed.pub", "sk-ed.pub", "sk-ssh-ed25519@openssh.com");
	make_token_key("e256.pub", "sk-e256.pub", "sk-ecdsa-sha2-nistp256@openssh.com");
	for (size_t i = 0; i < NALL; i++) {
		char pub[32];

		snprintf(pub, sizeof(pub), "%s.pub", all[i]);
		KEYGEN("-q", "-s", "ca", "-I", "alice@example.org laptop", "-z", "18446744073709551615",
		    "-n", "alice,deploy,root", "-V", "-1d:+52w", "-O", "clear", pub);
	}
	return 0;
}

static int
teardown(void **state)
{
	char *const argv[] = {(char[]){"rm"}, (char[]){"-rf"}, home, NULL};
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		execvp("rm", argv);
		_exit(127);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static void
plain_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < NALL; i++) {
		struct sshkey key;
		char pub[32];

		snprintf(pub, sizeof(pub), "%s.pub", all[i]);
		key = parse_file(pub);
		assert_false(key.cert);
		assert_non_null(strstr(KEYGEN("-l", "-f", pub), key.fp));
		assert_int_equal(strlen(key.fp), 7 + 43);
	}
}

static void
certificates(void **state)
{
	static const char principals[] = "alice\0deploy\0root\0";

	(void)state;
	for (size_t i = 0; i < NALL; i++) {
		struct sshkey plain, key;
		char pub[32], cert[32];

		snprintf(pub, sizeof(pub), "%s.pub", all[i]);
		snprintf(cert, sizeof(cert), "%s-cert.pub", all[i]);
		plain = parse_file(pub);
		key = parse_file(cert);
		assert_true(key.cert);
		assert_string_equal(key.fp, plain.fp);
		assert_non_null(strstr(KEYGEN("-l", "-f", cert), key.fp));
		assert_non_null(strstr(KEYGEN("-L", "-f", cert), key.ca_fp));
		assert_non_null(strstr(KEYGEN("-l", "-f", "ca.pub"), key.ca_fp));
		assert_string_equal(key.id, "alice@example.org laptop");
		assert_true(key.serial == UINT64_MAX);
		assert_memory_equal(key.principals, principals, sizeof(principals));
		assert_false(key.id_cut || key.principals_cut);
	}
}

/* OpenSSH drops the zeros before it hashes; a CA may have signed them. */
static void
number_in_a_long_form(void **state)
{
	struct buf blob = BUF_INIT, longer = BUF_INIT;
	struct bytes w, type = BYTES_NONE, nonce = BYTES_NONE, e = BYTES_NONE;
	struct sshkey key, same;

	(void)state;
	decode_file("rsa-cert.pub", &blob);
	w = buf_bytes(&blob);
	assert_true(wire_string(&w, &type) && wire_string(&w, &nonce) && wire_string(&w, &e));
	put_string(&longer, type);
	put_string(&longer, nonce);
	put_string(&longer, BYTES_LIT("\0\0\0\1\0\1"));
	buf_putb(&longer, w);
	write_key("long.pub", "ssh-rsa-cert-v01@openssh.com", &longer);
	key = parse_file("long.pub");
	same = parse_file("rsa.pub");
	assert_string_equal(key.fp, same.fp);
	buf_free(&blob);
	buf_free(&longer);
}

/* However a certificate is cut or lengthened, it is not a key. */
static void
cut_certificates(void **state)
{
	struct buf blob = BUF_INIT, part = BUF_INIT, text = BUF_INIT;
	struct bytes type = BYTES_LIT("ssh-ed25519-cert-v01@openssh.com");
	struct sshkey key;

	(void)state;
	decode_file("ed-cert.pub", &blob);
	for (size_t n = 0; n <= blob.n + 1; n++) {
		struct bytes t, base64;

		buf_reset(&part);
		buf_reset(&text);
		buf_put(&part, blob.p, n < blob.n ? n : blob.n);
		if (n > blob.n)
			buf_putc(&part, 'x');
		write_key("cut.pub", type.p, &part);
		read_words("cut.pub", &text, &t, &base64);
		assert_true(sshkey_parse(type, base64, &key) == (n == blob.n));
	}
	buf_free(&blob);
	buf_free(&part);
	buf_free(&text);
}

/* What the fixed arrays cannot hold is said to be cut, and the list stays a list. */
static void
more_than_fits(void **state)
{
	struct buf names = BUF_INIT;
	struct sshkey key;
	size_t used = 0, count = 0;
	char id[400];

	(void)state;
	memset(id, 'i', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	for (int i = 0; i < 200; i++)
		buf_printf(&names, "%sprincipal-%03d", i > 0 ? "," : "", i);
	KEYGEN("-q", "-s", "ca", "-I", id, "-n", names.p, "e256.pub");
	key = parse_file("e256-cert.pub");
	assert_true(key.cert && key.id_cut && key.principals_cut);
	assert_int_equal(strlen(key.id), sizeof(key.id) - 1);
	while (key.principals[used] != '\0') {
		used += strlen(key.principals + used) + 1;
		count++;
	}
	assert_int_equal(count, (sizeof(key.principals) - 1) / sizeof("principal-000"));
	buf_free(&names);
}

/* A fingerprint that cannot be computed is no fingerprint. */
static void
libcrypto_fails(void **state)
{
	struct buf text = BUF_INIT;
	struct bytes type, base64;
	struct sshkey key = {.serial = 42};
	int failures = 0;

	(void)state;
	read_words("rsa-cert.pub", &text, &type, &base64);
	for (int n = 0; n < 100; n++) {
		calls_left = n;
		if (sshkey_parse(type, base64, &key))
			break;
		assert_int_equal(key.serial, 42);
		failures++;
	}
	calls_left = -1;
	/* One context; the type, and two numbers that begin with a set bit or not, in 2 or 3 parts. */
	assert_in_range(failures, 1 + 2 + 2 + 2, 1 + 2 + 3 + 3);
	buf_free(&text);
}

static void
not_keys(void **state)
{
	static const struct {
		const char *type, *base64;
	} bad[] = {
		{"ssh-ed25519", ""},
		{"ssh-ed25519", "AAAA"},
		{"ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAI"},      /* not whole quads */
		{"ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5 AAA"},       /* a blank */
		{"ssh-rsa", "AAAAC3NzaC1lZDI1NTE5"},               /* another type inside */
		{"ssh-ed25519", "/////3NzaC1lZDI1NTE5"},           /* a length of 4 GiB */
		{"ssh-new-cert-v02@openssh.com", "AAAAHHNzaC1uZXctY2VydC12MDJAb3BlbnNzaC5jb20="},
	};
	struct sshkey key = {.serial = 42};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sshkey_parse(bytes_of(bad[i].type), bytes_of(bad[i].base64), &key));
	assert_int_equal(key.serial, 42);
}

/* sshd may learn a new kind of key before we do: it has a fingerprint all the same. */
static void
unknown_plain_type(void **state)
{
	struct sshkey key;

	(void)state;
	assert_true(sshkey_parse(BYTES_LIT("ssh-new"), BYTES_LIT("AAAAB3NzaC1uZXc="), &key));
	assert_string_equal(key.type, "ssh-new");
	assert_false(key.cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_keys),
		cmocka_unit_test(certificates),
		cmocka_unit_test(number_in_a_long_form),
		cmocka_unit_test(cut_certificates),
		cmocka_unit_test(libcrypto_fails),
		cmocka_unit_test(not_keys),
		cmocka_unit_test(unknown_plain_type),
		cmocka_unit_test(more_than_fits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/*
 * What the PAM module reads from outside, and what the daemon reads from the module.  The first byte of
 * an input says what the rest is:
 *
 *   a  SSH_AUTH_INFO_0      k  the blob of a public key or certificate      c  SSH_CONNECTION
 *   e  an exempt file       r  a struct report                              v  a struct verdict
 */
#include <stdlib.h>

#include <sshtether/report.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/wire.h"
#include "pam_module/authinfo.h"
#include "pam_module/connection.h"
#include "pam_module/exempt.h"
#include "pam_module/sshkey.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static void
check_key(const struct sshkey *key)
{
	MUST(report_terminated(key->type, sizeof(key->type)));
	MUST(report_terminated(key->fp, sizeof(key->fp)));
	MUST(strncmp(key->fp, "SHA256:", 7) == 0);
	if (!key->cert)
		return;
	MUST(report_terminated(key->id, sizeof(key->id)));
	MUST(report_terminated(key->ca_fp, sizeof(key->ca_fp)));
	MUST(key->principals[sizeof(key->principals) - 1] == '\0');
	MUST(key->principals[sizeof(key->principals) - 2] == '\0');
}

static void
fuzz_authinfo(struct bytes in)
{
	struct authinfo a;
	struct sshkey key;

	authinfo_parse(in, &a);
	MUST(report_terminated(a.method, sizeof(a.method)));
	MUST(a.key_type.n == 0 || (a.key_type.p >= in.p && a.key_type.p + a.key_type.n <= in.p + in.n));
	if (a.key_type.n > 0 && sshkey_parse(a.key_type, a.key_base64, &key))
		check_key(&key);
}

/* In base64 an input would hardly ever reach the parser; so it is a blob, and gets its own type. */
static void
fuzz_key(struct bytes in)
{
	struct bytes w = in, type;
	struct sshkey key;
	size_t room = in.n * 2 + 8, n;
	char *text = malloc(room);

	MUST(text != NULL && base64_encode(in, text, room));
	n = strlen(text);
	while (n % 4 != 0)
		text[n++] = '=';
	if (wire_string(&w, &type) && sshkey_parse(type, (struct bytes){.p = text, .n = n}, &key))
		check_key(&key);
	free(text);
}

static void
fuzz_connection(struct bytes in)
{
	struct report_addr peer, local;

	if (connection_parse(in, &peer, &local))
		MUST((peer.family == 4 || peer.family == 6) && (local.family == 4 || local.family == 6));
}

static bool
in_group(const char *group, void *arg)
{
	(void)arg;
	return strlen(group) % 2 != 0;
}

static void
fuzz_exempt(struct bytes in)
{
	const struct exempt_who who = {.user = "root", .key_fp = "SHA256:x", .in_group = in_group};
	struct exempt_found f;

	exempt_search(in, &who, &f);
	MUST(f.line <= in.n + 1 && f.bad_line <= in.n + 1);
}

/* A reader may look at every string of a report that is valid, and walk its list. */
static void
fuzz_report(struct bytes in)
{
	struct report r = {0};
	size_t at = 0;

	memcpy(&r, in.p, in.n < sizeof(r) ? in.n : sizeof(r));
	if (!report_valid(&r, in.n))
		return;
	while (r.principals[at] != '\0')
		at += strlen(r.principals + at) + 1;
	MUST(at < sizeof(r.principals));
	MUST(strlen(r.user) < sizeof(r.user) && strlen(r.cert_id) < sizeof(r.cert_id));
}

static void
fuzz_verdict(struct bytes in)
{
	struct verdict v = {0};

	memcpy(&v, in.p, in.n < sizeof(v) ? in.n : sizeof(v));
	if (verdict_valid(&v, in.n))
		MUST(strlen(v.message) < sizeof(v.message));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		uint8_t kind;
		void (*fuzz)(struct bytes);
	} kinds[] = {{'a', fuzz_authinfo}, {'k', fuzz_key}, {'c', fuzz_connection}, {'e', fuzz_exempt},
	    {'r', fuzz_report}, {'v', fuzz_verdict}};

	for (size_t i = 0; size > 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (data[0] == kinds[i].kind)
			kinds[i].fuzz((struct bytes){.p = (const char *)data + 1, .n = size - 1});
	return 0;
}

/*
 * cmd_policy_verify: did somebody whom we trust sign this policy?  No daemon is asked and no root needed:
 * the same question can be asked where policies are written, and before they are sent out.
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/safe.h"
#include "cli/policy_file.h"
#include "policy/signature.h"

struct verify {
	const char *policy, *signature, *signers; /* paths; borrowed */
	const char *principal;
	struct rtime at;
	struct buf default_signature; /* owned */
};

/* --- what it says ------------------------------------------------------------------------------------- */

static void
signer_text(const struct signature_answer *a, struct buf *out)
{
	buf_printf(out, "%s %s", a->key_type, a->fp);
	if (*a->ca_fp == '\0')
		return;
	buf_puts(out, ", certificate \"");
	buf_put_visible(out, bytes_of(a->cert_id));
	buf_printf(out, "\" serial %llu of CA %s", (unsigned long long)a->cert_serial, a->ca_fp);
}

static void
answer_text(const struct verify *v, const struct signature_answer *a, struct buf *out)
{
	buf_put_visible(out, bytes_of(v->policy));
	if (a->why == SIG_GOOD) {
		buf_puts(out, ": good: signed by ");
		buf_put_visible(out, bytes_of(a->principal));
		buf_puts(out, " with ");
		signer_text(a, out);
	} else {
		buf_printf(out, ": not accepted: %s", sig_why_text(a->why));
		if (*a->key_type != '\0') {
			buf_puts(out, ": ");
			signer_text(a, out);
		}
	}
	if (a->line != 0) {
		buf_puts(out, " (");
		buf_put_visible(out, bytes_of(v->signers));
		buf_printf(out, ":%u)", a->line);
	}
	buf_putc(out, '\n');
}

static bool
tell_bad_lines(const struct verify *v, const struct signature_answer *a)
{
	struct buf out = BUF_INIT;
	bool ok;

	for (unsigned i = 0; i < a->nbad && i < ST_SIGNERS_ERRORS; i++) {
		buf_put_visible(&out, bytes_of(v->signers));
		buf_printf(&out, ":%u: %s\n", a->bad[i].line, a->bad[i].why);
	}
	if (a->nbad > ST_SIGNERS_ERRORS) {
		buf_put_visible(&out, bytes_of(v->signers));
		buf_printf(&out, ": and %u more lines with errors\n", a->nbad - ST_SIGNERS_ERRORS);
	}
	ok = out.n == 0 || cli_write(stderr, buf_bytes(&out));
	buf_free(&out);
	return ok;
}

static void
answer_json(const struct verify *v, const struct signature_answer *a, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "file", v->policy);
	json_kbool(&j, "ok", a->why == SIG_GOOD);
	json_kstr(&j, "reason", sig_why_name(a->why));
	json_kstr(&j, "text", sig_why_text(a->why));
	json_kstr(&j, "principal", a->principal);
	json_kstr(&j, "key_type", a->key_type);
	json_kstr(&j, "fingerprint", a->fp);
	json_kstr(&j, "ca", a->ca_fp);
	json_kstr(&j, "cert_id", a->cert_id);
	if (*a->ca_fp != '\0')
		json_kuint(&j, "cert_serial", a->cert_serial);
	if (a->line != 0)
		json_kuint(&j, "line", a->line);
	json_kuint(&j, "bad_lines", a->nbad);
	json_karray(&j, "errors");
	for (unsigned i = 0; i < a->nbad && i < ST_SIGNERS_ERRORS; i++) {
		json_object(&j);
		json_kuint(&j, "line", a->bad[i].line);
		json_kstr(&j, "text", a->bad[i].why);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
	buf_putc(out, '\n');
}

/* --- files in, answer out --------------------------------------------------------------------------------- */

static bool
read_file(const char *path, size_t max, struct buf *out)
{
	int err = plain_read(path, max, out);

	if (err != 0)
		cli_error("%s: %s", path, strerror(-err));
	return err == 0;
}

static int
verify(const struct cli *cli, const struct verify *v)
{
	struct buf policy = BUF_INIT, signature = BUF_INIT, signers = BUF_INIT, out = BUF_INIT;
	int status = CLI_UNREACHABLE;
	struct signature_ask ask;
	struct signature_answer answer;

	if (!read_file(v->policy, ST_POLICY_BYTES, &policy) ||
	    !read_file(v->signature, ST_SIGNATURE_BYTES, &signature) ||
	    !read_file(v->signers, ST_SIGNERS_BYTES, &signers))
		goto out;
	ask = (struct signature_ask){.file = buf_bytes(&policy), .signature = buf_bytes(&signature),
	    .signers = buf_bytes(&signers), .space = BYTES_LIT(SIGNATURE_NAMESPACE),
	    .principal = bytes_of(v->principal), .now = v->at};
	signature_check(&ask, &answer);
	if (cli->json)
		answer_json(v, &answer, &out);
	else
		answer_text(v, &answer, &out);
	if (answer.why != SIG_NO_MEMORY && (cli->json || tell_bad_lines(v, &answer)))
		status = answer.why == SIG_GOOD ? CLI_OK : CLI_FOUND;
out:
	buf_free(&policy);
	buf_free(&signature);
	buf_free(&signers);
	return cli_finish(&out, status);
}

/* --- the command line --------------------------------------------------------------------------------------- */

static int
options(struct cli *cli, int argc, char **argv, struct verify *v)
{
	static const struct option own[] = {
		{"allowed-signers", required_argument, NULL, 'a'},
		{"signature", required_argument, NULL, 's'},
		{"principal", required_argument, NULL, 'p'},
		{"at", required_argument, NULL, 't'},
		{0},
	};
	int opt;

	while ((opt = cli_option(cli, argc, argv, own)) != -1) {
		if (opt == '?' || (opt == 't' && !cli_when(cli, "--at", optarg, &v->at)))
			return CLI_USAGE;
		if (opt == 'a')
			v->signers = optarg;
		else if (opt == 's')
			v->signature = optarg;
		else if (opt == 'p')
			v->principal = optarg;
	}
	if (optind != argc - 1)
		return cli_usage(cli, "which policy?");
	v->policy = argv[optind];
	return CLI_OK;
}

int
cmd_policy_verify(struct cli *cli, int argc, char **argv)
{
	struct verify v = {.signers = SIGNATURE_SIGNERS, .at = rtime_now()};
	int status = options(cli, argc, argv, &v);

	if (status != CLI_OK)
		return status;
	if (v.signature == NULL) {
		buf_puts(&v.default_signature, v.policy);
		buf_puts(&v.default_signature, SIGNATURE_SUFFIX);
		v.signature = v.default_signature.p;
	}
	status = buf_ok(&v.default_signature) ? verify(cli, &v) : CLI_UNREACHABLE;
	buf_free(&v.default_signature);
	return status;
}

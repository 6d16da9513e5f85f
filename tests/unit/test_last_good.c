/* What a load reads and checks, what is kept of it, and what of that counts after a start. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/last_good.h"
#include "agentd/engine/worker.h"
#include "base/safe.h"
#include "tests/unit/sign_kit.h"

static char dir[64];
static struct kit_key ops, eve;

/* Two at a time. */
static const char *
at(const char *name)
{
	static char path[2][192];
	static unsigned i;

	i ^= 1;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void
put(const char *name, struct bytes text)
{
	assert_int_equal(atomic_write(at(name), text, 0600), 0);
}

static void
sign(const char *name, const struct kit_key *key)
{
	struct buf text = BUF_INIT, blob = BUF_INIT, armour = BUF_INIT;
	char sig[96];

	assert_int_equal(safe_read(at(name), 1 << 20, &text, NULL), 0);
	kit_sshsig(key, &(struct kit_sig){0}, buf_bytes(&text), &blob);
	kit_armour(buf_bytes(&blob), &armour);
	(void)snprintf(sig, sizeof(sig), "%s.sig", name);
	put(sig, buf_bytes(&armour));
	buf_free(&text);
	buf_free(&blob);
	buf_free(&armour);
}

/* allowed_signers: the key, with these options. */
static void
trust(const struct kit_key *key, const char *before)
{
	struct buf line = BUF_INIT;

	kit_line(key, before, &line);
	put("signers", buf_bytes(&line));
	buf_free(&line);
}

/* The policy, with this line for the files that it includes. */
static void
put_main(const char *include)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "fleet f\nserial 4\ntable <a> file \"a\"\ntable <b> file \"b\" unsigned\n");
	buf_printf(&text, "include \"%s\"\nblock relay to <a>\nalert relay to <b>\n", include);
	put("main.policy", buf_bytes(&text));
	sign("main.policy", &ops);
	buf_free(&text);
}

/* A policy with a table that is signed, one that is not, and a file that it includes; all good. */
static void
lay_out(void)
{
	put_main("parts/1.policy");
	put("a", BYTES_LIT("10.0.0.0/8\n"));
	put("b", BYTES_LIT("192.0.2.0/24\n"));
	(void)mkdir(at("parts"), 0755);
	put("parts/1.policy", BYTES_LIT("block listen\n"));
	sign("a", &ops);
	sign("parts/1.policy", &ops);
	trust(&ops, "ops@example.org");
}

static struct config
settings(bool required)
{
	static char policy[192], signers[192], state[192];

	(void)snprintf(policy, sizeof(policy), "%s", at("main.policy"));
	(void)snprintf(signers, sizeof(signers), "%s", at("signers"));
	(void)snprintf(state, sizeof(state), "%s", dir);
	return (struct config){.policy = policy, .allowed_signers = signers, .state_dir = state,
	    .require_signature = required};
}

/* says NULL: it loads. */
static struct policy_load *
load(const struct config *conf, const char *says)
{
	struct policy_load *l = policy_load_new(conf, conf->policy, true, (struct bytes){0});

	assert_non_null(l);
	policy_load_run(l);
	if ((l->policy != NULL) != (says == NULL) || (says != NULL && strstr(l->diag.p, says) == NULL))
		fail_msg("wanted: %s\n%s", says != NULL ? says : "that it loads", l->diag.n > 0 ? l->diag.p : "");
	return l;
}

static void
assert_load(const struct config *conf, const char *says)
{
	struct policy_load *l = load(conf, says);

	policy_load_free(&l);
}

/* --- reading -------------------------------------------------------------------------------------------- */

static void
each_file_is_signed(void **state)
{
	static const char *const signed_files[] = {"main.policy", "a", "parts/1.policy"};
	const struct config conf = settings(true);
	struct policy_load *l;
	char sig[64];

	(void)state;
	lay_out();
	l = load(&conf, NULL);
	assert_string_equal(policy_files_signer(l->files)->name, "ops@example.org");
	assert_int_equal(pol_nrules(l->policy), 3);
	assert_true(l->configured);
	policy_load_free(&l);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(sig, sizeof(sig), "%s.sig", signed_files[i]);
		assert_int_equal(unlink(at(sig)), 0);
		assert_load(&conf, "no signature: ");
		sign(signed_files[i], &eve);
		assert_load(&conf, "who signed is not among the allowed signers");
		put(sig, BYTES_LIT("rubbish"));
		assert_load(&conf, "this is no SSH signature");
		sign(signed_files[i], &ops);
		assert_int_equal(chmod(at(sig), 0666), 0);
		assert_load(&conf, "cannot be read");
		sign(signed_files[i], &ops);
		assert_load(&conf, NULL);
	}
}

/* In one load a file that one policy may take without a signature is not thereby one that another may. */
static void
a_table_that_needs_none(void **state)
{
	const struct config conf = settings(true);

	(void)state;
	lay_out();
	put("parts/1.policy", BYTES_LIT("table <c> file \"../b\"\nalert listen origin <c>\n"));
	sign("parts/1.policy", &ops);
	assert_load(&conf, "no signature: ");
}

/* One more that was signed for other hosts, or one less, would be as good. */
static void
a_pattern_is_signed_by_nobody(void **state)
{
	static const char says[] = "cannot list these files: nobody signs which files a pattern finds: name each file";
	const struct config strict = settings(true), lax = settings(false);

	(void)state;
	lay_out();
	put_main("parts/*.policy");
	assert_load(&strict, says);
	assert_load(&lax, NULL);
	put("parts/1.policy", BYTES_LIT("include \"../more/*.policy\"\n"));
	sign("parts/1.policy", &ops);
	put_main("parts/1.policy");
	assert_load(&strict, says);
}

/* Whoever can write files and not sign them writes no lines of the log, nor on a terminal. */
static void
a_name_is_shown_as_one(void **state)
{
	static const char name[] = "parts/\x1b[2J\nall is well.policy", sig[] = "parts/\x1b[2J\nall is well.policy.sig";
	const struct config conf = settings(false);
	struct policy_load *l;

	(void)state;
	lay_out();
	put_main("parts/*.policy");
	put(name, BYTES_LIT("alert listen\n"));
	put(sig, BYTES_LIT("rubbish"));
	l = load(&conf, NULL);
	assert_int_equal(pol_nrules(l->policy), 4);
	assert_non_null(strstr(l->diag.p, "/parts/\\x1b[2J\\x0aall is well.policy: warning: not signed by anybody who may"));
	assert_null(strchr(l->diag.p, '\x1b'));
	assert_null(strstr(l->diag.p, "\nall is well"));
	policy_load_free(&l);
	assert_true(unlink(at(name)) == 0 && unlink(at(sig)) == 0);
}

static void
unasked_it_is_a_warning(void **state)
{
	const struct config conf = settings(false);
	struct policy_load *l;

	(void)state;
	lay_out();
	sign("a", &eve);
	l = load(&conf, NULL);
	assert_non_null(strstr(l->diag.p, "/a: warning: not signed by anybody who may"));
	assert_string_equal(policy_files_signer(l->files)->name, "ops@example.org");
	policy_load_free(&l);
	assert_int_equal(unlink(at("signers")), 0); /* nobody is trusted here: nothing to be said */
	l = load(&conf, NULL);
	assert_int_equal(l->diag.n, 0);
	policy_load_free(&l);
}

static void
what_is_the_same(void **state)
{
	const struct config conf = settings(true);
	struct policy_load *one, *two;

	(void)state;
	lay_out();
	one = load(&conf, NULL);
	two = load(&conf, NULL);
	assert_true(policy_files_same(one->files, two->files));
	policy_load_free(&two);
	put("b", BYTES_LIT("192.0.2.0/25\n"));
	two = load(&conf, NULL);
	assert_false(policy_files_same(one->files, two->files));
	policy_load_free(&two);
	policy_load_free(&one);
}

/* --- kept ---------------------------------------------------------------------------------------------- */

static void
keep(const struct config *conf)
{
	struct event_base *base = event_base_new();
	struct worker *w = worker_new(base, "test", 4);
	struct policy_load *l = load(conf, NULL);

	last_good_prepare(l);
	assert_true(last_good_keep(w, conf->state_dir, l));
	assert_int_equal(l->kept.n, 0);
	assert_true(worker_free(&w, 10000));
	event_base_free(base);
	policy_load_free(&l);
}

/* As a start would: says NULL: it is as it was. */
static void
assert_kept(const struct config *conf, const char *says)
{
	const char *why;
	struct policy_load *l = last_good_load(conf, (struct bytes){0}, &why);

	assert_non_null(l);
	if ((l->policy != NULL) != (says == NULL) || (says != NULL && strstr(l->diag.p, says) == NULL))
		fail_msg("wanted: %s\n%s", says != NULL ? says : "that it loads", l->diag.n > 0 ? l->diag.p : "");
	if (l->policy != NULL) {
		assert_int_equal(pol_nrules(l->policy), 3);
		assert_int_equal(pol_serial(l->policy), 4);
		assert_true(l->last_good);
	}
	policy_load_free(&l);
}

static void
kept_and_back(void **state)
{
	const struct config conf = settings(true);

	(void)state;
	(void)unlink(at("last-good.policy"));
	assert_false(last_good_is_kept(dir));
	lay_out();
	keep(&conf);
	assert_true(last_good_is_kept(dir));
	/* Of the files nothing is left. */
	put("main.policy", BYTES_LIT("blokc"));
	assert_true(unlink(at("a")) == 0 && unlink(at("a.sig")) == 0 && unlink(at("parts/1.policy")) == 0);
	assert_kept(&conf, NULL);
	trust(&eve, "ops@example.org"); /* ops was struck from the list */
	assert_kept(&conf, "who signed is not among the allowed signers");
	assert_int_equal(unlink(at("signers")), 0);
	assert_kept(&conf, "cannot be read");
}

/* What was kept when none was asked for. */
static void
a_kept_pattern_is_signed_by_nobody(void **state)
{
	const struct config strict = settings(true), lax = settings(false);

	(void)state;
	lay_out();
	put_main("parts/*.policy");
	keep(&lax);
	assert_kept(&lax, NULL);
	assert_kept(&strict, "nobody signs which files a pattern finds");
}

/* A system that is upgraded may not have it any more: Bermud9 is on no disk. */
static void
time_zones_are_kept(void **state)
{
	const struct config conf = settings(false);
	struct buf kept = BUF_INIT;
	struct policy_load *l;
	const char *why;

	(void)state;
	if (access("/usr/share/zoneinfo/Atlantic/Bermuda", R_OK) != 0)
		skip();
	lay_out();
	put("main.policy", BYTES_LIT("alert login hours \"mon-fri Atlantic/Bermuda\"\n"));
	l = load(&conf, NULL);
	last_good_prepare(l);
	assert_true(buf_ok(&l->kept) && l->kept.n > 0);
	buf_putb(&kept, buf_bytes(&l->kept));
	policy_load_free(&l);
	for (char *p = kept.p; (p = memmem(p, (size_t)(kept.p + kept.n - p), "Bermuda", 7)) != NULL;)
		memcpy(p, "Bermud9", 7);
	put("last-good.policy", buf_bytes(&kept));
	l = last_good_load(&conf, (struct bytes){0}, &why);
	assert_non_null(l);
	if (l->policy == NULL)
		fail_msg("%s", l->diag.p);
	policy_load_free(&l);
	buf_free(&kept);
}

/* The time that counts is that of its acceptance: now, as this test runs. */
static void
a_key_expires(void **state)
{
	const struct config conf = settings(true);
	char before[96];
	struct tm tm;
	time_t now;

	(void)state;
	lay_out();
	keep(&conf);
	now = time(NULL) + 3600; /* what is accepted now may be checked at any later time */
	assert_non_null(gmtime_r(&now, &tm));
	assert_true(strftime(before, sizeof(before), "ops@example.org valid-before=\"%Y%m%d%H%M%SZ\"", &tm) > 0);
	trust(&ops, before);
	assert_kept(&conf, NULL);
	trust(&ops, "ops@example.org valid-before=\"20200101\"");
	assert_kept(&conf, "the signer is no longer accepted");
}

/* Whoever writes that file without a key to sign with changes nothing but whether there is a policy. */
static void
damaged(void **state)
{
	const struct config conf = settings(true);
	struct buf good = BUF_INIT;
	struct policy_load *l;
	const char *why;

	(void)state;
	lay_out();
	keep(&conf);
	assert_int_equal(safe_read(at("last-good.policy"), 1 << 20, &good, NULL), 0);
	for (size_t n = 0; n < good.n; n += 7) { /* cut off, and one byte another */
		char was = good.p[n];

		put("last-good.policy", (struct bytes){.p = good.p, .n = n});
		l = last_good_load(&conf, (struct bytes){0}, &why);
		assert_true(l == NULL || l->policy == NULL);
		policy_load_free(&l);
		good.p[n] = (char)(was ^ 1);
		put("last-good.policy", buf_bytes(&good));
		l = last_good_load(&conf, (struct bytes){0}, &why);
		assert_true(l == NULL || l->policy == NULL || pol_nrules(l->policy) == 3);
		policy_load_free(&l);
		good.p[n] = was;
	}
	buf_free(&good);
}

static int
begin(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/last-good-XXXXXX");
	assert_non_null(mkdtemp(dir));
	kit_key_new(&ops, "ssh-ed25519", 0);
	kit_key_new(&eve, "ssh-ed25519", 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	kit_key_free(&ops);
	kit_key_free(&eve);
	if (fork() == 0)
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_is_signed),
		cmocka_unit_test(a_table_that_needs_none),
		cmocka_unit_test(a_pattern_is_signed_by_nobody),
		cmocka_unit_test(a_name_is_shown_as_one),
		cmocka_unit_test(unasked_it_is_a_warning),
		cmocka_unit_test(what_is_the_same),
		cmocka_unit_test(kept_and_back),
		cmocka_unit_test(a_kept_pattern_is_signed_by_nobody),
		cmocka_unit_test(time_zones_are_kept),
		cmocka_unit_test(a_key_expires),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

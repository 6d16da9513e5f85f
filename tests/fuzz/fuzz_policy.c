/*
 * fuzz_policy: any bytes as a policy, as the files that it includes, as the file of its tables, as a question and
 * as a file of tests.  What loads must print to something that loads and prints the same; what does not must say
 * why, in visible text.
 */
#include <errno.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

/* What lines of "%%" part: the policy, the files f1, f2 … that it may include; the last is that of every table. */
#define FILES 8

struct files {
	struct bytes text[FILES];
	size_t n;
};

static struct files
split(struct bytes all)
{
	struct files fs = {.n = 1};

	fs.text[0] = all;
	for (const char *cut; fs.n < FILES; fs.n++) {
		struct bytes *last = &fs.text[fs.n - 1];

		if (last->n == 0 || (cut = memmem(last->p, last->n, "\n%%\n", 4)) == NULL)
			break;
		fs.text[fs.n] = (struct bytes){.p = cut + 4, .n = last->n - (size_t)(cut - last->p) - 4};
		last->n = (size_t)(cut - last->p);
	}
	return fs;
}

static struct bytes
table_of(const struct files *fs)
{
	return fs->n > 1 ? fs->text[fs->n - 1] : BYTES_NONE;
}

static int
read_file(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why, void *arg)
{
	const struct bytes name = bytes_basename(bytes_of(path));
	const struct files *fs = arg;
	struct bytes text = table_of(fs);

	MUST(max > 0);
	if (what == POLF_POLICY) {
		if (name.n != 2 || name.p[0] != 'f' || name.p[1] < '1' || (size_t)(name.p[1] - '0') >= fs->n) {
			*why = "there are f1, f2 ...";
			return -ENOENT;
		}
		text = fs->text[name.p[1] - '0'];
	}
	if (text.n > max)
		return -EFBIG;
	buf_putb(out, text);
	return 0;
}

/* All that there are, whatever the pattern: as in its directory. */
static int
list_files(const char *pattern, struct buf *out, const char **why, void *arg)
{
	const struct bytes last = bytes_basename(bytes_of(pattern));
	const struct files *fs = arg;

	(void)why;
	for (size_t i = 1; i < fs->n; i++) {
		buf_putb(out, (struct bytes){.p = pattern, .n = (size_t)(last.p - pattern)});
		buf_printf(out, "f%zu", i);
		buf_putc(out, '\0');
	}
	return 0;
}

static bool
is_visible(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (((unsigned char)b->p[i] < ' ' && b->p[i] != '\n' && b->p[i] != '\t') || b->p[i] == 0x7f)
			return false;
	return true;
}

static struct policy *
parse(struct bytes text, struct files *fs)
{
	struct pol_options options = {.read = read_file, .list = list_files, .arg = fs, .now = {.ms = 1}};
	struct buf diag = BUF_INIT;
	unsigned errors;
	struct policy *pol = pol_parse("f", text, &options, &diag, &errors);

	MUST((pol == NULL) == (errors != 0));
	MUST(pol != NULL || diag.n != 0);
	MUST(is_visible(&diag));
	buf_free(&diag);
	return pol;
}

static void
ask(const struct policy *pol, const struct question *q)
{
	struct buf out = BUF_INIT;
	struct decision d;
	struct json j;

	pol_ask(pol, q, &d);
	MUST(d.action < DO_COUNT && d.severity < SEV_COUNT && d.mode < MODE_COUNT);
	MUST(d.by_default == (d.file == NULL));
	MUST((d.missing & q->known) == 0 && (d.missing != 0) == d.undetermined);
	pol_explain(pol, q, &out);
	json_init(&j, &out);
	pol_explain_json(pol, q, &j);
	buf_free(&out);
}

static void
ask_each(const struct policy *pol)
{
	struct question q = {.known = UINT32_MAX, .user = BYTES_LIT("alice"), .port = 22,
	    .method = BYTES_LIT("publickey,password"), .exe = BYTES_LIT("/usr/bin/ssh"),
	    .origin = {.family = 4, .b = {10, 1, 2, 3}}, .to_kind = TO_ADDR,
	    .to_addr = {.family = 6, .b = {0x20, 1}}, .time = {.ms = 1790000000000}};

	for (unsigned a = 0; a < ACT_COUNT; a += 7) {
		q.activity = (enum activity)a;
		q.known = UINT32_MAX >> a;
		ask(pol, &q);
	}
	(void)pol_spares(pol, q.exe);
	(void)pol_is_ssh_port(pol, 65535);
}

static void
print_again(const struct policy *pol, struct files *fs)
{
	struct buf once = BUF_INIT, twice = BUF_INIT, other = BUF_INIT;
	struct policy *again;
	const char *why;
	struct json j;

	pol_print(pol, &once);
	MUST(is_visible(&once));
	again = parse(buf_bytes(&once), fs);
	MUST(again != NULL && pol_nrules(again) == pol_nrules(pol));
	pol_print(again, &twice);
	MUST(bytes_eq(buf_bytes(&once), buf_bytes(&twice)));
	json_init(&j, &other);
	pol_print_json(pol, &j);
	for (size_t i = 0; i < pol_nrules(pol); i++)
		(void)pol_rule_level(pol, i, (unsigned)i & POLG_ALL, &why);
	buf_reset(&other);
	(void)pol_lint(pol, POLG_ALL, &other);
	MUST(is_visible(&other));
	pol_free(&again);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&other);
}

static void
question(const struct policy *pol, struct bytes text)
{
	struct question_store *store = NULL;
	struct buf diag = BUF_INIT;
	struct question q;

	if (question_parse(pol, text, &q, &store, &diag))
		ask(pol, &q);
	else
		MUST(diag.n != 0 && is_visible(&diag));
	question_free(&store);
	buf_free(&diag);
}

static void
tests(const struct policy *pol, struct bytes text)
{
	struct buf diag = BUF_INIT;
	unsigned errors;

	MUST(pol_test_text(pol, "t", text, RTIME_NONE, NULL, NULL, &diag, &errors) == 0 || errors == 0);
	MUST((errors != 0) == (diag.n != 0) && is_visible(&diag));
	buf_free(&diag);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct files fs = split((struct bytes){.p = (const char *)data, .n = n});
	struct policy *pol, *empty = pol_empty();
	const struct policy *any;

	pol = parse(fs.text[0], &fs);
	if (pol != NULL) {
		ask_each(pol);
		print_again(pol, &fs);
	}
	MUST(empty != NULL);
	any = pol != NULL ? pol : empty;
	question(any, fs.text[fs.n - 1]);
	if (fs.n > 1)
		tests(any, fs.text[fs.n - 1]);
	pol_free(&empty);
	pol_free(&pol);
	return 0;
}

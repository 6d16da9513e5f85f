/*
 * fuzz_policy: any bytes as a policy, as the file of its tables, and as a question.  What loads
 * must print to something that loads and prints the same; what does not must say why, in visible
 * text.
 */
#include <stdlib.h>

#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

/* Every table file is what follows the first line "%%". */
static int
read_table(const char *path, size_t max, struct buf *out, const char **why, void *arg)
{
	const struct bytes *text = arg;

	(void)path;
	(void)why;
	MUST(max > 0);
	buf_putb(out, *text);
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
parse(struct bytes text, struct bytes table)
{
	struct pol_options options = {.read = read_table, .arg = &table, .now = {.ms = 1}};
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
print_again(const struct policy *pol, struct bytes table)
{
	struct buf once = BUF_INIT, twice = BUF_INIT, other = BUF_INIT;
	struct policy *again;
	const char *why;
	struct json j;

	pol_print(pol, &once);
	MUST(is_visible(&once));
	again = parse(buf_bytes(&once), table);
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes text = {.p = (const char *)data, .n = n}, table = BYTES_NONE;
	const char *cut = n != 0 ? memmem(data, n, "\n%%\n", 4) : NULL;
	struct policy *pol, *empty = pol_empty();

	if (cut != NULL) {
		text.n = (size_t)(cut - text.p);
		table = (struct bytes){.p = cut + 4, .n = n - text.n - 4};
	}
	pol = parse(text, table);
	if (pol != NULL) {
		ask_each(pol);
		print_again(pol, table);
	}
	MUST(empty != NULL);
	question(pol != NULL ? pol : empty, cut != NULL ? table : text);
	pol_free(&empty);
	pol_free(&pol);
	return 0;
}

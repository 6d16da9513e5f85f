/*
 * expect: asks the policy what each expect line asks and compares.  At a load, rules that are over
 * count as in force: a policy that loaded yesterday must load today.  All lines of a load together take a number of
 * steps at most, which is the same on each machine.
 */
#include "policy/expect.h"

#include <sshtether/limits.h>

#include "policy/parse.h"

/* The action after never-stop, where the line says enough for it to hold. */
static enum action
effective(const struct policy *pol, const struct question *q, const struct decision *d, uint64_t *left)
{
	if (d->action > DO_ALERT && never_stop_within(pol, q, left) == TRI_YES)
		return DO_ALERT;
	return d->action;
}

static void
put_missing(uint32_t missing, struct buf *out)
{
	const char *sep = "";

	for (unsigned f = 0; f < QF_COUNT; f++) {
		if ((missing >> f & 1) == 0)
			continue;
		buf_printf(out, "%s%s", sep, fact_word((enum pol_fact)f));
		sep = ", ";
	}
}

/* Where the rule stands: the file is named where it is another one than the line's. */
static void
put_place(const struct expect *e, const struct decision *d, struct buf *out)
{
	if (d->file == e->at.src->name) {
		buf_printf(out, "line %u", d->line);
		return;
	}
	buf_put_visible(out, bytes_of(d->file));
	buf_printf(out, ":%u", d->line);
}

/*
 * Runs one line.  False: *why says, in a sentence, what the policy answers instead.  now is for
 * `until` where the line itself names no hours; RTIME_NONE: rules with an end are taken as in
 * force.  *got: the action after never-stop.
 */
static bool
holds(const struct policy *pol, const struct expect *e, struct rtime now, uint64_t *left, struct decision *d,
    enum action *got, struct buf *why)
{
	struct question q = e->question;

	if ((q.known & 1u << QF_TIME) != 0)
		now = q.time;
	pol_ask_file(pol, &q, now, left, d);
	*got = effective(pol, &q, d, left);
	if (*left == 0) {
		buf_printf(why, "the expect lines take more than %u steps: this one was not answered", ST_POLICY_STEPS);
		return false;
	}
	if (d->undetermined) {
		buf_puts(why, "the answer hangs on what the line leaves out: ");
		put_missing(d->missing, why);
		return false;
	}
	if (*got == e->action)
		return true;
	buf_printf(why, "the policy says %s, ", action_name(*got));
	if (d->by_default) {
		buf_puts(why, "because no rule matches");
	} else if (*got == d->action) {
		buf_puts(why, "because of ");
		put_place(e, d, why);
	} else {
		buf_puts(why, "because of never-stop (");
		put_place(e, d, why);
		buf_printf(why, ": %s)", action_name(d->action));
	}
	return false;
}

/* What is asked of each byte of each pattern, for each line. */
static void
too_long(const struct expect *e, struct diag *diag)
{
	diag_error(diag, e->at, "the expect lines take too long: more than %u steps, with those before this one",
	    ST_POLICY_STEPS);
	diag_help(diag, "each asks all patterns of a table, and all rules with a pattern that is plain at neither end: "
	    "use fewer of these, or fewer expect lines");
}

void
expect_check(const struct policy *pol, struct diag *diag)
{
	uint64_t left = ST_POLICY_STEPS;

	for (const struct expect *e = pol->expects; e != NULL && left != 0 && !diag_full(diag); e = e->next) {
		struct buf why = BUF_INIT;
		struct decision d;
		enum action got;
		bool ok = holds(pol, e, RTIME_NONE, &left, &d, &got, &why);

		if (left == 0)
			too_long(e, diag);
		else if (!ok)
			diag_error(diag, e->at, "expected %s: %s", action_name(e->action),
			    buf_ok(&why) && why.p != NULL ? why.p : "");
		buf_free(&why);
	}
}

/* Calls fn for each line of the list; returns how many failed. */
static unsigned
run(const struct policy *pol, const struct expect *list, struct rtime now, pol_expect_fn *fn, void *arg)
{
	uint64_t left = ST_POLICY_STEPS;
	unsigned failed = 0;

	for (const struct expect *e = list; e != NULL; e = e->next) {
		struct buf what = BUF_INIT, why = BUF_INIT;
		struct decision d;
		struct pol_tested t = {.file = e->at.src->name, .line = e->at.line, .expected = e->action, .answer = &d};

		t.ok = holds(pol, e, now, &left, &d, &t.got, &why);
		print_expect(e, &what);
		t.what = buf_ok(&what) ? what.p : "";
		t.why = buf_ok(&why) && why.p != NULL ? why.p : "";
		if (fn != NULL)
			fn(&t, arg);
		failed += !t.ok;
		buf_free(&what);
		buf_free(&why);
	}
	return failed;
}

unsigned
pol_test(const struct policy *pol, struct rtime now, pol_expect_fn *fn, void *arg)
{
	return run(pol, pol->expects, now, fn, arg);
}

static bool
take_tests(struct policy *store, const char *name, struct bytes text, struct diag *diag)
{
	struct parser p = {.policy = store, .diag = diag};
	const char *kept_name = arena_copy(&store->arena, bytes_of(name));
	const char *kept_text = arena_copy(&store->arena, text);
	bool ok = false;

	store->source = (struct source){.name = kept_name, .text = {.p = kept_text, .n = text.n}};
	if (kept_name == NULL || kept_text == NULL) {
		diag->failed = true;
	} else if (text.n > ST_POLICY_BYTES) {
		diag_error(diag, (struct span){0}, "%s: a file of tests has at most %u bytes", kept_name,
		    ST_POLICY_BYTES);
	} else {
		lexer_init(&p.lexer, &store->source, diag);
		ok = parse_tests(&p);
	}
	diag->failed = diag->failed || store->arena.failed;
	index_free(&p.tables);
	return ok;
}

unsigned
pol_test_text(const struct policy *pol, const char *name, struct bytes text, struct rtime now,
    pol_expect_fn *fn, void *arg, struct buf *out, unsigned *nerrors)
{
	struct policy store = {0}; /* holds the lines and nothing else */
	struct diag diag = DIAG_INIT;
	bool ok = take_tests(&store, name, text, &diag);
	unsigned failed = 0;

	ok = diag_print(&diag, out) && ok;
	*nerrors = diag.errors + diag.failed;
	if (!ok && *nerrors == 0)
		*nerrors = 1;
	if (ok)
		failed = run(pol, store.expects, now, fn, arg);
	diag_free(&diag);
	arena_free(&store.arena);
	return failed;
}

void
pol_each_expect(const struct policy *pol, pol_asked_fn *fn, void *arg)
{
	for (const struct expect *e = pol->expects; e != NULL; e = e->next)
		fn(e->at.src->name, e->at.line, &e->question, arg);
}

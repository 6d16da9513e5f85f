/*
 * expect: asks the policy what each expect line asks and compares.  At a load, rules that are over
 * count as in force: a policy that loaded yesterday must load today.
 */
#include "policy/expect.h"

/* The action after never-stop, where the line says enough for it to hold. */
static enum action
effective(const struct policy *pol, const struct question *q, const struct decision *d)
{
	if (d->action > DO_ALERT && never_stop_holds(pol, q) == TRI_YES)
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

/*
 * Runs one line.  False: *why says, in a sentence, what the policy answers instead.  now is for
 * `until` where the line itself names no hours; RTIME_NONE: rules with an end are taken as in
 * force.
 */
static bool
holds(const struct policy *pol, const struct expect *e, struct rtime now, struct buf *why)
{
	struct question q = e->question;
	struct decision d;

	if ((q.known & 1u << QF_TIME) != 0)
		now = q.time;
	pol_ask_file(pol, &q, now, &d);
	if (d.undetermined) {
		buf_puts(why, "the answer hangs on what the line leaves out: ");
		put_missing(d.missing, why);
		return false;
	}
	if (effective(pol, &q, &d) == e->action)
		return true;
	buf_printf(why, "the policy says %s, ", action_name(effective(pol, &q, &d)));
	if (effective(pol, &q, &d) != d.action)
		buf_printf(why, "because of never-stop (line %u: %s)", d.line, action_name(d.action));
	else if (d.by_default)
		buf_puts(why, "because no rule matches");
	else
		buf_printf(why, "because of line %u", d.line);
	return false;
}

void
expect_check(const struct policy *pol, struct diag *diag)
{
	for (const struct expect *e = pol->expects; e != NULL && !diag_full(diag); e = e->next) {
		struct buf why = BUF_INIT;

		if (!holds(pol, e, RTIME_NONE, &why))
			diag_error(diag, e->at, "expected %s: %s", action_name(e->action),
			    buf_ok(&why) && why.p != NULL ? why.p : "");
		buf_free(&why);
	}
}

unsigned
pol_test(const struct policy *pol, struct rtime now, pol_expect_fn *fn, void *arg)
{
	unsigned failed = 0;

	for (const struct expect *e = pol->expects; e != NULL; e = e->next) {
		struct buf what = BUF_INIT, why = BUF_INIT;
		bool ok = holds(pol, e, now, &why);

		print_expect(e, &what);
		if (!ok) {
			buf_puts(&what, ": ");
			buf_putb(&what, buf_bytes(&why));
		}
		if (fn != NULL)
			fn(pol->source.name, e->at.line, ok, buf_ok(&what) ? what.p : "", arg);
		failed += !ok;
		buf_free(&what);
		buf_free(&why);
	}
	return failed;
}

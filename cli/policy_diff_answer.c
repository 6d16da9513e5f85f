/*
 * policy_diff_answer: what a decision comes to on a host in enforce mode, in words, and how two differ.  What is done
 * weighs more than what is said.
 */
#include "cli/policy_diff.h"

#include "agentd/engine/asked.h"

static const struct {
	const char *title, *word;
} kinds[DIFF_KINDS] = {
	[DIFF_STOPPED] = {"newly stopped", "stopped"},
	[DIFF_ALLOWED] = {"newly allowed", "allowed"},
	[DIFF_OTHERWISE] = {"stopped otherwise", "otherwise"},
	[DIFF_TRIAL] = {"different once in enforce mode", "trial"},
	[DIFF_TOLD] = {"told otherwise", "told"},
	[DIFF_WORDED] = {"other words", "worded"},
	[DIFF_UNSURE] = {"not certain", "unsure"},
};

const char *
diff_title(enum diff_kind k)
{
	return kinds[k].title;
}

const char *
diff_word(enum diff_kind k)
{
	return kinds[k].word;
}

/* --- how they differ ------------------------------------------------------------------------ */

/* Of what the policy would do: never-stop makes an alert of it. */
static enum action
taken(const struct decision *d)
{
	return d->never_stop && d->action > DO_ALERT ? DO_ALERT : d->action;
}

static bool
stops(const struct decision *d)
{
	return taken(d) > DO_ALERT && d->mode == MODE_ENFORCE;
}

static bool
would_stop(const struct decision *d)
{
	return taken(d) > DO_ALERT && d->mode != MODE_ENFORCE;
}

static bool
same_tags(const struct decision *a, const struct decision *b)
{
	if (a->ntags != b->ntags)
		return false;
	for (size_t i = 0; i < a->ntags; i++)
		if (!bytes_eq(a->tags[i], b->tags[i]))
			return false;
	return true;
}

static bool
same_words(const struct decision *a, const struct decision *b)
{
	return a->severity == b->severity && a->action == b->action && a->never_stop == b->never_stop &&
	    bytes_eq(bytes_of(a->message), bytes_of(b->message)) && same_tags(a, b) && a->at_most.n == b->at_most.n &&
	    a->at_most.window_ms == b->at_most.window_ms;
}

/* Not known is as good as not known for want of something else. */
static bool
unsure_alike(const struct decision *a, const struct decision *b)
{
	return a->undetermined == b->undetermined && a->strongest == b->strongest && a->action == b->action &&
	    a->mode == b->mode;
}

bool
diff_kind_of(const struct decision *was, const struct decision *is, enum diff_kind *kind)
{
	if (was->undetermined || is->undetermined)
		*kind = DIFF_UNSURE;
	else if (stops(is) && !stops(was))
		*kind = DIFF_STOPPED;
	else if (stops(was) && !stops(is))
		*kind = DIFF_ALLOWED;
	else if (stops(was) && taken(was) != taken(is))
		*kind = DIFF_OTHERWISE;
	else if (would_stop(was) != would_stop(is) || (would_stop(was) && taken(was) != taken(is)))
		*kind = DIFF_TRIAL;
	else if (taken(was) != taken(is))
		*kind = DIFF_TOLD;
	else
		*kind = DIFF_WORDED;
	if (*kind == DIFF_UNSURE)
		return !unsure_alike(was, is);
	return *kind != DIFF_WORDED || !same_words(was, is);
}

/* --- in words -------------------------------------------------------------------------------- */

static void
put_unsure(const struct decision *d, struct buf *out)
{
	const char *sep = "";

	buf_puts(out, action_name(d->action));
	if (d->strongest != d->action)
		buf_printf(out, " or %s", action_name(d->strongest));
	buf_puts(out, ": it hangs on ");
	for (unsigned f = 0; f < QF_COUNT; f++) {
		if ((d->missing >> f & 1) == 0)
			continue;
		buf_printf(out, "%s%s", sep, asked_fact((enum pol_fact)f));
		sep = ", ";
	}
}

void
diff_put_answer(const struct decision *d, struct buf *out)
{
	if (d->undetermined)
		put_unsure(d, out);
	else if (taken(d) != d->action)
		buf_printf(out, "alert (never-stop: %s)", action_name(d->action));
	else
		buf_printf(out, "%s%s", would_stop(d) ? "would " : "", action_name(d->action));
}

void
diff_put_answer_full(const struct decision *d, struct buf *out)
{
	diff_put_answer(d, out);
	buf_printf(out, " severity %s", severity_name(d->severity));
	for (size_t i = 0; i < d->ntags; i++) {
		buf_puts(out, i == 0 ? " tag " : ", ");
		buf_put_visible(out, d->tags[i]);
	}
	if (d->at_most.n > 0) {
		buf_printf(out, " at most %u/", d->at_most.n);
		duration_print(d->at_most.window_ms, out);
	}
	if (d->message != NULL) {
		buf_puts(out, " message \"");
		buf_put_visible(out, bytes_of(d->message));
		buf_putc(out, '"');
	}
}

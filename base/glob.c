/*
 * glob: matching with one place to come back to (the last '*'), so that its time is bounded by
 * pattern × text and nothing recurses.
 */
#include "base/glob.h"

#include "base/steps.h"

/* Where the class that begins at p.p[at] ('[') ends: the index of its ']', or 0 for none. */
static size_t
class_end(struct bytes p, size_t at)
{
	size_t i = at + 1;

	if (i < p.n && p.p[i] == '!')
		i++;
	/* A ']' that comes first stands for itself. */
	for (i++; i < p.n; i++)
		if (p.p[i] == ']')
			return i;
	return 0;
}

static bool
class_has(struct bytes p, size_t at, size_t end, unsigned char c)
{
	size_t i = at + 1;
	bool negate = p.p[i] == '!', found = false;

	for (i += negate; i < end; i++) {
		unsigned char lo = (unsigned char)p.p[i], hi = lo;

		if (i + 2 < end && p.p[i + 1] == '-') {
			hi = (unsigned char)p.p[i + 2];
			i += 2;
		}
		found = found || (lo <= c && c <= hi);
	}
	return found != negate;
}

/* How much of the pattern one character c uses up; 0: it does not match. */
static size_t
one(struct bytes p, size_t at, unsigned char c)
{
	size_t end;

	if (at >= p.n)
		return 0;
	if (p.p[at] == '?')
		return 1;
	if (p.p[at] == '[' && (end = class_end(p, at)) != 0)
		return class_has(p, at, end, c) ? end - at + 1 : 0;
	if (p.p[at] == '\\' && at + 1 < p.n)
		return (unsigned char)p.p[at + 1] == c ? 2 : 0;
	return (unsigned char)p.p[at] == c ? 1 : 0;
}

static bool
is_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\';
}

/* What stands behind all that is special: the text ends in it, or does not match. */
static struct bytes
tail(struct bytes p)
{
	size_t at = p.n;

	while (at > 0 && !is_special(p.p[at - 1]))
		at--;
	return (struct bytes){.p = p.p + at, .n = p.n - at};
}

/* A class is looked through to its end, if it has one. */
static inline uint64_t
step_cost(struct bytes p, size_t pi)
{
	return pi < p.n && p.p[pi] == '[' ? p.n - pi : 1;
}

static inline bool __attribute__((always_inline))
match(struct bytes p, struct bytes t, uint64_t *left)
{
	size_t pi = 0, ti = 0, star = SIZE_MAX, back = 0;

	/* Of a large table most are out by that, however long the text is that somebody chose. */
	if (!bytes_ends(t, tail(p)))
		return false;
	while (ti < t.n) {
		size_t used;

		if (left != NULL && !steps_take(left, step_cost(p, pi)))
			return false;
		if (pi < p.n && p.p[pi] == '*') {
			star = ++pi;
			back = ti;
		} else if ((used = one(p, pi, (unsigned char)t.p[ti])) != 0) {
			pi += used;
			ti++;
		} else if (star != SIZE_MAX) {
			pi = star;
			ti = ++back;
		} else {
			return false;
		}
	}
	while (pi < p.n && p.p[pi] == '*')
		pi++;
	return pi == p.n;
}

bool
glob_match(struct bytes p, struct bytes t)
{
	return match(p, t, NULL);
}

bool
glob_match_within(struct bytes p, struct bytes t, uint64_t *left)
{
	return steps_take(left, 1 + p.n / 8) && match(p, t, left);
}

bool
glob_is_plain(struct bytes p)
{
	for (size_t i = 0; i < p.n; i++)
		if (p.p[i] == '*' || p.p[i] == '?' || p.p[i] == '[' || p.p[i] == '\\')
			return false;
	return true;
}

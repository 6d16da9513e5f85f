/*
 * suggest: edit distance with neighbours swapped (optimal string alignment), on short words only,
 * so that its cost is bounded whatever the input.
 */
#include "policy/suggest.h"

#include <limits.h>

#define WORD_MAX 24

void
suggest_init(struct suggest *s, struct bytes word)
{
	*s = (struct suggest){.word = word, .distance = UINT_MAX};
}

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static unsigned
distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned d[3][WORD_MAX + 1];

	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *now = d[i % 3], *before = d[(i - 1) % 3], *two = d[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned swap = a[i - 1] != b[j - 1];

			now[j] = min3(before[j] + 1, now[j - 1] + 1, before[j - 1] + swap);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two[j - 2] + 1 < now[j])
				now[j] = two[j - 2] + 1;
		}
	}
	return d[na % 3][nb];
}

void
suggest_offer(struct suggest *s, const char *candidate)
{
	size_t n = strlen(candidate);
	unsigned d;

	if (s->word.n == 0 || s->word.n > WORD_MAX || n > WORD_MAX)
		return;
	d = distance(s->word.p, s->word.n, candidate, n);
	/* A third of the letters may be wrong, and not all of a short word. */
	if (d > (n + 2) / 3 || d >= n || d >= s->distance)
		return;
	s->distance = d;
	s->best = candidate;
}

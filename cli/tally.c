/* tally: see tally.h.  An open hash table that is at most half full, and a sorted copy of it. */
#include "cli/tally.h"

#include <stdlib.h>

struct tally {
	size_t cap, n;
	uint64_t others;
	struct tally_row *slot;   /* 2 * cap; word owned, NULL: free */
	struct tally_row *sorted; /* owned; words are those of slot */
};

struct tally *
tally_new(size_t cap)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->cap = cap;
	t->slot = calloc(2 * cap, sizeof(*t->slot));
	if (t->slot == NULL)
		tally_free(&t);
	return t;
}

void
tally_free(struct tally **tp)
{
	struct tally *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	for (size_t i = 0; t->slot != NULL && i < 2 * t->cap; i++)
		free((void *)(uintptr_t)t->slot[i].word);
	free(t->slot);
	free(t->sorted);
	free(t);
}

/* Where the word is, or would be. */
static struct tally_row *
find(const struct tally *t, struct bytes word)
{
	size_t mask = 2 * t->cap - 1, i = bytes_hash(word) & mask;

	while (t->slot[i].word != NULL && !bytes_is(word, t->slot[i].word))
		i = (i + 1) & mask;
	return &t->slot[i];
}

/* NULL: no room. */
static struct tally_row *
find_or_add(struct tally *t, struct bytes word)
{
	struct tally_row *row = find(t, word);

	if (row->word == NULL && t->n < t->cap && memchr(word.p != NULL ? word.p : "", '\0', word.n) == NULL) {
		row->word = word.n > 0 ? strndup(word.p, word.n) : strdup("");
		row->index = t->n;
		t->n += row->word != NULL;
	}
	return row->word != NULL ? row : NULL;
}

bool
tally_add(struct tally *t, struct bytes word, uint64_t n)
{
	struct tally_row *row = find_or_add(t, word);

	if (row == NULL)
		t->others += n;
	else
		row->n += n;
	return row != NULL;
}

bool
tally_index(struct tally *t, struct bytes word, size_t *out)
{
	struct tally_row *row = find_or_add(t, word);

	if (row != NULL)
		*out = row->index;
	return row != NULL;
}

size_t
tally_count(const struct tally *t)
{
	return t->n;
}

bool
tally_has(const struct tally *t, struct bytes word)
{
	return find(t, word)->word != NULL;
}

uint64_t
tally_others(const struct tally *t)
{
	return t->others;
}

static int
compare(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->word, y->word);
}

const struct tally_row *
tally_rows(struct tally *t, size_t *n)
{
	size_t k = 0;

	*n = 0;
	free(t->sorted);
	t->sorted = calloc(t->n + 1, sizeof(*t->sorted));
	if (t->sorted == NULL)
		return NULL;
	for (size_t i = 0; i < 2 * t->cap; i++)
		if (t->slot[i].word != NULL)
			t->sorted[k++] = t->slot[i];
	qsort(t->sorted, k, sizeof(*t->sorted), compare);
	*n = k;
	return t->sorted;
}

/*
 * A policy is an immutable snapshot: once it is loaded, its memory is made read-only, and whoever asks it anything
 * and writes to it dies.  Nor does an answer hang on what was asked before.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "tests/unit/gen_policy.h"

/* --- memory that can be frozen -------------------------------------------------------------------------------- */

#define REGIONS 100000

static struct {
	void *p;
	size_t n;
} regions[REGIONS];
static size_t nregions;
static bool guarded; /* allocations stand in pages of their own now */

void *__real_calloc(size_t, size_t);
void *__wrap_calloc(size_t, size_t);
void __real_free(void *);
void __wrap_free(void *);

void *
__wrap_calloc(size_t n, size_t size)
{
	void *p;

	if (!guarded)
		return __real_calloc(n, size);
	if (nregions == REGIONS || (n != 0 && size > SIZE_MAX / 2 / n))
		return NULL;
	p = mmap(NULL, n * size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	regions[nregions].p = p;
	regions[nregions++].n = n * size + 1;
	return p;
}

void
__wrap_free(void *p)
{
	size_t i = 0;

	while (i < nregions && regions[i].p != p)
		i++;
	if (i == nregions || p == NULL) {
		__real_free(p);
		return;
	}
	(void)munmap(p, regions[i].n);
	regions[i] = regions[--nregions];
}

static void
protect(int how)
{
	for (size_t i = 0; i < nregions; i++)
		assert_int_equal(mprotect(regions[i].p, regions[i].n, how), 0);
}

/* --- questions -------------------------------------------------------------------------------------------------- */

enum { QUESTIONS = 400 };

static struct gen_question asked[QUESTIONS];
static struct decision first[QUESTIONS];

static void
ask_everything(const struct policy *pol, struct gen_question *a, struct decision *d)
{
	struct buf out = BUF_INIT;

	pol_ask(pol, &a->q, d);
	(void)pol_spares(pol, a->q.exe);
	(void)pol_is_ssh_port(pol, a->q.port);
	if (rand() % 20 == 0) {
		pol_explain(pol, &a->q, &out);
		pol_print(pol, &out);
	}
	buf_free(&out);
}

static bool
alike(const struct decision *a, const struct decision *b)
{
	return a->undetermined == b->undetermined && a->missing == b->missing && a->action == b->action &&
	    a->severity == b->severity && a->mode == b->mode && a->rule == b->rule && a->never_stop == b->never_stop &&
	    a->strongest == b->strongest && a->message == b->message && a->tags == b->tags;
}

/* Forwards, and backwards. */
static void
ask_all(const struct gen_policy *g, const struct policy *pol)
{
	struct decision d;

	for (size_t i = 0; i < QUESTIONS; i++) {
		gen_question(g, false, &asked[i]);
		if (i % 3 == 0)
			gen_forget(&asked[i]);
		ask_everything(pol, &asked[i], &first[i]);
	}
	for (size_t i = QUESTIONS; i-- > 0;) {
		ask_everything(pol, &asked[i], &d);
		assert_true(alike(&d, &first[i]));
	}
}

static void
asking_writes_nothing(void **state)
{
	static struct gen_policy g;

	(void)state;
	srand(41);
	for (int round = 0; round < 40; round++) {
		struct buf text = BUF_INIT, prelude = BUF_INIT;
		struct policy *pol;

		gen_policy(&g);
		gen_write(&g, &text, &prelude);
		guarded = true;
		pol = gen_load(&g, &text, &prelude);
		guarded = false;
		assert_non_null(pol);
		assert_true(nregions >= 2); /* itself and what hangs in its arena */
		protect(PROT_READ);
		ask_all(&g, pol);
		protect(PROT_READ | PROT_WRITE);
		pol_free(&pol);
		assert_int_equal(nregions, 0);
		buf_free(&text);
		buf_free(&prelude);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asking_writes_nothing),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

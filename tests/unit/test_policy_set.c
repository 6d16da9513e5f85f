/* Sets: the compiled form against a walk over the entries, on random sets, crowded ones too; a million entries. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/glob.h"
#include "policy/set.h"

static struct addr
random_addr(unsigned family, unsigned spread)
{
	struct addr a = {.family = (uint8_t)family};

	/* Few different bytes, so that prefixes nest and meet; both ends of the space too. */
	for (unsigned i = 0; i < (family == 4 ? 4u : 16u); i++)
		a.b[i] = (uint8_t)(rand() % 4 == 0 ? 0xff : rand() % (int)spread);
	return a;
}

static struct prefix
random_prefix(unsigned family)
{
	struct prefix p = {.addr = random_addr(family, 3)};
	unsigned max = family == 4 ? 32 : 128;

	p.bits = (uint8_t)(rand() % 3 == 0 ? max : (unsigned)rand() % (max + 1));
	for (unsigned i = 0; i < 16; i++) {
		unsigned keep = p.bits >= 8 * (i + 1) ? 8 : p.bits > 8 * i ? p.bits - 8 * i : 0;

		p.addr.b[i] = (uint8_t)(p.addr.b[i] & (0xff00u >> keep));
	}
	return p;
}

/* The longest prefix decides; of two alike the negated one. */
static bool
walk(const struct addr_entry *e, size_t n, struct addr a)
{
	int bits = -1;
	bool in = false;

	for (size_t i = 0; i < n; i++) {
		if (!prefix_has(e[i].prefix, a) || e[i].prefix.bits < bits)
			continue;
		in = !e[i].negate && (e[i].prefix.bits > bits || in);
		bits = e[i].prefix.bits;
	}
	return in;
}

static void
addresses(void **state)
{
	struct addr_entry e[20], sorted[20];

	(void)state;
	srand(4);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)rand() % 20;
		struct arena arena = ARENA_INIT;
		struct addr_set set;

		for (size_t i = 0; i < n; i++)
			e[i] = (struct addr_entry){random_prefix(rand() % 2 ? 4 : 6), rand() % 3 == 0};
		memcpy(sorted, e, sizeof(e));
		assert_true(addr_set_build(&set, &arena, sorted, n));
		for (size_t i = 1; i < set.n4; i++)
			assert_true(set.v4[i - 1].hi < set.v4[i].lo);
		for (int k = 0; k < 20; k++) {
			struct addr a = n != 0 && k % 2 ? e[(size_t)rand() % n].prefix.addr :
			                                  random_addr(rand() % 2 ? 4 : 6, 4);

			assert_int_equal(addr_set_has(&set, a), walk(e, n, a));
		}
		assert_false(addr_set_has(&set, (struct addr){0}));
		arena_free(&arena);
	}
}

/* covers(p) is true only when every address that we try of it is inside. */
static void
covered(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 5000; round++) {
		struct addr_entry e[6], sorted[6];
		struct arena arena = ARENA_INIT;
		struct prefix p = random_prefix(4);
		struct addr_set set;
		bool covers;

		for (size_t i = 0; i < 6; i++)
			e[i] = (struct addr_entry){random_prefix(4), rand() % 4 == 0};
		memcpy(sorted, e, sizeof(e));
		assert_true(addr_set_build(&set, &arena, sorted, 6));
		covers = addr_set_covers(&set, p);
		for (int k = 0; k < 50; k++) {
			struct addr a = random_addr(4, 4);

			if (covers && prefix_has(p, a))
				assert_true(addr_set_has(&set, a));
		}
		arena_free(&arena);
	}
}

static void
names(void **state)
{
	static const char *const words[] = {"", "a", "b", "ab", "abc", "a*", "*b", "?", "[ab]c", "*"};
	const size_t nwords = sizeof(words) / sizeof(words[0]);

	(void)state;
	srand(6);
	for (int round = 0; round < 20000; round++) {
		struct name_entry e[6];
		struct arena arena = ARENA_INIT;
		struct name_set set;
		size_t n = (size_t)rand() % 6;

		for (size_t i = 0; i < n; i++)
			e[i] = (struct name_entry){bytes_of(words[(size_t)rand() % nwords]), rand() % 4 == 0};
		assert_true(name_set_build(&set, &arena, e, n));
		for (size_t w = 0; w < 5; w++) {
			bool in = false, out = false;

			for (size_t i = 0; i < n; i++) {
				bool match = glob_match(e[i].name, bytes_of(words[w]));

				in = in || (match && !e[i].negate);
				out = out || (match && e[i].negate);
			}
			assert_int_equal(name_set_has(&set, bytes_of(words[w])), in && !out);
		}
		arena_free(&arena);
	}
}

/* Few networks with many addresses each, near each other or far apart, and some alone: what an index must get right. */
static struct prefix
crowd_prefix(unsigned family)
{
	struct prefix p = {.addr = {.family = (uint8_t)family}, .bits = family == 4 ? 32 : 128};
	const unsigned n = family == 4 ? 4 : 16, near = 1 + (unsigned)rand() % (n - 1);

	for (unsigned i = 0; i < n; i++)
		p.addr.b[i] = (uint8_t)(i < near ? 0x20 + (rand() % 20 == 0) : rand());
	if (rand() % 8 == 0)
		p.bits = (uint8_t)(1 + (unsigned)rand() % p.bits);
	for (unsigned i = p.bits; i < 8 * n; i++)
		p.addr.b[i / 8] &= (uint8_t)~(0x80u >> i % 8);
	return p;
}

static void
crowds(void **state)
{
	enum { MOST = 700 };
	static struct addr_entry e[MOST], sorted[MOST];

	(void)state;
	srand(9);
	for (int round = 0; round < 150; round++) {
		const unsigned family = rand() % 4 ? 6 : 4;
		size_t n = 1 + (size_t)rand() % MOST;
		struct arena arena = ARENA_INIT;
		struct addr_set set;

		for (size_t i = 0; i < n; i++)
			e[i] = (struct addr_entry){crowd_prefix(family), rand() % 5 == 0};
		memcpy(sorted, e, sizeof(e));
		assert_true(addr_set_build(&set, &arena, sorted, n));
		for (int k = 0; k < 400; k++) {
			struct addr a = k % 2 ? e[(size_t)rand() % n].prefix.addr : crowd_prefix(family).addr;

			a.b[family == 4 ? 3 : 15] ^= (uint8_t)(rand() % 3);
			assert_int_equal(addr_set_has(&set, a), walk(e, n, a));
		}
		arena_free(&arena);
	}
}

static void
many_names(void **state)
{
	static char text[500][16];
	struct name_entry e[500];

	(void)state;
	srand(10);
	for (int round = 0; round < 200; round++) {
		struct arena arena = ARENA_INIT;
		struct name_set set;
		size_t n = (size_t)rand() % 500;
		bool in[1000] = {false}, out[1000] = {false};

		for (size_t i = 0; i < n; i++) {
			unsigned v = (unsigned)rand() % 1000;
			bool negate = rand() % 10 == 0;

			(void)snprintf(text[i], sizeof(text[i]), "name-%u", v);
			e[i] = (struct name_entry){bytes_of(text[i]), negate};
			*(negate ? &out[v] : &in[v]) = true;
		}
		assert_true(name_set_build(&set, &arena, e, n));
		for (unsigned v = 0; v < 1000; v++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "name-%u", v);
			assert_int_equal(name_set_has(&set, bytes_of(name)), in[v] && !out[v]);
		}
		arena_free(&arena);
	}
}

static void
a_million(void **state)
{
	const size_t n = 1000000;
	struct addr_entry *e = calloc(n, sizeof(*e));
	struct arena arena = ARENA_INIT;
	struct addr_set set;

	(void)state;
	assert_non_null(e);
	for (size_t i = 0; i < n; i++) {
		uint32_t v = (uint32_t)(i * 2654435761u) & ~1u; /* even addresses, in no order */

		e[i].prefix = (struct prefix){.addr = {.family = 4,
		    .b = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}},
		    .bits = 32};
	}
	assert_true(addr_set_build(&set, &arena, e, n));
	for (size_t i = 0; i < n; i += 97) {
		struct addr a = e[i].prefix.addr;

		assert_true(addr_set_has(&set, a));
		a.b[3] |= 1;
		assert_false(addr_set_has(&set, a));
	}
	arena_free(&arena);
	free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(covered),
	    cmocka_unit_test(names),
	    cmocka_unit_test(crowds),
	    cmocka_unit_test(many_names),
	    cmocka_unit_test(a_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The order of what has one hash. */
#include "tests/unit/unit.h"

#include "agentd/host/table.h"

struct thing {
	struct table_link link;
	unsigned number;
};

static void
the_newest_comes_first_however_large(void **state)
{
	static struct thing alike[8], others[1000];
	struct table t;
	unsigned n = 0;

	(void)state;
	assert_true(table_init(&t));
	for (unsigned i = 0; i < 1000; i++) {
		if (i % 125 == 0) {
			alike[n].number = n;
			table_add(&t, &alike[n].link, 7);
			n++;
		}
		table_add(&t, &others[i].link, 1000 + i);
		if (i % 3 == 0)
			table_del(&t, &others[i].link);
		for (struct table_link *l = table_first(&t, 7); l != NULL; l = table_next(l))
			assert_int_equal(TABLE_ENTRY(l, struct thing, link)->number, --n);
		assert_int_equal(n, 0);
		n = i / 125 + 1;
	}
	for (unsigned i = 0; i < 1000; i++)
		assert_true((table_first(&t, 1000 + i) == NULL) == (i % 3 == 0));
	table_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_comes_first_however_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

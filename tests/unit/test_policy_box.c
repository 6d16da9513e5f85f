/* policy_box: what is in force stays until something better is there. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/engine/policy_box.h"
#include "base/safe.h"

static char path[64];
static unsigned swaps;

static void
swap(const struct policy *p, void *arg)
{
	(void)p;
	(void)arg;
	swaps++;
}

static void
put(const char *text)
{
	assert_int_equal(atomic_write(path, bytes_of(text), 0600), 0);
}

/* What the loader said must hold `says`; NULL: it loaded. */
static void
assert_load(struct policy_box *box, const char *named, const char *says)
{
	const struct config conf = {.policy = path};
	struct policy_load *l = policy_load_new(&conf, named != NULL ? named : path, named != NULL, (struct bytes){0});

	assert_non_null(l);
	policy_load_run(l);
	assert_int_equal(policy_box_take(box, l, swap, NULL), says == NULL);
	if (says != NULL)
		assert_non_null(strstr(l->diag.p, says));
	policy_load_free(&l);
}

static struct policy_box *
box_new(void)
{
	struct policy_box *box;

	swaps = 0;
	(void)snprintf(path, sizeof(path), "/tmp/test_policy_box.%d", (int)getpid());
	(void)unlink(path);
	box = policy_box_new(path);
	assert_non_null(box);
	return box;
}

static void
begins_empty_without_a_file(void **state)
{
	struct policy_box *box = box_new();

	(void)state;
	assert_load(box, NULL, NULL);
	assert_true(policy_box_absent(box));
	assert_load(box, NULL, NULL); /* nothing is lost by that */
	assert_null(policy_box_error(box));
	put("serial 2\nblock relay\n");
	assert_load(box, NULL, NULL);
	assert_false(policy_box_absent(box));
	policy_box_free(&box);
}

static void
a_file_that_vanished_changes_nothing(void **state)
{
	struct policy_box *box = box_new();

	(void)state;
	put("serial 2\nblock relay\n");
	assert_load(box, NULL, NULL);
	assert_int_equal(unlink(path), 0);
	assert_load(box, NULL, "no such file");
	assert_int_equal(swaps, 1);
	assert_int_equal(pol_serial(policy_box_get(box)), 2);
	assert_int_equal(pol_nrules(policy_box_get(box)), 1);
	assert_false(policy_box_absent(box));
	assert_non_null(policy_box_error(box));
	put("serial 3\nblock relay\n");
	assert_load(box, NULL, NULL);
	assert_null(policy_box_error(box));
	assert_int_equal(pol_serial(policy_box_get(box)), 3);
	policy_box_free(&box);
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_empty_without_a_file),
		cmocka_unit_test(a_file_that_vanished_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

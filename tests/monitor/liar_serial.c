/* A policy's serial, once told, is never lower: not for the engine that told it, nor for the next. */
#include "tests/monitor/kit.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define PROD 0x7700000000000001u
#define TEST 0x7700000000000002u

/* What the monitor says it knows, after it was told: it corrects who then says 0. */
static uint64_t
after(uint64_t fleet, uint64_t serial)
{
	struct request rq = {.kind = REQ_POLICY, .inode = fleet, .value = serial};
	struct notice n;

	stage_send(&rq, sizeof(rq));
	stage_deaf();
	rq.value = 0;
	stage_send(&rq, sizeof(rq));
	do
		assert_true(stage_hear(NOTE_SERIAL, 0, &n, NULL));
	while (n.inode != fleet); /* another test's lie */
	return n.value;
}

static void
it_goes_up_and_stays(void **state)
{
	(void)state;
	stage_deaf();
	assert_int_equal(after(PROD, 9), 9);
	assert_int_equal(after(PROD, 3), 9);
	assert_int_equal(after(PROD, 0), 9);
	assert_true(after(TEST, UINT64_MAX) == UINT64_MAX); /* of that fleet alone */
	assert_true(after(TEST, 1) == UINT64_MAX);
	assert_int_equal(after(PROD, 10), 10);
}

static void
the_next_engine_hears_of_it_first(void **state)
{
	struct notice n = {0};
	uint64_t prod = 0, test = 0;

	(void)state;
	stage_new_engine();
	while (stage_hear(0, 0, &n, NULL) && n.kind == NOTE_SERIAL) {
		prod = n.inode == PROD ? n.value : prod;
		test = n.inode == TEST ? n.value : test;
	}
	assert_int_equal(n.kind, NOTE_CONFIG);
	assert_int_equal(prod, 10);
	assert_true(test == UINT64_MAX);
}

static void
it_is_kept_where_only_root_can_write(void **state)
{
	static const char want[] = "7700000000000001 10 7700000000000002 18446744073709551615\n";
	char kept[256] = "";
	int fd = open(stage_path("state/monitor/serials"), O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd != -1 && read(fd, kept, sizeof(kept) - 1) > 0);
	close(fd);
	assert_non_null(strstr(kept, want));
}

static const struct CMUnitTest tests[] = {
	kit_test(it_goes_up_and_stays),
	kit_test(the_next_engine_hears_of_it_first),
	kit_test(it_is_kept_where_only_root_can_write),
};

const struct kit_tests liar_serial = {tests, sizeof(tests) / sizeof(*tests)};

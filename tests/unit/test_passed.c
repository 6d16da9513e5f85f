/* Which descriptors the loop closes itself, and that it waits for no other. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/monitor/aside.h"
#include "agentd/monitor/passed.h"

static void
a_place_or_a_file(void **state)
{
	const int place = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(passed_is_place(place));
	assert_false(passed_is_place(dir));
	assert_false(passed_is_place(ends[0]));
	close(place);
	assert_false(passed_is_place(place));
	close(dir);
	close(ends[0]);
	close(ends[1]);
}

static int held[2]; /* a pipe: its reading end hears of it when the other is closed */

static void
wait_for_word(struct job *job)
{
	char byte;

	(void)job;
	assert_int_equal(read(held[0], &byte, 1), 1);
}

static void
forget(struct job *job)
{
	free(job);
}

/* The thread is busy: who gives it a descriptor goes on all the same. */
static void
closed_beside_the_loop(void **state)
{
	struct event_base *base = event_base_new();
	struct aside *aside = aside_new(base);
	struct job *busy = calloc(1, sizeof(*busy));
	const int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_non_null(aside);
	assert_int_equal(pipe(held), 0);
	assert_non_null(busy);
	*busy = (struct job){.run = wait_for_word, .done = forget};
	assert_true(aside_give(aside, busy));
	passed_close(aside, fd);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(write(held[1], "x", 1), 1);
	while (fcntl(fd, F_GETFD) != -1)
		(void)event_base_loop(base, EVLOOP_ONCE);
	aside_free(&aside);
	event_base_free(base);
	close(held[0]);
	close(held[1]);
}

/* There is no thread. */
static void
left_open_rather_than_waited_for(void **state)
{
	const int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	passed_close(NULL, fd);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_or_a_file),
		cmocka_unit_test(closed_beside_the_loop),
		cmocka_unit_test(left_open_rather_than_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

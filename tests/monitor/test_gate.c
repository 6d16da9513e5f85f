/*
 * The kernel gates, alone: real BPF on a cgroup of the test's own, real sessions, every verdict beside its
 * neighbour that must pass.  Closed ports of loopback are all that anybody connects to.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "tests/monitor/gate_kit.h"

#define TESTS_MAX 64

static size_t
add(struct CMUnitTest *all, size_t at, const struct CMUnitTest *more, size_t n)
{
	memcpy(all + at, more, n * sizeof(*more));
	return at + n;
}

int
main(int argc, char **argv)
{
	struct CMUnitTest all[TESTS_MAX];
	const char *obstacle;
	size_t n = 0;
	int failed;

	actor_main(argc, argv);
	obstacle = gate_kit_obstacle();
	if (obstacle != NULL) {
		fprintf(stderr, "%s\n", obstacle);
		return 77;
	}
	log_init("test_gate", true, false);
	n = add(all, n, gate_tcp_tests, gate_tcp_n);
	n = add(all, n, gate_judge_tests, gate_judge_n);
	n = add(all, n, gate_unix_tests, gate_unix_n);
	n = add(all, n, gate_keep_tests, gate_keep_n);
	gate_kit_open();
	failed = _cmocka_run_group_tests("gate", all, n, NULL, NULL);
	gate_kit_close();
	return failed;
}

/*
 * The monitor against an engine that lies: every request that it must refuse, each beside the honest
 * twin that it must obey.  Real processes, real login uids, real session ids.
 */
#include "tests/monitor/kit.h"

#include <stdio.h>

#include "tests/unit/unit.h"

#define TESTS_MAX 128

/* The flood comes last: it leaves no tokens. */
static const struct kit_tests *const all[] = {&liar_login, &liar_kill, &liar_mode, &liar_serial, &liar_say, &liar_cut,
    &liar_end, &liar_look, &liar_grants, &liar_gates, &liar_review, &liar_listeners, &liar_isolate, &liar_revoke, &liar_watch, &liar_flood};

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[TESTS_MAX];
	const char *obstacle = stage_obstacle();
	size_t n = 0;
	int failed, status;

	if (argc != 2 || obstacle != NULL) {
		fprintf(stderr, "%s\n", obstacle != NULL ? obstacle : "usage: test_liar SSHTETHERD-LIAR");
		return 77;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (size_t j = 0; j < all[i]->n && n < TESTS_MAX; j++)
			tests[n++] = all[i]->test[j];
	stage_open(argv[1]);
	failed = _cmocka_run_group_tests("liar", tests, n, NULL, NULL);
	status = stage_close();
	if (status != 0)
		fprintf(stderr, "the monitor ended with wait status %#x\n", (unsigned)status);
	return failed != 0 || status != 0;
}

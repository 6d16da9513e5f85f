/*
 * ruling: a finding with all that belongs to it, made by hand: alice's session 57 runs ssh
 * from a shell. For the tests of what comes after detection.
 */
#ifndef TESTS_RULING_H
#define TESTS_RULING_H

#include "agentd/engine/pipeline.h"

struct made_ruling {
	struct ruling ruling;
	struct finding finding;
	struct session session, other;
	struct process ssh, shell, sshd;
	char exe[3][64], argv[64];
};

/* Everything points into *m. */
void make_ruling(struct made_ruling *m);

#endif

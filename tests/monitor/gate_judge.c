/* gate_judge: what the gate would say of connections that are there already. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/report_addr.h"
#include "tests/monitor/gate_kit.h"

static struct gate_question
question(const struct actor *a, const char *to, uint16_t port)
{
	struct gate_question q = {.ses = a->ses, .to = {.port = port}, .program = -1, .starter = -1};
	struct endpoint e = {.port = port};

	assert_true(addr_parse(bytes_of(to), &e.addr));
	q.to = report_addr_of(e);
	return q;
}

static int
says(const struct actor *a, const char *to, uint16_t port)
{
	const struct gate_question q = question(a, to, port);

	return gate_judge(kit.gate, &q);
}

static void
deny(enum grant_via via)
{
	struct gate_row row = gate_kit_row(&kit.alice);

	gate_kit_deny(&row, via, GRANT_DENY);
	gate_kit_set(&row);
}

static void
test_it_says_what_connecting_would_meet(void **state)
{
	struct gate_question q;

	(void)state;
	deny(VIA_SSH);
	assert_int_equal(says(&kit.alice, NEAR, SSH_PORT), GRANT_DENY);
	assert_int_equal(says(&kit.alice, "::1", SSH_PORT), GRANT_DENY);
	assert_int_equal(says(&kit.alice, FAR, SSH_PORT), GRANT_ALLOW);
	assert_int_equal(says(&kit.alice, NEAR, OTHER_PORT), GRANT_ALLOW);
	assert_int_equal(says(&kit.bob, NEAR, SSH_PORT), GRANT_ALLOW);
	q = question(&kit.alice, NEAR, SSH_PORT);
	q.relay = true;
	assert_int_equal(gate_judge(kit.gate, &q), GRANT_ALLOW);
	deny(VIA_RELAY);
	assert_int_equal(gate_judge(kit.gate, &q), GRANT_DENY);
	assert_int_equal(says(&kit.alice, NEAR, SSH_PORT), GRANT_ALLOW);
	assert_int_equal(gate_mode(kit.gate, MODE_AUDIT), 0);
	assert_int_equal(gate_judge(kit.gate, &q), GRANT_ALLOW);
	assert_null(gate_kit_told(kit.alice.ses, GATE_TCP)); /* nobody has connected */
}

/* Its own end is a port that listens. */
static void
test_what_came_to_here_is_let_be_but_from_ssh_ports(void **state)
{
	struct gate_question ssh, other;
	struct gate_row row = gate_kit_row(&kit.alice);

	(void)state;
	row.grant.tcp[VIA_RELAY][0][0] = GRANT_DENY << 2;
	row.grant.tcp[VIA_RELAY][1][0] = GRANT_DENY << 2;
	gate_kit_set(&row);
	ssh = question(&kit.alice, NEAR, SSH_PORT);
	other = question(&kit.alice, NEAR, OTHER_PORT);
	ssh.relay = other.relay = true;
	assert_int_equal(gate_judge(kit.gate, &other), GRANT_DENY);
	ssh.came = other.came = true;
	assert_int_equal(gate_judge(kit.gate, &ssh), GRANT_DENY);
	assert_int_equal(gate_judge(kit.gate, &other), GRANT_ALLOW);
}

/* An SSH client's, or of what one has started. */
static void
test_it_knows_clients_by_their_files(void **state)
{
	struct gate_row row = gate_kit_row(&kit.alice);
	struct gate_question q = question(&kit.alice, NEAR, OTHER_PORT);
	int self = open("/proc/self/exe", O_PATH | O_CLOEXEC), other = open("/bin/true", O_PATH | O_CLOEXEC);

	(void)state;
	row.grant.tcp[VIA_SSH][0][0] = GRANT_DENY << 2;
	gate_kit_set(&row);
	q.program = other;
	q.starter = self;
	assert_int_equal(gate_judge(kit.gate, &q), GRANT_ALLOW);
	assert_int_equal(gate_client_set(kit.gate, other), 0);
	assert_int_equal(gate_judge(kit.gate, &q), GRANT_DENY);
	q.program = self;
	q.starter = other;
	assert_int_equal(gate_judge(kit.gate, &q), GRANT_DENY);
	q.starter = -1;
	assert_int_equal(gate_judge(kit.gate, &q), GRANT_ALLOW);
	close(self);
	close(other);
}

const struct CMUnitTest gate_judge_tests[] = {
	cmocka_unit_test_setup(test_it_says_what_connecting_would_meet, gate_kit_fresh),
	cmocka_unit_test_setup(test_what_came_to_here_is_let_be_but_from_ssh_ports, gate_kit_fresh),
	cmocka_unit_test_setup(test_it_knows_clients_by_their_files, gate_kit_fresh),
};
const size_t gate_judge_n = sizeof(gate_judge_tests) / sizeof(*gate_judge_tests);

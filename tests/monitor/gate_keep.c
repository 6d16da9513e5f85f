/* gate_keep: what is left of a gate when its daemon ends, dies or is another's, in the real kernel. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/proc.h"
#include "tests/monitor/gate_kit.h"

#define FOLDER "/sys/fs/bpf/sshtether"
#define PINS   FOLDER "/v4"

static int
tcp(const struct actor *a)
{
	return actor_do(a, ACT_TCP, BY_ITSELF, NEAR, SSH_PORT);
}

/* Programs on the test's cgroup. */
static unsigned
attached(void)
{
	static const enum bpf_attach_type types[] = {BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT,
	    BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_UDP6_SENDMSG, (enum bpf_attach_type)49};
	int dir = open(kit.cf.gate_cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		uint32_t ids[16], n = 16;

		if (bpf_prog_query(dir, types[i], 0, NULL, ids, &n) == 0)
			sum += n;
	}
	close(dir);
	return sum;
}

static struct gate_row
denied(const struct actor *a)
{
	struct gate_row row = gate_kit_row(a);

	gate_kit_deny(&row, VIA_SSH, GRANT_DENY);
	return row;
}

static void
restart(bool keep)
{
	kit.cf.gate_keep = keep;
	gate_close(&kit.gate);
	gate_kit_start();
}

static int
released(void **state)
{
	(void)state;
	restart(false);
	return 0;
}

static void
test_released_nothing_is_left(void **state)
{
	struct gate_row row = denied(&kit.alice);

	(void)state;
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice), EPERM);
	assert_int_equal(attached(), 5);
	gate_close(&kit.gate);
	assert_int_equal(attached(), 0);
	assert_int_equal(access(FOLDER, F_OK), -1);
	assert_int_equal(tcp(&kit.alice), ECONNREFUSED);
	gate_kit_start();
	assert_int_equal(gate_row_get(kit.gate, kit.alice.ses, &row), -ENOENT);
}

/* In a process of its own: a gate with a row for alice; killed, and waited for. */
static void
die_with_a_gate(bool keep)
{
	struct gate_row row;
	int up[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	gate_close(&kit.gate);
	kit.cf.gate_keep = keep;
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* of a test that fails */
		gate_kit_start();
		(void)gate_kit_fresh(NULL);
		row = denied(&kit.alice); /* of this gate's classes */
		gate_kit_set(&row);
		(void)!write(up[1], "", 1);
		pause();
	}
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	assert_int_equal(tcp(&kit.alice), EPERM);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
test_killed_without_keep_nothing_is_left(void **state)
{
	(void)state;
	die_with_a_gate(false);
	assert_int_equal(attached(), 0);
	assert_int_equal(tcp(&kit.alice), ECONNREFUSED);
	gate_kit_start();
}

static void
test_killed_with_keep_all_stays_and_is_taken_over(void **state)
{
	struct gate_row row;

	(void)state;
	die_with_a_gate(true);
	assert_int_equal(tcp(&kit.alice), EPERM);
	gate_kit_start();
	assert_int_equal(attached(), 5); /* no second set of them */
	assert_int_equal(gate_row_get(kit.gate, kit.alice.ses, &row), 0);
	assert_int_equal(tcp(&kit.alice), EPERM);
	assert_non_null(gate_kit_told(kit.alice.ses, GATE_TCP)); /* to the new one */
	assert_int_equal(gate_row_drop(kit.gate, kit.alice.ses), 0);
	assert_int_equal(tcp(&kit.alice), ECONNREFUSED);
}

static void
test_no_moment_of_openness_over_restarts(void **state)
{
	struct gate_row row = denied(&kit.alice);
	long n;

	(void)state;
	restart(true);
	(void)gate_kit_fresh(NULL);
	row = denied(&kit.alice);
	gate_kit_set(&row);
	actor_hammer(&kit.alice, NEAR, SSH_PORT);
	for (int i = 0; i < 8; i++)
		restart(true);
	n = actor_hammered(&kit.alice);
	assert_true(n > 1000);
	assert_int_equal(attached(), 5);
	/* The generations go on from where they were. */
	row.grant.generation = gate_kit_classes();
	assert_int_equal(gate_row_get(kit.gate, kit.alice.ses, &row), 0);
	assert_int_equal(tcp(&kit.alice), EPERM);
}

/* Daemons that die while they make a generation, each with a row of it: none takes the classes of another's. */
static void
test_classes_that_were_never_finished_stay(void **state)
{
	struct actor *const half[] = {&kit.alice, &kit.again};
	struct gate_row row;

	(void)state;
	restart(true);
	(void)gate_kit_fresh(NULL);
	for (int i = 0; i < 3; i++) {
		row = denied((const struct actor *[]){&kit.alice, &kit.again, &kit.bob}[i]);
		gate_kit_set(&row);
	}
	for (int i = 0; i < 6; i++) {
		const uint32_t generation = gate_kit_begin();

		assert_int_equal(tcp(&kit.alice), EPERM);
		assert_int_equal(tcp(&kit.again), EPERM);
		assert_int_equal(tcp(&kit.bob), EPERM);
		gate_kit_fill(generation);
		row = denied(half[i & 1]);
		row.grant.generation = generation;
		gate_kit_set(&row);
		restart(true);
	}
}

static void
test_release_after_keep_takes_over_and_lets_go(void **state)
{
	struct gate_row row;

	(void)state;
	restart(true);
	(void)gate_kit_fresh(NULL);
	row = denied(&kit.alice);
	gate_kit_set(&row);
	restart(false);
	assert_int_equal(access(FOLDER, F_OK), -1);
	assert_int_equal(tcp(&kit.alice), EPERM);
	gate_close(&kit.gate);
	assert_int_equal(attached(), 0);
	assert_int_equal(tcp(&kit.alice), ECONNREFUSED);
	gate_kit_start();
}

static bool
is_alice(uint32_t ses, void *arg)
{
	(void)arg;
	return ses == kit.alice.ses;
}

static void
test_what_is_over_is_not_taken_over(void **state)
{
	struct gate_row row;

	(void)state;
	restart(true);
	(void)gate_kit_fresh(NULL);
	row = denied(&kit.alice);
	gate_kit_set(&row);
	row = denied(&kit.bob);
	gate_kit_set(&row);
	assert_int_equal(gate_borrow_set(kit.gate, BOB, kit.bob.ses), 0);
	/* Bob is break-glass from now on. */
	kit.cf.breakglass_uid[0] = BOB;
	restart(true);
	assert_int_equal(gate_row_get(kit.gate, kit.bob.ses, &row), -ENOENT);
	assert_int_equal(gate_ungranted(kit.gate, true), 0);
	assert_int_equal(tcp(&kit.bob), ECONNREFUSED);
	assert_int_equal(tcp(&kit.alice), EPERM);
	kit.cf.breakglass_uid[0] = GLASS;
	restart(true);
	assert_int_equal(tcp(&kit.bob), EPERM); /* ungranted */
	gate_prune(kit.gate, is_alice, NULL);
	assert_int_equal(gate_row_get(kit.gate, kit.alice.ses, &row), 0);
}

static void
test_pins_of_others_are_not_trusted(void **state)
{
	(void)state;
	gate_close(&kit.gate);
	assert_int_equal(mkdir(FOLDER, 0700), 0);
	assert_int_equal(chmod(FOLDER, 0777), 0);
	kit.cf.gate_keep = true;
	gate_kit_start(); /* works, and is not kept */
	assert_int_equal(access(PINS, F_OK), -1);
	assert_int_equal(attached(), 5);
	gate_close(&kit.gate);
	assert_int_equal(attached(), 0);
	assert_int_equal(chmod(FOLDER, 0700), 0);
	assert_int_equal(chown(FOLDER, 65534, 0), 0);
	gate_kit_start();
	assert_int_equal(access(PINS, F_OK), -1);
	assert_int_equal(rmdir(FOLDER), 0);
}

static void
test_pins_that_are_not_alike_are_replaced(void **state)
{
	struct gate_row row;
	int fd;

	(void)state;
	restart(true);
	gate_close(&kit.gate);
	assert_int_equal(unlink(PINS "/map_rows"), 0);
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "rows", 4, 4, 16, NULL);
	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_pin(fd, PINS "/map_rows"), 0);
	close(fd);
	gate_kit_start();
	(void)gate_kit_fresh(NULL);
	assert_int_equal(attached(), 5);
	row = denied(&kit.alice);
	gate_kit_set(&row);
	assert_int_equal(tcp(&kit.alice), EPERM);
}

static void
test_another_versions_gates_stay_until_ours_know_all(void **state)
{
	uint32_t generation;

	(void)state;
	restart(true);
	gate_close(&kit.gate);
	assert_int_equal(rename(PINS, FOLDER "/v0"), 0);
	gate_kit_start();
	assert_int_equal(attached(), 10);
	generation = gate_kit_classes();
	assert_int_equal(attached(), 10);
	assert_int_equal(gate_classes_done(kit.gate, generation), 0);
	assert_int_equal(attached(), 5);
	assert_int_equal(access(FOLDER "/v0", F_OK), -1);
}

#define keep_test(f) cmocka_unit_test_setup_teardown(f, gate_kit_fresh, released)

const struct CMUnitTest gate_keep_tests[] = {
	keep_test(test_released_nothing_is_left),
	keep_test(test_killed_without_keep_nothing_is_left),
	keep_test(test_killed_with_keep_all_stays_and_is_taken_over),
	keep_test(test_no_moment_of_openness_over_restarts),
	keep_test(test_classes_that_were_never_finished_stay),
	keep_test(test_release_after_keep_takes_over_and_lets_go),
	keep_test(test_what_is_over_is_not_taken_over),
	keep_test(test_pins_of_others_are_not_trusted),
	keep_test(test_pins_that_are_not_alike_are_replaced),
	keep_test(test_another_versions_gates_stay_until_ours_know_all),
};
const size_t gate_keep_n = sizeof(gate_keep_tests) / sizeof(*gate_keep_tests);

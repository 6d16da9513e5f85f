/* ssh-tamper: whose sshd, agent or ssh it is, and what is nobody's business. */
#include "tests/unit/detect_kit.h"

#include <string.h>

static const struct who gdb = {210, 200, 5, ALICE, ALICE, "/usr/bin/gdb"};
static const struct who root_gdb = {211, 200, 5, ALICE, 0, "/usr/bin/gdb"};
static const struct who sshd_bob = {301, 300, 6, BOB, BOB, "/usr/sbin/sshd"};
static const struct who agent_bob = {310, 1, 6, BOB, BOB, "/usr/bin/ssh-agent"};
static const struct who listener = {20, 1, SES_UNSET, AUID_UNSET, 0, "/usr/sbin/sshd"};

static void
sshd_of_another(void **state)
{
	struct kit *k = *state;
	const struct found *f;

	kit_exec(k, root_gdb, "gdb -p 301");
	kit_touch(k, root_gdb, TOUCH_ATTACH, sshd_bob, "sshd", 0);
	assert_int_equal(k->n, 1);
	f = kit_only(k, ACT_SSH_TAMPER, CONFIDENCE_HIGH);
	assert_int_equal(f->ses, 5);
	assert_int_equal(f->pid, 211);
	assert_int_equal(f->owner, OWNER_OTHER);
	assert_int_equal(f->owner_ses, 6);
	assert_int_equal(f->outcome, OUTCOME_SUCCESS);
	assert_string_equal(f->reason, "alice's session 5 (from 192.0.2.9) traces sshd of "
	    "bob's session 6 (from 192.0.2.8) (pid 301) with gdb");
	assert_string_equal(f->subject, "sshd 301 of bob's session 6: traced");
	assert_true(f->reached && !f->agent);
	kit_touch(k, root_gdb, TOUCH_ATTACH, sshd_bob, "sshd", 0); /* each thread, each try */
	assert_int_equal(k->n, 1);
	assert_int_equal(k->again, 1);
}

/* Once a day for the same user, process and deed: by whatever program, from whichever of the user's sessions. */
static void
once_a_day(void **state)
{
	struct kit *k = *state;
	const struct who sshd_twin = {302, 300, 6, BOB, BOB, "/usr/sbin/sshd"}, other = {410, 400, 8, ALICE, 0, "/usr/bin/perl"};
	const struct who bob = {311, 300, 6, BOB, 0, "/usr/bin/gdb"};

	kit_report(k, 8, ALICE, "alice", "192.0.2.9", 400, "SHA256:a");
	kit_forget(k);
	kit_touch(k, gdb, TOUCH_ATTACH, sshd_bob, "sshd", -EPERM);
	assert_int_equal(k->n, 1);
	kit_touch(k, root_gdb, TOUCH_ATTACH, sshd_bob, "sshd", 0); /* no more in vain */
	assert_int_equal(k->n, 2);
	k->ms += 3600 * 1000LL;
	kit_touch(k, root_gdb, TOUCH_ATTACH, sshd_bob, "sshd", 0);
	kit_touch(k, other, TOUCH_ATTACH, sshd_bob, "sshd", 0);
	assert_int_equal(k->n, 2);
	assert_int_equal(k->again, 2); /* each can still be stopped */
	kit_touch(k, root_gdb, TOUCH_READ, sshd_bob, "sshd", 8);
	assert_int_equal(k->n, 3);
	kit_touch(k, root_gdb, TOUCH_READ_FILE, sshd_bob, "sshd", 0); /* the same by another way */
	assert_int_equal(k->n, 3);
	kit_touch(k, root_gdb, TOUCH_WRITE, sshd_bob, "sshd", 8);
	assert_int_equal(k->n, 4);
	kit_touch(k, root_gdb, TOUCH_ATTACH, sshd_twin, "sshd", 0);
	assert_int_equal(k->n, 5);
	kit_touch(k, bob, TOUCH_ATTACH, listener, "sshd", 0); /* another user */
	kit_touch(k, root_gdb, TOUCH_ATTACH, listener, "sshd", 0);
	assert_int_equal(k->n, 7);
	k->ms += 25 * 3600 * 1000LL;
	kit_touch(k, root_gdb, TOUCH_ATTACH, sshd_bob, "sshd", 0);
	assert_int_equal(k->n, 8);
	assert_int_equal(kit_found(k, ACT_SSH_TAMPER, 7)->count, 3);
}

static void
the_listening_sshd(void **state)
{
	struct kit *k = *state;

	kit_touch(k, root_gdb, TOUCH_ATTACH, listener, "sshd", 0);
	assert_int_equal(kit_count(k, ACT_SSH_TAMPER), 1);
	assert_int_equal(kit_found(k, ACT_SSH_TAMPER, 0)->owner, OWNER_OTHER);
	assert_string_equal(kit_found(k, ACT_SSH_TAMPER, 0)->subject, "sshd 20 of uid 0: traced");
}

/* The kernel says nothing of the target of process_vm_readv: the model and /proc do. */
static void
memory_of_an_agent(void **state)
{
	struct kit *k = *state;

	kit_exec(k, agent_bob, "ssh-agent -s");
	kit_touch(k, root_gdb, TOUCH_READ, agent_bob, NULL, 16);
	assert_int_equal(kit_count(k, ACT_SSH_TAMPER), 1);
	assert_non_null(strstr(kit_found(k, ACT_SSH_TAMPER, 0)->reason, "read the memory of the agent of bob's"));
	assert_string_equal(kit_found(k, ACT_SSH_TAMPER, 0)->subject, "agent 310 of bob's session 6: memory read");
	assert_true(kit_found(k, ACT_SSH_TAMPER, 0)->agent);
}

static void
a_try_that_failed(void **state)
{
	struct kit *k = *state;
	const struct found *f;

	kit_touch(k, gdb, TOUCH_ATTACH, agent_bob, "ssh-agent", -EPERM);
	f = kit_only(k, ACT_SSH_TAMPER, CONFIDENCE_MEDIUM); /* nobody saw what it runs: it has that name */
	assert_int_equal(f->outcome, OUTCOME_FAILURE);
	assert_non_null(strstr(f->reason, "tried to trace the agent of "));
	assert_string_equal(f->subject, "agent 310 of bob's session 6: traced, in vain");
	assert_false(f->reached || f->agent);
	assert_non_null(strstr(f->reason, ": Operation not permitted"));
	kit_touch(k, gdb, TOUCH_READ, (struct who){999, 1, 6, BOB, BOB, NULL}, NULL, -ESRCH);
	assert_int_equal(k->n, 1);
}

/* A copy of the agent by another name is one by what it listens on. */
static void
an_agent_by_its_socket(void **state)
{
	struct kit *k = *state;
	struct who agent = {311, 1, 6, BOB, BOB, "/home/bob/keeper"};

	kit_exec(k, agent, "keeper");
	kit_bind_unix(k, agent, "/tmp/ssh-XXXXabcd/agent.311", 77);
	kit_touch(k, root_gdb, TOUCH_ATTACH, agent, "keeper", 0);
	(void)kit_only(k, ACT_SSH_TAMPER, CONFIDENCE_HIGH);
}

static void
a_descriptor(void **state)
{
	struct kit *k = *state;
	struct who thief = {212, 200, 5, ALICE, 0, "/usr/bin/python3"};
	struct fact open = kit_task(FACT_PIDFD_OPEN, thief);
	struct fact take = kit_task(FACT_PTRACE, thief);

	kit_exec(k, agent_bob, "ssh-agent -s");
	take.touch = TOUCH_DESCRIPTOR;
	take.a[0] = 3;
	take.exit = 4;
	kit_fact(k, &take); /* of what, nobody knows */
	assert_int_equal(k->n, 0);
	open.target.pid = 310;
	open.exit = 3;
	open.pid = 213; /* another's third descriptor */
	kit_fact(k, &open);
	kit_fact(k, &take);
	assert_int_equal(k->n, 0);
	open.pid = thief.pid;
	kit_fact(k, &open);
	kit_fact(k, &take);
	assert_int_equal(kit_count(k, ACT_SSH_TAMPER), 1);
	assert_non_null(strstr(kit_found(k, ACT_SSH_TAMPER, 0)->reason, "took a descriptor of the agent"));
}

static void
ones_own_is_quiet(void **state)
{
	struct kit *k = *state;
	struct who own_ssh = {220, 200, 5, ALICE, ALICE, "/usr/bin/ssh"};
	struct who own_agent = {221, 1, 5, ALICE, ALICE, "/usr/bin/ssh-agent"};
	struct who own_sshd = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
	struct who mine = {222, 210, 5, ALICE, ALICE, "/home/alice/mine"};

	kit_exec(k, own_ssh, "ssh db");
	kit_exec(k, mine, "mine");
	kit_forget(k);
	kit_touch(k, gdb, TOUCH_ATTACH, mine, "mine", 0);
	kit_touch(k, gdb, TOUCH_ATTACH, own_ssh, "ssh", 0);
	kit_touch(k, gdb, TOUCH_ATTACH, own_agent, "ssh-agent", 0);
	kit_touch(k, root_gdb, TOUCH_ATTACH, own_sshd, "sshd", 0);
	kit_touch(k, root_gdb, TOUCH_READ, own_ssh, NULL, 8);
	assert_int_equal(kit_count(k, ACT_SSH_TAMPER), 0);
}

/* An administrator's debugging of services and of other people's programs. */
static void
other_programs_are_quiet(void **state)
{
	struct kit *k = *state;
	struct who nginx = {40, 1, SES_UNSET, AUID_UNSET, 33, "/usr/sbin/nginx"};
	struct who vim = {320, 300, 6, BOB, BOB, "/usr/bin/vim"};
	struct who lookalike = {321, 300, 6, BOB, BOB, "/home/bob/prog"};
	struct who service = {41, 1, SES_UNSET, AUID_UNSET, 0, "/usr/sbin/collector"};

	kit_exec(k, lookalike, "prog");
	kit_touch(k, root_gdb, TOUCH_ATTACH, nginx, "nginx", 0);
	kit_touch(k, root_gdb, TOUCH_ATTACH, vim, "vim", 0);
	kit_touch(k, root_gdb, TOUCH_ATTACH, lookalike, "ssh", 0); /* a thread's name; its program is known */
	kit_touch(k, service, TOUCH_READ, sshd_bob, "sshd", 8);    /* no session did it */
	assert_int_equal(k->n, 0);
}

/* What had the pid before was an agent. */
static void
a_pid_that_was_used_again(void **state)
{
	struct kit *k = *state;
	struct who other = {310, 1, SES_UNSET, AUID_UNSET, 33, "/usr/sbin/nginx"};

	kit_exec(k, agent_bob, "ssh-agent -s");
	kit_touch(k, root_gdb, TOUCH_ATTACH, other, "nginx", 0);
	assert_int_equal(k->n, 0);
}

/* The same user's other login: policy can tell them apart by the owner. */
static void
of_the_same_login(void **state)
{
	struct kit *k = *state;
	struct who ssh = {401, 400, 8, ALICE, ALICE, "/usr/bin/ssh"};

	kit_report(k, 8, ALICE, "alice", "192.0.2.9", 400, "SHA256:a");
	kit_exec(k, ssh, "ssh -M db");
	kit_forget(k);
	kit_touch(k, gdb, TOUCH_ATTACH, ssh, "ssh", 0);
	assert_int_equal(kit_found(k, ACT_SSH_TAMPER, 0)->owner, OWNER_SAME_LOGIN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup_two, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sshd_of_another),
		TEST(once_a_day),
		TEST(the_listening_sshd),
		TEST(memory_of_an_agent),
		TEST(a_try_that_failed),
		TEST(an_agent_by_its_socket),
		TEST(a_descriptor),
		TEST(ones_own_is_quiet),
		TEST(other_programs_are_quiet),
		TEST(a_pid_that_was_used_again),
		TEST(of_the_same_login),
	};

	return cmocka_run_group_tests_name("ssh-tamper", tests, NULL, NULL);
}

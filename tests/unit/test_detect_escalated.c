/* escalated-agent: who became somebody else in a session and then used an agent or a key. */
#include "tests/unit/usual_kit.h"

#include <string.h>

#define AGENT "/tmp/ssh-AbCdEf/agent.101"
#define BOBS  "/tmp/ssh-XyXyXy/agent.301"

static const struct who monitor = {100, 1, 5, ALICE, 0, "/usr/sbin/sshd"};
static const struct who child = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
static const struct who child_bob = {301, 300, 6, BOB, BOB, "/usr/sbin/sshd"};
static const struct who add = {211, 200, 5, ALICE, ALICE, "/usr/bin/ssh-add"};
static const struct who root_add = {212, 200, 5, ALICE, 0, "/usr/bin/ssh-add"};
static const struct who sudo = {213, 200, 5, ALICE, 0, "/usr/bin/sudo"};
static const struct who own_sudo = {214, 200, 5, ALICE, 0, "/home/alice/sudo"};
static const struct who root_ssh = {215, 200, 5, ALICE, 0, "/usr/bin/ssh"};

static int
setup(void **state)
{
	static struct life l;

	life_open(&l);
	kit_login(&l.kit, 5, ALICE, "alice", "192.0.2.9", monitor.pid);
	kit_login(&l.kit, 6, BOB, "bob", "192.0.2.8", 300);
	kit_bind_unix(&l.kit, child, AGENT, 9);
	kit_bind_unix(&l.kit, child_bob, BOBS, 8);
	kit_forget(&l.kit);
	*state = &l;
	return 0;
}

static void
use(struct life *l, struct who w, const char *agent)
{
	kit_exec(&l->kit, w, bytes_is(bytes_of(w.exe), "/usr/bin/ssh-add") ? "ssh-add -l" : "sudo id");
	kit_connect_unix(&l->kit, w, agent, strcmp(agent, BOBS) == 0 ? 8 : 9, strcmp(agent, BOBS) == 0 ? BOB : ALICE, 0);
}

static const struct found *
only(const struct life *l, enum confidence c)
{
	return kit_only(&l->kit, ACT_ESCALATED_AGENT, c);
}

static void
as_himself(void **state)
{
	struct life *l = *state;

	use(l, add, AGENT);
	assert_int_equal(kit_count(&l->kit, ACT_AGENT_USE), 1);
	assert_int_equal(kit_count(&l->kit, ACT_ESCALATED_AGENT), 0);
}

static void
his_own_agent_as_root(void **state)
{
	struct life *l = *state;
	const struct found *f;

	use(l, root_add, AGENT);
	f = only(l, CONFIDENCE_MEDIUM);
	assert_string_equal(f->reason,
	    "alice's session 5 (from 192.0.2.9) became uid 0 (login uid 1001) and used an agent with ssh-add");
	assert_string_equal(f->to, AGENT);
	assert_int_equal(f->pid, 212);
	assert_int_equal(f->nancestry, kit_found(&l->kit, ACT_AGENT_USE, 0)->nancestry);
}

static void
anothers_agent_as_root(void **state)
{
	struct life *l = *state;

	use(l, root_add, BOBS);
	assert_int_equal(kit_count(&l->kit, ACT_AGENT_HIJACK), 1);
	assert_int_equal(only(l, CONFIDENCE_HIGH)->owner_ses, 6);
}

/* pam_ssh_agent_auth; but not what only calls itself sudo. */
static void
sudo_that_asks_who_he_is(void **state)
{
	struct life *l = *state;

	use(l, sudo, AGENT);
	assert_int_equal(kit_count(&l->kit, ACT_AGENT_USE), 1);
	assert_int_equal(kit_count(&l->kit, ACT_ESCALATED_AGENT), 0);
	use(l, own_sudo, AGENT);
	(void)only(l, CONFIDENCE_MEDIUM);
}

static void
ssh_as_root(void **state)
{
	struct life *l = *state;

	kit_exec(&l->kit, root_ssh, "ssh db");
	kit_connect(&l->kit, root_ssh, "10.0.0.5", 22, 0);
	kit_wait(&l->kit, 5000);
	(void)only(l, CONFIDENCE_LOW);
	kit_forget(&l->kit);
	kit_wait(&l->kit, DAY);
	kit_exec(&l->kit, root_ssh, "ssh -i /home/bob/.ssh/id_ed25519 db");
	kit_connect(&l->kit, root_ssh, "10.0.0.5", 22, 0);
	kit_wait(&l->kit, 5000);
	(void)only(l, CONFIDENCE_MEDIUM);
}

/* Root who becomes less does not escalate. */
static void
root_who_becomes_less(void **state)
{
	struct life *l = *state;
	const struct who as_alice = {412, 401, 7, 0, ALICE, "/usr/bin/ssh"};

	kit_login(&l->kit, 7, 0, "root", "192.0.2.7", 400);
	kit_exec(&l->kit, as_alice, "ssh db");
	kit_connect(&l->kit, as_alice, "10.0.0.5", 22, 0);
	kit_wait(&l->kit, 5000);
	assert_int_equal(kit_count(&l->kit, ACT_OUTBOUND_SSH), 1);
	assert_int_equal(kit_count(&l->kit, ACT_ESCALATED_AGENT), 0);
}

/* An administrator does so every day: it is told, and is worth less. */
static void
a_habit(void **state)
{
	struct life *l = *state;

	for (unsigned day = 0; day < 21; day++) {
		struct who w = root_add;

		w.pid = 5000 + day;
		life_at(l, day, 9 * HOUR);
		life_logout(l, life_login(l, ALICE, "alice", "192.0.2.9", "SHA256:a"), ALICE);
		kit_forget(&l->kit);
		use(l, w, AGENT);
	}
	assert_non_null(strstr(only(l, CONFIDENCE_LOW)->reason, "with ssh-add; told on 20 days before"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_himself, setup, life_teardown),
		cmocka_unit_test_setup_teardown(his_own_agent_as_root, setup, life_teardown),
		cmocka_unit_test_setup_teardown(anothers_agent_as_root, setup, life_teardown),
		cmocka_unit_test_setup_teardown(sudo_that_asks_who_he_is, setup, life_teardown),
		cmocka_unit_test_setup_teardown(ssh_as_root, setup, life_teardown),
		cmocka_unit_test_setup_teardown(root_who_becomes_less, setup, life_teardown),
		cmocka_unit_test_setup_teardown(a_habit, setup, life_teardown),
	};

	return cmocka_run_group_tests_name("detect_escalated", tests, NULL, NULL);
}

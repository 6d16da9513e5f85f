/* key-read: who may open a private key without a word, and how sure it is that another should not have. */
#include "tests/unit/detect_kit.h"

#include <string.h>

#define KEY "/home/alice/.ssh/id_ed25519"

static void
open_key(struct kit *k, struct who w, const char *path, bool agents)
{
	const struct key_read read = {.time = {.ms = ++k->ms}, .pid = w.pid, .ses = w.ses, .auid = w.auid, .uid = w.uid,
	    .euid = w.uid, .owner = ALICE, .owner_name = "alice", .path = bytes_of(path), .agents = agents};

	kit_exec(k, w, w.exe);
	kit_forget(k);
	detect_key(k->detect, &read);
}

/* Who, as whom, with what: how sure it is. */
static const struct row {
	const char *name;
	struct who who;
	enum confidence sure;
	const char *words;
} rows[] = {
	{"her own ssh", {210, 200, 5, ALICE, ALICE, "/usr/bin/ssh"}, CONFIDENCE_NONE, NULL},
	{"her own ssh-add", {210, 200, 5, ALICE, ALICE, "/usr/bin/ssh-add"}, CONFIDENCE_NONE, NULL},
	{"her own ssh-keygen", {210, 200, 5, ALICE, ALICE, "/usr/bin/ssh-keygen"}, CONFIDENCE_NONE, NULL},
	{"her own agent", {210, 1, 5, ALICE, ALICE, "/usr/bin/ssh-agent"}, CONFIDENCE_NONE, NULL},
	{"her own cat", {210, 200, 5, ALICE, ALICE, "/usr/bin/cat"}, CONFIDENCE_LOW,
	    "opened the private key " KEY " of its own user with cat, no SSH program"},
	{"her own scp, of the key itself", {210, 200, 5, ALICE, ALICE, "/usr/bin/scp"}, CONFIDENCE_LOW, "with scp, no SSH"},
	{"her own git", {210, 200, 5, ALICE, ALICE, "/usr/bin/git"}, CONFIDENCE_LOW, "with git, no SSH"},
	{"a namesake in her home", {210, 200, 5, ALICE, ALICE, "/home/alice/ssh-add"}, CONFIDENCE_LOW, "with ssh-add, no SSH"},
	{"her own login as root, ssh", {210, 200, 5, ALICE, 0, "/usr/bin/ssh"}, CONFIDENCE_LOW, "as root opened"},
	{"her own login as root, tar", {210, 200, 5, ALICE, 0, "/usr/bin/tar"}, CONFIDENCE_MEDIUM, "as root opened"},
	{"bob as alice, ssh", {310, 300, 6, BOB, ALICE, "/usr/bin/ssh"}, CONFIDENCE_MEDIUM, "of alice with ssh"},
	{"bob as alice, cp", {310, 300, 6, BOB, ALICE, "/usr/bin/cp"}, CONFIDENCE_HIGH, "as uid 1001 opened"},
	{"bob as root, ssh", {310, 300, 6, BOB, 0, "/usr/bin/ssh"}, CONFIDENCE_HIGH, "as root opened"},
	{"bob as root, cat", {310, 300, 6, BOB, 0, "/usr/bin/cat"}, CONFIDENCE_HIGH,
	    "as root opened the private key " KEY " of alice with cat, no SSH program"},
	{"bob, where it was readable", {310, 300, 6, BOB, BOB, "/usr/bin/python3"}, CONFIDENCE_LOW,
	    "bob's session 6 (from 192.0.2.8) opened the private key " KEY " of alice with python3, no SSH program; its modes let"},
	{"bob as a third, where it was readable", {310, 300, 6, BOB, 1003, "/usr/bin/cat"}, CONFIDENCE_LOW, "its modes let others in"},
	{"her own login as a third", {210, 200, 5, ALICE, 1003, "/usr/bin/cat"}, CONFIDENCE_LOW, "its modes let others in"},
	{"bob, who lists it with ssh", {310, 300, 6, BOB, BOB, "/usr/bin/ssh"}, CONFIDENCE_LOW, "with ssh; its modes"},
	{"a backup", {40, 1, SES_UNSET, AUID_UNSET, 0, "/usr/bin/tar"}, CONFIDENCE_NONE, NULL},
};

static void
by_whom_and_with_what(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kit *k = *state;

		if (i > 0) {
			kit_close(k);
			kit_setup_two(state);
		}
		open_key(k, rows[i].who, KEY, false);
		if (kit_count(k, ACT_KEY_READ) != (rows[i].sure != CONFIDENCE_NONE))
			fail_msg("%s", rows[i].name);
		if (rows[i].sure != CONFIDENCE_NONE) {
			const struct found *f = kit_found(k, ACT_KEY_READ, 0);

			assert_int_equal(f->confidence, rows[i].sure);
			if (strstr(f->reason, rows[i].words) == NULL)
				fail_msg("%s: %s", rows[i].name, f->reason);
			assert_int_equal(f->owner, rows[i].who.auid == ALICE ? OWNER_SELF : OWNER_OTHER);
		}
	}
}

/* A session of cron or of a service's is none of SSH. */
static void
what_cron_started_is_out(void **state)
{
	struct kit *k = *state;
	const struct who cron = {50, 1, 9, BOB, 0, "/usr/sbin/cron"}, tar = {51, 50, 9, BOB, 0, "/usr/bin/tar"};

	kit_loginuid(k, cron, SES_UNSET, AUID_UNSET, true);
	kit_user_start(k, cron, "/usr/sbin/cron", "bob");
	open_key(k, tar, KEY, false);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 0);
}

/* sshd itself, whatever it runs as. */
static void
the_session_s_own_sshd(void **state)
{
	struct kit *k = *state;
	const struct key_read read = {.time = {.ms = ++k->ms}, .pid = 300, .ses = 6, .auid = BOB, .uid = 0, .euid = 0,
	    .owner = ALICE, .owner_name = "alice", .path = bytes_of(KEY)};

	detect_key(k->detect, &read);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 0);
}

/* Bob has started a listener, by sudo; it reads as whom it has yet to let in, by his real uid still root's. */
static void
a_server_that_a_session_started(void **state)
{
	static const struct {
		const char *exe;
		uint32_t uid, euid;
		bool told;
	} servers[] = {
		{"/usr/sbin/sshd", 0, ALICE, false},
		{"/usr/lib/openssh/sshd-session", 0, ALICE, false},
		{"/usr/sbin/dropbear", 0, ALICE, false},
		{"/usr/sbin/sshd", 0, 0, true}, /* sshd -t -f KEY prints it */
		{"/usr/sbin/sshd", ALICE, ALICE, true},
		{"/usr/sbin/sshd", 0, BOB, true},
		{"/home/bob/sshd", 0, ALICE, true},
		{"/usr/bin/cat", 0, ALICE, true},
	};

	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		struct kit *k = *state;
		const struct who w = {310, 300, 6, BOB, 0, servers[i].exe};
		struct key_read read = {.pid = w.pid, .ses = w.ses, .auid = BOB, .uid = servers[i].uid,
		    .euid = servers[i].euid, .owner = ALICE, .owner_name = "alice", .path = BYTES_LIT(KEY)};

		kit_exec(k, w, w.exe);
		kit_forget(k);
		read.time.ms = ++k->ms;
		detect_key(k->detect, &read);
		if (kit_count(k, ACT_KEY_READ) != servers[i].told)
			fail_msg("%s as %u", servers[i].exe, servers[i].euid);
		kit_close(k);
		kit_setup_two(state);
	}
}

static void
a_directory_of_agents(void **state)
{
	struct kit *k = *state;
	const struct who own = {210, 200, 5, ALICE, ALICE, "/usr/bin/ls"}, bob = {310, 300, 6, BOB, 0, "/usr/bin/ls"};

	open_key(k, own, "/tmp/ssh-abc", true);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 0);
	open_key(k, bob, "/tmp/ssh-abc", true);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 1);
	assert_non_null(strstr(kit_found(k, ACT_KEY_READ, 0)->reason, "listed the directory of agents /tmp/ssh-abc of alice"));
}

/* Once a day; and what is sure of the same key is told beside what was not. */
static void
once_a_day(void **state)
{
	struct kit *k = *state;
	const struct who su = {310, 300, 6, BOB, ALICE, "/usr/bin/ssh"}, cat = {311, 300, 6, BOB, 0, "/usr/bin/cat"};

	open_key(k, su, KEY, false);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 1);
	open_key(k, su, KEY, false);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 0);
	open_key(k, cat, KEY, false);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 1);
	open_key(k, cat, "/home/alice/.ssh/id_other", false);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 1);
	k->ms += 25 * 3600 * 1000LL;
	open_key(k, cat, KEY, false);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 1);
	assert_int_equal(kit_found(k, ACT_KEY_READ, 0)->count, 1);
}

/* Another life of that pid is not who read. */
static void
a_pid_that_was_used_again(void **state)
{
	struct kit *k = *state;
	const struct who ssh = {210, 200, 5, ALICE, ALICE, "/usr/bin/ssh"};
	const struct key_read read = {.time = {.ms = ++k->ms}, .pid = 210, .ses = 6, .auid = BOB, .uid = 0, .euid = 0,
	    .owner = ALICE, .path = bytes_of(KEY)};

	kit_exec(k, ssh, "ssh db");
	kit_forget(k);
	detect_key(k->detect, &read);
	assert_int_equal(kit_count(k, ACT_KEY_READ), 1);
	assert_non_null(strstr(kit_found(k, ACT_KEY_READ, 0)->reason, "of uid 1001 with a program, no SSH program"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup_two, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_whom_and_with_what),
		TEST(what_cron_started_is_out),
		TEST(the_session_s_own_sshd),
		TEST(a_server_that_a_session_started),
		TEST(a_directory_of_agents),
		TEST(once_a_day),
		TEST(a_pid_that_was_used_again),
	};

	return cmocka_run_group_tests_name("key-read", tests, NULL, NULL);
}

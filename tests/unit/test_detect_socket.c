/*
 * agent-use, agent-hijack, mux-use, mux-hijack: whose socket it is, and what that makes of its use.
 */
#include "tests/unit/detect_kit.h"

#include <string.h>

#define SSHD_AGENT "/tmp/ssh-XXXXabcdef/agent.101"

/* alice: session 5 (monitor 100, child 101); bob: session 6 (300, 301) */
static const struct who a_sshd = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
static const struct who a_add = {201, 101, 5, ALICE, ALICE, "/usr/bin/ssh-add"};
static const struct who a_sudo = {202, 101, 5, ALICE, 0, "/usr/bin/sudo"};
static const struct who a_ssh = {203, 101, 5, ALICE, ALICE, "/usr/bin/ssh"};
static const struct who b_add = {401, 301, 6, BOB, BOB, "/usr/bin/ssh-add"};
static const struct who b_root = {402, 301, 6, BOB, 0, "/usr/bin/ssh-add"};
static const struct who b_ssh = {403, 301, 6, BOB, BOB, "/usr/bin/ssh"};
static const struct who b_sshd = {301, 300, 6, BOB, BOB, "/usr/sbin/sshd"};
/* alice again: session 7 (500, 501) */
static const struct who a2_add = {601, 501, 7, ALICE, ALICE, "/usr/bin/ssh-add"};
static const struct who a2_ssh = {602, 501, 7, ALICE, ALICE, "/usr/bin/ssh"};

static struct kit k;

/* Keys NULL: by records alone.  from2: where alice's second login comes from. */
static void
open_three(bool live, const char *key1, const char *key2, const char *from2)
{
	kit_open(&k, live);
	if (key1 != NULL) {
		kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, key1);
		kit_report(&k, 6, BOB, "bob", "192.0.2.8", 300, "SHA256:bob");
		kit_report(&k, 7, ALICE, "alice", from2, 500, key2);
	} else {
		kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
		kit_login(&k, 6, BOB, "bob", "192.0.2.8", 300);
		kit_login(&k, 7, ALICE, "alice", from2, 500);
	}
	kit_forget(&k);
}

/* Whose the socket is is this file's matter; what follows from its use after su is test_detect_escalated's. */
static void
leave_out_what_follows(void)
{
	size_t n = 0;

	for (size_t i = 0; i < k.n; i++) {
		if (k.found[i].activity != ACT_ESCALATED_AGENT)
			k.found[n++] = k.found[i];
	}
	k.n = n;
}

static void
expect_one(enum activity activity, enum owner owner, uint32_t owner_ses)
{
	kit_flush(&k);
	leave_out_what_follows();
	if (k.n != 1 || k.found[0].activity != activity || k.found[0].owner != owner ||
	    k.found[0].owner_ses != owner_ses)
		kit_dump(&k);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.found[0].activity, activity);
	assert_int_equal(k.found[0].owner, owner);
	assert_int_equal(k.found[0].owner_ses, owner_ses);
	kit_forget(&k);
}

static void
expect_none(void)
{
	kit_flush(&k);
	if (k.n != 0)
		kit_dump(&k);
	assert_int_equal(k.n, 0);
}

static int
teardown(void **state)
{
	(void)state;
	kit_close(&k);
	return 0;
}

/* --- agents, by records alone ----------------------------------------------------------------- */

static void
ones_own_agent(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, a_add, SSHD_AGENT, 77, ALICE, 0);
	assert_string_equal(kit_found(&k, ACT_AGENT_USE, 0)->reason,
	    "alice's session 5 (from 192.0.2.9) uses an SSH agent with ssh-add: its own");
	expect_one(ACT_AGENT_USE, OWNER_SELF, 5);
	kit_connect_unix(&k, a_add, SSHD_AGENT, 77, ALICE, 0); /* the same process: no news */
	assert_int_equal(k.again, 1);
	expect_none();
	kit_connect_unix(&k, a_ssh, SSHD_AGENT, 77, ALICE, 0);
	expect_one(ACT_AGENT_USE, OWNER_SELF, 5);
}

static void
sudo_by_the_invokers_agent(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, a_sudo, SSHD_AGENT, 77, ALICE, 0);
	expect_one(ACT_AGENT_USE, OWNER_SELF, 5);
}

static void
another_login_of_the_same_origin(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, a2_add, SSHD_AGENT, 77, ALICE, 0);
	expect_one(ACT_AGENT_USE, OWNER_SAME_LOGIN, 5);
}

static void
another_login_of_another_origin(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "198.51.100.1");
	kit_connect_unix(&k, a2_add, SSHD_AGENT, 77, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_SAME_USER, 5);
}

/* Who comes into another login's tmux lends his own agent there, and has not got that one's. */
static void
to_attach_is_to_lend_and_not_to_borrow(void **state)
{
	struct who server = {240, 101, 5, ALICE, ALICE, "/usr/bin/tmux"};
	struct who thief = {602, 501, 7, ALICE, ALICE, "/usr/bin/tmux"};

	(void)state;
	open_three(false, "SHA256:a", "SHA256:other", "192.0.2.9");
	kit_bind_unix(&k, server, "/tmp/tmux-1001/default", 50);
	kit_connect_unix(&k, thief, "/tmp/tmux-1001/default", 50, ALICE, 0);
	kit_forget(&k);
	kit_connect_unix(&k, a2_add, SSHD_AGENT, 77, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_SAME_USER, 5);
}

static void
keys_tell_more_than_origins(void **state)
{
	(void)state;
	open_three(false, "SHA256:a", "SHA256:a", "198.51.100.1");
	kit_connect_unix(&k, a2_add, SSHD_AGENT, 77, ALICE, 0);
	expect_one(ACT_AGENT_USE, OWNER_SAME_LOGIN, 5);
	kit_close(&k);
	open_three(false, "SHA256:a", "SHA256:other", "192.0.2.9");
	kit_connect_unix(&k, a2_add, SSHD_AGENT, 77, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_SAME_USER, 5);
}

static void
another_user(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, b_add, SSHD_AGENT, 0, 0, -EACCES);
	assert_int_equal(kit_found(&k, ACT_AGENT_HIJACK, 0)->outcome, OUTCOME_FAILURE);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, b_root, SSHD_AGENT, 77, ALICE, 0);
	assert_int_equal(kit_found(&k, ACT_AGENT_HIJACK, 0)->outcome, OUTCOME_SUCCESS);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
}

static void
a_task_without_a_session(void **state)
{
	struct who daemon = {900, 1, SES_UNSET, AUID_UNSET, 0, "/usr/bin/ssh-add"};

	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, daemon, SSHD_AGENT, 77, ALICE, 0);
	assert_int_equal(k.found[0].ses, SES_UNSET);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
}

/* A socket that bob names like his own, and that is alice's. */
static void
a_name_that_lies(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, a_add, SSHD_AGENT, 77, ALICE, 0);
	kit_forget(&k);
	kit_connect_unix(&k, b_root, "/tmp/ssh-XXXXfoobar/agent.301", 77, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	/* the inode is not known: the file is not bob's, whatever it is called */
	kit_connect_unix(&k, b_root, "/tmp/ssh-XXXXfoobar/agent.301", 78, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, SES_UNSET);
}

static void
through_a_link_without_a_name(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_bind_unix(&k, a_sshd, SSHD_AGENT, 77);
	kit_connect_unix(&k, b_root, "./x", 77, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
}

static void
an_inode_used_again(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, a_add, SSHD_AGENT, 77, ALICE, 0);
	kit_logout(&k, 5, ALICE, 100);
	kit_forget(&k);
	kit_connect_unix(&k, b_add, "/tmp/ssh-XXXXfoobar/agent.301", 77, BOB, 0);
	expect_one(ACT_AGENT_USE, OWNER_SELF, 6);
}

static void
agents_of_newer_sshd(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	/* bound where the rules tell of binds */
	kit_bind_unix(&k, a_sshd, "/home/alice/.ssh/agent/s.x1.sshd.y1", 80);
	kit_connect_unix(&k, b_root, "/home/alice/.ssh/agent/s.x1.sshd.y1", 80, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	/* else by the file's owner and the home */
	kit_connect_unix(&k, a_add, "/home/alice/.ssh/agent/s.x2.sshd.y2", 81, ALICE, 0);
	expect_one(ACT_AGENT_USE, OWNER_UNKNOWN, SES_UNSET);
	kit_connect_unix(&k, b_root, "/home/alice/.ssh/agent/s.x2.sshd.y2", 81, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, SES_UNSET);
	kit_connect_unix(&k, b_add, "/home/alice/.ssh/agent/s.x3.sshd.y3", 0, 0, -EACCES);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, SES_UNSET);
}

/* sudo -u deploy ssh, with alice's SSH_AUTH_SOCK kept: refused, and her own. */
static void
ones_own_agent_as_somebody_else(void **state)
{
	struct who deploy = {205, 101, 5, ALICE, 1500, "/usr/bin/ssh"};

	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, deploy, SSHD_AGENT, 0, 0, -EACCES);
	expect_one(ACT_AGENT_USE, OWNER_SELF, 5);
	kit_connect_unix(&k, deploy, "/home/alice/.ssh/agent/s.x3.sshd.y3", 0, 0, -EACCES);
	expect_one(ACT_AGENT_USE, OWNER_UNKNOWN, SES_UNSET);
}

static void
sockets_that_lead_nowhere(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, a_add, "/tmp/ssh-XXXXold/agent.90", 0, 0, -ENOENT);
	kit_connect_unix(&k, a_add, "/tmp/ssh-XXXXold/agent.90", 70, ALICE, -ECONNREFUSED);
	kit_connect_unix(&k, b_add, SSHD_AGENT, 0, 0, -ENOENT);
	expect_none();
}

static void
local_agents(void **state)
{
	struct who agent = {210, 1, 5, ALICE, ALICE, "/usr/bin/ssh-agent"};
	static const char path[] = "/tmp/ssh-XXXXlocal/agent.209";

	(void)state;
	open_three(false, NULL, NULL, "198.51.100.1");
	kit_exec(&k, agent, "ssh-agent");
	kit_bind_unix(&k, agent, path, 90);
	kit_connect_unix(&k, a_add, path, 90, ALICE, 0);  /* her own */
	kit_connect_unix(&k, a2_add, path, 90, ALICE, 0); /* her own, from another login */
	kit_connect_unix(&k, a_add, "/run/user/1001/keyring/ssh", 91, ALICE, 0);
	kit_connect_unix(&k, a_sudo, "/run/user/1001/gnupg/S.gpg-agent.ssh", 92, ALICE, 0);
	expect_none();
	kit_connect_unix(&k, b_root, path, 90, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, b_root, "/run/user/1001/keyring/ssh", 91, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, SES_UNSET);
}

static void
through_the_sshd_of_another(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, b_sshd, SSHD_AGENT, 0, 0, -EACCES); /* -L x:agent.sock */
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_exec(&k, a_ssh, "ssh -M db");
	kit_bind_unix(&k, a_ssh, "/srv/cm.AbCdEfGh01234567", 60);
	kit_connect(&k, a_ssh, "192.0.2.7", 22, LATER);
	kit_forget(&k);
	kit_connect_unix(&k, b_sshd, "/srv/cm", 60, ALICE, -EACCES);
	expect_one(ACT_MUX_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, b_sshd, "/srv/app.sock", 61, 33, -EACCES); /* somebody's service: refused */
	expect_none();
}

/* The path is the thief's own words: a way round, or a link in a folder that all may write to. */
static void
through_a_name_of_the_systems(void **state)
{
	static const char *const names[] = {"/run/systemd/../../tmp/ssh-XXXXabcdef/agent.101",
	    "/run/systemd//x", "/tmp/.X11-unix/X9", "/run/user/1002/pulse/x", "/run/systemd/x"};

	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_bind_unix(&k, a_sshd, SSHD_AGENT, 77);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		kit_exec(&k, b_root, "ssh-add -l");
		kit_connect_unix(&k, b_root, names[i], 77, ALICE, 0);
		expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	}
	kit_connect_unix(&k, b_add, names[0], 0, 0, -EACCES); /* no inode: the end of it tells */
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
}

/* --- live: somebody looks who listens --------------------------------------------------------- */

static void
tell_owner(uint64_t inode, enum usock_kind kind, uint32_t pid, uint32_t ses, uint32_t uid, bool forwarded)
{
	struct usock u = {.inode = inode, .dev_major = 254, .kind = kind, .owner_pid = pid,
	    .owner_ses = ses, .owner_uid = uid, .owner_auid = uid, .forwarded = forwarded};

	host_owner_set(k.host, &u);
	kit_wait(&k, 1);
}

static void
the_owner_is_asked_for(void **state)
{
	(void)state;
	open_three(true, "SHA256:a", "SHA256:a", "192.0.2.9");
	kit_connect_unix(&k, b_root, "/tmp/x", 77, ALICE, 0);
	assert_int_equal(k.owners_asked, 1);
	assert_int_equal(k.n, 0);
	tell_owner(77, USOCK_AGENT, 101, 5, ALICE, true);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, a_add, "/tmp/y", 77, ALICE, 0); /* known now */
	assert_int_equal(k.owners_asked, 1);
	expect_one(ACT_AGENT_USE, OWNER_SELF, 5);
}

static void
a_name_of_the_systems_is_asked_for(void **state)
{
	static const char *const names[] = {"/run/systemd/../../srv/x", "/tmp/.X11-unix/X9",
	    "/run/systemd/x"};

	(void)state;
	open_three(true, "SHA256:a", "SHA256:a", "192.0.2.9");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		kit_connect_unix(&k, b_root, names[i], 77 + i, ALICE, 0);
		assert_int_equal(k.owners_asked, i + 1);
		tell_owner(77 + i, USOCK_AGENT, 101, 5, ALICE, true);
		expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	}
	kit_connect_unix(&k, b_root, "/run/systemd/journal/stdout", 90, 0, 0); /* root's own */
	assert_int_equal(k.owners_asked, 3);
	expect_none();
}

static void
no_answer_within_a_second(void **state)
{
	(void)state;
	open_three(true, "SHA256:a", "SHA256:a", "192.0.2.9");
	kit_connect_unix(&k, b_root, SSHD_AGENT, 77, ALICE, 0);
	kit_wait(&k, 900);
	assert_int_equal(k.n, 0);
	kit_wait(&k, 200);
	assert_int_not_equal(k.n, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5); /* by its name */
}

static void
a_socket_of_no_interest(void **state)
{
	struct who psql = {220, 101, 5, ALICE, ALICE, "/usr/bin/psql"};

	(void)state;
	open_three(true, "SHA256:a", "SHA256:a", "192.0.2.9");
	kit_connect_unix(&k, psql, "/srv/pg/.s.PGSQL.5432", 95, 105, 0);
	tell_owner(95, USOCK_OTHER, 950, SES_UNSET, 105, false);
	expect_none();
}

/*
 * /tmp/.s.PGSQL.5432 of a program that mallory calls ssh-agent, or ssh: who opens it thinks of
 * something else.
 */
static void
bait(void **state)
{
	struct who psql = {420, 301, 6, BOB, BOB, "/usr/bin/psql"};
	struct who as_alice = {421, 301, 6, BOB, ALICE, "/usr/bin/ssh-add"};

	(void)state;
	open_three(true, "SHA256:a", "SHA256:a", "192.0.2.9");
	tell_owner(77, USOCK_AGENT, 101, 5, ALICE, false);
	tell_owner(78, USOCK_MUX, 101, 5, ALICE, false);
	tell_owner(79, USOCK_AGENT, 101, 5, ALICE, true);
	tell_owner(80, USOCK_AGENT, 1, SES_UNSET, 0, false);
	kit_connect_unix(&k, psql, "/tmp/.s.PGSQL.5432", 77, ALICE, 0);
	kit_connect_unix(&k, psql, "/tmp/.s.PGSQL.5432", 78, ALICE, 0);
	expect_none();
	/* refused, by force, with the owner's uid; sshd's and root's */
	kit_connect_unix(&k, b_add, "/tmp/x", 77, ALICE, -EACCES);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, b_root, "/tmp/x", 77, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, as_alice, "/tmp/x", 77, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, as_alice, "/tmp/x", 78, ALICE, 0);
	expect_one(ACT_MUX_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, b_add, "/tmp/x", 79, ALICE, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, 5);
	kit_connect_unix(&k, b_add, "/tmp/x", 80, 0, 0);
	expect_one(ACT_AGENT_HIJACK, OWNER_OTHER, SES_UNSET);
}

static void
an_owner_that_died(void **state)
{
	(void)state;
	open_three(true, "SHA256:a", "SHA256:a", "192.0.2.9");
	tell_owner(77, USOCK_AGENT, 999, 5, ALICE, true); /* 999 is no task of this host */
	kit_connect_unix(&k, b_add, "/tmp/x", 77, BOB, 0);
	assert_int_equal(k.owners_asked, 1);
	tell_owner(77, USOCK_AGENT, 301, 6, BOB, true);
	expect_one(ACT_AGENT_USE, OWNER_SELF, 6);
}

/* A job of at or systemd --user, with the agent of the only login its user has. */
static void
no_login_of_its_own(void **state)
{
	struct who job = {700, 1, 8, ALICE, ALICE, "/usr/bin/ssh"};

	(void)state;
	kit_open(&k, false);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_forget(&k);
	kit_connect_unix(&k, job, SSHD_AGENT, 77, ALICE, 0);
	assert_int_equal(kit_count(&k, ACT_AGENT_USE), 1);
	expect_one(ACT_AGENT_USE, OWNER_SAME_LOGIN, 5);
	kit_login(&k, 7, ALICE, "alice", "198.51.100.1", 500); /* now it may be of either */
	kit_forget(&k);
	kit_exec(&k, job, "ssh-add -l");
	kit_connect_unix(&k, job, SSHD_AGENT, 77, ALICE, 0);
	assert_int_equal(kit_found(&k, ACT_AGENT_HIJACK, 0)->owner, OWNER_SAME_USER);
}

/* --- ControlMasters --------------------------------------------------------------------------- */

#define MUX     "/home/alice/.ssh/cm-db"
#define MUX_TMP MUX ".AbCdEfGh01234567"

static void
a_master_is_known_by_inode(void **state)
{
	(void)state;
	open_three(false, "SHA256:a", "SHA256:a", "198.51.100.1");
	kit_exec(&k, a_ssh, "ssh -M db");
	kit_bind_unix(&k, a_ssh, MUX_TMP, 60); /* hard-linked to MUX, and unlinked */
	kit_connect(&k, a_ssh, "192.0.2.7", 22, LATER);
	kit_forget(&k);
	kit_connect_unix(&k, a_ssh, MUX, 60, ALICE, 0); /* ControlPersist: its first user made it */
	expect_none();

	kit_exec(&k, a2_ssh, "ssh db");
	kit_connect_unix(&k, a2_ssh, MUX, 60, ALICE, 0);
	kit_wait(&k, 10000); /* the client is explained: it never connects itself */
	expect_one(ACT_MUX_USE, OWNER_SAME_LOGIN, 5);

	kit_connect_unix(&k, b_root, MUX, 60, ALICE, 0);
	expect_one(ACT_MUX_HIJACK, OWNER_OTHER, 5);
}

/* Who made it has forked and gone (ssh -fN); refused by its path, the record has no inode. */
static void
a_master_that_refuses_by_path(void **state)
{
	(void)state;
	open_three(true, "SHA256:a", "SHA256:a", "198.51.100.1");
	kit_exec(&k, a_ssh, "ssh -M -fN db");
	kit_connect(&k, a_ssh, "192.0.2.7", 22, LATER);
	kit_bind_unix(&k, a_ssh, MUX_TMP, 60);
	kit_flush(&k);
	kit_forget(&k);
	kit_connect_unix(&k, b_root, MUX, 0, ALICE, -EPERM);
	expect_one(ACT_MUX_HIJACK, OWNER_OTHER, 5);
}

static void
a_master_of_another_key(void **state)
{
	(void)state;
	open_three(false, "SHA256:a", "SHA256:b", "192.0.2.9");
	kit_exec(&k, a_ssh, "ssh -M db");
	kit_bind_unix(&k, a_ssh, MUX_TMP, 60);
	kit_connect(&k, a_ssh, "192.0.2.7", 22, LATER);
	kit_forget(&k);
	kit_connect_unix(&k, a2_ssh, MUX, 60, ALICE, 0);
	expect_one(ACT_MUX_HIJACK, OWNER_SAME_USER, 5);
}

static void
a_master_without_bind_records(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_exec(&k, a2_ssh, "ssh db");
	kit_connect_unix(&k, a2_ssh, "/home/alice/my-control", 60, ALICE, 0);
	expect_one(ACT_MUX_USE, OWNER_UNKNOWN, SES_UNSET);
	kit_connect_unix(&k, b_ssh, "/home/alice/my-control", 60, ALICE, -EACCES);
	expect_one(ACT_MUX_HIJACK, OWNER_OTHER, SES_UNSET);
}

/* A link to the agent of the day: ~/.ssh/sock.  By its name it could be anything. */
static void
an_agent_by_another_name(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_exec(&k, a_ssh, "ssh db");
	kit_connect(&k, a_ssh, "192.0.2.7", 22, LATER);
	kit_forget(&k);
	kit_connect_unix(&k, a_ssh, "/home/alice/.ssh/sock", 66, ALICE, 0);
	expect_none();
}

static void
clashing_control_paths(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, b_ssh, "/tmp/root@db:22", 61, ALICE, -EACCES);
	expect_none();
}

static void
the_far_end_of_a_forward_is_no_master(void **state)
{
	(void)state;
	open_three(false, NULL, NULL, "192.0.2.9");
	kit_connect_unix(&k, a_ssh, "/run/docker.sock", 62, 0, 0);
	kit_connect_unix(&k, a_ssh, "/tmp/.X11-unix/X0", 63, 0, 0);
	expect_none();
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(ones_own_agent), T(sudo_by_the_invokers_agent), T(another_login_of_the_same_origin),
		T(another_login_of_another_origin), T(to_attach_is_to_lend_and_not_to_borrow),
		T(keys_tell_more_than_origins), T(another_user),
		T(a_task_without_a_session), T(a_name_that_lies), T(through_a_link_without_a_name),
		T(an_inode_used_again), T(agents_of_newer_sshd), T(ones_own_agent_as_somebody_else),
		T(sockets_that_lead_nowhere), T(local_agents), T(through_the_sshd_of_another),
		T(through_a_name_of_the_systems), T(a_name_of_the_systems_is_asked_for),
		T(the_owner_is_asked_for), T(no_answer_within_a_second), T(a_socket_of_no_interest),
		T(bait), T(an_owner_that_died), T(no_login_of_its_own), T(a_master_is_known_by_inode),
		T(bait), T(an_owner_that_died), T(no_login_of_its_own), T(a_master_that_refuses_by_path),
		T(a_master_of_another_key), T(a_master_without_bind_records),
		T(an_agent_by_another_name), T(clashing_control_paths),
		T(the_far_end_of_a_forward_is_no_master),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

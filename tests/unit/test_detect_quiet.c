/*
 * What must never alert under an empty policy: the daily work of Ansible, git, tmux, VS Code, sudo
 * and rsync.  Each of these once drowned somebody's alerts.
 */
#include "tests/unit/detect_kit.h"

#include <stdio.h>

static struct kit k;

static void
quiet(void)
{
	kit_wait(&k, 10000);
	kit_flush(&k);
	if (kit_alerts(&k) != 0)
		kit_dump(&k);
	assert_int_equal(kit_alerts(&k), 0);
	kit_close(&k);
}

/*
 * A hundred short logins from one controller, with the same key and over one master: sh, sftp, a
 * forwarded agent.
 */
static void
a_hundred_logins_of_ansible(void **state)
{
	(void)state;
	kit_open(&k, false);
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t ses = 1000 + i, pid = 5000 + i * 10;
		struct who sh = {pid + 2, pid + 1, ses, ALICE, ALICE, "/usr/bin/dash"};
		struct who sudo = {pid + 3, pid + 2, ses, ALICE, 0, "/usr/bin/sudo"};
		struct who python = {pid + 4, pid + 3, ses, ALICE, 0, "/usr/bin/python3.11"};
		char agent[64];

		(void)snprintf(agent, sizeof(agent), "/tmp/ssh-XXXX%06u/agent.%u", i, pid + 1);
		kit_report(&k, ses, ALICE, "alice", "192.0.2.9", pid, "SHA256:deploy");
		kit_exec(&k, sh, "sh -c sudo python3");
		kit_exec(&k, sudo, "sudo -n python3");
		/* inodes of sockets that went are used again */
		kit_connect_unix(&k, sudo, agent, 4000 + i % 3, ALICE, 0);
		kit_user_start(&k, sudo, "/usr/bin/sudo", "root");
		kit_exec(&k, python, "python3 AnsiballZ_setup.py");
		kit_connect_unix(&k, python, "/run/dbus/system_bus_socket", 17, 0, 0);
		if (k.n > 200)
			kit_forget(&k);
		assert_int_equal(kit_alerts(&k), 0);
		kit_logout(&k, ses, ALICE, pid);
	}
	quiet();
}

/* The controller is itself in a session: its clients share a master across two logins. */
static void
ansible_from_a_bastion(void **state)
{
	struct who master = {210, 101, 5, ALICE, ALICE, "/usr/bin/ssh"};
	static const char path[] = "/home/alice/.ansible/cp/0a1b2c3d4e";

	(void)state;
	kit_open(&k, false);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_exec(&k, master, "ssh -o ControlMaster=auto -o ControlPersist=60s db");
	kit_connect_unix(&k, master, path, 0, 0, -ENOENT);
	kit_connect(&k, master, "192.0.2.7", 22, 0);
	kit_connect_unix(&k, master, "/tmp/ssh-XXXXabcdef/agent.101", 77, ALICE, 0);
	kit_bind_unix(&k, master, "/home/alice/.ansible/cp/0a1b2c3d4e.AbCdEfGh01234567", 60);
	kit_logout(&k, 5, ALICE, 100); /* the master lives on */
	kit_report(&k, 6, ALICE, "alice", "192.0.2.9", 300, "SHA256:a");
	for (uint32_t i = 0; i < 20; i++) {
		struct who again = {400 + i, 301, 6, ALICE, ALICE, "/usr/bin/ssh"};

		kit_exec(&k, again, "ssh -o ControlMaster=auto db python3");
		kit_connect_unix(&k, again, path, 60, ALICE, 0);
	}
	assert_int_equal(kit_count(&k, ACT_MUX_USE), 20);
	assert_int_equal(kit_count(&k, ACT_OUTBOUND_SSH), 1);
	quiet();
}

static void
git_over_ssh(void **state)
{
	struct who git = {200, 101, 5, ALICE, ALICE, "/usr/bin/git"};
	struct who ssh = {201, 200, 5, ALICE, ALICE, "/usr/bin/ssh"};

	(void)state;
	kit_open(&k, false);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_exec(&k, git, "git fetch");
	kit_exec(&k, ssh, "ssh -o SendEnv=GIT_PROTOCOL git@forge git-upload-pack x");
	kit_connect(&k, ssh, "192.0.2.53", 53, 0);
	kit_connect(&k, ssh, "2001:db8::7", 22, -ENETUNREACH);
	kit_connect(&k, ssh, "192.0.2.7", 22, 0);
	kit_connect_unix(&k, ssh, "/tmp/ssh-XXXXabcdef/agent.101", 77, ALICE, 0);
	assert_int_equal(kit_count(&k, ACT_OUTBOUND_SSH), 1);
	quiet();
}

/* A tmux of the first login; the second, with the same key, works in it and lends it its agent. */
static void
a_tmux_that_outlives_its_login(void **state)
{
	struct who tmux = {210, 101, 5, ALICE, ALICE, "/usr/bin/tmux"};
	struct who attach = {410, 301, 6, ALICE, ALICE, "/usr/bin/tmux"};
	struct who window = {220, 211, 5, ALICE, ALICE, "/usr/bin/ssh"};
	static const char path[] = "/tmp/tmux-1001/default";

	(void)state;
	kit_open(&k, false);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_connect_unix(&k, tmux, path, 0, 0, -ENOENT);
	kit_connect_unix(&k, tmux, path, 50, ALICE, 0);
	kit_logout(&k, 5, ALICE, 100);
	kit_report(&k, 6, ALICE, "alice", "198.51.100.7", 300, "SHA256:a");
	kit_connect_unix(&k, attach, path, 50, ALICE, 0);
	kit_exec(&k, window, "ssh db");
	kit_connect_unix(&k, window, "/tmp/ssh-XXXXold/agent.101", 40, ALICE, -ECONNREFUSED);
	kit_connect_unix(&k, window, "/tmp/ssh-XXXXnew/agent.301", 41, ALICE, 0);
	kit_connect(&k, window, "192.0.2.7", 22, 0);
	assert_int_equal(kit_found(&k, ACT_AGENT_USE, 0)->owner, OWNER_SAME_LOGIN);
	quiet();
}

/* The same with the key of another device: who attaches lends. */
static void
a_tmux_and_two_devices(void **state)
{
	struct who tmux = {210, 101, 5, ALICE, ALICE, "/usr/bin/tmux"};
	struct who attach = {410, 301, 6, ALICE, ALICE, "/usr/bin/tmux"};
	struct who window = {220, 211, 5, ALICE, ALICE, "/usr/bin/ssh"};

	(void)state;
	kit_open(&k, false);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_bind_unix(&k, tmux, "/tmp/tmux-1001/default", 50);
	kit_logout(&k, 5, ALICE, 100);
	kit_report(&k, 6, ALICE, "alice", "198.51.100.7", 300, "SHA256:phone");
	kit_connect_unix(&k, attach, "/tmp/tmux-1001/default", 50, ALICE, 0);
	kit_exec(&k, window, "ssh db");
	kit_connect_unix(&k, window, "/tmp/ssh-XXXXnew/agent.301", 41, ALICE, 0);
	kit_connect(&k, window, "192.0.2.7", 22, 0);
	assert_int_equal(kit_found(&k, ACT_AGENT_USE, 0)->owner, OWNER_SAME_USER);
	quiet();
}

/* Dozens of channels a minute to the editor's server on loopback. */
static void
an_editor_over_dynamic_forwarding(void **state)
{
	struct who child = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
	struct who server = {200, 101, 5, ALICE, ALICE, "/home/alice/.vscode-server/node"};

	(void)state;
	kit_open(&k, false);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_exec(&k, server, "node server-main.js");
	kit_bind(&k, server, "127.0.0.1", 41234, 18);
	kit_listen(&k, server, 18);
	for (int i = 0; i < 60; i++)
		kit_connect(&k, child, "127.0.0.1", 41234, LATER);
	assert_int_equal(kit_count(&k, ACT_RELAY), 1);
	assert_int_equal(kit_count(&k, ACT_LISTEN), 1);
	quiet();
}

static void
sudo_with_the_agent(void **state)
{
	struct who sudo = {210, 101, 5, ALICE, 0, "/usr/bin/sudo"};
	struct who root = {211, 210, 5, ALICE, 0, "/usr/bin/ssh"};

	(void)state;
	kit_open(&k, false);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_exec(&k, sudo, "sudo -E ssh db");
	kit_connect_unix(&k, sudo, "/tmp/ssh-XXXXabcdef/agent.101", 77, ALICE, 0);
	kit_user_start(&k, sudo, "/usr/bin/sudo", "root");
	kit_exec(&k, root, "ssh db");
	kit_connect_unix(&k, root, "/tmp/ssh-XXXXabcdef/agent.101", 77, ALICE, 0);
	quiet();
}

static void
rsync_as_root(void **state)
{
	struct who rsync = {401, 400, 6, 0, 0, "/usr/bin/rsync"};
	struct who ssh = {402, 401, 6, 0, 0, "/usr/bin/ssh"};

	(void)state;
	kit_open(&k, false);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_login(&k, 6, 0, "root", "192.0.2.9", 400);
	kit_exec(&k, rsync, "rsync -a /srv db:/srv");
	kit_exec(&k, ssh, "ssh db rsync --server");
	kit_connect(&k, ssh, "192.0.2.7", 22, 0);
	kit_connect_unix(&k, ssh, "/tmp/ssh-XXXXr/agent.400", 88, 0, 0);
	assert_int_equal(kit_found(&k, ACT_AGENT_USE, 0)->owner, OWNER_SELF);
	quiet();
}

/*
 * The usual desktop: keyring, gpg-agent, an ssh-agent of systemd --user, used by every login of the
 * user.
 */
static void
agents_of_ones_own(void **state)
{
	struct who systemd = {700, 1, 8, ALICE, ALICE, "/usr/bin/ssh-agent"};
	struct who add = {210, 101, 5, ALICE, ALICE, "/usr/bin/ssh-add"};
	struct who manager = {710, 1, 8, ALICE, ALICE, "/usr/bin/ssh"};

	(void)state;
	kit_open(&k, false);
	kit_bind_unix(&k, systemd, "/run/user/1001/ssh-agent.socket", 30);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	kit_connect_unix(&k, add, "/run/user/1001/ssh-agent.socket", 30, ALICE, 0);
	kit_connect_unix(&k, add, "/run/user/1001/gnupg/S.gpg-agent.ssh", 31, ALICE, 0);
	kit_connect_unix(&k, manager, "/run/user/1001/keyring/ssh", 32, ALICE, 0);
	assert_int_equal(kit_count(&k, ACT_AGENT_HIJACK) + kit_count(&k, ACT_AGENT_USE), 0);
	quiet();
}

/* The noise of any login: name service, syslog, D-Bus, motd, as root and as the user. */
static void
the_noise_of_a_login(void **state)
{
	static const char *const paths[] = {"/dev/log", "/var/run/nscd/socket", "/run/dbus/system_bus_socket",
	    "/run/systemd/userdb/io.systemd.Multiplexer", "/var/lib/sss/pipes/nss",
	    "/run/systemd/journal/stdout"};
	struct who monitor = {100, 1, 5, ALICE, 0, "/usr/sbin/sshd"};
	struct who child = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
	struct who id = {200, 101, 5, ALICE, ALICE, "/usr/bin/id"};

	(void)state;
	kit_open(&k, true);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		kit_connect_unix(&k, monitor, paths[i], 100 + i, 0, 0);
		kit_connect_unix(&k, child, paths[i], 100 + i, 0, 0);
		kit_connect_unix(&k, id, paths[i], 100 + i, 0, -EACCES);
	}
	assert_int_equal(k.owners_asked, 0);
	assert_int_equal(k.n, 1); /* the login */
	quiet();
}

/*
 * The sockets of a desktop lie where their user may put a link: who listens is asked once, and is
 * nothing to anybody.
 */
static void
the_sockets_of_a_desktop(void **state)
{
	static const char *const paths[] = {"/run/user/1001/bus", "/run/user/1001/systemd/private",
	    "/run/user/1001/pulse/native", "/tmp/.X11-unix/X0"};
	struct who app = {200, 101, 5, ALICE, ALICE, "/usr/bin/xterm"};
	struct who ssh = {201, 101, 5, ALICE, ALICE, "/usr/bin/ssh"};

	(void)state;
	kit_open(&k, true);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	for (size_t i = 0; i < 3 * 4; i++) {
		struct usock u = {.inode = 100 + i % 4, .dev_major = 254, .owner_ses = SES_UNSET,
		    .owner_pid = 1, .owner_uid = i % 4 == 3 ? 0 : ALICE, .owner_auid = AUID_UNSET};

		kit_connect_unix(&k, app, paths[i % 4], u.inode, u.owner_uid, 0);
		if (i < 4)
			host_owner_set(k.host, &u);
	}
	assert_int_equal(k.owners_asked, 4);
	kit_exec(&k, ssh, "ssh -X db");
	kit_connect_unix(&k, ssh, "/tmp/.X11-unix/X0", 103, 0, 0);
	kit_connect(&k, ssh, "192.0.2.7", 22, LATER);
	assert_int_equal(k.n, 2); /* the login, the hop */
	quiet();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_logins_of_ansible),
		cmocka_unit_test(ansible_from_a_bastion),
		cmocka_unit_test(git_over_ssh),
		cmocka_unit_test(a_tmux_that_outlives_its_login),
		cmocka_unit_test(a_tmux_and_two_devices),
		cmocka_unit_test(an_editor_over_dynamic_forwarding),
		cmocka_unit_test(sudo_with_the_agent),
		cmocka_unit_test(rsync_as_root),
		cmocka_unit_test(agents_of_ones_own),
		cmocka_unit_test(the_noise_of_a_login),
		cmocka_unit_test(the_sockets_of_a_desktop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

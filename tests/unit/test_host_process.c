/* host/process, program, usock, table: lives of pids, ancestry, programs, sockets, caps. */
#include "tests/unit/detect_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/host/table.h"

static struct kit k;

static int
setup(void **state)
{
	(void)state;
	kit_open(&k, false);
	kit_login(&k, 5, ALICE, "alice", "192.0.2.9", 100);
	return 0;
}

static int
setup_live(void **state)
{
	(void)state;
	kit_open(&k, true);
	kit_report(&k, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kit_close(&k);
	return 0;
}

/* --- lives ------------------------------------------------------------------------------------ */

static void
ancestry_leads_to_sshd(void **state)
{
	struct who sh = {200, 101, 5, ALICE, ALICE, "/usr/bin/bash"};
	struct who su = {201, 200, 5, ALICE, 0, "/usr/bin/su"};
	struct who orphan = {202, 201, 5, ALICE, 0, "/usr/bin/nc"};
	const struct process *chain[8];

	(void)state;
	kit_exec(&k, sh, "-bash");
	kit_exec(&k, su, "su -");
	kit_exec(&k, orphan, "nc");
	orphan.ppid = 1; /* its parent went; where it came from stays */
	kit_connect(&k, orphan, "192.0.2.7", 80, 0);
	assert_int_equal(host_ancestry(k.host, 202, chain, 8), 5);
	assert_int_equal(chain[0]->pid, 202);
	assert_int_equal(chain[2]->pid, 200);
	assert_int_equal(chain[4]->pid, 100);
	assert_true(chain[3]->is_sshd && chain[4]->is_sshd && !chain[2]->is_sshd);
	assert_int_equal(host_ancestry(k.host, 202, chain, 2), 2);
	assert_int_equal(host_ancestry(k.host, 999, chain, 8), 0);
}

static void
a_pid_used_again(void **state)
{
	struct who old = {200, 101, 5, ALICE, ALICE, "/usr/bin/ssh"};
	struct who new = {200, 301, 6, BOB, BOB, "/usr/bin/ls"};
	uint64_t life;

	(void)state;
	kit_login(&k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_exec(&k, old, "ssh db");
	life = host_process(k.host, 200)->life;
	kit_connect(&k, new, "192.0.2.7", 80, 0); /* no record of its exec */
	assert_int_equal(host_process(k.host, 200)->ses, 6);
	assert_true(host_process(k.host, 200)->life != life);
	assert_null(host_process(k.host, 200)->argv);
	assert_int_equal(host_process(k.host, 200)->program, PROGRAM_UNKNOWN);
	assert_int_equal(host_session(k.host, 5)->nproc, 2); /* sshd's two */
}

static void
an_exec_is_a_new_life(void **state)
{
	struct who sh = {200, 101, 5, ALICE, ALICE, "/usr/bin/dash"}, ssh = sh;
	uint64_t life;

	(void)state;
	kit_exec(&k, sh, "sh -c ssh");
	life = host_process(k.host, 200)->life;
	ssh.exe = "/usr/bin/ssh";
	kit_exec(&k, ssh, "ssh db");
	assert_true(host_process(k.host, 200)->life > life);
	assert_int_equal(host_process(k.host, 200)->program, PROGRAM_SSH);
	assert_int_equal(host_process(k.host, 200)->ppid, 101);
}

/* The monitor was killed or is done; a fork of the user's takes its pid and executes nothing. */
static void
the_pid_of_an_sshd_used_again(void **state)
{
	struct who heir = {100, 200, 5, ALICE, ALICE, "/home/alice/x"};
	struct who sshd = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};

	(void)state;
	assert_true(host_process(k.host, 100)->is_sshd);
	kit_connect(&k, heir, "192.0.2.7", 22, LATER);
	assert_false(host_process(k.host, 100)->is_sshd);
	kit_connect(&k, sshd, "192.0.2.7", 80, LATER);
	assert_true(host_process(k.host, 101)->is_sshd);
	sshd.exe = "/usr/sbin/sshd (deleted)"; /* updated since */
	kit_connect(&k, sshd, "192.0.2.7", 80, LATER);
	assert_true(host_process(k.host, 101)->is_sshd);
	kit_logout(&k, 5, ALICE, 100);
	sshd.ppid = 300; /* a copy that the user runs, after the logout */
	kit_connect(&k, sshd, "192.0.2.7", 22, LATER);
	assert_false(host_process(k.host, 101)->is_sshd);
	assert_int_equal(kit_count(&k, ACT_OUTBOUND_SSH), 2);
}

/* ssh -f goes on in a child that executes nothing. */
static void
a_fork_is_its_parents_program(void **state)
{
	struct who ssh = {200, 101, 5, ALICE, ALICE, "/home/alice/backup"};
	struct who fork = {201, 200, 5, ALICE, ALICE, "/home/alice/backup"};

	(void)state;
	host_program_set(k.host, 4711, 254, 0, true);
	kit_exec_file(&k, ssh, "backup db", 4711);
	kit_connect(&k, fork, "192.0.2.7", 8022, LATER);
	assert_int_equal(host_process(k.host, 201)->program, PROGRAM_SSH);
	assert_int_equal(kit_count(&k, ACT_OUTBOUND_SSH), 1);
}

static void
long_command_lines_are_cut(void **state)
{
	struct who sh = {200, 101, 5, ALICE, ALICE, "/usr/bin/dash"};
	static char words[60000];
	struct fact f = kit_task(FACT_EXEC, sh);

	(void)state;
	memset(words, 'x', sizeof(words));
	f.argv = (struct bytes){.p = words, .n = sizeof(words)};
	kit_fact(&k, &f);
	assert_int_equal(host_process(k.host, 200)->argv_len, ST_ARGV_MODEL);
}

/* A fork bomb pushes out its own session's, not the neighbour's. */
static void
a_flood_of_one_session(void **state)
{
	struct who neighbour = {400, 301, 6, BOB, BOB, "/usr/bin/ls"};

	(void)state;
	kit_login(&k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_exec(&k, neighbour, "ls");
	for (uint32_t i = 0; i < ST_PROCESSES_SES + 500; i++) {
		struct who w = {10000 + i, 101, 5, ALICE, ALICE, "/usr/bin/true"};

		kit_exec(&k, w, "true");
	}
	assert_true(host_session(k.host, 5)->nproc <= ST_PROCESSES_SES);
	assert_true(host_stats_get(k.host)->processes_dropped >= 500);
	assert_non_null(host_process(k.host, 400));
	assert_non_null(host_process(k.host, 10000 + ST_PROCESSES_SES + 499));
	assert_non_null(host_process(k.host, 101)); /* a parent in use stays */
}

static void
the_dead_are_swept(void **state)
{
	struct who alive = {200, 101, 5, ALICE, ALICE, "/usr/bin/bash"};
	struct who dead = {201, 101, 5, ALICE, ALICE, "/usr/bin/ls"};

	(void)state;
	kit_exec(&k, alive, "bash");
	kit_exec(&k, dead, "ls");
	k.tasks[k.ntasks].pid = 200;
	k.tasks[k.ntasks++].ses = 5;
	kit_wait(&k, 59000);
	assert_non_null(host_process(k.host, 201));
	kit_wait(&k, 2000);
	assert_null(host_process(k.host, 201));
	assert_non_null(host_process(k.host, 200));
}

static void
parents_from_proc(void **state)
{
	struct who nc = {220, 210, 5, ALICE, ALICE, "/usr/bin/nc"};
	const struct process *chain[8];

	(void)state;
	k.tasks[k.ntasks].pid = 210;
	k.tasks[k.ntasks].ppid = 101;
	k.tasks[k.ntasks++].ses = 5;
	kit_exec(&k, nc, "nc");
	assert_int_equal(host_ancestry(k.host, 220, chain, 8), 4); /* nc, 210, the child, the monitor */
}

static void
uring_threads_have_no_session(void **state)
{
	struct who tool = {200, 101, 5, ALICE, ALICE, "/home/alice/ring"};
	struct who thread = {200, 101, SES_UNSET, AUID_UNSET, ALICE, NULL};
	struct fact f = kit_task(FACT_CONNECT, thread);

	(void)state;
	kit_exec(&k, tool, "ring");
	f.way = WAY_URING;
	f.family = AF_INET;
	f.peer = kit_endpoint("192.0.2.7", 22);
	f.exit = LATER;
	kit_fact(&k, &f);
	assert_int_equal(kit_count(&k, ACT_OUTBOUND_SSH), 1);
	assert_int_equal(kit_found(&k, ACT_OUTBOUND_SSH, 0)->ses, 5);
}

/* --- programs --------------------------------------------------------------------------------- */

static void
by_name(void **state)
{
	(void)state;
	assert_true(program_is_ssh_name(BYTES_LIT("/usr/bin/ssh")));
	assert_true(program_is_ssh_name(BYTES_LIT("/tmp/ssh (deleted)")));
	assert_true(program_is_ssh_name(BYTES_LIT("dbclient")));
	assert_false(program_is_ssh_name(BYTES_LIT("/usr/bin/scp")));
	assert_false(program_is_ssh_name(BYTES_LIT("/usr/bin/ssh-add")));
	assert_false(program_is_ssh_name(BYTES_LIT("/usr/sbin/sshd")));
	assert_false(program_is_ssh_name(BYTES_NONE));
}

static void
steady_files_are_asked_for_once(void **state)
{
	struct who ls = {200, 101, 5, ALICE, ALICE, "/usr/bin/ls"};
	struct who own = {201, 101, 5, ALICE, ALICE, "/home/alice/x"};

	(void)state;
	k.programs_asked = 0;
	kit_exec_file(&k, ls, "ls", 10);
	host_program_set(k.host, 10, 254, 0, false);
	kit_exec_file(&k, ls, "ls", 10);
	assert_int_equal(k.programs_asked, 1);
	assert_int_equal(host_process(k.host, 200)->program, PROGRAM_OTHER);
	for (int i = 0; i < 3; i++) { /* what its owner can write may have changed in place */
		kit_exec_file(&k, own, "x", 11);
		host_program_set(k.host, 11, 254, 0, false);
	}
	assert_int_equal(k.programs_asked, 4);
}

/* The gates are told of a file for good: a name that the user may have mounted over it says nothing. */
static void
clients_are_known_by_their_content(void **state)
{
	struct who ssh = {200, 101, 5, ALICE, ALICE, "/usr/bin/ssh"};

	(void)state;
	k.clients_told = 0;
	kit_exec_file(&k, ssh, "ssh db", 12);
	assert_int_equal(host_process(k.host, 200)->program, PROGRAM_SSH);
	assert_int_equal(k.clients_told, 0);
	host_program_set(k.host, 12, 254, 0, true);
	assert_int_equal(k.clients_told, 1);
	host_program_set(k.host, 12, 254, 0, false);
	assert_int_equal(k.clients_told, 1);
}

static void
through_the_linker(void **state)
{
	struct who ld = {200, 101, 5, ALICE, ALICE, "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"};

	(void)state;
	kit_exec(&k, ld, "/lib64/ld-linux-x86-64.so.2 /usr/bin/ssh db");
	assert_int_equal(host_process(k.host, 200)->program, PROGRAM_SSH);
	kit_exec(&k, ld, "ld.so --library-path /tmp /usr/bin/ssh db");
	assert_int_equal(host_process(k.host, 200)->program, PROGRAM_SSH);
	kit_exec(&k, ld, "ld.so /bin/ls ./ls /usr/bin/ssh");
	assert_int_equal(host_process(k.host, 200)->program, PROGRAM_UNKNOWN);
}

/* --- sockets ---------------------------------------------------------------------------------- */

static void
names_of_sockets(void **state)
{
	(void)state;
	assert_int_equal(usock_kind_of(BYTES_LIT("/tmp/ssh-4jBwwA1xZP/agent.29341")), USOCK_AGENT);
	assert_int_equal(usock_kind_of(BYTES_LIT("./agent.29341")), USOCK_AGENT);
	assert_int_equal(usock_kind_of(BYTES_LIT("/home/a/.ssh/agent/s.x.sshd.y")), USOCK_AGENT);
	assert_int_equal(usock_kind_of(BYTES_LIT("/run/user/1001/gnupg/S.gpg-agent.ssh")), USOCK_AGENT);
	assert_int_equal(usock_kind_of(BYTES_LIT("/tmp/tmux-1001/default")), USOCK_TMUX);
	assert_int_equal(usock_kind_of(BYTES_LIT("/run/screen/S-alice/1.pts")), USOCK_SCREEN);
	assert_int_equal(usock_kind_of(BYTES_LIT("/srv/app.sock")), USOCK_OTHER);
	assert_int_equal(usock_kind_of(BYTES_NONE), USOCK_OTHER);
	assert_true(usock_is_system(BYTES_LIT("/var/run/nscd/socket")));
	assert_true(usock_is_system(BYTES_LIT("\0/tmp/.X11-unix/X0")));
	assert_true(usock_is_system(BYTES_LIT("/run/user/1001/bus")));
	assert_false(usock_is_system(BYTES_LIT("/run/user/1001/keyring/ssh")));
	assert_false(usock_is_system(BYTES_NONE));
	assert_false(usock_is_system(BYTES_LIT("/run/systemd/../../tmp/ssh-X/agent.1")));
	assert_false(usock_is_system(BYTES_LIT("/run/systemd//x")));
	assert_false(usock_is_system(BYTES_LIT("/var/run/./nscd/socket")));
	assert_true(usock_is_service(BYTES_LIT("/run/docker.sock")));
	assert_false(usock_is_service(BYTES_LIT("/run/user/1001/cm")));
	assert_false(usock_is_service(BYTES_LIT("/run/../home/alice/cm")));
}

static void
a_flood_of_sockets(void **state)
{
	struct who agent = {200, 101, 5, ALICE, ALICE, "/usr/bin/ssh-agent"};
	struct who bob = {400, 301, 6, BOB, BOB, "/usr/bin/ssh-agent"};
	char path[64];

	(void)state;
	kit_login(&k, 6, BOB, "bob", "192.0.2.8", 300);
	kit_exec(&k, bob, "ssh-agent");
	kit_bind_unix(&k, bob, "/tmp/ssh-XXXXbob/agent.399", 5);
	kit_exec(&k, agent, "ssh-agent");
	for (uint64_t i = 0; i < ST_SOCKETS_USER + 100; i++) {
		(void)snprintf(path, sizeof(path), "/tmp/ssh-XXXX%04u/agent.1", (unsigned)i);
		kit_bind_unix(&k, agent, path, 1000 + i);
	}
	assert_int_equal(host_stats_get(k.host)->sockets, ST_SOCKETS_USER + 1);
	assert_int_equal(host_stats_get(k.host)->sockets_dropped, 100);
}

/* Whoever floods the table does not get rid of the agents that sshd made. */
static void
a_flood_spares_forwarded_agents(void **state)
{
	struct who sshd = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
	struct who agent = {200, 101, 5, ALICE, ALICE, "/usr/bin/ssh-agent"};
	struct usock plain = {.dev_major = 254, .owner_ses = 5, .owner_uid = ALICE,
	    .owner_auid = ALICE, .owner_pid = 200};
	struct fact_unix un = {.has_inode = true, .inode = 5, .dev_major = 254};

	(void)state;
	kit_bind_unix(&k, sshd, "/tmp/ssh-XXXXa/agent.101", 5);
	kit_exec(&k, agent, "ssh-agent");
	kit_bind_unix(&k, agent, "/tmp/ssh-XXXXb/agent.199", 6);
	for (uint64_t i = 0; i < ST_SOCKETS_USER + 100; i++) {
		plain.inode = 1000 + i;
		host_owner_set(k.host, &plain);
	}
	assert_non_null(host_usock(k.host, &un));
	un.inode = 6;
	assert_non_null(host_usock(k.host, &un));
	for (uint64_t i = 0; i < ST_SOCKETS_USER + 100; i++)
		kit_bind_unix(&k, agent, "/tmp/ssh-XXXXb/agent.199", 5000 + i);
	assert_null(host_usock(k.host, &un));
	un.inode = 5;
	assert_true(host_usock(k.host, &un)->forwarded);
}

static bool
first_socket(struct usock *u, void *arg)
{
	*(struct usock *)arg = *u;
	return false;
}

static void
sockets_of_a_session(void **state)
{
	struct who sshd = {101, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};
	struct usock u = {0};

	(void)state;
	kit_bind_unix(&k, sshd, "/tmp/ssh-XXXXa/agent.101", 9);
	host_each_socket(k.host, 5, first_socket, &u);
	assert_true(u.forwarded);
	assert_int_equal(u.kind, USOCK_AGENT);
	assert_int_equal(u.owner_pid, 101);
	assert_int_equal(u.inode, 9);
}

/* --- the hash --------------------------------------------------------------------------------- */

struct item {
	struct table_link link;
	uint64_t key;
};

static void
a_table_grows_and_shrinks(void **state)
{
	enum { N = 5000 };
	struct item *items = calloc(N, sizeof(*items));
	struct table t;

	(void)state;
	assert_non_null(items);
	assert_true(table_init(&t));
	for (size_t i = 0; i < N; i++) {
		items[i].key = i;
		table_add(&t, &items[i].link, i % 1000); /* five of each hash */
	}
	assert_int_equal(t.n, N);
	for (uint64_t h = 0; h < 1000; h++) {
		int n = 0;

		for (struct table_link *l = table_first(&t, h); l != NULL; l = table_next(l)) {
			assert_int_equal(TABLE_ENTRY(l, struct item, link)->key % 1000, h);
			n++;
		}
		assert_int_equal(n, 5);
	}
	for (size_t i = 0; i < N; i++)
		table_del(&t, &items[i].link);
	assert_int_equal(t.n, 0);
	table_del(&t, &items[0].link); /* not in it: nothing */
	assert_null(table_first(&t, 7));
	table_done(&t);
	free(items);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define L(f) cmocka_unit_test_setup_teardown(f, setup_live, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(ancestry_leads_to_sshd), T(a_pid_used_again), T(an_exec_is_a_new_life),
		T(the_pid_of_an_sshd_used_again), T(a_fork_is_its_parents_program), T(long_command_lines_are_cut),
		T(a_flood_of_one_session), L(the_dead_are_swept), L(parents_from_proc),
		T(uring_threads_have_no_session), T(by_name), T(through_the_linker), L(steady_files_are_asked_for_once),
		L(clients_are_known_by_their_content),
		T(names_of_sockets), T(a_flood_of_sockets), T(a_flood_spares_forwarded_agents),
		T(sockets_of_a_session),
		T(a_table_grows_and_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

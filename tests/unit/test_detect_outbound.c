/* outbound-ssh: one hop is one finding; what is no hop is none. */
#include "tests/unit/detect_kit.h"

#include <string.h>

#define CHILD 101 /* alice's user child */

static const struct who ssh = {201, 200, 5, ALICE, ALICE, "/usr/bin/ssh"};
static const struct who nc = {202, 200, 5, ALICE, ALICE, "/usr/bin/nc.openbsd"};
static const struct who child = {CHILD, 100, 5, ALICE, ALICE, "/usr/sbin/sshd"};

static void
a_client_connects(void **state)
{
	struct kit *k = *state;
	const struct found *f;

	kit_exec(k, ssh, "ssh db");
	assert_int_equal(k->n, 0);
	kit_connect(k, ssh, "192.0.2.7", 22, LATER);
	f = kit_found(k, ACT_OUTBOUND_SSH, 0);
	assert_string_equal(f->to, "192.0.2.7:22");
	assert_int_equal(f->outcome, OUTCOME_UNKNOWN);
	assert_int_equal(f->ses, 5);
	assert_int_equal(f->top, 100); /* ssh, bash, the user child, the monitor */
	assert_int_equal(f->nancestry, 3);
	assert_string_equal(f->reason, "alice's session 5 (from 192.0.2.9) connects to 192.0.2.7:22 with ssh");
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
zero_is_held_for_a_moment(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	assert_int_equal(k->n, 0);
	kit_wait(k, 250);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].outcome, OUTCOME_SUCCESS);
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
the_next_deed_settles_it(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	kit_connect_unix(k, ssh, "/tmp/ssh-abc/agent.101", 77, ALICE, 0);
	assert_int_equal(kit_count(k, ACT_OUTBOUND_SSH), 1);
	assert_int_equal(kit_count(k, ACT_AGENT_USE), 1);
}

static void
several_addresses_are_one_hop(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "2001:db8::7", 22, -ENETUNREACH);
	kit_connect(k, ssh, "192.0.2.6", 22, -ECONNREFUSED);
	kit_connect(k, ssh, "192.0.2.7", 22, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].to, "192.0.2.7:22");
	assert_int_equal(k->found[0].count, 3);
}

static void
all_failed_is_one_failure(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.6", 22, -ECONNREFUSED);
	kit_connect(k, ssh, "192.0.2.7", 22, -EHOSTUNREACH);
	assert_int_equal(k->n, 0);
	kit_wait(k, 2100);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].outcome, OUTCOME_FAILURE);
	assert_string_equal(k->found[0].to, "192.0.2.7:22");
	assert_non_null(strstr(k->found[0].reason, "No route to host"));
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
probes_are_no_hop(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.53", 53, 0);
	kit_connect(k, ssh, "192.0.2.6", 22, 0);
	kit_unspec(k, ssh, 3);
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	assert_int_equal(k->n, 0);
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].to, "192.0.2.7:22");
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
any_port_of_a_client(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh -p 443 db");
	kit_connect(k, ssh, "192.0.2.7", 443, LATER);
	assert_string_equal(kit_found(k, ACT_OUTBOUND_SSH, 0)->to, "192.0.2.7:443");
}

static void
any_program_at_an_ssh_port(void **state)
{
	struct kit *k = *state;

	kit_exec(k, nc, "nc 192.0.2.7 22");
	kit_connect(k, nc, "192.0.2.7", 22, LATER);
	kit_connect(k, nc, "192.0.2.7", 80, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].exe, "/usr/bin/nc.openbsd");
}

static void
a_command_that_connects_nowhere(void **state)
{
	static const char *const quiet[] = {"ssh -V", "ssh -Q cipher", "ssh -G db", "ssh",
	    "ssh -O check -S /tmp/x db", "ssh -oPort=5 -G db", "ssh -p 22 -V"};
	struct kit *k = *state;

	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		kit_exec(k, ssh, quiet[i]);
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

static void
a_client_whose_connect_is_lost(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh -p 22 db");
	kit_wait(k, 1900);
	assert_int_equal(k->n, 0);
	kit_wait(k, 200);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].outcome, OUTCOME_UNKNOWN);
	assert_string_equal(k->found[0].to, "");
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
a_name_that_is_not_there(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh nowhere");
	kit_connect(k, ssh, "192.0.2.53", 53, 0);
	kit_wait(k, 6100);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].outcome, OUTCOME_UNKNOWN);
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

static void
a_slow_name_server_is_waited_for(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.53", 53, 0);
	kit_wait(k, 5000);
	kit_connect(k, ssh, "192.0.2.54", 53, 0);
	kit_wait(k, 5000);
	assert_int_equal(k->n, 0);
	kit_connect(k, ssh, "192.0.2.7", 22, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].to, "192.0.2.7:22");
}

/* ssh -J hop db: the parent starts `ssh -W` and never connects. */
static void
a_jump_is_its_childs_hop(void **state)
{
	struct kit *k = *state;
	struct who jump = {210, 201, 5, ALICE, ALICE, "/usr/bin/ssh"};

	kit_exec(k, ssh, "ssh -J hop db");
	kit_exec(k, jump, "/usr/bin/ssh -W [db]:22 hop");
	kit_connect(k, jump, "192.0.2.5", 22, LATER);
	kit_wait(k, 10000);
	kit_flush(k);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].pid, 210);
}

static void
a_proxy_command_is_a_hop_at_any_port(void **state)
{
	struct kit *k = *state;
	struct who sh = {210, 201, 5, ALICE, ALICE, "/usr/bin/dash"};
	struct who proxy = {211, 210, 5, ALICE, ALICE, "/usr/bin/socat"};

	kit_exec(k, ssh, "ssh -o ProxyCommand=socat db");
	kit_exec(k, sh, "sh -c socat");
	kit_exec(k, proxy, "socat - PROXY:px:db:22,proxyport=3128");
	kit_connect(k, proxy, "192.0.2.5", 3128, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].to, "192.0.2.5:3128");
	assert_non_null(strstr(k->found[0].reason, "for its SSH client"));
}

static void
the_same_again_folds(void **state)
{
	struct kit *k = *state;

	kit_exec(k, nc, "nc -z 192.0.2.7 22");
	for (int i = 0; i < 5; i++)
		kit_connect(k, nc, "192.0.2.7", 22, LATER);
	assert_int_equal(k->n, 1);
	kit_connect(k, nc, "192.0.2.8", 22, LATER);
	assert_int_equal(k->n, 2);
	kit_exec(k, nc, "nc -z 192.0.2.7 22"); /* another program: another hop */
	kit_connect(k, nc, "192.0.2.7", 22, LATER);
	assert_int_equal(k->n, 3);
}

static void
kerberos_beside_the_hop(void **state)
{
	struct kit *k = *state;

	kit_exec(k, ssh, "ssh -K db");
	kit_connect(k, ssh, "192.0.2.7", 22, LATER);
	kit_connect(k, ssh, "192.0.2.88", 88, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 1);
}

/* A client of one's own may go anywhere under that name. */
static void
kerberos_of_ones_own(void **state)
{
	struct kit *k = *state;
	struct who own = {220, 200, 5, ALICE, ALICE, "/home/alice/ssh"};

	kit_exec(k, own, "ssh db");
	kit_connect(k, own, "192.0.2.1", 22, LATER);
	kit_connect(k, own, "192.0.2.7", 88, LATER);
	assert_int_equal(k->n, 2);
}

static void
no_session_no_hop(void **state)
{
	struct kit *k = *state;
	struct who job = {300, 1, SES_UNSET, AUID_UNSET, 0, "/usr/bin/ssh"};

	kit_exec(k, job, "ssh db");
	kit_connect(k, job, "192.0.2.7", 22, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

static void
a_job_of_cron_says_so(void **state)
{
	struct kit *k = *state;
	struct who cron = {300, 1, 9, ALICE, 0, "/usr/sbin/cron"};
	struct who job = {301, 300, 9, ALICE, ALICE, "/usr/bin/ssh"};

	kit_loginuid(k, cron, SES_UNSET, AUID_UNSET, true);
	kit_user_start(k, cron, "/usr/sbin/cron", "alice");
	kit_exec(k, job, "ssh db");
	kit_connect(k, job, "192.0.2.7", 22, LATER);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].via, "cron");
}

static void
work_after_logout(void **state)
{
	struct kit *k = *state;

	kit_logout(k, 5, ALICE, 100);
	kit_exec(k, nc, "nc 192.0.2.7 22");
	kit_connect(k, nc, "192.0.2.7", 22, LATER);
	assert_int_equal(kit_count(k, ACT_OUTBOUND_SSH), 1);
	assert_int_equal(kit_count(k, ACT_SESSION_BRIDGE), 1);
	assert_string_equal(kit_found(k, ACT_OUTBOUND_SSH, 0)->via, "linger");
}

/* --- live ------------------------------------------------------------------------------------- */

static void
who_looks_decides_at_once(void **state)
{
	struct kit *k = *state;

	k->tcp = true;
	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->found[0].outcome, OUTCOME_SUCCESS);
}

/* Each look costs: none for what has no socket, none for what is told already. */
static void
who_looks_looks_once(void **state)
{
	struct kit *k = *state;

	k->tcp = true;
	kit_exec(k, ssh, "ssh db");
	kit_connect(k, ssh, "192.0.2.6", 22, -ECONNREFUSED);
	kit_connect(k, child, "192.0.2.6", 80, -EHOSTUNREACH);
	assert_int_equal(k->tcp_asked, 0);
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	for (int i = 0; i < 20; i++)
		kit_connect(k, ssh, "192.0.2.7", 22, i % 2 == 0 ? 0 : LATER);
	assert_int_equal(k->tcp_asked, 1);
	assert_int_equal(k->again, 20);
	for (int i = 0; i < 20; i++)
		kit_connect(k, child, "192.0.2.7", 80, LATER);
	assert_int_equal(k->tcp_asked, 2);
	kit_wait(k, 61000);
	kit_connect(k, ssh, "192.0.2.7", 22, 0);
	assert_int_equal(k->tcp_asked, 3);
}

/* The port of name servers; a lookup is UDP. */
static void
a_hop_to_port_53(void **state)
{
	struct kit *k = *state;
	struct who ls = {230, 200, 5, ALICE, ALICE, "/usr/bin/curl"};

	kit_exec(k, ssh, "ssh -p 53 db");
	kit_connect(k, ssh, "192.0.2.53", 53, 0);
	assert_int_equal(k->n, 0);
	k->tcp = true;
	kit_connect(k, ssh, "192.0.2.7", 53, 0);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].to, "192.0.2.7:53");
	host_program_set(k->host, 12, 254, 0, false); /* lookups of the others cost nothing */
	kit_exec_file(k, ls, "curl", 12);
	k->tcp_asked = 0;
	kit_connect(k, ls, "192.0.2.53", 53, 0);
	assert_int_equal(k->tcp_asked, 0);
}

/* Where it goes first is not where it goes. */
static void
a_decoy_while_nobody_knows(void **state)
{
	struct kit *k = *state;
	struct who own = {220, 200, 5, ALICE, ALICE, "/home/alice/backup"};

	kit_exec_file(k, own, "./backup db", 4711);
	kit_connect(k, own, "192.0.2.1", 22, LATER); /* told for its port */
	assert_int_equal(k->n, 1);
	for (uint16_t port = 7990; port < 8000; port++)
		kit_connect(k, own, "192.0.2.1", port, LATER);
	kit_connect(k, own, "192.0.2.7", 2222, LATER);
	kit_connect(k, own, "192.0.2.7", 2222, LATER);
	host_program_set(k->host, 4711, 254, 0, true);
	kit_wait(k, 10);
	assert_int_equal(k->n, 1 + 8);
	assert_string_equal(k->found[8].to, "192.0.2.7:2222");
}

/* The inode is the same, what is in it is not. */
static void
a_program_written_anew(void **state)
{
	struct kit *k = *state;
	struct who own = {220, 200, 5, ALICE, ALICE, "/home/alice/x"};

	kit_exec_file(k, own, "./x", 4711);
	host_program_set(k->host, 4711, 254, 0, false);
	kit_exec_file(k, own, "./x db", 4711); /* asked again */
	kit_connect(k, own, "192.0.2.7", 2222, LATER);
	assert_int_equal(k->n, 0);
	host_program_set(k->host, 4711, 254, 0, true);
	kit_wait(k, 10);
	assert_int_equal(k->n, 1);
}

static void
a_renamed_client_is_known_by_content(void **state)
{
	struct kit *k = *state;
	struct who renamed = {220, 200, 5, ALICE, ALICE, "/home/alice/backup"};

	kit_exec_file(k, renamed, "./backup db", 4711);
	assert_true(k->programs_asked > 0);
	kit_connect(k, renamed, "192.0.2.7", 2222, LATER);
	assert_int_equal(k->n, 0); /* waits for the word */
	host_program_set(k->host, 4711, 254, 0, true);
	kit_wait(k, 10);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->found[0].to, "192.0.2.7:2222");
}

static void
another_program_is_nothing(void **state)
{
	struct kit *k = *state;
	struct who curl = {220, 200, 5, ALICE, ALICE, "/home/alice/curl"};

	kit_exec_file(k, curl, "./curl db", 4711);
	kit_connect(k, curl, "192.0.2.7", 443, LATER);
	host_program_set(k->host, 4711, 254, 0, false);
	kit_wait(k, 5000);
	kit_exec_file(k, curl, "./curl db", 4711);
	kit_connect(k, curl, "192.0.2.7", 443, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

static void
no_word_is_nothing(void **state)
{
	struct kit *k = *state;
	struct who curl = {220, 200, 5, ALICE, ALICE, "/home/alice/curl"};

	kit_exec_file(k, curl, "./curl db", 4711);
	kit_connect(k, curl, "192.0.2.7", 443, LATER);
	kit_wait(k, 5000);
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

static void
a_wrapper_with_ssh_for_name(void **state)
{
	struct kit *k = *state;
	struct who wrapper = {220, 200, 5, ALICE, ALICE, "/opt/tools/ssh"};

	host_program_set(k->host, 4711, 254, 0, false);
	kit_exec_file(k, wrapper, "ssh db", 4711);
	kit_connect(k, wrapper, "192.0.2.7", 443, LATER);
	kit_flush(k);
	assert_int_equal(k->n, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
#define L(f) cmocka_unit_test_setup_teardown(f, kit_setup_live, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_client_connects), T(zero_is_held_for_a_moment), T(the_next_deed_settles_it),
		T(several_addresses_are_one_hop), T(all_failed_is_one_failure), T(probes_are_no_hop),
		T(any_port_of_a_client), T(any_program_at_an_ssh_port),
		T(a_command_that_connects_nowhere), T(a_client_whose_connect_is_lost),
		T(a_name_that_is_not_there),
		T(a_slow_name_server_is_waited_for), T(a_jump_is_its_childs_hop),
		T(a_proxy_command_is_a_hop_at_any_port), T(the_same_again_folds),
		T(kerberos_beside_the_hop), T(no_session_no_hop), T(a_job_of_cron_says_so),
		T(work_after_logout),
		T(kerberos_of_ones_own), L(who_looks_looks_once), L(a_hop_to_port_53),
		L(a_decoy_while_nobody_knows), L(a_program_written_anew),
		L(who_looks_decides_at_once), L(a_renamed_client_is_known_by_content),
		L(another_program_is_nothing), L(no_word_is_nothing), L(a_wrapper_with_ssh_for_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

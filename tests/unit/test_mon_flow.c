/* Lines of /proc/net/tcp, and the addresses of a real connection of this process. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/monitor/flow_tables.h"

static void
lines_are_read(void **state)
{
	static const char v4[] = "   1: 0100007F:0016 0200000A:C350 01 00000000:00000000 00:00000000 00000000"
				 "     0        0 12345 1 0000000000000000 20 4 30 10 -1\n";
	static const char mapped[] =
	    "   0: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000200000A:C350 01 "
	    "00000000:00000000 00:00000000 00000000     0        0 777 1 0000000000000000 20 4 30 10 -1\n";
	static const char listening[] = "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 "
					"00000000     0        0 999 1 0000000000000000 100 0 0 10 0\n";
	struct report_addr local, peer;
	uint64_t inode;

	(void)state;
	assert_true(flow_parse_line(v4, &local, &peer, &inode));
	assert_int_equal(inode, 12345);
	assert_int_equal(local.family, 4);
	assert_int_equal(local.port, 22);
	assert_memory_equal(local.b, "\x7f\0\0\1", 4);
	assert_memory_equal(peer.b, "\x0a\0\0\2", 4);
	assert_int_equal(peer.port, 50000);
	assert_true(flow_parse_line(mapped, &local, &peer, &inode));
	assert_int_equal(peer.family, 4);
	assert_memory_equal(peer.b, "\x0a\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_false(flow_parse_line(listening, &local, &peer, &inode));
	assert_false(flow_parse_line("  sl  local_address rem_address   st\n", &local, &peer, &inode));
	assert_false(flow_parse_line("", &local, &peer, &inode));
	assert_false(flow_parse_line("  0: 01:0016 02:0016 01 a b c d e 1\n", &local, &peer, &inode));
}

static void
a_real_connection_is_found(void **state)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int listener = socket(AF_INET, SOCK_STREAM, 0), conn = socket(AF_INET, SOCK_STREAM, 0);
	struct report_addr peer, local;
	struct proc_stat st;

	(void)state;
	assert_int_equal(proc_stat(getpid(), &st), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sin, &len), 0);
	assert_false(flow_of_process(getpid(), st.start_ticks, &peer, &local));
	assert_int_equal(connect(conn, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_true(flow_of_process(getpid(), st.start_ticks, &peer, &local));
	assert_int_equal(peer.port, ntohs(sin.sin_port));
	assert_memory_equal(peer.b, &sin.sin_addr, 4);
	/* Under the number of a process that began at another time it is not this one's. */
	assert_false(flow_of_process(getpid(), st.start_ticks + 1, &peer, &local));
	assert_int_equal(peer.family, 0);
	close(conn);
	close(listener);
}

/* sshd's for root holds what it relays, too, and those come in any order in the kernel's table. */
static void
the_first_of_many_is_found(void **state)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, first;
	socklen_t len = sizeof(sin);
	int listener[32], conn[32];
	struct flow_tables *all = flow_tables_new();
	struct report_addr peer, local;
	struct proc_stat st;

	(void)state;
	assert_int_equal(proc_stat(getpid(), &st), 0);
	for (size_t i = 0; i < 32; i++) {
		conn[i] = socket(AF_INET, SOCK_STREAM, 0);
		listener[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(listen(listener[i], 1), 0); /* at a port of its own */
		assert_int_equal(getsockname(listener[i], (struct sockaddr *)&first, &len), 0);
		sin.sin_port = first.sin_port;
		assert_int_equal(connect(conn[i], (struct sockaddr *)&sin, sizeof(sin)), 0);
	}
	assert_int_equal(getsockname(conn[0], (struct sockaddr *)&first, &len), 0);
	assert_true(flow_of_process(getpid(), st.start_ticks, &peer, &local));
	assert_int_equal(local.port, ntohs(first.sin_port));
	peer = local = (struct report_addr){0};
	assert_true(flow_of_one(all, getpid(), st.start_ticks, &peer, &local));
	assert_int_equal(local.port, ntohs(first.sin_port));
	assert_false(flow_of_one(all, getpid(), st.start_ticks + 1, &peer, &local));
	assert_int_equal(peer.family, 0);
	assert_false(flow_of_one(all, 0, 0, &peer, &local));
	flow_tables_free(&all);
	for (size_t i = 0; i < 32; i++) {
		close(conn[i]);
		close(listener[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(a_real_connection_is_found),
		cmocka_unit_test(the_first_of_many_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

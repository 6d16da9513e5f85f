/* engine/tcp_diag: what listens, and what it serves. */
#include "tests/unit/volumes_kit.h"

#include <sys/stat.h>
#include <unistd.h>

struct count {
	uint16_t port;
	uint64_t inode;
	unsigned right, wrong;
};

static void
count_socket(const struct tcp_socket *t, void *arg)
{
	struct count *c = arg;

	if (t->local.port != c->port)
		c->wrong++;
	else if (t->inode == c->inode)
		c->right++;
}

static uint64_t
inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void
what_listens_and_what_it_serves(void **state)
{
	struct stage *s = *state;
	struct count c = {.port = end_of(s->sshd, getsockname).port, .inode = inode_of(s->sshd)};
	uint16_t port[TCP_DIAG_PORTS];
	int netlink = tcp_diag_open();
	struct pair in = come_in(s), out = go_out(s);

	assert_int_equal(tcp_diag_listening(netlink, AF_INET, count_socket, &c), 0);
	assert_int_equal(c.right, 1);
	for (size_t i = 0; i < TCP_DIAG_PORTS; i++)
		port[i] = 1; /* nobody's */
	for (size_t at = 0; at < TCP_DIAG_PORTS; at += TCP_DIAG_PORTS - 1) { /* first, and last */
		c = (struct count){.port = c.port, .inode = inode_of(in.here)};
		port[at] = c.port;
		assert_int_equal(tcp_diag_served(netlink, AF_INET, port, at + 1, count_socket, &c), 0);
		assert_true(c.right == 1 && c.wrong == 0);
		port[at] = 1;
	}
	hang_up(&in);
	hang_up(&out);
	(void)close(netlink);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, volumes_setup, volumes_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_listens_and_what_it_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

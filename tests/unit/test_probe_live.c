/* engine/probe_live: what the kernel tells of a TCP socket, on loopback. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/engine/probe_live.h"

#define NOBODY 65534

static struct {
	int listener, mine, another, netlink;
	struct endpoint to;
} net;

static int
connect_to(const struct sockaddr_in *sin)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)sin, sizeof(*sin)), 0);
	return fd;
}

static int
setup(void **state)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);

	(void)state;
	net.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	net.netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (net.listener == -1 || net.netlink == -1 ||
	    bind(net.listener, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(net.listener, 4) == -1 ||
	    getsockname(net.listener, (struct sockaddr *)&sin, &len) == -1 ||
	    !endpoint_from_sockaddr(&sin, sizeof(sin), &net.to))
		return -1;
	net.mine = connect_to(&sin);
	net.another = connect_to(&sin);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)close(net.listener);
	(void)close(net.mine);
	(void)close(net.another);
	(void)close(net.netlink);
	return 0;
}

static struct probe_tcp
ask(uint32_t uid)
{
	const struct probe_ask what = {.ses = 7, .uid = uid, .peer = net.to, .when = rtime_now()};
	struct probe_tcp out = {.found = false};

	assert_int_equal(probe_live_find(net.netlink, NULL, &what, &out), 0);
	return out;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	return ntohs(sin.sin_port);
}

/* A socket is its maker's: a program that changed its uid since connects it all the same. */
static void
any_uid_will_do(void **state)
{
	(void)state;
	assert_true(ask((uint32_t)geteuid()).found);
	assert_true(ask(4000000).found);
	assert_int_equal(ask(4000000).local.addr.family, 0);
	net.to.port++;
	assert_false(ask((uint32_t)geteuid()).found);
	net.to.port--;
}

/* Of two that it may be, nobody can say which. */
static void
which_it_is_must_be_clear(void **state)
{
	(void)state;
	assert_int_equal(ask((uint32_t)geteuid()).local.addr.family, 0);
}

static void
by_its_uid(void **state)
{
	(void)state;
	if (fchown(net.another, NOBODY, (gid_t)-1) == -1)
		skip(); /* not root */
	assert_int_equal(ask(NOBODY).local.port, port_of(net.another));
	assert_int_equal(ask((uint32_t)geteuid()).local.port, port_of(net.mine));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_uid_will_do),
		cmocka_unit_test(which_it_is_must_be_clear),
		cmocka_unit_test(by_its_uid),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* Which connections perhaps came to here: real sockets on loopback. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/monitor/connections.h"

static int
tcp_at(const char *addr, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	assert_int_equal(inet_pton(AF_INET, addr, &sin.sin_addr), 1);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_true(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 || errno == EADDRINUSE);
	return fd;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	return ntohs(sin.sin_port);
}

static void
dial(int fd, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
}

static struct connection
seen(int fd)
{
	struct connections all = {0};
	struct connection out;
	const struct connection *c;
	struct stat st;
	size_t n;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(connections_read(&all, -1), 0);
	c = connections_of(&all, st.st_ino, &n);
	assert_non_null(c);
	assert_int_equal(n, 1);
	out = *c;
	connections_free(&all);
	return out;
}

/* Both ends of one connection, and what else listens at a port with that number. */
static void
who_came_and_who_went(void **state)
{
	static const char *const addrs[] = {"127.0.0.1", "0.0.0.0"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int listener = tcp_at(addrs[i], 0), out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), in, other;

		assert_int_equal(listen(listener, 4), 0);
		dial(out, port_of(listener));
		in = accept(listener, NULL, NULL);
		assert_true(seen(in).came);
		assert_false(seen(out).came);
		other = tcp_at("127.0.0.9", port_of(out));
		assert_int_equal(listen(other, 4), 0);
		assert_int_equal(port_of(other), port_of(out));
		assert_false(seen(out).came);
		close(listener); /* as of a forwarding that is over */
		assert_false(seen(in).came);
		close(other);
		close(in);
		close(out);
	}
}

static void
a_port_that_somebody_chose(void **state)
{
	int listener = tcp_at("127.0.0.1", 0), given = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int chosen = tcp_at("127.0.0.1", 20917);

	(void)state;
	assert_int_equal(listen(listener, 4), 0);
	dial(given, port_of(listener));
	dial(chosen, port_of(listener));
	assert_false(seen(given).chosen);
	assert_int_equal(seen(chosen).chosen, port_of(chosen) == 20917);
	close(given);
	close(chosen);
	close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_came_and_who_went),
		cmocka_unit_test(a_port_that_somebody_chose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* addr, clock, proc, safe: addresses in all spellings, times as people write them, files we may trust. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/safe.h"

static struct addr
parse(const char *s)
{
	struct addr a;

	assert_true(addr_parse(bytes_of(s), &a));
	return a;
}

static void
addresses(void **state)
{
	char s[ADDR_STRLEN];
	struct addr a;

	(void)state;
	assert_true(addr_eq(parse("::ffff:10.1.2.3"), parse("10.1.2.3")));
	assert_string_equal(addr_str(parse("fe80::1%eth0"), s), "fe80::1");
	assert_string_equal(addr_str((struct addr){0}, s), "");
	assert_true(addr_is_loopback(parse("127.9.9.9")));
	assert_true(addr_is_loopback(parse("::1")));
	assert_false(addr_is_loopback(parse("128.0.0.1")));
	assert_true(addr_is_any(parse("::")));
	assert_false(addr_is_any((struct addr){0}));
	assert_false(addr_parse(BYTES_LIT("10.1.2"), &a));
	assert_false(addr_parse(BYTES_LIT("010.1.2.3"), &a));
	assert_false(addr_parse(BYTES_LIT("db"), &a));
	assert_false(addr_parse(BYTES_LIT("10.1.2.3%eth0"), &a));
}

static void
prefixes(void **state)
{
	struct buf b = BUF_INIT;
	struct prefix p;

	(void)state;
	assert_true(prefix_parse(BYTES_LIT("10.16.0.0/12"), &p));
	assert_true(prefix_has(p, parse("10.31.255.255")));
	assert_false(prefix_has(p, parse("10.32.0.0")));
	assert_false(prefix_has(p, parse("::1")));
	prefix_print(p, &b);
	assert_string_equal(b.p, "10.16.0.0/12");
	assert_true(prefix_parse(BYTES_LIT("0.0.0.0/0"), &p) && prefix_has(p, parse("8.8.8.8")));
	assert_true(prefix_parse(BYTES_LIT("::ffff:10.0.0.0/104"), &p));
	assert_true(p.bits == 8 && prefix_has(p, parse("10.200.0.1")));
	assert_true(prefix_parse(BYTES_LIT("2001:db8::/33"), &p));
	assert_true(prefix_has(p, parse("2001:db8:7fff::1")));
	assert_false(prefix_has(p, parse("2001:db8:8000::1")));
	assert_false(prefix_parse(BYTES_LIT("10.0.0.1/8"), &p)); /* host bits */
	assert_false(prefix_parse(BYTES_LIT("10.0.0.0/33"), &p));
	assert_false(prefix_parse(BYTES_LIT("10.0.0.0/"), &p));
	assert_false(prefix_parse(BYTES_LIT("::ffff:0:0/95"), &p));
	buf_free(&b);
}

static void
sockaddrs(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(22)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(2222)};
	struct endpoint e;

	(void)state;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(endpoint_from_sockaddr(&in, sizeof(in), &e));
	assert_true(e.port == 22 && addr_eq(e.addr, parse("127.0.0.1")));
	in6.sin6_addr.s6_addr[15] = 1;
	assert_true(endpoint_from_sockaddr(&in6, 24, &e) && e.port == 2222);
	assert_false(endpoint_from_sockaddr(&in6, 23, &e));
	assert_false(endpoint_from_sockaddr(&in, 1, &e));
	in.sin_family = AF_UNIX;
	assert_false(endpoint_from_sockaddr(&in, sizeof(in), &e));
}

static void
durations(void **state)
{
	struct buf b = BUF_INIT;
	int64_t ms;

	(void)state;
	assert_true(duration_parse(BYTES_LIT("500ms"), &ms) && ms == 500);
	assert_true(duration_parse(BYTES_LIT("10m"), &ms) && ms == 600000);
	assert_true(duration_parse(BYTES_LIT("2w"), &ms) && ms == 1209600000);
	assert_false(duration_parse(BYTES_LIT("10"), &ms));
	assert_false(duration_parse(BYTES_LIT("m"), &ms));
	assert_false(duration_parse(BYTES_LIT("-1s"), &ms));
	assert_false(duration_parse(BYTES_LIT("9223372036854775807d"), &ms));
	duration_print(90000, &b);
	buf_putc(&b, ' ');
	duration_print(86400000, &b);
	buf_putc(&b, ' ');
	duration_print(0, &b);
	assert_string_equal(b.p, "90s 1d 0ms");
	buf_free(&b);
}

static void
times(void **state)
{
	struct rtime now = {.ms = INT64_C(1795305600000)}, t; /* 2026-11-22T00:00:00Z */
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	assert_true(when_parse(BYTES_LIT("2026-11-22"), now, &t) && t.ms == now.ms);
	assert_true(when_parse(BYTES_LIT("2026-11-21T23:59:30Z"), now, &t) && t.ms == now.ms - 30000);
	assert_true(when_parse(BYTES_LIT("7d"), now, &t) && t.ms == now.ms - 7 * 86400000LL);
	assert_true(when_parse(BYTES_LIT("yesterday"), now, &t) && t.ms == now.ms - 86400000);
	assert_true(when_parse(BYTES_LIT("this-week"), now, &t) && t.ms == now.ms); /* a Sunday */
	assert_true(when_parse(BYTES_LIT("01:02"), now, &t) && t.ms == now.ms + 3720000);
	assert_true(when_parse(BYTES_LIT("boot"), rtime_now(), &t) && t.ms < rtime_now().ms);
	assert_false(when_parse(BYTES_LIT("tomorrowish"), now, &t));
	assert_false(when_parse(BYTES_LIT("2026-11-22x"), now, &t));
	rtime_iso((struct rtime){.ms = now.ms + 7}, &b);
	assert_string_equal(b.p, "2026-11-22T00:00:00.007Z");
	buf_free(&b);
}

static void
tasks(void **state)
{
	struct proc_stat st;
	struct rtime start;
	uid_t ruid, euid;
	uint32_t ses;
	struct proc_status status;
	char exe[256], boot[37];
	pid_t gone;
	int fd;

	(void)state;
	assert_int_equal(proc_stat(getpid(), &st), 0);
	assert_int_equal(st.ppid, getppid());
	start = proc_start_rtime(st.start_ticks);
	assert_in_range(rtime_since(rtime_now(), start) + 1000, 0, 600000);
	assert_int_equal(proc_sessionid(getpid(), &ses), 0);
	assert_int_equal(proc_uids(getpid(), &ruid, &euid), 0);
	assert_int_equal(euid, geteuid());
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 500);
	assert_int_equal(proc_status(getpid(), &status), 0);
	assert_int_equal(status.ppid, getppid());
	assert_in_range(status.fd_room, 501, 65536);
	close(fd);
	assert_int_equal(proc_exe(getpid(), exe, sizeof(exe)), 0);
	assert_int_equal(proc_exe(getpid(), exe, 4), -ENAMETOOLONG);
	assert_int_equal(proc_boot_id(boot), 0);
	assert_int_equal(strlen(boot), 36);
	fd = proc_pidfd(getpid());
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	gone = fork();
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	assert_int_equal(proc_stat(gone, &st), -ENOENT);
	assert_int_equal(proc_pidfd(gone), -ESRCH);
}

static void *
wait_for_end(void *arg)
{
	char byte;

	_exit(read(*(int *)arg, &byte, 1) == 0 ? 0 : 1);
}

/* A process goes on when its first thread has ended, and reads as a zombie meanwhile. */
static void
a_first_thread_that_ends(void **state)
{
	struct proc_stat st = {0};
	pthread_t thread;
	siginfo_t info;
	int hold[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(hold), 0);
	pid = fork();
	if (pid == 0) {
		close(hold[1]);
		if (pthread_create(&thread, NULL, wait_for_end, &hold[0]) != 0)
			_exit(1);
		pthread_exit(NULL);
	}
	close(hold[0]);
	for (int i = 0; i < 10000 && st.state != 'Z'; i++) {
		assert_int_equal(proc_stat(pid, &st), 0);
		usleep(1000);
	}
	assert_int_equal(st.state, 'Z');
	assert_false(st.ended);
	close(hold[1]);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_stat(pid, &st), 0);
	assert_true(st.ended);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
safe_files(void **state)
{
	char dir[] = "/tmp/sshtether-unit-XXXXXX", path[64], left[96];
	struct buf b = BUF_INIT;
	const char *why;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	assert_int_equal(safe_read(path, 100, &b, &why), -ENOENT);
	(void)snprintf(left, sizeof(left), "%s.new.%d", path, (int)getpid());
	fd = open(left, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd != -1 && close(fd) == 0);
	assert_int_equal(atomic_write(path, BYTES_LIT("hello"), 0644), 0);
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(safe_read(path, 100, &b, &why), 0);
	assert_true(bytes_is(buf_bytes(&b), "hello"));
	assert_int_equal(safe_read(path, 4, &b, &why), -EFBIG);
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(safe_read(path, 100, &b, &why), -EACCES);
	assert_non_null(why);
	assert_int_equal(chmod(path, 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(safe_read(path, 100, &b, &why), -EPERM);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(safe_read(path, 100, &b, &why), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	buf_free(&b);
}

static void
packets(void **state)
{
	int pair[2], fds[2], got[1];
	char data[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(packet_send(pair[0], "ping", 4, fds, 1), 0);
	assert_int_equal(packet_recv(pair[1], data, sizeof(data), got, 1), 4);
	assert_true(got[0] >= 0);
	assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	close(got[0]);
	/* More descriptors than room, and a longer packet than room: refused, nothing leaks. */
	assert_int_equal(packet_send(pair[0], "ping", 4, fds, 2), 0);
	assert_int_equal(packet_recv(pair[1], data, sizeof(data), got, 1), -EMSGSIZE);
	assert_int_equal(got[0], -1);
	assert_int_equal(packet_send(pair[0], "0123456789", 10, NULL, 0), 0);
	assert_int_equal(packet_recv(pair[1], data, sizeof(data), NULL, 0), -EMSGSIZE);
	close(pair[0]);
	assert_int_equal(packet_recv(pair[1], data, sizeof(data), NULL, 0), 0);
	assert_int_equal(packet_send(pair[1], "x", 1, NULL, 0), -EPIPE);
	close(pair[1]);
	close(fds[0]);
	close(fds[1]);
}

static void
gate(void **state)
{
	struct log_limit g = {0};
	unsigned held, shown = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		shown += log_allow(&g, 3, &held);
	assert_in_range(shown, 3, 6); /* 6: the minute turned meanwhile */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(prefixes),
	    cmocka_unit_test(sockaddrs),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(times),
	    cmocka_unit_test(tasks), cmocka_unit_test(a_first_thread_that_ends),
	    cmocka_unit_test(safe_files),
	    cmocka_unit_test(packets),
	    cmocka_unit_test(gate),
	};

	return cmocka_run_group_tests_name("base_host", tests, NULL, NULL);
}

/* work: see work.h. */
#include "tests/monitor/work.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/safe.h"
#include "tests/monitor/stage.h"

static void
wait_forever(void)
{
	for (;;)
		pause();
}

static int
number_of(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

/* --- what an order does: each answers with a pid or a number, or −errno ----------------------------------- */

/* "PORT" on loopback, or "PORT ADDRESS", from the near address. */
static int
connect_tcp(const char *where)
{
	char *rest;
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(where, &rest, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, near = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (*rest == ' ' && (inet_pton(AF_INET, rest + 1, &sin.sin_addr) != 1 ||
	    inet_pton(AF_INET, STAGE_NEAR, &near.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&near, sizeof(near)) == -1))
		return -errno;
	return connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 ? fd : -errno;
}

/* A child, and what is at its end when it has closed its side, has executed something or has ended. */
static pid_t
fork_until(int *mine, int *there)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return -errno;
	pid = fork();
	close(ends[pid == 0 ? 0 : 1]);
	*mine = ends[1];
	*there = ends[0];
	return pid;
}

/* It has come that far. */
static pid_t
come(pid_t pid, int there)
{
	char byte;

	(void)!read(there, &byte, 1);
	close(there);
	return pid;
}

static void __attribute__((noreturn))
be_client(const char *path, int connected)
{
	char byte;
	int fd = stage_socket(path, SOCK_STREAM, false);

	close(connected);
	_exit(fd == -1 || read(fd, &byte, 1) < 0);
}

static int
client(const char *path)
{
	pid_t pid = fork();

	if (pid == 0)
		be_client(path, -1);
	return pid;
}

static int
use(const char *path)
{
	int mine, there;
	pid_t pid = fork_until(&mine, &there);

	if (pid == 0)
		be_client(path, mine);
	return pid < 0 ? pid : come(pid, there);
}

/* Holds the socket that a child connects. */
static void __attribute__((noreturn))
be_sharer(const char *path, int ended)
{
	const struct sockaddr_un sun = stage_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;
	pid_t pid;

	(void)signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		_exit(connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1);
	(void)waitpid(pid, NULL, 0);
	close(ended);
	_exit(read(fd, &byte, 1) < 0);
}

static int
halt(const char *program)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execl(program, program, (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, NULL, 0) == pid ? pid : -errno;
}

static int
share(const char *path)
{
	int mine, there;
	pid_t pid = fork_until(&mine, &there);

	if (pid == 0)
		be_sharer(path, mine);
	return pid < 0 ? pid : come(pid, there);
}

/* Says by a byte that its table is its own. */
static void *
be_hider(void *ready)
{
	if (unshare(CLONE_FILES) == 0)
		(void)write_all(*(const int *)ready, "", 1);
	wait_forever();
	return NULL;
}

static int
hide(const char *number)
{
	static int ready[2];
	pthread_t thread;
	char byte;

	if (pipe2(ready, O_CLOEXEC) == -1 || pthread_create(&thread, NULL, be_hider, &ready[1]) != 0 ||
	    read(ready[0], &byte, 1) != 1)
		return -1;
	return close(number_of(number));
}

static void
hold_most(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) == 0)
		most.rlim_cur = most.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &most);
}

static int
hold_sockets(const char *number)
{
	int n = number_of(number);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	hold_most();
	while (fd != -1 && --n > 0)
		if (fcntl(fd, F_DUPFD_CLOEXEC, 0) == -1)
			return -errno;
	return fd == -1 ? -errno : 0;
}

static int
hold_pairs(const char *number)
{
	int pair[2];

	hold_most();
	for (int n = number_of(number); n > 0; n--)
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
			return -errno;
	return 0;
}

static int
hoard(const char *unused)
{
	int n = 0;

	(void)unused;
	while (n < 900 && fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) != -1)
		n++;
	return n;
}

static int
leave(const char *number)
{
	pid_t pid = fork();

	if (pid == 0)
		wait_forever();
	return pid == -1 ? -errno : close(number_of(number));
}

static int
fly(const char *number)
{
	int fd = number_of(number), pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == -1)
		return -errno;
	return packet_send(pair[0], "x", 1, &fd, 1) == 0 ? close(fd) : -errno;
}

static int
go_afar(const char *unused)
{
	(void)unused;
	return unshare(CLONE_NEWNET) == 0 ? 0 : -errno;
}

static int
sibling(const char *unused)
{
	pid_t pid = fork();

	(void)unused;
	if (pid == 0)
		wait_forever();
	return pid;
}

static int
execute(const char *program, bool serves)
{
	int mine, there;
	pid_t pid = fork_until(&mine, &there);

	if (pid == 0) {
		if (!serves || listen(socket(AF_INET, SOCK_STREAM, 0), 1) != -1)
			execl(program, program, "1000", (char *)NULL);
		_exit(127);
	}
	return pid < 0 ? pid : come(pid, there);
}

static int
start(const char *program)
{
	return execute(program, false);
}

static int
serve(const char *program)
{
	return execute(program, true);
}

static int
unix_socket(const char *name, int type, bool listening)
{
	int fd = stage_socket(name, type, listening);

	return fd == -1 ? -errno : fd;
}

static int
connect_unix(const char *name)
{
	return unix_socket(name, SOCK_STREAM, false);
}

static int
listen_unix(const char *name)
{
	return unix_socket(name, SOCK_STREAM, true);
}

static int
report(const char *unused)
{
	(void)unused;
	return unix_socket("run/report.sock", SOCK_SEQPACKET, false);
}

/* --- work ------------------------------------------------------------------------------------------------- */

static int (*const deeds[])(const char *arg) = {
	[ORDER_FORK] = sibling,
	[ORDER_CONNECT_TCP] = connect_tcp,
	[ORDER_CONNECT_UNIX] = connect_unix,
	[ORDER_EXEC] = start,
	[ORDER_REPORT] = report,
	[ORDER_CLIENT] = client,
	[ORDER_USE] = use,
	[ORDER_SHARE] = share,
	[ORDER_HALT] = halt,
	[ORDER_SERVE] = serve,
	[ORDER_HOARD] = hoard,
	[ORDER_SOCKETS] = hold_sockets,
	[ORDER_CROWD] = hold_pairs,
	[ORDER_LISTEN] = listen_unix,
	[ORDER_LEAVE] = leave,
	[ORDER_FLY] = fly,
	[ORDER_HIDE] = hide,
	[ORDER_AFAR] = go_afar,
};

void
work_run(int orders, int told, int pids, bool root)
{
	const pid_t self = getpid();
	struct work_line o;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN); /* as tmux, nohup */
	/* Told only now: while it is root it looks like an sshd. */
	if ((!root && (setgid(STAGE_UID) == -1 || setuid(STAGE_UID) == -1)) ||
	    write_all(pids, &self, sizeof(self)) != 0)
		_exit(1);
	close(pids);
	while (read(orders, &o, sizeof(o)) == (ssize_t)sizeof(o)) {
		int answer = deeds[o.order](o.arg);

		(void)write_all(told, &answer, sizeof(answer));
	}
	wait_forever();
	_exit(0);
}

/* actor: see actor.h. */
#include "tests/monitor/actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/safe.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define MSG_PROBE_ 0x10 /* include/linux/socket.h */
#define NOBODY     65534

struct order {
	int32_t act, by;
	uint16_t port;
	char to[122];
};

static char copy[128];

/* --- what is done --------------------------------------------------------------------------------------- */

static socklen_t
address_of(const struct order *o, struct sockaddr_storage *out)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(o->port)};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(o->port)};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	if (o->port == 0) {
		(void)bytes_copy(bytes_of(o->to), sun.sun_path, sizeof(sun.sun_path));
		memcpy(out, &sun, sizeof(sun));
		return sizeof(sun);
	}
	if (inet_pton(AF_INET, o->to, &sin.sin_addr) == 1) {
		memcpy(out, &sin, sizeof(sin));
		return sizeof(sin);
	}
	(void)inet_pton(AF_INET6, o->to, &sin6.sin6_addr);
	memcpy(out, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

static int
act(const struct order *o)
{
	static const struct {
		int type, protocol, flags;
	} how[] = {
		[ACT_TCP] = {SOCK_STREAM, 0, -1}, [ACT_MPTCP] = {SOCK_STREAM, IPPROTO_MPTCP, -1},
		[ACT_FAST_OPEN] = {SOCK_STREAM, 0, MSG_FASTOPEN}, [ACT_UDP_CONNECT] = {SOCK_DGRAM, 0, -1},
		[ACT_UDP_PROBE] = {SOCK_DGRAM, 0, MSG_CONFIRM | MSG_PROBE_}, [ACT_UNIX] = {SOCK_STREAM, 0, -1},
	};
	struct sockaddr_storage ss = {0};
	socklen_t n = address_of(o, &ss);
	int fd, rc;

	if (o->act == ACT_NOTHING)
		return 0;
	fd = socket(ss.ss_family, how[o->act].type | SOCK_CLOEXEC, how[o->act].protocol);
	if (fd == -1)
		return errno;
	if (how[o->act].flags == -1)
		rc = connect(fd, (struct sockaddr *)&ss, n);
	else
		rc = (int)sendto(fd, "", 0, how[o->act].flags, (struct sockaddr *)&ss, n);
	rc = rc == -1 ? errno : 0;
	close(fd);
	return rc;
}

static void __attribute__((noreturn))
run_as(const char *program, const char *word, const struct order *o)
{
	char numbers[32];

	snprintf(numbers, sizeof(numbers), "%d %u", o->act, o->port);
	execl(program, program, "act", word, numbers, o->to, (char *)NULL);
	_exit(errno);
}

static int
ended(pid_t pid)
{
	int status = 0;

	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return ECHILD;
	return WIFSIGNALED(status) ? ACTOR_KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int
do_by(const struct order *o)
{
	pid_t pid;

	if (o->by == BY_ITSELF)
		return act(o);
	pid = fork();
	if (pid == 0) {
		if (o->by == BY_OTHER || o->by == BY_PROXY)
			run_as(copy, o->by == BY_OTHER ? "self" : "proxy", o);
		if (o->by == BY_NOBODY && setuid(NOBODY) == -1)
			_exit(errno);
		_exit(act(o));
	}
	return ended(pid);
}

static void
take(struct order *o, char **argv)
{
	int number = 0;
	unsigned port = 0;

	*o = (struct order){0};
	(void)sscanf(argv[3], "%d %u", &number, &port);
	o->act = number;
	o->port = (uint16_t)port;
	(void)bytes_copy(bytes_of(argv[4]), o->to, sizeof(o->to));
}

void
actor_main(int argc, char **argv)
{
	struct order o;
	pid_t pid;

	if (argc != 5 || strcmp(argv[1], "act") != 0)
		return;
	take(&o, argv);
	if (strcmp(argv[2], "self") == 0)
		_exit(act(&o));
	pid = fork();
	if (pid == 0) {
		char self[160];

		/* The program that the copy was made of is beside it. */
		snprintf(self, sizeof(self), "%s.self", argv[0]);
		run_as(self, "self", &o);
	}
	_exit(ended(pid));
}

/* --- the actor -------------------------------------------------------------------------------------------- */

static void
log_in(uint32_t auid)
{
	char text[16];
	int fd, n;

	if (auid == AUID_UNSET)
		return;
	fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
	n = snprintf(text, sizeof(text), "%u", auid);
	if (fd == -1 || write_all(fd, text, (size_t)n) != 0)
		_exit(2);
	close(fd);
}

/* Until there is something to read, or not EPERM. */
static int
hammer(const struct order *o, int orders)
{
	struct pollfd p = {.fd = orders, .events = POLLIN};
	struct order once = *o;
	int n = 0;

	once.act = ACT_TCP;
	while (poll(&p, 1, 0) == 0) {
		int rc = act(&once);

		if (rc != EPERM)
			return -1;
		n++;
	}
	return n;
}

static void __attribute__((noreturn))
be_actor(uint32_t auid, int orders, int told)
{
	struct order o;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_in(auid);
	while (read(orders, &o, sizeof(o)) == (ssize_t)sizeof(o)) {
		int answer = o.act == ACT_HAMMER ? hammer(&o, orders) : do_by(&o);

		(void)write_all(told, &answer, sizeof(answer));
	}
	_exit(0);
}

static void
copy_program(const char *to)
{
	char block[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	while ((n = read(in, block, sizeof(block))) > 0)
		(void)write_all(out, block, (size_t)n);
	close(in);
	close(out);
}

void
actor_copy(const char *path)
{
	char self[160];

	(void)bytes_copy(bytes_of(path), copy, sizeof(copy));
	copy_program(copy);
	snprintf(self, sizeof(self), "%s.self", copy);
	copy_program(self);
}

static void
order(const struct actor *a, enum act what, enum actor_by by, const char *to, uint16_t port)
{
	struct order o = {.act = (int32_t)what, .by = (int32_t)by, .port = port};

	(void)bytes_copy(bytes_of(to), o.to, sizeof(o.to));
	(void)write_all(a->orders, &o, sizeof(o));
}

static int
answer_of(const struct actor *a)
{
	int answer = EPIPE;

	(void)!read(a->told, &answer, sizeof(answer));
	return answer;
}

void
actor_open(struct actor *a, uint32_t auid)
{
	int orders[2], told[2];

	if (pipe2(orders, O_CLOEXEC) == -1 || pipe2(told, O_CLOEXEC) == -1)
		abort();
	*a = (struct actor){.auid = auid, .orders = orders[1], .told = told[0]};
	a->pid = fork();
	if (a->pid == 0) {
		close(orders[1]);
		close(told[0]);
		be_actor(auid, orders[0], told[1]);
	}
	close(orders[0]);
	close(told[1]);
	(void)actor_do(a, ACT_NOTHING, BY_ITSELF, "", 0); /* it has logged in */
	(void)proc_sessionid(a->pid, &a->ses);
}

void
actor_close(struct actor *a)
{
	close(a->orders);
	close(a->told);
	(void)kill(a->pid, SIGKILL); /* those that were opened later hold its pipe open */
	(void)waitpid(a->pid, NULL, 0);
}

int
actor_do(const struct actor *a, enum act what, enum actor_by by, const char *to, uint16_t port)
{
	order(a, what, by, to, port);
	return answer_of(a);
}

void
actor_hammer(struct actor *a, const char *to, uint16_t port)
{
	order(a, ACT_HAMMER, BY_ITSELF, to, port);
}

long
actor_hammered(struct actor *a)
{
	int n;

	order(a, ACT_NOTHING, BY_ITSELF, "", 0);
	n = answer_of(a);
	return answer_of(a) == 0 ? n : -1;
}

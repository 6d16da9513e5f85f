/* listener: see listener.h. */
#include "tests/unit/unit.h"

#include "tests/pam/listener.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define UID_NOBODY 65534

static struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	strncpy(sa.sun_path, path, sizeof(sa.sun_path) - 1);
	return sa;
}

/* SO_PEERCRED shows whoever called listen(). */
static int
open_socket(const char *path, enum manner manner)
{
	struct sockaddr_un sa = address(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1)
		abort();
	if (manner == BE_NOBODY && setuid(UID_NOBODY) == -1)
		abort();
	if (listen(fd, manner == BE_STOPPED ? 0 : 8) == -1)
		abort();
	return fd;
}

static void
hear(int fd, struct heard *heard)
{
	struct ucred cred = {0};
	socklen_t n = sizeof(cred);
	ssize_t got = recv(fd, &heard->report, sizeof(heard->report), MSG_TRUNC);

	heard->n = got > 0 ? (size_t)got : 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0)
		heard->peer = cred.pid;
	heard->reports++;
}

static void
answer(int fd, enum manner manner, const char *message)
{
	struct {
		struct verdict v;
		char more;
	} packet = {.v = {.magic = VERDICT_MAGIC, .version = REPORT_VERSION, .action = VERDICT_ALLOW,
	    .source = VERDICT_POLICY}};
	size_t n = sizeof(packet.v);

	strncpy(packet.v.message, message, sizeof(packet.v.message) - 1);
	switch (manner) {
	case BE_FALLBACK:
		packet.v.source = VERDICT_FALLBACK;
		/* FALLTHROUGH */
	case BE_DENY:
		packet.v.action = VERDICT_DENY;
		break;
	case BE_SHORT:
		n--;
		break;
	case BE_LONG:
		n++;
		break;
	case BE_RUBBISH:
		memset(&packet.v, 0xa5, sizeof(packet.v));
		break;
	case BE_VERSION:
		packet.v.version++;
		break;
	case BE_ENDLESS:
		memset(packet.v.message, 'm', sizeof(packet.v.message));
		break;
	case BE_LATE:
		(void)poll(&(struct pollfd){.fd = fd}, 1, -1); /* until it is given up */
		break;
	default:
		break;
	}
	(void)send(fd, &packet, n, MSG_NOSIGNAL);
}

static void
serve(int fd, enum manner manner, const char *message, struct heard *heard)
{
	for (;;) {
		int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (peer == -1)
			_exit(1);
		if (manner != BE_DEAF && manner != BE_HASTY)
			hear(peer, heard);
		if (manner == BE_HUNG)
			continue; /* the descriptor stays open */
		if (manner != BE_DEAF && manner != BE_CLOSING)
			answer(peer, manner, message);
		close(peer);
	}
}

static void
fill_queue(struct listener *l)
{
	struct sockaddr_un sa = address(l->path);

	for (size_t i = 0; i < sizeof(l->filler) / sizeof(l->filler[0]); i++) {
		l->filler[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_true(l->filler[i] != -1);
		(void)connect(l->filler[i], (struct sockaddr *)&sa, sizeof(sa));
	}
}

void
listener_start(struct listener *l, const char *path, enum manner manner, const char *message)
{
	int ready[2];
	char c;

	*l = (struct listener){.path = path};
	memset(l->filler, 0xff, sizeof(l->filler));
	l->heard = mmap(NULL, sizeof(*l->heard), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(l->heard, MAP_FAILED);
	unlink(path);
	if (manner == BE_STALE)
		close(open_socket(path, manner));
	if (manner == BE_STALE || manner == BE_ABSENT)
		return;
	assert_int_equal(pipe(ready), 0);
	l->pid = fork();
	assert_true(l->pid >= 0);
	if (l->pid == 0) {
		int fd = open_socket(path, manner);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], "r", 1);
		if (manner == BE_STOPPED)
			pause();
		serve(fd, manner, message, l->heard);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	if (manner == BE_STOPPED)
		fill_queue(l);
}

void
listener_stop(struct listener *l)
{
	if (l->pid > 0) {
		kill(l->pid, SIGKILL);
		assert_int_equal(waitpid(l->pid, NULL, 0), l->pid);
	}
	for (size_t i = 0; i < sizeof(l->filler) / sizeof(l->filler[0]); i++)
		if (l->filler[i] != -1)
			close(l->filler[i]);
	munmap(l->heard, sizeof(*l->heard));
	unlink(l->path);
	*l = (struct listener){0};
}

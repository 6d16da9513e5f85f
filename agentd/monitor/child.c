/*
 * child: see child.h.  Runs in the monitor, and between fork and exec in the child-to-be, where
 * whatever cannot be dropped ends it.
 */
#include "agentd/monitor/child.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/monitor/fleets.h"
#include "agentd/monitor/login.h"
#include "agentd/monitor/mode.h"
#include "agentd/monitor/passed.h"
#include "agentd/monitor/pidfd.h"
#include "agentd/monitor/source.h"
#include "agentd/monitor/sweep.h"
#include "agentd/monitor/switch.h"
#include "agentd/monitor/table.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/safe.h"

#define BACKOFF_MIN_MS   100
#define BACKOFF_MAX_MS   10000
#define STEADY_MS        30000 /* an engine that lived so long has earned a quick restart */
#define GOODBYE_MS       2000
#define SEND_BUFFER      (1 << 20)
#define REQUESTS_MS      5 /* then the loop looks at logins again */

struct packet {
	struct request rq;
	_Alignas(max_align_t) unsigned char body[TABLE_BODY_MAX];
};
_Static_assert(offsetof(struct packet, body) == sizeof(struct request), "the body follows at once");

struct child {
	struct monitor *m; /* borrowed */
	pid_t pid;         /* 0: none */
	int pidfd, sock;   /* −1: none */
	struct event *on_exit, *on_request, *on_retry;
	struct mtime started;
	uint64_t starts;   /* engines that were started and told so */
	int64_t backoff_ms;
	bool mode_unsent; /* a NOTE_MODE did not fit */
	uint64_t unsent;
};

/* --- between fork and exec ---------------------------------------------------------------------- */

static int
drop_to(uid_t uid, gid_t gid)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_change_id((int)uid, (int)gid,
	    (capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT)) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	/* A way back would show here. */
	if (setuid(0) == 0 || getuid() != uid || geteuid() != uid || getgid() != gid)
		return -1;
	return 0;
}

static int
arrange_descriptors(int sock, int exe)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1)
		return -1;
	/* Out of the way of REQUEST_FD first; the duplicate of dup2() stays open across the exec. */
	exe = fcntl(exe, F_DUPFD_CLOEXEC, REQUEST_FD + 1);
	sock = fcntl(sock, F_DUPFD_CLOEXEC, REQUEST_FD + 1);
	if (exe == -1 || sock == -1 || dup2(sock, REQUEST_FD) == -1)
		return -1;
	for (int fd = REQUEST_FD + 1; fd < exe; fd++)
		close(fd);
	return syscall(SYS_close_range, exe + 1, ~0U, 0) == -1 ? -1 : exe;
}

static void __attribute__((noreturn))
become_engine(const struct monitor *m, int sock)
{
	char name[] = "sshtetherd", role[] = "--engine", c[] = "-c", f[] = "-f", d[] = "-d", s[] = "--strict";
	char *path = strdup(m->opt->config_path), *argv[8] = {name, role, c, path};
	size_t n = 4;
	sigset_t none;
	int exe;

	if (m->opt->foreground)
		argv[n++] = f;
	if (m->opt->verbose)
		argv[n++] = d;
	if (m->opt->strict)
		argv[n++] = s;

	sigemptyset(&none);
	exe = arrange_descriptors(sock, m->opt->self_exe);
	if (path == NULL || exe == -1 || sigprocmask(SIG_SETMASK, &none, NULL) == -1 ||
	    drop_to(m->engine_uid, m->engine_gid) == -1 ||
	    /* After the change of uid, which clears it (prctl(2)). */
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		_exit(126);
	fexecve(exe, argv, environ);
	_exit(127);
}

/* --- supervision -------------------------------------------------------------------------------- */

static void
close_event(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
let_go(struct child *c)
{
	close_event(&c->on_exit);
	close_event(&c->on_request);
	close_fd(&c->sock);
	close_fd(&c->pidfd);
	c->pid = 0;
}

static void
retry_later(struct child *c)
{
	struct timeval tv;

	if (mtime_ms_since(mtime_now(), c->started) >= STEADY_MS)
		c->backoff_ms = BACKOFF_MIN_MS;
	tv = timeval_of_ms(c->backoff_ms);
	c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MAX_MS ? c->backoff_ms * 2 : BACKOFF_MAX_MS;
	(void)evtimer_add(c->on_retry, &tv);
}

/* It is heard no more and logins are answered for it; what is left is to wait until it has ended. */
static void
drop(struct child *c)
{
	if (c->sock == -1)
		return;
	(void)pidfd_signal(c->pidfd, SIGKILL);
	close_event(&c->on_request);
	close_fd(&c->sock);
	logins_engine_gone(c->m->logins);
	source_engine_gone(c->m->source);
	sweep_engine_gone(c->m->sweeper);
}

static void
log_end(pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		log_err("the engine (pid %d) ended by signal %d", (int)pid, WTERMSIG(status));
	else
		log_err("the engine (pid %d) ended with status %d", (int)pid, WEXITSTATUS(status));
}

static void
on_exit_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	int status = 0;

	(void)fd;
	(void)what;
	/* Its pidfd says that it has ended: this does not wait. */
	if (waitpid(c->pid, &status, WNOHANG) == c->pid)
		log_end(c->pid, status);
	drop(c);
	let_go(c);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ENGINE_BEYOND)
		monitor_end(c->m, 1);
	else
		retry_later(c);
}

/* False: no packet of ours.  The engine passes places alone. */
static bool
dispatch(struct child *c, const struct packet *in, long n, int passed)
{
	if (passed != -1 && !passed_is_place(passed)) {
		passed_close(c->m->work[WORK_HOME], passed);
		return false;
	}
	if (n >= (long)sizeof(in->rq))
		return table_dispatch(c->m, &in->rq, in->body, (size_t)n - sizeof(in->rq), passed);
	if (passed != -1)
		close(passed);
	return false;
}

static void
on_request_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	struct mtime start = mtime_now();
	struct packet in;

	(void)what;
	while (mtime_ms_since(mtime_now(), start) < REQUESTS_MS) {
		int passed = -1;
		long n = packet_recv(fd, &in, sizeof(in), &passed, 1);

		if (n == -EAGAIN)
			return;
		if (!dispatch(c, &in, n, passed)) {
			if (n != 0)
				log_err("the engine sent a malformed packet");
			drop(c);
			return;
		}
		if (c->sock != fd)
			return; /* it was lost on the way */
	}
}

static int
spawn(struct child *c)
{
	int pair[2], size = SEND_BUFFER, rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return -errno;
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	pid = fork();
	if (pid == 0)
		become_engine(c->m, pair[1]);
	rc = pid == -1 ? -errno : 0;
	close(pair[1]);
	if (rc == 0 && (c->pidfd = proc_pidfd(pid)) < 0) {
		rc = c->pidfd;
		c->pidfd = -1;
		(void)kill(pid, SIGKILL); /* our own child, not yet waited for: the number is still its */
		(void)waitpid(pid, NULL, 0);
	}
	if (rc != 0) {
		close(pair[0]);
		return rc;
	}
	c->pid = pid;
	c->sock = pair[0];
	return 0;
}

static int
watch(struct child *c)
{
	struct monitor *m = c->m;

	if (evutil_make_socket_nonblocking(c->sock) == -1)
		return -EIO;
	c->on_exit = event_new(m->base, c->pidfd, EV_READ, on_exit_cb, c);
	c->on_request = event_new(m->base, c->sock, EV_READ | EV_PERSIST, on_request_cb, c);
	if (c->on_exit == NULL || c->on_request == NULL || event_add(c->on_exit, NULL) == -1 ||
	    event_add(c->on_request, NULL) == -1)
		return -ENOMEM;
	return 0;
}

/* There may be no event that would tell of its end: it is new, and waiting for it is short. */
static void
give_up(struct child *c)
{
	drop(c);
	(void)waitpid(c->pid, NULL, 0);
	let_go(c);
	retry_later(c);
}

void
child_start(struct child *c)
{
	struct notice hello = {.kind = NOTE_CONFIG, .mode = mode_get(c->m->mode),
	    .value = c->starts};
	int rc;

	c->started = mtime_now();
	rc = spawn(c);
	if (rc != 0) {
		log_err("cannot start the engine: %s", strerror(-rc));
		retry_later(c);
		return;
	}
	rc = watch(c);
	if (rc == 0)
		fleets_tell(c->m->fleets);
	if (rc != 0 || !child_send(c, &hello, &c->m->control_fd, 1)) {
		log_err("cannot talk to the engine");
		give_up(c);
		return;
	}
	switch_tell(c->m->switcher);
	c->starts++;
	log_info("the engine is pid %d", (int)c->pid);
}

static void
on_retry_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	child_start(arg);
}

struct child *
child_new(struct monitor *m)
{
	struct child *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->m = m;
	c->pidfd = c->sock = -1;
	c->backoff_ms = BACKOFF_MIN_MS;
	c->on_retry = evtimer_new(m->base, on_retry_cb, c);
	if (c->on_retry == NULL)
		child_free(&c);
	return c;
}

void
child_free(struct child **cp)
{
	struct child *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	if (c->pid != 0) {
		struct notice bye = {.kind = NOTE_GOODBYE};
		struct pollfd wait = {.fd = c->pidfd, .events = POLLIN};

		/* The loop has ended: here, and only here, waiting is all there is to do. */
		(void)child_send(c, &bye, NULL, 0);
		if (c->sock != -1)
			(void)shutdown(c->sock, SHUT_WR);
		if (poll(&wait, 1, GOODBYE_MS) == 0 && pidfd_signal(c->pidfd, SIGKILL) == 0)
			(void)poll(&wait, 1, GOODBYE_MS);
		(void)waitpid(c->pid, NULL, WNOHANG);
	}
	let_go(c);
	close_event(&c->on_retry);
	free(c);
}

pid_t
child_pid(const struct child *c)
{
	return c->pid;
}

bool
child_send(struct child *c, const struct notice *n, const int *fds, int nfds)
{
	struct notice out = *n;

	if (c->sock == -1)
		return false;
	if (c->mode_unsent && out.kind != NOTE_MODE) {
		struct notice mode = {.kind = NOTE_MODE, .mode = mode_get(c->m->mode)};

		c->mode_unsent = packet_send(c->sock, &mode, sizeof(mode), NULL, 0) != 0;
	}
	out.nfds = (uint32_t)nfds;
	if (packet_send(c->sock, &out, sizeof(out), fds, nfds) == 0)
		return true;
	c->unsent++;
	c->mode_unsent |= out.kind == NOTE_MODE;
	return false;
}

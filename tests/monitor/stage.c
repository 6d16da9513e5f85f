/* stage: see stage.h. */
#include "tests/monitor/stage.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/safe.h"
#include "tests/monitor/cgroup.h"

static struct {
	char dir[32];
	char path[128];
	const char *daemon; /* the program; borrowed */
	pid_t monitor;
	int listener, engine; /* the test's end of the liar */
	uint32_t id;
	uint32_t ses[256]; /* all that were made, for the end */
	size_t nses;
} stage = {.listener = -1, .engine = -1};

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	stage_clear(); /* they hold our output open */
	if (stage.monitor > 0)
		(void)kill(stage.monitor, SIGTERM);
	exit(1);
}

const char *
stage_obstacle(void)
{
	int fd;

	if (geteuid() != 0)
		return "root";
	fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return "a kernel with audit";
	close(fd);
	return NULL;
}

const char *
stage_path(const char *name)
{
	snprintf(stage.path, sizeof(stage.path), "%s/%s", stage.dir, name);
	return stage.path;
}

pid_t
stage_monitor(void)
{
	return stage.monitor;
}

const char *
stage_daemon(void)
{
	return stage.daemon;
}

int64_t
stage_now_ms(void)
{
	return rtime_now().ms;
}

static struct sockaddr_un
unix_address(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)bytes_copy(bytes_of(stage_path(name)), sun.sun_path, sizeof(sun.sun_path));
	return sun;
}

static int
unix_socket(const char *name, int type, bool listening)
{
	const struct sockaddr_un sun = unix_address(name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), rc;

	rc = listening ? bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) :
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun));
	if (fd == -1 || rc == -1 || (listening && (listen(fd, 16) == -1 || chmod(sun.sun_path, 0777) == -1))) {
		rc = errno;
		close(fd);
		errno = rc;
		return -1;
	}
	return fd;
}

/* --- the monitor and its engine ----------------------------------------------------------------------- */

static void
write_config(void)
{
	const char *cgroup = cgroup_enter();
	FILE *f = fopen(stage_path("conf"), "we");

	if (f == NULL)
		die("conf: %s", strerror(errno));
	if (cgroup != NULL)
		fprintf(f, "gate-cgroup \"%s\"\n", cgroup);
	fprintf(f, "user nobody\n");
	fprintf(f, "run-dir \"%s\"\n", stage_path("run"));
	fprintf(f, "state-dir \"%s\"\n", stage_path("state"));
	fprintf(f, "source netlink\naudit-rules off\nlogin-timeout 300ms\naction-rate %d\nbreak-glass %d\n",
	    STAGE_RATE, STAGE_GLASS);
	fclose(f);
}

static void
run_ip(const char *what, const char *verb, const char *name, const char *more, const char *last)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("ip", "ip", what, verb, name, more, last, (char *)NULL);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid || status != 0)
		die("ip %s %s %s", what, verb, name);
}

/* A network of our own, with an address that is far away as far as anybody can tell. */
static void
make_network(void)
{
	if (unshare(CLONE_NEWNET) == -1)
		die("a network: %s", strerror(errno));
	run_ip("link", "set", "lo", "up", NULL);
	run_ip("address", "add", STAGE_NEAR "/32", "dev", "lo");
	run_ip("address", "add", STAGE_FAR "/32", "dev", "lo");
}

static void
await_engine(void)
{
	struct pollfd p = {.fd = stage.listener, .events = POLLIN};

	if (poll(&p, 1, STAGE_TIMEOUT) != 1 ||
	    (stage.engine = accept4(stage.listener, NULL, NULL, SOCK_CLOEXEC)) == -1)
		die("no engine came");
}

static void
start_monitor(void)
{
	stage.monitor = fork();
	if (stage.monitor == 0) {
		/* A test that crashes leaves no daemon behind. */
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		execl(stage.daemon, stage.daemon, "-f", "-c", stage_path("conf"), (char *)NULL);
		_exit(127);
	}
	await_engine();
}

static int
end_monitor(void)
{
	int status = -1;

	(void)kill(stage.monitor, SIGTERM);
	close(stage.engine);
	(void)waitpid(stage.monitor, &status, 0);
	return status;
}

void
stage_open(const char *daemon)
{
	stage.daemon = daemon;
	(void)signal(SIGPIPE, SIG_IGN);
	snprintf(stage.dir, sizeof(stage.dir), "/tmp/st-liar-XXXXXX");
	if (mkdtemp(stage.dir) == NULL || chmod(stage.dir, 0755) == -1)
		die("a folder: %s", strerror(errno));
	if (mkdir(stage_path("agents"), 0700) == -1 || chown(stage.path, STAGE_UID, STAGE_UID) == -1)
		die("a folder for agents: %s", strerror(errno));
	make_network();
	write_config();
	stage.listener = unix_socket("liar", SOCK_SEQPACKET, true);
	if (stage.listener == -1 || setenv("LIAR_SOCKET", stage.path, 1) == -1)
		die("the liar's socket: %s", strerror(errno));
	start_monitor();
}

int
stage_again(void)
{
	int status = end_monitor();

	start_monitor();
	return status;
}

static int
end_if_ours(pid_t pid, void *arg)
{
	uint32_t ses;

	(void)arg;
	if (proc_sessionid(pid, &ses) != 0)
		return 0;
	for (size_t i = 0; i < stage.nses; i++)
		if (stage.ses[i] == ses)
			(void)kill(pid, SIGKILL);
	return 0;
}

void
stage_clear(void)
{
	(void)proc_each(end_if_ours, NULL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void
remove_agents(void)
{
	DIR *dir = opendir(stage_path("agents"));
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

int
stage_close(void)
{
	int status;

	stage_clear();
	status = end_monitor();
	close(stage.listener);
	cgroup_leave();
	remove_agents();
	for (const char *const *name = (const char *const[]){"conf", "liar", "unix", "sshd", "spared",
	    "state/monitor/mode", "state/monitor/mode.new", "state/monitor", "state", "run", "agents",
	    NULL};
	    *name != NULL; name++)
		(void)remove(stage_path(*name));
	if (rmdir(stage.dir) == -1)
		fprintf(stderr, "%s: %s\n", stage.dir, strerror(errno));
	return status;
}

void
stage_send(const void *packet, size_t n)
{
	if (packet_send(stage.engine, packet, n, NULL, 0) != 0)
		die("the engine is gone");
}

static void
close_all(const int fds[STAGE_FDS])
{
	for (int i = 0; i < STAGE_FDS; i++)
		if (fds[i] != -1)
			close(fds[i]);
}

bool
stage_hear(uint32_t kind, uint32_t id, struct notice *n, int fds[STAGE_FDS])
{
	struct mtime start = mtime_now();
	int64_t left;
	int got[STAGE_FDS];

	while ((left = STAGE_TIMEOUT - mtime_ms_since(mtime_now(), start)) > 0) {
		struct pollfd p = {.fd = stage.engine, .events = POLLIN};

		if (poll(&p, 1, (int)left) != 1 ||
		    packet_recv(stage.engine, n, sizeof(*n), got, STAGE_FDS) != (long)sizeof(*n))
			return false;
		if ((kind == 0 || n->kind == kind) && (id == 0 || n->id == id)) {
			if (fds != NULL)
				memcpy(fds, got, sizeof(got));
			else
				close_all(got);
			return true;
		}
		close_all(got);
	}
	return false;
}

void
stage_deaf(void)
{
	struct pollfd p = {.fd = stage.engine, .events = POLLIN};
	int got[STAGE_FDS];
	struct notice n;

	while (poll(&p, 1, 0) == 1 && packet_recv(stage.engine, &n, sizeof(n), got, STAGE_FDS) > 0)
		close_all(got);
}

enum result
stage_ask_with(struct request *rq, const void *body, size_t len, struct notice *n, int fds[STAGE_FDS])
{
	struct notice unused;
	char packet[8192];

	rq->id = ++stage.id;
	memcpy(packet, rq, sizeof(*rq));
	if (len != 0)
		memcpy(packet + sizeof(*rq), body, len);
	stage_send(packet, sizeof(*rq) + len);
	if (!stage_hear(NOTE_RESULT, rq->id, n != NULL ? n : &unused, fds))
		die("no result of request %u", rq->kind);
	return (enum result)(n != NULL ? n : &unused)->result;
}

enum result
stage_ask(struct request *rq, struct notice *n, int fds[STAGE_FDS])
{
	return stage_ask_with(rq, NULL, 0, n, fds);
}

void
stage_new_engine(void)
{
	close(stage.engine);
	await_engine();
}

void
stage_verb(const char *line, char *answer, size_t cap)
{
	int fd = unix_socket("run/monitor.sock", SOCK_STREAM, false);
	ssize_t n = -1;

	if (fd != -1 && write_all(fd, line, strlen(line)) == 0)
		n = recv(fd, answer, cap - 1, MSG_WAITALL);
	answer[n > 0 ? n : 0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	close(fd);
}

void
stage_mode(const char *mode)
{
	char line[64], answer[256], want[64];

	snprintf(line, sizeof(line), "{\"verb\":\"mode\",\"set\":\"%s\"}\n", mode);
	snprintf(want, sizeof(want), "{\"mode\":\"%s\"}", mode);
	stage_verb(line, answer, sizeof(answer));
	if (strcmp(answer, want) != 0)
		die("mode %s: %s", mode, answer);
}

/* --- processes of sessions ---------------------------------------------------------------------------- */

struct order_line {
	int32_t order;
	char arg[124];
};

static void
wait_forever(void)
{
	for (;;)
		pause();
}

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

static void __attribute__((noreturn))
be_client(const char *path)
{
	char byte;
	int fd = unix_socket(path, SOCK_STREAM, false);

	_exit(fd == -1 || read(fd, &byte, 1) < 0);
}

/* Holds the socket that a child connects. */
static void __attribute__((noreturn))
be_sharer(const char *path, int ended)
{
	const struct sockaddr_un sun = unix_address(path);
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

static pid_t
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

static pid_t
share(const char *path)
{
	int ended[2];
	char byte;
	pid_t pid;

	if (pipe2(ended, O_CLOEXEC) == -1)
		return -errno;
	pid = fork();
	if (pid == 0)
		be_sharer(path, ended[1]);
	close(ended[1]);
	(void)!read(ended[0], &byte, 1);
	close(ended[0]);
	return pid;
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
hide(int fd)
{
	static int ready[2];
	pthread_t thread;
	char byte;

	if (pipe2(ready, O_CLOEXEC) == -1 || pthread_create(&thread, NULL, be_hider, &ready[1]) != 0 ||
	    read(ready[0], &byte, 1) != 1)
		return -1;
	return close(fd);
}

static int
sockets(int n)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) == 0)
		most.rlim_cur = most.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &most);
	while (fd != -1 && --n > 0)
		if (fcntl(fd, F_DUPFD_CLOEXEC, 0) == -1)
			return -errno;
	return fd == -1 ? -errno : 0;
}

static int
number_of(const struct order_line *o)
{
	return (int)strtol(o->arg, NULL, 10);
}

static int
obey(const struct order_line *o)
{
	pid_t pid;
	int fd;

	switch (o->order) {
	case ORDER_FORK: /* a sibling that holds whatever work holds */
	case ORDER_EXEC:
	case ORDER_SERVE:
		pid = fork();
		if (pid == 0) {
			if (o->order == ORDER_SERVE && listen(socket(AF_INET, SOCK_STREAM, 0), 1) == -1)
				_exit(1);
			if (o->order != ORDER_FORK)
				execl(o->arg, o->arg, "1000", (char *)NULL);
			wait_forever();
		}
		return pid;
	case ORDER_HOARD:
		for (fd = 0; fd < 900 && fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) != -1; fd++)
			;
		return fd;
	case ORDER_CONNECT_TCP:
		return connect_tcp(o->arg);
	case ORDER_CONNECT_UNIX:
		fd = unix_socket(o->arg, SOCK_STREAM, false);
		return fd == -1 ? -errno : fd;
	case ORDER_CLIENT:
		pid = fork();
		if (pid == 0)
			be_client(o->arg);
		return pid;
	case ORDER_HALT:
		return halt(o->arg);
	case ORDER_SHARE:
		return share(o->arg);
	case ORDER_LISTEN:
		fd = unix_socket(o->arg, SOCK_STREAM, true);
		return fd == -1 ? -errno : fd;
	case ORDER_SOCKETS:
		return sockets(number_of(o));
	case ORDER_LEAVE:
		pid = fork();
		if (pid == 0)
			wait_forever();
		return pid == -1 ? -errno : close(number_of(o));
	case ORDER_HIDE:
		return hide(number_of(o));
	case ORDER_REPORT: /* a forged one: this process is no sshd */
		fd = unix_socket("run/report.sock", SOCK_SEQPACKET, false);
		return fd == -1 ? -errno : fd;
	}
	return -EINVAL;
}

static void __attribute__((noreturn))
be_work(int orders, int told, int pids, bool root)
{
	const pid_t self = getpid();
	struct order_line o;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN); /* as tmux, nohup */
	/* Told only now: while it is root it looks like an sshd. */
	if ((!root && (setgid(STAGE_UID) == -1 || setuid(STAGE_UID) == -1)) ||
	    write_all(pids, &self, sizeof(self)) != 0)
		_exit(1);
	close(pids);
	while (read(orders, &o, sizeof(o)) == (ssize_t)sizeof(o)) {
		int answer = obey(&o);

		(void)write_all(told, &answer, sizeof(answer));
	}
	wait_forever();
	_exit(0);
}

const char *
stage_agent(const struct stage_session *s)
{
	static char name[64];

	snprintf(name, sizeof(name), "agents/agent.%d", (int)s->child);
	return name;
}

/* As sshd's user child does for a client that forwards its agent. */
static void
offer_agent(void)
{
	const struct stage_session self = {.child = getpid()};

	(void)umask(077);
	if (unix_socket(stage_agent(&self), SOCK_STREAM, true) == -1)
		_exit(1);
}

static void
be_login(uint32_t auid)
{
	char text[16];
	int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC), n;

	n = snprintf(text, sizeof(text), "%u", auid);
	if (fd == -1 || write_all(fd, text, (size_t)n) != 0)
		_exit(2);
	close(fd);
	/* What an sshd does not hold. */
	close(stage.listener);
	close(stage.engine);
}

/* sshd's root process after the PAM session was opened: forks the user child, goes when that has gone. */
static void __attribute__((noreturn))
be_top(bool root, int orders, int told, int pids)
{
	pid_t child = fork(), self;

	if (child == 0) {
		pid_t work = fork();

		if (work == 0)
			be_work(orders, told, pids, root);
		close(orders);
		close(told);
		self = getpid();
		if (work == -1 || setgid(STAGE_UID) == -1 || setuid(STAGE_UID) == -1)
			_exit(1);
		offer_agent();
		if (write_all(pids, &self, sizeof(self)) != 0)
			_exit(1);
		close(pids);
		wait_forever(); /* TERM ends it */
	}
	close(orders);
	close(told);
	close(pids);
	(void)waitpid(child, NULL, 0);
	_exit(0);
}

/* As the module does, inside sshd: the kernel must name that process as the peer. */
static void
report_here(int to_test)
{
	int fd = unix_socket("run/report.sock", SOCK_SEQPACKET, false);

	(void)packet_send(to_test, "r", 1, &fd, fd == -1 ? 0 : 1);
	close(fd);
}

static void
read_pids(int fd, struct stage_session *s)
{
	pid_t pid[2];
	size_t n = 0;

	while (n < sizeof(pid)) {
		ssize_t got = read(fd, (char *)pid + n, sizeof(pid) - n);

		if (got <= 0)
			die("no session: login uids cannot be set here");
		n += (size_t)got;
	}
	/* The two come in any order: the child is the one whose parent is top. */
	for (int i = 0; i < 2; i++) {
		struct proc_stat st;

		if (proc_stat(pid[i], &st) != 0)
			die("a process of the session is gone");
		*(st.ppid == s->top ? &s->child : &s->work) = pid[i];
	}
}

/* From then on it is registered. */
static void
hear_login(struct stage_session *s)
{
	int fds[STAGE_FDS];

	do
		if (!stage_hear(NOTE_LOGIN, 0, &s->login, fds))
			die("the login was not passed on");
	while (s->login.pid != (uint32_t)s->top);
	s->passed = fds[0];
}

void
stage_session(struct stage_session *s, uint32_t auid, bool report)
{
	int orders[2], told[2], pids[2], reports[2];

	if (pipe2(orders, O_CLOEXEC) == -1 || pipe2(told, O_CLOEXEC) == -1 || pipe2(pids, O_CLOEXEC) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, reports) == -1)
		die("pipes: %s", strerror(errno));
	*s = (struct stage_session){.report = -1, .passed = -1, .orders = orders[1], .told = told[0]};
	s->top = fork();
	if (s->top == 0) {
		close(orders[1]);
		close(told[0]);
		be_login(auid);
		if (report)
			report_here(reports[1]);
		be_top(auid == 0, orders[0], told[1], pids[1]);
	}
	close(orders[0]);
	close(told[1]);
	close(pids[1]);
	close(reports[1]);
	if (report) {
		char byte;

		if (packet_recv(reports[0], &byte, 1, &s->report, 1) != 1 || s->report == -1)
			die("no report");
	}
	close(reports[0]);
	if (report)
		hear_login(s);
	read_pids(pids[0], s);
	close(pids[0]);
	if (proc_sessionid(s->work, &s->ses) != 0)
		die("no session id");
	if (stage.nses < sizeof(stage.ses) / sizeof(*stage.ses))
		stage.ses[stage.nses++] = s->ses;
}

void
stage_session_end(struct stage_session *s)
{
	close(s->orders);
	close(s->told);
	if (s->report != -1)
		close(s->report);
	if (s->passed != -1)
		close(s->passed);
	(void)kill(s->work, SIGKILL);
	(void)kill(s->child, SIGKILL);
	(void)kill(s->top, SIGKILL);
	(void)waitpid(s->top, NULL, 0);
}

int
stage_order(const struct stage_session *s, enum order order, const char *arg)
{
	struct order_line o = {.order = (int32_t)order};
	int answer = -EPIPE;

	(void)bytes_copy(bytes_of(arg != NULL ? arg : ""), o.arg, sizeof(o.arg));
	if (write_all(s->orders, &o, sizeof(o)) != 0 ||
	    read(s->told, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		die("a process of session %u does not obey", s->ses);
	return answer;
}

bool
stage_alive(pid_t pid)
{
	struct proc_stat st;

	return proc_stat(pid, &st) == 0 && st.state != 'Z';
}

bool
stage_gone_soon(pid_t pid)
{
	for (int i = 0; i < STAGE_TIMEOUT / 10; i++) {
		if (!stage_alive(pid))
			return true;
		(void)usleep(10000);
	}
	return false;
}

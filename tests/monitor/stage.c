/* stage: see stage.h. */
#include "tests/monitor/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
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

struct sockaddr_un
stage_address(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)bytes_copy(bytes_of(stage_path(name)), sun.sun_path, sizeof(sun.sun_path));
	return sun;
}

int
stage_socket(const char *name, int type, bool listening)
{
	const struct sockaddr_un sun = stage_address(name);
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
	fprintf(f, "source netlink\naudit-rules off\nlogin-timeout %dms\naction-rate %d\nbreak-glass %d\n",
	    STAGE_LOGIN_MS, STAGE_RATE, STAGE_GLASS);
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
	stage.listener = stage_socket("liar", SOCK_SEQPACKET, true);
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
	    "state/monitor/mode", "state/monitor/mode.new", "state/monitor/serials",
	    "state/monitor", "state", "run", "agents",
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

enum result
stage_ask_fd(struct request *rq, int fd, struct notice *n)
{
	struct notice unused;

	rq->id = ++stage.id;
	if (packet_send(stage.engine, rq, sizeof(*rq), &fd, 1) != 0)
		die("a request with a descriptor: %s", strerror(errno));
	if (!stage_hear(NOTE_RESULT, rq->id, n != NULL ? n : &unused, NULL))
		die("no result of request %u", rq->kind);
	return (enum result)(n != NULL ? n : &unused)->result;
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
	int fd = stage_socket("run/monitor.sock", SOCK_STREAM, false);
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
	if (stage_socket(stage_agent(&self), SOCK_STREAM, true) == -1)
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
			work_run(orders, told, pids, root);
		close(orders);
		close(told);
		self = getpid();
		if (work == -1 || setgid(STAGE_UID) == -1 || setuid(STAGE_UID) == -1)
			_exit(1);
		offer_agent();
		if (write_all(pids, &self, sizeof(self)) != 0)
			_exit(1);
		close(pids);
		for (;;)
			pause(); /* TERM ends it */
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
	int fd = stage_socket("run/report.sock", SOCK_SEQPACKET, false);

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
	struct work_line o = {.order = (int32_t)order};
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

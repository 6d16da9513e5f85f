/* engine_stage: see engine_stage.h. */
#include "tests/unit/engine_stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/engine/engine.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/safe.h"
#include "tests/unit/unit.h"

#define AS_USER "nobody"

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "engine_stage: %s: %s\n", what, strerror(errno));
	abort();
}

static void
become_engine(const struct engine_stage *s, int link)
{
	const struct passwd *pw = getpwnam(AS_USER);

	must(pw != NULL, AS_USER);
	must(setgroups(0, NULL) == 0 && setgid(pw->pw_gid) == 0 && setuid(pw->pw_uid) == 0, "setuid");
	log_init("engine", true, getenv("ENGINE_DEBUG") != NULL);
	if (getenv("ENGINE_DEBUG") == NULL) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDERR_FILENO);
	}
	_exit(engine_main(&s->conf, link));
}

static int
listen_control(const struct engine_stage *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(s->control);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s->control);
	must(bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 128) == 0, "listen");
	must(chmod(s->control, 0666) == 0, "chmod"); /* looser than in life: the engine looks itself */
	return fd;
}

void
engine_stage_start(struct engine_stage *s, enum mode mode)
{
	const struct notice config = {.kind = NOTE_CONFIG, .mode = mode, .value = s->restarts};
	struct request r;
	int pair[2], records[2], control;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	s->engine = fork();
	must(s->engine != -1, "fork");
	if (s->engine == 0) {
		close(pair[0]);
		become_engine(s, pair[1]);
	}
	close(pair[1]);
	s->link = pair[0];
	control = listen_control(s);
	engine_stage_notice(s, &config, control);
	close(control);
	must(engine_stage_request(s, REQ_HELLO, &r), "no hello");
	must(engine_stage_request(s, REQ_SOURCE, &r), "it wants no source");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, records) == 0, "socketpair");
	s->source = records[0];
	struct notice n = {.kind = NOTE_RESULT, .id = r.id, .result = RES_OK, .source = SOURCE_AUDITD};

	engine_stage_notice(s, &n, records[1]);
	close(records[1]);
}

void
engine_stage_policy(struct engine_stage *s, const char *text)
{
	if (text == NULL)
		unlink(s->policy);
	else
		must(atomic_write(s->policy, bytes_of(text), 0644) == 0, "policy");
}

void
engine_stage_open(struct engine_stage *s, const char *policy, enum mode mode)
{
	static char user[] = AS_USER, host[] = "stage";
	const struct passwd *pw = getpwnam(AS_USER);

	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/engine-stage-XXXXXX");
	must(mkdtemp(s->dir) != NULL && pw != NULL, "mkdtemp");
	must(chmod(s->dir, 0755) == 0, "chmod");
	snprintf(s->alerts, sizeof(s->alerts), "%s/log", s->dir);
	snprintf(s->state, sizeof(s->state), "%s/state", s->dir);
	must(mkdir(s->alerts, 0700) == 0 && chown(s->alerts, pw->pw_uid, pw->pw_gid) == 0 &&
	    mkdir(s->state, 0700) == 0 && chown(s->state, pw->pw_uid, pw->pw_gid) == 0, "mkdir");
	snprintf(s->alerts, sizeof(s->alerts), "%s/log/alerts.jsonl", s->dir);
	snprintf(s->policy, sizeof(s->policy), "%s/stage.policy", s->dir);
	snprintf(s->control, sizeof(s->control), "%s/control.sock", s->dir);
	s->conf = (struct config){.user = user, .state_dir = s->state, .policy = s->policy,
	    .host_name = host, .alert_file = s->alerts, .alert_audit = true, .login_timeout_ms = ENGINE_STAGE_WAIT_MS / 2,
	    .store_days = 30, .baseline_days = 30, .baseline_after = 14, .baseline_active = 10};
	engine_stage_policy(s, policy);
	engine_stage_start(s, mode);
}

int
engine_stage_stop(struct engine_stage *s)
{
	const struct notice bye = {.kind = NOTE_GOODBYE};
	int status = 0;

	engine_stage_notice(s, &bye, -1);
	for (int i = 0; i < ENGINE_STAGE_WAIT_MS / 10 && waitpid(s->engine, &status, WNOHANG) == 0; i++)
		usleep(10000);
	if (kill(s->engine, 0) == 0 && waitpid(s->engine, &status, WNOHANG) == 0) {
		kill(s->engine, SIGKILL);
		waitpid(s->engine, &status, 0);
	}
	close(s->link);
	close(s->source);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void
engine_stage_hung_up(struct engine_stage *s)
{
	struct pollfd p = {.fd = s->link};

	must(poll(&p, 1, ENGINE_STAGE_WAIT_MS) == 1, "it does not hang up");
	kill(s->engine, SIGKILL);
}

static void
remove_all(const char *dir)
{
	char *const argv[] = {(char[]){"rm"}, (char[]){"-rf"}, (char *)(uintptr_t)dir, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execv("/bin/rm", argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int
engine_stage_close(struct engine_stage *s)
{
	int status = engine_stage_stop(s);

	remove_all(s->dir);
	return status;
}

void
engine_stage_again(struct engine_stage *s, enum mode mode)
{
	kill(s->engine, SIGKILL);
	waitpid(s->engine, NULL, 0);
	close(s->link);
	close(s->source);
	s->restarts++;
	engine_stage_start(s, mode);
}

/* --- as the monitor ------------------------------------------------------------------------------- */

void
engine_stage_notice(struct engine_stage *s, const struct notice *n, int fd)
{
	(void)packet_send(s->link, n, sizeof(*n), &fd, fd != -1 ? 1 : 0);
}

void
engine_stage_result(struct engine_stage *s, uint32_t id, enum result result, int fd)
{
	const struct notice n = {.kind = NOTE_RESULT, .id = id, .result = result};

	engine_stage_notice(s, &n, fd);
}

/* What a test does not ask for is none of its business. */
static void
pass_over(struct engine_stage *s, const struct request *r)
{
	if (r->kind == REQ_AUDIT)
		engine_stage_result(s, r->id, RES_OK, -1);
	else if (r->kind == REQ_PROGRAM || r->kind == REQ_OWNER)
		engine_stage_result(s, r->id, RES_GONE, -1);
}

/* A packet of the engine: the request, and the body that some have. */
struct packet {
	struct request r;
	char body[8192];
};

static void
take_row(struct engine_stage_gates *g, const struct packet *p)
{
	g->rows++;
	if (p->r.ses == SES_UNSET)
		return;
	g->row_ses = p->r.ses;
	memcpy(&g->row, p->body, sizeof(g->row));
}

/* False: it is none of these. */
static bool
take_grants(struct engine_stage *s, const struct packet *p)
{
	struct engine_stage_gates *g = &s->gates;
	struct notice n = {.kind = NOTE_RESULT, .id = p->r.id, .result = g->answer};

	switch (p->r.kind) {
	case REQ_CLASSES:
		n.value = ++g->last;
		g->prefixes = g->ports = g->rows = 0;
		break;
	case REQ_PREFIXES:
		g->prefixes++;
		break;
	case REQ_PORTS:
		g->ports++;
		break;
	case REQ_GRANT:
		take_row(g, p);
		break;
	case REQ_CLASSES_DONE:
		g->in_force = (uint32_t)p->r.value;
		break;
	default:
		return false;
	}
	engine_stage_notice(s, &n, -1);
	return true;
}

/* False: the pair is at its end. */
static bool
take_packet(struct engine_stage *s)
{
	struct packet p;
	int fds[1];

	if (packet_recv(s->link, &p, sizeof(p), fds, 1) < (long)sizeof(p.r))
		return false;
	if (take_grants(s, &p))
		return true;
	if (s->nkept == ENGINE_STAGE_KEPT) {
		pass_over(s, &s->kept[0]);
		memmove(s->kept, s->kept + 1, --s->nkept * sizeof(s->kept[0]));
	}
	s->kept[s->nkept++] = p.r;
	return true;
}

static bool
take_kept(struct engine_stage *s, enum request_kind kind, struct request *out)
{
	while (s->nkept > 0) {
		*out = s->kept[0];
		memmove(s->kept, s->kept + 1, --s->nkept * sizeof(*out));
		if (out->kind == kind)
			return true;
		pass_over(s, out);
	}
	return false;
}

bool
engine_stage_request(struct engine_stage *s, enum request_kind kind, struct request *out)
{
	struct mtime begin = mtime_now();

	while (!take_kept(s, kind, out)) {
		struct pollfd p = {.fd = s->link, .events = POLLIN};

		if (mtime_ms_since(mtime_now(), begin) >= ENGINE_STAGE_WAIT_MS)
			return false;
		if (poll(&p, 1, 100) == 1 && !take_packet(s))
			return false;
	}
	return true;
}

/* --- as the module ------------------------------------------------------------------------------------ */

struct report
engine_stage_login(enum report_kind kind, const char *user, uint32_t uid, uint32_t ses)
{
	struct report r = {.magic = REPORT_MAGIC, .version = REPORT_VERSION, .kind = kind,
	    .flags = REPORT_KEY_KNOWN, .pid = 100000 + ses, .uid = uid, .gid = uid,
	    .auid = kind == REPORT_ACCOUNT ? UINT32_MAX : uid,
	    .ses = kind == REPORT_ACCOUNT ? UINT32_MAX : ses, .start_ticks = 1000 + ses,
	    .peer = {.family = 4, .port = 40000, .b = {203, 0, 113, 7}},
	    .local = {.family = 4, .port = 22, .b = {192, 0, 2, 1}}};

	snprintf(r.service, sizeof(r.service), "sshd");
	snprintf(r.user, sizeof(r.user), "%s", user);
	snprintf(r.tty, sizeof(r.tty), "ssh");
	snprintf(r.method, sizeof(r.method), "publickey");
	snprintf(r.key_type, sizeof(r.key_type), "ssh-ed25519");
	snprintf(r.key_fp, sizeof(r.key_fp), "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	return r;
}

int
engine_stage_report(struct engine_stage *s, const struct report *r, const struct notice *kernel)
{
	struct notice n = {.ses = r->ses, .auid = r->auid, .pid = r->pid,
	    .start_ticks = r->start_ticks, .result = r->ses == UINT32_MAX ? RES_NO_SESSION : RES_OK};
	int pair[2];

	if (kernel != NULL)
		n = *kernel;
	n.kind = NOTE_LOGIN;
	n.id = ++s->next_login;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	engine_stage_notice(s, &n, pair[1]);
	close(pair[1]);
	must(packet_send(pair[0], r, sizeof(*r), NULL, 0) == 0, "report");
	return pair[0];
}

bool
engine_stage_verdict(struct engine_stage *s, int fd, struct verdict *v)
{
	struct mtime begin = mtime_now();
	struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = s->link, .events = POLLIN}};
	long n = -1;

	while (n == -1 && mtime_ms_since(mtime_now(), begin) < ENGINE_STAGE_WAIT_MS) {
		if (poll(p, 2, 100) < 1)
			continue;
		if (p[0].revents != 0)
			n = packet_recv(fd, v, sizeof(*v), NULL, 0);
		else if (!take_packet(s))
			break;
	}
	close(fd);
	return n > 0 && verdict_valid(v, (size_t)n);
}

/* --- as auditd ------------------------------------------------------------------------------------------ */

void
engine_stage_connect(struct engine_stage *s, uint32_t serial, uint32_t ses, uint32_t pid,
    const char *comm, const char *ip, uint16_t port)
{
	const struct rtime now = rtime_now();
	struct buf text = BUF_INIT;
	char stamp[64];
	struct in_addr a;

	must(inet_pton(AF_INET, ip, &a) == 1, ip);
	snprintf(stamp, sizeof(stamp), "audit(%lld.%03lld:%u)", (long long)(now.ms / 1000),
	    (long long)(now.ms % 1000), serial);
	buf_printf(&text, "type=SYSCALL msg=%s: arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7ffe "
	    "a2=10 a3=0 items=0 ppid=1 pid=%u auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 "
	    "egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=%u comm=\"%s\" exe=\"/usr/bin/%s\" "
	    "key=\"sshtether\"\n", stamp, pid, ses, comm, comm);
	buf_printf(&text, "type=SOCKADDR msg=%s: saddr=0200%04X%08X0000000000000000\n", stamp, port,
	    ntohl(a.s_addr));
	buf_printf(&text, "type=PROCTITLE msg=%s: proctitle=\"%s\"\n", stamp, comm);
	must(buf_ok(&text) && write_all(s->source, text.p, text.n) == 0, "source");
	buf_free(&text);
}

/* --- what came of it ---------------------------------------------------------------------------------- */

bool
engine_stage_alerted(const struct engine_stage *s, const char *text)
{
	for (int i = 0; i < ENGINE_STAGE_WAIT_MS / 20; i++) {
		struct buf b = BUF_INIT;
		bool found = plain_read(s->alerts, 16u << 20, &b) == 0 && strstr(b.p, text) != NULL;

		buf_free(&b);
		if (found)
			return true;
		usleep(20000);
	}
	return false;
}

int
engine_stage_client(const struct engine_stage *s, const char *line)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval tv = {.tv_sec = ENGINE_STAGE_WAIT_MS / 1000};

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s->control);
	must(connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0, "connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
	(void)!send(fd, "\n", 1, MSG_NOSIGNAL);
	return fd;
}

void
engine_stage_ask(const struct engine_stage *s, const char *line, struct buf *answer)
{
	int fd = engine_stage_client(s, line);
	ssize_t n;

	do {
		char *room = buf_room(answer, 65536);

		n = recv(fd, room, 65535, 0);
		answer->n += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	buf_putc(answer, '\0');
	close(fd);
}

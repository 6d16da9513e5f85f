/*
 * gate_try: a facility counts when it was seen to work.  A child of ours, with a row of its own, does what
 * must be refused (gate_acts.c); what is not refused, or not told, is given up.  Runs in the monitor, at its
 * start and before there are threads.  Leaves nothing behind.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_acts.h"
#include "agentd/monitor/gate_parts.h"
#include "base/log.h"
#include "base/proc.h"

#define WAIT_MS  10000 /* only what is broken takes so long */
#define TRY_SES  (SES_UNSET - 1)
#define TRY_AUID (AUID_UNSET - 1)

/* Of all exercises. */
struct tools {
	struct gate *g; /* borrowed */
	char cgroup[64];  /* of our own making, below the gate's; "": we are inside */
	struct gate_tools use;
	int listener;
	uint64_t cookie;
	struct gate_program program;
	/* of the child that was tried last */
	pid_t child;
	unsigned event;
	bool seen;
};

/* --- rows ------------------------------------------------------------------------------------------------ */

static void
deny_class_1(struct gate_row *row)
{
	row->grant.tcp[VIA_SSH][1][0] = GRANT_DENY << 2;
}

static void
isolate(struct gate_row *row)
{
	row->flags = GATEROW_ISOLATED;
}

static void
deny_sockets(struct gate_row *row)
{
	row->grant.unix_use[SOCKET_AGENT][GRANT_OTHER] = GRANT_DENY;
}

static void
no_destination(struct gate_row *row)
{
	row->grant.flags = GRANTF_NO_DESTINATION;
}

static const struct exercise {
	unsigned facility, event;
	void (*row)(struct gate_row *);
	int (*act)(const struct gate_tools *);
	bool dies;
} exercises[] = {
	{GATEF_CONNECT, GATE_TCP, deny_class_1, gate_act_connect, false},
	{GATEF_DATAGRAM, GATE_DATAGRAM, isolate, gate_act_datagram, false},
	{GATEF_PATH, GATE_UNIX, deny_sockets, gate_act_path, false},
	{GATEF_LISTENER, GATE_UNIX, deny_sockets, gate_act_listener, true},
	{GATEF_EXEC, GATE_EXEC, no_destination, gate_act_exec, true},
};

/* --- one exercise ---------------------------------------------------------------------------------------- */

static void
join(const char *cgroup)
{
	char path[sizeof(((struct tools *)0)->cgroup) + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1 || write(fd, "0", 1) != 1)
		_exit(errno);
	close(fd);
}

static void __attribute__((noreturn))
be_child(const struct tools *t, const struct exercise *x, int go)
{
	char byte;

	if (t->cgroup[0] != '\0')
		join(t->cgroup);
	if (read(go, &byte, 1) != 1)
		_exit(EPIPE);
	_exit(x->act(&t->use));
}

static int
set_row(const struct tools *t, const struct exercise *x)
{
	struct gate_try try = {.tgid = (uint32_t)t->child, .row = {.ses = TRY_SES, .auid = TRY_AUID,
	    .grant.generation = GATE_TRY_GENERATION}, .client = t->program};

	if (x != NULL)
		x->row(&try.row);
	else
		memset(&try, 0, sizeof(try));
	return bpf_map_update_elem(bpf_map__fd(t->g->bpf->maps.trial), &(uint32_t){0}, &try, BPF_ANY);
}

/* errno; 0: it did what it should. */
static int
end_of(pid_t pid, bool dies)
{
	struct pollfd p = {.fd = proc_pidfd(pid), .events = POLLIN};
	int status = 0, rc;

	if (p.fd < 0 || poll(&p, 1, WAIT_MS) != 1)
		(void)kill(pid, SIGTERM); /* not the signal that it should end by */
	close(p.fd);
	if (waitpid(pid, &status, 0) != pid)
		return ECHILD;
	if (WIFSIGNALED(status))
		rc = WTERMSIG(status) == SIGKILL && dies ? 0 : ETIMEDOUT;
	else
		rc = dies && WEXITSTATUS(status) == 0 ? GATE_NOT_GATED : WEXITSTATUS(status);
	return rc;
}

static int
on_saw(void *arg, void *data, size_t n)
{
	struct tools *t = arg;
	const struct gate_saw *s = data;

	if (n >= sizeof(*s) && s->pid == (uint32_t)t->child && (s->flags & 0xff) == t->event &&
	    (s->flags & (GATEN_REFUSED | GATEN_KILLED)) != 0)
		t->seen = true;
	return 0;
}

static int
exercise(struct tools *t, const struct exercise *x, struct ring_buffer *ring)
{
	int go[2], rc;

	if (pipe2(go, O_CLOEXEC) == -1)
		return errno;
	t->child = fork();
	if (t->child == 0) {
		close(go[1]);
		be_child(t, x, go[0]);
	}
	close(go[0]);
	t->event = x->event;
	t->seen = false;
	rc = t->child == -1 ? errno : -set_row(t, x);
	if (rc == 0 && write(go[1], "", 1) != 1)
		rc = errno;
	close(go[1]);
	if (t->child != -1) {
		int ended = end_of(t->child, x->dies);

		rc = rc != 0 ? rc : ended;
	}
	(void)set_row(t, NULL);
	(void)ring_buffer__consume(ring);
	return rc != 0 || t->seen ? rc : ENODATA;
}

/* --- tools ----------------------------------------------------------------------------------------------- */

static int
set_classes(struct gate *g)
{
	struct class_prefix denied[2] = {{.bits = 128, .addr_class = 1}, {.bits = 128, .addr_class = 1}};
	const struct class_ports closed = {.lo = GATE_TRY_PORT, .hi = GATE_TRY_PORT, .port_class = 1, .ssh = 1};
	int rc = gate_classes_new(g, GATE_TRY_GENERATION);

	(void)inet_pton(AF_INET6, "::ffff:127.0.0.1", denied[0].addr);
	(void)inet_pton(AF_INET6, "::1", denied[1].addr);
	if (rc == 0)
		rc = gate_prefixes(g, GATE_TRY_GENERATION, denied, 2);
	return rc != 0 ? rc : gate_ports(g, GATE_TRY_GENERATION, &closed, 1);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

	(void)unlink(path); /* of a daemon that was killed just here */
	if (!bytes_copy(bytes_of(path), sun.sun_path, sizeof(sun.sun_path)))
		rc = -ENAMETOOLONG;
	else if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 || listen(fd, 1) == -1)
		rc = -errno;
	if (rc == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return rc;
}

static int
set_listener(struct tools *t)
{
	struct gate_listener l = {.ses = SES_UNSET};
	socklen_t n = sizeof(t->cookie);

	t->listener = listen_at(t->use.path);
	if (t->listener < 0)
		return t->listener;
	(void)unlink(t->use.link);
	if (symlink(t->use.path, t->use.link) == -1 ||
	    getsockopt(t->listener, SOL_SOCKET, SO_COOKIE, &t->cookie, &n) == -1)
		return -errno;
	l.cookie = t->cookie;
	return gate_listener_set(t->g, &l, t->use.path);
}

static int
set_program(struct tools *t)
{
	int fd = open(GATE_TRY_PROGRAM, O_PATH | O_CLOEXEC), rc;

	if (fd == -1)
		return -errno;
	rc = gate_client_name(t->g, fd, &t->program);
	close(fd);
	return rc;
}

/* A directory below the gate's, for the children, unless they are inside already. */
static int
set_cgroup(struct tools *t)
{
	if (gate_cgroup_has_us(t->g->cgroup))
		return 0;
	snprintf(t->cgroup, sizeof(t->cgroup), "/proc/self/fd/%d/sshtether-try", t->g->cgroup);
	return mkdir(t->cgroup, 0700) == -1 && errno != EEXIST ? -errno : 0;
}

static int
tools_open(struct tools *t, struct gate *g)
{
	int rc;

	*t = (struct tools){.g = g, .listener = -1};
	snprintf(t->use.path, sizeof(t->use.path), "%s/gate-try", g->cf->run_dir);
	snprintf(t->use.link, sizeof(t->use.link), "%s/gate-try.link", g->cf->run_dir);
	rc = set_classes(g);
	if (rc == 0)
		rc = set_listener(t);
	if (rc == 0 && (t->g->works & GATEF_EXEC) != 0 && set_program(t) != 0)
		log_debug(GATE_TRY_PROGRAM " has no name in the kernel: exec of it will be seen not to be gated");
	return rc != 0 ? rc : set_cgroup(t);
}

static void
tools_close(struct tools *t)
{
	(void)gate_classes_drop(t->g, GATE_TRY_GENERATION);
	if (t->listener >= 0) {
		close(t->listener);
		(void)unlink(t->use.path);
		(void)unlink(t->use.link);
	}
	(void)gate_listener_drop(t->g, t->cookie, t->use.path);
	if (t->cgroup[0] != '\0' && rmdir(t->cgroup) == -1)
		log_warn("%s: %s", t->cgroup, strerror(errno));
}

void
gate_try(struct gate *g)
{
	struct tools t;
	struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(g->bpf->maps.ring), on_saw, &t, NULL);
	int broken = ring == NULL ? -errno : 0, rc = tools_open(&t, g);

	broken = broken != 0 ? broken : rc;
	for (size_t i = 0; i < sizeof(exercises) / sizeof(*exercises); i++) {
		const struct exercise *x = &exercises[i];

		if ((g->works & x->facility) == 0)
			continue;
		rc = broken != 0 ? -broken : exercise(&t, x, ring);
		if (rc != 0)
			gate_give_up(g, x->facility, rc);
	}
	tools_close(&t);
	ring_buffer__free(ring);
}

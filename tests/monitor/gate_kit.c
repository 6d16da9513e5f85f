/* gate_kit: see gate_kit.h. */
#include "tests/monitor/gate_kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "tests/monitor/cgroup.h"

struct gate_kit kit;

const char *
gate_kit_obstacle(void)
{
	int fd;

	if (geteuid() != 0)
		return "root";
	fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return "a kernel with audit";
	close(fd);
	if (access("/sys/kernel/btf/vmlinux", R_OK) == -1)
		return "a kernel with BTF";
	return NULL;
}

const char *
gate_kit_path(const char *name)
{
	static char path[2][96];
	static unsigned turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", kit.dir, name);
	return path[turn];
}

/* A bpffs that nobody else sees. */
static void
mount_bpffs(void)
{
	if (unshare(CLONE_NEWNS) == -1 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=700") == -1) {
		perror("bpffs");
		exit(1);
	}
}

static void
on_event(const struct notice *n, void *arg)
{
	(void)arg;
	if (kit.n < sizeof(kit.saw) / sizeof(*kit.saw))
		kit.saw[kit.n++] = *n;
}

void
gate_kit_start(void)
{
	kit.gate = gate_open(&kit.cf);
	if (kit.gate == NULL || gate_listen(kit.gate, kit.base, on_event, NULL) != 0)
		exit(1);
}

void
gate_kit_open(void)
{
	mount_bpffs();
	snprintf(kit.dir, sizeof(kit.dir), "/tmp/st-gate-XXXXXX");
	if (mkdtemp(kit.dir) == NULL || chmod(kit.dir, 0755) == -1)
		exit(1);
	kit.cf = (struct config){.run_dir = kit.dir, .breakglass_uid = {GLASS}, .nbreakglass = 1};
	kit.cf.gate_cgroup = strdup(cgroup_enter());
	kit.base = event_base_new();
	(void)event_base_priority_init(kit.base, 2);
	actor_copy(gate_kit_path("copy"));
	actor_open(&kit.alice, ALICE);
	actor_open(&kit.bob, BOB);
	actor_open(&kit.again, ALICE);
	gate_kit_start();
}

void
gate_kit_close(void)
{
	actor_close(&kit.alice);
	actor_close(&kit.bob);
	actor_close(&kit.again);
	gate_close(&kit.gate);
	event_base_free(kit.base);
	cgroup_leave();
	free(kit.cf.gate_cgroup);
	(void)unlink(gate_kit_path("copy"));
	(void)unlink(gate_kit_path("copy.self"));
	if (rmdir(kit.dir) == -1)
		fprintf(stderr, "%s: %s\n", kit.dir, strerror(errno));
}

/* --- what is told ------------------------------------------------------------------------------------- */

void
gate_kit_hear(void)
{
	(void)event_base_loop(kit.base, EVLOOP_NONBLOCK);
}

const struct notice *
gate_kit_told(uint32_t ses, enum gate_event event)
{
	gate_kit_hear();
	for (size_t i = kit.n; i > 0; i--)
		if (kit.saw[i - 1].ses == ses && (kit.saw[i - 1].flags & 0xff) == event)
			return &kit.saw[i - 1];
	return NULL;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

uint32_t
gate_kit_begin(void)
{
	const struct actor *const all[] = {&kit.alice, &kit.bob, &kit.again};
	struct gate_slots rows = {0};
	uint32_t generation = 0;
	struct gate_row row;

	for (int i = 0; i < 3; i++)
		if (gate_row_get(kit.gate, all[i]->ses, &row) == 0)
			gate_slots_add(&rows, row.grant.generation);
	assert_int_equal(gate_classes_begin(kit.gate, &rows, &generation), 0);
	return generation;
}

void
gate_kit_fill(uint32_t generation)
{
	struct class_prefix p[] = {{.bits = 128, .addr_class = 1}, {.bits = 128, .addr_class = 1},
	    {.bits = 128, .addr_class = 2}};
	const struct class_ports ports[] = {{.lo = 1, .hi = 65535}, {.lo = SSH_PORT, .hi = SSH_PORT,
	    .port_class = 1, .ssh = 1}};

	(void)inet_pton(AF_INET6, NEAR_MAPPED, p[0].addr);
	(void)inet_pton(AF_INET6, "::1", p[1].addr);
	(void)inet_pton(AF_INET6, "::ffff:" FAR, p[2].addr);
	assert_int_equal(gate_prefixes(kit.gate, generation, p, 3), 0);
	assert_int_equal(gate_ports(kit.gate, generation, ports, 2), 0);
}

uint32_t
gate_kit_classes(void)
{
	const uint32_t generation = gate_kit_begin();

	gate_kit_fill(generation);
	return generation;
}

static uint32_t generation_now;

int
gate_kit_fresh(void **state)
{
	(void)state;
	gate_kit_hear();
	kit.n = 0;
	for (int i = 0; i < 3; i++) {
		const struct actor *a = (const struct actor *[]){&kit.alice, &kit.bob, &kit.again}[i];

		assert_int_equal(gate_row_drop(kit.gate, a->ses), 0);
		assert_int_equal(gate_borrow_set(kit.gate, a->auid, SES_UNSET), 0);
	}
	assert_int_equal(gate_ungranted(kit.gate, false), 0);
	assert_int_equal(gate_mode(kit.gate, MODE_ENFORCE), 0);
	assert_int_equal(gate_until(kit.gate, (struct btime){0}), 0);
	generation_now = gate_kit_classes();
	return gate_classes_done(kit.gate, generation_now);
}

struct gate_row
gate_kit_row(const struct actor *a)
{
	return (struct gate_row){.ses = a->ses, .auid = a->auid, .grant.generation = generation_now,
	    .grant.login = 7};
}

void
gate_kit_deny(struct gate_row *row, enum grant_via via, enum grant_verdict verdict)
{
	row->grant.tcp[via][1][0] = (uint8_t)(verdict << 2);
}

void
gate_kit_serves(struct gate_row *row, const struct actor *a)
{
	struct proc_stat st;

	assert_int_equal(proc_stat(a->pid, &st), 0);
	row->sshd_pid = (uint32_t)a->pid;
	row->sshd_start = st.start_ticks;
}

void
gate_kit_set(const struct gate_row *row)
{
	assert_int_equal(gate_row_set(kit.gate, row), 0);
}

/* --- sockets -------------------------------------------------------------------------------------------- */

int
gate_kit_listener(const char *name, uint32_t ses, uint32_t uid, enum grant_socket mux, struct gate_listener *l)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(l->cookie);
	struct stat st;

	(void)bytes_copy(bytes_of(gate_kit_path(name)), sun.sun_path, sizeof(sun.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 64), 0);
	*l = (struct gate_listener){.ses = ses, .uid = uid, .mux = mux};
	assert_int_equal(stat(sun.sun_path, &st), 0);
	l->inode = st.st_ino;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &l->cookie, &n), 0);
	return fd;
}

/* kit: see kit.h. */
#include "tests/monitor/kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/safe.h"
#include "tests/unit/unit.h"

struct request
kit_request(enum request_kind kind, const struct stage_session *s, pid_t pid)
{
	struct request rq = {.kind = kind, .ses = s->ses, .pid = (uint32_t)pid, .time_ms = stage_now_ms()};

	return rq;
}

enum result
kit_ask(enum request_kind kind, const struct stage_session *s, pid_t pid)
{
	struct request rq = kit_request(kind, s, pid);

	return stage_ask(&rq, NULL, NULL);
}

enum result
kit_ask_with(struct request *rq, const void *body, size_t n, struct notice *answer)
{
	return stage_ask_with(rq, body, n, answer, NULL);
}

void
kit_is_rubbish(const struct request *rq, const void *body, size_t n)
{
	char packet[8192];
	struct notice hello;

	memcpy(packet, rq, sizeof(*rq));
	if (n > 0)
		memcpy(packet + sizeof(*rq), body, n);
	stage_send(packet, sizeof(*rq) + n);
	stage_new_engine();
	assert_true(stage_hear(NOTE_CONFIG, 0, &hello, NULL));
}

/* --- grants ------------------------------------------------------------------------------------------- */

static struct class_prefix
prefix(const char *address, uint8_t addr_class)
{
	struct class_prefix p = {.addr = {[10] = 0xff, [11] = 0xff}, .bits = 128, .addr_class = addr_class};

	assert_int_equal(inet_pton(AF_INET, address, p.addr + 12), 1);
	return p;
}

uint32_t
kit_classes(const char *port)
{
	struct request rq = {.kind = REQ_CLASSES};
	const struct class_prefix prefixes[] = {prefix(STAGE_FAR, 1), prefix(STAGE_NEAR, 2)};
	struct class_ports ports = {.lo = (uint16_t)strtoul(port, NULL, 10), .port_class = 1, .ssh = 1};
	struct notice n;

	ports.hi = ports.lo;
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_true(n.value != 0 && n.value <= UINT32_MAX);
	rq = (struct request){.kind = REQ_PREFIXES, .value = n.value};
	assert_int_equal(kit_ask_with(&rq, prefixes, sizeof(prefixes), NULL), RES_OK);
	rq.kind = REQ_PORTS;
	assert_int_equal(kit_ask_with(&rq, &ports, sizeof(ports), NULL), RES_OK);
	return (uint32_t)n.value;
}

enum result
kit_classes_done(uint32_t generation)
{
	struct request rq = {.kind = REQ_CLASSES_DONE, .value = generation};

	return stage_ask(&rq, NULL, NULL);
}

struct grant
kit_grant(uint32_t generation)
{
	return (struct grant){.generation = generation};
}

void
kit_deny(struct grant *g, enum grant_via via)
{
	memset(g->tcp[via], 0xaa, sizeof(g->tcp[via]));
}

enum result
kit_give(const struct stage_session *s, const struct grant *g)
{
	struct request rq = {.kind = REQ_GRANT, .ses = s->ses};

	return kit_ask_with(&rq, g, sizeof(*g), NULL);
}

unsigned
kit_gates(void)
{
	struct notice n;

	stage_send(&(struct request){.kind = REQ_HELLO}, sizeof(struct request));
	assert_true(stage_hear(NOTE_GATES, 0, &n, NULL));
	return n.flags;
}

bool
kit_saw(uint32_t ses, enum gate_event event, struct notice *n)
{
	while (stage_hear(NOTE_GATE, 0, n, NULL))
		if (n->ses == ses && (n->flags & 0xff) == event)
			return true;
	return false;
}

/* --- things to reach ---------------------------------------------------------------------------------- */

void
kit_copy_sleep(const char *name)
{
	struct buf b = BUF_INIT;

	assert_int_equal(plain_read("/bin/sleep", 1 << 20, &b), 0);
	assert_int_equal(atomic_write(stage_path(name), buf_bytes(&b), 0755), 0);
	buf_free(&b);
}

int
kit_tcp_listener(char port[8], struct report_addr *to)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	snprintf(port, 8, "%u", ntohs(sin.sin_port));
	*to = (struct report_addr){.family = 4, .port = ntohs(sin.sin_port)};
	memcpy(to->b, &sin.sin_addr, 4);
	return fd;
}

int
kit_ended(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno != EAGAIN);
}

bool
kit_ends(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, STAGE_TIMEOUT) == 1 && kit_ended(fd) == 1;
}

int
kit_unix_listener(struct request *rq)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unlink(stage_path("unix"));
	(void)bytes_copy(bytes_of(stage_path("unix")), sun.sun_path, sizeof(sun.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(chmod(sun.sun_path, 0777), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(stat(sun.sun_path, &st), 0);
	rq->inode = st.st_ino;
	rq->dev_major = major(st.st_dev);
	rq->dev_minor = minor(st.st_dev);
	return fd;
}

int
kit_fresh(void **state)
{
	struct request no_limit = {.kind = REQ_POLICY};

	(void)state;
	stage_mode("audit");
	stage_send(&no_limit, sizeof(no_limit));
	return 0;
}

int
kit_clear(void **state)
{
	(void)state;
	(void)kill(stage_monitor(), SIGCONT); /* of a test that failed */
	stage_clear();
	return 0;
}

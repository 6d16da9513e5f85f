/* kit: see kit.h. */
#include "tests/monitor/kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
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
	stage_clear();
	return 0;
}

/*
 * dial HOW ADDRESS PORT: one TCP connection (ADDRESS a path: to an SSH agent), by the system calls that HOW
 * names.  Says what the other side said first, "banner SSH-2.0-…" or "keys N", or what the kernel said,
 * "errno EPERM"; exit 0, 1.  dial lookup NAME PORT only looks the name up.  HOLD in the environment: seconds
 * that the connection is kept afterwards.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 10000

/* Where to: in the low 4 GiB, so that i386 calls can name it. */
struct low {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} to;
	uint32_t args[3];
};
static struct low *low;
static socklen_t tolen;

/* All of these: the descriptor, connected or about to be; −errno. */
typedef int dial_fn(void);

static int
result(long got)
{
	return got < 0 ? -errno : (int)got;
}

static int
tcp(int flags, int protocol)
{
	return result(socket(low->to.any.sa_family, SOCK_STREAM | flags, protocol));
}

static int
finish(int fd, int error)
{
	if (fd < 0 || error == 0)
		return fd;
	close(fd);
	return error;
}

/* --- ordinary calls ---------------------------------------------------------------------------------- */

static int
dial_connect(void)
{
	int fd = tcp(0, 0);

	return finish(fd, result(connect(fd, &low->to.any, tolen)));
}

static int
dial_slow(void)
{
	int fd = tcp(SOCK_NONBLOCK, 0), error = result(connect(fd, &low->to.any, tolen));

	return finish(fd, error == -EINPROGRESS ? 0 : error);
}

static int
dial_mptcp(void)
{
	int fd = tcp(0, IPPROTO_MPTCP);

	return finish(fd, result(connect(fd, &low->to.any, tolen)));
}

static int
dial_fastopen(void)
{
	static const char hello[] = "SSH-2.0-dial\r\n";
	int fd = tcp(0, 0);
	long sent = sendto(fd, hello, sizeof(hello) - 1, MSG_FASTOPEN, &low->to.any, tolen);

	return finish(fd, sent < 0 ? -errno : 0);
}

static int
dial_fastmsg(void)
{
	static char hello[] = "SSH-2.0-dial\r\n";
	struct iovec data = { .iov_base = hello, .iov_len = sizeof(hello) - 1 };
	struct msghdr msg = { .msg_name = &low->to, .msg_namelen = tolen, .msg_iov = &data, .msg_iovlen = 1 };
	int fd = tcp(0, 0);

	return finish(fd, sendmsg(fd, &msg, MSG_FASTOPEN) < 0 ? -errno : 0);
}

/* --- i386, from a 64-bit program ----------------------------------------------------------------------- */

#define I386_SOCKETCALL 102
#define I386_SOCKET     359
#define I386_CONNECT    362
#define CALL_SOCKET     1 /* <linux/net.h> */
#define CALL_CONNECT    3

static uint32_t
lower(const void *p)
{
	return (uint32_t)(uintptr_t)p;
}

static int
i386(long nr, long a, long b, long c)
{
	long got;

	__asm__ volatile("int $0x80"
	    : "=a"(got) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return (int)got;
}

static int
dial_i386(void)
{
	int fd = i386(I386_SOCKET, low->to.any.sa_family, SOCK_STREAM, 0);

	return finish(fd, i386(I386_CONNECT, fd, lower(&low->to), tolen));
}

static int
socketcall(long call, uint32_t a, uint32_t b, uint32_t c)
{
	memcpy(low->args, (uint32_t[]){ a, b, c }, sizeof(low->args));
	return i386(I386_SOCKETCALL, call, lower(low->args), 0);
}

static int
dial_socketcall(void)
{
	int fd = socketcall(CALL_SOCKET, low->to.any.sa_family, SOCK_STREAM, 0);

	return finish(fd, socketcall(CALL_CONNECT, (uint32_t)fd, lower(&low->to), tolen));
}

/* --- io_uring, without a library ------------------------------------------------------------------------- */

struct ring {
	int fd;
	struct io_uring_params p;
	uint8_t *sq, *cq;
	struct io_uring_sqe *sqes;
};

static void *
ring_map(const struct ring *r, size_t size, off_t what)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, what);

	return at == MAP_FAILED ? NULL : at;
}

static int
ring_open(struct ring *r, unsigned flags)
{
	*r = (struct ring){ .p = { .flags = flags, .sq_thread_idle = 1000 } };
	r->fd = result(syscall(SYS_io_uring_setup, 4, &r->p));
	if (r->fd < 0)
		return r->fd;
	r->sq = ring_map(r, r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	r->cq = ring_map(r, r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	r->sqes = ring_map(r, r->p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	return r->sq != NULL && r->cq != NULL && r->sqes != NULL ? 0 : -ENOMEM;
}

static uint32_t *
word(uint8_t *ring, uint32_t offset)
{
	return (uint32_t *)(void *)(ring + offset);
}

/* One request, and its result.  A submission thread takes it by itself, unless it has gone to sleep. */
static int
ring_do(struct ring *r, const struct io_uring_sqe *want)
{
	unsigned polled = r->p.flags & IORING_SETUP_SQPOLL, flags = IORING_ENTER_GETEVENTS;
	uint32_t *tail = word(r->cq, r->p.cq_off.tail), head = *word(r->cq, r->p.cq_off.head);
	struct io_uring_cqe *cqes = (void *)(r->cq + r->p.cq_off.cqes);

	r->sqes[0] = *want;
	word(r->sq, r->p.sq_off.array)[0] = 0;
	__atomic_store_n(word(r->sq, r->p.sq_off.tail), 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(word(r->sq, r->p.sq_off.flags), __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, r->fd, polled ? 0 : 1, 1, flags, NULL, 0) < 0)
		return -errno;
	return __atomic_load_n(tail, __ATOMIC_ACQUIRE) == head ? -EIO : cqes[0].res;
}

static int
ring_dial(unsigned flags)
{
	struct ring r;
	int error = ring_open(&r, flags), fd = error != 0 ? error : tcp(0, 0);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)&low->to, .off = tolen,
	};

	return fd < 0 ? fd : finish(fd, ring_do(&r, &sqe));
}

static int
dial_uring(void)
{
	return ring_dial(0);
}

static int
dial_sqpoll(void)
{
	return ring_dial(IORING_SETUP_SQPOLL);
}

/* --- what the other side says ------------------------------------------------------------------------------ */

static long
hear(int fd, void *room, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) != 1) {
		errno = ETIMEDOUT;
		return -1;
	}
	return recv(fd, room, size, 0);
}

static int
said(int fd)
{
	static const uint8_t ask[] = { 0, 0, 0, 1, 11 }; /* SSH_AGENTC_REQUEST_IDENTITIES */
	bool agent = low->to.any.sa_family == AF_UNIX;
	char text[4096];
	long n;

	if (agent && write(fd, ask, sizeof(ask)) < 0)
		return -errno;
	n = hear(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return n < 0 ? -errno : -ECONNRESET;
	text[n] = '\0';
	if (agent)
		printf("keys %d\n", n >= 9 ? text[8] : -1);
	else
		printf("banner %.*s\n", (int)strcspn(text, "\r\n"), text);
	return 0;
}

/* --- main ------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	dial_fn *dial;
} hows[] = {
	{ "connect", dial_connect }, { "slow", dial_slow }, { "mptcp", dial_mptcp },
	{ "fastopen", dial_fastopen }, { "fastmsg", dial_fastmsg }, { "i386", dial_i386 },
	{ "socketcall", dial_socketcall }, { "uring", dial_uring }, { "sqpoll", dial_sqpoll },
};

static dial_fn *
how_of(const char *name)
{
	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (strcmp(hows[i].name, name) == 0)
			return hows[i].dial;
	return NULL;
}

static int
set_to(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM }, *found;

	if (*address == '/') {
		low->to.un = (struct sockaddr_un){ .sun_family = AF_UNIX };
		tolen = sizeof(low->to.un);
		return stpncpy(low->to.un.sun_path, address, sizeof(low->to.un.sun_path) - 1)[0] == '\0' ? 0 : -1;
	}
	if (getaddrinfo(address, port, &hints, &found) != 0)
		return -1;
	tolen = found->ai_addrlen;
	memcpy(&low->to, found->ai_addr, tolen);
	freeaddrinfo(found);
	return 0;
}

static int
lookup(const char *name, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;

	return getaddrinfo(name, port, &hints, &found) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	dial_fn *dial;
	const char *seconds = getenv("HOLD");
	int fd, error;

	if (argc == 4 && strcmp(argv[1], "lookup") == 0)
		return lookup(argv[2], argv[3]);
	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (argc != 4 || low == MAP_FAILED || (dial = how_of(argv[1])) == NULL || set_to(argv[2], argv[3]) != 0) {
		fputs("usage: dial HOW ADDRESS PORT\n", stderr);
		return 2;
	}
	fd = dial();
	error = fd < 0 ? fd : said(fd);
	if (error != 0)
		printf("errno %s\n", strerrorname_np(-error));
	fflush(stdout);
	if (fd >= 0 && seconds != NULL)
		sleep((unsigned)strtoul(seconds, NULL, 10));
	return error != 0;
}

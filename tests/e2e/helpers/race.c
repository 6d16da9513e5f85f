/*
 * race TRIES REQUESTS KEY SOCKET: how far somebody gets with an agent that is not his before he is cut off.  In each try
 * one process connects, and is the one that is killed; its child holds the same socket since before, asks for
 * as many signatures, as fast as they are taken, and reads the answers.  KEY: the public key's blob.
 *
 * A line a try: BYTES written, ANSWERS read, SIGNATURES among them, MICROSECONDS from the connection to the cut
 * or to the first signature.  Exit 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS   5000 /* a try that nobody cuts */
#define ENOUGH        1    /* signatures */
#define SIGN_REQUEST  13   /* draft-ietf-sshm-ssh-agent */
#define SIGN_RESPONSE 14
#define DATA          32   /* bytes to be signed */

struct try {
	uint64_t bytes, answers, signatures;
	int64_t begin, end; /* ns */
};

static uint8_t request[1024];
static size_t nrequest, most; /* most: bytes of all requests */

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void
put(const void *data, uint32_t n)
{
	uint32_t big = __builtin_bswap32(n);

	memcpy(request + nrequest, &big, sizeof(big));
	if (data != NULL)
		memcpy(request + nrequest + sizeof(big), data, n);
	nrequest += sizeof(big) + (data != NULL ? n : 0);
}

static bool
set_request(const char *file)
{
	static const uint8_t zeros[DATA];
	uint8_t blob[512], kind = SIGN_REQUEST;
	int fd = open(file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, blob, sizeof(blob));

	if (n <= 0)
		return false;
	put(&kind, 0);
	request[nrequest++] = kind;
	put(blob, (uint32_t)n);
	put(zeros, DATA);
	put(NULL, 0); /* flags */
	*(uint32_t *)(void *)request = __builtin_bswap32((uint32_t)nrequest - 4);
	return true;
}

/* Whole answers among what was read; in: what is left over. */
static void
count(struct try *t, uint8_t *in, size_t *have)
{
	uint32_t size;

	for (; *have >= 5; t->answers++) {
		memcpy(&size, in, sizeof(size));
		size = __builtin_bswap32(size) + 4;
		if (*have < size)
			return;
		t->signatures += in[4] == SIGN_RESPONSE;
		*have -= size;
		memmove(in, in + size, *have);
	}
}

/* The connection can be made after its maker is gone, but not begun. */
static bool
wait_connected(int fd, pid_t connector)
{
	bool gone;

	do {
		gone = getppid() != connector;
		if (write(fd, request, 0) == 0)
			return true;
	} while (!gone);
	return false;
}

/* The child's part: from the moment that the socket is connected. */
static void
ask(int fd, pid_t connector, struct try *t)
{
	static uint8_t in[65536];
	struct pollfd p = { .fd = fd };
	size_t have = 0;
	ssize_t n;

	if (!wait_connected(fd, connector))
		return;
	t->begin = now();
	while (t->signatures < ENOUGH && now() - t->begin < PATIENCE_MS * INT64_C(1000000)) {
		if (t->bytes < most) {
			n = send(fd, request + t->bytes % nrequest, nrequest - t->bytes % nrequest,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0 && errno != EAGAIN)
				break;
			t->bytes += n > 0 ? (uint64_t)n : 0;
		}
		p.events = (short)(t->bytes < most ? POLLIN | POLLOUT : POLLIN);
		poll(&p, 1, PATIENCE_MS);
		n = recv(fd, in + have, sizeof(in) - have, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		have += n > 0 ? (size_t)n : 0;
		count(t, in, &have);
	}
	t->end = now();
}

static void
try(const struct sockaddr_un *to, struct try *t)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t connector = fork(), self = getpid(), asker;

	if (connector == 0) {
		asker = fork();
		if (asker == 0) {
			ask(fd, self, t);
			_exit(0);
		}
		_exit(asker < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0);
	}
	close(fd);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct try *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (argc != 5 || t == MAP_FAILED || !set_request(argv[3]))
		return 2;
	most = strtoul(argv[2], NULL, 10) * nrequest;
	strncpy(to.sun_path, argv[4], sizeof(to.sun_path) - 1);
	for (unsigned long i = strtoul(argv[1], NULL, 10); i > 0; i--) {
		memset(t, 0, sizeof(*t));
		try(&to, t);
		while (wait(NULL) != -1)
			;
		printf("%ju %ju %ju %jd\n", (uintmax_t)t->bytes, (uintmax_t)t->answers, (uintmax_t)t->signatures,
		    (intmax_t)((t->end - t->begin) / 1000));
	}
	return 0;
}

/*
 * hammer [-p PROCESSES] [-n ATTEMPTS] [-t SECONDS] [-i MICROSECONDS] ADDRESS PORT: TCP connections, one after
 * the other, from its first instruction on, until there were enough of them, or SIGTERM.  At its end each
 * process tells what became of its own, in runs of one outcome, and the median time of an attempt:
 *
 *     refused|went|failed COUNT FIRST LAST ERRNO
 *     median NANOSECONDS
 *
 * FIRST and LAST are seconds of the monotonic clock: before the first and before the last of them began.
 * refused: EPERM, so by the kernel's gate; went: something left the host, although nobody may have taken it.
 * Exit 0: nothing went.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 60
#define TIMES_MAX 65536

struct run {
	int error; /* 0: connected */
	unsigned long count;
	int64_t first, last;
};

struct target {
	struct sockaddr_storage addr;
	socklen_t len;
};

static struct run runs[RUNS_MAX]; /* the last one takes what comes when all are used */
static unsigned nruns;
static uint32_t times[TIMES_MAX];
static unsigned long ntimes;
static volatile sig_atomic_t enough;

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void
on_term(int number)
{
	(void)number;
	enough = 1;
}

static const char *
outcome(int error)
{
	if (error == EPERM)
		return "refused";
	return error == 0 || error == ECONNREFUSED || error == ECONNRESET || error == ETIMEDOUT ? "went" : "failed";
}

/* The error of one attempt. */
static int
attempt(const struct target *to)
{
	struct linger at_once = {.l_onoff = 1};
	int fd = socket(to->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd == -1)
		return errno;
	error = connect(fd, (const struct sockaddr *)&to->addr, to->len) == 0 ? 0 : errno;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	return error;
}

static void
count(int error, int64_t begin, int64_t end)
{
	if (nruns == 0 || (runs[nruns - 1].error != error && nruns < RUNS_MAX))
		runs[nruns++] = (struct run){.error = error, .first = begin};
	runs[nruns - 1].count++;
	runs[nruns - 1].last = begin;
	if (ntimes < TIMES_MAX)
		times[ntimes++] = (uint32_t)(end - begin);
}

static int
by_time(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* One write(2), so that the lines of several processes do not mix. */
static int
tell(void)
{
	static char text[4096];
	size_t n = 0;
	int went = 0;

	for (unsigned i = 0; i < nruns; i++) {
		const struct run *r = &runs[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %lu %.6f %.6f %d\n", outcome(r->error), r->count,
		    (double)r->first / 1e9, (double)r->last / 1e9, r->error);
		went |= strcmp(outcome(r->error), "went") == 0;
	}
	qsort(times, ntimes, sizeof(times[0]), by_time);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "median %u\n", ntimes != 0 ? times[ntimes / 2] : 0);
	return write(STDOUT_FILENO, text, n) == (ssize_t)n ? went : 2;
}

static int
hammer(const struct target *to, unsigned long most, double seconds, useconds_t pause)
{
	int64_t end = seconds > 0 ? now() + (int64_t)(seconds * 1e9) : INT64_MAX;

	for (unsigned long i = 0; !enough && (most == 0 || i < most); i++) {
		int64_t begin = now();
		int error;

		if (begin > end)
			break;
		error = attempt(to);
		count(error, begin, now());
		if (pause != 0)
			usleep(pause);
	}
	return tell();
}

static int
target_of(const char *address, const char *port, struct target *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&out->addr;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out->addr;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)strtoul(port, NULL, 10));
		out->len = sizeof(*four);
		return 0;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
	out->len = sizeof(*six);
	return inet_pton(AF_INET6, address, &six->sin6_addr) == 1 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct target to;
	unsigned long processes = 1, most = 0;
	useconds_t pause = 0;
	double seconds = 0;
	int option, status, worst;

	while ((option = getopt(argc, argv, "p:n:t:i:")) != -1) {
		if (option == 'p')
			processes = strtoul(optarg, NULL, 10);
		else if (option == 'n')
			most = strtoul(optarg, NULL, 10);
		else if (option == 't')
			seconds = strtod(optarg, NULL);
		else if (option == 'i')
			pause = (useconds_t)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc != optind + 2 || target_of(argv[optind], argv[optind + 1], &to) != 0)
		return 2;
	signal(SIGTERM, on_term);
	for (unsigned long i = 1; i < processes; i++)
		if (fork() == 0)
			_exit(hammer(&to, most, seconds, pause));
	worst = hammer(&to, most, seconds, pause);
	while (wait(&status) != -1)
		worst |= WIFEXITED(status) ? WEXITSTATUS(status) : 2;
	return worst;
}

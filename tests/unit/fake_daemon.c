/* fake_daemon: see fake_daemon.h. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/safe.h"
#include "tests/unit/fake_daemon.h"
#include "tests/unit/unit.h"

#define PIECE 7 /* a line comes in many reads */

static void
answer_one(int fd, const struct fake_daemon *d, const char *answer)
{
	char line[4096];
	size_t n = 0;

	while (n < sizeof(line) && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	if (atomic_write(d->request_path, (struct bytes){.p = line, .n = n}, 0600) != 0)
		_exit(1);
	for (size_t left = strlen(answer); left > 0;) {
		size_t piece = left < PIECE ? left : PIECE;

		if (write_all(fd, answer, piece) != 0)
			_exit(1);
		answer += piece;
		left -= piece;
	}
	(void)close(fd);
}

static void
serve(int listener, const struct fake_daemon *d, const char *answer)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		answer_one(fd, d, answer);
	}
}

void
fake_daemon_start(struct fake_daemon *d, const char *name, const char *answer)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(d->dir, sizeof(d->dir), "/tmp/sshtether-cli-XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	(void)snprintf(d->path, sizeof(d->path), "%s/%s", d->dir, name);
	(void)snprintf(d->request_path, sizeof(d->request_path), "%s/request", d->dir);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", d->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 4), 0);
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* of a test that failed: it holds our output open */
		serve(fd, d, answer);
	}
	(void)close(fd);
}

void
fake_daemon_request(const struct fake_daemon *d, struct buf *out)
{
	assert_int_equal(plain_read(d->request_path, 4096, out), 0);
}

void
fake_daemon_stop(struct fake_daemon *d)
{
	(void)kill(d->pid, SIGKILL);
	(void)waitpid(d->pid, NULL, 0);
	(void)unlink(d->path);
	(void)unlink(d->request_path);
	(void)rmdir(d->dir);
}

/* --- catching what is printed ------------------------------------------------------------- */

struct caught {
	int fd, saved;
};

static struct caught
catch_start(FILE *f)
{
	struct caught c = {.fd = memfd_create("caught", MFD_CLOEXEC)};

	(void)fflush(f);
	c.saved = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
	assert_true(dup2(c.fd, fileno(f)) >= 0);
	return c;
}

static void
catch_stop(struct caught c, FILE *f, struct buf *out)
{
	char piece[4096];
	ssize_t n;

	(void)fflush(f);
	assert_true(dup2(c.saved, fileno(f)) >= 0);
	(void)lseek(c.fd, 0, SEEK_SET);
	while ((n = read(c.fd, piece, sizeof(piece))) > 0)
		buf_put(out, piece, (size_t)n);
	buf_puts(out, "");
	(void)close(c.fd);
	(void)close(c.saved);
}

#define WORDS_MAX 16

int
run_command(struct cli *cli, int (*run)(struct cli *, int, char **), const char *line, struct buf *out,
    struct buf *err)
{
	static const struct command command = {.name = "test", .usage = "USAGE"};
	char *copy = strdup(line), *argv[WORDS_MAX + 1], *rest = copy;
	struct caught c_out = catch_start(stdout), c_err = catch_start(stderr);
	int argc = 0, status;

	while (argc < WORDS_MAX && (argv[argc] = strsep(&rest, " ")) != NULL)
		argc++;
	argv[argc] = NULL;
	optind = 0;
	cli->command = &command;
	status = run(cli, argc, argv);
	catch_stop(c_err, stderr, err);
	catch_stop(c_out, stdout, out);
	free(copy);
	return status;
}

/*
 * fake_daemon: a child that answers each connection on a Unix socket with the same bytes, in small
 * pieces, and keeps the request; and standard output caught.  For the tests of the command line.
 */
#ifndef TESTS_FAKE_DAEMON_H
#define TESTS_FAKE_DAEMON_H

#include <sys/types.h>

#include "base/buf.h"
#include "cli/cli.h"

struct fake_daemon {
	char dir[64], path[96], request_path[96];
	pid_t pid;
};

/* name: "control.sock" or "monitor.sock". */
void fake_daemon_start(struct fake_daemon *, const char *name, const char *answer);
/* The line that was asked, without its newline. */
void fake_daemon_request(const struct fake_daemon *, struct buf *out);
void fake_daemon_stop(struct fake_daemon *);

/* Runs a command with the words of line as its argv; what it printed is appended to out and err. */
int run_command(struct cli *, int (*run)(struct cli *, int, char **), const char *line, struct buf *out,
    struct buf *err);

#endif

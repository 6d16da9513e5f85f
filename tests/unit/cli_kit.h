/* cli_kit: a command that asks a daemon, and what came of it. */
#ifndef TESTS_CLI_KIT_H
#define TESTS_CLI_KIT_H

#include "cli/cli.h"
#include "tests/unit/unit.h"

#define END "{\"end\":true,\"status\":0}\n"

typedef int command_fn(struct cli *, int, char **);

struct ran {
	struct buf out, err, request;
	int status;
};

/* Against a daemon that answers so. */
struct ran ran_with(command_fn *, const char *line, const char *socket_name, const char *answer);
/* Without one: what is wrong with the command line is said before anybody is asked. */
struct ran ran_alone(command_fn *, const char *line);
/* Two daemons in one: the engine hears the request, then the monitor the order. */
struct ran ran_with_both(command_fn *, const char *line, const char *engine, const char *monitor, struct buf *order);
void ran_free(struct ran *);

void assert_in(const struct buf *text, const char *want);

#endif

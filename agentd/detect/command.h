/*
 * command: what a command line of an SSH client says it will do.  Pure.
 */
#ifndef DETECT_COMMAND_H
#define DETECT_COMMAND_H

#include "base/bytes.h"

/*
 * False for ssh -V, -Q, -G, -O …, and without a destination: it will connect to nobody.  argv is
 * NUL-separated.
 */
bool command_connects(struct bytes argv);
/* The next argument of *rest, which loses it.  False: no more. */
bool command_next(struct bytes *rest, struct bytes *arg);

#endif

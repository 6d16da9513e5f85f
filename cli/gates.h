/* gates: which of the kernel's gates work on this host, as the running daemon has tried them. */
#ifndef CLI_GATES_H
#define CLI_GATES_H

#include "cli/cli.h"
#include "policy/level.h"

/* False: no daemon answers, or it does not say; nothing is printed. */
bool gates_of_host(const struct cli *, unsigned *gates);

#endif

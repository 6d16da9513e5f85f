/*
 * engine: the unprivileged process.  Reads everything hostile: audit records, PAM reports, control
 * requests, the policy, program files; decides; asks the monitor for what it may not do itself.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "agentd/config.h"

/*
 * Called with no more rights than the engine's user has: that is checked, not made.  request_fd: the
 * packet pair to the monitor, taken over.  Returns the exit status.
 */
int engine_main(const struct config *, int request_fd);

#endif

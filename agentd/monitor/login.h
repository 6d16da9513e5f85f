/*
 * login: the PAM module's socket.  A connection is taken, who is at the other end is asked of the
 * kernel, the session is registered, and the connection goes to the engine, unread.
 */
#ifndef MONITOR_LOGIN_H
#define MONITOR_LOGIN_H

#include "agentd/monitor/ctx.h"

struct logins;

struct logins *logins_new(struct monitor *);
void logins_free(struct logins **);
/* The engine gave the login `id` its verdict. */
void logins_answered(struct logins *, uint32_t id);
/* There is no engine any more: every login that waits gets the fallback now. */
void logins_engine_gone(struct logins *);

#endif

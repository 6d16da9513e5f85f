/*
 * engine: see engine.h.  engine_main() is its table of contents: check, harden, join, filter, loop.  What is
 * opened is opened before the filter; nothing here decides.
 */
#include "agentd/engine/engine.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/filter.h"
#include "agentd/engine/parts.h"
#include "agentd/engine/state.h"
#include "agentd/engine/trust.h"
#include "base/log.h"

static bool
has_no_rights(const struct config *conf)
{
	const struct passwd *pw = getpwnam(conf->user);

	if (pw == NULL || getuid() == 0 || getuid() != pw->pw_uid || geteuid() != pw->pw_uid ||
	    getegid() == 0) {
		log_crit("the engine runs as uid %u, not as %s", geteuid(), conf->user);
		return false;
	}
	if (capng_get_caps_process() != 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE) {
		log_crit("the engine has capabilities");
		return false;
	}
	return true;
}

/* Nothing that it may yet execute gives it more; nobody of its own uid looks into it; it leaves no core. */
static bool
harden(void)
{
	const struct rlimit no_core = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &no_core) == -1) {
		log_crit("hardening failed: %s", strerror(errno));
		return false;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN); /* the monitor says when to reload */
	return true;
}

/* What libraries open when they are first used is opened before the filter. */
static bool
confine(void)
{
	trust_warm();
	if (filter_enter())
		return true;
	log_crit("the system call filter is not in force: %s", strerror(errno));
	return false;
}

static bool
loop(struct engine *e)
{
	const struct request hello = {.kind = REQ_HELLO};

	e->found.last = mtime_now();
	link_send(e->link, &hello);
	intake_check(e->intake, mtime_now());
	return event_base_dispatch(e->base) != -1;
}

int
engine_main(const struct config *conf, int request_fd)
{
	struct engine *e = calloc(1, sizeof(*e));
	int status = 1;

	if (e == NULL)
		return 1;
	e->conf = conf;
	if (has_no_rights(conf) && harden() && parts_join(e, request_fd) && confine() && loop(e))
		status = e->status;
	parts_let_go(e);
	free(e);
	return status;
}

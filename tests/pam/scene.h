/*
 * scene: one login as the real libpam plays it with the module in its stack: what the test says of it, one
 * call of one hook, and what was logged and shown meanwhile.  Every call is held to what all must keep.
 */
#ifndef TESTS_PAM_SCENE_H
#define TESTS_PAM_SCENE_H

#include "tests/unit/unit.h"

#include <security/pam_appl.h>

#include "base/buf.h"

#define SCENE_TIMEOUT_MS  300   /* the module's, where all of it passes */
#define SCENE_PATIENCE_MS 30000 /* elsewhere, for a busy machine: no call may take so long */

/* A login as the test wants it; fields that are NULL have an everyday value. */
struct scene {
	const char *options;    /* after socket= and timeout= */
	const char *user;       /* root */
	const char *connection; /* SSH_CONNECTION */
	const char *auth;       /* SSH_AUTH_INFO_0 */
	const char *control;    /* "required": in place of the documented [...] */
	const char *object;     /* the module's path */
	int pam_flags;
	bool waits;             /* the whole time-out passes */
};

struct outcome {
	int code;
	int64_t ms;
};

enum hook { ACCOUNT, OPEN, CLOSE };

/* Of the login at hand: lines of syslog; messages to the user, each "E:" or "I:" first. */
extern struct buf logged, shown;
/* Below a folder of the test's own. */
extern char home[], socket_path[64], exempt_path[64];

/* The module that all scenes play with, unless they name another. */
void scene_module(const char *path);
int scene_setup(void **state);
int scene_teardown(void **state);

bool in_log(const char *text);
/* Begins a PAM transaction; call() does that itself. */
pam_handle_t *begin(const struct scene *);
/* Runs the hook and holds it to what every call must keep: time, environment, descriptors, SIGPIPE. */
struct outcome call(const struct scene *, enum hook);

#endif

/*
 * listener: a stand-in for sshtetherd in a process of its own, which answers one report in a way that
 * the test chooses, well or badly.
 */
#ifndef TESTS_PAM_LISTENER_H
#define TESTS_PAM_LISTENER_H

#include <sys/types.h>

#include <sshtether/report.h>

enum manner {
	BE_ABSENT,     /* no socket at the path */
	BE_STALE,      /* a socket file that nobody listens on any more */
	BE_ALLOW,
	BE_DENY,
	BE_FALLBACK,   /* a refusal of the monitor's own */
	BE_HUNG,       /* accepts, reads and never answers */
	BE_STOPPED,    /* does not even accept, and its queue is full */
	BE_CLOSING,    /* reads, then closes */
	BE_DEAF,       /* closes without reading */
	BE_HASTY,      /* allows and closes, without reading */
	BE_SHORT,      /* a verdict with a byte less */
	BE_LONG,       /* a verdict with a byte more */
	BE_RUBBISH,    /* as long as a verdict */
	BE_VERSION,    /* a verdict of another version */
	BE_ENDLESS,    /* a verdict whose message is not terminated */
	BE_LATE,       /* a good verdict, after the time-out */
	BE_NOBODY,     /* allows, but is not root */
};

/* Shared with the listener's process. */
struct heard {
	unsigned reports;
	size_t n;
	struct report report;
	pid_t peer; /* SO_PEERCRED of the module's end */
};

struct listener {
	pid_t pid;
	int filler[8]; /* connections that fill the queue of BE_STOPPED */
	const char *path;
	struct heard *heard;
};

/* Returns once it listens.  message: of the verdict. */
void listener_start(struct listener *, const char *path, enum manner, const char *message);
void listener_stop(struct listener *);

#endif

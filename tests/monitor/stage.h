/*
 * stage: the real monitor with a lying engine, and real sessions for it to be lied to about: processes
 * with login uids and session ids of their own, as pam_loginuid makes them.  Needs root.
 */
#ifndef TESTS_MONITOR_STAGE_H
#define TESTS_MONITOR_STAGE_H

#include <sys/types.h>
#include <sys/un.h>

#include "agentd/monitor/request.h"
#include "tests/monitor/work.h"

#define STAGE_FDS     4
#define STAGE_UID     65534 /* the engine's and the sessions' user: nobody */
#define STAGE_GLASS   4242  /* a login uid that nothing may touch */
#define STAGE_TIMEOUT 30000 /* ms; of anything that is waited for */
#define STAGE_LOGIN_MS 3000 /* login-timeout: the engine may be late, on a busy machine */
#define STAGE_RATE    40    /* actions a minute */
#define STAGE_NEAR    "192.0.2.1" /* of this host; the other is, too, but nobody would know */
#define STAGE_FAR     "192.0.2.2"

/* NULL, or the reason why this machine cannot do it. */
const char *stage_obstacle(void);
/* Starts everything in a fresh folder; ends the test program when that cannot be. */
void stage_open(const char *daemon);
/* Ends the monitor, as `systemctl restart` does, and starts the next.  The wait status of the first. */
int stage_again(void);
/* The wait status of the monitor. */
int stage_close(void);
/* Ends whatever is left of all sessions so far, of a test that failed too. */
void stage_clear(void);
const char *stage_path(const char *name); /* below the folder; valid until the next call */
struct sockaddr_un stage_address(const char *name);
/* A Unix socket that listens there, or is connected; −1: errno. */
int stage_socket(const char *name, int type, bool listening);
pid_t stage_monitor(void);
const char *stage_daemon(void); /* its program */

/* --- as the engine --- */
void stage_send(const void *packet, size_t n);
/* The next notice of that kind (0: any) with that id (0: any); false after STAGE_TIMEOUT. */
bool stage_hear(uint32_t kind, uint32_t id, struct notice *, int fds[STAGE_FDS]);
/* What was not heard, now, is never. */
void stage_deaf(void);
/* Sends it with an id of its own and hears the result; the descriptors are closed when fds is NULL. */
enum result stage_ask(struct request *, struct notice *, int fds[STAGE_FDS]);
/* The same for one with n bytes of body. */
enum result stage_ask_with(struct request *, const void *body, size_t n, struct notice *, int fds[STAGE_FDS]);
/* The same with a descriptor. */
enum result stage_ask_fd(struct request *, int fd, struct notice *);
/* Closes the pair: the engine ends.  Then waits for the next one. */
void stage_new_engine(void);
/* One line to monitor.sock; the answer's first line. */
void stage_verb(const char *line, char *answer, size_t cap);
void stage_mode(const char *mode);

/* --- as sshd and its users --- */

/*
 * A session: `top` plays sshd's root process, `child` its user child (same program, TERM ends it), and
 * `work` a process of the user.  Registered when report is true.
 */
struct stage_session {
	pid_t top, child, work;
	uint32_t ses;
	int report; /* the module's end of the report's connection; −1 */
	int passed; /* the end that the engine was handed; −1 */
	struct notice login; /* what the engine was told */
	int orders; /* to work */
	int told;   /* from work */
};

/* A login uid of 0 leaves work root. */
void stage_session(struct stage_session *, uint32_t auid, bool report);
void stage_session_end(struct stage_session *);
/* Gives work an order; what it answers: a pid or a number, negative on failure. */
int stage_order(const struct stage_session *, enum order, const char *arg);
/* The socket that child listens on, as sshd's does for a forwarded agent: a name below the folder. */
const char *stage_agent(const struct stage_session *);
/* A process lives and is no zombie. */
bool stage_alive(pid_t);
bool stage_gone_soon(pid_t);
int64_t stage_now_ms(void);

#endif

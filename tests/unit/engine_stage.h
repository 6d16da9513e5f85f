/*
 * engine_stage: the real engine, as nobody and under its filter, with a monitor that does what a test
 * says.  Needs root.  Ends the test program when the stage cannot be set.
 */
#ifndef TESTS_ENGINE_STAGE_H
#define TESTS_ENGINE_STAGE_H

#include <sys/types.h>

#include "agentd/config.h"
#include "agentd/monitor/grant.h"
#include "agentd/monitor/request.h"

#define ENGINE_STAGE_WAIT_MS 60000 /* of anything that is waited for; a login has half of it */

#define ENGINE_STAGE_KEPT 256

/* What the engine has had installed, as the kernel would have it. */
struct engine_stage_gates {
	enum result answer; /* to what concerns grants; RES_OK */
	uint32_t last, in_force; /* generations */
	unsigned prefixes, ports, rows; /* packets of the last generation */
	uint32_t row_ses; /* a session; the fallback grant of everybody else is not meant */
	struct grant row; /* the last, of row_ses */
};

struct engine_stage {
	char dir[64];
	struct config conf;
	char alerts[96], policy[96], state[96], control[96];
	pid_t engine;
	int link;   /* the monitor's end */
	int source; /* where records are written: auditd's end */
	uint32_t next_login;
	uint64_t restarts;
	struct engine_stage_gates gates;
	struct request kept[ENGINE_STAGE_KEPT]; /* that came while something else was waited for */
	size_t nkept;
};

/* policy: its text; NULL: none. */
void engine_stage_open(struct engine_stage *, const char *policy, enum mode);
/* Stops the engine as the monitor would; its exit status, −signal when it was killed. */
int engine_stage_close(struct engine_stage *);
/* Stops it without asking and starts another on the same folder. */
void engine_stage_again(struct engine_stage *, enum mode);
int engine_stage_stop(struct engine_stage *);
/* After engine_stage_stop(). */
void engine_stage_start(struct engine_stage *, enum mode);

/* Kills it once its end of the link is closed, as the monitor would. */
void engine_stage_hung_up(struct engine_stage *);

void engine_stage_policy(struct engine_stage *, const char *text);
void engine_stage_notice(struct engine_stage *, const struct notice *, int fd);
/*
 * The next request of that kind; others are answered RES_OK or passed over, those about grants are taken as
 * a monitor takes them.  False: none came.
 */
bool engine_stage_request(struct engine_stage *, enum request_kind, struct request *);
void engine_stage_result(struct engine_stage *, uint32_t id, enum result, int fd);

/* A report from a module; the connection's other end.  kernel NULL: as the report says. */
int engine_stage_report(struct engine_stage *, const struct report *, const struct notice *kernel);
/* The monitor works meanwhile.  False: no verdict came. */
bool engine_stage_verdict(struct engine_stage *, int fd, struct verdict *);
struct report engine_stage_login(enum report_kind, const char *user, uint32_t uid, uint32_t ses);

/* A connect record of pid in ses, now. */
void engine_stage_connect(struct engine_stage *, uint32_t serial, uint32_t ses, uint32_t pid,
    const char *comm, const char *ip, uint16_t port);
/* Waits until the alert file holds text; false: it does not. */
bool engine_stage_alerted(const struct engine_stage *, const char *text);
/* A client of the control socket that has sent line and reads nothing yet; its descriptor. */
int engine_stage_client(const struct engine_stage *, const char *line);
/* One request line to the control socket; all of the answer. */
void engine_stage_ask(const struct engine_stage *, const char *line, struct buf *answer);

#endif

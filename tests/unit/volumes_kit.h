/* volumes_kit: a stage for agentd/engine/volumes.c: real connections on loopback, and what is heard of them. */
#ifndef TESTS_VOLUMES_KIT_H
#define TESTS_VOLUMES_KIT_H

#include "tests/unit/unit.h"

#include <sys/socket.h>

#include "agentd/engine/tcp_diag.h"
#include "agentd/engine/volumes.h"

#define SES    7
#define OTHER  8
#define MUCH   200000
#define AROUND 4 /* SYN and FIN, each way */

/* One end of it stands for this host's. */
struct pair {
	int here, there;
	struct endpoint local, peer; /* as seen from here */
};

struct heard {
	struct volume v;
	unsigned times;
};

struct stage {
	struct event_base *base;
	struct host *host;
	struct volumes *volumes;
	int sshd, db; /* listeners */
	struct pair login, other;
	struct heard heard[300];
	size_t n;
};

extern int64_t ahead_ms;      /* mtime_now() is so much later than it is */
extern struct rtime found_at; /* of findings from now on; 0: before all that is here */

/* For each test. */
int volumes_setup(void **state);
int volumes_teardown(void **state);
/* Another engine, when the one before was freed. */
void begin(struct stage *s);

/* A socket that listens on loopback; one that is connected there; an end of it, by getsockname() or getpeername(). */
int listener(void);
int made(int to);
struct endpoint end_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *));
struct pair pair_of(int here, int there);
/* As sshd accepts it; as a session makes it. */
struct pair come_in(const struct stage *s);
struct pair go_out(const struct stage *s);
/* So many bytes, written and read. */
void push(int from, int to, size_t n);
void hang_up(struct pair *p);

struct session *open_session(struct stage *s, uint32_t ses, const struct pair *p);
/* A relay is found, of this user or of another uid. */
void find(struct stage *s, uint32_t ses, struct endpoint from, struct endpoint to);
void find_of(struct stage *s, uint32_t ses, uint32_t uid, struct endpoint from, struct endpoint to);

/* NULL: nothing was told of it.  All have an end of their own here, but for logins: of those there is one. */
struct heard *heard_of(struct stage *s, struct endpoint local);
/* Until that connection is told to be over.  ticks: while seconds pass. */
const struct volume *wait_for_end(struct stage *s, struct endpoint local, bool ticks);
const struct volume *the_end_of(struct stage *s, struct endpoint local);
/* What is due is done. */
void turn(struct stage *s);
void near(uint64_t have, uint64_t want);

#endif

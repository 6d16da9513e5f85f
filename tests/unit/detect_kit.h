/*
 * detect_kit: facts made by hand, for the tests of host/ and detect/: a small host, a clock, people
 * who log in, and a list of what was found.
 */
#ifndef TESTS_DETECT_KIT_H
#define TESTS_DETECT_KIT_H

#include "tests/unit/unit.h"

#include <errno.h>

#include "agentd/detect/finding.h"

#define ALICE   1001
#define BOB     1002
#define MALLORY 1003
#define LATER   (-EINPROGRESS)

/* A finding, kept. */
struct found {
	enum activity activity;
	uint32_t ses, pid, uid;
	int64_t time_ms;
	char to[80];      /* "192.0.2.7:22", the path of a socket, or "" */
	enum owner owner;
	uint32_t owner_ses; /* SES_UNSET: none */
	enum outcome outcome;
	enum grade grade;
	uint64_t bytes_in, bytes_out;
	char via[16], exe[64], subject[160], reason[256];
	bool reached, agent;
	unsigned count;
	enum confidence confidence;
	size_t nancestry;
	uint32_t top;     /* pid at the end of the ancestry */
};

struct kit {
	struct host *host;
	struct detect *detect;
	int64_t ms;      /* now; each fact takes one */
	uint64_t serial;
	struct found found[256];
	size_t n;
	size_t again;    /* findings that were told before, and are not in the list */
	/* the probe */
	struct probe probe;
	bool tcp;                    /* what probe.tcp() answers */
	bool elsewhere;              /* every task is a container's */
	unsigned programs_asked, owners_asked, tcp_asked;
	unsigned clients_told; /* to the gates */
	struct { uint32_t pid, ppid, ses; } tasks[64]; /* what probe.task() sees; pid 1 always */
	size_t ntasks;
};

/* finding_fn; arg: the kit. */
void kit_keep(const struct finding *, void *arg);
/* live: with a probe.  detectors: false for tests of the model alone. */
void kit_open(struct kit *, bool live);
void kit_close(struct kit *);
/*
 * Of a test whose state is a kit: alice's session 5, whose monitor is 100 and user child 101, and her bash, 200; by
 * records, or live and by reports; and bob's session 6, by 300.  Nothing of it is among what was found.
 */
int kit_setup(void **state);
int kit_setup_live(void **state);
int kit_setup_two(void **state);
int kit_teardown(void **state);
void kit_wait(struct kit *, int64_t ms); /* time passes, and everybody is told */
void kit_flush(struct kit *);
void kit_fact(struct kit *, struct fact *); /* gives it time and serial */

struct who { /* a task, as a record names it */
	uint32_t pid, ppid, ses, auid, uid;
	const char *exe;
};

struct fact kit_task(enum fact_kind, struct who);
struct endpoint kit_endpoint(const char *addr, uint16_t port);
struct addr kit_addr(const char *);

/*
 * LOGIN, USER_START and CRED_ACQ of a login whose monitor is pid and whose user child is pid + 1.
 */
void kit_login(struct kit *, uint32_t ses, uint32_t uid, const char *user, const char *from, uint32_t pid);
/* The same through the PAM module, with a key. */
void kit_report(struct kit *, uint32_t ses, uint32_t uid, const char *user, const char *from, uint32_t pid,
    const char *key);
void kit_logout(struct kit *, uint32_t ses, uint32_t uid, uint32_t pid);
void kit_loginuid(struct kit *, struct who, uint32_t old_ses, uint32_t old_auid, bool result);
/* A PAM session of another service, by the task itself. */
void kit_user_start(struct kit *, struct who, const char *service_exe, const char *acct);
/* words: the command line, separated by blanks */
void kit_exec(struct kit *, struct who, const char *words);
void kit_exec_file(struct kit *, struct who, const char *words, uint64_t inode);
void kit_connect(struct kit *, struct who, const char *addr, uint16_t port, int64_t exit);
void kit_unspec(struct kit *, struct who, uint64_t fd);
/* inode 0: the record has none */
void kit_connect_unix(struct kit *, struct who, const char *path, uint64_t inode, uint32_t ouid,
    int64_t exit);
void kit_bind_unix(struct kit *, struct who, const char *path, uint64_t inode);
void kit_bind(struct kit *, struct who, const char *addr, uint16_t port, uint64_t fd);
void kit_listen(struct kit *, struct who, uint64_t fd);
/* The kernel says whom, unless comm is NULL. */
void kit_touch(struct kit *, struct who, enum fact_touch, struct who whom, const char *comm, int64_t exit);
/* A task takes the uid that it has in who, all three of them, as servers do for a login. */
void kit_setuid(struct kit *, struct who);

/* How many of one activity were found; the nth of it (fails the test when there is none). */
size_t kit_count(const struct kit *, enum activity);
const struct found *kit_found(const struct kit *, enum activity, size_t nth);
/* The only one of it, which is as sure as that. */
const struct found *kit_only(const struct kit *, enum activity, enum confidence);
/* Findings that the empty policy alerts. */
size_t kit_alerts(const struct kit *);
void kit_forget(struct kit *);
void kit_dump(const struct kit *);

#endif

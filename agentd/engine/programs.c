/* programs: see programs.h.  Engine process; scan_run() in the scanner's thread. */
#include "agentd/engine/programs.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agentd/engine/exe.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/quota.h"
#include "agentd/engine/scan.h"
#include "agentd/engine/worker.h"
#include "base/log.h"

#define ASK_WAIT_MS 5000
#define STUCK_MS    10000
/* Of one login user; the monitor answers 6000 a minute, of everybody. */
#define USER_BURST  128
#define USER_MINUTE 1200

/* A file as it was when it was read. */
struct answer {
	dev_t dev;
	ino_t ino;
	struct timespec changed;
	bool ssh;
};

/* A question on its way. */
struct ask {
	TAILQ_ENTRY(ask) link;
	struct programs *programs; /* borrowed */
	uint64_t inode;
	uint32_t dev_major, dev_minor; /* as the model knows them */
	int fd;                        /* owned; −1: none yet */
	programs_fn *fn;               /* who looks at a file; NULL: the model asks */
	void *arg;
	bool is_recorded;              /* it is the file of the record */
	struct answer file;
	struct scan scan;
};

struct programs {
	struct link *link;
	struct worker *worker;
	struct host *host; /* borrowed; NULL: nobody listens */
	TAILQ_HEAD(, ask) asks;
	unsigned nasks;
	struct answer answers[ST_PROGRAMS_KEPT];
	struct quota quota; /* by auid */
	bool stuck;
};

static void
ask_free(struct ask *a)
{
	TAILQ_REMOVE(&a->programs->asks, a, link);
	a->programs->nasks--;
	if (a->fd != -1)
		close(a->fd);
	free(a);
}

/* --- answers that are kept --- */

static struct answer *
slot_of(struct programs *p, const struct answer *file)
{
	return &p->answers[hash_u64(file->ino ^ (uint64_t)file->dev << 40) % ST_PROGRAMS_KEPT];
}

static bool
is_same_file(const struct answer *a, const struct answer *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec;
}

/*
 * The record's file and the opened one differ when the process has executed something else since.  Its inode may
 * bear the same number on another device: on a tmpfs anybody can have any.
 */
static void
tell(const struct ask *a, bool ssh)
{
	if (a->fn != NULL)
		a->fn(ssh, a->arg);
	else if (!a->is_recorded)
		host_program_set(a->programs->host, a->file.ino, major(a->file.dev),
		    minor(a->file.dev), ssh);
	else
		host_program_set(a->programs->host, a->inode, a->dev_major, a->dev_minor, ssh);
}

/* --- reading --- */

static void
scan_run(void *arg)
{
	struct ask *a = arg;

	scan_file(a->fd, &a->scan);
}

/* Nobody can tell. */
static void
give_up(struct ask *a, enum failure why)
{
	failure_note(why);
	if (a->fn != NULL)
		a->fn(false, a->arg);
	ask_free(a);
}

/* What was not read to its end is not known: it goes by its name. */
static void
scan_done(void *arg)
{
	struct ask *a = arg;
	const bool whole = a->scan.error == 0 && !a->scan.cut;

	if (a->scan.cut)
		failure_note(FAIL_SCAN_CUT);
	if (a->scan.error != 0)
		failure_note(FAIL_SCAN_READ);
	if (whole) {
		a->file.ssh = a->scan.ssh;
		*slot_of(a->programs, &a->file) = a->file;
	}
	if (whole || a->fn != NULL)
		tell(a, whole && a->scan.ssh);
	ask_free(a);
}

static bool
identify(struct ask *a)
{
	struct stat st;

	if (fstat(a->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return false;
	a->file = (struct answer){.dev = st.st_dev, .ino = st.st_ino, .changed = st.st_ctim};
	a->is_recorded = st.st_ino == a->inode && exe_same_device(a->fd, &st, a->dev_major, a->dev_minor);
	return true;
}

/* By what is known of the file, else by reading it. */
static void
classify(struct ask *a)
{
	struct programs *p = a->programs;
	const struct answer *known;

	if (!identify(a)) {
		give_up(a, FAIL_SCAN_READ);
		return;
	}
	known = slot_of(p, &a->file);
	if (is_same_file(known, &a->file)) {
		tell(a, known->ssh);
		ask_free(a);
	} else if (!worker_post(p->worker, scan_run, scan_done, a))
		give_up(a, FAIL_SCAN_QUEUE);
}

static void
on_descriptor(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct ask *a = arg;

	if (n == NULL || n->result != RES_OK || fds[0] == -1) {
		ask_free(a); /* it ended before it could be looked at: it goes by its name */
		return;
	}
	a->fd = fds[0];
	fds[0] = -1;
	classify(a);
}

/* --- asking --- */

static bool
is_asked(const struct programs *p, uint64_t inode, uint32_t dev_major, uint32_t dev_minor)
{
	const struct ask *a;

	TAILQ_FOREACH(a, &p->asks, link) {
		if (a->inode == inode && a->dev_major == dev_major && a->dev_minor == dev_minor)
			return true;
	}
	return false;
}

static bool
may_ask(struct programs *p, uint32_t ses)
{
	const struct session *s = host_session(p->host, ses);

	if (s == NULL || s->auid == AUID_UNSET || quota_take(&p->quota, s->auid, mtime_now()))
		return true;
	failure_note(FAIL_SCAN_QUOTA);
	return false;
}

void
programs_want(struct programs *p, uint32_t ses, uint32_t pid, uint64_t inode, uint32_t dev_major,
    uint32_t dev_minor)
{
	struct request r = {.kind = REQ_PROGRAM, .ses = ses, .pid = pid};
	struct ask *a;

	if (p->host == NULL || is_asked(p, inode, dev_major, dev_minor) ||
	    !may_ask(p, ses))
		return;
	if (p->nasks >= ST_PROGRAM_ASKS || (a = calloc(1, sizeof(*a))) == NULL) {
		failure_note(FAIL_SCAN_QUEUE);
		return;
	}
	*a = (struct ask){.programs = p, .inode = inode, .dev_major = dev_major,
	    .dev_minor = dev_minor, .fd = -1};
	TAILQ_INSERT_TAIL(&p->asks, a, link);
	p->nasks++;
	if (!link_ask(p->link, &r, ASK_WAIT_MS, on_descriptor, a))
		ask_free(a);
}

void
programs_look(struct programs *p, int fd, programs_fn *fn, void *arg)
{
	struct ask *a = p->nasks < ST_PROGRAM_ASKS ? calloc(1, sizeof(*a)) : NULL;

	if (a == NULL) {
		failure_note(FAIL_SCAN_QUEUE);
		close(fd);
		fn(false, arg);
		return;
	}
	*a = (struct ask){.programs = p, .fd = fd, .fn = fn, .arg = arg};
	TAILQ_INSERT_TAIL(&p->asks, a, link);
	p->nasks++;
	classify(a);
}

/* A file of a FUSE or a dead network file system can hang its reader for ever: the thread, not us. */
void
programs_check(struct programs *p)
{
	const bool stuck = worker_busy_ms(p->worker) > STUCK_MS;

	if (stuck && !p->stuck) {
		failure_note(FAIL_SCAN_STUCK);
		log_err("reading a program file hangs; programs go by their names until it ends");
	}
	p->stuck = stuck;
}

void
programs_tell(struct programs *p, struct host *h)
{
	p->host = h;
}

struct programs *
programs_new(struct event_base *base, struct link *link)
{
	struct programs *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->link = link;
	quota_init(&p->quota, USER_BURST, USER_MINUTE);
	TAILQ_INIT(&p->asks);
	if ((p->worker = worker_new(base, "scan", ST_SCAN_QUEUE)) == NULL)
		programs_free(&p);
	return p;
}

void
programs_free(struct programs **pp)
{
	struct programs *p = *pp;
	struct ask *a;

	if (p == NULL)
		return;
	*pp = NULL;
	if (!worker_free(&p->worker, 500))
		return; /* the thread still has our memory */
	while ((a = TAILQ_FIRST(&p->asks)) != NULL)
		ask_free(a);
	free(p);
}

/* watched: see watched.h.  Engine process. */
#include "agentd/engine/watched.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "base/buf.h"

#define LOOK_MS 20
#define WAIT_MS 600  /* for the record of its exec */
#define GONE_MS 5000 /* the same, where nothing else says whose it was: audit may be behind on a busy host */
#define PATH_LEN (256 + NOTICE_NAME)

struct seen {
	TAILQ_ENTRY(seen) entry;
	struct notice n;
	struct rtime when;
	struct mtime came;
};

struct watched {
	struct watched_parts parts;
	struct event *again;
	TAILQ_HEAD(, seen) waiting;
	unsigned n;
};

/* --- judging ---------------------------------------------------------------------------------------------- */

/* Of a task that had ended before anybody could look, the model remembers whose it was. */
static bool
is_somebodys(const struct watched *w, const struct notice *n)
{
	const struct process *p = host_process(w->parts.host, n->pid);

	return (n->flags & WATCHF_GONE) == 0 || (p != NULL && p->ses != SES_UNSET);
}

/* False: nobody knows. */
static bool
complete(const struct watched *w, struct notice *n)
{
	const struct process *p = host_process(w->parts.host, n->pid);

	if (!is_somebodys(w, n))
		return false;
	if ((n->flags & WATCHF_GONE) == 0)
		return true;
	n->ses = p->ses;
	n->auid = p->auid;
	n->uid = p->uid;
	n->euid = p->euid;
	return true;
}

static struct bytes
path_of(const struct watched *w, const struct notice *n, char out[PATH_LEN])
{
	const char *home = homes_path(w->parts.homes, n->id);
	struct buf path = BUF_INIT;

	if ((n->flags & WATCHF_AGENTS) == 0 && home != NULL)
		buf_printf(&path, "%s/.ssh/", home);
	buf_puts(&path, n->name);
	if (!buf_ok(&path) || !bytes_copy(buf_bytes(&path), out, PATH_LEN))
		(void)bytes_copy(bytes_of(n->name), out, PATH_LEN);
	buf_free(&path);
	return bytes_of(out);
}

static void
judge_key(struct watched *w, const struct seen *s)
{
	const struct notice *n = &s->n;
	char path[PATH_LEN];
	const struct key_read k = {
		.time = s->when,
		.pid = n->pid,
		.ses = n->ses,
		.auid = n->auid,
		.uid = n->uid,
		.euid = n->euid,
		.owner = n->id,
		.owner_name = homes_name(w->parts.homes, n->id),
		.path = path_of(w, n, path),
		.agents = (n->flags & WATCHF_AGENTS) != 0,
	};

	detect_key(w->parts.detect, &k);
}

/* As audit would have told of process_vm_readv(2). */
static void
judge_memory(struct watched *w, const struct seen *s)
{
	const struct notice *n = &s->n;
	const struct fact f = {
		.kind = FACT_PTRACE,
		.time = s->when,
		.has_task = true,
		.pid = n->pid,
		.ses = n->ses,
		.auid = n->auid,
		.uid = n->uid,
		.euid = n->euid,
		.success = true,
		.touch = (n->flags & WATCHF_WRITE) != 0 ? TOUCH_WRITE_FILE : TOUCH_READ_FILE,
		.target = {.pid = n->id},
	};

	detect_fact(w->parts.detect, &f);
}

static void
judge(struct watched *w, struct seen *s)
{
	failure_add(FAIL_WATCHED_CAP, s->n.value);
	if (!complete(w, &s->n))
		failure_note(FAIL_WATCHED_GONE);
	else if (s->n.kind == NOTE_KEY)
		judge_key(w, s);
	else
		judge_memory(w, s);
}

/* --- waiting ---------------------------------------------------------------------------------------------- */

/* The program that the monitor saw is the one that the model has. */
static bool
is_known(const struct watched *w, const struct notice *n)
{
	const struct process *p = host_process(w->parts.host, n->pid);

	return p != NULL && p->ses == n->ses && n->inode != 0 && p->exe_inode == n->inode &&
	    p->exe_dev_major == n->dev_major && p->exe_dev_minor == n->dev_minor;
}

static bool
is_due(const struct watched *w, const struct seen *s, struct mtime now)
{
	const int64_t age = mtime_ms_since(now, s->came);

	return is_known(w, &s->n) || age >= (is_somebodys(w, &s->n) ? WAIT_MS : GONE_MS);
}

static void
settle(struct watched *w, struct seen *s)
{
	TAILQ_REMOVE(&w->waiting, s, entry);
	w->n--;
	judge(w, s);
	free(s);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval tv = {.tv_usec = LOOK_MS * 1000};
	struct watched *w = arg;
	const struct mtime now = mtime_now();
	struct seen *s, *next;

	(void)fd;
	(void)what;
	for (s = TAILQ_FIRST(&w->waiting); s != NULL; s = next) {
		next = TAILQ_NEXT(s, entry);
		if (is_due(w, s, now))
			settle(w, s);
	}
	if (w->n > 0)
		(void)evtimer_add(w->again, &tv);
}

void
watched_note(struct watched *w, const struct notice *n)
{
	struct seen *s;

	if ((n->flags & WATCHF_OVERFLOW) != 0) {
		failure_note(FAIL_WATCHED_OVERFLOW);
		return;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return;
	*s = (struct seen){.n = *n, .when = rtime_now(), .came = mtime_now()};
	s->n.name[NOTICE_NAME - 1] = '\0';
	TAILQ_INSERT_TAIL(&w->waiting, s, entry);
	if (++w->n > ST_KEY_WAITING)
		settle(w, TAILQ_FIRST(&w->waiting));
	on_again(-1, 0, w);
}

struct watched *
watched_new(const struct watched_parts *parts)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->parts = *parts;
	TAILQ_INIT(&w->waiting);
	w->again = evtimer_new(parts->base, on_again, w);
	if (w->again == NULL)
		watched_free(&w);
	return w;
}

void
watched_free(struct watched **wp)
{
	struct watched *w = *wp;
	struct seen *s;

	*wp = NULL;
	if (w == NULL)
		return;
	while ((s = TAILQ_FIRST(&w->waiting)) != NULL) {
		TAILQ_REMOVE(&w->waiting, s, entry);
		free(s);
	}
	if (w->again != NULL)
		event_free(w->again);
	free(w);
}

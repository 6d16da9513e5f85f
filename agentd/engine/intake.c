/* intake: see intake.h.  Engine process. */
#include "agentd/engine/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "base/log.h"

#define TICK_MS      100  /* while records come */
#define IDLE_TICK_MS 1000 /* else */
#define BUSY_MS      5000 /* after the last record */
#define ASK_WAIT_MS  60000 /* the monitor answers when it has one */
#define ASK_AGAIN_MS 2000  /* after it said no */

typedef enum source_got read_fn(int, const struct source_taker *, struct source_stats *);

static const struct {
	const char *name;
	read_fn *read;
} kinds[] = {
	[SOURCE_NONE] = {"none", NULL},
	[SOURCE_AUDITD] = {"auditd", source_auditd_read},
	[SOURCE_NETLINK] = {"netlink", source_netlink_read},
};

struct intake {
	struct event_base *base;
	struct link *link;
	struct pipeline *pipeline;
	int fd;
	struct event *readable, *timer;
	struct source_taker taker;
	struct intake_state state;
	struct rtime newest;   /* of the assembled events */
	struct mtime last;     /* something was read */
	bool asking;           /* the monitor for a source */
	struct mtime ask_at;   /* not before this */
	bool slow;             /* the timer ticks at leisure */
	struct source_stats told; /* what the failure table knows already */
};

static void
take_text(const char *p, size_t n, void *arg)
{
	const struct intake *in = arg;

	pipeline_feed(in->pipeline, p, n);
}

static void
take_record(const struct record *r, void *arg)
{
	const struct intake *in = arg;

	pipeline_record(in->pipeline, r);
}

static void
arm(struct intake *in, int ms)
{
	const struct timeval tv = timeval_of_ms(ms);

	in->slow = ms > TICK_MS;
	event_add(in->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct intake *in = arg;
	struct rtime now = rtime_now();

	(void)fd;
	(void)what;
	if (in->state.behind && in->newest.ms != 0 && in->newest.ms < now.ms)
		now = in->newest;
	pipeline_tick(in->pipeline, now);
	arm(in, mtime_ms_since(mtime_now(), in->last) < BUSY_MS ? TICK_MS : IDLE_TICK_MS);
}

static void
drop_source(struct intake *in)
{
	if (in->readable != NULL)
		event_free(in->readable);
	in->readable = NULL;
	if (in->fd != -1)
		close(in->fd);
	in->fd = -1;
	in->state.kind = SOURCE_NONE;
	in->state.behind = false;
	in->state.since = rtime_now();
}

static void
source_ended(struct intake *in, enum source_got got)
{
	log_warn("the source of records (%s) ended: %s", kinds[in->state.kind].name,
	    got == SOURCE_ENDED ? "closed by the other end" : strerror(errno));
	failure_note(FAIL_SOURCE_GONE);
	drop_source(in);
	intake_check(in, mtime_now());
}

static void
note_failures(struct intake *in)
{
	const struct source_stats *s = &in->state.stats;

	failure_add(FAIL_SOURCE_OVERRUN, s->overruns - in->told.overruns);
	failure_add(FAIL_SOURCE_CUT, s->cut - in->told.cut);
	in->told = *s;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct intake *in = arg;
	enum source_got got = kinds[in->state.kind].read(fd, &in->taker, &in->state.stats);

	(void)what;
	note_failures(in);
	in->last = mtime_now();
	if (in->slow)
		arm(in, TICK_MS);
	in->state.behind = got == SOURCE_MORE;
	if (got == SOURCE_ENDED || got == SOURCE_BROKEN)
		source_ended(in, got);
}

void
intake_take(struct intake *in, enum source_kind kind, int fd)
{
	if (kind == SOURCE_NONE || (size_t)kind >= sizeof(kinds) / sizeof(kinds[0])) {
		close(fd);
		return;
	}
	drop_source(in);
	in->fd = fd;
	in->readable = event_new(in->base, fd, EV_READ | EV_PERSIST, on_readable, in);
	if (in->readable == NULL || event_add(in->readable, NULL) == -1) {
		log_err("the source of records cannot be watched");
		drop_source(in);
		return;
	}
	in->state.kind = kind;
	log_info("records come from %s", kinds[kind].name);
}

static void
on_source(const struct notice *n, int fds[LINK_FDS], void *arg)
{
	struct intake *in = arg;

	in->asking = false;
	in->ask_at = mtime_after(mtime_now(), ASK_AGAIN_MS);
	if (n == NULL || n->result != RES_OK || fds[0] == -1)
		return;
	intake_take(in, (enum source_kind)n->source, fds[0]);
	fds[0] = -1;
}

void
intake_check(struct intake *in, struct mtime now)
{
	struct request r = {.kind = REQ_SOURCE};

	if (in->fd == -1 && !in->asking && now.ns >= in->ask_at.ns)
		in->asking = link_ask(in->link, &r, ASK_WAIT_MS, on_source, in);
}

void
intake_seen(struct intake *in, struct rtime t)
{
	if (t.ms > in->newest.ms)
		in->newest = t;
}

const struct intake_state *
intake_state(const struct intake *in)
{
	return &in->state;
}

struct intake *
intake_new(struct event_base *base, struct link *link, struct pipeline *pipeline)
{
	struct intake *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	in->base = base;
	in->link = link;
	in->pipeline = pipeline;
	in->fd = -1;
	in->taker = (struct source_taker){.text = take_text, .record = take_record, .arg = in};
	in->state.since = rtime_now();
	if ((in->timer = evtimer_new(base, on_timer, in)) == NULL) {
		free(in);
		return NULL;
	}
	arm(in, TICK_MS);
	return in;
}

void
intake_free(struct intake **inp)
{
	struct intake *in = *inp;

	if (in == NULL)
		return;
	*inp = NULL;
	drop_source(in);
	event_free(in->timer);
	free(in);
}

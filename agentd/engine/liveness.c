/* liveness: see liveness.h.  Engine process. */
#include "agentd/engine/liveness.h"

#include <dirent.h>
#include <stdlib.h>

#include <event2/event.h>

#include "base/array.h"
#include "base/proc.h"

#define EVERY_MS 5000
#define SHARE    128    /* tasks of one step */
#define STEP_MS  5

struct liveness {
	struct host *host; /* borrowed */
	liveness_over_fn *over;
	void *arg;
	struct event *timer;
	DIR *proc;      /* NULL: between two walks */
	uint32_t *seen; /* the sessions of this walk, sorted at its end */
	size_t nseen, cap;
	uint32_t *missed; /* what the walk before this did not find, sorted */
	size_t nmissed;
	bool blind; /* a task could not be read */
};

static int
ses_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool
has(const uint32_t *list, size_t n, uint32_t ses)
{
	return n > 0 && bsearch(&ses, list, n, sizeof(ses), ses_cmp) != NULL;
}

static void
note(struct liveness *s, uint32_t ses)
{
	uint32_t *wide;

	if (ses == SES_UNSET || (s->nseen > 0 && s->seen[s->nseen - 1] == ses))
		return;
	if ((wide = array_grow(s->seen, s->nseen, &s->cap, sizeof(*wide), ST_LIVE_SESSIONS)) == NULL) {
		s->blind = true;
		return;
	}
	s->seen = wide;
	s->seen[s->nseen++] = ses;
}

static void
look_at(struct liveness *s, const char *name)
{
	uint64_t pid;
	uint32_t ses;

	if (bytes_u64(bytes_of(name), &pid) && pid <= INT32_MAX &&
	    proc_sessionid((pid_t)pid, &ses) == 0)
		note(s, ses);
}

/* hidepid hides even that a task is there; pid 1 is always there and another user's. */
static bool
can_see(void)
{
	uint32_t ses;

	return proc_sessionid(1, &ses) == 0;
}

/* --- what a whole walk means --- */

struct judging {
	struct liveness *s;
	uint32_t *missed;
	size_t n, cap;
	uint32_t over[64];
	size_t nover;
};

static bool
judge(struct session *session, void *arg)
{
	struct judging *j = arg;
	struct liveness *s = j->s;

	/* The monitor watches those that were reported or found. */
	if (session->source != SESSION_RECORDS || session->state == SESSION_OVER ||
	    session->ses == SES_UNSET || has(s->seen, s->nseen, session->ses))
		return true;
	if (has(s->missed, s->nmissed, session->ses)) {
		if (j->nover < sizeof(j->over) / sizeof(j->over[0]))
			j->over[j->nover++] = session->ses;
	} else if (j->n < j->cap) {
		j->missed[j->n++] = session->ses; /* in order of ses: sorted */
	}
	return true;
}

/* Twice not found: a task may slip past one walk by forking to a lower number. */
static void
conclude(struct liveness *s)
{
	struct judging j = {.s = s, .cap = 4096};

	if (s->nseen > 0)
		qsort(s->seen, s->nseen, sizeof(*s->seen), ses_cmp);
	j.missed = calloc(j.cap, sizeof(*j.missed));
	if (j.missed == NULL || s->blind || !can_see()) {
		free(j.missed);
		return;
	}
	host_each_session(s->host, judge, &j);
	free(s->missed);
	s->missed = j.missed;
	s->nmissed = j.n;
	for (size_t i = 0; i < j.nover; i++)
		s->over(j.over[i], s->arg);
}

static void
arm(struct liveness *s, int ms)
{
	const struct timeval tv = timeval_of_ms(ms);

	event_add(s->timer, &tv);
}

static void
begin(struct liveness *s)
{
	s->proc = opendir("/proc");
	s->nseen = 0;
	s->blind = s->proc == NULL;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct liveness *s = arg;
	const struct dirent *d = NULL;

	(void)fd;
	(void)what;
	if (s->proc == NULL)
		begin(s);
	for (int i = 0; s->proc != NULL && i < SHARE && (d = readdir(s->proc)) != NULL; i++)
		look_at(s, d->d_name);
	if (d != NULL) {
		arm(s, STEP_MS);
		return;
	}
	if (s->proc != NULL)
		closedir(s->proc);
	s->proc = NULL;
	conclude(s);
	arm(s, EVERY_MS);
}

struct liveness *
liveness_new(struct event_base *base, struct host *host, liveness_over_fn *over, void *arg)
{
	struct liveness *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->host = host;
	s->over = over;
	s->arg = arg;
	if ((s->timer = evtimer_new(base, on_timer, s)) == NULL)
		liveness_free(&s);
	else
		arm(s, EVERY_MS);
	return s;
}

void
liveness_free(struct liveness **sp)
{
	struct liveness *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	if (s->timer != NULL)
		event_free(s->timer);
	if (s->proc != NULL)
		closedir(s->proc);
	free(s->seen);
	free(s->missed);
	free(s);
}

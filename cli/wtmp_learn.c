/* wtmp_learn: see wtmp_learn.h. */
#include <stdlib.h>

#include <sshtether/report.h>

#include "cli/wtmp_learn.h"

#define LINES      1024 /* lists of terminals */
#define TERMINALS  4096 /* kernel.pty.max, unless somebody raised it */
#define YEAR_2000  946684800000LL /* before sshtether, and before most hosts */

/* Somebody is logged in there. */
struct terminal {
	struct terminal *next;
	char line[33];
	uint32_t ses;
};

struct wtmp_learn {
	struct pipeline *pipeline; /* borrowed */
	struct rtime latest;
	struct terminal *lines[LINES];
	size_t nterminals;
	uint32_t ses; /* the last that was given */
	struct wtmp_stats stats;
	size_t nheld; /* of an entry that has begun */
	char held[WTMP_ENTRY];
};

struct wtmp_learn *
wtmp_learn_new(struct pipeline *pipeline, struct rtime latest)
{
	struct wtmp_learn *l = calloc(1, sizeof(*l));

	if (l != NULL) {
		l->pipeline = pipeline;
		l->latest = latest;
	}
	return l;
}

/* --- who is where ---------------------------------------------------------------------------------- */

static struct terminal **
find(struct wtmp_learn *l, const char *line)
{
	struct terminal **at = &l->lines[bytes_hash(bytes_of(line)) % LINES];

	while (*at != NULL && strcmp((*at)->line, line) != 0)
		at = &(*at)->next;
	return at;
}

/* ended RTIME_NONE: nobody knows when, so nothing is learned of how long it lasted. */
static void
leave(struct wtmp_learn *l, struct terminal **at, struct rtime now, bool known)
{
	struct terminal *gone = *at;
	const struct session *s = host_session(pipeline_host(l->pipeline), gone->ses);

	if (s != NULL && known)
		detect_closed(pipeline_detect(l->pipeline), s, now);
	else
		l->stats.open++;
	host_over(pipeline_host(l->pipeline), gone->ses, now);
	*at = gone->next;
	free(gone);
	l->nterminals--;
}

static void
leave_all(struct wtmp_learn *l, struct rtime now, bool known)
{
	for (size_t i = 0; i < LINES; i++)
		while (l->lines[i] != NULL)
			leave(l, &l->lines[i], now, known);
}

void
wtmp_learn_free(struct wtmp_learn **lp)
{
	struct wtmp_learn *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	leave_all(l, l->stats.last, false);
	free(l);
}

/* --- a login --------------------------------------------------------------------------------------- */

static void
make_report(struct wtmp_learn *l, const struct wtmp *w, struct report *r)
{
	*r = (struct report){.kind = REPORT_OPEN, .ses = ++l->ses, .peer = {.family = w->from.family},
	    .service = "sshd"};
	/* No number of a user stands there; it only tells users apart. */
	r->auid = r->uid = (uint32_t)bytes_hash(bytes_of(w->user)) >> 1;
	memcpy(r->peer.b, w->from.b, sizeof(r->peer.b));
	(void)bytes_copy(bytes_of(w->user), r->user, sizeof(r->user));
	(void)bytes_copy(bytes_of(w->line), r->tty, sizeof(r->tty));
}

static void
enter(struct wtmp_learn *l, const struct wtmp *w)
{
	struct terminal **at = find(l, w->line), *t;
	const struct session *s;
	struct report report;

	if (*at != NULL) /* whoever was there is gone, and nobody wrote down when */
		leave(l, at, w->time, false);
	if (w->from.family == 0) {
		l->stats.local++;
		return;
	}
	l->stats.logins++;
	make_report(l, w, &report);
	s = host_open(pipeline_host(l->pipeline), &report, w->time);
	t = s != NULL && l->nterminals < TERMINALS ? calloc(1, sizeof(*t)) : NULL;
	if (s != NULL)
		detect_login(pipeline_detect(l->pipeline), s, w->time);
	if (t == NULL) {
		l->stats.open++;
		host_over(pipeline_host(l->pipeline), report.ses, w->time);
		return;
	}
	(void)bytes_copy(bytes_of(w->line), t->line, sizeof(t->line));
	t->ses = report.ses;
	at = &l->lines[bytes_hash(bytes_of(w->line)) % LINES];
	t->next = *at;
	*at = t;
	l->nterminals++;
}

static void
take(struct wtmp_learn *l, const struct wtmp *w)
{
	struct terminal **at;

	if (l->stats.first.ms == 0)
		l->stats.first = w->time;
	l->stats.last = w->time;
	pipeline_tick(l->pipeline, w->time);
	switch (w->kind) {
	case WTMP_LOGIN:
		enter(l, w);
		break;
	case WTMP_LOGOUT:
		if (*(at = find(l, w->line)) != NULL)
			leave(l, at, w->time, true);
		break;
	case WTMP_SHUTDOWN:
	case WTMP_BOOT:
		leave_all(l, w->time, w->kind == WTMP_SHUTDOWN);
		break;
	default:
		break;
	}
}

static void
take_entry(struct wtmp_learn *l, const char *p)
{
	struct wtmp w;

	l->stats.entries++;
	if (wtmp_parse(p, &w) && w.time.ms >= YEAR_2000 && w.time.ms <= l->latest.ms)
		take(l, &w);
	else
		l->stats.wrong++;
}

/* --- bytes ----------------------------------------------------------------------------------------- */

void
wtmp_learn_feed(struct wtmp_learn *l, const char *p, size_t n)
{
	while (n > 0) {
		size_t part = WTMP_ENTRY - l->nheld;

		part = n < part ? n : part;
		memcpy(l->held + l->nheld, p, part);
		l->nheld += part;
		p += part;
		n -= part;
		if (l->nheld < WTMP_ENTRY)
			return;
		take_entry(l, l->held);
		l->nheld = 0;
	}
}

void
wtmp_learn_end(struct wtmp_learn *l)
{
	l->stats.wrong += l->nheld > 0;
	l->nheld = 0;
}

const struct wtmp_stats *
wtmp_learn_stats(const struct wtmp_learn *l)
{
	return &l->stats;
}

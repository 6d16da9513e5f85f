/* running: see running.h.  Runs in the monitor. */
#include "agentd/monitor/running.h"

#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/guards.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/watches.h"
#include "base/array.h"
#include "base/ssh_names.h"

#define LOOK_EVERY_S 15

struct running {
	struct monitor *m; /* borrowed */
	struct event *on_time;
	bool looking;
};

/* One walk, beside the loop. */
struct look {
	struct job job;
	struct running *r; /* borrowed; the loop's */
	struct facts *found; /* owned */
	size_t n, cap;
};

static bool
is_client(pid_t pid)
{
	char name[16];

	return facts_program_name(pid, name, sizeof(name)) == 0 && ssh_names_has(bytes_of(name));
}

/* What is over a user's share would not be guarded, and must not keep the walk from others. */
static bool
has_share(const struct look *l, const struct facts *f)
{
	unsigned ses = 0, user = 0;

	for (size_t i = 0; i < l->n; i++) {
		ses += l->found[i].ses == f->ses;
		user += l->found[i].auid == f->auid;
	}
	return ses < ST_GUARDED_SES && user < ST_GUARDED_USER;
}

static int
add(struct look *l, const struct facts *f)
{
	struct facts *wide = array_grow(l->found, l->n, &l->cap, sizeof(*wide), ST_GUARDED);

	if (wide == NULL)
		return -ENOMEM;
	l->found = wide;
	l->found[l->n++] = *f;
	return 0;
}

static int
note(pid_t pid, void *arg)
{
	const int pidfd = is_client(pid) ? proc_pidfd(pid) : -1;
	struct facts f;
	int rc = 0;

	if (pidfd < 0)
		return 0;
	if (facts_of(pidfd, pid, &f) == 0 && f.ses != SES_UNSET && has_share(arg, &f))
		rc = add(arg, &f);
	close(pidfd);
	return rc;
}

static void
look(struct job *job)
{
	(void)proc_each(note, job);
}

static void
looked(struct job *job)
{
	struct look *l = (struct look *)job;
	struct monitor *m = l->r->m;

	l->r->looking = false;
	for (size_t i = 0; i < l->n; i++)
		if (registry_get(m->registry, l->found[i].ses) != NULL)
			(void)guards_take(watches_guards(m->watches), &l->found[i]);
	free(l->found);
	free(l);
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct running *r = arg;
	struct look *l;

	(void)fd;
	(void)what;
	if (r->looking || registry_count(r->m->registry) == 0 || (l = calloc(1, sizeof(*l))) == NULL)
		return;
	l->job = (struct job){.run = look, .done = looked};
	l->r = r;
	r->looking = aside_give(r->m->work[WORK_FIND], &l->job);
	if (!r->looking)
		free(l);
}

struct running *
running_new(struct monitor *m)
{
	struct running *r = calloc(1, sizeof(*r));
	const struct timeval tv = {.tv_sec = LOOK_EVERY_S};

	if (r == NULL)
		return NULL;
	r->m = m;
	r->on_time = event_new(m->base, -1, EV_PERSIST, on_time_cb, r);
	if (r->on_time == NULL || event_add(r->on_time, &tv) == -1)
		running_free(&r);
	return r;
}

void
running_free(struct running **r)
{
	if (*r == NULL)
		return;
	if ((*r)->on_time != NULL)
		event_free((*r)->on_time);
	free(*r);
	*r = NULL;
}

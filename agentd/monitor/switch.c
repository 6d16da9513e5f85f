/* switch: see switch.h.  Runs in the monitor, and keep_write() in WORK_KEEP's thread. */
#include "agentd/monitor/switch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agentd/monitor/keep.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/trail.h"
#include "base/log.h"

struct switcher {
	struct monitor *m; /* borrowed */
	int clock;         /* timerfd: the monotonic one of libevent stands still in a suspended host */
	struct event *on_time;
	unsigned writing;  /* lines on their way to the file */
	bool lapse_unsent; /* the engine has not heard that a trial lapsed */
};

/* --- keeping it, beside the loop -------------------------------------------------------------------- */

/* One thread, one after the other: the last line that was asked for is the one that stays. */
struct writing {
	struct job job;
	struct switcher *s; /* for done() */
	int dir, rc;
	switch_fn *fn;
	void *arg;
	char line[MODE_LINE_MAX];
};

static void
run_writing(struct job *job)
{
	struct writing *w = (struct writing *)job;

	w->rc = keep_write(w->dir, MODE_FILE, w->line);
}

static void
tell_kept(int rc, switch_fn *fn, void *arg)
{
	if (rc != 0)
		log_err("the mode is in force but was not kept: %s", strerror(-rc));
	if (fn != NULL)
		fn(rc, arg);
}

static void
done_writing(struct job *job)
{
	struct writing *w = (struct writing *)job;

	w->s->writing--;
	tell_kept(w->rc, w->fn, w->arg);
	free(w);
}

static void
keep(struct switcher *s, switch_fn *fn, void *arg)
{
	struct monitor *m = s->m;
	struct writing *w = malloc(sizeof(*w));

	if (w == NULL) {
		tell_kept(-ENOMEM, fn, arg);
		return;
	}
	*w = (struct writing){.job = {.run = run_writing, .done = done_writing}, .s = s,
	    .dir = m->state_dir, .fn = fn, .arg = arg};
	mode_line(m->mode, w->line);
	if (aside_give(m->work[WORK_KEEP], &w->job)) {
		s->writing++;
	} else {
		free(w);
		tell_kept(-EAGAIN, fn, arg);
	}
}

/* --- the trial's time ------------------------------------------------------------------------------- */

static void
set_clock(struct switcher *s)
{
	struct itimerspec when = {0}; /* zero: it does not run */
	int64_t ms = mode_on_trial(s->m->mode) ? mode_deadline(s->m->mode).ms : 0;

	when.it_value.tv_sec = ms / 1000;
	when.it_value.tv_nsec = ms % 1000 * 1000000;
	if (timerfd_settime(s->clock, TFD_TIMER_ABSTIME, &when, NULL) == -1)
		log_crit("no clock for --confirm-within: %s", strerror(errno));
}

static void
tell_engine(struct switcher *s, uint32_t flags, const struct facts *who)
{
	struct notice n = {.kind = NOTE_CONFIRM, .flags = flags, .mode = mode_get(s->m->mode),
	    .pid = who != NULL ? (uint32_t)who->pid : 0, .ses = who != NULL ? who->ses : SES_UNSET,
	    .auid = who != NULL ? who->auid : AUID_UNSET};

	if (s->lapse_unsent)
		n.flags |= CONFIRMF_LAPSED;
	if (mode_on_trial(s->m->mode))
		n.value = (uint64_t)(rtime_now().ms + mode_left(s->m->mode, btime_now()));
	if (monitor_send(s->m, &n, NULL, 0))
		s->lapse_unsent = false;
}

void
switch_tell(struct switcher *s)
{
	if (s->lapse_unsent || mode_on_trial(s->m->mode))
		tell_engine(s, 0, NULL);
}

static void
lapse(struct switcher *s)
{
	log_crit("enforce mode was not confirmed in time: the host is back in audit mode");
	trail_mode(s->m, MODE_ENFORCE, MODE_AUDIT, 0, getpid());
	s->lapse_unsent = true;
}

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct switcher *s = arg;
	uint64_t unused;

	(void)what;
	if (read(fd, &unused, sizeof(unused)) != (ssize_t)sizeof(unused) || !mode_on_trial(s->m->mode) ||
	    mode_left(s->m->mode, btime_now()) > 0)
		return;
	lapse(s);
	switch_mode(s, MODE_AUDIT, 0, NULL, NULL);
}

/* --- switching -------------------------------------------------------------------------------------- */

struct moment
moment_now(void)
{
	struct moment now = {.real = rtime_now(), .boot = btime_now()};

	(void)proc_boot_id(now.boot_id);
	return now;
}

void
switch_mode(struct switcher *s, enum mode mode, int64_t trial_ms, switch_fn *fn, void *arg)
{
	struct moment now = moment_now();
	bool was_on_trial = mode_on_trial(s->m->mode);

	if (mode == MODE_ENFORCE && trial_ms > 0)
		mode_try(s->m->mode, trial_ms, &now);
	else
		mode_set(s->m->mode, mode);
	set_clock(s);
	monitor_mode_changed(s->m);
	if (was_on_trial || s->lapse_unsent || mode_on_trial(s->m->mode))
		tell_engine(s, 0, NULL);
	keep(s, fn, arg);
}

enum confirm
switch_confirm(struct switcher *s, const struct facts *who, switch_fn *fn, void *arg)
{
	const struct mon_session *session = registry_get(s->m->registry, who->ses);

	if (!mode_on_trial(s->m->mode))
		return CONFIRM_NO_TRIAL;
	if (session == NULL)
		return CONFIRM_NO_SESSION;
	if (!mode_is_later(s->m->mode, proc_start_btime(session->start_ticks)))
		return CONFIRM_OLD;
	log_warn("enforce mode is confirmed by root, pid %d of session %u", (int)who->pid, who->ses);
	trail_mode(s->m, MODE_ENFORCE, MODE_ENFORCE, 0, who->pid);
	mode_set(s->m->mode, MODE_ENFORCE);
	set_clock(s);
	monitor_mode_changed(s->m); /* without an end */
	tell_engine(s, CONFIRMF_CONFIRMED, who);
	keep(s, fn, arg);
	return CONFIRM_OK;
}

/* --- life ------------------------------------------------------------------------------------------- */

struct switcher *
switcher_new(struct monitor *m)
{
	struct switcher *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->m = m;
	s->clock = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->clock != -1)
		s->on_time = event_new(m->base, s->clock, EV_READ | EV_PERSIST, on_time_cb, s);
	if (s->on_time == NULL || event_add(s->on_time, NULL) == -1) {
		switcher_free(&s);
		return NULL;
	}
	if (mode_found(m->mode)->lapsed)
		lapse(s);
	if (mode_found(m->mode)->stale)
		keep(s, NULL, NULL);
	set_clock(s);
	return s;
}

static void
keep_now(struct switcher *s)
{
	char line[MODE_LINE_MAX];
	int rc;

	mode_line(s->m->mode, line);
	if ((rc = keep_write(s->m->state_dir, MODE_FILE, line)) != 0)
		log_err("the mode was not kept: %s", strerror(-rc));
}

void
switcher_free(struct switcher **sp)
{
	struct switcher *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	if (s->writing > 0)
		keep_now(s);
	if (s->on_time != NULL)
		event_free(s->on_time);
	if (s->clock != -1)
		close(s->clock);
	free(s);
}

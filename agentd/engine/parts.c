/* parts: see parts.h. */
#include "agentd/engine/parts.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/archive.h"
#include "agentd/engine/calls.h"
#include "agentd/engine/control.h"
#include "agentd/engine/exe.h"
#include "agentd/engine/history.h"
#include "agentd/engine/in_force.h"
#include "agentd/engine/liveness.h"
#include "agentd/engine/owners.h"
#include "agentd/engine/probe_live.h"
#include "agentd/engine/programs.h"
#include "agentd/engine/second.h"
#include "agentd/engine/state.h"
#include "agentd/engine/watch.h"
#include "base/log.h"
#include "base/proc.h"

#define LAST_ROWS_MS 3000

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	second_passed(arg);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct engine *e = arg;

	(void)what;
	log_info("ending on signal %d", (int)sig);
	event_base_loopbreak(e->base);
}

static bool
make_loop(struct engine *e)
{
	struct event_config *cfg = event_config_new();
	const struct timeval second = {.tv_sec = 1};

	if (cfg == NULL)
		return false;
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	e->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	/* 0: logins and the monitor; 1: all else.  Shares are small, so 1 never starves 0 either. */
	if (e->base == NULL || event_base_priority_init(e->base, 2) == -1)
		return false;
	e->second = event_new(e->base, -1, EV_PERSIST, on_second, e);
	e->on_term = evsignal_new(e->base, SIGTERM, on_signal, e);
	e->on_int = evsignal_new(e->base, SIGINT, on_signal, e);
	return e->second != NULL && e->on_term != NULL && e->on_int != NULL &&
	    event_add(e->second, &second) == 0 && event_add(e->on_term, NULL) == 0 &&
	    event_add(e->on_int, NULL) == 0;
}

static void
fill_facts(struct engine *e)
{
	const struct config *conf = e->conf;

	e->started = rtime_now();
	if (proc_boot_id(e->boot_id) != 0)
		e->boot_id[0] = '\0';
	if (conf->host_name == NULL ||
	    !bytes_copy(bytes_of(conf->host_name), e->host_name, sizeof(e->host_name)))
		(void)gethostname(e->host_name, sizeof(e->host_name) - 1);
	for (size_t i = 0; i < conf->nroles; i++)
		e->roles[i] = bytes_of(conf->roles[i]);
	e->context = (struct alert_context){.host_name = e->host_name, .boot_id = e->boot_id,
	    .fleet = "", .command_line = (enum command_line)conf->command_line};
	e->options = (struct pipeline_options){.boot_id = e->boot_id, .host_name = e->host_name,
	    .roles = e->roles, .nroles = conf->nroles, .host_mode = MODE_AUDIT,
	    .user_name = calls_user_name, .is_own = calls_is_own, .exe_is_here = exe_is_here, .ruling = calls_ruling,
	    .event = calls_event, .arg = e};
}

/* Both name things alike, by contract (config.h, alert.h). */
_Static_assert((int)COMMAND_FULL == (int)CONFIG_COMMAND_FULL &&
    (int)COMMAND_PROGRAM == (int)CONFIG_COMMAND_PROGRAM &&
    (int)COMMAND_HASH == (int)CONFIG_COMMAND_HASH, "command-line is cast");

static bool
make_link(struct engine *e, int fd)
{
	const struct link_events on = {.notice = notices_take, .gone = calls_monitor_gone, .arg = e};

	return (e->link = link_new(e->base, fd, &on)) != NULL;
}

static bool
make_model(struct engine *e)
{
	if ((e->names = names_new(e->base)) == NULL ||
	    (e->programs = programs_new(e->base, e->link)) == NULL ||
	    (e->owners = owners_new(e->link)) == NULL ||
	    (e->watch = watch_new(e->base, e->link)) == NULL ||
	    (e->probe = probe_live_new(e->programs, e->owners, e->watch)) == NULL)
		return false;
	e->options.probe = probe_live_get(e->probe);
	if ((e->pipeline = pipeline_new(&e->options)) == NULL)
		return false;
	programs_tell(e->programs, pipeline_host(e->pipeline));
	owners_tell(e->owners, pipeline_host(e->pipeline));
	return (e->intake = intake_new(e->base, e->link, e->pipeline)) != NULL &&
	    (e->liveness = liveness_new(e->base, pipeline_host(e->pipeline), calls_over, e)) != NULL &&
	    (e->losses = losses_new(calls_losses, e)) != NULL;
}

static bool
make_store(struct engine *e)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/store.db", e->conf->state_dir);
	if (buf_ok(&path))
		e->archive = archive_new(&(struct archive_options){.base = e->base, .path = path.p,
		    .max_bytes = ST_STORE_BYTES, .days = e->conf->store_days, .trouble = calls_warn,
		    .arg = e});
	buf_free(&path);
	if (e->archive == NULL)
		log_err("no store: history is not kept");
	return (e->history = history_new(pipeline_host(e->pipeline), e->archive, e->boot_id)) != NULL;
}

static bool
make_grants(struct engine *e)
{
	const struct grants_parts grants = {.base = e->base, .link = e->link, .pipeline = e->pipeline,
	    .options = &e->options, .policy = calls_policy, .arg = e};

	return (e->gates = gates_new(pipeline_detect(e->pipeline), pipeline_host(e->pipeline))) != NULL &&
	    (e->grants = grants_new(&grants)) != NULL;
}

static bool
make_outlets(struct engine *e)
{
	const struct outlet_parts out = {.conf = e->conf, .link = e->link, .context = &e->context,
	    .options = &e->options, .row = calls_row, .arg = e};
	const struct acts_parts acts = {.base = e->base, .link = e->link, .spared = calls_spared,
	    .level = calls_level, .gated = calls_gated, .outcome = calls_outcome, .arg = e};
	const struct reports_parts reports = {.base = e->base, .link = e->link, .names = e->names,
	    .grants = e->grants, .pipeline = e->pipeline, .options = &e->options, .policy = calls_policy,
	    .outcome = calls_outcome, .opened = calls_opened, .warn = calls_warn, .arg = e,
	    .fail_open = e->conf->login_fail_open, .timeout_ms = e->conf->login_timeout_ms};

	return (e->outlet = outlet_new(&out)) != NULL && (e->acts = acts_new(&acts)) != NULL &&
	    (e->reports = reports_new(&reports)) != NULL;
}

static bool
make_control(struct engine *e)
{
	const struct group *gr = e->conf->group != NULL ? getgrnam(e->conf->group) : NULL;

	e->control = control_verbs_new(e, gr != NULL ? gr->gr_gid : (gid_t)-1);
	return e->control != NULL;
}

static bool
make_policy(struct engine *e)
{
	struct buf diag = BUF_INIT;

	if ((e->policy = policy_box_new(e->conf->policy)) != NULL)
		policy_box_accept(e->policy, in_force_accept, e);
	if (e->policy == NULL ||
	    (e->allow = allow_new(e->conf->state_dir)) == NULL || !in_force_allow(e))
		return false;
	(void)in_force_load(e, NULL, &diag); /* the empty one is in force when that fails */
	buf_free(&diag);
	return true;
}

void
parts_let_go(struct engine *e)
{
	const struct mtime never = {.ns = INT64_MAX};

	if (e->policy != NULL) { /* all is there: alerts that wait for an answer are written without it */
		link_tick(e->link, never);
		acts_flush(e->acts);
		outlet_flush(e->outlet);
	}
	control_free(&e->control);
	grants_free(&e->grants);
	gates_free(&e->gates);
	reports_free(&e->reports);
	archive_free(&e->archive, LAST_ROWS_MS);
	intake_free(&e->intake);
	liveness_free(&e->liveness);
	pipeline_free(&e->pipeline);
	history_free(&e->history);
	acts_free(&e->acts);
	outlet_free(&e->outlet);
	losses_free(&e->losses);
	probe_live_free(&e->probe);
	programs_free(&e->programs);
	owners_free(&e->owners);
	watch_free(&e->watch);
	names_free(&e->names);
	policy_box_free(&e->policy);
	buf_free(&e->gates_state.beyond);
	allow_free(&e->allow);
	link_free(&e->link);
	if (e->second != NULL)
		event_free(e->second);
	if (e->on_term != NULL)
		event_free(e->on_term);
	if (e->on_int != NULL)
		event_free(e->on_int);
	if (e->base != NULL)
		event_base_free(e->base);
}

bool
parts_join(struct engine *e, int request_fd)
{
	fill_facts(e);
	if (make_loop(e) && make_link(e, request_fd) && make_model(e) && make_store(e) &&
	    make_grants(e) && make_outlets(e) && make_control(e) && make_policy(e))
		return true;
	log_crit("the engine cannot be put together: %s", strerror(errno));
	return false;
}

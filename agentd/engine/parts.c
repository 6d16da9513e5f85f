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
#include "agentd/engine/case_keep.h"
#include "agentd/engine/control.h"
#include "agentd/engine/exe.h"
#include "agentd/engine/found.h"
#include "agentd/engine/history.h"
#include "agentd/engine/in_force.h"
#include "agentd/engine/learned.h"
#include "agentd/engine/listed.h"
#include "agentd/engine/liveness.h"
#include "agentd/engine/loads.h"
#include "agentd/engine/owners.h"
#include "agentd/engine/policy_watch.h"
#include "agentd/engine/probe_live.h"
#include "agentd/engine/programs.h"
#include "agentd/engine/recall.h"
#include "agentd/engine/say.h"
#include "agentd/engine/second.h"
#include "agentd/engine/state.h"
#include "agentd/engine/strangers.h"
#include "agentd/engine/volumes.h"
#include "agentd/engine/watch.h"
#include "agentd/engine/watched.h"
#include "agentd/engine/worker.h"
#include "base/log.h"
#include "base/proc.h"

#define LAST_ROWS_MS 3000
#define LAST_LOAD_MS 1000

static const struct policy_watch_times watch_times = {.quiet_ms = 2000, .most_ms = 30000};

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
	    .user_name = calls_user_name, .is_own = calls_is_own, .is_listed = calls_is_listed, .exe_is_here = exe_is_here, .ruling = calls_ruling,
	    .folded = calls_folded,
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
make_watched(struct engine *e)
{
	const struct watched_parts parts = {.base = e->base, .host = pipeline_host(e->pipeline),
	    .detect = pipeline_detect(e->pipeline), .homes = e->homes};

	return (e->watched = watched_new(&parts)) != NULL;
}

/* What is usual here: before the pipeline, which asks for it. */
static bool
make_learned(struct engine *e)
{
	const struct baseline_settings set = {.window = e->conf->baseline_days, .data = e->conf->baseline_after,
	    .active = e->conf->baseline_active};

	if ((e->learned = learned_new(&set)) == NULL)
		return false;
	e->options.baseline = learned_baseline(e->learned);
	return true;
}

static bool
make_model(struct engine *e)
{
	if ((e->names = names_new(e->base, found_name, e)) == NULL ||
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
	if ((e->homes = homes_new(e->base, e->link)) == NULL || !make_watched(e))
		return false;
	return (e->intake = intake_new(e->base, e->link, e->pipeline)) != NULL &&
	    (e->liveness = liveness_new(e->base, pipeline_host(e->pipeline), calls_over, e)) != NULL &&
	    (e->losses = losses_new(calls_losses, e)) != NULL;
}

static bool
make_volumes(struct engine *e)
{
	const struct volumes_parts parts = {.base = e->base, .host = pipeline_host(e->pipeline),
	    .volume = calls_volume, .arg = e};

	if ((e->volumes = volumes_new(&parts)) == NULL)
		return false;
	probe_live_tell(e->probe, e->volumes);
	return true;
}

static bool
make_strangers(struct engine *e)
{
	const struct strangers_parts parts = {.base = e->base, .link = e->link, .programs = e->programs,
	    .detect = pipeline_detect(e->pipeline), .probe = e->options.probe};

	return (e->strangers = strangers_new(&parts)) != NULL;
}

static bool
make_store(struct engine *e)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/store.db", e->conf->state_dir);
	if (buf_ok(&path))
		e->archive = archive_new(&(struct archive_options){.base = e->base, .path = path.p,
		    .max_bytes = ST_STORE_BYTES, .days = e->conf->store_days,
		    .usual_days = e->conf->baseline_days, .trouble = calls_warn, .arg = e});
	buf_free(&path);
	learned_keep(e->learned, e->archive);
	if (e->archive == NULL)
		log_err("no store: history is not kept");
	if ((e->cases = cases_new(e->boot_id, e->options.baseline)) == NULL)
		return false;
	case_keep_restore(e->cases, e->archive, e->boot_id);
	return (e->history = history_new(pipeline_host(e->pipeline), e->archive, e->boot_id)) != NULL &&
	    (e->recall = recall_new(pipeline_host(e->pipeline), e->history, e->archive, e->boot_id)) != NULL;
}

static bool
make_grants(struct engine *e)
{
	const struct grants_parts grants = {.base = e->base, .link = e->link, .pipeline = e->pipeline,
	    .options = &e->options, .policy = calls_policy, .whole = found_whole, .arg = e};

	return (e->gates = gates_new(pipeline_detect(e->pipeline), pipeline_host(e->pipeline))) != NULL &&
	    (e->grants = grants_new(&grants)) != NULL;
}

static bool
make_outlets(struct engine *e)
{
	const struct outlet_parts out = {.conf = e->conf, .link = e->link, .context = &e->context,
	    .options = &e->options, .cases = e->cases, .host = pipeline_host(e->pipeline), .rule = calls_rule, .row = calls_row, .arg = e};
	const struct acts_parts acts = {.base = e->base, .link = e->link, .spared = calls_spared,
	    .level = calls_level, .gated = calls_gated, .outcome = calls_outcome, .arg = e};
	const struct reports_parts reports = {.base = e->base, .link = e->link, .names = e->names,
	    .grants = e->grants, .pipeline = e->pipeline, .options = &e->options, .policy = calls_policy,
	    .outcome = calls_outcome, .opened = calls_opened, .found = found_session, .warn = calls_warn, .arg = e,
	    .fail_open = e->conf->login_fail_open, .timeout_ms = e->conf->login_timeout_ms};

	return (e->outlet = outlet_new(&out)) != NULL && (e->say = say_new(e->link)) != NULL &&
	    (e->acts = acts_new(&acts)) != NULL &&
	    (e->reports = reports_new(&reports)) != NULL;
}

static bool
make_control(struct engine *e)
{
	const struct group *gr = e->conf->group != NULL ? getgrnam(e->conf->group) : NULL;

	e->control = control_verbs_new(e, gr != NULL ? gr->gr_gid : (gid_t)-1);
	return e->control != NULL;
}

/* The empty one, until the monitor has said what it keeps: its first notice. */
static bool
make_policy(struct engine *e)
{
	if ((e->policy = policy_box_new(e->conf->policy)) == NULL)
		return false;
	policy_box_accept(e->policy, in_force_accept, e);
	if (e->conf->policy_watch &&
	    (e->policy_watch = policy_watch_new(e->base, watch_times, loads_changed, e)) == NULL)
		return false;
	return (e->allow = allow_new(e->conf->state_dir)) != NULL && in_force_exceptions(e) &&
	    (e->loader = worker_new(e->base, "policy", ST_LOADS_QUEUE)) != NULL;
}

static bool
make_listed(struct engine *e)
{
	if ((e->listed = listed_new(e->base, e->conf, calls_listed_anew, e)) == NULL)
		return false;
	listed_worker(e->listed, e->loader);
	return true;
}

void
parts_let_go(struct engine *e)
{
	const struct mtime never = {.ns = INT64_MAX};

	if (e->listed != NULL)
		listed_worker(e->listed, NULL);
	(void)worker_free(&e->loader, LAST_LOAD_MS);
	if (e->policy != NULL) { /* all is there: alerts that wait for an answer are written without it */
		link_tick(e->link, never);
		acts_flush(e->acts);
		outlet_flush(e->outlet);
	}
	policy_watch_free(&e->policy_watch);
	listed_free(&e->listed);
	control_free(&e->control);
	strangers_free(&e->strangers);
	grants_free(&e->grants);
	gates_free(&e->gates);
	reports_free(&e->reports);
	learned_end(e->learned);
	if (e->cases != NULL)
		case_keep(e->cases, e->archive);
	archive_free(&e->archive, LAST_ROWS_MS);
	cases_free(&e->cases);
	intake_free(&e->intake);
	liveness_free(&e->liveness);
	volumes_free(&e->volumes);
	watched_free(&e->watched);
	homes_free(&e->homes);
	pipeline_free(&e->pipeline);
	learned_free(&e->learned);
	recall_free(&e->recall);
	history_free(&e->history);
	acts_free(&e->acts);
	say_free(&e->say);
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
	if (make_loop(e) && make_link(e, request_fd) && make_learned(e) &&
	    make_model(e) && make_volumes(e) && make_store(e) &&
	    make_grants(e) && make_outlets(e) && make_control(e) && make_policy(e) &&
	    make_listed(e) && make_strangers(e))
		return true;
	log_crit("the engine cannot be put together: %s", strerror(errno));
	return false;
}

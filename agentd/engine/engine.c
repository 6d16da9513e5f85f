/*
 * engine: the wiring of the unprivileged process; see engine.h.  engine_main() is its table of contents:
 * check, open, join, filter, loop.  What is opened is opened before the filter; nothing here decides.
 */
#include "agentd/engine/engine.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/agents.h"
#include "agentd/engine/archive.h"
#include "agentd/engine/control.h"
#include "agentd/engine/exe.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/filter.h"
#include "agentd/engine/history.h"
#include "agentd/engine/owners.h"
#include "agentd/engine/probe_live.h"
#include "agentd/engine/programs.h"
#include "agentd/engine/restraint.h"
#include "agentd/engine/state.h"
#include "agentd/engine/liveness.h"
#include "agentd/engine/loaded.h"
#include "base/log.h"
#include "base/proc.h"
#include "policy/level.h"

#define LAST_ROWS_MS    3000
#define AGENTS_MS       15000 /* between two looks: the monitor answers 600 such questions a minute */

/* --- who am I --------------------------------------------------------------------------------------- */

static bool
has_no_rights(const struct config *conf)
{
	const struct passwd *pw = getpwnam(conf->user);

	if (pw == NULL || getuid() == 0 || getuid() != pw->pw_uid || geteuid() != pw->pw_uid ||
	    getegid() == 0) {
		log_crit("the engine runs as uid %u, not as %s", geteuid(), conf->user);
		return false;
	}
	if (capng_get_caps_process() != 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE) {
		log_crit("the engine has capabilities");
		return false;
	}
	return true;
}

/* Nothing that it may yet execute gives it more; nobody of its own uid looks into it; it leaves no core. */
static bool
harden(void)
{
	const struct rlimit no_core = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &no_core) == -1) {
		log_crit("hardening failed: %s", strerror(errno));
		return false;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN); /* the monitor says when to reload */
	return true;
}

/* --- what the parts call ------------------------------------------------------------------------------ */

static void
on_ruling(const struct ruling *r, void *arg)
{
	struct engine *e = arg;
	const struct finding *f = r->finding;

	policy_box_hit(e->policy, &r->decision);
	gates_named(e->gates, f);
	if (f->activity == ACT_OUTBOUND_SSH)
		flows_note(&e->flows, f->from, f->session->ses);
	if (!reports_ruling(e->reports, r))
		acts_ruling(e->acts, r);
}

static void
on_aev(const struct aev *ev, const struct fact *fact, void *arg)
{
	struct engine *e = arg;

	gates_fact(e->gates, fact);
	intake_seen(e->intake, ev->time);
}

/* By the rule: what it hangs on may be nothing that a gate knows. */
static enum level
level_of(const struct ruling *r, const char **why, void *arg)
{
	const struct engine *e = arg;
	const struct decision *d = &r->decision;
	const enum activity a = r->finding->activity;

	if (d->by_default || d->undetermined || d->action <= DO_ALERT)
		return pol_level(a, d->action, e->gates_state.works, why);
	return pol_rule_level_of(policy_box_get(e->policy), d->rule, a, e->gates_state.works, why);
}

static bool
gated(const struct finding *f, struct gate_act *out, void *arg)
{
	const struct engine *e = arg;

	return gates_done(e->gates, f, out);
}

static const char *
user_name(uint32_t uid, void *arg)
{
	const struct engine *e = arg;

	return names_user(e->names, uid);
}

/* The ruling's session may be a copy, and the model's may be gone. */
static void
on_outcome(const struct outcome_of *o, void *arg)
{
	struct engine *e = arg;

	restraint_done(host_session(pipeline_host(e->pipeline), o->ruling->finding->session->ses), o->done);
	hops_note(&e->hops, o);
	outlet_ruling(e->outlet, o);
}

static void
on_row(const struct outlet_row *row, void *arg)
{
	struct engine *e = arg;

	history_row(e->history, row);
	if (row->alert)
		control_publish(e->control, row->json, control_wants, row);
}

static bool
is_own(struct addr a, void *arg)
{
	const struct engine *e = arg;

	return e->grants != NULL && grants_own(e->grants, a);
}

static const struct policy *
policy_in_force(void *arg)
{
	const struct engine *e = arg;

	return policy_box_get(e->policy);
}

static void
on_opened(const struct session *s, void *arg)
{
	struct engine *e = arg;

	history_opened(e->history, s);
}

static void
on_warn(const char *what, const char *sentence, void *arg)
{
	struct engine *e = arg;

	outlet_notice(e->outlet, what, SEV_HIGH, 0, sentence);
}

static void
on_losses(uint64_t count, const char *sentence, bool over, void *arg)
{
	struct engine *e = arg;

	failure_note(FAIL_RECORDS_LOST);
	if (over)
		log_info("the losses are over: %s", sentence);
	else
		outlet_notice(e->outlet, "records-lost", SEV_CRITICAL, count, sentence);
}

static void
on_swept(uint32_t ses, void *arg)
{
	struct engine *e = arg;

	history_over(e->history, ses);
	host_over(pipeline_host(e->pipeline), ses, rtime_now());
}

struct sparing {
	const struct policy *policy;
	void (*fn)(uint32_t pid, void *arg);
	void *arg;
};

static bool
spare_one(struct process *p, void *arg)
{
	const struct sparing *s = arg;

	if (exe_is_here(p) && pol_spares(s->policy, bytes_of(p->exe)))
		s->fn(p->pid, s->arg);
	return true;
}

static void
spared(uint32_t ses, void (*fn)(uint32_t pid, void *fn_arg), void *fn_arg, void *arg)
{
	const struct engine *e = arg;
	struct sparing s = {.policy = policy_box_get(e->policy), .fn = fn, .arg = fn_arg};

	host_each_process(pipeline_host(e->pipeline), ses, spare_one, &s);
}

static void
on_monitor_gone(void *arg)
{
	struct engine *e = arg;

	log_err("the monitor is gone");
	e->status = 1;
	event_base_loopbreak(e->base);
}

/* A session that was found alive has a number; its name comes when the name service has it. */
static bool
name_one(struct session *s, void *arg)
{
	struct engine *e = arg;
	const char *name;

	if (s->user[0] != '\0' || s->auid == AUID_UNSET)
		return true;
	name = names_user(e->names, s->auid);
	if (name == NULL || !bytes_copy(bytes_of(name), s->user, sizeof(s->user)))
		s->user[0] = '\0';
	else
		grants_again(e->grants);
	e->unnamed = e->unnamed || s->user[0] == '\0';
	return true;
}

static void
name_sessions(struct engine *e)
{
	if (!e->unnamed)
		return;
	e->unnamed = false;
	host_each_session(pipeline_host(e->pipeline), name_one, e);
}

/* What the stream of records is worth just now. */
static void
tick_gates(struct engine *e, struct rtime now)
{
	const struct intake_state *in = intake_state(e->intake);
	const struct aev_stats *a = pipeline_stats(e->pipeline);
	const uint32_t blind = RULEF_MISSING | RULEF_NEVER_TASK | RULEF_NEVER_EXIT | RULEF_DISABLED |
	    RULEF_NO_AUDIT | RULEF_PANIC;
	const struct gates_audit audit = {.live = in->kind != SOURCE_NONE, .behind = in->behind,
	    .ruled = e->rules.told && e->rules.missing == 0 && (e->rules.flags & blind) == 0,
	    .since = in->since, .lost = a->missing + a->evicted + a->cut + a->malformed + in->stats.overruns +
	    in->stats.cut + losses_kernel_total(e->losses)};

	gates_tick(e->gates, now, &audit);
}

/* Sessions that were there before have their agents already. */
static void
find_agents(struct engine *e, struct mtime now)
{
	int n;

	if (!e->agents_unknown || (e->agents_looked.ns != 0 && mtime_ms_since(now, e->agents_looked) < AGENTS_MS))
		return;
	e->agents_looked = now;
	n = agents_look(e->owners, pipeline_host(e->pipeline));
	if (n < 0)
		log_warn("the agents of sessions that were there before are not known: %s", strerror(-n));
	e->agents_unknown = n == AGENTS_AT_ONCE;
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	const struct mtime now = mtime_now();

	(void)fd;
	(void)what;
	link_tick(e->link, now);
	intake_check(e->intake, now);
	losses_check(e->losses, pipeline_stats(e->pipeline), &intake_state(e->intake)->stats, now);
	programs_check(e->programs);
	outlet_check(e->outlet);
	name_sessions(e);
	find_agents(e, now);
	allowances_end(e, rtime_now());
	grants_tick(e->grants, rtime_now());
	tick_gates(e, rtime_now());
	if (e->archive != NULL)
		archive_flush(e->archive);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct engine *e = arg;

	(void)what;
	log_info("ending on signal %d", (int)sig);
	event_base_loopbreak(e->base);
}

/* --- policy and mode ---------------------------------------------------------------------------------- */

static void
swap_policy(const struct policy *p, void *arg)
{
	struct engine *e = arg;
	struct request r = {.kind = REQ_POLICY, .value = pol_serial(p)};
	int64_t window_ms;

	pipeline_policy(e->pipeline, p);
	e->context.fleet = pol_fleet(p);
	e->context.policy_serial = pol_serial(p);
	pol_stop_limit(p, &r.limit, &window_ms);
	r.window_s = (uint32_t)(window_ms / 1000);
	link_send(e->link, &r);
}

/* What the policy asks for and this host cannot do; a line each. */
static void
put_beyond(const struct engine *e, const struct policy *p, struct buf *out)
{
	(void)pol_beyond(p, e->gates_state.works, out);
	(void)pol_weaker(p, e->gates_state.works, out);
}

static bool
accept_policy(const struct policy *p, struct buf *diag, void *arg)
{
	const struct engine *e = arg;
	const size_t before = diag->n;

	if (e->conf->strict && e->gates_state.told)
		put_beyond(e, p, diag);
	return diag->n == before;
}

/* Each line of what the loader had to say. */
static void
log_diagnostics(int priority, const struct buf *diag, size_t from)
{
	const char *p = diag->n > from ? diag->p + from : NULL, *end;

	for (; p != NULL && *p != '\0'; p = end != NULL ? end + 1 : NULL) {
		end = strchr(p, '\n');
		log_at(priority, "%.*s", end != NULL ? (int)(end - p) : (int)strlen(p), p);
	}
}

/* Loudly: a policy that is in force and not carried out is worse than none. */
static void
check_beyond(struct engine *e)
{
	struct buf *beyond = &e->gates_state.beyond;

	buf_reset(beyond);
	if (!e->gates_state.told)
		return;
	put_beyond(e, policy_box_get(e->policy), beyond);
	log_diagnostics(LOG_WARNING, beyond, 0);
}

void
engine_gates(struct engine *e, const struct notice *n)
{
	struct gates_state *g = &e->gates_state;
	const bool first = !g->told;

	g->told = true;
	g->works = n->flags & ((1u << GATEF_COUNT) - 1);
	for (unsigned i = 0; i < GATEF_COUNT; i++)
		g->why[i] = (uint8_t)(n->value >> 8 * i);
	acts_gates(e->acts, g->works);
	check_beyond(e);
	if (!first || !e->conf->strict || g->beyond.n == 0)
		return;
	log_crit("strict: the policy asks for more than this host can do");
	e->status = ENGINE_BEYOND;
	event_base_loopbreak(e->base);
}

bool
engine_load_policy(struct engine *e, const char *path, struct buf *diag)
{
	const size_t from = diag->n;
	const struct policy *p;

	if (!policy_box_load(e->policy, path, swap_policy, e, diag)) {
		failure_note(FAIL_POLICY_LOAD);
		log_diagnostics(LOG_ERR, diag, from);
		outlet_notice(e->outlet, "policy-refused", SEV_HIGH, 0,
		    "a policy was refused; the one in force stays");
		return false;
	}
	if (path != NULL && !loaded_keep(e->conf->state_dir, path)) {
		failure_note(FAIL_POLICY_KEPT);
		log_warn("should the engine end before its time, the next one loads %s",
		    e->conf->policy);
	}
	log_diagnostics(LOG_WARNING, diag, from);
	grants_renew(e->grants);
	check_beyond(e);
	p = policy_box_get(e->policy);
	if (policy_box_absent(e->policy))
		log_warn("%s is absent: an empty policy, which sees everything and stops nothing",
		    policy_box_path(e->policy));
	log_info("policy %s serial %llu, %zu rules, mode %s",
	    pol_fleet(p)[0] != '\0' ? pol_fleet(p) : "without a fleet",
	    (unsigned long long)pol_serial(p), pol_nrules(p), mode_name(pol_mode(p)));
	return true;
}

bool
engine_allow(struct engine *e)
{
	struct buf text = BUF_INIT, diag = BUF_INIT;
	bool ok;

	allow_text(e->allow, &text);
	ok = buf_ok(&text) && policy_box_prelude(e->policy, buf_bytes(&text), swap_policy, e, &diag);
	if (ok)
		grants_renew(e->grants);
	else
		log_diagnostics(LOG_ERR, &diag, 0);
	buf_free(&text);
	buf_free(&diag);
	return ok;
}

/* The one before may have had another policy than the configured one, which is in force by now. */
static void
load_again(struct engine *e)
{
	struct buf path = BUF_INIT, diag = BUF_INIT;

	if (loaded_get(e->conf->state_dir, &path) && !engine_load_policy(e, path.p, &diag)) {
		log_err("%s was in force and cannot be loaded again: %s is in force instead", path.p,
		    e->conf->policy);
		outlet_notice(e->outlet, "policy-lost", SEV_CRITICAL, 0,
		    "the policy that was loaded by hand cannot be loaded again; the configured one is in force");
	}
	buf_free(&path);
	buf_free(&diag);
}

void
engine_restarted(struct engine *e, uint64_t restarts)
{
	char sentence[96];

	e->restarts = restarts;
	if (restarts == 0) {
		loaded_forget(e->conf->state_dir);
		return;
	}
	failure_add(FAIL_ENGINE_RESTARTED, restarts);
	load_again(e);
	snprintf(sentence, sizeof(sentence), "the engine ended and was started again (%llu since the daemon's start)",
	    (unsigned long long)restarts);
	outlet_notice(e->outlet, "engine-restarted", SEV_HIGH, restarts, sentence);
}

void
engine_set_mode(struct engine *e, enum mode mode)
{
	e->options.host_mode = mode;
	pipeline_mode(e->pipeline, mode);
	restraint_mode(pipeline_host(e->pipeline), mode);
}

/* --- joining the parts -------------------------------------------------------------------------------- */

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
	    .user_name = user_name, .is_own = is_own, .exe_is_here = exe_is_here, .ruling = on_ruling,
	    .event = on_aev, .arg = e};
}

/* Both name things alike, by contract (config.h, alert.h). */
_Static_assert((int)COMMAND_FULL == (int)CONFIG_COMMAND_FULL &&
    (int)COMMAND_PROGRAM == (int)CONFIG_COMMAND_PROGRAM &&
    (int)COMMAND_HASH == (int)CONFIG_COMMAND_HASH, "command-line is cast");

static bool
make_link(struct engine *e, int fd)
{
	const struct link_events on = {.notice = notices_take, .gone = on_monitor_gone, .arg = e};

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
	    (e->liveness = liveness_new(e->base, pipeline_host(e->pipeline), on_swept, e)) != NULL &&
	    (e->losses = losses_new(on_losses, e)) != NULL;
}

static bool
make_store(struct engine *e)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/store.db", e->conf->state_dir);
	if (buf_ok(&path))
		e->archive = archive_new(&(struct archive_options){.base = e->base, .path = path.p,
		    .max_bytes = ST_STORE_BYTES, .days = e->conf->store_days, .trouble = on_warn,
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
	    .options = &e->options, .policy = policy_in_force, .arg = e};

	return (e->gates = gates_new(pipeline_detect(e->pipeline), pipeline_host(e->pipeline))) != NULL &&
	    (e->grants = grants_new(&grants)) != NULL;
}

static bool
make_outlets(struct engine *e)
{
	const struct outlet_parts out = {.conf = e->conf, .link = e->link, .context = &e->context,
	    .options = &e->options, .row = on_row, .arg = e};
	const struct acts_parts acts = {.base = e->base, .link = e->link, .spared = spared, .level = level_of, .gated = gated,
	    .outcome = on_outcome, .arg = e};
	const struct reports_parts reports = {.base = e->base, .link = e->link, .names = e->names,
	    .grants = e->grants, .pipeline = e->pipeline, .options = &e->options, .policy = policy_in_force,
	    .outcome = on_outcome, .opened = on_opened, .warn = on_warn, .arg = e,
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
		policy_box_accept(e->policy, accept_policy, e);
	if (e->policy == NULL ||
	    (e->allow = allow_new(e->conf->state_dir)) == NULL || !engine_allow(e))
		return false;
	(void)engine_load_policy(e, NULL, &diag); /* the empty one is in force when that fails */
	buf_free(&diag);
	return true;
}

static void
let_go(struct engine *e)
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

static bool
join(struct engine *e, int request_fd)
{
	fill_facts(e);
	if (make_loop(e) && make_link(e, request_fd) && make_model(e) && make_store(e) &&
	    make_grants(e) && make_outlets(e) && make_control(e) && make_policy(e))
		return true;
	log_crit("the engine cannot be put together: %s", strerror(errno));
	return false;
}

static bool
confine(void)
{
	if (filter_enter())
		return true;
	log_crit("the system call filter is not in force: %s", strerror(errno));
	return false;
}

static bool
loop(struct engine *e)
{
	const struct request hello = {.kind = REQ_HELLO};

	link_send(e->link, &hello);
	intake_check(e->intake, mtime_now());
	return event_base_dispatch(e->base) != -1;
}

int
engine_main(const struct config *conf, int request_fd)
{
	struct engine *e = calloc(1, sizeof(*e));
	int status = 1;

	if (e == NULL)
		return 1;
	e->conf = conf;
	if (has_no_rights(conf) && harden() && join(e, request_fd) && confine() && loop(e))
		status = e->status;
	let_go(e);
	free(e);
	return status;
}

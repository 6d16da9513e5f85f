/* status: the state of the whole daemon as one JSON object; its shape is in sshtether/control.h. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sshtether/version.h>

#include "agentd/engine/archive.h"
#include "agentd/engine/failures.h"
#include "agentd/engine/listed.h"
#include "agentd/engine/learned.h"
#include "agentd/engine/state.h"
#include "agentd/engine/volumes.h"
#include "policy/level.h"

static void
put_self(struct json *j, const struct engine *e)
{
	json_kstr(j, "version", SSHTETHER_VERSION);
	json_ktime(j, "started", e->started);
	json_kint(j, "uptime_s", rtime_since(rtime_now(), e->started) / 1000);
	json_kobject(j, "host");
	json_kstr(j, "name", e->context.host_name);
	json_kobject(j, "boot");
	json_kstr(j, "id", e->boot_id);
	json_end(j, '}');
	json_end(j, '}');
	json_kobject(j, "engine");
	json_kint(j, "pid", getpid());
	json_kuint(j, "uid", getuid());
	json_kuint(j, "restarts", e->restarts);
	json_end(j, '}');
}

static void
put_mode(struct json *j, const struct engine *e)
{
	const enum mode host = e->options.host_mode, policy = pol_mode(policy_box_get(e->policy));

	json_kobject(j, "mode");
	json_kstr(j, "host", mode_name(host));
	json_kstr(j, "policy", mode_name(policy));
	json_kstr(j, "in_force", mode_name(host < policy ? host : policy));
	if (e->confirm_by.ms != 0) {
		json_ktime(j, "confirm_by", e->confirm_by);
		json_kint(j, "left_ms", rtime_since(e->confirm_by, rtime_now()));
	}
	json_end(j, '}');
}

static void
put_source(struct json *j, const struct engine *e)
{
	static const char *const kinds[] = {[SOURCE_NONE] = "none", [SOURCE_AUDITD] = "auditd",
	    [SOURCE_NETLINK] = "netlink"};
	const struct intake_state *in = intake_state(e->intake);
	const struct aev_stats *a = pipeline_stats(e->pipeline);

	json_kobject(j, "source");
	json_kstr(j, "kind", kinds[in->kind]);
	json_kstr(j, "state", in->kind != SOURCE_NONE ? "live" : "waiting");
	json_ktime(j, "since", in->since);
	json_kuint(j, "bytes", in->stats.bytes);
	json_kuint(j, "lines", a->lines);
	json_kuint(j, "records", a->records);
	json_kuint(j, "events", a->events);
	json_kuint(j, "malformed", a->malformed + in->stats.malformed);
	json_kuint(j, "incomplete", a->incomplete);
	json_kuint(j, "late", a->late);
	json_kuint(j, "evicted", a->evicted);
	json_kuint(j, "cut", a->cut + in->stats.cut);
	json_kuint(j, "gaps", a->gaps);
	json_kuint(j, "missing", a->missing);
	json_kuint(j, "lost", losses_kernel_total(e->losses));
	json_kuint(j, "overruns", in->stats.overruns);
	json_kbool(j, "behind", in->behind);
	json_end(j, '}');
}

static void
put_rules(struct json *j, const struct rules_state *r)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} why[] = {
	    {RULEF_MISSING, "some rules are not in force"},
	    {RULEF_IMMUTABLE, "the rules are immutable (enabled 2)"},
	    {RULEF_NEVER_TASK, "a never,task rule hides every task"},
	    {RULEF_PANIC, "failure mode 2: nothing is added"},
	    {RULEF_DISABLED, "auditing is off"},
	    {RULEF_NO_AUDIT, "the kernel's audit does not answer"},
	    {RULEF_NEVER_EXIT, "a never,exit rule stands before ours"},
	};

	json_kobject(j, "rules");
	json_kstr(j, "state", !r->told ? "unknown" : r->missing > 0 ? "missing" : "complete");
	json_kuint(j, "missing", r->missing);
	json_kuint(j, "added", r->added);
	json_karray(j, "why");
	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++) {
		if ((r->flags & why[i].flag) != 0)
			json_str(j, bytes_of(why[i].text));
	}
	json_end(j, ']');
	json_end(j, '}');
}

/* A line each. */
static void
put_lines(struct json *j, const char *key, const struct buf *text)
{
	const char *p = text->n > 0 ? text->p : NULL, *end;

	json_karray(j, key);
	for (; p != NULL && *p != '\0'; p = end != NULL ? end + 1 : NULL) {
		end = strchr(p, '\n');
		json_str(j, (struct bytes){.p = p, .n = end != NULL ? (size_t)(end - p) : strlen(p)});
	}
	json_end(j, ']');
}

static void
put_policy(struct json *j, const struct engine *e)
{
	const struct policy_box *box = e->policy;
	const struct policy *p = policy_box_get(box);

	json_kobject(j, "policy");
	json_kstr(j, "path", policy_box_path(box));
	json_kbool(j, "absent", policy_box_absent(box));
	json_kstr(j, "fleet", pol_fleet(p));
	json_kuint(j, "serial", pol_serial(p));
	json_kuint(j, "rules", pol_nrules(p));
	json_kbool(j, "require_signature", e->conf->require_signature);
	if (policy_box_files(box) != NULL) {
		json_kstr(j, "signer", policy_files_signer(policy_box_files(box))->name);
		json_kstr(j, "signer_key", policy_files_signer(policy_box_files(box))->key);
	}
	json_kbool(j, "last_good", policy_box_last_good(box));
	json_ktime(j, "loaded", policy_box_loaded(box));
	put_lines(j, "beyond", &e->gates_state.beyond);
	json_kstr(j, "error", policy_box_error(box));
	json_end(j, '}');
}

struct tally {
	uint64_t open, closed;
};

static bool
count(struct session *s, void *arg)
{
	struct tally *t = arg;

	if (s->ssh && s->state == SESSION_OPEN)
		t->open++;
	else if (s->ssh && s->state == SESSION_CLOSED)
		t->closed++;
	return true;
}

static void
put_model(struct json *j, const struct engine *e)
{
	const struct host *h = pipeline_host(e->pipeline);
	const struct host_stats *s = host_stats_get(h);
	struct tally t = {0};

	host_each_session(h, count, &t);
	json_kobject(j, "sessions");
	json_kuint(j, "open", t.open);
	json_kuint(j, "closed", t.closed);
	json_end(j, '}');
	json_kobject(j, "model");
	json_kuint(j, "sessions", s->sessions);
	json_kuint(j, "processes", s->processes);
	json_kuint(j, "sockets", s->sockets);
	json_kuint(j, "sessions_dropped", s->sessions_dropped);
	json_kuint(j, "processes_dropped", s->processes_dropped);
	json_kuint(j, "sockets_dropped", s->sockets_dropped);
	json_end(j, '}');
}

static void
put_work(struct json *j, const struct engine *e)
{
	const struct reports_stats *l = reports_stats(e->reports);
	const struct acts_stats *a = acts_stats(e->acts);

	json_kobject(j, "logins");
	json_kuint(j, "reports", l->reports);
	json_kuint(j, "allowed", l->allowed);
	json_kuint(j, "refused", l->refused);
	json_kuint(j, "fallback", l->fallback);
	json_kuint(j, "late", l->late);
	json_end(j, '}');
	json_kobject(j, "actions");
	json_kuint(j, "asked", a->asked);
	json_kuint(j, "done", a->done);
	json_kuint(j, "failed", a->failed);
	json_kuint(j, "would_have", a->would_have);
	json_kuint(j, "waiting", a->waiting);
	json_end(j, '}');
}

_Static_assert(POLG_COUNT == GATEF_COUNT && (int)POLG_DATAGRAM == (int)GATEF_DATAGRAM, "bit for bit");

static void
put_gates(struct json *j, const struct gates_state *g)
{
	json_karray(j, "gates");
	for (unsigned i = 0; i < GATEF_COUNT; i++) {
		const bool works = (g->works >> i & 1) != 0;

		json_object(j);
		json_kstr(j, "name", pol_gate_name(i));
		json_kbool(j, "works", works);
		json_kstr(j, "why", works ? NULL : !g->told ? "the monitor has not said" :
		    strerror(g->why[i]));
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void
put_watched(struct json *j, const char *key, bool told, int error, unsigned n)
{
	json_kobject(j, key);
	json_kbool(j, "works", told && error == 0);
	json_kstr(j, "why", !told ? "the monitor has not said" : error == ECANCELED ? "watch-keys is off" :
	    error != 0 ? strerror(error) : NULL);
	json_kuint(j, "count", n);
	json_end(j, '}');
}

static void
put_watches(struct json *j, const struct watches_state *w)
{
	json_kobject(j, "watches");
	put_watched(j, "keys", w->told, w->keys, w->directories);
	put_watched(j, "memory", w->told, w->memory, w->processes);
	json_end(j, '}');
}

static void
put_volumes(struct json *j, const struct engine *e)
{
	struct volumes_stats s;

	volumes_stats_get(e->volumes, &s);
	json_kobject(j, "volumes");
	json_kstr(j, "state", !s.live ? "off" : s.exact ? "exact" : "asked");
	json_kuint(j, "sessions", s.sessions);
	json_kuint(j, "connections", s.connections);
	json_kuint(j, "ends", s.ends);
	json_end(j, '}');
}

static void
put_grants(struct json *j, const struct engine *e)
{
	const struct grants_stats s = grants_stats(e->grants);
	const struct gates_stats g = gates_stats(e->gates);

	json_kobject(j, "grants");
	json_kuint(j, "generation", s.generation);
	json_kbool(j, "renewing", s.renewing);
	json_kuint(j, "installed", s.installed);
	json_kuint(j, "failed", s.failed);
	json_kbool(j, "blurred", s.blurred);
	json_kuint(j, "refused", g.refused);
	json_kuint(j, "killed", g.killed);
	json_kuint(j, "unseen", g.unseen);
	json_kuint(j, "dropped", g.dropped);
	json_end(j, '}');
}

/*
 * What cannot be seen cannot be stopped: without records only logins are left, and what a gate refuses by
 * itself.
 */
static void
put_activities(struct json *j, const struct engine *e)
{
	const bool blind = intake_state(e->intake)->kind == SOURCE_NONE;

	json_karray(j, "activities");
	for (unsigned i = 0; i < ACT_COUNT; i++) {
		const char *why;
		enum level level = pol_activity_level((enum activity)i, e->gates_state.works, &why);

		if (blind && i != ACT_LOGIN && level == LEVEL_REACT) {
			level = LEVEL_OBSERVE;
			why = "there is no source of records";
		}
		json_object(j);
		json_kstr(j, "activity", activity_info((enum activity)i)->name);
		json_kstr(j, "level", level_name(level));
		json_kstr(j, "why", why);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void
put_store(struct json *j, const struct engine *e)
{
	struct archive_state s = {0};
	struct stat st;

	json_kobject(j, "store");
	if (e->archive == NULL) {
		json_kstr(j, "state", "off");
		json_end(j, '}');
		return;
	}
	archive_state(e->archive, &s);
	json_kstr(j, "state", s.failing ? "failing" : "ok");
	json_kstr(j, "path", archive_path(e->archive));
	/* Of now; how many rows are in it only a scan of the whole would tell. */
	json_kuint(j, "bytes", stat(archive_path(e->archive), &st) == 0 ? (uint64_t)st.st_size : 0);
	json_kuint(j, "written", s.written);
	json_kuint(j, "queued", s.queued);
	json_kuint(j, "dropped", s.dropped);
	json_kuint(j, "set_aside", s.set_aside);
	json_kstr(j, "why", s.failing ? s.why : NULL);
	json_end(j, '}');
}

void
status_json(struct engine *e, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	put_self(&j, e);
	put_mode(&j, e);
	put_source(&j, e);
	put_rules(&j, &e->rules);
	put_policy(&j, e);
	put_model(&j, e);
	put_work(&j, e);
	put_gates(&j, &e->gates_state);
	put_watches(&j, &e->watches);
	put_volumes(&j, e);
	put_grants(&j, e);
	put_activities(&j, e);
	json_key(&j, "sinks");
	outlet_json(e->outlet, &j);
	put_store(&j, e);
	json_key(&j, "listed_origins");
	listed_json(e->listed, &j);
	json_key(&j, "baseline");
	learned_json(e->learned, &j);
	json_key(&j, "failures");
	failures_json(&j);
	json_end(&j, '}');
}

/* load_alert: see load_alert.h. */
#include "agentd/engine/load_alert.h"

#include "agentd/engine/in_force.h"
#include "agentd/engine/state.h"
#include "base/log.h"

static const struct {
	const char *word, *phrase;
} by[] = {
	[LOAD_START] = {"start", "at the start"},
	[LOAD_SIGHUP] = {"SIGHUP", "on SIGHUP"},
	[LOAD_WATCH] = {"watch", "because a file of it changed"},
	[LOAD_HAND] = {"hand", "by hand"},
	[LOAD_AGAIN] = {"restart", "after a restart of the engine"},
};

struct told {
	const struct policy_load *load;
	const struct load_who *who;
	const struct policy *policy; /* that was loaded; NULL: it was refused */
	const struct trust_signer *signer;
};

struct bytes
load_first_line(const struct buf *diag)
{
	struct bytes rest = buf_bytes(diag);

	return bytes_take(&rest, '\n');
}

static void
put_told(struct json *j, const void *arg)
{
	const struct told *t = arg;

	json_kstr(j, "file", t->load->path);
	json_kstr(j, "by", by[t->who->by].word);
	if (t->who->by == LOAD_HAND) {
		json_kuint(j, "pid", t->who->pid);
		if (t->who->auid != AUID_UNSET)
			json_kuint(j, "auid", t->who->auid);
	}
	if (t->signer != NULL) {
		json_kstr(j, "signer", t->signer->name);
		json_kstr(j, "signer_key", t->signer->key);
	}
	if (t->policy != NULL)
		json_kuint(j, "rules", pol_nrules(t->policy));
	if (t->load->diag.n > 0)
		json_kbytes(j, t->policy != NULL ? "warning" : "error", load_first_line(&t->load->diag));
}

static void
put_who(const struct load_who *who, struct buf *out)
{
	buf_puts(out, by[who->by].phrase);
	if (who->by == LOAD_HAND)
		buf_printf(out, ", by uid 0, pid %u", who->pid);
	if (who->by == LOAD_HAND && who->auid != AUID_UNSET)
		buf_printf(out, ", login uid %u", who->auid);
}

static void
tell(struct engine *e, const struct told *t, const char *what, enum severity severity, struct buf *sentence)
{
	const struct outlet_word word = {.what = what, .severity = severity,
	    .sentence = buf_ok(sentence) ? sentence->p : what, .more = put_told, .arg = t};

	outlet_word(e->outlet, &word);
	buf_free(sentence);
}

static struct told
told_of_good(const struct engine *e, const struct policy_load *l, const struct load_who *who)
{
	return (struct told){.load = l, .who = who, .policy = policy_box_get(e->policy),
	    .signer = policy_files_signer(policy_box_files(e->policy))};
}

void
load_alert_loaded(struct engine *e, const struct policy_load *l, const struct load_who *who)
{
	const struct told t = told_of_good(e, l, who);
	const struct policy *p = t.policy;
	struct buf text = BUF_INIT;

	in_force_log(LOG_WARNING, &l->diag, 0);
	buf_printf(&text, "%s is in force, %s", l->path, pol_fleet(p)[0] != '\0' ? "fleet " : "without a fleet");
	buf_printf(&text, "%s, serial %llu, %zu rules, mode %s", pol_fleet(p), (unsigned long long)pol_serial(p),
	    pol_nrules(p), mode_name(pol_mode(p)));
	if (t.signer->name[0] != '\0') {
		buf_puts(&text, ", signed by ");
		buf_put_visible(&text, bytes_of(t.signer->name));
	}
	buf_puts(&text, ": loaded ");
	put_who(who, &text);
	tell(e, &t, "policy-loaded", SEV_INFO, &text);
}

/* Then there is none in force that could stay. */
static bool
is_first(const struct load_who *who)
{
	return who->by == LOAD_START || who->by == LOAD_AGAIN;
}

void
load_alert_refused(struct engine *e, const struct policy_load *l, const struct load_who *who)
{
	const struct told t = {.load = l, .who = who};
	struct buf text = BUF_INIT;

	in_force_log(LOG_ERR, &l->diag, 0);
	buf_printf(&text, "%s was refused, loaded ", l->path);
	put_who(who, &text);
	buf_puts(&text, is_first(who) ? ": " : "; the policy in force stays: ");
	buf_put_visible(&text, load_first_line(&l->diag));
	tell(e, &t, "policy-refused", SEV_HIGH, &text);
}

void
load_alert_last_good(struct engine *e, const struct policy_load *l, const struct load_who *who)
{
	const struct told t = told_of_good(e, l, who);
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s could not be loaded at the start: the last good one is in force, serial %llu, %zu rules, accepted ",
	    l->path, (unsigned long long)pol_serial(t.policy), pol_nrules(t.policy));
	rtime_iso(l->now, &text);
	tell(e, &t, "policy-last-good", SEV_CRITICAL, &text);
}

/* Whoever counts on one must know. */
void
load_alert_none(struct engine *e, const struct buf *why)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s could not be loaded at the start, %s: no policy is in force, and nothing is stopped",
	    e->conf->policy, why != NULL ? "nor the last good one that was kept" : "nor is there a last good one");
	if (why != NULL && why->n > 0) {
		buf_puts(&text, " (");
		buf_putb(&text, buf_bytes(why));
		buf_putc(&text, ')');
	}
	outlet_notice(e->outlet, "policy-none", SEV_CRITICAL, 0, buf_ok(&text) ? text.p : "no policy is in force");
	buf_free(&text);
}

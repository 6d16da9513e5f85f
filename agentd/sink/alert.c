/*
 * alert: a ruling as one JSON object with ECS names, which scripts and a SIEM's rules rely on: they stand
 * in sshtether(1).  Pure: no clock, no I/O; every string that came from a record is bytes, which base/json
 * makes harmless.
 */
#include <stdio.h>

#include <openssl/evp.h>

#include "agentd/sink/alert.h"

#define PARENTS_MAX 4 /* levels of process.parent; sshtether.ancestry has them all */

/* ECS 8: event.category and event.type, from their lists of allowed values. */
struct ecs_words {
	const char *category[2], *type[2];
};

static const struct ecs_words ecs_words[ACT_COUNT] = {
	[ACT_LOGIN] = {{"authentication", "session"}, {"start"}},
	[ACT_OUTBOUND_SSH] = {{"network", "process"}, {"connection", "start"}},
	[ACT_RELAY] = {{"network"}, {"connection", "start"}},
	[ACT_AGENT_USE] = {{"authentication"}, {"info"}},
	[ACT_AGENT_HIJACK] = {{"intrusion_detection", "authentication"}, {"info"}},
	[ACT_MUX_USE] = {{"session"}, {"info"}},
	[ACT_MUX_HIJACK] = {{"intrusion_detection", "session"}, {"info"}},
	[ACT_LISTEN] = {{"network"}, {"start"}},
	[ACT_SESSION_BRIDGE] = {{"session", "process"}, {"info"}},
	[ACT_SESSION_ESCAPE] = {{"intrusion_detection", "session"}, {"change"}},
	[ACT_KEY_READ] = {{"file"}, {"access"}},
	[ACT_SSH_TAMPER] = {{"intrusion_detection", "process"}, {"access"}},
	[ACT_AUDIT_EVASION] = {{"intrusion_detection", "network"}, {"info"}},
	[ACT_UNREPORTED_SESSION] = {{"intrusion_detection", "session"}, {"start"}},
	[ACT_SSH_PROXY] = {{"network"}, {"connection"}},
	[ACT_UNUSUAL_ORIGIN] = {{"authentication"}, {"info"}},
	[ACT_UNUSUAL_HOUR] = {{"authentication"}, {"info"}},
	[ACT_UNUSUAL_DURATION] = {{"session"}, {"info"}},
	[ACT_UNUSUAL_DESTINATION] = {{"network"}, {"info"}},
	[ACT_CONCURRENT_ORIGINS] = {{"authentication"}, {"info"}},
	[ACT_LISTED_ORIGIN] = {{"threat", "authentication"}, {"indicator"}},
	[ACT_ESCALATED_AGENT] = {{"intrusion_detection", "authentication"}, {"info"}},
};

static const char *const outcome_words[] = {
	[OUTCOME_UNKNOWN] = "unknown",
	[OUTCOME_SUCCESS] = "success",
	[OUTCOME_FAILURE] = "failure",
};

static const char *const way_words[] = {
	[WAY_CONNECT] = NULL, /* the usual one needs no word */
	[WAY_SOCKETCALL] = "socketcall",
	[WAY_FASTOPEN] = "fastopen",
	[WAY_URING] = "io_uring",
};

/* The risk scores that Elastic's own rules give to these words. */
int
alert_severity(enum severity s)
{
	static const int numbers[SEV_COUNT] = {
		[SEV_INFO] = 0,
		[SEV_LOW] = 21,
		[SEV_MEDIUM] = 47,
		[SEV_HIGH] = 73,
		[SEV_CRITICAL] = 99,
	};

	return numbers[s];
}

static bool
was_stopped(enum done d)
{
	return d == DONE_REFUSED || d == DONE_KILLED || d == DONE_CUT || d == DONE_ISOLATED ||
	    d == DONE_REVOKED || d == DONE_TERMINATED;
}

static bool
is_quiet(enum done d)
{
	return d == DONE_RECORDED || d == DONE_PASSED;
}

/* --- the name of a session ------------------------------------------------------------------------ */

#define BOOT_DIGITS 8

const char *
alert_session(const char *boot_id, uint32_t ses, char out[ALERT_SESSION_LEN])
{
	bool known = boot_id != NULL && strlen(boot_id) >= BOOT_DIGITS;

	out[0] = '\0';
	if (ses != SES_UNSET)
		(void)snprintf(out, ALERT_SESSION_LEN, "%.*s%s%u", known ? BOOT_DIGITS : 0,
		    known ? boot_id : "", known ? "-" : "", ses);
	return out;
}

bool
alert_session_parse(struct bytes name, const char *boot_id, uint32_t *ses)
{
	const char *dash = name.n > 0 ? memchr(name.p, '-', name.n) : NULL;
	uint64_t v;

	if (dash != NULL) {
		size_t n = (size_t)(dash - name.p);

		if (n != BOOT_DIGITS || boot_id == NULL || strncmp(boot_id, name.p, n) != 0)
			return false;
		name = (struct bytes){.p = dash + 1, .n = name.n - n - 1};
	}
	if (!bytes_u64(name, &v) || v >= SES_UNSET)
		return false;
	*ses = (uint32_t)v;
	return true;
}

/* --- pieces of JSON ----------------------------------------------------------------------------- */

static void
put_strings(struct json *j, const char *key, const char *const *words, size_t n, const char *last)
{
	json_karray(j, key);
	for (size_t i = 0; i < n && words[i] != NULL; i++)
		json_str(j, bytes_of(words[i]));
	if (last != NULL)
		json_str(j, bytes_of(last));
	json_end(j, ']');
}

static void
put_iso(struct json *j, const char *key, struct rtime t)
{
	struct buf b = BUF_INIT;

	rtime_iso(t, &b);
	json_kbytes(j, key, buf_bytes(&b));
	buf_free(&b);
}

static void
put_hex(struct buf *out, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%02x", p[i]);
}

static void
hash_hex(struct bytes b, size_t nbytes, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(b.p, b.n, digest, NULL, EVP_sha256(), NULL) == 1)
		put_hex(out, digest, nbytes);
}

/* The same evidence has the same id, whoever looks at it and how often: the daemon, replay, a second run. */
static void
put_id(struct json *j, const struct finding *f, const struct alert_context *ctx)
{
	struct buf evidence = BUF_INIT, id = BUF_INIT;
	char to[ADDR_STRLEN];

	buf_printf(&evidence, "%s|%s|%u|%lld|%llu|%u|%u|%s|%u|", activity_info(f->activity)->name,
	    ctx->boot_id != NULL ? ctx->boot_id : "", f->session->ses, (long long)f->time.ms,
	    (unsigned long long)f->serial, f->pid, f->euid, addr_str(f->to.addr, to), f->to.port);
	buf_putb(&evidence, f->to_unix);
	hash_hex(buf_bytes(&evidence), 16, &id);
	json_kbytes(j, "id", buf_bytes(&id));
	buf_free(&evidence);
	buf_free(&id);
}

static void
put_event(struct json *j, const struct alert *a, const struct alert_context *ctx)
{
	const struct finding *f = a->ruling->finding;
	const struct ecs_words *w = &ecs_words[f->activity];
	enum outcome outcome = a->done == DONE_REFUSED ? OUTCOME_FAILURE : f->outcome;

	json_kobject(j, "event");
	json_kstr(j, "kind", is_quiet(a->done) ? "event" : "alert");
	put_strings(j, "category", w->category, 2, NULL);
	put_strings(j, "type", w->type, 2, was_stopped(a->done) ? "denied" : NULL);
	json_kstr(j, "action", activity_info(f->activity)->name);
	json_kstr(j, "outcome", outcome_words[outcome]);
	json_kint(j, "severity", alert_severity(a->ruling->decision.severity));
	json_kstr(j, "reason", f->reason);
	put_iso(j, "created", a->created);
	put_id(j, f, ctx);
	json_end(j, '}');
}

static void
put_rule(struct json *j, const struct decision *d)
{
	struct buf name = BUF_INIT;

	if (d->by_default || d->file == NULL)
		return;
	buf_printf(&name, "%s:%u", d->file, d->line);
	json_kobject(j, "rule");
	json_kbytes(j, "name", buf_bytes(&name));
	json_end(j, '}');
	buf_free(&name);
}

static void
put_threat(struct json *j, enum activity activity)
{
	json_kobject(j, "threat");
	json_kobject(j, "technique");
	put_strings(j, "id", activity_info(activity)->technique, 2, NULL);
	json_end(j, '}');
	json_end(j, '}');
}

/* ECS: ids are keywords, strings even when they are numbers. */
static void
put_uid(struct json *j, uint32_t uid)
{
	char text[16];

	if (uid == UINT32_MAX)
		return;
	(void)snprintf(text, sizeof(text), "%u", uid);
	json_kstr(j, "id", text);
}

static void
put_user(struct json *j, const struct ruling *r)
{
	const struct finding *f = r->finding;

	json_kobject(j, "user");
	json_kstr(j, "name", f->session->user);
	put_uid(j, f->session->auid);
	if (f->euid != UINT32_MAX) {
		json_kobject(j, "effective");
		json_kbytes(j, "name", r->as);
		put_uid(j, f->euid);
		json_end(j, '}');
	}
	json_end(j, '}');
}

static void
put_host(struct json *j, const struct alert_context *ctx)
{
	bool name = ctx->host_name != NULL && ctx->host_name[0] != '\0';
	bool boot = ctx->boot_id != NULL && ctx->boot_id[0] != '\0';

	if (!name && !boot)
		return;
	json_kobject(j, "host");
	json_kstr(j, "name", ctx->host_name);
	if (boot) {
		json_kobject(j, "boot");
		json_kstr(j, "id", ctx->boot_id);
		json_end(j, '}');
	}
	json_end(j, '}');
}

static void
put_endpoint(struct json *j, const char *key, struct endpoint e)
{
	char text[ADDR_STRLEN];

	if (e.addr.family == 0)
		return;
	json_kobject(j, key);
	json_kstr(j, "ip", addr_str(e.addr, text));
	if (e.port != 0)
		json_kuint(j, "port", e.port);
	json_end(j, '}');
}

/* --- processes ------------------------------------------------------------------------------------ */

/* argv as it would be typed, but for quotes: a blank between arguments.  A user chooses how long it is. */
static void
join_argv(const struct process *p, struct buf *out)
{
	bool cut = p->argv_len > ST_ALERT_ARGV;
	size_t n = cut ? ST_ALERT_ARGV : p->argv_len;

	while (n > 0 && p->argv[n - 1] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		buf_putc(out, p->argv[i] != '\0' ? p->argv[i] : ' ');
	if (cut)
		buf_puts(out, "...");
}

static void
put_command_line(struct json *j, const struct process *p, enum command_line how)
{
	struct buf text = BUF_INIT;

	if (p->argv == NULL)
		return;
	switch (how) {
	case COMMAND_FULL:
		join_argv(p, &text);
		break;
	case COMMAND_PROGRAM:
		buf_put(&text, p->argv,
		    strnlen(p->argv, p->argv_len < ST_ALERT_ARGV ? p->argv_len : ST_ALERT_ARGV));
		break;
	case COMMAND_HASH:
		buf_puts(&text, "sha256:");
		hash_hex((struct bytes){.p = p->argv, .n = p->argv_len}, 32, &text);
		break;
	}
	json_kbytes(j, "command_line", buf_bytes(&text));
	buf_free(&text);
}

static void
put_process_fields(struct json *j, const struct process *p, enum command_line how)
{
	json_kuint(j, "pid", p->pid);
	json_kstr(j, "executable", p->exe);
	put_command_line(j, p, how);
}

/* process.parent, its parent in it, and so on. */
static void
put_parents(struct json *j, const struct finding *f, enum command_line how)
{
	size_t n = f->nancestry < PARENTS_MAX ? f->nancestry : PARENTS_MAX;

	for (size_t i = 0; i < n; i++) {
		json_kobject(j, "parent");
		put_process_fields(j, f->ancestry[i], how);
	}
	while (n-- > 0)
		json_end(j, '}');
}

static void
put_process(struct json *j, const struct finding *f, enum command_line how)
{
	if (f->process == NULL && f->pid == 0)
		return;
	json_kobject(j, "process");
	if (f->process != NULL)
		put_process_fields(j, f->process, how);
	else
		json_kuint(j, "pid", f->pid);
	put_parents(j, f, how);
	if (f->session->ssh) {
		json_kobject(j, "entry_leader");
		json_kobject(j, "entry_meta");
		json_kstr(j, "type", "sshd");
		json_end(j, '}');
		json_end(j, '}');
	}
	json_end(j, '}');
}

/* "exe[pid]"; where the program is not known its comm, as ps does it: "(sshd)[12]". */
static void
process_label(const struct process *p, struct buf *out)
{
	if (p->exe != NULL)
		buf_puts(out, p->exe);
	else
		buf_printf(out, "(%.*s)", (int)sizeof(p->comm), p->comm);
	buf_printf(out, "[%u]", p->pid);
}

static void
put_ancestry(struct json *j, const struct finding *f)
{
	struct buf label = BUF_INIT;

	if (f->nancestry == 0)
		return;
	json_karray(j, "ancestry");
	for (size_t i = 0; i < f->nancestry; i++) {
		buf_reset(&label);
		process_label(f->ancestry[i], &label);
		json_str(j, buf_bytes(&label));
	}
	json_end(j, ']');
	buf_free(&label);
}

/* --- ours ------------------------------------------------------------------------------------------- */

/* The inbound flow, then the outbound one: who joins on them follows the hop from host to host. */
static void
put_network(struct json *j, const struct finding *f)
{
	char in[64], out[64];

	community_id(f->session->peer, f->session->local, in);
	community_id(f->from, f->to, out);
	if (in[0] == '\0' && out[0] == '\0')
		return;
	json_kobject(j, "network");
	json_karray(j, "community_id");
	if (in[0] != '\0')
		json_str(j, bytes_of(in));
	if (out[0] != '\0')
		json_str(j, bytes_of(out));
	json_end(j, ']');
	json_end(j, '}');
}

static void
put_login(struct json *j, const struct session *s, const char *boot_id)
{
	char name[ALERT_SESSION_LEN];

	json_kstr(j, "session", alert_session(boot_id, s->ses, name));
	if (s->ses != SES_UNSET)
		json_kuint(j, "ses", s->ses);
	if (s->auid != AUID_UNSET)
		json_kuint(j, "auid", s->auid);
	json_kstr(j, "key", s->key_fp);
	json_kstr(j, "cert_id", s->cert_id);
	json_kstr(j, "method", s->method);
}

static void
put_owner(struct json *j, const struct finding *f, const char *boot_id)
{
	char name[ALERT_SESSION_LEN];

	if (f->owner != OWNER_UNKNOWN)
		json_kstr(j, "owner", owner_name(f->owner));
	if (f->owner_session != NULL)
		json_kstr(j, "owner_session", alert_session(boot_id, f->owner_session->ses, name));
}

void
alert_unix_path(struct bytes path, struct buf *out)
{
	if (path.n > 0 && path.p[0] == '\0') {
		buf_putc(out, '@');
		path = (struct bytes){.p = path.p + 1, .n = path.n - 1};
	}
	buf_putb(out, path);
}

static void
put_unix_path(struct json *j, struct bytes path)
{
	struct buf text = BUF_INIT;

	alert_unix_path(path, &text);
	json_kbytes(j, "to", buf_bytes(&text));
	buf_free(&text);
}

static const char *
why_of(const struct alert *a)
{
	const struct decision *d = &a->ruling->decision;

	if (a->why != NULL)
		return a->why;
	if (d->undetermined && d->strongest >= DO_ALERT)
		return "the policy's answer hangs on facts that are not known";
	return d->never_stop && d->action > DO_ALERT ? "never-stop" : NULL;
}

static void
put_ours(struct json *j, const struct alert *a, const struct alert_context *ctx)
{
	const struct finding *f = a->ruling->finding;

	json_kobject(j, "sshtether");
	json_kstr(j, "activity", activity_info(f->activity)->name);
	put_login(j, f->session, ctx->boot_id);
	json_kstr(j, "mode", mode_name(a->ruling->mode));
	json_kstr(j, "action", action_name(a->ruling->decision.action));
	json_kstr(j, "done", done_name(a->done));
	json_kstr(j, "level", level_name(a->level));
	put_owner(j, f, ctx->boot_id);
	json_kstr(j, "via", f->via);
	json_kstr(j, "way", way_words[f->way]);
	put_unix_path(j, f->to_unix);
	json_kuint(j, "count", f->count);
	put_ancestry(j, f);
	json_kstr(j, "fleet", ctx->fleet);
	json_kuint(j, "policy_serial", ctx->policy_serial);
	json_kstr(j, "why", why_of(a));
	json_end(j, '}');
}

void
alert_json(const struct alert *a, const struct alert_context *ctx, struct buf *out)
{
	const struct finding *f = a->ruling->finding;
	struct json j;

	json_init(&j, out);
	json_object(&j);
	put_iso(&j, "@timestamp", f->time);
	put_event(&j, a, ctx);
	put_rule(&j, &a->ruling->decision);
	put_threat(&j, f->activity);
	put_user(&j, a->ruling);
	put_host(&j, ctx);
	put_endpoint(&j, "source", f->session->peer);
	put_endpoint(&j, "destination", f->to);
	put_process(&j, f, ctx->command_line);
	put_network(&j, f);
	put_ours(&j, a, ctx);
	json_end(&j, '}');
}

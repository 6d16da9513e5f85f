/*
 * alert_event: what an alert says happened, in the words of ECS: event and threat.  The
 * event.id is a hash of the evidence, never of the time it was looked at.  Pure.
 */
#include <openssl/evp.h>

#include "agentd/sink/alert_parts.h"

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

void
alert_put_hash(struct buf *out, struct bytes b, size_t nbytes)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(b.p, b.n, digest, NULL, EVP_sha256(), NULL) != 1)
		return;
	for (size_t i = 0; i < nbytes; i++)
		buf_printf(out, "%02x", digest[i]);
}

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

/*
 * The same evidence has the same id, whoever looks at it and how often: the daemon, replay,
 * a second run.
 */
void
alert_id(const struct finding *f, const struct alert_context *ctx, char out[ALERT_ID_LEN])
{
	struct buf evidence = BUF_INIT, id = BUF_INIT;
	char to[ADDR_STRLEN];

	buf_printf(&evidence, "%s|%s|%u|%lld|%llu|%u|%u|%s|%u|", activity_info(f->activity)->name,
	    ctx->boot_id != NULL ? ctx->boot_id : "", f->session->ses, (long long)f->time.ms,
	    (unsigned long long)f->serial, f->pid, f->euid, addr_str(f->to.addr, to), f->to.port);
	buf_putb(&evidence, f->to_unix);
	alert_put_hash(&id, buf_bytes(&evidence), (ALERT_ID_LEN - 1) / 2);
	if (!bytes_copy(buf_bytes(&id), out, ALERT_ID_LEN))
		out[0] = '\0';
	buf_free(&evidence);
	buf_free(&id);
}

enum severity
alert_rank(const struct alert *a)
{
	const enum severity own = a->ruling->decision.severity;

	return a->joined != NULL && !is_quiet(a->done) && a->joined->severity > own ? a->joined->severity : own;
}

void
alert_put_event(struct json *j, const struct alert *a, const struct alert_context *ctx)
{
	const struct finding *f = a->ruling->finding;
	const struct ecs_words *w = &ecs_words[f->activity];
	enum outcome outcome = a->done == DONE_REFUSED ? OUTCOME_FAILURE : f->outcome;
	char id[ALERT_ID_LEN];

	json_kobject(j, "event");
	json_kstr(j, "kind", is_quiet(a->done) ? "event" : "alert");
	put_strings(j, "category", w->category, 2, NULL);
	put_strings(j, "type", w->type, 2, was_stopped(a->done) ? "denied" : NULL);
	json_kstr(j, "action", activity_info(f->activity)->name);
	json_kstr(j, "outcome", outcome_words[outcome]);
	json_kint(j, "severity", alert_severity(alert_rank(a)));
	json_kstr(j, "reason", f->reason);
	json_key(j, "created");
	json_time(j, a->created);
	alert_id(f, ctx, id);
	json_kstr(j, "id", id);
	json_end(j, '}');
}

void
alert_put_threat(struct json *j, enum activity activity)
{
	json_kobject(j, "threat");
	json_kobject(j, "technique");
	put_strings(j, "id", activity_info(activity)->technique, 2, NULL);
	json_end(j, '}');
	json_end(j, '}');
}

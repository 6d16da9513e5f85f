/*
 * allow_verbs: the verbs of exceptions by hand (sshtether/control.h).  Engine process.  An exception is in
 * force, kept and told of, or it is not given at all.
 */
#include <stdio.h>

#include <sshtether/control.h>

#include "agentd/engine/in_force.h"
#include "agentd/engine/verbs.h"
#include "base/log.h"
#include "base/proc.h"

static void
send_one(struct client *c, const struct allowance *a, unsigned number)
{
	struct buf line = BUF_INIT;
	struct json j;

	json_init(&j, &line);
	json_object(&j);
	allow_json(a, number, &j);
	json_end(&j, '}');
	if (buf_ok(&line))
		client_line(c, buf_bytes(&line));
	buf_free(&line);
}

/* To the alert file and followers, and to the audit trail.  by: of whose word it is; AUID_UNSET: not known. */
static void
tell(struct engine *e, const struct allowance *a, unsigned number, const char *what, enum done done, uint32_t by,
    uint32_t pid)
{
	struct request r = {.kind = REQ_AUDIT, .flags = REQF_ALLOW, .line = number, .done = done, .pid = pid,
	    .auid = by, .limit = a->to.bits, .value = (uint64_t)a->until.ms / 1000,
	    .to = {.family = a->to.addr.family, .port = a->port}, .ses = SES_UNSET};
	struct buf text = BUF_INIT;

	memcpy(r.to.b, a->to.addr.b, sizeof(r.to.b));
	outlet_trail(e->outlet, &r);
	buf_printf(&text, "%s: ", what);
	allow_rule(a, &text);
	if (pid != 0)
		buf_printf(&text, ", by uid 0, pid %u", pid);
	if (pid != 0 && by != AUID_UNSET)
		buf_printf(&text, ", login uid %u", by);
	buf_puts(&text, ": ");
	buf_put_visible(&text, bytes_of(a->reason));
	if (buf_ok(&text))
		outlet_notice(e->outlet, "allow-by-hand", SEV_MEDIUM, number, text.p);
	buf_free(&text);
}

static uint32_t
asker(const struct client *c)
{
	uint32_t auid = AUID_UNSET;

	(void)proc_loginuid(client_pid(c), &auid);
	return auid;
}

/* --- the verbs -------------------------------------------------------------------------------------- */

void
verb_allowed(struct client *c, const struct args *args, void *arg)
{
	const struct engine *e = arg;

	(void)args;
	for (unsigned i = 1; i <= ST_ALLOWANCES; i++)
		if (allow_get(e->allow, i) != NULL)
			send_one(c, allow_get(e->allow, i), i);
	client_end(c, 0, NULL);
}

/* NULL, or what is wrong. */
static const char *
read_allowance(const struct args *args, struct allowance *out)
{
	const char *user = args_str(args, "user"), *to = args_str(args, "to"), *reason = args_str(args, "reason");
	struct allowance a = {0};
	int64_t port, for_ms;

	if (user == NULL || !allow_user_ok(bytes_of(user)) || !bytes_copy(bytes_of(user), a.user, sizeof(a.user)))
		return "the user is one name: letters, digits and _.@+-";
	if (to == NULL || !prefix_parse(bytes_of(to), &a.to))
		return "to is an address or a prefix: 10.20.0.9, 10.20.0.0/16, 2001:db8::/32";
	if (!args_int(args, "port", 0, &port) || port < 0 || port > UINT16_MAX)
		return "the port is a number up to 65535";
	if (!args_int(args, "for_ms", 0, &for_ms) || for_ms < ALLOW_MIN_MS || for_ms > ALLOW_MAX_MS)
		return "an exception lasts from 1m to 30d";
	if (reason == NULL || reason[0] == '\0' || !bytes_copy(bytes_of(reason), a.reason, sizeof(a.reason)))
		return "a reason is to be given, of less than 512 bytes";
	a.port = (uint16_t)port;
	a.until = (struct rtime){.ms = rtime_now().ms + for_ms};
	*out = a;
	return NULL;
}

/* In force and kept.  NULL, or what is wrong; it is then gone again. */
static const char *
give(struct engine *e, unsigned number)
{
	int rc;

	if (number == 0)
		return "there are 64 exceptions already: take one back";
	if (!in_force_allow(e)) {
		allow_remove(e->allow, number);
		return "the policy cannot be built with it; see the log";
	}
	if ((rc = allow_keep(e->allow)) != 0) {
		log_err("exceptions cannot be kept: %s", strerror(-rc));
		allow_remove(e->allow, number);
		(void)in_force_allow(e);
		return "it could not be kept; see the log";
	}
	return NULL;
}

void
verb_allow(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	struct allowance a;
	const char *wrong = read_allowance(args, &a);
	unsigned number = 0;

	if (wrong == NULL) {
		a.auid = asker(c);
		number = allow_add(e->allow, &a);
		wrong = give(e, number);
	}
	if (wrong == NULL) {
		tell(e, &a, number, "allowed by hand", DONE_PASSED, a.auid, (uint32_t)client_pid(c));
		send_one(c, &a, number);
	}
	client_end(c, wrong == NULL ? 0 : 3, wrong);
}

/* It holds no longer; that the file still has it does not matter for long: its time is in it. */
static bool
take_back(struct engine *e, unsigned number)
{
	int rc;

	allow_remove(e->allow, number);
	if ((rc = allow_keep(e->allow)) != 0)
		log_err("that an exception is over cannot be kept: %s", strerror(-rc));
	return in_force_allow(e) && rc == 0;
}

void
verb_disallow(struct client *c, const struct args *args, void *arg)
{
	struct engine *e = arg;
	const struct allowance *found = NULL;
	struct allowance a;
	int64_t number;
	bool ok;

	if (args_int(args, "allow", 0, &number) && number > 0 && number <= ST_ALLOWANCES)
		found = allow_get(e->allow, (unsigned)number);
	if (found == NULL) {
		client_end(c, 1, "there is no such exception; `sshtether allow` lists them");
		return;
	}
	a = *found;
	ok = take_back(e, (unsigned)number);
	tell(e, &a, (unsigned)number, "no longer allowed", DONE_REVOKED, asker(c), (uint32_t)client_pid(c));
	send_one(c, &a, (unsigned)number);
	client_end(c, ok ? 0 : 3, ok ? NULL : "taken back, but not for good; see the log");
}

void
allow_verbs_end(struct engine *e, struct rtime now)
{
	unsigned number;

	while ((number = allow_over(e->allow, now)) != 0) {
		struct allowance a = *allow_get(e->allow, number);

		(void)take_back(e, number);
		tell(e, &a, number, "its time is over, no longer allowed", DONE_RECORDED, AUID_UNSET, 0);
	}
}

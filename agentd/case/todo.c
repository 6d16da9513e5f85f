/*
 * todo: what to do about a case, and the commands that do it: only what fits it, and nothing about one that alerts
 * nobody: a key that is replaced for each journey is replaced for nothing.  A command is there to be pasted by
 * root: what came from outside (a file's name, a user's) stands in it quoted, and a command that would need a backslash
 * or bytes that no terminal shows is left out, so that it stays the same when it is made visible.  Pure.
 */
#include <stdio.h>

#include "agentd/case/case.h"

struct todo {
	struct json *j;
	const struct case_file *c;
	const struct case_context *ctx;
	char id[ALERT_SESSION_LEN];
	unsigned groups; /* bit g: an indicator of that group counts */
};

/* --- words for a shell --- */

static bool
is_plain(const char *s)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@+=-";

	return s[0] != '\0' && s[0] != '-' && s[0] != '=' && s[strspn(s, safe)] == '\0';
}

/* A name that needs no quotes anywhere: in a shell, in sshd_config, in a policy. */
static bool
is_name(const char *s)
{
	return is_plain(s) && strpbrk(s, "/:@+=") == NULL;
}

/* False: it cannot be shown as it is, or means something within quotes (csh and '!'). */
static bool
put_word(struct buf *out, const char *s)
{
	struct buf visible = BUF_INIT;
	bool same;

	buf_put_visible(&visible, bytes_of(s));
	same = buf_ok(&visible) && bytes_is(buf_bytes(&visible), s) && s[0] != '-' && strchr(s, '!') == NULL &&
	    strstr(s, "\xef\xbf\xbd") == NULL;
	buf_free(&visible);
	if (!same)
		return false;
	if (is_plain(s)) {
		buf_puts(out, s);
		return true;
	}
	buf_putc(out, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			buf_puts(out, "'\"'\"'");
		else
			buf_putc(out, *s);
	}
	buf_putc(out, '\'');
	return true;
}

/* --- one thing to do --- */

struct step {
	const char *action;
	struct buf text;    /* for people, to whom it is shown as visible text */
	struct buf command; /* for a shell; empty: none */
	struct buf policy;  /* a line of the policy; empty: none */
};

static void
step_put(struct todo *t, struct step *s)
{
	json_object(t->j);
	json_kstr(t->j, "action", s->action);
	json_kbytes(t->j, "text", buf_bytes(&s->text));
	json_kbytes(t->j, "command", buf_bytes(&s->command));
	json_kbytes(t->j, "policy", buf_bytes(&s->policy));
	json_end(t->j, '}');
	t->j->out->failed |= s->text.failed || s->command.failed || s->policy.failed;
	buf_free(&s->text);
	buf_free(&s->command);
	buf_free(&s->policy);
}

static bool
has(const struct todo *t, enum case_group g)
{
	return (t->groups & 1u << g) != 0;
}

static void
put_order(struct todo *t, const char *order, const char *session, const char *text)
{
	struct step s = {.action = order};

	buf_puts(&s.text, text);
	buf_printf(&s.command, "sshtether %s %s --reason 'case %s, score %u'", order, session, t->id, t->c->score);
	step_put(t, &s);
}

/* --- the session, while it lives --- */

static void
do_terminate(struct todo *t)
{
	if (t->ctx->lives && t->c->severity >= SEV_HIGH)
		put_order(t, "terminate", t->id, "end the session, with all that it started");
}

static void
do_isolate(struct todo *t)
{
	if (t->ctx->lives && t->c->severity >= SEV_MEDIUM)
		put_order(t, "isolate", t->id, t->c->severity >= SEV_HIGH ?
		    "or let it live and go nowhere: it makes no more outbound connections" :
		    "let it go nowhere: it makes no more outbound connections");
}

static void
do_revoke(struct todo *t)
{
	if (t->ctx->lives && t->c->seen.nagents > 0)
		put_order(t, "revoke-agent", t->id, "cut the agent off that it has forwarded");
}

static bool
is_use(const struct case_item *it)
{
	return it->activity == ACT_AGENT_HIJACK && it->points[GROUP_AGENT] > 0;
}

/* sshd and ssh have reached an agent, or have keys in their memory as an agent has. */
static bool
is_reach(const struct case_item *it)
{
	return it->activity == ACT_SSH_TAMPER && it->reached && !it->passed;
}

static bool
has_keys(const struct case_item *it)
{
	return is_use(it) || is_reach(it);
}

/* Of two that have no session nobody knows whether they are one. */
static bool
is_same_owner(const struct case_item *a, const struct case_item *b)
{
	return a->owner_ses == b->owner_ses && strcmp(a->owner_user, b->owner_user) == 0 &&
	    (a->owner_ses != SES_UNSET || strcmp(a->subject, b->subject) == 0);
}

/* It is one of those, and the same owner has not stood in one before. */
static bool
is_first_owner(const struct case_file *c, size_t at, bool (*is_one)(const struct case_item *))
{
	const struct case_item *it = &c->items[at];

	for (size_t i = 0; i < at; i++) {
		if (is_one(&c->items[i]) && is_same_owner(&c->items[i], it))
			return false;
	}
	return is_one(it);
}

static bool
lives(const struct todo *t, uint32_t ses)
{
	const struct session *s = t->ctx->host != NULL && ses != SES_UNSET ? host_session(t->ctx->host, ses) : NULL;

	return s != NULL && s->state == SESSION_OPEN;
}

/* Those whose agents were used: before they are used again. */
static void
do_revoke_others(struct todo *t)
{
	char name[ALERT_SESSION_LEN], text[160];

	for (size_t i = 0; i < t->c->nitems; i++) {
		const struct case_item *it = &t->c->items[i];

		if (!is_first_owner(t->c, i, is_use) || !lives(t, it->owner_ses) || it->owner_ses == t->c->ses)
			continue;
		(void)snprintf(text, sizeof(text), "cut the agent off that was used: %s's, of session %u",
		    is_name(it->owner_user) ? it->owner_user : "its user", it->owner_ses);
		put_order(t, "revoke-agent", alert_session(t->c->boot, it->owner_ses, name), text);
	}
}

/* --- credentials --- */

static void
put_certificate(const struct case_file *c, struct step *s)
{
	buf_puts(&s->text, "revoke the certificate that the user logged in with: ");
	buf_puts(&s->text, c->cert_id);
	buf_puts(&s->text, " of the CA ");
	buf_puts(&s->text, c->ca_fp);
	buf_puts(&s->text, " (RevokedKeys in sshd_config)");
}

static void
put_login_key(const struct case_file *c, struct step *s)
{
	buf_puts(&s->text, "replace the key that the user logged in with: ");
	buf_puts(&s->text, c->key_fp);
	buf_puts(&s->text, "; this shows which line it is");
	if (is_name(c->user) && is_plain(c->key_fp))
		buf_printf(&s->command, "ssh-keygen -lf ~%s/.ssh/authorized_keys | grep -F %s", c->user, c->key_fp);
}

static bool
counts(const struct case_file *c, enum activity a, enum owner o)
{
	for (size_t i = 0; i < c->nitems; i++) {
		unsigned points = 0;

		for (unsigned g = 0; g < GROUP_COUNT; g++)
			points += c->items[i].points[g];
		if (c->items[i].activity == a && (o == OWNER_UNKNOWN || c->items[i].owner == o) && points > 0)
			return true;
	}
	return false;
}

/* Whoever sat there had the user's credentials; who was let in past them is another matter. */
static void
do_login_key(struct todo *t)
{
	struct step s = {.action = "rotate-key"};

	if (t->c->scored < SEV_HIGH && !has(t, GROUP_ORIGIN) && !counts(t->c, ACT_CONCURRENT_ORIGINS, OWNER_UNKNOWN))
		return;
	if (t->c->cert_id[0] != '\0')
		put_certificate(t->c, &s);
	else if (t->c->key_fp[0] != '\0')
		put_login_key(t->c, &s);
	else if (t->c->method[0] != '\0' && strcmp(t->c->method, "publickey") != 0 && is_name(t->c->user)) {
		buf_puts(&s.text, "the user logged in with a password: have it changed at the next login");
		buf_printf(&s.command, "passwd -e %s", t->c->user);
	} else {
		buf_puts(&s.text, "replace what the user logged in with: it is not known which key");
	}
	step_put(t, &s);
}

static void
do_read_keys(struct todo *t)
{
	for (size_t i = 0; i < t->c->nitems; i++) {
		const struct case_item *it = &t->c->items[i];
		struct step s = {.action = "rotate-key"};

		if (it->points[GROUP_KEYS] == 0 || it->subject[0] == '\0')
			continue;
		buf_puts(&s.text, "replace the key that was read: ");
		buf_puts(&s.text, it->subject);
		if (it->owner_user[0] != '\0') {
			buf_puts(&s.text, ", of ");
			buf_puts(&s.text, it->owner_user);
		}
		buf_puts(&s.text, "; this is its fingerprint, wherever it is accepted");
		buf_puts(&s.command, "ssh-keygen -lf ");
		if (!put_word(&s.command, it->subject))
			buf_reset(&s.command);
		step_put(t, &s);
	}
}

static void
do_agent_keys(struct todo *t)
{
	char name[ALERT_SESSION_LEN];

	for (size_t i = 0; i < t->c->nitems; i++) {
		const struct case_item *it = &t->c->items[i];
		struct step s = {.action = "rotate-key"};

		if (!is_first_owner(t->c, i, has_keys))
			continue;
		buf_puts(&s.text, "look where the keys of ");
		if (it->owner_user[0] != '\0')
			buf_puts(&s.text, it->owner_user);
		else
			buf_puts(&s.text, "whoever it belongs to");
		buf_puts(&s.text, is_use(it) ? " are accepted, and replace them: the agent " : " are accepted, and replace them: ");
		buf_puts(&s.text, it->subject);
		if (is_use(it))
			buf_puts(&s.text, " was used by somebody else");
		else if (it->owner_ses == SES_UNSET && !it->agent)
			buf_puts(&s.text, "; of a listening sshd they are the host's own");
		if (it->owner_ses != SES_UNSET)
			buf_printf(&s.command, "sshtether alerts --all --session %s",
			    alert_session(t->c->boot, it->owner_ses, name));
		step_put(t, &s);
	}
}

/* --- sshd and the policy --- */

/* A file for each user and option, so that neither takes the place of another; pasted twice it is the same. */
static void
put_sshd(struct todo *t, const char *user, const char *option, const char *name, const char *text)
{
	struct step s = {.action = "disable-forwarding"};
	struct buf file = BUF_INIT;

	if (!is_name(user))
		return;
	buf_printf(&file, "/etc/ssh/sshd_config.d/10-sshtether-%s-%s.conf", name, user);
	buf_printf(&s.text, "%s for %s, in a file that sshd_config includes", text, user);
	if (buf_ok(&file))
		buf_printf(&s.command, "echo Match User %s >%s && echo %s >>%s && sshd -t && xargs kill -HUP </run/sshd.pid", user,
		    file.p, option, file.p);
	s.command.failed |= file.failed;
	buf_free(&file);
	step_put(t, &s);
}

static bool
found(const struct case_file *c, enum activity a)
{
	for (size_t i = 0; i < c->nitems; i++) {
		if (c->items[i].activity == a && !c->items[i].passed)
			return true;
	}
	return false;
}

/* An agent that is not forwarded is in nobody's reach. */
static void
do_forwarding(struct todo *t)
{
	for (size_t i = 0; i < t->c->nitems; i++) {
		const struct case_item *it = &t->c->items[i];

		if (is_first_owner(t->c, i, is_use))
			put_sshd(t, it->owner_user, "AllowAgentForwarding no", "no-agent", "no more agent forwarding");
	}
	if (has(t, GROUP_MOVEMENT) && found(t->c, ACT_RELAY))
		put_sshd(t, t->c->user, "DisableForwarding yes", "no-forwarding",
		    "no more forwarding of any kind");
}

static void
do_origin(struct todo *t)
{
	struct step s = {.action = "block-origin"};
	char ip[ADDR_STRLEN];

	if (!has(t, GROUP_ORIGIN) || t->c->peer.addr.family == 0)
		return;
	addr_str(t->c->peer.addr, ip);
	buf_printf(&s.text, "no more logins from %s, by the policy", ip);
	buf_printf(&s.policy, "deny login origin %s severity high", ip);
	step_put(t, &s);
}

/* What would have stopped it; %s: the user, where the line has one. */
static const struct {
	enum activity activity;
	enum owner owner; /* OWNER_UNKNOWN: any */
	const char *line;
} lines[] = {
	{ACT_AGENT_HIJACK, OWNER_OTHER, "terminate agent-hijack owner other severity critical"},
	{ACT_AGENT_HIJACK, OWNER_SAME_USER, "block agent-hijack owner same-user severity high"},
	{ACT_MUX_HIJACK, OWNER_OTHER, "terminate mux-hijack owner other severity critical"},
	{ACT_MUX_HIJACK, OWNER_SAME_USER, "block mux-hijack owner same-user severity high"},
	{ACT_SSH_TAMPER, OWNER_UNKNOWN, "terminate ssh-tamper severity critical"},
	{ACT_SESSION_ESCAPE, OWNER_UNKNOWN, "terminate session-escape severity high"},
	{ACT_ESCALATED_AGENT, OWNER_UNKNOWN, "revoke-agent escalated-agent user %s severity high"},
	{ACT_KEY_READ, OWNER_UNKNOWN, "terminate key-read user %s severity high"},
	{ACT_UNREPORTED_SESSION, OWNER_UNKNOWN, "terminate unreported-session user %s severity high"},
	{ACT_LISTED_ORIGIN, OWNER_UNKNOWN, "terminate listed-origin severity high"},
	{ACT_UNUSUAL_DESTINATION, OWNER_UNKNOWN, "block outbound-ssh, relay user %s severity high"},
};

static void
do_policy(struct todo *t)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *user = strstr(lines[i].line, "%s");
		struct step s = {.action = "policy"};

		if (!counts(t->c, lines[i].activity, lines[i].owner) || (user != NULL && !is_name(t->c->user)))
			continue;
		buf_printf(&s.text, "a rule that stops such %s where the mode is enforce",
		    activity_info(lines[i].activity)->name);
		buf_put(&s.policy, lines[i].line, user != NULL ? (size_t)(user - lines[i].line) : strlen(lines[i].line));
		if (user != NULL)
			buf_printf(&s.policy, "%s%s", t->c->user, user + 2);
		step_put(t, &s);
	}
}

/* A session that an alert calls grave may be ended; what outlasts it is changed for what counts. */
static const struct {
	void (*put)(struct todo *);
	bool lasts;
} steps[] = {
	{do_terminate, false}, {do_isolate, false}, {do_revoke, false}, {do_revoke_others, false}, {do_login_key, true},
	{do_read_keys, true}, {do_agent_keys, true}, {do_forwarding, true}, {do_origin, true}, {do_policy, true},
};

void
case_put_actions(struct json *j, const struct case_file *c, const struct case_context *ctx)
{
	struct todo t = {.j = j, .c = c, .ctx = ctx};

	(void)alert_session(c->boot, c->ses, t.id);
	for (size_t i = 0; i < c->nitems; i++) {
		for (unsigned g = 0; g < GROUP_COUNT; g++)
			t.groups |= c->items[i].points[g] > 0 ? 1u << g : 0;
	}
	json_karray(j, "actions");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if ((steps[i].lasts ? c->scored : c->severity) >= SEV_MEDIUM)
			steps[i].put(&t);
	}
	json_end(j, ']');
}

/*
 * module: the hooks of pam_sshtether.so.  They run inside sshd, as root, before anything of the user's
 * does; for keyboard-interactive the account hook runs in a forked child of it.
 *
 * Never here: globals, the user's environment (pam_putenv leaks into it), stdio, signal dispositions,
 * a descriptor that outlives the hook, a wait beyond the configured time.
 *
 * What PAM hears.  The documented lines end in `default=ignore`, so only a refusal is felt:
 *
 *   PAM_SUCCESS      sshtetherd allowed the login
 *   PAM_IGNORE       there was no verdict and the login goes on: fail=open, or exempt
 *   PAM_PERM_DENIED  sshtetherd refused it; in the account hook also: no verdict and fail=closed
 *   PAM_SESSION_ERR  no verdict and fail=closed, in the session hook
 *   PAM_SERVICE_ERR  the PAM line is wrong.  Nobody is asked and each login is logged as an error.  The
 *                    documented lines let it pass, because a slip of the pen must not lock a host;
 *                    a `required` line refuses
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "base/safe.h"
#include "pam_module/connection.h"
#include "pam_module/exchange.h"
#include "pam_module/exempt.h"
#include "pam_module/gather.h"
#include "pam_module/options.h"

#define HOOK __attribute__((visibility("default")))

struct hook {
	enum report_kind kind;
	int closed; /* what PAM hears for want of a verdict under fail=closed */
};

static const struct hook account_hook = {REPORT_ACCOUNT, PAM_PERM_DENIED};
static const struct hook open_hook = {REPORT_OPEN, PAM_SESSION_ERR};
static const struct hook close_hook = {REPORT_CLOSE, PAM_IGNORE};

/* One call of one hook. */
struct call {
	pam_handle_t *pamh;
	int flags;
	const struct hook *hook;
	struct options options;
	struct report report;
};

/* --- what the user and the log see ---------------------------------------------------------------- */

/*
 * Only printable text gets as far as a terminal, whoever wrote it.  A backslash is printable: what the
 * daemon has made visible already comes out as it is.
 */
static void
show(const struct call *c, int style, const char *text)
{
	struct buf line = BUF_INIT;

	if (*text == '\0' || ((unsigned)c->flags & PAM_SILENT) != 0)
		return;
	for (const char *at = text; at != NULL;) {
		const char *slash = strchr(at, '\\');

		buf_put_visible(&line, (struct bytes){.p = at,
		    .n = slash != NULL ? (size_t)(slash - at) : strlen(at)});
		if (slash != NULL)
			buf_putc(&line, '\\');
		at = slash != NULL ? slash + 1 : NULL;
	}
	if (buf_ok(&line) && line.n > 0)
		(void)pam_prompt(c->pamh, style, NULL, "%s", line.p);
	buf_free(&line);
}

static void
debug_report(const struct call *c)
{
	const struct report *r = &c->report;

	if (c->options.debug)
		pam_syslog(c->pamh, LOG_DEBUG,
		    "report: user %s uid %u ses %u pid %u method \"%s\" key %s%s%s flags 0x%x", r->user,
		    r->uid, r->ses, r->pid, r->method, r->key_fp[0] != '\0' ? r->key_fp : "unknown",
		    r->ca_fp[0] != '\0' ? " ca " : "", r->ca_fp, r->flags);
}

/* --- refusing -------------------------------------------------------------------------------------- */

/*
 * After an error in open_session sshd runs no command, but a client that asked for none (-N) stays
 * connected, and close_session is never called: so the connection itself is ended here.
 */
static int
refuse(const struct call *c, int code)
{
	int ended;

	if (c->hook->kind != REPORT_OPEN)
		return code;
	ended = connection_end(&c->report.peer, &c->report.local);
	if (ended < 0) {
		errno = -ended;
		pam_syslog(c->pamh, LOG_ERR, "the refused connection cannot be ended: %m");
	} else if (ended == 0) {
		pam_syslog(c->pamh, LOG_ERR, "the refused connection cannot be ended: "
		    "no TCP socket of this process is the one of SSH_CONNECTION");
	}
	return code;
}

/* --- no verdict ------------------------------------------------------------------------------------ */

static bool
in_group(const char *group, void *arg)
{
	const struct call *c = arg;
	const void *user = NULL;

	return pam_get_item(c->pamh, PAM_USER, &user) == PAM_SUCCESS && user != NULL &&
	    pam_modutil_user_in_group_nam_nam(c->pamh, user, group) == 1;
}

static struct exempt_found
search_exempt(struct call *c)
{
	struct exempt_found found = {0};
	struct buf text = BUF_INIT;
	const char *why = NULL;
	const void *user = NULL;
	char room[64];
	int rc;

	if (c->options.exempt == NULL || pam_get_item(c->pamh, PAM_USER, &user) != PAM_SUCCESS ||
	    user == NULL)
		return found;
	rc = safe_read(c->options.exempt, EXEMPT_FILE_MAX, &text, &why);
	if (rc == 0)
		exempt_search(buf_bytes(&text),
		    &(struct exempt_who){.user = user, .key_fp = c->report.key_fp,
		        .in_group = in_group, .arg = c},
		    &found);
	else
		pam_syslog(c->pamh, LOG_ERR, "%s is not used: %s", c->options.exempt,
		    why != NULL ? why : strerror_r(-rc, room, sizeof(room)));
	if (found.bad_line != 0)
		pam_syslog(c->pamh, LOG_ERR, "%s:%u: expected user NAME, group NAME or key SHA256:…",
		    c->options.exempt, found.bad_line);
	buf_free(&text);
	return found;
}

/*
 * Whether a login that nobody judged goes on although fail=closed.  The account hook does not know
 * the key yet: where the file exempts keys, it leaves the question to the session hook.
 */
static bool
may_pass(struct call *c, const char *why)
{
	struct exempt_found found = search_exempt(c);

	if (found.line != 0) {
		pam_syslog(c->pamh, LOG_NOTICE, "%s: %s is exempt (%s:%u), the login goes on", why,
		    c->report.user, c->options.exempt, found.line);
		return true;
	}
	if (found.names_keys && c->hook->kind == REPORT_ACCOUNT &&
	    (c->report.flags & REPORT_KEY_KNOWN) == 0) {
		pam_syslog(c->pamh, LOG_NOTICE, "%s: the key of %s is not known yet and %s exempts "
		    "keys, the session hook decides", why, c->report.user, c->options.exempt);
		return true;
	}
	return false;
}

static int
unjudged(struct call *c, const char *why)
{
	if (c->hook->kind == REPORT_CLOSE) {
		pam_syslog(c->pamh, LOG_INFO, "%s: the end of this session is not reported", why);
		return PAM_IGNORE;
	}
	if (!c->options.fail_closed) {
		pam_syslog(c->pamh, LOG_WARNING, "%s: the login goes on (fail=open)", why);
		return PAM_IGNORE;
	}
	if (may_pass(c, why))
		return PAM_IGNORE;
	pam_syslog(c->pamh, LOG_ERR, "%s: the login is refused (fail=closed)", why);
	show(c, PAM_ERROR_MSG, "Login refused: the session policy of this host cannot be asked.");
	return refuse(c, c->hook->closed);
}

/* --- a verdict ------------------------------------------------------------------------------------- */

/*
 * The monitor's own answer, for an engine that gave none, is a verdict; but nobody looked at a rule,
 * so those who mend the machine pass it.
 */
static int
judged(struct call *c, const struct verdict *v)
{
	const char *by = v->source == VERDICT_FALLBACK ? "the fallback of sshtetherd" : "policy";

	if (c->options.debug)
		pam_syslog(c->pamh, LOG_DEBUG, "verdict: %s by %s",
		    v->action == VERDICT_ALLOW ? "allow" : "deny", by);
	if (c->hook->kind == REPORT_CLOSE)
		return PAM_SUCCESS;
	if (v->action == VERDICT_ALLOW) {
		show(c, PAM_TEXT_INFO, v->message);
		return PAM_SUCCESS;
	}
	if (v->source == VERDICT_FALLBACK && may_pass(c, "refused by the fallback of sshtetherd"))
		return PAM_IGNORE;
	pam_syslog(c->pamh, LOG_NOTICE, "the login of %s is refused by %s", c->report.user, by);
	show(c, PAM_ERROR_MSG, v->message);
	return refuse(c, PAM_PERM_DENIED);
}

/* --- hooks ----------------------------------------------------------------------------------------- */

static int
ask(struct call *c)
{
	struct buf why = BUF_INIT;
	struct verdict v;
	const char *trouble = gather(c->pamh, c->hook->kind, &c->report);
	enum exchange how;
	char room[64];
	int code;

	if (trouble != NULL)
		return unjudged(c, trouble);
	debug_report(c);
	how = exchange(c->options.socket, c->options.timeout_ms, &c->report, &v);
	if (how == EXCHANGE_OK)
		return judged(c, &v);
	buf_printf(&why, "no verdict from %s within %u ms: %s (%s)", c->options.socket,
	    c->options.timeout_ms, exchange_text(how), strerror_r(errno, room, sizeof(room)));
	code = unjudged(c, buf_ok(&why) ? why.p : exchange_text(how));
	buf_free(&why);
	return code;
}

static int
run(pam_handle_t *pamh, int flags, int argc, const char **argv, const struct hook *hook)
{
	struct call c = {.pamh = pamh, .flags = flags, .hook = hook};
	const char *bad, *why;

	if (!options_parse(argc, argv, &c.options, &bad, &why)) {
		pam_syslog(pamh, LOG_ERR, "option \"%s\" is refused: %s; "
		    "logins are not reported until the PAM line is mended", bad, why);
		return PAM_SERVICE_ERR;
	}
	return ask(&c);
}

HOOK int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return run(pamh, flags, argc, argv, &account_hook);
}

HOOK int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return run(pamh, flags, argc, argv, &open_hook);
}

HOOK int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return run(pamh, flags, argc, argv, &close_hook);
}

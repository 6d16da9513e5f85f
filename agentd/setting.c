/*
 * setting: see setting.h.  Runs in both processes at start, before they drop anything.
 */
#include "agentd/setting.h"

#include <pwd.h>
#include <sshtether/limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/suggest.h"

struct choice {
	const char *word;
	int value;
};

static const struct choice on_off[] = {{"on", true}, {"off", false}, {NULL, 0}};
static const struct choice open_closed[] = {{"open", true}, {"closed", false}, {NULL, 0}};
static const struct choice keep_release[] = {{"keep", true}, {"release", false}, {NULL, 0}};
static const struct choice sources[] = {
    {"auto", SOURCE_AUTO}, {"auditd", SOURCE_SET_AUDITD}, {"netlink", SOURCE_SET_NETLINK}, {NULL, 0}};
static const struct choice modes[] = {{"audit", MODE_AUDIT}, {"enforce", MODE_ENFORCE}, {NULL, 0}};
static const struct choice command_lines[] = {{"full", CONFIG_COMMAND_FULL},
    {"program", CONFIG_COMMAND_PROGRAM}, {"hash", CONFIG_COMMAND_HASH}, {NULL, 0}};

enum kind {
	KIND_NAME,     /* char * */
	KIND_PATH,     /* char *, absolute */
	KIND_PATH_OFF, /* char *, absolute; "off": NULL */
	KIND_BOOL,     /* bool, by its choices */
	KIND_CHOICE,   /* an enum, by its choices */
	KIND_NUMBER,   /* unsigned, min to max */
	KIND_DURATION, /* int64_t, milliseconds, min to max */
	KIND_ROLES,    /* a list of names */
	KIND_LISTED,   /* a list of absolute paths; may be given more than once */
	KIND_USERS,    /* a list of user names or uids */
	KIND_COUNT,
};

struct setting {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct config */
	const struct choice *choices;
	int64_t min, max;
};

#define AT(field) offsetof(struct config, field)

static const struct setting settings[] = {
    {"user", KIND_NAME, AT(user), NULL, 0, 0},
    {"group", KIND_NAME, AT(group), NULL, 0, 0},
    {"run-dir", KIND_PATH, AT(run_dir), NULL, 0, 0},
    {"state-dir", KIND_PATH, AT(state_dir), NULL, 0, 0},
    {"source", KIND_CHOICE, AT(source), sources, 0, 0},
    {"auditd-socket", KIND_PATH, AT(auditd_socket), NULL, 0, 0},
    {"audit-rules", KIND_BOOL, AT(audit_rules), on_off, 0, 0},
    {"mode", KIND_CHOICE, AT(mode), modes, 0, 0},
    {"login-timeout", KIND_DURATION, AT(login_timeout_ms), NULL, 10, 10000},
    {"login-fail", KIND_BOOL, AT(login_fail_open), open_closed, 0, 0},
    {"gate-cgroup", KIND_PATH, AT(gate_cgroup), NULL, 0, 0},
    {"on-exit", KIND_BOOL, AT(gate_keep), keep_release, 0, 0},
    {"watch-keys", KIND_BOOL, AT(watch_keys), on_off, 0, 0},
    {"action-rate", KIND_NUMBER, AT(action_rate), NULL, 1, 10000},
    {"break-glass", KIND_USERS, AT(breakglass_uid), NULL, 0, 0},
    {"policy", KIND_PATH, AT(policy), NULL, 0, 0},
    {"fleet", KIND_NAME, AT(fleet), NULL, 0, 0},
    {"require-signature", KIND_BOOL, AT(require_signature), on_off, 0, 0},
    {"allowed-signers", KIND_PATH, AT(allowed_signers), NULL, 0, 0},
    {"policy-watch", KIND_BOOL, AT(policy_watch), on_off, 0, 0},
    {"roles", KIND_ROLES, AT(roles), NULL, 0, 0},
    {"host-name", KIND_NAME, AT(host_name), NULL, 0, 0},
    {"alert-file", KIND_PATH_OFF, AT(alert_file), NULL, 0, 0},
    {"alert-syslog", KIND_BOOL, AT(alert_syslog), on_off, 0, 0},
    {"alert-audit", KIND_BOOL, AT(alert_audit), on_off, 0, 0},
    {"command-line", KIND_CHOICE, AT(command_line), command_lines, 0, 0},
    {"store-days", KIND_NUMBER, AT(store_days), NULL, 1, 3650},
    {"baseline-days", KIND_NUMBER, AT(baseline_days), NULL, 3, ST_USUAL_DAYS},
    {"baseline-after", KIND_NUMBER, AT(baseline_after), NULL, 0, ST_USUAL_DAYS - 1},
    {"baseline-active", KIND_NUMBER, AT(baseline_active), NULL, 0, ST_USUAL_DAYS - 1},
    {"listed-origins", KIND_LISTED, AT(listed), NULL, 0, 0},
    {"strict", KIND_BOOL, AT(strict), on_off, 0, 0},
};

#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))

_Static_assert(NSETTINGS <= 64, "seen has a bit for each setting");
_Static_assert(sizeof(enum mode) == sizeof(int) && sizeof(enum source_setting) == sizeof(int),
    "KIND_CHOICE stores an int");

static void *
field(struct config *c, const struct setting *s)
{
	return (char *)c + s->offset;
}

/* --- one value -------------------------------------------------------------------------------- */

/* NULL after an error: no memory, empty, or a zero byte in it. */
static char *
text_of(struct setter *to, const struct token *t)
{
	char *s = malloc(t->text.n + 1);
	size_t n;

	if (s == NULL) {
		to->diag->failed = true;
		return NULL;
	}
	n = token_decode(t, s);
	s[n] = '\0';
	if (n == 0) {
		diag_error(to->diag, t->at, "this is empty");
		free(s);
		return NULL;
	}
	return s;
}

static void
set_name(struct setter *to, const struct setting *s, const struct token *t)
{
	char **slot = field(to->config, s), *text = text_of(to, t);

	if (text == NULL)
		return;
	free(*slot);
	*slot = text;
}

static void
set_path(struct setter *to, const struct setting *s, const struct token *t)
{
	char **slot = field(to->config, s);

	if (s->kind == KIND_PATH_OFF && t->kind == TOK_WORD && bytes_is(t->text, "off")) {
		free(*slot);
		*slot = NULL;
	} else if (t->text.n != 0 && t->text.p[0] != '/') {
		diag_error(to->diag, t->at, "%s is an absolute path%s", s->name,
		    s->kind == KIND_PATH_OFF ? ", or off" : "");
	} else {
		set_name(to, s, t);
	}
}

static void
set_choice(struct setter *to, const struct setting *s, const struct token *t)
{
	struct buf all = BUF_INIT;
	struct suggest near;
	char quoted[DIAG_QUOTE];

	suggest_init(&near, t->text);
	for (const struct choice *c = s->choices; c->word != NULL; c++) {
		if (bytes_is(t->text, c->word)) {
			if (s->kind == KIND_BOOL)
				*(bool *)field(to->config, s) = c->value != 0;
			else
				*(int *)field(to->config, s) = c->value;
			buf_free(&all);
			return;
		}
		suggest_offer(&near, c->word);
		buf_printf(&all, "%s%s", all.n != 0 ? ", " : "", c->word);
	}
	diag_error(to->diag, t->at, "'%s' is no value of %s", diag_quote(t->text, quoted), s->name);
	if (near.best != NULL)
		diag_help(to->diag, "did you mean '%s'?", near.best);
	else
		diag_help(to->diag, "expected one of %s", buf_ok(&all) ? all.p : "");
	buf_free(&all);
}

static void
set_number(struct setter *to, const struct setting *s, const struct token *t)
{
	uint64_t n;

	if (!bytes_u64(t->text, &n) || n < (uint64_t)s->min || n > (uint64_t)s->max) {
		diag_error(to->diag, t->at, "%s is a number from %lld to %lld", s->name,
		    (long long)s->min, (long long)s->max);
		return;
	}
	*(unsigned *)field(to->config, s) = (unsigned)n;
}

static void
set_duration(struct setter *to, const struct setting *s, const struct token *t)
{
	int64_t ms;

	if (!duration_parse(t->text, &ms) || ms < s->min || ms > s->max) {
		diag_error(to->diag, t->at, "%s is a duration from %lldms to %lldms", s->name,
		    (long long)s->min, (long long)s->max);
		diag_help(to->diag, "for example: 250ms, 1s");
		return;
	}
	*(int64_t *)field(to->config, s) = ms;
}

/* --- lists ------------------------------------------------------------------------------------ */

static void
set_roles(struct setter *to, const struct token *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *role = text_of(to, &values[i]);

		if (role == NULL)
			continue;
		if (to->config->nroles == CONFIG_ROLES_MAX) {
			diag_error(to->diag, values[i].at, "a host has at most %d roles", CONFIG_ROLES_MAX);
			free(role);
			return;
		}
		to->config->roles[to->config->nroles++] = role;
	}
}

static void
set_listed(struct setter *to, const struct token *values, size_t n)
{
	struct config *c = to->config;

	for (size_t i = 0; i < n; i++) {
		const struct token *t = &values[i];
		char *path;

		if (t->text.n != 0 && t->text.p[0] != '/') {
			diag_error(to->diag, t->at, "listed-origins is an absolute path");
			continue;
		}
		if (c->nlisted == ST_LISTED_FILES) {
			diag_error(to->diag, t->at, "at most %d files of listed origins", ST_LISTED_FILES);
			return;
		}
		if ((path = text_of(to, t)) != NULL)
			c->listed[c->nlisted++] = path;
	}
}

static bool
uid_of(struct setter *to, const struct token *t, uint32_t *out)
{
	char *name = text_of(to, t), quoted[DIAG_QUOTE];
	const struct passwd *pw;
	uint64_t n;
	bool ok = false;

	if (name == NULL)
		return false;
	if (bytes_u64(bytes_of(name), &n) && n < UINT32_MAX) {
		*out = (uint32_t)n;
		ok = true;
	} else if ((pw = getpwnam(name)) != NULL) {
		*out = pw->pw_uid;
		ok = true;
	} else {
		diag_error(to->diag, t->at, "there is no user '%s'", diag_quote(t->text, quoted));
		diag_help(to->diag, "a user of this host, or a numeric uid");
	}
	free(name);
	return ok;
}

static void
set_users(struct setter *to, const struct token *values, size_t n)
{
	struct config *c = to->config;
	uint32_t uid;

	for (size_t i = 0; i < n; i++) {
		if (!uid_of(to, &values[i], &uid))
			continue;
		if (c->nbreakglass == CONFIG_BREAKGLASS_MAX) {
			diag_error(to->diag, values[i].at, "at most %d users", CONFIG_BREAKGLASS_MAX);
			return;
		}
		c->breakglass_uid[c->nbreakglass++] = uid;
	}
}

/* --- any ------------------------------------------------------------------------------------------ */

static const struct {
	void (*one)(struct setter *, const struct setting *, const struct token *);
	void (*list)(struct setter *, const struct token *, size_t n); /* instead */
} kinds[KIND_COUNT] = {
	[KIND_NAME] = {.one = set_name},
	[KIND_PATH] = {.one = set_path},
	[KIND_PATH_OFF] = {.one = set_path},
	[KIND_BOOL] = {.one = set_choice},
	[KIND_CHOICE] = {.one = set_choice},
	[KIND_NUMBER] = {.one = set_number},
	[KIND_DURATION] = {.one = set_duration},
	[KIND_ROLES] = {.list = set_roles},
	[KIND_LISTED] = {.list = set_listed},
	[KIND_USERS] = {.list = set_users},
};

const struct setting *
setting_find(struct diag *diag, const struct token *t)
{
	struct suggest near;
	char quoted[DIAG_QUOTE];

	suggest_init(&near, t->text);
	for (size_t i = 0; i < NSETTINGS; i++) {
		if (bytes_is(t->text, settings[i].name))
			return &settings[i];
		suggest_offer(&near, settings[i].name);
	}
	diag_error(diag, t->at, "there is no setting '%s'", diag_quote(t->text, quoted));
	if (near.best != NULL)
		diag_help(diag, "did you mean '%s'?", near.best);
	return NULL;
}

void
setting_set(struct setter *to, const struct setting *s, struct span at, const struct token *values, size_t n)
{
	const uint64_t bit = UINT64_C(1) << (s - settings);

	if ((to->seen & bit) != 0 && s->kind != KIND_LISTED)
		diag_error(to->diag, at, "%s is given twice", s->name);
	to->seen |= bit;
	if (kinds[s->kind].list != NULL)
		kinds[s->kind].list(to, values, n);
	else if (n != 1)
		diag_error(to->diag, at, "%s has one value", s->name);
	else
		kinds[s->kind].one(to, s, &values[0]);
}

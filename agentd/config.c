/*
 * config: reads sshtetherd.conf(5): one setting a line, each a row of the table below.  Uses the
 * lexer and the diagnostics of the policy language.  Runs in both processes at start, before they
 * drop anything; must never be handed bytes that a user could have written (safe_read() sees to
 * that).
 */
#include "agentd/config.h"

#include <errno.h>
#include <pwd.h>
#include <sshtether/limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/safe.h"
#include "policy/lexer.h"
#include "policy/suggest.h"

#define CONFIG_BYTES (256u << 10)
#define VALUES_MAX   64

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
	KIND_USERS,    /* a list of user names or uids */
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
    {"action-rate", KIND_NUMBER, AT(action_rate), NULL, 1, 10000},
    {"break-glass", KIND_USERS, AT(breakglass_uid), NULL, 0, 0},
    {"policy", KIND_PATH, AT(policy), NULL, 0, 0},
    {"roles", KIND_ROLES, AT(roles), NULL, 0, 0},
    {"host-name", KIND_NAME, AT(host_name), NULL, 0, 0},
    {"alert-file", KIND_PATH_OFF, AT(alert_file), NULL, 0, 0},
    {"alert-syslog", KIND_BOOL, AT(alert_syslog), on_off, 0, 0},
    {"alert-audit", KIND_BOOL, AT(alert_audit), on_off, 0, 0},
    {"command-line", KIND_CHOICE, AT(command_line), command_lines, 0, 0},
    {"store-days", KIND_NUMBER, AT(store_days), NULL, 1, 3650},
    {"strict", KIND_BOOL, AT(strict), on_off, 0, 0},
};

#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))

/* One line while it is read. */
struct reader {
	struct config *config;
	struct lexer lexer;
	struct diag *diag;
	struct token values[VALUES_MAX];
	size_t nvalues;
	enum token_kind last; /* the token that was read last */
	uint32_t seen;        /* bit i: settings[i] */
};

_Static_assert(NSETTINGS <= 32, "seen has a bit for each setting");
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
text_of(struct reader *r, const struct token *t)
{
	char *s = malloc(t->text.n + 1);
	size_t n;

	if (s == NULL) {
		r->diag->failed = true;
		return NULL;
	}
	n = token_decode(t, s);
	s[n] = '\0';
	if (n == 0) {
		diag_error(r->diag, t->at, "this is empty");
		free(s);
		return NULL;
	}
	return s;
}

static bool
replace(struct config *c, const struct setting *s, char *text)
{
	char **slot = field(c, s);

	if (text == NULL)
		return false;
	free(*slot);
	*slot = text;
	return true;
}

static bool
set_path(struct reader *r, const struct setting *s, const struct token *t)
{
	char **slot = field(r->config, s);

	if (s->kind == KIND_PATH_OFF && t->kind == TOK_WORD && bytes_is(t->text, "off")) {
		free(*slot);
		*slot = NULL;
		return true;
	}
	if (t->text.n != 0 && t->text.p[0] != '/') {
		diag_error(r->diag, t->at, "%s is an absolute path%s", s->name,
		    s->kind == KIND_PATH_OFF ? ", or off" : "");
		return false;
	}
	return replace(r->config, s, text_of(r, t));
}

static bool
set_choice(struct reader *r, const struct setting *s, const struct token *t)
{
	struct buf all = BUF_INIT;
	struct suggest near;
	char quoted[DIAG_QUOTE];

	suggest_init(&near, t->text);
	for (const struct choice *c = s->choices; c->word != NULL; c++) {
		if (bytes_is(t->text, c->word)) {
			if (s->kind == KIND_BOOL)
				*(bool *)field(r->config, s) = c->value != 0;
			else
				*(int *)field(r->config, s) = c->value;
			buf_free(&all);
			return true;
		}
		suggest_offer(&near, c->word);
		buf_printf(&all, "%s%s", all.n != 0 ? ", " : "", c->word);
	}
	diag_error(r->diag, t->at, "'%s' is no value of %s", diag_quote(t->text, quoted), s->name);
	if (near.best != NULL)
		diag_help(r->diag, "did you mean '%s'?", near.best);
	else
		diag_help(r->diag, "expected one of %s", buf_ok(&all) ? all.p : "");
	buf_free(&all);
	return false;
}

static bool
set_number(struct reader *r, const struct setting *s, const struct token *t)
{
	uint64_t n;

	if (!bytes_u64(t->text, &n) || n < (uint64_t)s->min || n > (uint64_t)s->max) {
		diag_error(r->diag, t->at, "%s is a number from %lld to %lld", s->name,
		    (long long)s->min, (long long)s->max);
		return false;
	}
	*(unsigned *)field(r->config, s) = (unsigned)n;
	return true;
}

static bool
set_duration(struct reader *r, const struct setting *s, const struct token *t)
{
	int64_t ms;

	if (!duration_parse(t->text, &ms) || ms < s->min || ms > s->max) {
		diag_error(r->diag, t->at, "%s is a duration from %lldms to %lldms", s->name,
		    (long long)s->min, (long long)s->max);
		diag_help(r->diag, "for example: 250ms, 1s");
		return false;
	}
	*(int64_t *)field(r->config, s) = ms;
	return true;
}

/* --- lists ------------------------------------------------------------------------------------ */

static void
set_roles(struct reader *r)
{
	for (size_t i = 0; i < r->nvalues; i++) {
		char *role = text_of(r, &r->values[i]);

		if (role == NULL)
			continue;
		if (r->config->nroles == CONFIG_ROLES_MAX) {
			diag_error(r->diag, r->values[i].at, "a host has at most %d roles",
			    CONFIG_ROLES_MAX);
			free(role);
			return;
		}
		r->config->roles[r->config->nroles++] = role;
	}
}

static bool
uid_of(struct reader *r, const struct token *t, uint32_t *out)
{
	char *name = text_of(r, t), quoted[DIAG_QUOTE];
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
		diag_error(r->diag, t->at, "there is no user '%s'", diag_quote(t->text, quoted));
		diag_help(r->diag, "a user of this host, or a numeric uid");
	}
	free(name);
	return ok;
}

static void
set_users(struct reader *r)
{
	struct config *c = r->config;
	uint32_t uid;

	for (size_t i = 0; i < r->nvalues; i++) {
		if (!uid_of(r, &r->values[i], &uid))
			continue;
		if (c->nbreakglass == CONFIG_BREAKGLASS_MAX) {
			diag_error(r->diag, r->values[i].at, "at most %d users",
			    CONFIG_BREAKGLASS_MAX);
			return;
		}
		c->breakglass_uid[c->nbreakglass++] = uid;
	}
}

/* --- one line --------------------------------------------------------------------------------- */

static const struct setting *
setting_find(struct reader *r, const struct token *t)
{
	struct suggest near;
	char quoted[DIAG_QUOTE];

	suggest_init(&near, t->text);
	for (size_t i = 0; i < NSETTINGS; i++) {
		if (bytes_is(t->text, settings[i].name))
			return &settings[i];
		suggest_offer(&near, settings[i].name);
	}
	diag_error(r->diag, t->at, "there is no setting '%s'", diag_quote(t->text, quoted));
	if (near.best != NULL)
		diag_help(r->diag, "did you mean '%s'?", near.best);
	return NULL;
}

static void
apply(struct reader *r, const struct setting *s, struct span at)
{
	const struct token *t = &r->values[0];
	uint32_t bit = 1u << (s - settings);

	if (r->seen & bit)
		diag_error(r->diag, at, "%s is given twice", s->name);
	r->seen |= bit;
	if (s->kind == KIND_ROLES)
		set_roles(r);
	else if (s->kind == KIND_USERS)
		set_users(r);
	else if (r->nvalues != 1)
		diag_error(r->diag, at, "%s has one value", s->name);
	else if (s->kind == KIND_NAME)
		replace(r->config, s, text_of(r, t));
	else if (s->kind == KIND_PATH || s->kind == KIND_PATH_OFF)
		set_path(r, s, t);
	else if (s->kind == KIND_NUMBER)
		set_number(r, s, t);
	else if (s->kind == KIND_DURATION)
		set_duration(r, s, t);
	else
		set_choice(r, s, t);
}

static struct token
next(struct reader *r)
{
	struct token t = lexer_next(&r->lexer);

	r->last = t.kind;
	return t;
}

static bool
is_value(const struct token *t)
{
	return t->kind == TOK_WORD || t->kind == TOK_STRING;
}

static bool
unexpected(struct reader *r, const struct token *t, const char *expected)
{
	if (t->kind == TOK_BAD) /* said already */
		return false;
	diag_error(r->diag, t->at, "expected %s", expected);
	return false;
}

static bool
add_value(struct reader *r, const struct token *t)
{
	if (r->nvalues == VALUES_MAX)
		return unexpected(r, t, "no more than 64 values");
	r->values[r->nvalues++] = *t;
	return true;
}

/* After '{': values and commas up to '}', over lines. */
static bool
read_list(struct reader *r)
{
	bool comma = true; /* nothing, or a comma, stands before */

	for (;;) {
		struct token t = next(r);

		if (t.kind == TOK_NEWLINE)
			continue;
		if (t.kind == TOK_CLOSE)
			return true;
		if (t.kind == TOK_COMMA && !comma)
			comma = true;
		else if (is_value(&t) && comma && add_value(r, &t))
			comma = false;
		else
			return unexpected(r, &t, comma ? "a value or '}'" : "',' or '}'");
	}
}

/* The values behind the name of a setting, to the end of the line. */
static bool
read_values(struct reader *r)
{
	struct token t = next(r);

	r->nvalues = 0;
	if (is_value(&t)) {
		if (!add_value(r, &t))
			return false;
	} else if (t.kind != TOK_OPEN) {
		return unexpected(r, &t, "a value");
	} else if (!read_list(r)) {
		return false;
	}
	t = next(r);
	if (t.kind != TOK_NEWLINE && t.kind != TOK_END)
		return unexpected(r, &t, "the end of the line");
	return true;
}

static void
read_all(struct reader *r)
{
	for (;;) {
		struct token t = next(r);
		const struct setting *s = NULL;

		if (t.kind == TOK_END || diag_full(r->diag))
			return;
		if (t.kind == TOK_NEWLINE)
			continue;
		if (t.kind == TOK_WORD)
			s = setting_find(r, &t);
		else
			unexpected(r, &t, "the name of a setting");
		if (s != NULL && read_values(r))
			apply(r, s, t.at);
		else if (r->last != TOK_NEWLINE)
			lexer_skip_line(&r->lexer);
	}
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool
set_defaults(struct config *c, const char *path)
{
	c->path = strdup(path);
	c->user = strdup("_sshtether");
	c->group = strdup("sshtether");
	c->run_dir = strdup("/run/sshtether");
	c->state_dir = strdup("/var/lib/sshtether");
	c->source = SOURCE_AUTO;
	c->auditd_socket = strdup("/run/audispd_events");
	c->audit_rules = true;
	c->mode = MODE_AUDIT;
	c->login_timeout_ms = 250;
	c->login_fail_open = true;
	c->action_rate = 60;
	c->policy = strdup("/etc/sshtether/sshtether.policy");
	c->alert_file = strdup("/var/log/sshtether/alerts.jsonl");
	c->alert_syslog = true;
	c->alert_audit = true;
	c->command_line = CONFIG_COMMAND_FULL;
	c->store_days = ST_STORE_DAYS;
	return c->path != NULL && c->user != NULL && c->group != NULL && c->run_dir != NULL &&
	    c->state_dir != NULL && c->auditd_socket != NULL && c->policy != NULL &&
	    c->alert_file != NULL;
}

struct config *
config_load(const char *path, struct buf *out, unsigned *nerrors)
{
	struct config *c = calloc(1, sizeof(*c));
	struct buf text = BUF_INIT;
	struct diag diag = DIAG_INIT;
	struct reader r = {.config = c, .diag = &diag};
	struct source src = {.name = path};
	const char *why = NULL;
	int err;

	diag.failed = c == NULL || !set_defaults(c, path);
	err = safe_read(path, CONFIG_BYTES, &text, &why);
	if (err == -ENOENT && strcmp(path, CONFIG_FILE) != 0)
		diag_error(&diag, (struct span){0}, "%s: no such file", path);
	else if (err != 0 && err != -ENOENT)
		diag_error(&diag, (struct span){0}, "%s: %s", path,
		    why != NULL ? why : strerror(-err));
	src.text = buf_bytes(&text);
	lexer_init(&r.lexer, &src, &diag);
	if (err == 0 && !diag.failed)
		read_all(&r);
	diag_print(&diag, out);
	*nerrors = diag.errors + diag.failed;
	buf_free(&text);
	diag_free(&diag);
	if (*nerrors != 0)
		config_free(&c);
	return c;
}

void
config_free(struct config **cp)
{
	struct config *c = *cp;

	if (c == NULL)
		return;
	free(c->path);
	free(c->user);
	free(c->group);
	free(c->run_dir);
	free(c->state_dir);
	free(c->auditd_socket);
	free(c->gate_cgroup);
	free(c->policy);
	for (size_t i = 0; i < c->nroles; i++)
		free(c->roles[i]);
	free(c->host_name);
	free(c->alert_file);
	free(c);
	*cp = NULL;
}

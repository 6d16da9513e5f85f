/*
 * config: reads sshtetherd.conf(5): one setting a line, each a row of setting.c's table.  Uses the
 * lexer and the diagnostics of the policy language.  Runs in both processes at start, before they
 * drop anything; must never be handed bytes that a user could have written (safe_read() sees to
 * that).
 */
#include "agentd/config.h"

#include <errno.h>
#include <sshtether/limits.h>
#include <stdlib.h>

#include "agentd/setting.h"
#include "base/safe.h"

#define CONFIG_BYTES (256u << 10)
#define VALUES_MAX   64

/* One line while it is read. */
struct reader {
	struct lexer lexer;
	struct diag *diag;
	struct setter to;
	struct token values[VALUES_MAX];
	size_t nvalues;
	enum token_kind last; /* the token that was read last */
};

/* --- one line --------------------------------------------------------------------------------- */

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
		return unexpected(r, &t, t.kind == TOK_COMMA ? "the end of the line: a list stands in braces" :
		                                               "the end of the line");
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
			s = setting_find(r->diag, &t);
		else
			unexpected(r, &t, "the name of a setting");
		if (s != NULL && read_values(r))
			setting_set(&r->to, s, t.at, r->values, r->nvalues);
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
	c->watch_keys = true;
	c->login_fail_open = true;
	c->action_rate = 60;
	c->policy = strdup("/etc/sshtether/sshtether.policy");
	c->allowed_signers = strdup("/etc/sshtether/allowed_signers");
	c->alert_file = strdup("/var/log/sshtether/alerts.jsonl");
	c->alert_syslog = true;
	c->alert_audit = true;
	c->command_line = CONFIG_COMMAND_FULL;
	c->store_days = ST_STORE_DAYS;
	c->baseline_days = ST_USUAL_WINDOW;
	c->baseline_after = ST_USUAL_AFTER;
	c->baseline_active = ST_USUAL_ACTIVE;
	return c->path != NULL && c->user != NULL && c->group != NULL && c->run_dir != NULL &&
	    c->state_dir != NULL && c->auditd_socket != NULL && c->policy != NULL &&
	    c->allowed_signers != NULL && c->alert_file != NULL;
}

/* Today does not count, so that of n days n − 1 can be waited for. */
static void
check_baseline(const struct config *c, struct diag *diag)
{
	if (c->baseline_after < c->baseline_days && c->baseline_active < c->baseline_days)
		return;
	diag_error(diag, (struct span){0}, "nothing would ever be unusual: baseline-after %u and baseline-active %u are "
	    "to be less than baseline-days %u", c->baseline_after, c->baseline_active, c->baseline_days);
}

struct config *
config_load(const char *path, struct buf *out, unsigned *nerrors)
{
	struct config *c = calloc(1, sizeof(*c));
	struct buf text = BUF_INIT;
	struct diag diag = DIAG_INIT;
	struct reader r = {.diag = &diag, .to = {.config = c, .diag = &diag}};
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
	if (!diag.failed)
		check_baseline(c, &diag);
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
	free(c->fleet);
	free(c->allowed_signers);
	for (size_t i = 0; i < c->nroles; i++)
		free(c->roles[i]);
	for (size_t i = 0; i < c->nlisted; i++)
		free(c->listed[i]);
	free(c->host_name);
	free(c->alert_file);
	free(c);
	*cp = NULL;
}

/* scene: see scene.h.  What goes to syslog is caught on the way: libpam finds our syslog() first. */
#include "tests/pam/scene.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/safe.h"

#define ACCOUNT_LINE "account [success=ok perm_denied=die default=ignore] "
#define SESSION_LINE "session [success=ok perm_denied=die session_err=die default=ignore] "

static const char *module;
char home[] = "/tmp/test_pam_module.XXXXXX";
char socket_path[64], exempt_path[64];
struct buf logged = BUF_INIT, shown = BUF_INIT;

/* --- what is logged and shown ---------------------------------------------------------------------- */

__attribute__((visibility("default"))) void syslog(int, const char *, ...)
    __attribute__((format(printf, 2, 3)));
__attribute__((visibility("default"))) void __syslog_chk(int, int, const char *, ...)
    __attribute__((format(printf, 3, 4)));

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	va_start(ap, fmt);
	buf_vprintf(&logged, fmt, ap);
	va_end(ap);
	buf_putc(&logged, '\n');
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	(void)flag;
	va_start(ap, fmt);
	buf_vprintf(&logged, fmt, ap);
	va_end(ap);
	buf_putc(&logged, '\n');
}

bool
in_log(const char *text)
{
	return *text == '\0' || (logged.n > 0 && strstr(logged.p, text) != NULL);
}

static int
converse(int n, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
	(void)arg;
	for (int i = 0; i < n; i++)
		buf_printf(&shown, "%c:%s\n", messages[i]->msg_style == PAM_ERROR_MSG ? 'E' : 'I',
		    messages[i]->msg);
	*responses = calloc((size_t)n, sizeof(**responses));
	return *responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* --- one call of one hook -------------------------------------------------------------------------- */

static int (*const hooks[])(pam_handle_t *, int) = {pam_acct_mgmt, pam_open_session, pam_close_session};

static void
write_stack(const struct scene *s)
{
	struct buf text = BUF_INIT;
	char path[80];
	const char *object = s->object != NULL ? s->object : module;
	const char *options = s->options != NULL ? s->options : "";
	const int timeout_ms = s->waits ? SCENE_TIMEOUT_MS : SCENE_PATIENCE_MS;

	for (int i = 0; i < 2; i++) {
		const char *type = i == 0 ? "account" : "session";

		if (s->control != NULL)
			buf_printf(&text, "%s %s ", type, s->control);
		else
			buf_puts(&text, i == 0 ? ACCOUNT_LINE : SESSION_LINE);
		buf_printf(&text, "%s socket=%s timeout=%d %s\n", object, socket_path, timeout_ms, options);
		buf_printf(&text, "%s required pam_permit.so\n", type);
	}
	snprintf(path, sizeof(path), "%s/sshd", home);
	assert_int_equal(atomic_write(path, buf_bytes(&text), 0644), 0);
	buf_free(&text);
}

static int
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static void
put_env(pam_handle_t *pamh, const char *name, const char *value)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s=%s", name, value);
	assert_int_equal(pam_putenv(pamh, b.p), PAM_SUCCESS);
	buf_free(&b);
}

/* Both environments on one line each. */
static void
join_env(pam_handle_t *pamh, struct buf *out)
{
	char **list = pam_getenvlist(pamh);

	assert_non_null(list);
	for (size_t i = 0; list[i] != NULL; i++) {
		buf_printf(out, "%s\n", list[i]);
		free(list[i]);
	}
	free(list);
	for (char **e = environ; *e != NULL; e++)
		buf_printf(out, "%s\n", *e);
}

pam_handle_t *
begin(const struct scene *s)
{
	const struct pam_conv conv = {.conv = converse};
	pam_handle_t *pamh = NULL;

	write_stack(s);
	assert_int_equal(pam_start_confdir("sshd", s->user != NULL ? s->user : "root", &conv, home, &pamh),
	    PAM_SUCCESS);
	assert_int_equal(pam_set_item(pamh, PAM_TTY, "ssh"), PAM_SUCCESS);
	put_env(pamh, "SSH_CONNECTION", s->connection != NULL ? s->connection : "192.0.2.1 50022 192.0.2.2 22");
	put_env(pamh, "SSH_AUTH_INFO_0", s->auth != NULL ? s->auth : "password\n");
	return pamh;
}

struct outcome
call(const struct scene *s, enum hook hook)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct sigaction pipe_before, pipe_after;
	struct outcome o;
	struct mtime start;
	pam_handle_t *pamh = begin(s);
	int fds;

	buf_reset(&logged);
	buf_reset(&shown);
	join_env(pamh, &before);
	sigaction(SIGPIPE, NULL, &pipe_before);
	fds = count_fds();
	start = mtime_now();
	o.code = hooks[hook](pamh, s->pam_flags);
	o.ms = mtime_ms_since(mtime_now(), start);
	assert_int_equal(count_fds(), fds);
	sigaction(SIGPIPE, NULL, &pipe_after);
	assert_true(pipe_before.sa_handler == pipe_after.sa_handler);
	join_env(pamh, &after);
	assert_string_equal(before.p, after.p);
	assert_true(o.ms < SCENE_PATIENCE_MS);
	assert_true(!s->waits || o.ms >= SCENE_TIMEOUT_MS - 20);
	buf_free(&before);
	buf_free(&after);
	pam_end(pamh, o.code);
	return o;
}

/* --- life -------------------------------------------------------------------------------------------- */

void
scene_module(const char *path)
{
	module = path;
}

int
scene_setup(void **state)
{
	(void)state;
	if (mkdtemp(home) == NULL)
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/report.sock", home);
	snprintf(exempt_path, sizeof(exempt_path), "%s/exempt", home);
	return 0;
}

int
scene_teardown(void **state)
{
	char path[80];

	(void)state;
	unlink(exempt_path);
	unlink(socket_path);
	snprintf(path, sizeof(path), "%s/sshd", home);
	unlink(path);
	snprintf(path, sizeof(path), "%s/broken.so", home);
	unlink(path);
	buf_free(&logged);
	buf_free(&shown);
	return rmdir(home);
}

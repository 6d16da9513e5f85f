/* cli_kit: see cli_kit.h. */
#include "tests/unit/cli_kit.h"

#include <stdio.h>
#include <unistd.h>

#include "base/safe.h"
#include "tests/unit/fake_daemon.h"

void
ran_free(struct ran *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
	buf_free(&r->request);
}

struct ran
ran_with(command_fn *command, const char *line, const char *socket_name, const char *answer)
{
	struct ran r = {0};
	struct fake_daemon d;
	struct cli cli = {.utc = true};

	fake_daemon_start(&d, socket_name, answer);
	cli.run_dir = d.dir;
	r.status = run_command(&cli, command, line, &r.out, &r.err);
	fake_daemon_request(&d, &r.request);
	fake_daemon_stop(&d);
	return r;
}

struct ran
ran_alone(command_fn *command, const char *line)
{
	struct ran r = {0};
	struct cli cli = {.utc = true, .run_dir = "/nonexistent/sshtether"};

	r.status = run_command(&cli, command, line, &r.out, &r.err);
	return r;
}

struct ran
ran_with_both(command_fn *command, const char *line, const char *engine, const char *monitor, struct buf *order)
{
	struct ran r = {0};
	struct fake_daemon e, m;
	struct cli cli = {.utc = true};
	char path[128];

	fake_daemon_start(&e, "control.sock", engine);
	fake_daemon_start(&m, "monitor.sock", monitor);
	(void)snprintf(path, sizeof(path), "%s/monitor.sock", e.dir);
	assert_int_equal(symlink(m.path, path), 0);
	cli.run_dir = e.dir;
	r.status = run_command(&cli, command, line, &r.out, &r.err);
	fake_daemon_request(&e, &r.request);
	(void)plain_read(m.request_path, 4096, order);
	(void)unlink(path);
	fake_daemon_stop(&e);
	fake_daemon_stop(&m);
	return r;
}

void
assert_in(const struct buf *text, const char *want)
{
	if (strstr(text->p, want) == NULL)
		fail_msg("'%s' is not in: %s", want, text->p);
}

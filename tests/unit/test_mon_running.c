/* Clients that nobody told of: running.c on the /proc of this machine, its other neighbours made up.  Needs root. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sshtether/limits.h>

#include "agentd/monitor/facts.h"
#include "agentd/monitor/guards.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/running.h"
#include "agentd/monitor/watches.h"
#include "tests/unit/fake_timer.h"
#include "tests/unit/unit.h"

#define AUID  4001
#define OTHER 4002

static struct job *given;
static uint32_t registered;
static pid_t wanted;
static unsigned taken;
static const pid_t *crowd; /* in place of who runs here; the last of them is there once, the rest many times */
static size_t ncrowd;

/* --- neighbours ------------------------------------------------------------------------------------------- */

bool
aside_give(struct aside *a, struct job *j)
{
	(void)a;
	assert_null(given);
	given = j;
	return true;
}

struct mon_session *
registry_get(const struct registry *r, uint32_t ses)
{
	static struct mon_session one;

	(void)r;
	return ses == registered ? &one : NULL;
}

size_t
registry_count(const struct registry *r)
{
	(void)r;
	return 1;
}

bool
guards_take(struct guards *g, const struct facts *f)
{
	(void)g;
	taken += f->pid == wanted && f->ses == registered && (f->auid == AUID || f->auid == OTHER);
	return true;
}

struct guards *
watches_guards(const struct watches *w)
{
	(void)w;
	return NULL;
}

int __real_proc_each(int (*)(pid_t, void *), void *);
int __wrap_proc_each(int (*)(pid_t, void *), void *);

int
__wrap_proc_each(int (*fn)(pid_t, void *), void *arg)
{
	int rc = 0;

	if (ncrowd == 0)
		return __real_proc_each(fn, arg);
	for (size_t i = 0; i + 1 < ncrowd && rc == 0; i++)
		for (unsigned k = 0; k <= ST_GUARDED_SES && rc == 0; k++)
			rc = fn(crowd[i], arg);
	return rc != 0 ? rc : fn(crowd[ncrowd - 1], arg);
}

/* --- tests ------------------------------------------------------------------------------------------------ */

static void
copy(const char *from, const char *to)
{
	const int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);

	assert_true(in != -1 && out != -1);
	while (sendfile(out, in, NULL, 1 << 20) > 0)
		continue;
	close(in);
	close(out);
}

static pid_t
start(const char *program, uint32_t auid)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
	if (fd == -1 || dprintf(fd, "%u", auid) <= 0)
		_exit(1);
	close(fd);
	execl(program, program, "60", (char *)NULL);
	_exit(1);
}

static void
runs(pid_t pid, const char *program)
{
	char name[64] = "";

	while (facts_program_name(pid, name, sizeof(name)) != 0 || strcmp(name, program) != 0)
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(proc_sessionid(pid, &registered), 0);
}

static void
end(const pid_t *pid, int n)
{
	for (int i = 0; i < n; i++) {
		assert_int_equal(kill(pid[i], SIGKILL), 0);
		assert_int_equal(waitpid(pid[i], NULL, 0), pid[i]);
	}
}

static unsigned
looks(pid_t pid)
{
	wanted = pid;
	taken = 0;
	fake_timer_fire();
	assert_non_null(given);
	fake_timer_fire(); /* one at a time */
	given->run(given);
	given->done(given);
	given = NULL;
	return taken;
}

static void
a_client_of_a_session_is_found(void **state)
{
	char dir[] = "/tmp/test-running-XXXXXX", ssh[64], other[64];
	struct monitor m = {0};
	struct running *r;
	pid_t pid[2];

	(void)state;
	if (geteuid() != 0)
		skip();
	r = running_new(&m);
	assert_non_null(r);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(ssh, sizeof(ssh), "%s/ssh", dir);
	(void)snprintf(other, sizeof(other), "%s/sleep", dir);
	copy("/bin/sleep", ssh);
	copy("/bin/sleep", other);
	pid[0] = start(ssh, AUID);
	pid[1] = start(other, AUID);
	runs(pid[1], "sleep");
	assert_int_equal(looks(pid[1]), 0);
	runs(pid[0], "ssh");
	assert_int_equal(looks(pid[0]), 1);
	assert_int_equal(unlink(ssh), 0); /* an upgrade */
	assert_int_equal(looks(pid[0]), 1);
	registered++;
	assert_int_equal(looks(pid[0]), 0); /* of a session that is not registered */
	end(pid, 2);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(rmdir(dir), 0);
	running_free(&r);
}

#define SESSIONS (ST_GUARDED / ST_GUARDED_SES)

/* Whose pids are lower, and who has as many sessions as he likes. */
static void
who_runs_many_hides_nobody_else_s(void **state)
{
	char dir[] = "/tmp/test-running-XXXXXX", ssh[64];
	struct monitor m = {0};
	struct running *r;
	pid_t pid[SESSIONS + 1];

	(void)state;
	if (geteuid() != 0)
		skip();
	r = running_new(&m);
	assert_non_null(r);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(ssh, sizeof(ssh), "%s/ssh", dir);
	copy("/bin/sleep", ssh);
	for (int i = 0; i <= SESSIONS; i++) {
		pid[i] = start(ssh, i < SESSIONS ? AUID : OTHER);
		runs(pid[i], "ssh");
	}
	crowd = pid;
	ncrowd = SESSIONS + 1;
	assert_int_equal(looks(pid[SESSIONS]), 1);
	assert_int_equal(proc_sessionid(pid[0], &registered), 0);
	assert_int_equal(looks(pid[0]), ST_GUARDED_SES);
	ncrowd = 0;
	end(pid, SESSIONS + 1);
	assert_int_equal(unlink(ssh), 0);
	assert_int_equal(rmdir(dir), 0);
	running_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_of_a_session_is_found),
		cmocka_unit_test(who_runs_many_hides_nobody_else_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who listens where: several that are sought at once, as the kernel says: owner.c and what it walks with, its neighbours made up. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agentd/monitor/owner.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/table.h"
#include "tests/unit/unit.h"

#define EACH 2

static char dir[] = "/tmp/owner.XXXXXX";

/* --- neighbours ------------------------------------------------------------------------------------------- */

bool
aside_give(struct aside *a, struct job *j)
{
	(void)a;
	(void)j;
	return false;
}

bool
protect_is_sshd_file(struct monitor *m, pid_t pid)
{
	(void)m;
	(void)pid;
	return false;
}

bool
protect_runs_sshd(struct monitor *m, pid_t pid)
{
	(void)m;
	(void)pid;
	return false;
}

void
table_answer_with(struct monitor *m, uint32_t id, const struct notice *n, const int *fds, int nfds)
{
	(void)m;
	(void)id;
	(void)n;
	(void)fds;
	(void)nfds;
}

/* --- tests ------------------------------------------------------------------------------------------------ */

struct bound {
	int fd;
	struct sockaddr_un at;
	struct owner_file file;
};

static void
bind_one(struct bound *b, unsigned number)
{
	struct stat st;

	memset(b, 0, sizeof(*b));
	b->at.sun_family = AF_UNIX;
	(void)snprintf(b->at.sun_path, sizeof(b->at.sun_path), "%s/%u", dir, number);
	b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(b->fd, -1);
	assert_int_equal(bind(b->fd, (const struct sockaddr *)&b->at, sizeof(b->at)), 0);
	assert_int_equal(stat(b->at.sun_path, &st), 0);
	b->file = (struct owner_file){.dev_major = major(st.st_dev), .dev_minor = minor(st.st_dev), .inode = st.st_ino};
}

static void
unbind(const struct bound *b)
{
	assert_int_equal(unlink(b->at.sun_path), 0);
	close(b->fd);
}

static void
give(struct jobs *jobs, struct owner_search *s, const struct bound *b, pid_t hint)
{
	*s = (struct owner_search){.file = b->file, .hint = (uint32_t)hint};
	s->job.since = mtime_now();
	TAILQ_INSERT_TAIL(jobs, &s->job, entry);
}

static void
is_ours(const struct owner_search *s, const struct bound *b)
{
	assert_int_equal(s->rc, 0);
	assert_int_equal(s->owner.holder.pid, getpid());
	assert_string_equal(s->owner.path, b->at.sun_path);
	assert_int_not_equal(s->owner.cookie, 0);
}

static void
all_at_once(void **state)
{
	struct jobs jobs = TAILQ_HEAD_INITIALIZER(jobs);
	struct owner_search hinted, wrongly, unhinted, nobodys, late;
	struct bound b[EACH], idle;

	(void)state;
	for (unsigned i = 0; i < EACH; i++) {
		bind_one(&b[i], i);
		assert_int_equal(listen(b[i].fd, 1), 0);
	}
	bind_one(&idle, EACH);
	give(&jobs, &hinted, &b[0], getpid());
	give(&jobs, &nobodys, &idle, getpid());
	give(&jobs, &wrongly, &b[1], 1);
	give(&jobs, &unhinted, &b[1], 0);
	give(&jobs, &late, &b[0], 0);
	late.job.since = (struct mtime){.ns = 0};
	owner_find_all(&jobs);
	is_ours(&hinted, &b[0]);
	is_ours(&wrongly, &b[1]);
	assert_int_equal(nobodys.rc, -ENOENT);
	assert_int_equal(late.rc, -ETIMEDOUT);
	assert_int_not_equal(hinted.owner.cookie, wrongly.owner.cookie);
	is_ours(&unhinted, &b[1]);
	for (unsigned i = 0; i < EACH; i++)
		unbind(&b[i]);
	unbind(&idle);
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_at_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

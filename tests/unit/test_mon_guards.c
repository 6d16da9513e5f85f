/* Whose memory is guarded when somebody has more processes than there is room for: guards.c, its neighbours made up. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agentd/monitor/guards.h"
#include "agentd/monitor/listeners.h"
#include "agentd/monitor/protect.h"
#include "agentd/monitor/reader.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/target.h"
#include "agentd/monitor/watches.h"
#include "tests/unit/unit.h"

#define ALICE 1001
#define BOB   1002
#define THEIR 5000 /* and on: one login user each */

static struct guards *all;
static struct facts target;
static bool sshd; /* it is its session's */
static uint64_t ticks;

/* --- neighbours ------------------------------------------------------------------------------------------- */

struct guards *
watches_guards(const struct watches *w)
{
	(void)w;
	return all;
}

void
watches_changed(struct monitor *m)
{
	(void)m;
}

void
listeners_left(struct listeners *l, pid_t pid)
{
	(void)l;
	(void)pid;
}

struct mon_session *
registry_get(const struct registry *r, uint32_t ses)
{
	static struct mon_session one;

	(void)r;
	one.ses = ses;
	return &one;
}

bool
protect_own_sshd(const struct mon_session *s, const struct facts *f)
{
	return s->ses == f->ses && sshd;
}

enum result
target_open(struct registry *r, uint32_t ses, uint32_t pid, int64_t time_ms, struct target *out)
{
	(void)r;
	(void)ses;
	(void)pid;
	(void)time_ms;
	*out = (struct target){.pidfd = -1, .facts = target};
	return RES_OK;
}

void
target_close(struct target *t)
{
	(void)t;
}

int
proc_pidfd(pid_t pid)
{
	(void)pid;
	return -1;
}

int
facts_of(int pidfd, pid_t pid, struct facts *out)
{
	(void)pidfd;
	(void)pid;
	*out = target;
	return 0;
}

int
fan_object(int fd, struct fan_object *out)
{
	(void)fd;
	memset(out, 0, sizeof(*out));
	return 0;
}

bool
fan_same(const struct fan_object *a, const struct fan_object *b)
{
	return a == b;
}

int
fan_mark(int group, int fd, uint64_t mask)
{
	(void)group;
	(void)fd;
	(void)mask;
	return 0;
}

int
fan_unmark(int group, int fd, uint64_t mask)
{
	return fan_mark(group, fd, mask);
}

bool
reader_note(struct readers *r, const struct fan_event *ev, uint64_t whose, uint64_t what, struct notice *n)
{
	(void)r;
	(void)ev;
	(void)whose;
	(void)what;
	(void)n;
	return false;
}

void
reader_overflow(struct readers *r, enum notice_kind kind)
{
	(void)r;
	(void)kind;
}

bool
monitor_send(struct monitor *m, const struct notice *n, const int *fds, int nfds)
{
	(void)m;
	(void)n;
	(void)fds;
	(void)nfds;
	return true;
}

/* --- tests ------------------------------------------------------------------------------------------------ */

static int
set_up(void **state)
{
	static struct monitor m;
	static const int group;
	struct rlimit most;

	(void)state;
	if (getrlimit(RLIMIT_NOFILE, &most) == -1)
		return -1;
	most.rlim_cur = most.rlim_max; /* two of each that is guarded */
	if (setrlimit(RLIMIT_NOFILE, &most) == -1)
		return -1;
	all = guards_new(&m, &group, NULL);
	return all != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	guards_free(&all);
	return 0;
}

/* Always another process, whose /proc is our own. */
static enum result
guards(uint32_t ses, uint32_t auid, bool is_sshd)
{
	struct monitor m = {0};
	const struct request rq = {.kind = REQ_GUARD, .ses = ses, .pid = (uint32_t)getpid()};
	struct answer a = {0};

	sshd = is_sshd;
	target = (struct facts){.pid = getpid(), .ses = ses, .auid = auid, .start_ticks = ++ticks};
	return handle_guard(&m, &rq, &a);
}

static unsigned
runs_clients(uint32_t ses, uint32_t auid, unsigned most)
{
	unsigned n = 0;

	while (n < most && guards(ses, auid, false) == RES_OK)
		n++;
	return n;
}

/* With what he started before, or who has his key has. */
static void
a_user_s_clients_take_no_sshd_s_room(void **state)
{
	uint32_t ses = 1;

	(void)state;
	for (; ses <= ST_GUARDED_USER / ST_GUARDED_SES; ses++)
		assert_int_equal(runs_clients(ses, ALICE, ST_GUARDED), ST_GUARDED_SES);
	assert_int_equal(guards(1, ALICE, true), RES_OK);
	assert_int_equal(guards(ses, ALICE, false), RES_RATE);
	assert_int_equal(guards(ses, ALICE, true), RES_OK);
	assert_int_equal(guards(ses, ALICE, true), RES_OK);
	assert_int_equal(guards(ses + 1, BOB, false), RES_OK);
	assert_int_equal(guards_count(all), ST_GUARDED_USER + 4);
}

/* Many logins are not without end either. */
static void
sshds_have_a_bound(void **state)
{
	uint32_t ses = 1;

	(void)state;
	for (; ses <= ST_GUARDED_USER; ses++)
		assert_int_equal(guards(ses, ALICE, true), RES_OK);
	assert_int_equal(guards(ses, ALICE, true), RES_RATE);
	assert_int_equal(guards(ses, ALICE, false), RES_OK);
	assert_int_equal(guards(ses + 1, BOB, true), RES_OK);
}

static void
everybody_s_clients_leave_room_for_sshd(void **state)
{
	uint32_t ses = 1;
	unsigned n = 0, sshds = 0;

	(void)state;
	for (; ses <= 2 * ST_GUARDED / ST_GUARDED_SES; ses++)
		n += runs_clients(ses, THEIR + ses, ST_GUARDED_SES);
	assert_int_equal(n, ST_GUARDED - ST_GUARDED_SSHD);
	while (guards(ses, THEIR + ses, true) == RES_OK) {
		ses++;
		sshds++;
	}
	assert_int_equal(sshds, ST_GUARDED_SSHD);
	assert_int_equal(guards_count(all), ST_GUARDED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_s_clients_take_no_sshd_s_room),
		TEST(sshds_have_a_bound),
		TEST(everybody_s_clients_leave_room_for_sshd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

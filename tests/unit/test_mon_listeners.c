/* Who has a listener after who made it: listeners.c alone, its neighbours made up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/monitor/clients.h"
#include "agentd/monitor/errand.h"
#include "agentd/monitor/guards.h"
#include "agentd/monitor/keys.h"
#include "agentd/monitor/listeners.h"
#include "agentd/monitor/owner.h"
#include "agentd/monitor/sockdiag.h"
#include "agentd/monitor/table.h"
#include "agentd/monitor/watches.h"
#include "tests/unit/fake_timer.h"
#include "tests/unit/unit.h"

#define PARENT 900
#define CHILD  901
#define MANY   20
#define SLOW   1001 /* whose file system hangs */
#define OTHER  1002

static struct {
	/* what is so */
	int rc;           /* of a search */
	pid_t holder;     /* that is found */
	bool ends;        /* it runs nothing any more */
	unsigned sockets; /* that listen */
	/* what was done */
	pid_t guarded;
	enum result told;
	unsigned searches; /* for one each */
	unsigned walks;    /* for all of them */
	unsigned errands;
	unsigned paths; /* that the gate goes by */
	struct jobs jobs[WORK_COUNT];
	unsigned waiting;
} world;

static struct monitor monitor;

/* --- neighbours ------------------------------------------------------------------------------------------- */

bool
aside_give(struct aside *a, struct job *j)
{
	j->since = mtime_now();
	for (unsigned i = 0; i < WORK_COUNT; i++)
		if (a == monitor.work[i])
			TAILQ_INSERT_TAIL(&world.jobs[i], j, entry);
	world.waiting++;
	return true;
}

bool
aside_ends(struct aside *a)
{
	(void)a;
	return false;
}

/* Every other one is of who is slow. */
void
owner_find_all(struct jobs *jobs)
{
	struct job *j;

	world.walks++;
	TAILQ_FOREACH (j, jobs, entry) {
		struct owner_search *s = (struct owner_search *)j;

		world.searches++;
		s->rc = world.rc;
		s->owner = (struct owned){.cookie = s->file.inode, .path = "/a", .roots_program = true,
		    .holder = {.pid = world.holder, .ses = SES_UNSET, .auid = s->file.inode % 2 ? SLOW : OTHER}};
	}
}

unsigned
owner_flags(struct monitor *m, const struct owned *o)
{
	(void)m;
	(void)o;
	return world.ends ? 0 : OWNERF_AGENT;
}

bool
facts_live(const struct facts *f)
{
	(void)f;
	return true;
}

bool
guards_take(struct guards *g, const struct facts *f)
{
	(void)g;
	world.guarded = f->pid;
	return true;
}

void
table_answer(struct monitor *m, uint32_t id, enum result result, uint64_t value)
{
	(void)m;
	(void)id;
	(void)value;
	world.told = result;
}

int
diag_listeners_each(int (*fn)(const struct diag_unix *, void *), void *arg)
{
	int rc = 0;

	for (unsigned i = 1; i <= world.sockets && rc == 0; i++)
		rc = fn(&(struct diag_unix){.cookie = i}, arg);
	return rc;
}

struct mon_session *
registry_get(const struct registry *r, uint32_t ses)
{
	(void)r;
	(void)ses;
	return NULL;
}

int
gate_listener_set(struct gate *g, const struct gate_listener *at, const char *path)
{
	(void)g;
	(void)at;
	world.paths += path != NULL;
	return 0;
}

int
gate_listener_drop(struct gate *g, uint64_t cookie, const char *path)
{
	(void)g;
	(void)cookie;
	(void)path;
	return 0;
}

int
errand_is_there(const struct errand_file *f)
{
	world.errands++;
	return f->inode % 2 ? -ETIMEDOUT : 0;
}

void
clients_find(struct clients_found *out)
{
	memset(out, 0, sizeof(*out));
}

void
clients_know(struct clients *c, struct clients_found *found)
{
	(void)c;
	(void)found;
}

void
keys_agent(struct keys *k, const char *path, uid_t uid)
{
	(void)k;
	(void)path;
	(void)uid;
}

struct keys *
watches_keys(const struct watches *w)
{
	(void)w;
	return NULL;
}

struct guards *
watches_guards(const struct watches *w)
{
	(void)w;
	return NULL;
}

/* --- tests ------------------------------------------------------------------------------------------------ */

static int
set_up(void **state)
{
	static char thread[WORK_COUNT];

	(void)state;
	memset(&world, 0, sizeof(world));
	for (unsigned i = 0; i < WORK_COUNT; i++) {
		TAILQ_INIT(&world.jobs[i]);
		monitor.work[i] = (struct aside *)&thread[i];
	}
	world.holder = PARENT;
	monitor.listeners = listeners_new(&monitor);
	return monitor.listeners == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	listeners_free(&monitor.listeners);
	return 0;
}

/* As aside.c does it, where all that wait are done together; what they leave to others waits again. */
static void
work_on(enum work which)
{
	struct jobs now = TAILQ_HEAD_INITIALIZER(now);
	struct job *j;

	TAILQ_CONCAT(&now, &world.jobs[which], entry);
	j = TAILQ_FIRST(&now);
	if (j != NULL && j->run_all != NULL)
		j->run_all(&now);
	while ((j = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, j, entry);
		world.waiting--;
		if (j->run != NULL)
			j->run(j);
		j->done(j);
	}
}

static void
work(void)
{
	while (world.waiting > 0) {
		work_on(WORK_FIND);
		work_on(WORK_PATH);
	}
}

static void
give(uint64_t inode)
{
	const struct request rq = {.kind = REQ_SOCKET, .ses = SES_UNSET, .inode = inode};
	struct answer a = {.later = false};

	assert_int_equal(handle_socket(&monitor, &rq, &a), RES_OK);
	if (inode > world.sockets)
		world.sockets = (unsigned)inode;
}

static void
some_time_passes(void)
{
	fake_timer_fire();
	work();
}

static enum result
ask(uint64_t inode)
{
	give(inode);
	work();
	return world.told;
}

static void
who_has_it_next_is_guarded(void **state)
{
	(void)state;
	assert_int_equal(ask(1), RES_OK);
	assert_int_equal(world.guarded, PARENT);
	world.holder = CHILD;
	listeners_left(monitor.listeners, PARENT);
	work();
	assert_int_equal(world.guarded, CHILD);
	listeners_left(monitor.listeners, PARENT); /* it is not waited for any more */
	assert_int_equal(world.waiting, 0);
}

/* The walk took too long, or found the one before while it ended: nobody asks again but we. */
static void
who_was_looked_for_in_vain_is_looked_for_again(void **state)
{
	static const struct {
		int rc;
		bool ends;
	} rows[] = {{-ETIMEDOUT, false}, {0, true}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world.holder = PARENT;
		assert_int_equal(ask(1 + i), RES_OK);
		world.rc = rows[i].rc;
		world.ends = rows[i].ends;
		listeners_left(monitor.listeners, PARENT);
		work();
		assert_int_not_equal(world.guarded, CHILD);
		world.rc = 0;
		world.ends = false;
		world.holder = CHILD;
		some_time_passes();
		work();
		assert_int_equal(world.guarded, CHILD);
		world.guarded = 0;
	}
}

/* However many there are: a few at a time, and not for ever. */
static void
nobody_has_all_the_time_of_the_searches(void **state)
{
	unsigned before;

	(void)state;
	for (unsigned i = 1; i <= MANY; i++)
		assert_int_equal(ask(i), RES_OK);
	world.rc = -ETIMEDOUT;
	listeners_left(monitor.listeners, PARENT);
	work();
	for (unsigned i = 0; i < 100; i++) {
		before = world.searches;
		some_time_passes();
		work();
		assert_in_range(world.searches - before, 0, 4);
	}
	assert_int_equal(world.searches, before);
	assert_in_range(world.searches, 2 * MANY, 10 * MANY);
}

/* However many one user binds, others' owners wait for one walk, and for none of his file systems. */
static void
all_that_wait_are_searched_for_at_once(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= MANY; i++)
		give(i);
	work_on(WORK_FIND);
	assert_int_equal(world.walks, 1);
	assert_int_equal(world.searches, MANY);
	assert_int_equal(world.errands, 0);
	work();
	assert_int_equal(world.told, RES_OK);
	assert_int_equal(world.walks, 1);
}

static void
who_is_slow_takes_the_time_of_one_path(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= MANY; i++)
		give(i);
	work();
	assert_int_equal(world.errands, 1 + MANY / 2);
	assert_int_equal(world.paths, MANY / 2);
}

static void
what_is_behind_a_hoard_is_said(void **state)
{
	(void)state;
	world.rc = -EOVERFLOW;
	assert_int_equal(ask(1), RES_UNREAD);
	assert_int_equal(world.paths, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_has_it_next_is_guarded),
		TEST(who_was_looked_for_in_vain_is_looked_for_again),
		TEST(nobody_has_all_the_time_of_the_searches),
		TEST(all_that_wait_are_searched_for_at_once),
		TEST(who_is_slow_takes_the_time_of_one_path),
		TEST(what_is_behind_a_hoard_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

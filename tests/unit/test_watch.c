/* What the monitor is told of listeners, and whose memory it is to guard: until it has done so. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/watch.h"
#include "base/safe.h"
#include "tests/unit/link_pair.h"
#include "tests/unit/unit.h"

#define ALICE 57 /* a session */
#define BOB   58

static int64_t later_ms;     /* than it is */
static struct mtime stands; /* so late it is all the time; 0: it goes on */

struct mtime __real_mtime_now(void);
struct mtime __wrap_mtime_now(void);

struct mtime
__wrap_mtime_now(void)
{
	return mtime_after(stands.ns != 0 ? stands : __real_mtime_now(), later_ms);
}

struct stage {
	struct link_pair pair;
	struct watch *watch;
	struct host *host;
};

static int
set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	later_ms = 0;
	stands = (struct mtime){0};
	link_pair_open(&s->pair);
	s->watch = watch_new(s->pair.base, s->pair.link);
	s->host = host_new("", NULL);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	link_pair_end(&s->pair);
	watch_free(&s->watch);
	host_free(&s->host);
	link_pair_close(&s->pair);
	free(s);
	return 0;
}

static bool
asked(struct stage *s, struct request *r)
{
	return link_pair_asked(&s->pair, r);
}

#define WAIT_MS 60000

/* The next, as soon as it comes. */
static bool
asked_soon(struct stage *s, struct request *r)
{
	const struct mtime begin = mtime_now();
	bool came;

	while (!(came = asked(s, r)) && mtime_ms_since(mtime_now(), begin) < WAIT_MS)
		(void)usleep(1000);
	return came;
}

static void
answer(struct stage *s, const struct request *r, enum result result)
{
	const struct notice n = {.kind = NOTE_RESULT, .id = r->id, .result = result, .ses = r->ses, .pid = r->pid};

	assert_int_equal(packet_send(s->pair.monitor, &n, sizeof(n), NULL, 0), 0);
	event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
}

/* --- listeners -------------------------------------------------------------------------------------------- */

static void
binds(struct stage *s, uint32_t pid)
{
	const struct usock u = {.kind = USOCK_AGENT, .inode = 9, .dev_minor = 3, .owner_pid = pid, .owner_ses = ALICE,
	    .owner_auid = 1001};

	watch_socket(s->watch, &u);
}

/* ssh-agent leaves its socket to a child: while it ends it runs nothing, and so no agent (exit_mm()). */
static void
an_agent_that_goes_to_the_background_is_asked_for_again(void **state)
{
	static const enum result vain[] = {RES_PROTECTED, RES_NOT_FOUND, RES_DENIED};
	struct stage *s = *state;
	struct request r;

	binds(s, 900);
	assert_true(asked(s, &r));
	assert_int_equal(r.kind, REQ_SOCKET);
	for (size_t i = 0; i < sizeof(vain) / sizeof(vain[0]); i++) {
		answer(s, &r, vain[i]);
		assert_true(asked_soon(s, &r));
		assert_int_equal(r.inode, 9);
	}
	answer(s, &r, RES_OK);
	assert_false(asked(s, &r));
}

static void
who_hides_an_agent_is_looked_through_once_again(void **state)
{
	struct stage *s = *state;
	struct request r;

	binds(s, 900);
	assert_true(asked(s, &r));
	answer(s, &r, RES_UNREAD);
	assert_true(asked_soon(s, &r));
	answer(s, &r, RES_UNREAD);
	binds(s, 900); /* it is as new: nothing is under way any more */
	assert_true(asked(s, &r));
}

static unsigned
listeners(struct stage *s)
{
	struct request r;
	unsigned n = 0;

	while (asked(s, &r)) {
		n += r.kind == REQ_SOCKET;
		answer(s, &r, RES_OK);
	}
	return n;
}

static bool
take_listener(void *arg, const struct usock *u)
{
	const struct stage *s = arg;

	return watch_socket(s->watch, u);
}

static void
listens(struct host *h, uint64_t inode)
{
	const struct usock u = {.kind = USOCK_AGENT, .inode = inode, .owner_pid = 900, .owner_ses = ALICE, .owner_auid = 1001};

	host_owner_set(h, &u);
}

/* The agents of a user that logs in in a loop become known as his share grows, each once. */
static void
too_many_agents_are_told_of_later(void **state)
{
	struct stage *s = *state;
	const struct probe probe = {.arg = s, .listens = take_listener};
	struct host *h = host_new("boot", &probe);
	unsigned n;

	stands = mtime_now();
	for (uint64_t i = 1; i <= 100; i++)
		listens(h, i);
	n = listeners(s);
	assert_int_equal(n, 64);
	later_ms += 20000;
	watch_sessions(s->watch, h);
	assert_int_equal(n + listeners(s), 100);
	later_ms += 60000;
	watch_sessions(s->watch, h);
	assert_int_equal(listeners(s), 0);
	host_free(&h);
}

/* The agent is gone, the next one has the inode: what is under way is about the one before. */
static void
an_inode_that_is_used_again_is_told_again(void **state)
{
	struct stage *s = *state;
	struct request first, next;

	binds(s, 900);
	assert_true(asked(s, &first));
	binds(s, 900);
	assert_false(asked(s, &next)); /* this is known */
	binds(s, 901);
	assert_true(asked(s, &next));
	assert_int_equal(next.pid, 901);
}

/* --- memory ----------------------------------------------------------------------------------------------- */

static void
log_in(struct stage *s, uint32_t ses, uint32_t auid, uint32_t pid)
{
	const struct endpoint none = {0};

	assert_non_null(host_found(s->host, ses, auid, pid, 1, none, none, rtime_now()));
}

static unsigned
guards(struct stage *s, uint32_t ses, enum result result)
{
	struct request r;
	unsigned n = 0;

	while (asked(s, &r)) {
		n += r.kind == REQ_GUARD && r.ses == ses;
		answer(s, &r, result);
	}
	return n;
}

static unsigned
guards_of(struct stage *s, uint32_t ses, enum result result)
{
	watch_sessions(s->watch, s->host);
	return guards(s, ses, result);
}

static void
who_was_not_guarded_is_asked_for_again(void **state)
{
	struct stage *s = *state;

	log_in(s, ALICE, 1001, 700);
	assert_int_equal(guards_of(s, ALICE, RES_RATE), 1);
	assert_int_equal(guards_of(s, ALICE, RES_OK), 0); /* not every second */
	later_ms += 61000;
	assert_int_equal(guards_of(s, ALICE, RES_OK), 1);
	later_ms += 3600 * 1000;
	assert_int_equal(guards_of(s, ALICE, RES_OK), 0);
}

static uint64_t
not_guarded(void)
{
	static const char row[] = "{\"name\":\"watch-quota\",\"count\":";
	struct buf out = BUF_INIT;
	struct json j;
	const char *at;
	uint64_t n;

	json_init(&j, &out);
	failures_json(&j);
	assert_true(buf_ok(&out));
	at = strstr(out.p, row);
	n = at != NULL ? strtoull(at + sizeof(row) - 1, NULL, 10) : 0;
	buf_free(&out);
	return n;
}

static void
who_was_not_guarded_is_counted(void **state)
{
	struct stage *s = *state;
	const uint64_t before = not_guarded();

	log_in(s, ALICE, 1001, 700);
	log_in(s, BOB, 1002, 800);
	assert_int_equal(guards_of(s, ALICE, RES_RATE), 1);
	assert_int_equal(not_guarded(), before + 2);
	later_ms += 61000;
	assert_int_equal(guards_of(s, ALICE, RES_OK), 1);
	assert_int_equal(not_guarded(), before + 2);
}

/* Where the kernel has no such thing it will not have it in a minute. */
static void
what_the_kernel_refuses_is_not_asked_for_again(void **state)
{
	struct stage *s = *state;

	log_in(s, ALICE, 1001, 700);
	assert_int_equal(guards_of(s, ALICE, RES_DENIED), 1);
	later_ms += 3600 * 1000;
	assert_int_equal(guards_of(s, ALICE, RES_DENIED), 0);
}

static void
run(struct stage *s, uint32_t ses, uint32_t auid, uint32_t pid)
{
	const struct process p = {.pid = pid, .ses = ses, .auid = auid, .exe_inode = 77, .program = PROGRAM_SSH};

	watch_client(s->watch, &p);
}

/* Nor is one that has the pid of another, which had the same session. */
static void
each_client_is_guarded(void **state)
{
	struct stage *s = *state;

	run(s, ALICE, 1001, 950);
	assert_int_equal(guards(s, ALICE, RES_OK), 1);
	run(s, ALICE, 1001, 950);
	assert_int_equal(guards(s, ALICE, RES_OK), 1);
}

static void
who_runs_clients_in_a_loop_uses_up_his_own_share(void **state)
{
	struct stage *s = *state;
	unsigned n = 0;

	for (uint32_t pid = 1000; pid < 2000; pid++) {
		run(s, ALICE, 1001, pid);
		n += guards(s, ALICE, RES_OK);
	}
	assert_in_range(n, 32, 128);
	run(s, BOB, 1002, 3000);
	assert_int_equal(guards(s, BOB, RES_OK), 1);
	log_in(s, ALICE, 1001, 700);
	assert_int_equal(guards_of(s, ALICE, RES_OK), 1); /* nor does it cost him his sshd */
}

#define MANY (4 * ST_GUARD_ASKS)

/* So many sessions at a start leave room for other questions; none of them is forgotten. */
static void
many_sessions_are_guarded_a_part_at_a_time(void **state)
{
	struct stage *s = *state;
	struct request r[ST_GUARD_ASKS + 1];
	bool seen[MANY] = {false};
	unsigned all = 0;

	for (uint32_t i = 0; i < MANY; i++)
		log_in(s, i, 2000 + i, 10000 + i);
	for (unsigned round = 0; round < 5; round++) { /* a few are asked for twice, being in one slot */
		unsigned n = 0;

		watch_sessions(s->watch, s->host);
		while (n <= ST_GUARD_ASKS && asked(s, &r[n]))
			n++;
		assert_in_range(n, 0, ST_GUARD_ASKS);
		for (unsigned i = 0; i < n; i++) {
			all += !seen[r[i].ses];
			seen[r[i].ses] = true;
			answer(s, &r[i], RES_OK);
		}
	}
	assert_int_equal(all, MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_agent_that_goes_to_the_background_is_asked_for_again),
		TEST(who_hides_an_agent_is_looked_through_once_again),
		TEST(an_inode_that_is_used_again_is_told_again),
		TEST(too_many_agents_are_told_of_later),
		TEST(who_was_not_guarded_is_asked_for_again),
		TEST(who_was_not_guarded_is_counted),
		TEST(what_the_kernel_refuses_is_not_asked_for_again),
		TEST(each_client_is_guarded),
		TEST(who_runs_clients_in_a_loop_uses_up_his_own_share),
		TEST(many_sessions_are_guarded_a_part_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

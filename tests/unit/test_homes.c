/* Whose homes the monitor is shown: of users with a session at once, of those whom the baseline knows in turn. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/homes.h"
#include "base/safe.h"
#include "tests/unit/baseline_kit.h"
#include "tests/unit/link_pair.h"

#include <event2/event.h>

#define FIRST_UID 5000 /* of "user0000" */
#define SES       57
#define BATCH     16
#define ROUND_MS  240000
#define TICK_MS   3000
#define LONG_MS   20000
#define SHORT_MS  100 /* threads would have come to it */

/* --- what is beside it ------------------------------------------------------------------------------------ */

static int64_t later_ms; /* than it is */
static unsigned full;
static char home[] = "/tmp/homes.XXXXXX";
static const char *said_home = home; /* what the name service has */

struct mtime __real_mtime_now(void);
struct mtime __wrap_mtime_now(void);
int __wrap_getpwnam_r(const char *, struct passwd *, char *, size_t, struct passwd **);
int __wrap_getpwuid_r(uid_t, struct passwd *, char *, size_t, struct passwd **);

struct mtime
__wrap_mtime_now(void)
{
	return mtime_after(__real_mtime_now(), later_ms);
}

void
failure_note(enum failure f)
{
	full += f == FAIL_HOMES_FULL;
}

void
failure_add(enum failure f, uint64_t n)
{
	(void)f;
	(void)n;
}

/* Of a name of its own: accounts have other names, too. */
int
__wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *room, size_t n, struct passwd **found)
{
	(void)snprintf(room, n, "user%04u", (unsigned)uid - FIRST_UID);
	*pw = (struct passwd){.pw_uid = uid, .pw_name = room};
	memcpy(&pw->pw_dir, &said_home, sizeof(said_home));
	*found = pw;
	return 0;
}

int
__wrap_getpwnam_r(const char *name, struct passwd *pw, char *room, size_t n, struct passwd **found)
{
	*found = NULL;
	return strncmp(name, "user", 4) != 0 ? 0 :
	    __wrap_getpwuid_r(FIRST_UID + (uid_t)strtoul(name + 4, NULL, 10), pw, room, n, found);
}

/* --- a stage ---------------------------------------------------------------------------------------------- */

struct stage {
	struct link_pair pair;
	struct homes *homes;
	struct host *host;
	struct baseline *usual;
};

static int
set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	later_ms = 0;
	full = 0;
	link_pair_open(&s->pair);
	s->homes = homes_new(s->pair.base, s->pair.link);
	s->host = host_new("", NULL);
	s->usual = kit_baseline();
	assert_non_null(s->homes);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	link_pair_end(&s->pair);
	homes_free(&s->homes);
	host_free(&s->host);
	baseline_free(&s->usual);
	link_pair_close(&s->pair);
	free(s);
	return 0;
}

static void
know(struct stage *s, unsigned n)
{
	char name[16];

	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "user%04u", i);
		kit_log_in(s->usual, name, START);
	}
}

static void
answer(struct stage *s, const struct request *r, enum result result, uint64_t value)
{
	const struct notice n = {.kind = NOTE_RESULT, .id = r->id, .result = result, .value = value};

	assert_int_equal(packet_send(s->pair.monitor, &n, sizeof(n), NULL, 0), 0);
	event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
}

static bool
asked(struct stage *s, struct request *r)
{
	int fd = -1;

	event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
	if (packet_recv(s->pair.monitor, r, sizeof(*r), &fd, 1) != (long)sizeof(*r))
		return false;
	assert_int_not_equal(fd, -1);
	close(fd);
	return true;
}

/* The next, but for root's.  False: none by then. */
static bool
shown(struct stage *s, struct request *r, int64_t wait_ms)
{
	const struct mtime begin = __real_mtime_now();

	do {
		while (asked(s, r)) {
			assert_int_equal(r->kind, REQ_KEYS);
			if (r->uid != 0)
				return true;
			answer(s, r, RES_OK, 0);
		}
		(void)usleep(1000);
	} while (mtime_ms_since(__real_mtime_now(), begin) < wait_ms);
	return false;
}

static void
shows(struct stage *s, unsigned n, struct request *last)
{
	for (; n > 0; n--) {
		assert_true(shown(s, last, LONG_MS));
		answer(s, last, RES_OK, 0);
	}
}

static void
tick(struct stage *s)
{
	later_ms += TICK_MS;
	homes_tick(s->homes, s->host, s->usual, mtime_now());
}

/* --- tests ------------------------------------------------------------------------------------------------ */

static void
who_has_logged_in_is_shown_without_a_session(void **state)
{
	struct stage *s = *state;
	struct request r;

	kit_log_in(s->usual, "user0009", START - 40); /* nobody remembers */
	kit_log_in(s->usual, "elsewhere", START);
	know(s, 1);
	homes_tick(s->homes, s->host, NULL, mtime_now());
	assert_false(shown(s, &r, SHORT_MS)); /* the store is still being read */
	tick(s);
	shows(s, 1, &r);
	assert_int_equal(r.ses, SES_UNSET);
	assert_int_equal(r.uid, FIRST_UID);
	assert_string_equal(homes_path(s->homes, FIRST_UID), home);
	assert_string_equal(homes_name(s->homes, FIRST_UID), "user0000");
	assert_false(shown(s, &r, SHORT_MS));
	assert_int_equal(full, 0);
}

static void
they_come_in_turn(void **state)
{
	struct stage *s = *state;
	struct request r;

	know(s, BATCH + 1);
	tick(s);
	shows(s, BATCH, &r);
	assert_int_equal(r.uid, FIRST_UID + BATCH - 1);
	assert_false(shown(s, &r, SHORT_MS));
	tick(s);
	shows(s, 1, &r);
	assert_int_equal(r.uid, FIRST_UID + BATCH);
	tick(s);
	assert_false(shown(s, &r, SHORT_MS));
	later_ms += ROUND_MS;
	tick(s);
	shows(s, 1, &r);
	assert_int_equal(r.uid, FIRST_UID);
}

static void
who_has_a_session_is_shown_by_it(void **state)
{
	struct stage *s = *state;
	struct request r;

	know(s, 1);
	tick(s);
	shows(s, 1, &r);
	homes_want(s->homes, SES, FIRST_UID);
	shows(s, 1, &r);
	assert_int_equal(r.ses, SES);
	later_ms += ROUND_MS - TICK_MS;
	homes_want(s->homes, SES, FIRST_UID);
	tick(s);
	shows(s, 1, &r);
	assert_int_equal(r.ses, SES);
	assert_false(shown(s, &r, SHORT_MS));
	later_ms += ROUND_MS;
	tick(s);
	shows(s, 1, &r);
	assert_int_equal(r.ses, SES_UNSET);
}

static void
they_leave_room_for_who_has_a_session(void **state)
{
	struct stage *s = *state;
	struct request r;

	know(s, ST_KEY_KNOWN + 2);
	for (unsigned i = 0; i < ST_KEY_KNOWN / BATCH; i++) {
		tick(s);
		shows(s, BATCH, &r);
	}
	tick(s);
	assert_false(shown(s, &r, SHORT_MS));
	assert_int_equal(full, 1);
	homes_want(s->homes, SES, FIRST_UID + ST_KEY_KNOWN + 1);
	shows(s, 1, &r);
	assert_int_equal(r.ses, SES);
	assert_int_equal(full, 1);
}

/* Links lead there as they do for anybody; in a circle, nowhere. */
static void
a_home_behind_links_is_shown(void **state)
{
	static const struct {
		const char *link;
		bool leads;
	} cases[] = {{"there", true}, {"there/once/more", true}, {"round", false}};
	struct stage *s = *state;
	char path[64], back[64];
	struct request r;

	(void)snprintf(path, sizeof(path), "%s/there", home);
	assert_int_equal(symlink(home, path), 0);
	(void)snprintf(path, sizeof(path), "%s/once", home);
	(void)snprintf(back, sizeof(back), "../%s/there", strrchr(home, '/') + 1);
	assert_int_equal(symlink(back, path), 0);
	(void)snprintf(path, sizeof(path), "%s/more", home);
	assert_int_equal(symlink(".", path), 0);
	(void)snprintf(path, sizeof(path), "%s/round", home);
	assert_int_equal(symlink("round", path), 0);
	know(s, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", home, cases[i].link);
		said_home = path;
		later_ms += ROUND_MS;
		tick(s);
		assert_int_equal(shown(s, &r, cases[i].leads ? LONG_MS : SHORT_MS), cases[i].leads);
		if (cases[i].leads)
			answer(s, &r, RES_OK, 0);
	}
	said_home = home;
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", home, (const char *[]){"there", "once", "more", "round"}[i]);
		assert_int_equal(unlink(path), 0);
	}
}

static void
a_monitor_without_room_is_counted(void **state)
{
	struct stage *s = *state;
	struct request r;

	know(s, 1);
	tick(s);
	assert_true(shown(s, &r, LONG_MS));
	answer(s, &r, RES_DENIED, EPERM);
	assert_int_equal(full, 0);
	later_ms += ROUND_MS;
	tick(s);
	assert_true(shown(s, &r, LONG_MS));
	answer(s, &r, RES_DENIED, ENOSPC);
	assert_int_equal(full, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(who_has_logged_in_is_shown_without_a_session),
		TEST(they_come_in_turn),
		TEST(who_has_a_session_is_shown_by_it),
		TEST(they_leave_room_for_who_has_a_session),
		TEST(a_home_behind_links_is_shown),
		TEST(a_monitor_without_room_is_counted),
	};
	int failed;

	if (mkdtemp(home) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(home);
	return failed;
}

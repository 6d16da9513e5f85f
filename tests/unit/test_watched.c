/* watched: readers of keys wait for audit's word of them; those that have ended for as long as a busy host may need. */
#include "tests/unit/detect_kit.h"

#include <string.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/watched.h"

#define LOOKED_MS 1000 /* longer than a reader that lives is waited for */

static const struct who shell = {200, 101, 5, ALICE, ALICE, "/usr/bin/bash"}, cat = {210, 200, 5, ALICE, ALICE, "/usr/bin/cat"};
static unsigned noted[FAIL_COUNT];

/* --- what is beside it ------------------------------------------------------------------------------------ */

const char *
homes_path(const struct homes *h, uint32_t uid)
{
	(void)h;
	return uid == ALICE ? "/home/alice" : NULL;
}

const char *
homes_name(const struct homes *h, uint32_t uid)
{
	(void)h;
	return uid == ALICE ? "alice" : NULL;
}

void
failure_note(enum failure f)
{
	noted[f]++;
}

void
failure_add(enum failure f, uint64_t n)
{
	noted[f] += (unsigned)n;
}

/* --- a stage ---------------------------------------------------------------------------------------------- */

struct stage {
	struct kit kit;
	struct event_base *base;
	struct watched *watched;
};

static int
setup(void **state)
{
	static struct stage s;

	memset(noted, 0, sizeof(noted));
	kit_open(&s.kit, true);
	kit_report(&s.kit, 5, ALICE, "alice", "192.0.2.9", 100, "SHA256:a");
	kit_exec(&s.kit, shell, "-bash");
	kit_forget(&s.kit);
	s.base = event_base_new();
	assert_non_null(s.base);
	s.watched = watched_new(&(struct watched_parts){.base = s.base, .host = s.kit.host, .detect = s.kit.detect});
	assert_non_null(s.watched);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	watched_free(&s->watched);
	event_base_free(s->base);
	kit_close(&s->kit);
	return 0;
}

static void
opened(struct stage *s, uint32_t flags)
{
	struct notice n = {.kind = NOTE_KEY, .flags = flags, .pid = cat.pid, .id = ALICE, .ses = SES_UNSET};

	if ((flags & WATCHF_GONE) == 0) {
		n.ses = cat.ses;
		n.auid = n.uid = n.euid = ALICE;
	}
	(void)strcpy(n.name, "id_ed25519");
	watched_note(s->watched, &n);
}

static void
pass(struct stage *s, int ms)
{
	const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	assert_int_equal(event_base_loopexit(s->base, &tv), 0);
	assert_int_not_equal(event_base_loop(s->base, EVLOOP_NO_EXIT_ON_EMPTY), -1);
}

/* --- tests ------------------------------------------------------------------------------------------------ */

/* The kernel's watch is first, audit a second behind. */
static void
audit_tells_late_of_one_that_has_ended(void **state)
{
	struct stage *s = *state;

	opened(s, WATCHF_GONE);
	pass(s, LOOKED_MS);
	assert_int_equal(kit_count(&s->kit, ACT_KEY_READ), 0);
	assert_int_equal(noted[FAIL_WATCHED_GONE], 0);
	kit_exec(&s->kit, cat, "cat id_ed25519");
	pass(s, 100);
	assert_int_equal(kit_count(&s->kit, ACT_KEY_READ), 1);
	assert_non_null(strstr(kit_found(&s->kit, ACT_KEY_READ, 0)->reason, "/home/alice/.ssh/id_ed25519 of its own user with cat"));
	assert_int_equal(noted[FAIL_WATCHED_GONE], 0);
}

/* Whose it is, the kernel has said. */
static void
one_that_lives_is_waited_for_no_longer(void **state)
{
	struct stage *s = *state;

	opened(s, 0);
	pass(s, LOOKED_MS);
	assert_int_equal(kit_count(&s->kit, ACT_KEY_READ), 1);
}

static void
what_nobody_knows_is_counted(void **state)
{
	struct stage *s = *state;

	opened(s, WATCHF_GONE);
	pass(s, 5 * LOOKED_MS + 200);
	assert_int_equal(kit_count(&s->kit, ACT_KEY_READ), 0);
	assert_int_equal(noted[FAIL_WATCHED_GONE], 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(audit_tells_late_of_one_that_has_ended),
		TEST(one_that_lives_is_waited_for_no_longer),
		TEST(what_nobody_knows_is_counted),
	};

	return cmocka_run_group_tests_name("watched", tests, NULL, NULL);
}

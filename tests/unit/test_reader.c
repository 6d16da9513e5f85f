/* What is told of who opens watched things: reader.c alone, its neighbours made up. */
#include "tests/unit/unit.h"

#include "agentd/monitor/facts.h"
#include "agentd/monitor/reader.h"

#define SES   57
#define ALICE 1000
#define BOB   1001

static uint32_t ses;   /* the reader's */
static uint64_t ticks; /* when he started */
static unsigned asked; /* how often all was asked about him */

int
proc_stat(pid_t pid, struct proc_stat *out)
{
	(void)pid;
	*out = (struct proc_stat){.start_ticks = ticks};
	return 0;
}

int
facts_of(int pidfd, pid_t pid, struct facts *out)
{
	(void)pidfd;
	asked++;
	*out = (struct facts){.pid = pid, .start_ticks = ticks, .ses = ses, .auid = ALICE, .ruid = ALICE, .euid = ALICE};
	return 0;
}

int
facts_program(pid_t pid, uint64_t *dev, uint64_t *ino)
{
	(void)pid;
	*dev = 1;
	*ino = 2;
	return 0;
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

static bool
note(struct readers *r, uint64_t whose, uint64_t what, struct notice *n)
{
	const struct fan_event ev = {.pid = 200, .pidfd = 3};

	*n = (struct notice){.kind = NOTE_KEY};
	return reader_note(r, &ev, whose, what, n);
}

static void
the_same_is_told_once(void **state)
{
	struct readers *r = readers_new(NULL);
	struct notice n;

	(void)state;
	ses = SES;
	assert_true(note(r, ALICE, 1, &n));
	assert_int_equal(n.ses, SES);
	assert_false(note(r, ALICE, 1, &n));
	assert_true(note(r, ALICE, 2, &n));
	readers_free(&r);
}

/* A flood costs next to nothing; whoever has his pid after him is somebody else. */
static void
who_was_told_of_is_not_looked_into_again(void **state)
{
	struct readers *r = readers_new(NULL);
	struct notice n;

	(void)state;
	ses = SES;
	ticks = 5;
	asked = 0;
	assert_true(note(r, ALICE, 1, &n));
	for (unsigned i = 0; i < 1000; i++)
		assert_false(note(r, ALICE, 1, &n));
	assert_int_equal(asked, 1);
	ticks = 6;
	assert_true(note(r, ALICE, 1, &n));
	readers_free(&r);
}

static void
what_no_login_does_is_not(void **state)
{
	struct readers *r = readers_new(NULL);
	struct notice n;

	(void)state;
	ses = SES_UNSET;
	assert_false(note(r, ALICE, 1, &n));
	readers_free(&r);
}

/* He opens more of his own than is told, and then somebody else's. */
static void
the_cap_is_not_used_up_by_ones_own(void **state)
{
	struct readers *r = readers_new(NULL);
	unsigned told = 0;
	struct notice n;

	(void)state;
	ses = SES;
	for (unsigned i = 0; i < 2 * ST_WATCH_TELL; i++)
		told += note(r, ALICE, 100 + i, &n);
	assert_int_equal(told, ST_WATCH_TELL);
	assert_true(note(r, BOB, 1, &n));
	assert_int_equal(n.value, ST_WATCH_TELL); /* that were not told */
	readers_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_told_once),
		cmocka_unit_test(who_was_told_of_is_not_looked_into_again),
		cmocka_unit_test(what_no_login_does_is_not),
		cmocka_unit_test(the_cap_is_not_used_up_by_ones_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A hail: words until auditd has sent something; silence is told once. */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/monitor/hail.h"

struct call {
	struct hail *hail;
	int ends[2];       /* ours, and auditd's */
	unsigned speaks;   /* auditd, after so many words; 0: never */
	bool patient;      /* goes on when there is silence */
	unsigned words, heard[3];
};

static void
on_word(void *arg)
{
	struct call *c = arg;

	if (++c->words == c->speaks)
		assert_int_equal(write(c->ends[1], "x", 1), 1);
}

static void
on_heard(void *arg, enum hailed what)
{
	struct call *c = arg;

	c->heard[what]++;
	if (what == HAIL_SILENT && !c->patient)
		hail_end(c->hail);
	if (what == HAIL_SILENT && c->patient)
		assert_int_equal(write(c->ends[1], "x", 1), 1);
}

static const struct hail_calls calls = {.word = on_word, .heard = on_heard};

static void
begin(struct event_base *base, struct call *c)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, c->ends), 0);
	c->hail = hail_new(base, &calls, c);
	assert_non_null(c->hail);
	assert_int_equal(hail_begin(c->hail, c->ends[0]), 0);
}

static void
end(struct call *c)
{
	hail_free(&c->hail);
	assert_null(c->hail);
	close(c->ends[0]);
	close(c->ends[1]);
}

/* It has spoken, and what it said is still to be read. */
static void
spoken(void **state)
{
	struct event_base *base = event_base_new();
	struct call c = {.speaks = 3};
	char said[2];

	(void)state;
	begin(base, &c);
	(void)event_base_dispatch(base);
	assert_int_equal(c.words, 3);
	assert_int_equal(c.heard[HAIL_SPOKE], 1);
	assert_int_equal(c.heard[HAIL_SILENT] + c.heard[HAIL_CLOSED], 0);
	assert_int_equal(read(c.ends[0], said, sizeof(said)), 1);
	end(&c);
	event_base_free(base);
}

/* Who is let go at once makes no record, however often. */
static void
closed(void **state)
{
	struct event_base *base = event_base_new();
	struct call c = {.speaks = 0};

	(void)state;
	begin(base, &c);
	(void)shutdown(c.ends[1], SHUT_RDWR);
	(void)event_base_dispatch(base);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(hail_begin(c.hail, c.ends[0]), 0);
		(void)event_base_dispatch(base);
	}
	assert_int_equal(c.words, 0);
	assert_int_equal(c.heard[HAIL_CLOSED], 10);
	end(&c);
	event_base_free(base);
}

/* After five seconds and nine words; one gives up, the other is answered after all. */
static void
silence(void **state)
{
	struct event_base *base = event_base_new();
	struct call hasty = {.patient = false}, patient = {.patient = true};

	(void)state;
	begin(base, &hasty);
	begin(base, &patient);
	(void)event_base_dispatch(base);
	assert_int_equal(hasty.words, 9);
	assert_int_equal(patient.words, 10);
	assert_int_equal(hasty.heard[HAIL_SILENT] + patient.heard[HAIL_SILENT], 2);
	assert_int_equal(hasty.heard[HAIL_SPOKE] + hasty.heard[HAIL_CLOSED], 0);
	assert_int_equal(patient.heard[HAIL_SPOKE], 1);
	end(&hasty);
	end(&patient);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spoken),
		cmocka_unit_test(closed),
		cmocka_unit_test(silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

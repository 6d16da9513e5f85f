/* What is usual outlives the process: out of the store and into it, by the archive's thread. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/learned.h"
#include "tests/unit/store_kit.h"

#define DAY_MS  86400000LL
#define WAIT_MS 60000 /* for the archive's thread */

/* One life of the engine, as far as it matters here. */
struct life {
	const struct place *place; /* borrowed */
	struct event_base *base;
	struct archive *archive;
	struct learned *learned;
	struct baseline *usual; /* the learned one's */
	int64_t ahead_ms;       /* the clock of ticks, before that of the machine */
	unsigned troubles;
};

static void
trouble(const char *what, const char *sentence, void *arg)
{
	struct life *l = arg;

	(void)what;
	(void)sentence;
	l->troubles++;
}

static void
spin(struct life *l)
{
	event_base_loop(l->base, EVLOOP_NONBLOCK);
	usleep(1000);
}

static void
begin(struct life *l, const struct place *place)
{
	*l = (struct life){.place = place, .base = event_base_new()};
	l->learned = learned_new(&BASELINE_DEFAULTS);
	assert_non_null(l->learned);
	l->usual = learned_baseline(l->learned);
	l->archive = archive_new(&(struct archive_options){.base = l->base, .path = place->path, .max_bytes = KIT_SIZE,
	    .days = 30, .usual_days = 30, .trouble = trouble, .arg = l});
	assert_non_null(l->archive);
	learned_keep(l->learned, l->archive);
}

static void
restored(struct life *l)
{
	const struct mtime from = mtime_now();

	while (!learned_is_whole(l->learned) && mtime_ms_since(mtime_now(), from) < WAIT_MS)
		spin(l);
	assert_true(learned_is_whole(l->learned));
}

static void
end(struct life *l)
{
	learned_end(l->learned);
	archive_free(&l->archive, WAIT_MS);
	learned_free(&l->learned);
	event_base_free(l->base);
}

/* What was not handed on yet is lost with the process. */
static void
crash(struct life *l)
{
	archive_free(&l->archive, WAIT_MS);
	learned_free(&l->learned);
	event_base_free(l->base);
}

static struct rtime
ago(int days)
{
	return (struct rtime){.ms = rtime_now().ms - days * DAY_MS};
}

static void
note(struct life *l, enum usual_kind kind, const char *user, const char *value, int days_ago)
{
	baseline_note(l->usual, &(struct usual_key){kind, user, value}, ago(days_ago), 1);
}

static struct usual
ask(struct life *l, enum usual_kind kind, const char *user, const char *value)
{
	struct usual u;

	baseline_ask(l->usual, &(struct usual_key){kind, user, value}, ago(0), &u);
	return u;
}

static void
work_for_weeks(struct life *l, const char *user)
{
	for (int day = 20; day > 0; day--) {
		note(l, USUAL_ACTIVE, "", "", day);
		note(l, USUAL_ACTIVE, user, "", day);
		note(l, USUAL_ORIGIN, user, "192.0.2.0/24", day);
	}
}

static void
on_saved(bool ok, void *arg)
{
	*(int *)arg = ok ? 1 : -1;
}

/* 1: it is in the store; −1: it is not. */
static int
save(struct life *l)
{
	const struct mtime from = mtime_now();
	int said = 0;

	learned_save(l->learned, on_saved, &said);
	while (said == 0 && mtime_ms_since(mtime_now(), from) < WAIT_MS) {
		learned_tick(l->learned, mtime_now());
		spin(l);
	}
	return said;
}

/* A minute passes, and the archive has told what came of what it was handed. */
static void
minute(struct life *l)
{
	const struct mtime from = mtime_now();
	int said = 0;

	l->ahead_ms += 61000;
	learned_tick(l->learned, mtime_after(mtime_now(), l->ahead_ms));
	assert_true(archive_sync(l->archive, on_saved, &said));
	while (said == 0 && mtime_ms_since(mtime_now(), from) < WAIT_MS)
		spin(l);
	assert_int_not_equal(said, 0);
}

static void
what_is_usual_comes_back(void **state)
{
	struct life l;

	begin(&l, *state);
	restored(&l);
	work_for_weeks(&l, "alice");
	assert_true(ask(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24").ready);
	end(&l);

	begin(&l, *state);
	note(&l, USUAL_ORIGIN, "alice", "10.0.0.0/24", 1); /* learned before the rest was back */
	assert_false(ask(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24").ready);
	restored(&l);
	assert_true(ask(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24").ready);
	assert_int_equal(ask(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24").days, 20);
	note(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24", 1);
	end(&l);

	begin(&l, *state);
	restored(&l);
	assert_int_equal(ask(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24").count, 21);
	assert_int_equal(ask(&l, USUAL_ORIGIN, "alice", "10.0.0.0/24").count, 1);
	end(&l);
}

static void
many_rows_come_back_in_pages(void **state)
{
	struct life l;
	char user[16], value[32];

	begin(&l, *state);
	restored(&l);
	for (unsigned i = 0; i < 5 * ST_PAGE_ROWS + 7; i++) {
		(void)snprintf(user, sizeof(user), "user%u", i % 50);
		(void)snprintf(value, sizeof(value), "%u", i);
		note(&l, USUAL_DESTINATION, user, value, 1 + (int)(i % 3));
	}
	assert_int_equal(save(&l), 1);
	crash(&l);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM usual"), 5 * ST_PAGE_ROWS + 7);
	begin(&l, *state);
	restored(&l);
	struct baseline_stats s;

	baseline_stats(l.usual, &s);
	assert_int_equal(s.entries, 5 * ST_PAGE_ROWS + 7);
	assert_int_equal(baseline_changed(l.usual, 1, NULL, NULL), 0);
	end(&l);
}

static void
it_is_written_each_minute(void **state)
{
	struct life l;

	begin(&l, *state);
	restored(&l);
	work_for_weeks(&l, "alice");
	minute(&l);
	note(&l, USUAL_KEY, "alice", "late", 1);
	crash(&l);
	begin(&l, *state);
	restored(&l);
	assert_int_equal(ask(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24").days, 20);
	assert_int_equal(ask(&l, USUAL_KEY, "alice", "late").days, 0); /* not a minute old */
	end(&l);
}

static void
what_is_saved_by_hand_survives(void **state)
{
	struct life l;

	begin(&l, *state);
	restored(&l);
	work_for_weeks(&l, "alice");
	work_for_weeks(&l, "bob");
	assert_int_equal(save(&l), 1);
	learned_reset(l.learned, "alice");
	assert_int_equal(save(&l), 1);
	crash(&l);

	begin(&l, *state);
	restored(&l);
	assert_int_equal(ask(&l, USUAL_ORIGIN, "alice", "192.0.2.0/24").days, 0);
	assert_int_equal(ask(&l, USUAL_ORIGIN, "bob", "192.0.2.0/24").days, 20);
	note(&l, USUAL_ORIGIN, "bob", "10.0.0.0/24", 1);
	learned_reset(l.learned, NULL);
	note(&l, USUAL_ORIGIN, "carol", "10.0.0.0/24", 1);
	assert_int_equal(save(&l), 1);
	crash(&l);

	assert_int_equal(kit_number(*state, "SELECT count(*) FROM usual"), 1);
	assert_int_equal(kit_number(*state, "SELECT count(*) FROM usual WHERE user = 'carol'"), 1);
}

/* The store is damaged and begun anew: what is in memory goes into the new one. */
static void
what_the_store_lost_is_written_again(void **state)
{
	const struct place *p = *state;
	struct life l;

	begin(&l, p);
	restored(&l);
	work_for_weeks(&l, "alice");
	assert_int_equal(save(&l), 1);
	kit_unlink(p);
	note(&l, USUAL_KEY, "alice", "k", 1);
	minute(&l);
	minute(&l);
	minute(&l);
	crash(&l);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM usual WHERE kind = 'key'"), 1);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM usual"), 61);
}

static void
nobody_is_told_that_a_lost_row_is_saved(void **state)
{
	const struct place *p = *state;
	struct life l;

	begin(&l, p);
	restored(&l);
	kit_exec(p, "CREATE TRIGGER t BEFORE INSERT ON usual BEGIN SELECT RAISE(ABORT, 'no'); END");
	work_for_weeks(&l, "alice");
	assert_int_equal(save(&l), -1);
	assert_int_equal(l.troubles, 1);
	kit_exec(p, "DROP TRIGGER t");
	archive_drop_session(l.archive, "boot", 1); /* anything that is written: it works again */
	minute(&l);
	minute(&l);
	crash(&l);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM usual"), 60);
}

static void
status_says_how_far_it_is(void **state)
{
	struct life l;
	struct buf text = BUF_INIT;
	struct json j;

	begin(&l, *state);
	restored(&l);
	work_for_weeks(&l, "alice");
	json_init(&j, &text);
	learned_json(l.learned, &j);
	assert_true(bytes_starts(buf_bytes(&text), BYTES_LIT("{\"state\":\"active\",\"days\":30,\"data_days\":20,"
	    "\"active_after\":14,\"active_days\":10,\"users\":1,\"entries\":3,")));
	buf_free(&text);
	end(&l);
}

static void
that_it_is_judged_now_is_said_once(void **state)
{
	struct life l;

	begin(&l, *state);
	assert_int_equal(learned_begins(l.learned), 0);
	restored(&l);
	assert_int_equal(learned_begins(l.learned), 0);
	work_for_weeks(&l, "alice");
	assert_int_equal(learned_begins(l.learned), 20);
	assert_int_equal(learned_begins(l.learned), 0);
	end(&l);
	begin(&l, *state);
	restored(&l);
	assert_int_equal(learned_begins(l.learned), 0); /* it was before */
	learned_reset(l.learned, NULL);
	assert_int_equal(learned_begins(l.learned), 0);
	end(&l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_set_up_in_memory, kit_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_usual_comes_back),
		TEST(many_rows_come_back_in_pages),
		TEST(it_is_written_each_minute),
		TEST(what_is_saved_by_hand_survives),
		TEST(what_the_store_lost_is_written_again),
		TEST(nobody_is_told_that_a_lost_row_is_saved),
		TEST(status_says_how_far_it_is),
		TEST(that_it_is_judged_now_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

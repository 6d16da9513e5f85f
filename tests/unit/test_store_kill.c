/*
 * A process of ours is killed while it writes: the store opens again, is sound, and has every batch that was
 * acknowledged, and of the others all or nothing.  Killed at random moments (by SIGKILL from outside), and, one after
 * the other, at each of the system calls by which SQLite changes a file, some of them half done.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "agentd/engine/vault.h"
#include "tests/unit/dice.h"
#include "tests/unit/store_kit.h"

#define SEED   20240917
#define WRITES 1000 /* acknowledged, at least */
#define ROWS   6    /* of a batch */

/* --- batches ---------------------------------------------------------------------------------------------------- */

/* Batch n: a row of each sort, and a session that the next one takes away again. */
static unsigned
fill(struct row rows[ROWS], char json[32], uint32_t n)
{
	(void)snprintf(json, 32, "{\"n\":%u}", n);
	rows[0] = (struct row){.kind = ROW_FINDING, .u.finding = {.time_ms = n, .boot = "b", .ses = n, .user = "alice",
	    .activity = "relay", .alert = true, .json = bytes_of(json)}};
	rows[1] = (struct row){.kind = ROW_SESSION, .u.session = {.boot = "b", .ses = n, .user = "alice", .opened_ms = n}};
	rows[2] = (struct row){.kind = ROW_DROP_SESSION, .u.session = {.boot = "b", .ses = n - 1}};
	rows[3] = (struct row){.kind = ROW_USUAL, .u.usual = {.kind = "key", .user = "alice", .value = json, .day = 9,
	    .count = n}};
	rows[4] = (struct row){.kind = ROW_USUAL, .u.usual = {.kind = "active", .user = "", .value = "", .day = 9,
	    .count = n}};
	rows[5] = (struct row){.kind = ROW_CASE, .u.kase = {.boot = "b", .ses = n, .changed_ms = n, .json = bytes_of(json)}};
	return ROWS;
}

/* False: it was not taken. */
static bool
write_batch(struct vault *v, uint32_t n)
{
	struct rows list = STAILQ_HEAD_INITIALIZER(list);
	struct told told = {0};
	struct row rows[ROWS];
	char json[32];
	const unsigned count = fill(rows, json, n);

	for (unsigned i = 0; i < count; i++)
		STAILQ_INSERT_TAIL(&list, &rows[i], link);
	vault_write(v, &list, count, &told);
	return told.written == count;
}

/* In a child: from that batch on; each that was taken is acknowledged. */
static void
write_batches(const struct place *p, uint32_t from, uint32_t most, int ack)
{
	struct vault v;

	if (!vault_init(&v, p->path, KIT_SIZE, 10000, 10000))
		_exit(3);
	v.keep_ms = v.usual_ms = INT64_MAX / 2; /* times count from 1970 here, and none of them is over */
	for (uint32_t n = from; n < from + most; n++) {
		if (!write_batch(&v, n) || write(ack, &n, sizeof(n)) != (ssize_t)sizeof(n))
			_exit(2);
	}
	vault_close(&v);
}

/* Is it sound, and has it the batches up to that one, and at most the next? */
static uint32_t
assert_sound(const struct place *p, uint32_t acknowledged)
{
	struct store *s = kit_opened(p, KIT_SIZE); /* which looks for damage */
	const int64_t n = kit_number(p, "SELECT count(*) FROM findings");

	store_close(&s);
	assert_int_equal(kit_number(p, "PRAGMA user_version"), STORE_VERSION);
	assert_in_range(n, acknowledged, acknowledged + 1);
	assert_int_equal(kit_number(p, "SELECT total(ses) FROM findings"), n * (n + 1) / 2);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM cases"), n);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM sessions"), n > 0);
	assert_int_equal(kit_number(p, "SELECT total(ses) FROM sessions"), n);
	assert_int_equal(kit_number(p, "SELECT count(*) FROM usual WHERE kind = 'key'"), n);
	assert_int_equal(kit_number(p, "SELECT total(count) FROM usual WHERE kind = 'active'"), n);
	return (uint32_t)n;
}

/* --- at random --------------------------------------------------------------------------------------------------- */

static void
wait_us(uint32_t us)
{
	const struct timespec t = {.tv_nsec = (long)us * 1000};

	(void)nanosleep(&t, NULL);
}

/* The last number that it said. */
static uint32_t
killed_while_it_writes(const struct place *p, uint32_t from)
{
	uint32_t n, acknowledged = from - 1;
	int ack[2], status;
	pid_t pid;

	assert_int_equal(pipe(ack), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		close(ack[0]);
		write_batches(p, from, UINT32_MAX / 2, ack[1]);
		_exit(1);
	}
	close(ack[1]);
	if (dice(8) != 0) /* else while it opens the store */
		assert_int_equal(read(ack[0], &acknowledged, sizeof(n)), sizeof(n));
	wait_us(dice(10000));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(ack[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
		acknowledged = n;
	close(ack[0]);
	return acknowledged;
}

static void
what_was_acknowledged_is_there_after_a_kill(void **state)
{
	uint32_t n = 0, acknowledged = 0;

	dice_seed(SEED);
	for (unsigned round = 0; round < 60 || acknowledged < WRITES; round++) {
		const uint32_t before = n;

		n = killed_while_it_writes(*state, before + 1);
		acknowledged += n - before;
		n = assert_sound(*state, n);
	}
	print_message("seed %u: %u writes were acknowledged, none is lost\n", SEED, acknowledged);
}

/* --- at each change of a file -------------------------------------------------------------------------------------- */

static unsigned left; /* changes until the last one; 0: it is not counted */

static bool
is_last(void)
{
	return left > 0 && --left == 0;
}

static ssize_t
dying_pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (is_last()) {
		(void)!pwrite(fd, p, n / 2, at);
		(void)raise(SIGKILL);
	}
	return pwrite(fd, p, n, at);
}

static int
dying_ftruncate(int fd, off_t n)
{
	if (is_last())
		(void)raise(SIGKILL);
	return ftruncate(fd, n);
}

static int
dying_fsync(int fd)
{
	if (is_last())
		(void)raise(SIGKILL);
	return fsync(fd);
}

static int
dying_unlink(const char *path)
{
	if (is_last())
		(void)raise(SIGKILL);
	return unlink(path);
}

static void
die_at(unsigned change)
{
	static const struct {
		const char *name;
		sqlite3_syscall_ptr fn;
	} calls[] = {
		{"pwrite", (sqlite3_syscall_ptr)dying_pwrite},
		{"pwrite64", (sqlite3_syscall_ptr)dying_pwrite},
		{"ftruncate", (sqlite3_syscall_ptr)dying_ftruncate},
		{"fsync", (sqlite3_syscall_ptr)dying_fsync},
		{"unlink", (sqlite3_syscall_ptr)dying_unlink},
	};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	left = change;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		/* Which of the two pwrite()s is used is a matter of how the library was built. */
		if (vfs->xGetSystemCall(vfs, calls[i].name) != NULL &&
		    vfs->xSetSystemCall(vfs, calls[i].name, calls[i].fn) != SQLITE_OK)
			_exit(4);
	}
}

typedef void work_fn(const struct place *, int ack);

/* In a child that dies at that change.  False: it came to its end before. */
static bool
dies_in(const struct place *p, unsigned change, work_fn *work, uint32_t *acknowledged)
{
	uint32_t n;
	int ack[2], status;
	pid_t pid;

	assert_int_equal(pipe(ack), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		close(ack[0]);
		die_at(change);
		work(p, ack[1]);
		_exit(0);
	}
	close(ack[1]);
	while (read(ack[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
		*acknowledged = n;
	close(ack[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static void
write_twelve(const struct place *p, int ack)
{
	write_batches(p, 1, 12, ack);
}

static void
each_change_may_be_the_last_of_a_batch(void **state)
{
	const struct place *p = *state;
	unsigned change = 0;
	bool died = true;

	while (died) {
		uint32_t acknowledged = 0;

		kit_unlink(p);
		change += 1 + dice(6);
		died = dies_in(p, change, write_twelve, &acknowledged);
		assert_sound(p, acknowledged);
	}
	print_message("%u changes\n", change);
	assert_true(change > 50); /* it did die in the middle of things */
}

static void
open_and_close(const struct place *p, int ack)
{
	struct store *s = NULL;
	char why[128];

	(void)ack;
	if (store_open(p->path, KIT_SIZE, &s, why) != STORE_OK)
		_exit(5);
	store_close(&s);
}

/* Version 1 whole, or version 2 whole. */
static void
each_change_may_be_the_last_of_a_migration(void **state)
{
	const struct place *p = *state;
	unsigned change = 0, old = 0, new = 0;
	bool died = true;

	while (died) {
		uint32_t none = 0;
		int64_t version;

		kit_unlink(p);
		kit_version_1(p);
		died = dies_in(p, ++change, open_and_close, &none);
		version = kit_number(p, "PRAGMA user_version");
		assert_in_range(version, 1, STORE_VERSION);
		assert_int_equal(kit_number(p, "SELECT count(*) FROM sqlite_schema WHERE name IN ('cases', 'usual')"),
		    version == STORE_VERSION ? 2 : 0);
		*(version == 1 ? &old : &new) += 1;
		assert_int_equal(kit_number(p, "SELECT sum(time) FROM findings"), 500 * 501 / 2 * 1000);
		struct store *s = kit_opened(p, KIT_SIZE);

		store_close(&s);
		assert_int_equal(kit_number(p, "PRAGMA user_version"), STORE_VERSION);
		assert_int_equal(kit_number(p, "SELECT sum(time) FROM findings"), 500 * 501 / 2 * 1000);
	}
	print_message("%u changes\n", change);
	assert_true(old > 3 && new > 1);
}

static void
tend_to_the_end(const struct place *p, int ack)
{
	struct store *s = NULL;
	char why[128];
	bool more = true;

	(void)ack;
	if (store_open(p->path, KIT_SIZE, &s, why) != STORE_OK)
		_exit(5);
	while (more) {
		if (store_tend(s, &(struct store_bounds){.before_ms = {1401}}, false, &more) != STORE_OK)
			_exit(6);
	}
	store_close(&s);
}

static void
each_change_may_be_the_last_of_a_vacuum(void **state)
{
	const struct place *p = *state;
	unsigned change = 0;
	bool died = true;

	while (died) {
		uint32_t none = 0;
		struct store *s;

		kit_unlink(p);
		s = kit_opened(p, KIT_SIZE);
		store_close(&s);
		kit_exec(p, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
			    "INSERT INTO findings(time, boot, ses, user, json) "
			    "SELECT i, 'boot', i, 'alice', printf('%.*c', 700, 'x') FROM n");
		change += 1 + dice(12);
		died = dies_in(p, change, tend_to_the_end, &none);
		s = kit_opened(p, KIT_SIZE);
		store_close(&s);
		assert_int_equal(kit_number(p, "SELECT count(*) FROM findings WHERE time > 1400"), 100);
		tend_to_the_end(p, -1);
		assert_int_equal(kit_number(p, "SELECT count(*) FROM findings"), 100);
		assert_int_equal(kit_number(p, "SELECT total(time) FROM findings"), 100 * (1401 + 1500) / 2);
	}
	print_message("%u changes\n", change);
	assert_true(change > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_set_up_in_memory, kit_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_acknowledged_is_there_after_a_kill),
		TEST(each_change_may_be_the_last_of_a_batch),
		TEST(each_change_may_be_the_last_of_a_migration),
		TEST(each_change_may_be_the_last_of_a_vacuum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

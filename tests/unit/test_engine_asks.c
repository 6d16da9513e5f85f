/* What the model asks for, owners and programs, over a pair of packets: everybody has his share. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/failures.h"
#include "agentd/engine/owners.h"
#include "agentd/engine/programs.h"
#include "base/safe.h"
#include "tests/unit/link_pair.h"
#include "tests/unit/unit.h"

#define ALICE 57 /* sessions */
#define BOB   58

struct stage {
	struct link_pair pair;
	struct host *host;
	struct owners *owners;
	struct programs *programs;
};

static int
set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	const struct endpoint none = {0};

	link_pair_open(&s->pair);
	s->host = host_new("", NULL);
	s->owners = owners_new(s->pair.link);
	s->programs = programs_new(s->pair.base, s->pair.link);
	owners_tell(s->owners, s->host);
	programs_tell(s->programs, s->host);
	(void)host_found(s->host, ALICE, 1001, 700, 1, none, none, rtime_now());
	(void)host_found(s->host, BOB, 1002, 800, 1, none, none, rtime_now());
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	owners_free(&s->owners);
	programs_free(&s->programs);
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

static unsigned
asked_of(struct stage *s, uint32_t ses)
{
	unsigned n = 0;
	struct request r;

	while (asked(s, &r))
		n += r.ses == ses;
	return n;
}

/* How often that happened, as `status` shows it. */
static uint64_t
failures(const char *name)
{
	struct buf out = BUF_INIT, mark = BUF_INIT;
	struct json j;
	const char *row;
	uint64_t n = 0;

	json_init(&j, &out);
	failures_json(&j);
	buf_printf(&mark, "{\"name\":\"%s\",\"count\":", name);
	assert_true(buf_ok(&out) && buf_ok(&mark));
	if ((row = strstr(out.p, mark.p)) != NULL)
		n = strtoull(row + mark.n, NULL, 10);
	buf_free(&out);
	buf_free(&mark);
	return n;
}

static void
an_owner_is_had_by_everybody(void **state)
{
	struct stage *s = *state;
	struct fact_unix un = {.has_inode = true, .dev_minor = 3, .path = BYTES_LIT("/tmp/s")};
	uint64_t before = failures("owner-quota");

	for (un.inode = 1; un.inode <= 1000; un.inode++)
		owners_want(s->owners, ALICE, &un);
	owners_want(s->owners, BOB, &un);
	assert_in_range(asked_of(s, ALICE), 32, ST_OWNER_ASKS / 2);
	assert_true(failures("owner-quota") > before);
	un.inode++;
	owners_want(s->owners, BOB, &un);
	assert_int_equal(asked_of(s, BOB), 1);
}

static void
a_program_is_looked_into_for_everybody(void **state)
{
	struct stage *s = *state;
	uint64_t before = failures("scan-quota");

	for (uint64_t inode = 1; inode <= 1000; inode++)
		programs_want(s->programs, ALICE, 900, inode, 0, 3);
	assert_in_range(asked_of(s, ALICE), 64, ST_PROGRAM_ASKS / 2);
	assert_true(failures("scan-quota") > before);
	programs_want(s->programs, BOB, 901, 5000, 0, 3);
	assert_int_equal(asked_of(s, BOB), 1);
}

#define WAIT_MS 60000 /* for what is read beside the loop */

/* A client with 32 MiB in front of what gives it away is not one that was found to be none. */
static void
what_is_too_large_is_not_known(void **state)
{
	struct stage *s = *state;
	uint64_t before = failures("scan-cut"), lessons = host_lessons(s->host);
	struct notice n = {.kind = NOTE_RESULT, .result = RES_OK};
	struct request r;
	struct stat st;
	int fd = memfd_create("large", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, ST_SCAN_BYTES + 4096), 0);
	assert_int_equal(fstat(fd, &st), 0);
	programs_want(s->programs, ALICE, 900, st.st_ino, major(st.st_dev), minor(st.st_dev));
	assert_true(asked(s, &r));
	n.id = r.id;
	assert_int_equal(packet_send(s->pair.monitor, &n, sizeof(n), &fd, 1), 0);
	for (struct mtime t = mtime_now(); failures("scan-cut") == before && mtime_ms_since(mtime_now(), t) < WAIT_MS;) {
		event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
		usleep(10000);
	}
	assert_int_equal(failures("scan-cut"), before + 1);
	assert_int_equal(host_lessons(s->host), lessons);
	close(fd);
}

/* Answers the one that was asked with that file, and waits until it was read. */
static void
read_for(struct stage *s, int *fd)
{
	struct notice n = {.kind = NOTE_RESULT, .result = RES_OK};
	uint64_t lessons = host_lessons(s->host);
	struct request r;

	assert_true(asked(s, &r));
	n.id = r.id;
	assert_int_equal(packet_send(s->pair.monitor, &n, sizeof(n), fd, 1), 0);
	for (struct mtime t = mtime_now(); host_lessons(s->host) == lessons && mtime_ms_since(mtime_now(), t) < WAIT_MS;) {
		event_base_loop(s->pair.base, EVLOOP_NONBLOCK);
		usleep(10000);
	}
	assert_true(host_lessons(s->host) > lessons);
}

static int
runs(struct stage *s, uint64_t inode, uint32_t dev_minor)
{
	struct fact f = {.kind = FACT_EXEC, .time = rtime_now(), .pid = 950, .ppid = 900, .has_task = true, .ses = ALICE,
	    .auid = 1001, .uid = 1001, .euid = 1001, .exe = BYTES_LIT("/usr/bin/python3"), .exe_inode = inode,
	    .exe_dev_minor = dev_minor};

	host_apply(s->host, &f);
	return (int)host_process(s->host, 950)->program;
}

/* On a tmpfs anybody has any inode: what is read there says nothing of the file of that number elsewhere. */
static void
another_device_is_another_file(void **state)
{
	struct stage *s = *state;
	int fd = memfd_create("client", MFD_CLOEXEC);
	struct stat st;

	assert_int_equal(dprintf(fd, "ssh-userauth ssh-connection"), 27);
	assert_int_equal(fstat(fd, &st), 0);
	programs_want(s->programs, ALICE, 900, st.st_ino, 0, 254);
	read_for(s, &fd);
	assert_int_not_equal(runs(s, st.st_ino, 254), PROGRAM_SSH);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_owner_is_had_by_everybody),
		TEST(a_program_is_looked_into_for_everybody),
		TEST(what_is_too_large_is_not_known),
		TEST(another_device_is_another_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the kernel's events are taken to say, from a pipe instead of a group: a wrong length ends it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "agentd/monitor/fan.h"
#include "tests/unit/unit.h"

#define PID 4711

/* An event of FAN_ABOUT_NAMES, as fanotify_user.c lays it out. */
struct event {
	struct fanotify_event_metadata m;
	struct { /* struct fanotify_event_info_fid, with its handle and a name */
		struct fanotify_event_info_header hdr;
		int fsid[2];
		unsigned bytes;
		int type;
		unsigned char handle[8];
		char name[8];
	} fid;
	struct fanotify_event_info_pidfd pidfd;
};

static struct {
	unsigned n;
	uint64_t mask;
	pid_t pid;
	int pidfd;
	bool has_object;
	struct fan_object object;
	char name[32];
} heard;

static void
hear(const struct fan_event *ev, void *arg)
{
	(void)arg;
	heard.n++;
	heard.mask = ev->mask;
	heard.pid = ev->pid;
	heard.pidfd = ev->pidfd;
	heard.has_object = ev->object != NULL;
	if (ev->object != NULL)
		heard.object = *ev->object;
	assert_true(bytes_copy(ev->name, heard.name, sizeof(heard.name)));
}

static struct event
event(void)
{
	struct event e = {
		.m = {.event_len = sizeof(e), .vers = FANOTIFY_METADATA_VERSION, .metadata_len = sizeof(e.m), .mask = FAN_OPEN,
		    .fd = FAN_NOFD, .pid = PID},
		.fid = {.hdr = {.info_type = FAN_EVENT_INFO_TYPE_DFID_NAME, .len = sizeof(e.fid)}, .fsid = {1, 2}, .bytes = 8,
		    .type = 3, .handle = "handle", .name = "id_work"},
		.pidfd = {.hdr = {.info_type = FAN_EVENT_INFO_TYPE_PIDFD, .len = sizeof(e.pidfd)}, .pidfd = FAN_NOPIDFD},
	};

	return e;
}

static int
read_of(const void *bytes, size_t n)
{
	int fd[2], rc;

	memset(&heard, 0, sizeof(heard));
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_int_equal(write(fd[1], bytes, n), n);
	rc = fan_read(fd[0], hear, NULL);
	close(fd[0]);
	close(fd[1]);
	return rc;
}

static void
two_events_are_two(void **state)
{
	const struct event e[2] = {event(), event()};

	(void)state;
	assert_int_equal(read_of(e, sizeof(e)), 2);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.mask, FAN_OPEN);
	assert_int_equal(heard.pid, PID);
	assert_int_equal(heard.pidfd, -1);
	assert_true(heard.has_object);
	assert_int_equal(heard.object.n, 8);
	assert_int_equal(heard.object.type, 3);
	assert_memory_equal(heard.object.handle, "handle", 6);
	assert_string_equal(heard.name, "id_work");
}

static void
what_is_no_event_ends_it(void **state)
{
	static const struct {
		unsigned event_len;
		unsigned char vers;
		unsigned short metadata_len;
	} rows[] = {
		{0, FANOTIFY_METADATA_VERSION, sizeof(struct fanotify_event_metadata)},
		{sizeof(struct fanotify_event_metadata) - 1, FANOTIFY_METADATA_VERSION, sizeof(struct fanotify_event_metadata)},
		{sizeof(struct event) + 1, FANOTIFY_METADATA_VERSION, sizeof(struct fanotify_event_metadata)},
		{UINT_MAX, FANOTIFY_METADATA_VERSION, sizeof(struct fanotify_event_metadata)},
		{sizeof(struct event), FANOTIFY_METADATA_VERSION, 0},
		{sizeof(struct event), FANOTIFY_METADATA_VERSION, sizeof(struct event) + 1},
		{sizeof(struct event), FANOTIFY_METADATA_VERSION + 1, sizeof(struct fanotify_event_metadata)},
	};
	struct event e[2] = {event(), event()};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		e[1].m.event_len = rows[i].event_len;
		e[1].m.vers = rows[i].vers;
		e[1].m.metadata_len = rows[i].metadata_len;
		assert_int_equal(read_of(e, sizeof(e)), -EPROTO);
		assert_int_equal(heard.n, 1);
	}
}

/* What it was about is not known then; who it was is. */
static void
a_wrong_length_inside_ends_the_event(void **state)
{
	static const unsigned short lengths[] = {0, 1, 3, sizeof(struct event), USHRT_MAX};
	struct event e;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		e = event();
		e.fid.hdr.len = lengths[i];
		assert_int_equal(read_of(&e, sizeof(e)), 1);
		assert_int_equal(heard.pid, PID);
		assert_false(heard.has_object);
	}
	e = event();
	e.fid.bytes = 17; /* with the name that is all there is: 16 */
	assert_int_equal(read_of(&e, sizeof(e)), 1);
	assert_false(heard.has_object);
	assert_string_equal(heard.name, "");
}

static void
a_name_without_an_end_ends_there(void **state)
{
	struct event e = event();

	(void)state;
	memcpy(e.fid.name, "id_works", sizeof(e.fid.name));
	assert_int_equal(read_of(&e, sizeof(e)), 1);
	assert_string_equal(heard.name, "id_works");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_events_are_two),
		cmocka_unit_test(what_is_no_event_ends_it),
		cmocka_unit_test(a_wrong_length_inside_ends_the_event),
		cmocka_unit_test(a_name_without_an_end_ends_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

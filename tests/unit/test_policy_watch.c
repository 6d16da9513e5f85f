/* Whatever people and tools do to the files of a policy is noticed, once; what they do beside it is not. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "agentd/engine/policy_watch.h"
#include "base/safe.h"

#define QUIET_MS 30
#define MOST_MS  200

static char dir[64];

struct scene {
	struct event_base *base;
	struct policy_watch *w;
	struct policy_files *files;
	unsigned calls;
};

static void
on_changed(void *arg)
{
	struct scene *s = arg;

	s->calls++;
}

/* One path of the scene; two of them at a time. */
static const char *
at(const char *name)
{
	static char path[2][192];
	static unsigned i;

	i ^= 1;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void
put(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd != -1 && write_all(fd, text, strlen(text)) == 0);
	close(fd);
}

static void
on_enough(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void
run_for(struct scene *s, int64_t ms)
{
	const struct timeval tv = timeval_of_ms(ms);
	struct event *enough = evtimer_new(s->base, on_enough, s->base);

	assert_non_null(enough);
	evtimer_add(enough, &tv);
	event_base_dispatch(s->base);
	event_free(enough);
}

static void
watch(struct scene *s)
{
	policy_watch_begin(s->w);
	policy_watch_path(s->w, at("link/main.policy"));
	policy_watch_files(s->w, s->files);
	policy_watch_end(s->w);
}

static void
file(struct scene *s, enum policy_piece piece, const char *name)
{
	assert_true(policy_files_put(s->files, piece, POLF_POLICY, at(name), (struct bytes){0}, (struct bytes){0}));
}

static int
open_scene(void **state)
{
	const struct policy_watch_times times = {.quiet_ms = QUIET_MS, .most_ms = MOST_MS};
	struct scene *s = calloc(1, sizeof(*s));

	(void)snprintf(dir, sizeof(dir), "/tmp/policy-watch-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_true(mkdir(at("one"), 0755) == 0 && mkdir(at("two"), 0755) == 0 && mkdir(at("parts"), 0755) == 0 &&
	    symlink("one", at("link")) == 0);
	put("one/main.policy", "1");
	put("two/main.policy", "2");
	put("parts/10.policy", "3");
	put("table", "4");
	s->base = event_base_new();
	s->w = policy_watch_new(s->base, times, on_changed, s);
	s->files = policy_files_new(false, NULL, rtime_now());
	assert_true(s->base != NULL && s->w != NULL && s->files != NULL);
	file(s, PIECE_FILE, "parts/10.policy");
	file(s, PIECE_LIST, "parts/*.policy");
	file(s, PIECE_FILE, "table");
	file(s, PIECE_TRIED, "later/there.policy");
	watch(s);
	run_for(s, QUIET_MS * 3); /* new directories: it is looked at once more */
	assert_int_equal(s->calls, 1);
	watch(s);
	run_for(s, QUIET_MS * 3);
	assert_int_equal(s->calls, 1);
	s->calls = 0;
	*state = s;
	return 0;
}

static int
close_scene(void **state)
{
	struct scene *s = *state;
	char command[96];

	policy_watch_free(&s->w);
	policy_files_free(&s->files);
	event_base_free(s->base);
	free(s);
	(void)snprintf(command, sizeof(command), "%s", dir);
	if (fork() == 0)
		execlp("rm", "rm", "-rf", command, (char *)NULL);
	return 0;
}

/* --- what is done ------------------------------------------------------------------------------------ */

static void
in_place(void)
{
	put("table", "5");
}

static void
renamed_over(void)
{
	put("one/.main.policy.ansible", "5");
	assert_int_equal(rename(at("one/.main.policy.ansible"), at("one/main.policy")), 0);
}

static void
gone_and_made(void)
{
	assert_int_equal(unlink(at("parts/10.policy")), 0);
	put("parts/10.policy", "5");
}

static void
unpacked(void)
{
	put("table.dpkg-new", "5");
	assert_int_equal(rename(at("table.dpkg-new"), at("table")), 0);
}

static void
linked_over(void)
{
	assert_true(symlink("two", at("link.new")) == 0 && rename(at("link.new"), at("link")) == 0);
}

static void
signed_now(void)
{
	put("table.sig", "-----BEGIN");
}

static void
one_more(void)
{
	put("parts/20.policy", "5");
}

static void
of_the_pattern_signed(void)
{
	put("parts/30.policy.sig", "5");
}

static void
one_less(void)
{
	assert_int_equal(unlink(at("parts/10.policy")), 0);
}

static void
readable_now(void)
{
	assert_int_equal(chmod(at("table"), 0600), 0);
}

static void
the_directory_is_another(void)
{
	assert_true(mkdir(at("parts.new"), 0755) == 0 && rename(at("parts"), at("parts.old")) == 0 &&
	    rename(at("parts.new"), at("parts")) == 0);
}

static void
what_was_not_there(void)
{
	assert_int_equal(mkdir(at("later"), 0755), 0);
}

static void
noticed(void **state)
{
	static void (*const ways[])(void) = {in_place, renamed_over, gone_and_made, unpacked, linked_over, signed_now,
	    one_more, of_the_pattern_signed, one_less, readable_now, the_directory_is_another, what_was_not_there};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		s->calls = 0;
		ways[i]();
		run_for(s, QUIET_MS * 4);
		if (s->calls != 1)
			fail_msg("way %zu: %u calls", i, s->calls);
		watch(s); /* as after a load */
		run_for(s, QUIET_MS * 4);
	}
}

static void
not_noticed(void **state)
{
	struct scene *s = *state;

	put("one/other.policy", "5");
	put("parts/README", "5");
	put("two/main.policy", "5"); /* the link names one */
	put("beside", "5");
	assert_int_equal(rename(at("beside"), at("aside")), 0);
	run_for(s, QUIET_MS * 4);
	assert_int_equal(s->calls, 0);
	assert_int_equal(close(open(at("table"), O_RDONLY | O_CLOEXEC)), 0);
	run_for(s, QUIET_MS * 4);
	assert_int_equal(s->calls, 0);
}

/* Many changes are few; without an end to them it is looked at all the same. */
static void
quiet_first(void **state)
{
	struct scene *s = *state;
	const struct mtime begin = mtime_now();
	unsigned n = 0;

	while (s->calls == 0 && mtime_ms_since(mtime_now(), begin) < 100 * MOST_MS) {
		put("table", "5");
		run_for(s, QUIET_MS / 3);
		n++;
	}
	assert_int_equal(s->calls, 1);
	assert_true(n > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(noticed, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(not_noticed, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(quiet_first, open_scene, close_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

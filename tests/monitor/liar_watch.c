/* Homes and processes that are to be watched: what the engine shows, and who opens what.  Real fanotify. */
#include "tests/monitor/kit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"
#include "tests/unit/unit.h"

#define OTHER_AUID 4002

/* --- a home ------------------------------------------------------------------------------------------- */

static char home[PATH_MAX];
static unsigned homes;

static const char *
in_home(const char *name)
{
	static char path[PATH_MAX + 64];

	(void)snprintf(path, sizeof(path), "%s/%s", home, name);
	return path;
}

static void
make_file(const char *name)
{
	int fd = open(in_home(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	close(fd);
}

static void
make_home(uid_t owner, uid_t owner_of_keys)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "home%u", ++homes);
	(void)snprintf(home, sizeof(home), "%s", stage_path(name));
	assert_int_equal(mkdir(home, 0700), 0);
	assert_int_equal(mkdir(in_home(".ssh"), 0700), 0);
	make_file(".ssh/id_work");
	make_file(".ssh/id_other");
	make_file(".ssh/authorized_keys");
	make_file(".ssh/id_\n\033[2J");
	assert_int_equal(chown(in_home(".ssh"), owner_of_keys, owner_of_keys), 0);
	assert_int_equal(chown(home, owner, owner), 0);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static int
clear(void **state)
{
	char name[32];

	for (; homes > 0; homes--) {
		(void)snprintf(name, sizeof(name), "home%u", homes);
		(void)nftw(stage_path(name), remove_one, 4, FTW_DEPTH | FTW_PHYS);
	}
	return kit_clear(state);
}

static enum result
show_of(uint32_t ses, uint32_t uid, const char *path, struct notice *n)
{
	struct request rq = {.kind = REQ_KEYS, .ses = ses, .uid = uid};
	int fd = open(path, O_PATH | O_CLOEXEC);
	enum result result;

	assert_int_not_equal(fd, -1);
	result = stage_ask_fd(&rq, fd, n);
	close(fd);
	return result;
}

static enum result
show(uint32_t ses, const char *path, struct notice *n)
{
	return show_of(ses, 0, path, n);
}

/* --- who opens things: a task with a login of its own, which stays until the notice has come ------------- */

struct actor {
	pid_t pid;
	int release; /* closed: it ends */
};

static void
be_login(uint32_t auid)
{
	char text[16];
	int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC), n = snprintf(text, sizeof(text), "%u", auid);

	if (fd == -1 || write(fd, text, (size_t)n) != n)
		_exit(2);
	close(fd);
}

static void
read_files(const char *const *files)
{
	for (; *files != NULL; files++)
		close(open(in_home(*files), O_RDONLY | O_CLOEXEC));
}

static void
touch_memory(const char *const *words)
{
	char maps[256];
	uint64_t at = 0;
	char byte;
	int fd = open(words[0], O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, maps, sizeof(maps) - 1);

	maps[n > 0 ? n : 0] = '\0';
	close(fd);
	if (sscanf(maps, "%" SCNx64, &at) != 1)
		_exit(3);
	fd = open(words[1], (words[2] != NULL ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (pread(fd, &byte, 1, (off_t)at) != 1 || (words[2] != NULL && pwrite(fd, &byte, 1, (off_t)at) != 1))
		_exit(4);
}

static struct actor
act(uint32_t auid, void (*what)(const char *const *), const char *const *words)
{
	int hold[2], done[2];
	struct actor a;
	char byte;

	assert_int_equal(pipe2(hold, O_CLOEXEC) | pipe2(done, O_CLOEXEC), 0);
	a.pid = fork();
	if (a.pid == 0) {
		close(hold[1]);
		if (auid != AUID_UNSET)
			be_login(auid);
		what(words);
		close(done[1]);
		_exit(read(hold[0], &byte, 1) != 0);
	}
	close(hold[0]);
	close(done[1]);
	assert_int_equal(read(done[0], &byte, 1), 0);
	close(done[0]);
	a.release = hold[1];
	return a;
}

static void
end(struct actor *a)
{
	int status;

	close(a->release);
	assert_int_equal(waitpid(a->pid, &status, 0), a->pid);
	assert_int_equal(status, 0);
}

/* --- tests -------------------------------------------------------------------------------------------- */

static void
only_a_home_of_the_session_s_own_user(void **state)
{
	struct stage_session s;
	struct request rq = {.kind = REQ_KEYS};
	struct notice n;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	make_home(KIT_AUID, KIT_AUID);
	assert_int_equal(show(s.ses, home, NULL), RES_OK);
	assert_int_equal(show(s.ses, home, NULL), RES_OK); /* again is welcome */
	assert_int_equal(show(s.ses + 1000, home, NULL), RES_NO_SESSION);
	assert_int_equal(show(SES_UNSET, home, &n), RES_DENIED); /* it is not root's */
	assert_int_equal(n.value, EPERM);
	assert_int_equal(show(s.ses, in_home(".ssh/id_work"), &n), RES_DENIED);
	assert_int_equal(n.value, ENOTDIR);
	assert_int_equal(show(s.ses, in_home(".ssh"), NULL), RES_NOT_FOUND); /* no .ssh in there */
	make_home(OTHER_AUID, KIT_AUID);
	assert_int_equal(show(s.ses, home, &n), RES_DENIED);
	assert_int_equal(n.value, EPERM);
	make_home(KIT_AUID, OTHER_AUID);
	assert_int_equal(show(s.ses, home, &n), RES_DENIED);
	assert_int_equal(n.value, EPERM);
	rq.ses = s.ses; /* without a home; and what needs none, with one */
	kit_is_rubbish(&rq, NULL, 0);
	stage_session_end(&s);
}

static void
a_home_without_a_session_is_its_user_s_too(void **state)
{
	static const char *const files[] = {".ssh/id_work", NULL};
	struct actor reader;
	struct notice n;

	(void)state;
	make_home(KIT_AUID, KIT_AUID);
	assert_int_equal(show_of(SES_UNSET, AUID_UNSET, home, NULL), RES_NO_SESSION);
	assert_int_equal(show_of(SES_UNSET, OTHER_AUID, home, &n), RES_DENIED);
	assert_int_equal(n.value, EPERM);
	assert_int_equal(show_of(SES_UNSET, KIT_AUID, home, NULL), RES_OK);
	reader = act(OTHER_AUID, read_files, files);
	assert_true(stage_hear(NOTE_KEY, KIT_AUID, &n, NULL));
	assert_string_equal(n.name, "id_work");
	end(&reader);
}

static void
a_link_out_of_the_home_is_not_followed(void **state)
{
	struct stage_session s;
	char keys[PATH_MAX + 64], kept[PATH_MAX + 64];
	struct notice n;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	make_home(KIT_AUID, KIT_AUID);
	(void)snprintf(keys, sizeof(keys), "%s", in_home(".ssh"));
	make_home(KIT_AUID, KIT_AUID);
	(void)snprintf(kept, sizeof(kept), "%s", in_home("kept"));
	assert_int_equal(rename(in_home(".ssh"), kept), 0);
	assert_int_equal(symlink(keys, in_home(".ssh")), 0);
	assert_int_equal(show(s.ses, home, &n), RES_DENIED);
	assert_int_equal(n.value, EXDEV);
	assert_int_equal(unlink(in_home(".ssh")), 0);
	assert_int_equal(symlink("kept", in_home(".ssh")), 0);
	assert_int_equal(show(s.ses, home, &n), RES_OK);
	stage_session_end(&s);
}

static void
who_opens_a_key_is_told(void **state)
{
	static const char *const files[] = {".ssh/authorized_keys", ".ssh/id_work", ".ssh/id_work", ".ssh/id_\n\033[2J", NULL};
	struct stage_session s;
	struct actor reader;
	struct notice n;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	make_home(KIT_AUID, KIT_AUID);
	assert_int_equal(show(s.ses, home, NULL), RES_OK);
	reader = act(OTHER_AUID, read_files, files);
	assert_true(stage_hear(NOTE_KEY, KIT_AUID, &n, NULL)); /* the public one is not the first */
	assert_string_equal(n.name, "id_work");
	assert_int_equal(n.pid, reader.pid);
	assert_int_equal(n.auid, OTHER_AUID);
	assert_int_equal(n.euid, 0);
	assert_int_equal(n.flags, 0);
	assert_int_not_equal(n.ses, SES_UNSET);
	assert_int_not_equal(n.inode, 0);
	assert_true(stage_hear(NOTE_KEY, KIT_AUID, &n, NULL)); /* nor is the same told twice */
	assert_string_equal(n.name, "id_\\x0a\\x1b[2J");
	end(&reader);
	stage_session_end(&s);
}

/* A service's own task is nobody's session; who has ended is told by his pid alone. */
static void
whose_task_it_is(void **state)
{
	static const char *const one[] = {".ssh/id_work", NULL}, *const other[] = {".ssh/id_other", NULL};
	struct stage_session s;
	struct actor service, reader;
	struct notice n;
	uint32_t ses;

	(void)state;
	assert_int_equal(proc_sessionid(getpid(), &ses), 0);
	if (ses != SES_UNSET)
		skip(); /* who runs the tests from a login has no task without one */
	stage_session(&s, KIT_AUID, true);
	make_home(KIT_AUID, KIT_AUID);
	assert_int_equal(show(s.ses, home, NULL), RES_OK);
	service = act(AUID_UNSET, read_files, one);
	reader = act(OTHER_AUID, read_files, other);
	assert_true(stage_hear(NOTE_KEY, KIT_AUID, &n, NULL));
	assert_string_equal(n.name, "id_other");
	end(&reader); /* it has inherited what holds the other */
	end(&service);
	stage_session_end(&s);
}

/* The next, and those before it that were not told. */
static void
hear(uint64_t *all, struct notice *n)
{
	assert_true(stage_hear(NOTE_KEY, KIT_AUID, n, NULL));
	*all += 1 + n->value;
}

static void
a_flood_is_capped_and_counted(void **state)
{
	static const char *const one[] = {".ssh/id_work", NULL};
	struct stage_session s;
	struct actor reader;
	struct notice n;
	static const char *many[ST_WATCH_TELL * 2 + 1];
	static char names[ST_WATCH_TELL * 2][32];
	uint64_t all = 0;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	make_home(KIT_AUID, KIT_AUID);
	for (unsigned i = 0; i < ST_WATCH_TELL * 2; i++) {
		(void)snprintf(names[i], sizeof(names[i]), ".ssh/key%u", i);
		make_file(names[i]);
		many[i] = names[i];
	}
	assert_int_equal(show(s.ses, home, NULL), RES_OK);
	reader = act(OTHER_AUID, read_files, many);
	for (unsigned i = 0; i < ST_WATCH_TELL; i++)
		hear(&all, &n);
	end(&reader);
	/* The count comes along with the next that is told, and that of another session is. */
	reader = act(OTHER_AUID, read_files, one);
	do
		hear(&all, &n);
	while (strcmp(n.name, "id_work") != 0);
	assert_int_equal(all, ST_WATCH_TELL * 2 + 1);
	end(&reader);
	stage_session_end(&s);
}

static void
who_touches_memory_is_told(void **state)
{
	char maps[64], mem[64], task[64];
	struct stage_session s;
	struct actor reader;
	struct notice n;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	(void)snprintf(maps, sizeof(maps), "/proc/%d/maps", (int)s.child);
	(void)snprintf(mem, sizeof(mem), "/proc/%d/mem", (int)s.child);
	(void)snprintf(task, sizeof(task), "/proc/%d/task/%d/mem", (int)s.child, (int)s.child);
	assert_int_equal(kit_ask(REQ_GUARD, &s, 1), RES_OTHER_SESSION);
	assert_int_equal(kit_ask(REQ_GUARD, &s, s.child), RES_OK);
	assert_int_equal(kit_ask(REQ_GUARD, &s, s.child), RES_OK);
	reader = act(OTHER_AUID, touch_memory, (const char *const[]){maps, mem, NULL});
	assert_true(stage_hear(NOTE_MEMORY, (uint32_t)s.child, &n, NULL));
	assert_int_equal(n.pid, reader.pid);
	assert_int_equal(n.auid, OTHER_AUID);
	assert_int_equal(n.flags & WATCHF_WRITE, 0);
	end(&reader);
	reader = act(OTHER_AUID, touch_memory, (const char *const[]){maps, task, "w", NULL});
	do
		assert_true(stage_hear(NOTE_MEMORY, (uint32_t)s.child, &n, NULL));
	while ((n.flags & WATCHF_WRITE) == 0);
	assert_int_equal(n.pid, reader.pid);
	end(&reader);
	stage_session_end(&s);
}

/* As of ssh-agent, which listens before it goes to the background. */
static void
whoever_has_the_listener_next_is_guarded(void **state)
{
	char maps[64], mem[64];
	struct request rq = {.kind = REQ_SOCKET};
	struct stage_session s;
	struct actor reader;
	struct notice n;
	struct stat st;
	pid_t heir;

	(void)state;
	stage_session(&s, KIT_AUID, true);
	assert_true(stage_order(&s, ORDER_LISTEN, "agents/heir") >= 0);
	heir = stage_order(&s, ORDER_FORK, NULL);
	assert_int_equal(stat(stage_path("agents/heir"), &st), 0);
	rq = (struct request){.kind = REQ_SOCKET, .ses = s.ses, .inode = st.st_ino, .dev_major = major(st.st_dev),
	    .dev_minor = minor(st.st_dev)};
	assert_int_equal(stage_ask(&rq, NULL, NULL), RES_OK);
	assert_int_equal(kill(s.work, SIGKILL), 0);
	assert_true(stage_gone_soon(s.work));
	assert_int_equal(kit_ask(REQ_ALIVE, &s, 0), RES_OK); /* the loop has turned since: it has heard of that */
	rq.kind = REQ_OWNER; /* answered behind what the end of the first has set off */
	assert_int_equal(stage_ask(&rq, &n, NULL), RES_OK);
	assert_int_equal(n.pid, heir);
	(void)snprintf(maps, sizeof(maps), "/proc/%d/maps", (int)heir);
	(void)snprintf(mem, sizeof(mem), "/proc/%d/mem", (int)heir);
	reader = act(OTHER_AUID, touch_memory, (const char *const[]){maps, mem, NULL});
	assert_true(stage_hear(NOTE_MEMORY, (uint32_t)heir, &n, NULL));
	assert_int_equal(n.pid, reader.pid);
	end(&reader);
	stage_session_end(&s);
}

#define SESSIONS (ST_GUARDED_USER / ST_GUARDED_SES)

static void
no_user_has_all_guards(void **state)
{
	struct stage_session own[SESSIONS], next, other;

	(void)state;
	for (unsigned i = 0; i < SESSIONS; i++) {
		stage_session(&own[i], KIT_AUID, true);
		for (unsigned k = 0; k < ST_GUARDED_SES; k++)
			assert_int_equal(kit_ask(REQ_GUARD, &own[i], stage_order(&own[i], ORDER_FORK, NULL)), RES_OK);
		assert_int_equal(kit_ask(REQ_GUARD, &own[i], own[i].work), RES_RATE);
	}
	stage_session(&next, KIT_AUID, true);
	stage_session(&other, OTHER_AUID, true);
	assert_int_equal(kit_ask(REQ_GUARD, &next, next.work), RES_RATE);
	assert_int_equal(kit_ask(REQ_GUARD, &next, next.top), RES_OK);
	assert_int_equal(kit_ask(REQ_GUARD, &next, next.child), RES_OK);
	assert_int_equal(kit_ask(REQ_GUARD, &other, other.work), RES_OK);
	for (unsigned i = 0; i < SESSIONS; i++)
		stage_session_end(&own[i]);
	stage_session_end(&next);
	stage_session_end(&other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_fresh, clear)

static const struct CMUnitTest tests[] = {
	TEST(only_a_home_of_the_session_s_own_user),
	TEST(a_home_without_a_session_is_its_user_s_too),
	TEST(a_link_out_of_the_home_is_not_followed),
	TEST(who_opens_a_key_is_told),
	TEST(whose_task_it_is),
	TEST(a_flood_is_capped_and_counted),
	TEST(who_touches_memory_is_told),
	TEST(whoever_has_the_listener_next_is_guarded),
	TEST(no_user_has_all_guards),
};

const struct kit_tests liar_watch = {tests, sizeof(tests) / sizeof(*tests)};

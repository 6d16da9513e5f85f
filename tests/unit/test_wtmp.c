/*
 * What a wtmp says: entries as sshd, login and boots write them, and as no one should; and who is learned to have
 * been logged in from where.
 */
#include <stdio.h>
#include <string.h>

#include "agentd/baseline/baseline.h"
#include "cli/wtmp_learn.h"
#include "tests/unit/unit.h"

#define DAY   20000
#define NOON  (DAY * 86400 + 12 * 3600)
#define LATEST ((struct rtime){.ms = (NOON + 10 * 86400) * 1000LL})

static struct utmp
entry(short type, const char *line, const char *user, const char *host, int at)
{
	struct utmp u = {.ut_type = type, .ut_pid = 4711, .ut_tv = {.tv_sec = NOON + at, .tv_usec = 500000}};
	struct addr a;

	memcpy(u.ut_line, line, strnlen(line, sizeof(u.ut_line)));
	memcpy(u.ut_user, user, strnlen(user, sizeof(u.ut_user)));
	memcpy(u.ut_host, host, strnlen(host, sizeof(u.ut_host)));
	if (addr_parse(bytes_of(host), &a))
		memcpy(u.ut_addr_v6, a.b, a.family == 4 ? 4 : 16);
	return u;
}

static bool
parse(const struct utmp *u, struct wtmp *w)
{
	return wtmp_parse((const char *)u, w);
}

/* --- an entry ------------------------------------------------------------------------------------------ */

static void
entries(void **state)
{
	static const struct {
		short type;
		const char *line, *user, *host;
		enum wtmp_kind kind;
		unsigned family;
	} cases[] = {
	    {USER_PROCESS, "pts/0", "alice", "192.0.2.7", WTMP_LOGIN, 4},
	    {USER_PROCESS, "pts/0", "alice", "2001:db8::7", WTMP_LOGIN, 6},
	    {USER_PROCESS, "tty1", "root", "", WTMP_LOGIN, 0},
	    {USER_PROCESS, "pts/3", "alice", "tmux(812).%0", WTMP_LOGIN, 0},
	    {USER_PROCESS, "pts/3", "alice", ":pts/0:S.0", WTMP_LOGIN, 0},
	    {USER_PROCESS, "ssh:notty", "alice", "192.0.2.7", WTMP_OTHER, 4}, /* it failed */
	    {USER_PROCESS, "pts/0", "", "", WTMP_LOGOUT, 0},
	    {USER_PROCESS, "", "alice", "192.0.2.7", WTMP_OTHER, 4},
	    {LOGIN_PROCESS, "ssh:notty", "alice", "192.0.2.7", WTMP_OTHER, 4},
	    {DEAD_PROCESS, "pts/0", "", "", WTMP_LOGOUT, 0},
	    {DEAD_PROCESS, "", "", "", WTMP_OTHER, 0},
	    {BOOT_TIME, "~", "reboot", "6.1.0-18-amd64", WTMP_BOOT, 0},
	    {RUN_LVL, "~", "shutdown", "6.1.0-18-amd64", WTMP_SHUTDOWN, 0},
	    {RUN_LVL, "~", "runlevel", "6.1.0-18-amd64", WTMP_OTHER, 0},
	    {OLD_TIME, "|", "date", "", WTMP_OTHER, 0},
	};
	struct wtmp w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct utmp u = entry(cases[i].type, cases[i].line, cases[i].user, cases[i].host, 0);

		assert_true(parse(&u, &w));
		assert_int_equal(w.kind, cases[i].kind);
		assert_int_equal(w.from.family, cases[i].family);
		assert_string_equal(w.user, cases[i].user);
		assert_string_equal(w.line, cases[i].line);
		assert_int_equal(w.time.ms, NOON * 1000LL + 500);
	}
}

/* IPv4 in IPv6's clothes; a name of which the address is kept; texts that fill their arrays. */
static void
odd_entries(void **state)
{
	static const unsigned char mapped[16] = {[10] = 0xff, 0xff, 192, 0, 2, 9};
	struct utmp u = entry(USER_PROCESS, "pts/0", "alice", "gate.example.org", 0);
	char text[ADDR_STRLEN];
	struct wtmp w;

	(void)state;
	assert_true(parse(&u, &w));
	assert_int_equal(w.from.family, 0);
	memcpy(u.ut_addr_v6, mapped, 16);
	assert_true(parse(&u, &w));
	assert_string_equal(addr_str(w.from, text), "192.0.2.9");
	memset(u.ut_user, 'u', sizeof(u.ut_user));
	memset(u.ut_line, 'l', sizeof(u.ut_line));
	memset(u.ut_host, 'h', sizeof(u.ut_host));
	assert_true(parse(&u, &w));
	assert_int_equal(strlen(w.user), sizeof(u.ut_user));
	assert_int_equal(strlen(w.line), sizeof(u.ut_line));
	assert_int_equal(strlen(w.host), sizeof(u.ut_host));
}

static void
no_entries(void **state)
{
	static const char text[] = "type=USER_LOGIN msg=audit(1700000000.123:456): pid=1 uid=0 auid=1000 ses=3 ";
	const struct utmp good = entry(USER_PROCESS, "pts/0", "alice", "192.0.2.7", 0);
	char log[sizeof(struct utmp)], gz[sizeof(struct utmp)] = "\x1f\x8b\x08";
	struct wtmp w;
	struct utmp u;

	(void)state;
	for (size_t i = 0; i < sizeof(log); i++)
		log[i] = text[i % (sizeof(text) - 1)];
	assert_false(wtmp_is(log, sizeof(log)));
	assert_false(wtmp_is(gz, sizeof(gz)));
	assert_true(wtmp_is((const char *)&good, sizeof(good)));
	assert_false(wtmp_is((const char *)&good, sizeof(good) - 1));
	assert_false(wtmp_is(NULL, 0));
	u = good;
	u.ut_type = 10;
	assert_false(parse(&u, &w));
	u = good;
	u.ut_type = -1;
	assert_false(parse(&u, &w));
	u = good;
	u.ut_tv.tv_sec = 0;
	assert_false(parse(&u, &w));
	u = good;
	u.ut_tv.tv_usec = 1000000;
	assert_false(parse(&u, &w));
	u = good;
	u.ut_tv.tv_usec = -1;
	assert_false(parse(&u, &w));
	u = good;
	u.ut_user[2] = '\n';
	assert_false(parse(&u, &w));
	u = good;
	u.ut_host[0] = '\x1b';
	assert_false(parse(&u, &w));
	u = (struct utmp){0};
	assert_false(parse(&u, &w));
}

/* --- sessions ------------------------------------------------------------------------------------------ */

struct stage {
	struct baseline *usual;
	struct pipeline *pipeline;
	struct wtmp_learn *learn;
};

static struct stage
begin(void)
{
	struct stage s = {.usual = baseline_new(&(struct baseline_settings){.window = 30, .data = 60, .active = 60})};
	const struct pipeline_options options = {.boot_id = "", .baseline = s.usual};

	s.pipeline = pipeline_new(&options);
	s.learn = wtmp_learn_new(s.pipeline, LATEST);
	assert_non_null(s.learn);
	return s;
}

static void
end(struct stage *s)
{
	wtmp_learn_free(&s->learn);
	pipeline_free(&s->pipeline);
	baseline_free(&s->usual);
}

static void
feed(struct stage *s, struct utmp u)
{
	wtmp_learn_feed(s->learn, (const char *)&u, sizeof(u));
}

static uint32_t
on_day(const struct stage *s, enum usual_kind kind, const char *user, const char *value)
{
	const struct usual_key key = {kind, user, value};
	struct usual u;

	baseline_ask(s->usual, &key, (struct rtime){.ms = NOON * 1000LL}, &u);
	return u.today;
}

/* How often something of that kind was noted of the user, whatever the value. */
struct tally {
	enum usual_kind kind;
	uint32_t n;
};

static void
count(const struct usual_row *row, void *arg)
{
	struct tally *t = arg;

	if (row->key.kind == t->kind)
		t->n += row->count;
}

static uint32_t
all(const struct stage *s, enum usual_kind kind, const char *user)
{
	struct tally t = {.kind = kind};

	baseline_each(s->usual, user, count, &t);
	return t.n;
}

static void
logins_are_learned(void **state)
{
	struct stage s = begin();

	(void)state;
	feed(&s, entry(BOOT_TIME, "~", "reboot", "6.1", 0));
	feed(&s, entry(USER_PROCESS, "pts/0", "alice", "192.0.2.7", 10));
	feed(&s, entry(USER_PROCESS, "pts/1", "alice", "tmux(812).%0", 20));
	feed(&s, entry(USER_PROCESS, "tty1", "root", "", 30));
	feed(&s, entry(DEAD_PROCESS, "pts/1", "", "", 40));
	feed(&s, entry(DEAD_PROCESS, "pts/0", "", "", 3610));
	assert_int_equal(wtmp_learn_stats(s.learn)->logins, 1);
	assert_int_equal(wtmp_learn_stats(s.learn)->local, 2);
	assert_int_equal(wtmp_learn_stats(s.learn)->open, 0);
	assert_int_equal(on_day(&s, USUAL_ACTIVE, "", ""), 1);
	assert_int_equal(on_day(&s, USUAL_ACTIVE, "alice", ""), 1);
	assert_int_equal(on_day(&s, USUAL_ORIGIN, "alice", "192.0.2.0/24"), 1);
	assert_int_equal(all(&s, USUAL_HOUR, "alice"), 1);
	assert_int_equal(all(&s, USUAL_DURATION, "alice"), 1);
	assert_int_equal(all(&s, USUAL_KEY, "alice"), 0); /* nobody wrote it down */
	assert_int_equal(all(&s, USUAL_ACTIVE, "root"), 0);
	end(&s);
}

/* A terminal that is used again, a host that went down: how long it lasted is known by nobody. */
static void
ends_that_nobody_wrote_down(void **state)
{
	struct stage s = begin();

	(void)state;
	feed(&s, entry(USER_PROCESS, "pts/0", "alice", "192.0.2.7", 10));
	feed(&s, entry(USER_PROCESS, "pts/0", "bob", "192.0.2.8", 20)); /* alice is gone */
	feed(&s, entry(USER_PROCESS, "pts/1", "carol", "192.0.2.9", 30));
	feed(&s, entry(BOOT_TIME, "~", "reboot", "6.1", 5000));
	feed(&s, entry(DEAD_PROCESS, "pts/0", "", "", 5010)); /* of nobody any more */
	assert_int_equal(wtmp_learn_stats(s.learn)->open, 3);
	assert_int_equal(all(&s, USUAL_DURATION, "alice") + all(&s, USUAL_DURATION, "bob") + all(&s, USUAL_DURATION, "carol"), 0);
	feed(&s, entry(USER_PROCESS, "pts/0", "dora", "192.0.2.7", 6000));
	feed(&s, entry(RUN_LVL, "~", "shutdown", "6.1", 7000));
	assert_int_equal(all(&s, USUAL_DURATION, "dora"), 1);
	feed(&s, entry(USER_PROCESS, "pts/0", "eve", "192.0.2.7", 8000));
	assert_int_equal(wtmp_learn_stats(s.learn)->open, 3);
	end(&s);
}

/* However entries are cut; what is none is counted, half ones too; nothing comes from the future. */
static void
bytes_in_any_pieces(void **state)
{
	const struct utmp u[] = {entry(USER_PROCESS, "pts/0", "alice", "192.0.2.7", 10), {0},
	    entry(USER_PROCESS, "pts/1", "bob", "192.0.2.7", 400 * 86400),
	    entry(DEAD_PROCESS, "pts/0", "", "", 100)};
	const char *p = (const char *)u;

	(void)state;
	for (size_t piece = 1; piece < sizeof(u); piece += 131) {
		struct stage s = begin();

		for (size_t at = 0; at < sizeof(u); at += piece)
			wtmp_learn_feed(s.learn, p + at, sizeof(u) - at < piece ? sizeof(u) - at : piece);
		wtmp_learn_end(s.learn);
		assert_int_equal(wtmp_learn_stats(s.learn)->entries, 4);
		assert_int_equal(wtmp_learn_stats(s.learn)->wrong, 2);
		assert_int_equal(wtmp_learn_stats(s.learn)->logins, 1);
		wtmp_learn_feed(s.learn, p, 100);
		wtmp_learn_end(s.learn);
		assert_int_equal(wtmp_learn_stats(s.learn)->wrong, 3);
		assert_int_equal(all(&s, USUAL_ORIGIN, "alice"), 1);
		assert_int_equal(all(&s, USUAL_ORIGIN, "bob"), 0);
		end(&s);
	}
}

/* More terminals than any host has: the rest has no end, and nothing grows without bound. */
static void
too_many_terminals(void **state)
{
	struct stage s = begin();
	char line[32];

	(void)state;
	for (int i = 0; i < 4096 + 100; i++) {
		(void)snprintf(line, sizeof(line), "pts/%d", i);
		feed(&s, entry(USER_PROCESS, line, i % 2 ? "alice" : "bob", "192.0.2.7", i / 100));
	}
	assert_true(wtmp_learn_stats(s.learn)->open >= 100);
	assert_int_equal(wtmp_learn_stats(s.learn)->logins, 4096 + 100);
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries),
	    cmocka_unit_test(odd_entries),
	    cmocka_unit_test(no_entries),
	    cmocka_unit_test(logins_are_learned),
	    cmocka_unit_test(ends_that_nobody_wrote_down),
	    cmocka_unit_test(bytes_in_any_pieces),
	    cmocka_unit_test(too_many_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* event: assembly on recordings and on every disorder that a stream can have; caps; lost memory. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "agentd/audit/event.h"
#include "base/buf.h"
#include "tests/unit/fail_alloc.h"

/* --- what came out, one line an event: "165! SYSCALL SOCKADDR"; without '!' it is incomplete -- */

struct seen {
	struct aev_assembler *a;
	struct buf text;
	uint64_t events, records, bytes;
};

static void
on_event(const struct aev *ev, void *arg)
{
	struct seen *s = arg;

	s->events++;
	s->records += ev->nrec;
	if (ev->node.n > 0) {
		buf_putb(&s->text, ev->node);
		buf_putc(&s->text, ' ');
	}
	buf_printf(&s->text, "%llu%s", (unsigned long long)ev->serial, ev->complete ? "!" : "");
	for (size_t i = 0; i < ev->nrec; i++) {
		const struct record *r = &ev->rec[i];

		assert_int_equal(r->serial, ev->serial);
		assert_int_equal(r->time.ms, ev->time.ms);
		assert_true(bytes_eq(r->node, ev->node));
		s->bytes += r->body.n;
		const char *name = record_type_name(r->type);
		buf_printf(&s->text, " %s", name != NULL ? name : "?");
	}
	buf_putc(&s->text, '\n');
}

static void
start(struct seen *s)
{
	*s = (struct seen){0};
	s->a = aev_new(on_event, s);
	assert_non_null(s->a);
}

static void
stop(struct seen *s)
{
	const struct aev_stats *t = aev_stats_get(s->a);

	aev_flush(s->a);
	assert_int_equal(t->open, 0);
	assert_int_equal(t->open_bytes, 0);
	assert_int_equal(t->events, s->events);
	aev_free(&s->a);
	assert_null(s->a);
	buf_free(&s->text);
}

/* A record at START_S and so many milliseconds; a SYSCALL announces one PATH. */
#define START_S 1795303531u

static void
put(struct seen *s, const char *type, unsigned serial, unsigned ms)
{
	const char *body = strcmp(type, "SYSCALL") == 0 ? "arch=c000003e syscall=1 items=1" : "a=b";
	char line[256];
	int n = snprintf(line, sizeof(line), "type=%s msg=audit(%u.%03u:%u): %s\n", type,
	    START_S + ms / 1000, ms % 1000, serial, body);

	aev_feed(s->a, line, (size_t)n);
}

static void
expect(struct seen *s, const char *text)
{
	assert_string_equal(s->text.n > 0 ? s->text.p : "", text);
	buf_reset(&s->text);
}

static struct buf
read_file(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "re");
	char block[4096];
	size_t n;

	if (f == NULL)
		fail_msg("cannot read %s: run the tests from the top folder", path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(&b, block, n);
	fclose(f);
	return b;
}

/* --- order ------------------------------------------------------------------------------------ */

static void
login_is_one_event_and_eoe_opens_none(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "LOGIN", 164, 254);
	put(&s, "SYSCALL", 164, 254);
	put(&s, "PATH", 164, 254);
	expect(&s, "");
	put(&s, "PROCTITLE", 164, 254); /* delivered here: no wait for what may never come */
	expect(&s, "164! LOGIN SYSCALL PATH PROCTITLE\n");
	put(&s, "EOE", 164, 254);
	put(&s, "EOE", 999, 254); /* all of it was lost */
	assert_int_equal(aev_stats_get(s.a)->open, 0);
	assert_int_equal(aev_stats_get(s.a)->late, 0);
	stop(&s);
	expect(&s, "");
}

static void
events_interleave(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", 11, 1);
	put(&s, "SYSCALL", 10, 0);
	put(&s, "PATH", 11, 1);
	put(&s, "USER_START", 12, 1);
	put(&s, "PATH", 10, 0);
	put(&s, "PROCTITLE", 10, 0);
	put(&s, "PROCTITLE", 11, 1);
	expect(&s, "12! USER_START\n10! SYSCALL PATH PROCTITLE\n11! SYSCALL PATH PROCTITLE\n");
	assert_int_equal(aev_stats_get(s.a)->missing, 0);
	stop(&s);
}

static void
proctitle_may_overtake(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", 10, 0);
	put(&s, "PROCTITLE", 10, 0);
	expect(&s, "");
	put(&s, "PATH", 10, 0);
	expect(&s, "10! SYSCALL PROCTITLE PATH\n");
	put(&s, "PROCTITLE", 11, 0);
	put(&s, "PATH", 11, 0);
	expect(&s, "");
	put(&s, "SYSCALL", 11, 0);
	expect(&s, "11! PROCTITLE PATH SYSCALL\n");
	stop(&s);
}

/* A connect is not over without its address, nor an exec without its arguments. */
static void
proctitle_may_overtake_what_matters_most(void **state)
{
	static const struct {
		const char *syscall, *detail, *text;
	} cases[] = {
		{"arch=c000003e syscall=42 success=no exit=-111 a0=3 items=0", "SOCKADDR",
		    "10! SYSCALL PROCTITLE SOCKADDR\n"},
		{"arch=40000003 syscall=102 success=yes exit=0 a0=2 items=0", "SOCKADDR",
		    "10! SYSCALL PROCTITLE SOCKADDR\n"},
		{"arch=c000003e syscall=59 success=yes exit=0 a0=3 items=0", "EXECVE",
		    "10! SYSCALL PROCTITLE EXECVE\n"},
		{"arch=c000003e syscall=59 success=no exit=-2 a0=3 items=0", NULL, "10! SYSCALL PROCTITLE\n"},
		{"arch=40000003 syscall=102 success=yes exit=0 a0=1 items=0", NULL,
		    "10! SYSCALL PROCTITLE\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen s;
		char line[256];

		start(&s);
		(void)snprintf(line, sizeof(line), "type=SYSCALL msg=audit(%u.000:10): %s", START_S,
		    cases[i].syscall);
		aev_line(s.a, bytes_of(line));
		put(&s, "PROCTITLE", 10, 0);
		if (cases[i].detail != NULL) {
			expect(&s, "");
			put(&s, cases[i].detail, 10, 0);
		}
		expect(&s, cases[i].text);
		stop(&s);
	}
}

static void
a_lost_record_holds_up_little(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", 10, 0);
	put(&s, "PROCTITLE", 10, 0);
	put(&s, "SYSCALL", 11, 50);
	expect(&s, "");
	put(&s, "SYSCALL", 12, 150);
	expect(&s, "10 SYSCALL PROCTITLE\n");
	put(&s, "EOE", 11, 50); /* where EOE comes, it ends the wait at once */
	expect(&s, "11! SYSCALL\n");
	assert_int_equal(aev_stats_get(s.a)->incomplete, 1);
	stop(&s);
}

static void
a_missing_end_times_out(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", 10, 0);
	put(&s, "PATH", 10, 0);
	put(&s, "USER_START", 11, 2000);
	expect(&s, "11! USER_START\n");
	put(&s, "USER_START", 12, 2001);
	expect(&s, "10 SYSCALL PATH\n12! USER_START\n");
	put(&s, "CWD", 13, 2002);
	aev_tick(s.a, (struct rtime){.ms = START_S * INT64_C(1000) + 4002});
	expect(&s, "");
	aev_tick(s.a, (struct rtime){.ms = START_S * INT64_C(1000) + 4003});
	expect(&s, "13 CWD\n");
	assert_int_equal(aev_stats_get(s.a)->incomplete, 2);
	stop(&s);
}

static void
what_may_stand_alone_is_complete(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "BPF", 10, 0);
	put(&s, "LOGIN", 11, 0);
	put(&s, "UNKNOWN[1336]", 12, 0);
	put(&s, "SOCKADDR", 12, 0);
	put(&s, "SOCKADDR", 13, 0);
	expect(&s, "");
	put(&s, "DAEMON_START", 4711, 3000);
	expect(&s, "10! BPF\n11! LOGIN\n12! URINGOP SOCKADDR\n13 SOCKADDR\n4711! DAEMON_START\n");
	put(&s, "LOGIN", 14, 3000);
	put(&s, "EOE", 14, 3000);
	expect(&s, "14! LOGIN\n");
	assert_int_equal(aev_stats_get(s.a)->incomplete, 1);
	stop(&s);
}

static void
late_records_are_counted(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", 10, 0);
	put(&s, "PATH", 10, 0);
	put(&s, "PROCTITLE", 10, 0);
	put(&s, "PATH", 10, 0);
	put(&s, "PATH", 10, 0); /* joins the one before */
	assert_int_equal(aev_stats_get(s.a)->late, 1);
	stop(&s);
}

static void
late_ones_come_out_incomplete(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", 10, 0);
	put(&s, "EOE", 10, 0);
	put(&s, "PATH", 10, 0);
	aev_flush(s.a);
	expect(&s, "10! SYSCALL\n10 PATH\n");
	stop(&s);
}

static void
key_is_node_time_and_serial(void **state)
{
	static const char *const lines[] = {
		"node=a type=SYSCALL msg=audit(7.000:5): items=0",
		"node=b type=SYSCALL msg=audit(7.000:5): items=0",
		"node=a type=SYSCALL msg=audit(7.001:5): items=0",
		"node=b type=PROCTITLE msg=audit(7.000:5): proctitle=00",
		"node=a type=PROCTITLE msg=audit(7.000:5): proctitle=00",
		"node=a type=PROCTITLE msg=audit(7.001:5): proctitle=00",
		"node=a type=CWD msg=audit(7.001:5): cwd=\"/\"",
	};
	struct seen s;

	(void)state;
	start(&s);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		aev_line(s.a, bytes_of(lines[i]));
	expect(&s, "b 5! SYSCALL PROCTITLE\na 5! SYSCALL PROCTITLE\na 5! SYSCALL PROCTITLE\n");
	assert_int_equal(aev_stats_get(s.a)->late, 1);
	stop(&s);
}

static void
serials_wrap(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", UINT32_MAX, 0);
	put(&s, "SYSCALL", 1, 1);
	put(&s, "USER_END", 0, 1);
	put(&s, "EOE", UINT32_MAX, 0);
	put(&s, "EOE", 1, 1);
	expect(&s, "0! USER_END\n4294967295! SYSCALL\n1! SYSCALL\n");
	aev_flush(s.a);
	assert_int_equal(aev_stats_get(s.a)->missing, 0);
	stop(&s);
}

static void
a_clock_set_back_breaks_nothing(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "USER_START", 9, 7200000);
	put(&s, "SYSCALL", 10, 0);
	put(&s, "PATH", 10, 0);
	put(&s, "USER_START", 11, 1500);
	put(&s, "PROCTITLE", 10, 0);
	expect(&s, "9! USER_START\n11! USER_START\n10! SYSCALL PATH PROCTITLE\n");
	put(&s, "SYSCALL", 12, 5); /* and time-outs go on */
	put(&s, "USER_START", 13, 4000);
	expect(&s, "12 SYSCALL\n13! USER_START\n");
	stop(&s);
}

/* Back and forth between the ends of time: nothing overflows, what is open is let go. */
static void
leaps_do_no_harm(void **state)
{
	static const char *const lines[] = {
		"type=SYSCALL msg=audit(0.001:1): items=0",
		"type=SYSCALL msg=audit(9223372036854774.999:2): items=0",
		"type=SYSCALL msg=audit(0.001:3): items=0",
		"type=SYSCALL msg=audit(9223372036854774.999:4): items=0",
		"type=SYSCALL msg=audit(0.001:5): items=0",
	};
	struct seen s;

	(void)state;
	start(&s);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		aev_line(s.a, bytes_of(lines[i]));
	expect(&s, "1 SYSCALL\n2 SYSCALL\n3 SYSCALL\n");
	assert_int_equal(aev_stats_get(s.a)->malformed, 0);
	stop(&s);
}

static void
gaps_are_counted_whatever_the_order(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "USER_START", 100, 0);
	put(&s, "USER_START", 103, 0); /* 102 is lost */
	put(&s, "DAEMON_ABORT", 7, 0); /* auditd's own count */
	put(&s, "USER_START", 101, 0);
	aev_line(s.a, BYTES_LIT("node=other type=USER_START msg=audit(1795303531.000:900): a=b"));
	aev_flush(s.a);
	assert_int_equal(aev_stats_get(s.a)->gaps, 1);
	assert_int_equal(aev_stats_get(s.a)->missing, 1);
	stop(&s);
}

static void
gaps_show_while_it_runs(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "USER_START", 100, 0);
	put(&s, "USER_START", 102, 0);
	aev_tick(s.a, (struct rtime){.ms = START_S * INT64_C(1000) + 2001});
	assert_int_equal(aev_stats_get(s.a)->missing, 0);
	aev_tick(s.a, (struct rtime){.ms = START_S * INT64_C(1000) + 4002});
	assert_int_equal(aev_stats_get(s.a)->missing, 1);
	stop(&s);
}

/* --- bounds ----------------------------------------------------------------------------------- */

static void
open_events_are_capped(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	for (unsigned i = 0; i < ST_OPEN_EVENTS + 10; i++)
		put(&s, "SYSCALL", i, 0);
	assert_int_equal(aev_stats_get(s.a)->open, ST_OPEN_EVENTS);
	assert_int_equal(aev_stats_get(s.a)->evicted, 10);
	assert_true(strncmp(s.text.p, "0 SYSCALL\n1 SYSCALL\n2", 21) == 0);
	stop(&s);
}

/* One event that never ends and holds n records with bodies of size bytes. */
static void
flood(struct seen *s, const char *type, unsigned serial, unsigned n, size_t size)
{
	static char line[ST_RECORD_MAX];

	assert_true(size + 64 < sizeof(line));
	for (unsigned i = 0; i < n; i++) {
		int head = snprintf(line, sizeof(line), "type=%s msg=audit(%u.000:%u): ", type, START_S,
		    serial);

		memset(line + head, 'x', size);
		aev_line(s->a, (struct bytes){.p = line, .n = (size_t)head + size});
	}
}

static void
open_bytes_are_capped(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	for (unsigned i = 0; i < 400; i++)
		flood(&s, "PATH", i, 30, 8000);
	assert_true(aev_stats_get(s.a)->evicted > 0);
	assert_true(aev_stats_get(s.a)->open_bytes <= ST_OPEN_BYTES);
	assert_true(aev_stats_get(s.a)->peak_bytes <= ST_OPEN_BYTES + 2 * ST_EVENT_BYTES);
	stop(&s);
}

static void
one_event_is_capped_and_keeps_what_follows_its_argv(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	put(&s, "SYSCALL", 10, 0);
	flood(&s, "EXECVE", 10, 500, 8000);
	assert_true(aev_stats_get(s.a)->cut > 0);
	assert_true(aev_stats_get(s.a)->open_bytes < 2 * ST_EVENT_BYTES);
	put(&s, "CWD", 10, 0);
	put(&s, "PATH", 10, 0);
	put(&s, "PROCTITLE", 10, 0);
	assert_int_equal(s.events, 1);
	assert_non_null(strstr(s.text.p, "EXECVE CWD PATH PROCTITLE\n"));
	buf_reset(&s.text);
	for (unsigned i = 0; i < 2 * ST_EVENT_RECORDS; i++)
		put(&s, "PATH", 11, 0);
	put(&s, "EOE", 11, 0);
	assert_true(s.records <= 4 + ST_EVENT_RECORDS / 2 + ST_EVENT_RECORDS);
	stop(&s);
}

static void
memory_is_used_again(void **state)
{
	struct seen s;
	uint64_t peak;

	(void)state;
	start(&s);
	for (unsigned i = 0; i < 20000; i++) {
		put(&s, "SYSCALL", i, 0);
		put(&s, "PATH", i, 0);
		put(&s, "PROCTITLE", i, 0);
		if (i == 100)
			peak = aev_stats_get(s.a)->peak_bytes;
	}
	assert_int_equal(aev_stats_get(s.a)->peak_bytes, peak);
	assert_int_equal(s.events, 20000);
	fail_at = 1; /* no allocation from here on: it would fail */
	put(&s, "SYSCALL", 20000, 0);
	put(&s, "PATH", 20000, 0);
	put(&s, "PROCTITLE", 20000, 0);
	fail_at = 0;
	assert_int_equal(s.events, 20001);
	stop(&s);
}

static void
lost_memory_loses_records_not_more(void **state)
{
	(void)state;
	for (long nth = 1; nth <= 40; nth++) {
		struct seen s;

		start(&s);
		fail_at = nth;
		put(&s, "SYSCALL", 1, 0);
		flood(&s, "EXECVE", 1, 20, 3000);
		put(&s, "SYSCALL", 2, 0);
		put(&s, "PATH", 2, 0);
		fail_at = 0;
		put(&s, "EOE", 1, 0);
		put(&s, "EOE", 2, 0);
		assert_true(s.records + aev_stats_get(s.a)->cut == 23);
		stop(&s);
	}
	fail_at = 1;
	assert_null(aev_new(on_event, NULL));
	fail_at = 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void
feed_does_not_care_where_it_is_cut(void **state)
{
	struct buf file = read_file("tests/data/sessions/basic.log");
	struct seen whole, part;

	(void)state;
	start(&whole);
	aev_feed(whole.a, file.p, file.n);
	for (size_t step = 1; step < 3000; step = step * 3 + 1) {
		start(&part);
		for (size_t at = 0; at < file.n; at += step)
			aev_feed(part.a, file.p + at, file.n - at < step ? file.n - at : step);
		assert_string_equal(part.text.p, whole.text.p);
		assert_int_equal(part.bytes, whole.bytes);
		stop(&part);
	}
	stop(&whole);
	buf_free(&file);
}

static void
odd_lines_are_counted_and_passed(void **state)
{
	static char longest[3 * ST_RECORD_MAX];
	struct seen s;

	(void)state;
	start(&s);
	memset(longest, 'x', sizeof(longest));
	aev_feed(s.a, longest, sizeof(longest)); /* in one piece, and its end later */
	aev_feed(s.a, "type=USER_START msg=audit(1.000:1): hidden\n", 43);
	assert_int_equal(aev_stats_get(s.a)->malformed, 1);
	put(&s, "USER_START", 1, 0);
	longest[sizeof(longest) - 1] = '\n';
	aev_feed(s.a, longest, sizeof(longest));
	assert_int_equal(aev_stats_get(s.a)->malformed, 2);
	aev_feed(s.a, "rubbish\n\n\n", 10);
	assert_int_equal(aev_stats_get(s.a)->malformed, 3);
	aev_feed(s.a, "type=USER_END msg=audit(1795303531.000:2): a=b", 46);
	expect(&s, "1! USER_START\n");
	aev_flush(s.a); /* the last line of a file that has no newline */
	expect(&s, "2! USER_END\n");
	stop(&s);
}

static void
netlink_records_need_no_names(void **state)
{
	static const struct {
		uint16_t type;
		const char *payload;
	} messages[] = {
		{AUDIT_CONFIG_CHANGE, "audit(1795310085.298:290): auid=0 op=remove_rule list=4 res=1"},
		{AUDIT_SYSCALL, "audit(1795310085.298:290): arch=c000003e syscall=44 items=0"},
		{AUDIT_SOCKADDR, "audit(1795310085.298:290): saddr=100000000000000000000000"},
		{AUDIT_PROCTITLE, "audit(1795310085.298:290): proctitle=617564697463746C002D44"},
		{AUDIT_EOE, "audit(1795310085.298:290): "},
	};
	struct seen s;

	(void)state;
	start(&s);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct record r;

		struct bytes payload = bytes_of(messages[i].payload);

		assert_int_equal(record_parse_netlink(messages[i].type, payload, &r), RECORD_OK);
		aev_record(s.a, &r);
	}
	expect(&s, "290! CONFIG_CHANGE SYSCALL SOCKADDR PROCTITLE\n");
	stop(&s);
}

/* --- recordings ------------------------------------------------------------------------------- */

static void
recordings_come_out_whole(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob("tests/data/*/*.log", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 29);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct buf file = read_file(files.gl_pathv[i]);
		struct seen s;

		start(&s);
		aev_feed(s.a, file.p, file.n);
		const struct aev_stats *t = aev_stats_get(s.a);
		assert_int_equal(t->malformed + t->late + t->evicted + t->cut, 0);
		assert_int_equal(t->records, t->lines - (file.n == 1)); /* one file is an empty line */
		aev_flush(s.a);
		assert_int_equal(t->incomplete, 0);
		stop(&s);
		buf_free(&file);
	}
	globfree(&files);
}

static void
what_auditd_sends_is_what_it_writes(void **state)
{
	struct buf sent = read_file("tests/data/audit/ways_af_unix.log");
	struct buf written = read_file("tests/data/audit/ways_file.log");
	struct seen a, b;

	(void)state;
	start(&a);
	start(&b);
	aev_feed(a.a, sent.p, sent.n);
	aev_feed(b.a, written.p, written.n);
	aev_flush(b.a);
	/* The file was opened earlier and closed later. */
	char *from = strstr(b.text.p, "258! ");
	assert_non_null(from);
	assert_true(strlen(from) >= a.text.n);
	/* An io_uring event without EOE waits for its time-out, and so comes later. */
	assert_non_null(strstr(b.text.p, "\n275! URINGOP SOCKADDR\n"));
	assert_non_null(strstr(a.text.p, "\n275! URINGOP SOCKADDR\n"));
	assert_int_equal(aev_stats_get(a.a)->missing, 0);
	stop(&a);
	stop(&b);
	buf_free(&sent);
	buf_free(&written);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_is_one_event_and_eoe_opens_none),
		cmocka_unit_test(events_interleave),
		cmocka_unit_test(proctitle_may_overtake),
		cmocka_unit_test(proctitle_may_overtake_what_matters_most),
		cmocka_unit_test(a_lost_record_holds_up_little),
		cmocka_unit_test(a_missing_end_times_out),
		cmocka_unit_test(what_may_stand_alone_is_complete),
		cmocka_unit_test(late_records_are_counted),
		cmocka_unit_test(late_ones_come_out_incomplete),
		cmocka_unit_test(key_is_node_time_and_serial),
		cmocka_unit_test(serials_wrap),
		cmocka_unit_test(a_clock_set_back_breaks_nothing),
		cmocka_unit_test(leaps_do_no_harm),
		cmocka_unit_test(gaps_are_counted_whatever_the_order),
		cmocka_unit_test(gaps_show_while_it_runs),
		cmocka_unit_test(open_events_are_capped),
		cmocka_unit_test(open_bytes_are_capped),
		cmocka_unit_test(one_event_is_capped_and_keeps_what_follows_its_argv),
		cmocka_unit_test(memory_is_used_again),
		cmocka_unit_test(lost_memory_loses_records_not_more),
		cmocka_unit_test(feed_does_not_care_where_it_is_cut),
		cmocka_unit_test(odd_lines_are_counted_and_passed),
		cmocka_unit_test(netlink_records_need_no_names),
		cmocka_unit_test(recordings_come_out_whole),
		cmocka_unit_test(what_auditd_sends_is_what_it_writes),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}

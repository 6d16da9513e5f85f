/*
 * The stages joined up: recorded logs in, rulings out; who decides whether a thing is
 * stopped; no memory.
 */
#include <stdlib.h>

#include "agentd/detect/detector.h"
#include "agentd/engine/pipeline.h"
#include "base/safe.h"
#include "tests/unit/unit.h"

#define RECORDING(name) "tests/data/sessions/" name ".log"

/* --- an allocator that fails once --------------------------------------------------------- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

static long fail_at = -1;

static bool
fails(void)
{
	return fail_at >= 0 && fail_at-- == 0;
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

/* --- what came out ------------------------------------------------------------------------ */

struct seen {
	unsigned of[ACT_COUNT], all, stop, undetermined, folded;
	enum action action; /* of the last outbound-ssh */
	enum mode mode;
	enum done done;
	struct buf reasons;
	uint64_t events;
};

static void
on_ruling(const struct ruling *r, void *arg)
{
	struct seen *s = arg;

	s->all++;
	s->of[r->finding->activity]++;
	s->stop += r->stop;
	s->undetermined += r->decision.undetermined;
	buf_printf(&s->reasons, "%d %s\n", r->finding->activity, r->finding->reason);
	if (r->finding->activity != ACT_OUTBOUND_SSH)
		return;
	s->action = r->decision.action;
	s->mode = r->mode;
	s->done = ruling_done(r);
}

static void
on_event(const struct aev *ev, const struct fact *fact, void *arg)
{
	struct seen *s = arg;

	assert_true(fact->serial == ev->serial);
	s->events++;
}

static struct pipeline *
pipeline(struct seen *s, enum mode host_mode)
{
	struct pipeline_options options = {
		.boot_id = "",
		.host_mode = host_mode,
		.ruling = on_ruling,
		.event = on_event,
		.arg = s,
	};

	*s = (struct seen){0};
	return pipeline_new(&options);
}

static struct policy *
policy(const char *text)
{
	struct pol_options options = {.now = {.ms = 1795309323456}};
	struct buf diag = BUF_INIT;
	unsigned errors = 0;
	struct policy *p = pol_parse("test.policy", bytes_of(text), &options, &diag, &errors);

	if (p == NULL)
		fail_msg("%s", diag.p);
	buf_free(&diag);
	return p;
}

/* The whole recording in pieces of that size, ruled by text (NULL: no policy). */
static struct seen
replay(const char *path, size_t piece, const char *text, enum mode host_mode)
{
	struct buf log = BUF_INIT;
	struct seen s;
	struct pipeline *p = pipeline(&s, host_mode);
	struct policy *pol = text != NULL ? policy(text) : NULL;

	assert_non_null(p);
	pipeline_policy(p, pol);
	assert_int_equal(plain_read(path, 16u << 20, &log), 0);
	for (size_t at = 0; at < log.n; at += piece)
		pipeline_feed(p, log.p + at, log.n - at < piece ? log.n - at : piece);
	pipeline_flush(p);
	assert_int_equal(s.events, pipeline_stats(p)->events);
	pipeline_free(&p);
	assert_null(p);
	pol_free(&pol);
	buf_free(&log);
	return s;
}

/* --- tests -------------------------------------------------------------------------------- */

static void
without_policy_all_is_seen_and_nothing_stopped(void **state)
{
	struct seen s = replay(RECORDING("a_nested_ssh"), 1u << 20, NULL, MODE_ENFORCE);

	(void)state;
	assert_int_equal(s.of[ACT_LOGIN], 2); /* hers, and hers as bob on the host that she goes to */
	assert_int_equal(s.of[ACT_OUTBOUND_SSH], 1);
	assert_int_equal(s.stop, 0);
	assert_int_equal(s.action, DO_RECORD);
	assert_int_equal(s.done, DONE_RECORDED);
	buf_free(&s.reasons);
}

/* How the bytes are cut into reads changes nothing. */
static void
pieces(void **state)
{
	static const size_t sizes[] = {1, 7, 4096};
	struct seen whole = replay(RECORDING("j1_other_session_same_user"), 1u << 20, NULL, MODE_AUDIT);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct seen s =
		    replay(RECORDING("j1_other_session_same_user"), sizes[i], NULL, MODE_AUDIT);

		assert_string_equal(s.reasons.p, whole.reasons.p);
		buf_free(&s.reasons);
	}
	buf_free(&whole.reasons);
}

/*
 * A thing is stopped when the host, the policy and the rule all say enforce, and nobody
 * spares it.
 */
static void
who_decides(void **state)
{
	static const struct {
		const char *text;
		enum mode host;
		enum mode in_force;
		bool stop;
		enum action action;
		enum done done;
	} cases[] = {
		{"fleet x\nserial 1\nmode enforce\nblock outbound-ssh\n", MODE_ENFORCE, MODE_ENFORCE, true,
		    DO_BLOCK, DONE_WOULD_HAVE},
		{"fleet x\nserial 1\nmode enforce\nblock outbound-ssh\n", MODE_AUDIT, MODE_AUDIT, false,
		    DO_BLOCK, DONE_WOULD_HAVE},
		{"fleet x\nserial 1\nmode audit\nblock outbound-ssh\n", MODE_ENFORCE, MODE_AUDIT, false,
		    DO_BLOCK, DONE_WOULD_HAVE},
		{"fleet x\nserial 1\nmode enforce\nnever-stop user alice\nblock outbound-ssh\n",
		    MODE_ENFORCE, MODE_ENFORCE, false, DO_BLOCK, DONE_ALERTED},
		{"fleet x\nserial 1\nmode enforce\nalert outbound-ssh\n", MODE_ENFORCE, MODE_ENFORCE,
		    false, DO_ALERT, DONE_ALERTED},
		{"fleet x\nserial 1\nmode enforce\npass outbound-ssh\n", MODE_ENFORCE, MODE_ENFORCE, false,
		    DO_PASS, DONE_PASSED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen s =
		    replay(RECORDING("a_nested_ssh"), 1u << 20, cases[i].text, cases[i].host);

		assert_int_equal(s.stop, cases[i].stop);
		assert_int_equal(s.mode, cases[i].in_force);
		assert_int_equal(s.action, cases[i].action);
		assert_int_equal(s.done, cases[i].done);
		buf_free(&s.reasons);
	}
}

static bool
learns(const char *text, const struct session *s)
{
	struct seen seen;
	struct pipeline *p = pipeline(&seen, MODE_AUDIT);
	struct policy *pol = policy(text);
	bool said;

	pipeline_policy(p, pol);
	said = detect_is_learned(pipeline_detect(p), s);
	pipeline_free(&p);
	pol_free(&pol);
	buf_free(&seen.reasons);
	return said;
}

/* A session that no-baseline names, or may name where its groups are not known, makes no baseline. */
static void
whose_days_are_learned(void **state)
{
	static char staff[] = "staff", *group[] = {staff};
	struct session told = {.ses = 7, .auid = 1000, .user = "alice", .ssh = true, .source = SESSION_REPORT,
	    .ngroups = 1, .group_names = group};
	struct session records = {.ses = 7, .auid = 1000, .user = "alice", .ssh = true, .source = SESSION_RECORDS};

	(void)state;
	assert_true(learns("no-baseline user deploy\n", &told));
	assert_true(learns("no-baseline user deploy\n", &records));
	assert_false(learns("no-baseline user { deploy, alice }\n", &told));
	assert_true(learns("no-baseline group ci\n", &told));
	assert_false(learns("no-baseline group staff\n", &told));
	assert_false(learns("no-baseline group ci\n", &records));
	assert_true(learns("never-stop user alice\n", &records));
}

static void
on_folded(const struct ruling *r, void *arg)
{
	struct seen *s = arg;

	assert_true(r->finding->again);
	s->folded++;
}

/* The same key read once more that day is told to nobody, and handed on for its session's case. */
static void
what_was_told_before_is_for_the_case(void **state)
{
	struct seen s = {0};
	struct pipeline *p = pipeline_new(&(struct pipeline_options){.boot_id = "", .host_mode = MODE_AUDIT,
	    .ruling = on_ruling, .folded = on_folded, .arg = &s});
	const struct rtime now = {.ms = 1795309323456};
	const struct report r = {.kind = REPORT_OPEN, .pid = 100, .uid = 1000, .auid = 1000, .ses = 7, .user = "alice",
	    .service = "sshd"};
	const struct key_read k = {.time = now, .pid = 200, .ses = 7, .auid = 1000, .owner = 1001, .owner_name = "bob",
	    .path = BYTES_LIT("/home/bob/.ssh/id_ed25519")};

	(void)state;
	assert_non_null(p);
	assert_non_null(host_open(pipeline_host(p), &r, now));
	detect_key(pipeline_detect(p), &k);
	assert_int_equal(s.of[ACT_KEY_READ], 1);
	assert_int_equal(s.folded, 0);
	detect_key(pipeline_detect(p), &k);
	assert_int_equal(s.of[ACT_KEY_READ], 1);
	assert_int_equal(s.folded, 1);
	pipeline_free(&p);
	buf_free(&s.reasons);
}

/*
 * Records do not tell the key: a block that hangs on it is told to people, and nobody is
 * stopped.
 */
static void
undetermined_is_alerted(void **state)
{
	struct seen s = replay(RECORDING("a_nested_ssh"), 1u << 20,
	    "fleet x\nserial 1\nmode enforce\nblock outbound-ssh key \"SHA256:abc\"\n", MODE_ENFORCE);

	(void)state;
	assert_int_equal(s.undetermined, 1);
	assert_int_equal(s.action, DO_ALERT);
	assert_int_equal(s.stop, 0);
	buf_free(&s.reasons);
}

/*
 * Passed or recorded, whichever it is: nobody is told, or every hop of a host that knows no
 * keys would be.
 */
static void
undetermined_but_harmless(void **state)
{
	struct seen s = replay(RECORDING("a_nested_ssh"), 1u << 20,
	    "fleet x\nserial 1\nmode enforce\npass outbound-ssh key \"SHA256:abc\"\n", MODE_ENFORCE);

	(void)state;
	assert_int_equal(s.undetermined, 1);
	assert_true(s.action < DO_ALERT);
	assert_int_equal(s.stop, 0);
	buf_free(&s.reasons);
}

/* nc is an SSH client by its port alone, and which ports those are the policy says. */
static void
ports_are_the_policys(void **state)
{
	struct seen by_default = replay(RECORDING("k2_nc"), 1u << 20, NULL, MODE_AUDIT);
	struct seen elsewhere = replay(RECORDING("k2_nc"), 1u << 20,
	    "fleet x\nserial 1\nmode audit\nssh-ports { 2222 }\n", MODE_AUDIT);

	(void)state;
	assert_int_equal(by_default.of[ACT_OUTBOUND_SSH], 1);
	assert_int_equal(elsewhere.of[ACT_OUTBOUND_SSH], 0);
	buf_free(&by_default.reasons);
	buf_free(&elsewhere.reasons);
}

/*
 * A timer that is ahead of the records, and one that goes back, let nothing be found twice
 * or lost.
 */
static void
ticks(void **state)
{
	struct buf log = BUF_INIT;
	struct seen s;
	struct pipeline *p = pipeline(&s, MODE_AUDIT);

	(void)state;
	assert_non_null(p);
	assert_int_equal(plain_read(RECORDING("a_nested_ssh"), 16u << 20, &log), 0);
	pipeline_feed(p, log.p, log.n);
	for (int64_t ms = 0; ms < 120000; ms += 500)
		pipeline_tick(p, (struct rtime){.ms = 1795309323456 + ms});
	pipeline_tick(p, (struct rtime){.ms = 1});
	pipeline_flush(p);
	assert_int_equal(s.of[ACT_OUTBOUND_SSH], 1);
	pipeline_free(&p);
	buf_free(&log);
	buf_free(&s.reasons);
}

/* ssh-proxy has a severity for each grade; a rule's own outranks it. */
static void
grades(void **state)
{
	static const struct {
		const char *text;
		enum grade grade;
		enum severity severity;
	} rows[] = {
		{"", GRADE_UNUSUAL, SEV_INFO},
		{"", GRADE_HIGH_VOLUME, SEV_LOW},
		{"", GRADE_DETECTED, SEV_LOW},
		{"alert ssh-proxy\n", GRADE_UNUSUAL, SEV_INFO},
		{"alert ssh-proxy severity high\n", GRADE_UNUSUAL, SEV_HIGH},
		{"alert ssh-proxy severity low\n", GRADE_UNUSUAL, SEV_LOW},
	};
	const struct pipeline_options options = {.boot_id = ""};
	const struct session session = {.ses = 7, .auid = 1001, .uid = 1001, .user = "alice", .ssh = true};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding f = {.activity = ACT_SSH_PROXY, .session = &session, .uid = 1001, .euid = 1001,
		    .grade = rows[i].grade};
		struct policy *pol = policy(rows[i].text);
		struct question_room room;
		struct ruling r;

		ruling_make(&f, pol, &options, &room, &r);
		assert_int_equal(r.decision.severity, rows[i].severity);
		pol_free(&pol);
	}
}

/* What is only inferred, and not at all sure, is told and never acted on, whatever the rule says. */
static void
what_is_not_sure_stops_nobody(void **state)
{
	static const struct {
		const char *rule;
		enum activity activity;
		enum confidence sure;
		bool stop;
		enum done done;
	} rows[] = {
		{"terminate key-read", ACT_KEY_READ, CONFIDENCE_LOW, false, DONE_ALERTED},
		{"block key-read", ACT_KEY_READ, CONFIDENCE_LOW, false, DONE_ALERTED},
		{"block key-read", ACT_KEY_READ, CONFIDENCE_MEDIUM, true, DONE_WOULD_HAVE},
		{"block key-read", ACT_KEY_READ, CONFIDENCE_HIGH, true, DONE_WOULD_HAVE},
		{"terminate ssh-proxy", ACT_SSH_PROXY, CONFIDENCE_LOW, false, DONE_ALERTED},
		{"terminate outbound-ssh", ACT_OUTBOUND_SSH, CONFIDENCE_NONE, true, DONE_WOULD_HAVE},
		{"alert key-read", ACT_KEY_READ, CONFIDENCE_LOW, false, DONE_ALERTED},
		{"record key-read", ACT_KEY_READ, CONFIDENCE_LOW, false, DONE_RECORDED},
	};
	const struct pipeline_options options = {.boot_id = "", .host_mode = MODE_ENFORCE};
	const struct session session = {.ses = 7, .auid = 1001, .uid = 1001, .user = "alice", .ssh = true};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding f = {.activity = rows[i].activity, .session = &session, .uid = 1001, .euid = 1001,
		    .confidence = rows[i].sure};
		struct buf text = BUF_INIT;
		struct policy *pol;
		struct question_room room;
		struct ruling r;

		buf_printf(&text, "fleet x\nserial 1\nmode enforce\n%s\n", rows[i].rule);
		pol = policy(text.p);
		ruling_make(&f, pol, &options, &room, &r);
		assert_int_equal(r.stop, rows[i].stop);
		assert_int_equal(r.spared != NULL, !rows[i].stop && r.decision.action > DO_ALERT);
		assert_int_equal(ruling_done(&r), rows[i].done);
		pol_free(&pol);
		buf_free(&text);
	}
}

static void
no_memory(void **state)
{
	struct pipeline *p = NULL;
	struct seen s;
	long n;

	(void)state;
	for (n = 0; p == NULL && n < 1000; n++) {
		fail_at = n;
		p = pipeline(&s, MODE_AUDIT);
	}
	fail_at = -1;
	assert_true(n > 3 && p != NULL);
	pipeline_free(&p);
	pipeline_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_policy_all_is_seen_and_nothing_stopped),
		cmocka_unit_test(pieces),
		cmocka_unit_test(who_decides),
		cmocka_unit_test(whose_days_are_learned),
		cmocka_unit_test(what_was_told_before_is_for_the_case),
		cmocka_unit_test(undetermined_is_alerted),
		cmocka_unit_test(undetermined_but_harmless),
		cmocka_unit_test(ports_are_the_policys),
		cmocka_unit_test(ticks),
		cmocka_unit_test(grades),
		cmocka_unit_test(what_is_not_sure_stops_nobody),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}

/*
 * rules: see rules.h.  Runs in the monitor.  On a system that an administrator has locked (enabled 2),
 * blinded (never,task) or armed (failure mode 2: a flood would panic the host) it changes nothing.
 *
 * The look is a job of the audit thread.  While it is under way the ruleset's first part is the
 * thread's, which logs nothing; the second is the loop's.
 */
#include "agentd/monitor/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/monitor/kaudit.h"
#include "agentd/monitor/keep.h"
#include "agentd/monitor/rule.h"
#include "base/log.h"
#include "base/proc.h"

#define EVERY_S         10
#define FILE_NAME       "rules"
#define BACKLOG_DEFAULT 64 /* kernel/audit.c; a single login can fill it */
#define BACKLOG_WANTED  8192
#define ENABLED_LOCKED  2
#define FAILURE_PANIC   2

struct ruleset {
	struct monitor *m; /* borrowed */
	/* the thread's while looking */
	uint64_t ours;       /* bit i: rule i is there because we added it */
	uint64_t simple;     /* bit i: in its simple form */
	bool we_enabled, we_raised;
	uint64_t refused;    /* bit i: the kernel does not take it; not tried again */
	int error;           /* of the last look, and what it found */
	struct audit_status status; /* before anything was changed */
	uint64_t missing, readded;
	unsigned flags;
	int why[RULES_MAX];  /* −errno of what could not be added; 0: nothing to be said */
	/* the loop's */
	struct event *on_time;
	bool looking, said_slow;
	bool seen; /* lost is a number */
	uint32_t lost;
	bool said_enabled, said_raised;
	uint64_t said_missing, said_ours;
	unsigned said_flags;
	bool said;
};

/* --- what outlives us --------------------------------------------------------------------------------- */

/* After a kill -9 the next monitor of the same boot knows which rules to take back. */
static void
remember(const struct ruleset *rs)
{
	char boot[37], line[96];

	if (rs->ours == 0 && !rs->we_enabled && !rs->we_raised) {
		keep_remove(rs->m->state_dir, FILE_NAME);
		return;
	}
	if (proc_boot_id(boot) != 0)
		return;
	snprintf(line, sizeof(line), "%s %" PRIx64 " %" PRIx64 " %d %d", boot, rs->ours, rs->simple,
	    rs->we_enabled, rs->we_raised);
	(void)keep_write(rs->m->state_dir, FILE_NAME, line);
}

static void
recall(struct ruleset *rs)
{
	char boot[37], line[96], then[37];
	uint64_t ours, simple;
	int enabled, raised;

	if (proc_boot_id(boot) != 0 || keep_read(rs->m->state_dir, FILE_NAME, line, sizeof(line)) < 0 ||
	    sscanf(line, "%36s %" SCNx64 " %" SCNx64 " %d %d", then, &ours, &simple, &enabled, &raised) != 5 ||
	    strcmp(boot, then) != 0)
		return;
	rs->ours = ours;
	rs->simple = simple;
	rs->we_enabled = enabled != 0;
	rs->we_raised = raised != 0;
}

/* --- what is there ------------------------------------------------------------------------------------ */

struct look {
	const struct ruleset *rs;
	uint64_t have; /* bit i: rule i, or one that does its work, is there */
	unsigned flags;
};

static uint64_t
bit(size_t i)
{
	return (uint64_t)1 << i;
}

static void
look_at(const struct audit_rule_data *r, void *arg)
{
	struct look *look = arg;
	union rule_room want;

	if (rule_hides_tasks(r))
		look->flags |= RULEF_NEVER_TASK;
	if (rule_hides_records(r))
		look->flags |= RULEF_NEVER_EXIT;
	for (size_t i = 0; i < rule_count(); i++) {
		if (!rule_build(i, (look->rs->simple & bit(i)) != 0, &want))
			continue;
		if (rule_covers(r, &want.data))
			look->have |= bit(i);
		else if ((look->have & bit(i)) == 0 && rule_hides_calls(r, &want.data))
			look->flags |= RULEF_NEVER_EXIT;
	}
}

/* Each rule costs every call on the host a look: those of servers that are not there are not added. */
static bool
is_of_use(size_t i)
{
	const char *program = rule_program(i);

	return program == NULL || access(program, F_OK) == 0;
}

static uint64_t
wanted(const struct ruleset *rs)
{
	union rule_room room;
	uint64_t set = 0;

	for (size_t i = 0; i < rule_count(); i++)
		if ((rs->refused & bit(i)) == 0 && is_of_use(i) && rule_build(i, false, &room))
			set |= bit(i);
	return set;
}

/* --- changing it -------------------------------------------------------------------------------------- */

static int
add(struct ruleset *rs, size_t i)
{
	union rule_room room;
	bool simple = (rs->simple & bit(i)) != 0;
	int rc;

	(void)rule_build(i, simple, &room);
	rc = audit_add_rule_data(rs->m->audit_fd, &room.data, (int)room.data.flags,
	    AUDIT_ALWAYS);
	if (rc == -EINVAL && !simple && rule_has_simple(i)) {
		rs->simple |= bit(i);
		return add(rs, i);
	}
	if (rc == -EEXIST)
		return 0;
	if (rc < 0)
		return rc;
	rs->ours |= bit(i);
	return 0;
}

/* The rules that are still missing afterwards. */
static uint64_t
add_missing(struct ruleset *rs, uint64_t missing)
{
	uint64_t left = 0;

	for (size_t i = 0; i < rule_count(); i++) {
		bool again = (rs->ours & bit(i)) != 0;
		int rc;

		if ((missing & bit(i)) == 0)
			continue;
		rc = add(rs, i);
		if (rc == 0) {
			rs->readded |= again ? bit(i) : 0;
			continue;
		}
		left |= rule_is_optional(i) ? 0 : bit(i);
		rs->refused |= rule_is_optional(i) ? bit(i) : 0;
		rs->why[i] = rc;
	}
	return left;
}

static void
switch_on(struct ruleset *rs, const struct audit_status *st)
{
	/* Where auditd runs, off is somebody's will. */
	if (st->enabled == 0 && st->pid == 0 && audit_set_enabled(rs->m->audit_fd, 1) > 0) {
		rs->we_enabled = true;
		rs->flags &= ~(unsigned)RULEF_DISABLED;
	}
	if (st->backlog_limit <= BACKLOG_DEFAULT &&
	    audit_set_backlog_limit(rs->m->audit_fd, BACKLOG_WANTED) > 0)
		rs->we_raised = true;
}

static void
switch_back(struct ruleset *rs)
{
	struct audit_status st;

	if (kaudit_status(rs->m->audit_fd, &st) != 0 || st.enabled == ENABLED_LOCKED)
		return;
	if (rs->we_raised && st.backlog_limit == BACKLOG_WANTED && st.pid == 0)
		(void)audit_set_backlog_limit(rs->m->audit_fd, BACKLOG_DEFAULT);
	/* An auditd that came since wants it on. */
	if (rs->we_enabled && st.enabled == 1 && st.pid == 0)
		(void)audit_set_enabled(rs->m->audit_fd, 0);
	rs->we_raised = rs->we_enabled = false;
}

static void
take_back(struct ruleset *rs)
{
	union rule_room room;

	for (size_t i = 0; i < rule_count(); i++) {
		int rc;

		if ((rs->ours & bit(i)) == 0 || !rule_build(i, (rs->simple & bit(i)) != 0, &room))
			continue;
		rc = audit_delete_rule_data(rs->m->audit_fd, &room.data, (int)room.data.flags,
	    AUDIT_ALWAYS);
		if (rc < 0 && rc != -ENOENT)
			log_warn("audit rule \"%s\" stays: %s", rule_name(i), strerror(-rc));
	}
	rs->ours = 0;
}

/* --- the look ----------------------------------------------------------------------------------------- */

static unsigned
flags_of(const struct audit_status *st)
{
	return (st->enabled == ENABLED_LOCKED ? (unsigned)RULEF_IMMUTABLE : 0) |
	    (st->enabled == 0 ? (unsigned)RULEF_DISABLED : 0) |
	    (st->failure == FAILURE_PANIC ? (unsigned)RULEF_PANIC : 0);
}

/* One look at everything; what can be mended is mended.  0 or −errno. */
static int
look_and_mend(struct ruleset *rs)
{
	const unsigned hands_off = RULEF_IMMUTABLE | RULEF_PANIC | RULEF_NEVER_TASK;
	struct look look = {.rs = rs};
	uint64_t ours = rs->ours;
	int rc = kaudit_status(rs->m->audit_fd, &rs->status);

	if (rc == 0)
		rc = kaudit_rules(rs->m->audit_fd, look_at, &look);
	if (rc != 0)
		return rc;
	rs->readded = 0;
	rs->flags = flags_of(&rs->status) | look.flags;
	rs->missing = wanted(rs) & ~look.have;
	if (rs->m->cf->audit_rules && (rs->flags & hands_off) == 0) {
		bool on = rs->we_enabled, raised = rs->we_raised;

		rs->missing = add_missing(rs, rs->missing);
		switch_on(rs, &rs->status);
		if (rs->ours != ours || rs->we_enabled != on || rs->we_raised != raised)
			remember(rs);
	}
	rs->flags |= (rs->missing != 0 ? (unsigned)RULEF_MISSING : 0) |
	    (rs->readded != 0 ? (unsigned)RULEF_READDED : 0);
	return 0;
}

/* --- saying it ---------------------------------------------------------------------------------------- */

static const struct {
	unsigned flag;
	const char *text;
} said_of[] = {
	{RULEF_NO_AUDIT, "the kernel's audit does not answer"},
	{RULEF_IMMUTABLE, "the rules are locked (enabled 2) until the next boot: nothing is changed"},
	{RULEF_NEVER_TASK, "a never,task rule hides every new task: nothing is changed"},
	{RULEF_PANIC, "failure mode is 2, a flood of records could panic the host: nothing is changed"},
	{RULEF_NEVER_EXIT, "a never or exclude rule before ours may hide what is needed"},
	{RULEF_DISABLED, "auditing is off (enabled 0)"},
	{RULEF_READDED, "somebody removed rules; they were added again"},
};

/* What the look changed, or could not. */
static void
say_changes(struct ruleset *rs)
{
	for (size_t i = 0; i < rule_count(); i++) {
		if (rs->why[i] != 0)
			log_warn("audit rule \"%s\": the kernel refused: %s", rule_name(i),
			    strerror(-rs->why[i]));
		rs->why[i] = 0;
	}
	if (rs->we_enabled && !rs->said_enabled)
		log_info("auditing was off: on, until this daemon ends");
	if (rs->we_raised && !rs->said_raised)
		log_info("audit backlog limit was %u: %u, until this daemon ends",
		    rs->status.backlog_limit, BACKLOG_WANTED);
	rs->said_enabled = rs->we_enabled;
	rs->said_raised = rs->we_raised;
}

static void
say(const struct ruleset *rs)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < sizeof(said_of) / sizeof(*said_of); i++)
		if ((rs->flags & said_of[i].flag) != 0)
			log_warn("audit: %s", said_of[i].text);
	for (size_t i = 0; i < rule_count(); i++)
		if ((rs->missing & bit(i)) != 0)
			buf_printf(&names, "%s%s", names.n != 0 ? ", " : "", rule_name(i));
	if (names.n != 0 && buf_ok(&names))
		log_warn("audit rules that are missing: %s", names.p);
	buf_free(&names);
}

static unsigned
count_bits(uint64_t set)
{
	return (unsigned)__builtin_popcountll(set);
}

static void
tell(struct ruleset *rs)
{
	struct notice n = {.kind = NOTE_RULES, .flags = rs->flags, .value = count_bits(rs->missing),
	    .inode = count_bits(rs->readded), .added = count_bits(rs->ours)};
	bool changed = !rs->said || rs->said_flags != rs->flags || rs->said_missing != rs->missing ||
	    rs->said_ours != rs->ours || rs->readded != 0;

	if (changed)
		say(rs);
	/* Told again and again until there is an engine that hears it. */
	if (changed && monitor_send(rs->m, &n, NULL, 0)) {
		rs->said = true;
		rs->said_flags = rs->flags;
		rs->said_missing = rs->missing;
		rs->said_ours = rs->ours;
	}
}

/* --- lost records ------------------------------------------------------------------------------------- */

static void
watch_lost(struct ruleset *rs)
{
	const uint32_t lost = rs->status.lost;
	struct notice n = {.kind = NOTE_LOST};

	n.value = rs->seen && lost > rs->lost ? lost - rs->lost : 0;
	if (n.value != 0)
		log_warn("the kernel lost %" PRIu64 " audit records", n.value);
	if (n.value == 0 || monitor_send(rs->m, &n, NULL, 0)) {
		rs->lost = lost; /* it can be set back to 0 (AUDIT_SET with AUDIT_STATUS_LOST) */
		rs->seen = true;
	}
}

/* --- beside the loop ---------------------------------------------------------------------------------- */

struct look_job {
	struct job job;
	struct ruleset *rs; /* borrowed; it outlives the thread */
};

static void
run(struct job *job)
{
	struct ruleset *rs = ((struct look_job *)job)->rs;

	rs->error = rs->m->audit_fd < 0 ? -ENODEV : look_and_mend(rs);
	if (rs->error == 0)
		return;
	rs->missing = wanted(rs);
	rs->flags = RULEF_NO_AUDIT | RULEF_MISSING;
	rs->readded = 0;
}

static void
done(struct job *job)
{
	struct ruleset *rs = ((struct look_job *)job)->rs;

	rs->looking = false;
	free(job);
	say_changes(rs);
	if (rs->error == 0)
		watch_lost(rs);
	tell(rs);
}

void
rules_check(struct ruleset *rs)
{
	struct look_job *l = rs->looking ? NULL : malloc(sizeof(*l));

	if (l == NULL)
		return;
	*l = (struct look_job){.job = {.run = run, .done = done}, .rs = rs};
	rs->looking = aside_give(rs->m->work[WORK_AUDIT], &l->job);
	if (!rs->looking)
		free(l);
}

void
rules_tell_again(struct ruleset *rs)
{
	rs->said = false;
	rules_check(rs);
}

/* --- life --------------------------------------------------------------------------------------------- */

static void
on_time_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ruleset *rs = arg;

	(void)fd;
	(void)what;
	if (rs->looking && !rs->said_slow)
		log_warn("the kernel's audit has not answered for %d s: is its backlog full?", EVERY_S);
	rs->said_slow = rs->looking;
	rules_check(rs);
}

struct ruleset *
rules_new(struct monitor *m)
{
	struct ruleset *rs = calloc(1, sizeof(*rs));
	struct timeval tv = {.tv_sec = EVERY_S};

	if (rs == NULL)
		return NULL;
	rs->m = m;
	rs->on_time = event_new(m->base, -1, EV_PERSIST, on_time_cb, rs);
	if (rs->on_time == NULL || event_add(rs->on_time, &tv) == -1) {
		rules_free(&rs);
		return NULL;
	}
	recall(rs);
	return rs;
}

void
rules_free(struct ruleset **rs)
{
	if (*rs == NULL)
		return;
	if ((*rs)->on_time != NULL)
		event_free((*rs)->on_time);
	if ((*rs)->m->audit_fd >= 0) {
		take_back(*rs);
		switch_back(*rs);
		remember(*rs);
	}
	free(*rs);
	*rs = NULL;
}

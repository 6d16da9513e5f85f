/* failures: see failures.h. */
#include "agentd/engine/failures.h"

static const struct {
	const char *name, *meaning; /* what happened, and what was done about it */
} rows[FAIL_COUNT] = {
	[FAIL_REPORT_LATE] = {"report-late", "a login's report did not arrive in time; the monitor answered"},
	[FAIL_REPORT_BAD] = {"report-bad", "a report of the wrong size, version or form was not read"},
	[FAIL_REPORT_MISMATCH] = {"report-mismatch",
	    "a report did not agree with the kernel; the kernel was believed"},
	[FAIL_REPORT_FORGED] = {"report-forged",
	    "a login was reported under the session id of another living sshd"},
	[FAIL_UNREGISTERED] = {"login-unregistered",
	    "a login found no room in the monitor: nothing of it can be stopped"},
	[FAIL_LOGIN_CAP] = {"login-cap", "too many logins at once; the monitor answered"},
	[FAIL_LOGIN_FALLBACK] = {"login-fallback", "the monitor answered a login with the fallback"},
	[FAIL_NAMES_LATE] = {"names-late", "group names did not come in time; the login was ruled without"},
	[FAIL_HOST_FULL] = {"host-full", "a session found no room in the model and is not followed"},
	[FAIL_LINK_FULL] = {"link-full", "the monitor is slow; a request was not sent"},
	[FAIL_REQUEST_LATE] = {"request-late", "the monitor did not answer a request in time"},
	[FAIL_GRANTS] = {"grants", "what sessions may do could not be renewed in the kernel; tried again"},
	[FAIL_GRANT_LOGIN] = {"grant-login", "a login's grant was not installed; login-fail says what then"},
	[FAIL_GATE_CAP] = {"gate-cap", "too many connections at once: of one, what the gate saw was not held against audit"},
	[FAIL_ACTION_CAP] = {"action-cap", "too many actions at once; one was not taken"},
	[FAIL_ACTION_REFUSED] = {"action-refused", "the monitor did not take an action; the alert says why"},
	[FAIL_SOURCE_GONE] = {"source-gone", "the source of records ended and was asked for again"},
	[FAIL_SOURCE_OVERRUN] = {"source-overrun", "the kernel dropped records that were not read in time"},
	[FAIL_SOURCE_CUT] = {"source-cut", "a message of the audit socket was too long and was dropped"},
	[FAIL_RECORDS_LOST] = {"records-lost", "audit records were lost; alerted once a burst"},
	[FAIL_RULES_MISSING] = {"rules-missing", "audit rules that are needed are not in force"},
	[FAIL_FILE_WRITE] = {"alert-file", "an alert could not be written to the alert file"},
	[FAIL_ALERT_HELD] = {"alert-held",
	    "one session did the same thing too often; how many alerts were held back was told"},
	[FAIL_AT_MOST] = {"at-most", "a rule's `at most` held alerts back; all are in the store"},
	[FAIL_AT_MOST_FULL] = {"at-most-full",
	    "too many rules and users with `at most`: how many alerts of one were held back is not told"},
	[FAIL_SYSLOG_DROP] = {"syslog-drop", "syslog did not take an alert"},
	[FAIL_TRAIL_DROP] = {"trail-drop", "an alert did not reach the audit trail"},
	[FAIL_STORE_QUEUE] = {"store-queue", "the store is slow; a row was not stored"},
	[FAIL_STORE_WRITE] = {"store-write", "the store could not be written; rows were not stored"},
	[FAIL_STORE_SET_ASIDE] = {"store-set-aside", "the store was damaged, set aside and begun anew"},
	[FAIL_SCAN_QUEUE] = {"scan-queue", "too many programs to look into; one goes by its name"},
	[FAIL_SCAN_QUOTA] = {"scan-quota", "one user starts too many new programs; one goes by its name"},
	[FAIL_SCAN_STUCK] = {"scan-stuck", "reading a program file hangs; programs go by their names"},
	[FAIL_SCAN_CUT] = {"scan-cut", "a program file was too large to be read to its end; it goes by its name"},
	[FAIL_SCAN_READ] = {"scan-read", "a program file could not be read; it goes by its name"},
	[FAIL_OWNER_QUEUE] = {"owner-queue", "too many sockets to find the owners of"},
	[FAIL_OWNER_QUOTA] = {"owner-quota",
	    "one user connects to too many new sockets; an owner was not asked for"},
	[FAIL_UNREAD] = {"unread",
	    "one user has more descriptors than are read; who listens at a socket, or serves a connection, is not known"},
	[FAIL_WATCH_QUEUE] = {"watch-queue", "too many agents, ControlMasters or clients at once; the gates do not know one"},
	[FAIL_WATCH_QUOTA] = {"watch-quota", "one user makes too many of those; the gates do not know one, or its memory is guarded later"},
	[FAIL_HOMES_FULL] = {"homes-full", "too many users log in here; the private keys of one are not watched"},
	[FAIL_WATCHED_CAP] = {"watched-cap",
	    "one session opened private keys, or touched memory, too often; not all of it was told"},
	[FAIL_WATCHED_GONE] = {"watched-gone",
	    "who opened a private key, or touched memory, had ended, and no record tells who it was"},
	[FAIL_WATCHED_OVERFLOW] = {"watched-overflow",
	    "the kernel's queue of who opens private keys, or touches memory, was full; some are not known"},
	[FAIL_TCP_PROBE] = {"tcp-probe", "the kernel did not say whether a TCP socket exists"},
	[FAIL_STRANGERS] = {"strangers", "connections of SSH servers were not looked through: too many, or sock_diag failed"},
	[FAIL_TCP_QUOTA] = {"tcp-quota", "one user connects too often; records alone told of a connection"},
	[FAIL_VOLUME_ASK] = {"volume-ask", "the kernel did not say what a connection carries"},
	[FAIL_VOLUME_ENDS] = {"volume-ends",
	    "too many sockets ended at once: what some carried in their last seconds is not known"},
	[FAIL_VOLUME_CAP] = {"volume-cap", "too many connections: what one carries is not counted"},
	[FAIL_CASE_CAP] = {"case-cap",
	    "there were too many cases; the longest unchanged one was let go of, and is in the store alone"},
	[FAIL_CONTROL_CAP] = {"control-cap", "too many clients of the control socket; one was let go of"},
	[FAIL_CONTROL_BAD] = {"control-bad", "a request on the control socket was malformed"},
	[FAIL_CONTROL_REFUSED] = {"control-refused", "a control request needed rights that the peer has not"},
	[FAIL_FOLLOWER_SLOW] = {"follower-slow", "a client that followed alerts did not read them"},
	[FAIL_POLICY_LOAD] = {"policy-load", "a policy was refused"},
	[FAIL_POLICY_KEPT] = {"policy-kept",
	    "a policy loaded by hand could not be kept for the engine that follows a crash"},
	[FAIL_LAST_GOOD] = {"last-good", "the policy in force could not be kept for a start that finds no good one"},
	[FAIL_LAST_GOOD_USED] = {"last-good-used",
	    "the configured policy could not be loaded at the start; the last good one is in force"},
	[FAIL_LISTED] = {"listed-origins", "a file of listed origins could not be read; what it held before counts on"},
	[FAIL_ENGINE_RESTARTED] = {"engine-restarted",
	    "the engine ended and was started again; the monitor answered logins in between"},
};

static struct {
	uint64_t count;
	struct rtime last;
} seen[FAIL_COUNT];

void
failure_add(enum failure f, uint64_t n)
{
	if (n == 0)
		return;
	seen[f].count += n;
	seen[f].last = rtime_now();
}

void
failure_note(enum failure f)
{
	failure_add(f, 1);
}

void
failures_json(struct json *j)
{
	json_array(j);
	for (unsigned i = 0; i < FAIL_COUNT; i++) {
		if (seen[i].count == 0)
			continue;
		json_object(j);
		json_kstr(j, "name", rows[i].name);
		json_kuint(j, "count", seen[i].count);
		json_ktime(j, "last", seen[i].last);
		json_kstr(j, "meaning", rows[i].meaning);
		json_end(j, '}');
	}
	json_end(j, ']');
}

/*
 * failures: every choice that the engine makes silently, by name, with its count.  One table for the
 * process; `sshtether status` shows the rows that happened.  Loop thread only.
 */
#ifndef ENGINE_FAILURES_H
#define ENGINE_FAILURES_H

#include "base/clock.h"
#include "base/json.h"

enum failure {
	FAIL_REPORT_LATE,
	FAIL_REPORT_BAD,
	FAIL_REPORT_MISMATCH,
	FAIL_REPORT_FORGED,
	FAIL_UNREGISTERED,
	FAIL_LOGIN_CAP,
	FAIL_LOGIN_FALLBACK,
	FAIL_NAMES_LATE,
	FAIL_HOST_FULL,
	FAIL_LINK_FULL,
	FAIL_REQUEST_LATE,
	FAIL_GRANTS,
	FAIL_GRANT_LOGIN,
	FAIL_GATE_CAP,
	FAIL_ACTION_CAP,
	FAIL_ACTION_REFUSED,
	FAIL_SOURCE_GONE,
	FAIL_SOURCE_OVERRUN,
	FAIL_SOURCE_CUT,
	FAIL_RECORDS_LOST,
	FAIL_RULES_MISSING,
	FAIL_FILE_WRITE,
	FAIL_ALERT_HELD,
	FAIL_SYSLOG_DROP,
	FAIL_TRAIL_DROP,
	FAIL_STORE_QUEUE,
	FAIL_STORE_WRITE,
	FAIL_STORE_SET_ASIDE,
	FAIL_SCAN_QUEUE,
	FAIL_SCAN_QUOTA,
	FAIL_SCAN_STUCK,
	FAIL_SCAN_CUT,
	FAIL_SCAN_READ,
	FAIL_OWNER_QUEUE,
	FAIL_OWNER_QUOTA,
	FAIL_WATCH_QUEUE,
	FAIL_WATCH_QUOTA,
	FAIL_TCP_PROBE,
	FAIL_TCP_QUOTA,
	FAIL_CONTROL_CAP,
	FAIL_CONTROL_BAD,
	FAIL_CONTROL_REFUSED,
	FAIL_FOLLOWER_SLOW,
	FAIL_POLICY_LOAD,
	FAIL_POLICY_KEPT,
	FAIL_ENGINE_RESTARTED,
	FAIL_COUNT,
};

void failure_note(enum failure);
void failure_add(enum failure, uint64_t n);
/* An array of the rows that happened: name, count, last, meaning. */
void failures_json(struct json *);

#endif

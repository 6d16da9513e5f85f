#!/bin/sh
# Every recording of a real host through `sshtether replay --json`, held against the findings that an
# analyst expects of it (tests/golden/replay/NAME.jsonl; the recordings' README says what was done).
# Prints "ok NAME" or "not ok NAME" and what differs.  Each recording is read from the file and, in pieces of
# an odd size, from a pipe; the exit status must be 1 when, and only when, there is an alert.
#
#   tests/golden/replay.sh            compare         Environment: B
#   tests/golden/replay.sh --update   write the expected files anew: read every line of the difference
set -u
cd "$(dirname "$0")/../.." || exit 1
command=${B:=build}/sshtether
recordings=tests/data/sessions
expected=tests/golden/replay
TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

if [ ! -x "$command" ]; then
	echo "not ok $command is built"
	exit 1
fi

# Prints nothing when all is well.
check() {
	name=$1 want=$2
	"$command" replay --json "$recordings/$name.log" >"$work/file" 2>"$work/err"
	status=$?
	dd ibs=977 obs=977 if="$recordings/$name.log" 2>/dev/null |
	    "$command" replay --json - >"$work/pipe" 2>/dev/null
	alerts=0
	grep -q '"kind":"alert"' "$work/file" && alerts=1
	[ "$status" -eq "$alerts" ] || echo "exit status $status, alerts: $alerts"
	[ "$status" -le 1 ] || cat "$work/err"
	diff -u "$want" "$work/file"
	cmp "$work/file" "$work/pipe"
}

# Three weeks from one place, and then a login from another: no recording of a host, but of its form.
weeks() {
	awk 'function put(kind, op, at) {
		printf "type=%s msg=audit(%d.000:%d): pid=%d uid=0 auid=1001 ses=%d msg=\047op=PAM:session_%s", kind, at, ++serial,
		    900 + day, day + 1, op
		printf " acct=\"alice\" exe=\"/usr/sbin/sshd\" hostname=%s addr=%s terminal=ssh res=success\047\n", from, from
	}
	BEGIN {
		for (; day < 22; day++) {
			from = day < 21 ? "192.0.2.7" : "203.0.113.66"
			put("USER_START", "open", 1700035200 + day * 86400)
			put("USER_END", "close", 1700038800 + day * 86400)
		}
	}'
}

check_weeks() {
	weeks | "$command" replay --json - >"$work/weeks" 2>/dev/null || echo "exit status $?"
	[ "$(grep -c '"action":"unusual-' "$work/weeks")" -eq 1 ] || echo "not one thing is unusual:"
	grep -q '"action":"unusual-origin".*"ip":"203.0.113.66"' "$work/weeks" || cat "$work/weeks"
}

if [ "${1-}" != --update ]; then
	difference=$(check_weeks 2>&1)
	printf '%s\n' "${difference:+$difference
not }ok what is unusual after weeks"
	[ -z "$difference" ] || failed=1
fi

for recording in "$recordings"/*.log; do
	name=$(basename "$recording" .log)
	if [ "${1-}" = --update ]; then
		"$command" replay --json "$recording" >"$expected/$name.jsonl" 2>/dev/null
		continue
	fi
	difference=$(check "$name" "$expected/$name.jsonl" 2>&1)
	if [ -z "$difference" ]; then
		echo "ok $name"
	else
		printf '%s\n' "$difference"
		echo "not ok $name"
		failed=1
	fi
done
exit $failed

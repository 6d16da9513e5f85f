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

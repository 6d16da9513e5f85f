#!/bin/sh
# Policies and what the tools say of them, from outside, through the command:
#
#   NN.in        a policy
#   NN.ok        its canonical text; printing that again must give the same
#   NN.err       what `policy check` says on stderr: errors, failed tests, shape
#   NN.q         questions, one a line; NN.explain: the answers
#   NN.tokens    what the lexer makes of it; for a new case, make an empty one and --update
#   NN.json      what `policy print --json` says, indented; made the same way
#   NN.tree      what the parser makes of it; the printed text has the same, but for the places
#
# A case without .ok must be refused, one with it accepted.  The example policies, and the one in the manual, are
# cases too: they must be right, hold their tests and have nothing to say about their shape.  Prints "ok NAME" or "not ok NAME" and what
# differs, and ends with a line of counts.
#
#   tests/golden/policy.sh            compare         Environment: B
#   tests/golden/policy.sh --update   write the expected files anew: read every line of the difference
set -u
cd "$(dirname "$0")/policy" || exit 1
top=$(cd ../../.. && pwd)
B=$(cd "$top" && realpath -m "${B:-build}")
command=$B/sshtether
TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0

dump=$B/tests/golden/policy_dump
for program in "$command" "$dump"; do
	if [ ! -x "$program" ]; then
		echo "not ok $program is built"
		exit 1
	fi
done

explain() {
	while IFS= read -r question; do
		"$command" policy explain "$1.in" "$question" 2>&1
		echo
	done <"$1.q"
}

dumps() {
	for what in tokens tree; do
		[ ! -e "$1.$what" ] || "$dump" $what "$1.in" | diff -u "$1.$what" -
	done
}

# The tree without places, which are the only thing that printing moves.
tree() {
	"$dump" tree "$1" 2>&1 | sed 's/  # [^ ]*:[0-9]*:[0-9]*$//'
}

json() {
	"$command" policy print --json "$1.in" | python3 -m json.tool --indent 1
}

# Prints nothing when all is well.
check() {
	: >"$work/want"
	"$command" policy check "$1.in" >"$work/out" 2>"$work/err"
	status=$?
	"$command" policy print "$1.in" >"$work/print" 2>/dev/null
	[ -e "$1.ok" ] && want=0 || want=1
	[ "$status" -eq "$want" ] || echo "exit status $status, wanted $want"
	[ -e "$1.err" ] && cp "$1.err" "$work/want"
	diff -u "$work/want" "$work/err"
	dumps "$1"
	[ -e "$1.ok" ] || return
	diff -u "$1.ok" "$work/print"
	cp -r ./*.txt parts "$work"
	"$command" policy print "$work/print" 2>&1 | diff -u "$work/print" -
	tree "$1.in" >"$work/tree"
	tree "$work/print" | diff -u "$work/tree" -
	json "$1" >"$work/json"
	[ ! -e "$1.json" ] || diff -u "$1.json" "$work/json"
	[ ! -e "$1.q" ] || explain "$1" | diff -u "$1.explain" -
}

update() {
	rm -f "$1.ok" "$1.err"
	if "$command" policy check "$1.in" >/dev/null 2>"$work/err"; then
		"$command" policy print "$1.in" >"$1.ok"
	fi
	[ ! -s "$work/err" ] || cp "$work/err" "$1.err"
	[ ! -e "$1.q" ] || explain "$1" >"$1.explain"
	for what in tokens tree; do
		[ ! -e "$1.$what" ] || "$dump" $what "$1.in" >"$1.$what"
	done
	[ ! -e "$1.json" ] || json "$1" >"$1.json"
}

result() {
	if [ -z "$2" ]; then
		echo "ok policy $1"
		passed=$((passed + 1))
	else
		printf '%s\n' "$2"
		echo "not ok policy $1"
		failed=$((failed + 1))
	fi
}

fleet() {
	"$command" policy check --lint "$1" 2>&1 >/dev/null || echo "exit status $?"
	"$command" policy test "$1" | grep -vx -e 'TAP version 13' -e 'ok [0-9]* - .*' -e '1\.\.[1-9][0-9]*'
	"$command" policy print "$1" >"$work/print"
	cp "$top"/policy/fleets/*.txt "$work"
	"$command" policy print "$work/print" 2>&1 | diff -u "$work/print" -
}

for file in [0-9]*.in; do
	name=${file%.in}
	if [ "${1-}" = --update ]; then
		update "$name"
	else
		result "$name" "$(check "$name" 2>&1)"
	fi
done
[ "${1-}" = --update ] && exit 0
for file in "$top"/policy/fleets/*.policy; do
	[ -e "$file" ] && result "${file##*/}" "$(fleet "$file" 2>&1)"
done
cp "$top"/policy/fleets/*.txt "$work"
sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$top/man/sshtether.policy.5" | grep -v '^\.' >"$work/manual"
result "sshtether.policy(5)" "$(fleet "$work/manual" 2>&1)"
echo "golden-policy: $passed passed, $failed failed"
[ "$failed" -eq 0 ]

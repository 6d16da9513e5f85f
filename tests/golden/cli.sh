#!/bin/sh
# The command line from outside: every command explains itself, mistakes are exit 2, what cannot be reached or
# read is exit 3, and sshtether(1) knows every command and option.  Prints TAP's short form.  Environment: B
set -u
cd "$(dirname "$0")/../.." || exit 1
command=${B:=build}/sshtether
page=man/sshtether.1
LC_ALL=C.UTF-8 SSHTETHER_RUN=/nonexistent
export LC_ALL SSHTETHER_RUN
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

ok() { echo "ok $1"; }
not_ok() {
	cat "$work/out" "$work/err"
	echo "not ok $1"
	failed=1
}

# is LABEL STATUS TEXT ARG...: exits so, and has said so.
is() {
	label=$1 want=$2 text=$3
	shift 3
	"$command" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ $got -eq "$want" ] && cat "$work/out" "$work/err" | grep -qF -e "$text"; then
		ok "$label"
	else
		echo "exit $got, wanted $want and '$text'"
		not_ok "$label"
	fi
}

is "no command" 2 "usage: sshtether COMMAND"
is "--help lists" 0 "replay" --help
is "--version" 0 "sshtether " --version
is "-h" 0 "replay" -h
is "-V" 0 "sshtether " -V
is "a command's -h" 0 "usage: sshtether policy check" policy check -h
is "policy -h" 0 "policy explain" policy -h
is "unknown command" 2 "no command 'dance'" dance
is "unknown policy command" 2 "policy check" policy dance
is "a command that is nearly one" 2 "did you mean 'status'?" statis --json
is "a policy command that is nearly one" 2 "did you mean 'policy check'?" policy chek x
is "a policy command that begins so" 2 "did you mean 'policy verify-signature'?" policy verify x
is "a policy command that is like none" 2 "no command 'policy foo'; see sshtether --help" policy foo
is "a log that is missing" 3 "incomplete: 0 findings" replay nope
is "help of a command" 0 "usage: sshtether policy check" help policy check
is "help of a group" 0 "policy explain" help policy
is "help of nothing there is" 2 "no command 'dance'" help dance
is "policy --help" 0 "policy explain" policy --help
is "an option before the command" 3 "/nonexistent/x" --socket /nonexistent/x --utc sessions
is "an option that is no common one before it" 2 "usage: sshtether [--json]" --since today case
is "an option and no command" 2 "usage: sshtether COMMAND" --json
is "an option and --help" 0 "usage: sshtether policy check" --json policy check --help
is "no daemon" 3 "not running" status
is "no daemon, mode" 3 "not running" mode
is "socket is named" 3 "/nonexistent/x" sessions --socket /nonexistent/x
is "no daemon, cases" 3 "not running" case
is "a case with options" 2 "options choose from the list" case 57 --since today
is "a severity that is none" 2 "such are info, low, medium, high, critical" case --min-severity bad
is "baseline -h" 0 "baseline import" baseline -h
is "no baseline command" 2 "which baseline command?" baseline
is "export to a file" 2 "it goes to standard output" baseline export x
is "reset of all, unasked" 2 "--yes says that it is" baseline reset
is "import of a text" 3 "README.md: no audit record in it" baseline import -n README.md
is "import of nothing" 1 "nothing was learned" baseline import -n /dev/null
is "merge without a daemon" 3 "not running" baseline merge README.md
is "replay what?" 2 "which file?" replay
is "replay of no file" 3 "No such file" replay /nonexistent/audit.log
is "replay of a directory" 3 "Is a directory" replay /
is "replay of nothing" 0 "0 findings, 0 alerts among them; 0 logins" replay /dev/null
is "replay with no policy" 3 "/nonexistent/p" replay --policy /nonexistent/p /dev/null
is "replay of a program" 3 "$command: no audit record in" replay "$command"
is "replay of a text" 3 "README.md: no audit record in" replay README.md
printf 'include "%s/none*.policy"\nblock relay group dba\n' "$work" >"$work/glob.policy"
is "a warning of the load" 0 "nothing is included" policy check "$work/glob.policy"
is "lint counts a warning of the load" 1 "nothing is included" policy check --lint "$work/glob.policy"
is "lint says why it fails" 1 "1 finding: exit status 1, because of --lint" policy check --lint "$work/glob.policy"
: >"$work/adm.txt"
printf 'table <adm> file "adm.txt"\ndeny login !origin <adm>\n' >"$work/adm.policy"
is "lint of an empty table" 1 "<adm> holds nothing" policy check --lint "$work/adm.policy"
is "lint of an empty policy" 1 "/dev/null: there is no rule" policy check --lint /dev/null
printf 'blokc\n' >"$work/broken.policy"
if "$command" policy check --lint "$work/glob.policy" "$work/broken.policy" 2>&1 | grep -qF "because of"; then
	not_ok "lint is not the reason where there are errors"
else
	ok "lint is not the reason where there are errors"
fi
is "a list as an argument" 0 "yes: this rule decides" policy explain "$work/glob.policy" relay group "{ staff, dba }"
printf 'block relay user eve severity high\nblock relay\n' >"$work/both.policy"
is "an answer that is the same either way" 0 "it hangs on user; block in any case" policy explain "$work/both.policy" relay
gzip -c tests/data/sessions/basic.log >"$work/audit.log.2.gz"
is "replay of a packed log" 3 "audit.log.2.gz: compressed; zcat it" replay "$work/audit.log.2.gz"
is "replay of a packed log among others" 3 "audit.log.2.gz: compressed; zcat it" \
    replay tests/data/sessions/basic.log "$work/audit.log.2.gz"
cat README.md tests/data/sessions/basic.log >"$work/mixed.log"
is "replay of rubbish before records" 0 "malformed" replay "$work/mixed.log"
printf '\357\273\277' | cat - tests/data/sessions/basic.log >"$work/marked.log"
"$command" replay tests/data/sessions/basic.log >"$work/plain" 2>&1
"$command" replay "$work/marked.log" >"$work/out" 2>&1
cmp "$work/plain" "$work/out" 2>"$work/err" && ok "replay of a log with a byte order mark" ||
    not_ok "replay of a log with a byte order mark"

# daemon LABEL STATUS TEXT ARG...: the same for sshtetherd, which is never started.
daemon() {
	command=$B/sshtetherd
	is "$@"
	command=$B/sshtether
}

echo 'user nobody' >"$work/nobody.conf"
echo 'user nobody-of-that-name' >"$work/nouser.conf"
"$B/sshtetherd" -t -c "$work/nobody.conf" >"$work/out" 2>"$work/err" && ok "sshtetherd -t" || not_ok "sshtetherd -t"
daemon "sshtetherd -t without the file" 2 "/nonexistent/x.conf: no such file" -t -c /nonexistent/x.conf
daemon "sshtetherd -t without the user" 2 "no user 'nobody-of-that-name'" -t -c "$work/nouser.conf"

# from TEXT LABEL STATUS WANTED ARG...: the same with TEXT on standard input.
from() {
	text=$1
	label=$2 want=$3 said=$4
	shift 4
	printf '%s' "$text" | "$command" "$@" >"$work/out" 2>"$work/err"
	got=$?
	if [ $got -eq "$want" ] && cat "$work/out" "$work/err" | grep -qF -e "$said"; then
		ok "$label"
	else
		echo "exit $got, wanted $want and '$said'"
		not_ok "$label"
	fi
}

from 'serial 4' "policy check -" 0 "<stdin>: fleet -, serial 4" policy check -
from 'block relay' "policy check without a daemon" 0 "as if every gate worked: no daemon answers" policy check -
from 'block relay exe "/x"' "policy check says why not more" 0 "= relay: react, it hangs on what no gate knows" policy check -
from 'mode enforce
block relay mode audit' "policy check of what a rule only reports" 0 "2  observe  block relay mode audit" policy check -
from 'pass outbound-ssh exe "/x"
block outbound-ssh' "policy check of a rule that always waits" 0 "2  react    block outbound-ssh" policy check -
from 'pass outbound-ssh exe "/x"
block outbound-ssh' "it says for what" 0 "= outbound-ssh: react, for line 1 may hold: that hangs on what" policy check -
from 'pass outbound-ssh exe "/x"
block outbound-ssh' "the same as JSON" 0 \
    '"level":"react","activities":[{"activity":"outbound-ssh","level":"react","waits_for_line":1,' policy check --json -
from 'block relay, listen' "policy check of two activities" 0 "= listen: react, once its record arrives" policy check -
from 'block relay' "policy check --json" 0 '"as_if_every_gate_worked":true,"rules":[{"line":1,' policy check --json -
from 'allow relay' "policy check - with an error" 1 "<stdin>:1:1: error: 'allow'" policy check -
from 'block relay' "policy print -" 0 "block relay" policy print -

log=tests/data/sessions/j2_other_user.log
printf 'fleet lab\nserial 3\nmode enforce\nterminate agent-hijack severity critical\npass login\n' \
    >"$work/lab.policy"
printf 'fleet lab\nterminat agent-hijack\n' >"$work/bad.policy"
sed 's/^type=/node=one type=/' "$log" >"$work/one.log"
sed 's/^type=/node=two type=/' "$log" >"$work/two.log"
is "replay by a policy names the rule" 1 "\"name\":\"$work/lab.policy:4\"" \
    replay --json --policy "$work/lab.policy" "$log"
is "replay stops nothing" 1 '"action":"terminate","done":"would-have"' \
    replay --json --policy "$work/lab.policy" "$log"
sed '1a never-stop group wheel' "$work/lab.policy" >"$work/never.policy"
is "replay knows no groups: never-stop may hold" 1 '"action":"terminate","done":"alerted"' \
    replay --json --policy "$work/never.policy" "$log"
is "replay says why nothing is stopped" 1 '"why":"never-stop holds"' \
    replay --json --policy "$work/never.policy" "$log"
is "replay by a broken policy" 3 "did you mean" replay --policy "$work/bad.policy" "$log"
is "rehearse without a daemon" 3 "not running" rehearse
is "rehearse by a broken policy" 3 "did you mean" rehearse --policy "$work/bad.policy"
is "rehearse for whom?" 2 "'alice' is neither user=NAME nor origin=NET" rehearse --keep alice
is "rehearse from when?" 2 "is no time" rehearse --since someday
is "enforce for how long?" 2 "is not between 10s and 24h" mode enforce --confirm-within 3
is "diff of what?" 2 "which policies" policy diff
is "allow without a daemon" 3 "not running" allow
is "replay knows the host" 1 '"host":{"name":"one"}' replay --json "$work/one.log"
is "replay of two hosts warns" 1 "several hosts" replay "$work/one.log" "$work/two.log"
is "replay of two files is one stream" 1 "6 logins" \
    replay "$log" tests/data/sessions/a_nested_ssh.log tests/data/sessions/a2_nested_ssh_name.log
"$command" replay --json tests/data/sessions/basic.log "$log" >"$work/straight" 2>/dev/null
"$command" replay --json "$log" tests/data/sessions/basic.log >"$work/reverse" 2>/dev/null
cmp "$work/straight" "$work/reverse" >"$work/out" 2>"$work/err" && ok "replay of rotated logs, newest first" ||
    not_ok "replay of rotated logs, newest first"
is "replay counts one as one" 0 "1 finding, 0 alerts among them; 1 login," replay tests/data/sessions/basic.log
is "replay --stats" 1 "agent-hijack         1" replay --stats "$log"
"$command" --json replay "$log" >"$work/before" 2>/dev/null
"$command" replay "$log" --json >"$work/after" 2>/dev/null
if grep -q '^{"@timestamp"' "$work/before" && cmp -s "$work/before" "$work/after"; then
	ok "--json on either side of the command"
else
	not_ok "--json on either side of the command"
fi
is "replay --json --stats" 1 '{"stats":{"lines":' replay --json --stats "$log"

"$command" replay --events tests/data/sessions/basic.log >/dev/full 2>"$work/err"
[ $? -eq 3 ] && grep -q 'cannot write' "$work/err" && ok "full disk" || not_ok "full disk"

# A terminal gets no byte of a record that is not text, whatever the file holds.
cat "$command" tests/data/sessions/basic.log >"$work/mixed.log"
"$command" replay --events "$work/mixed.log" >"$work/out" 2>"$work/err"
if LC_ALL=C tr -d '\n -~\200-\377' <"$work/out" | grep -q . || ! iconv -f UTF-8 -t UTF-8 "$work/out" >/dev/null; then
	not_ok "only visible text"
else
	ok "only visible text"
fi

# Signatures: what both say of all of them is tests/oracle's; here is what the command says and how it ends.
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key"
ssh-keygen -q -Y sign -n sshtether-policy -f "$work/key" "$work/lab.policy" 2>"$work/err"
{
	echo 'half a line'
	printf 'alice@example.org,*.lab namespaces="sshtether-*" '
	cat "$work/key.pub"
} >"$work/signers"
signers="--allowed-signers $work/signers"
signed="$work/lab.policy: good: signed by alice@example.org,*.lab with ssh-ed25519 SHA256:"
# shellcheck disable=SC2086 # two words are two arguments
{
	is "a good signature" 0 "$signed" policy verify-signature $signers "$work/lab.policy"
	is "a good signature, by which line" 0 "($work/signers:2)" policy verify-signature $signers "$work/lab.policy"
	is "a bad line is told" 0 "$work/signers:1: neither an option" policy verify-signature $signers "$work/lab.policy"
	is "a good signature as JSON" 0 '"ok":true,"reason":"good","text":"good","principal":"db.lab"' \
	    policy verify-signature --json $signers --principal db.lab "$work/lab.policy"
	is "a signature of somebody else" 1 "the signer has not that name" \
	    policy verify-signature $signers --principal db.example "$work/lab.policy"
	is "a signature of another file" 1 "not accepted: the signature is not of this file" \
	    policy verify-signature $signers --signature "$work/lab.policy.sig" "$work/bad.policy"
	is "a signature of nobody" 1 "is not among the allowed signers" \
	    policy verify-signature --allowed-signers /dev/null "$work/lab.policy"
	is "no signature" 1 "this is no SSH signature" \
	    policy verify-signature $signers --signature "$work/lab.policy" "$work/lab.policy"
	is "no file of a signature" 3 "bad.policy.sig: No such file" policy verify-signature $signers "$work/bad.policy"
	is "no policy" 3 "/nonexistent/p: No such file" policy verify-signature $signers /nonexistent/p
	is "no signers" 3 "/nonexistent/s: No such file" \
	    policy verify-signature --allowed-signers /nonexistent/s "$work/lab.policy"
	is "the signature of which policy?" 2 "which policy?" policy verify-signature $signers
	is "one policy at a time" 2 "which policy?" policy verify-signature $signers "$work/lab.policy" "$work/bad.policy"
	is "a signature, when?" 2 "--at: 'someday' is no time" policy verify-signature --at someday "$work/lab.policy"
}

# expect lines as TAP; prove(1) reads it.
printf 'block relay user eve\nexpect block relay user eve\nexpect pass relay user "a#b" # no\n' >"$work/t.policy"
printf 'expect block relay user eve to 10.0.0.1\n' >"$work/more.tests"
printf 'expect pass relay user eve\nexpect block relay\n' >"$work/wrong.tests"
printf 'block relay\n' >"$work/no.tests"
sed '3d' "$work/t.policy" >"$work/good.policy"
is "test as TAP" 0 "ok 1 - $work/good.policy:2: expect block relay user eve" policy test "$work/good.policy"
is "test plans" 0 "1..2" policy test --tests "$work/more.tests" "$work/good.policy"
is "test of another file" 0 "ok 2 - $work/more.tests:1: expect block relay user eve to 10.0.0.1" \
    policy test --tests "$work/more.tests" "$work/good.policy"
is "test of two policies by one file" 0 "ok 4 - $work/more.tests:1" \
    policy test --tests "$work/more.tests" "$work/good.policy" "$work/good.policy"
is "a test that fails" 1 'not ok 2 - '"$work"'/t.policy:3: expect pass relay user "a\#b"' policy test "$work/t.policy"
is "a test that fails says what it got" 1 "got: 'record'" policy test "$work/t.policy"
is "a test that fails names the rule" 1 "rule: '$work/good.policy:1'" \
    policy test --tests "$work/wrong.tests" "$work/good.policy"
is "a test that leaves facts out" 1 "why: 'the answer hangs on what the line leaves out: user'" \
    policy test --tests "$work/wrong.tests" "$work/good.policy"
is "a test as JSON" 1 '"undetermined":false,"got":"block","rule":{"file":"'"$work/good.policy"'","line":1}}' \
    policy test --json --tests "$work/wrong.tests" "$work/good.policy"
is "a test as JSON says why beside the line" 1 '"expect":"expect pass relay user eve","expected":"pass","why":"the policy says block' \
    policy test --json --tests "$work/wrong.tests" "$work/good.policy"
is "no tests" 0 "1..0 # SKIP" policy test /dev/null
is "a test of a broken policy" 1 "Bail out! $work/bad.policy does not load" policy test "$work/bad.policy"
is "a test of no policy" 3 "Bail out! /nonexistent/p cannot be read" policy test /nonexistent/p
is "no file of tests" 3 "/nonexistent/t: No such file" policy test --tests /nonexistent/t "$work/good.policy"
is "a rule among the tests" 1 "Bail out! $work/no.tests has errors" policy test --tests "$work/no.tests" "$work/good.policy"
prove -e "$command policy test" "$work/good.policy" >"$work/out" 2>"$work/err" && grep -q '^Result: PASS' "$work/out" &&
    ok "prove reads it" || not_ok "prove reads it"
prove -e "$command policy test" "$work/good.policy" "$work/t.policy" >"$work/out" 2>"$work/err"
[ $? -ne 0 ] && grep -q 'Failed 1/2 subtests' "$work/out" && ok "prove reads failures" || not_ok "prove reads failures"
prove -e "$command policy test" "$work/bad.policy" >"$work/out" 2>"$work/err"
[ $? -ne 0 ] && grep -q 'Bailout called' "$work/err" "$work/out" && ok "prove bails out" || not_ok "prove bails out"

is "explain an alert without a daemon" 3 "not running" policy explain --alert 0123456789ab
is "explain an alert by a file" 3 "not running" policy explain --alert 0123456789ab "$work/lab.policy"
is "explain an alert, which?" 2 "'0XYZ' is no id" policy explain --alert 0XYZ
is "explain an alert by too little" 2 "4 hexadecimal digits or more" policy explain --alert 012
is "explain an alert or a question" 2 "An alert is the question" policy explain --alert 0123456789ab "$work/lab.policy" login
# What is learned of recorded logs is a policy, and keeps them.
learn="policy learn --replay tests/data/sessions/a_nested_ssh.log --replay $log"
# shellcheck disable=SC2086 # words are arguments
{
	is "learn without a daemon" 3 "not running" policy learn
	is "learn" 0 "pass outbound-ssh user alice to self port 22" $learn
	is "learn says what it rests on" 0 "# 1 time by 1 user, 2026-11-21 to 2026-11-21" $learn
	is "learn leaves alerts out" 0 "#   1 time agent-hijack user bob owner other: it was alerted or stopped" $learn
	is "learn of alerts" 0 "pass agent-hijack user bob owner other" $learn --include-alerts
	is "learn by key" 0 "the login had no key, or it is not known" $learn --by-key
	is "learn of one user" 0 ": 0 of 0 observations." $learn --user carol
	is "learn of one activity" 0 ": 1 of 1 observation." $learn --activity outbound-ssh
	is "learn of what is not seldom" 0 "# pass outbound-ssh user alice to self port 22" $learn --min 2
	is "learn as JSON" 0 '{"rule":"pass outbound-ssh user alice to self port 22","in_force":true,"count":1,' \
	    $learn --json
	is "learn of which activity?" 2 "there is no 'dancing'" policy learn --activity dancing
	is "learn of how many?" 2 "'none' is no number above 0" policy learn --min none
	is "learn of what?" 2 "what is 'alice'?" policy learn alice
	"$command" $learn >"$work/learned.policy" 2>"$work/err"
	is "what is learned is a policy" 0 "0 expect lines hold" policy check --lint "$work/learned.policy"
	is "what is learned keeps what was seen" 1 "outbound-ssh: record -> pass, 1 time, by alice" \
	    policy diff --replay tests/data/sessions/a_nested_ssh.log /dev/null "$work/learned.policy"

	# An intruder in three weeks of office hours: nothing alerted but the case of his session.
	weeks=tests/data/sessions/u1_weeks.log
	is "learn leaves out what a case alerted" 0 "#   1 time login user alice origin 203.0.113.9: the case of its session alerted" \
	    policy learn --replay $weeks
	is "learn of what a case alerted" 0 "pass unusual-origin user alice origin 203.0.113.9" \
	    policy learn --replay $weeks --include-alerts
	"$command" policy learn --replay $weeks >"$work/learned.policy" 2>"$work/err"
	is "learn keeps the sessions beside it" 0 "yes: this rule decides" \
	    policy explain "$work/learned.policy" login user alice origin 192.0.2.10
	is "what is learned passes nothing of it" 1 "high      case                  alerted: alice's session 200" \
	    replay --policy "$work/learned.policy" $weeks
}

# What stands in an included file is named by it.
mkdir "$work/parts"
printf 'pass login\ninclude "parts/*.policy"\nblock outbound-ssh\n' >"$work/main.policy"
printf '# db\nmatch !group ops {\n\tpass outbound-ssh exe "/x"\n}\nexpect pass outbound-ssh group a exe "/x"\n' \
    >"$work/parts/a.policy"
is "check names the included file" 0 "$work/parts/a.policy:3  observe  pass outbound-ssh" policy check "$work/main.policy"
is "check names the own file by the line" 0 "    3  prevent  block outbound-ssh" policy check "$work/main.policy"
is "check shows what the block around a rule asks for" 0 "pass outbound-ssh !group ops exe /x" policy check "$work/main.policy"
is "check names what a rule waits for" 0 "react, where $work/parts/a.policy:3 may hold" policy check "$work/main.policy"
is "check as JSON names files" 0 '{"line":3,"file":"'"$work"'/parts/a.policy",' policy check --json "$work/main.policy"
is "explain names the included file" 0 "$work/parts/a.policy:3: pass outbound-ssh !group ops exe /x" \
    policy explain "$work/main.policy" outbound-ssh group ops
is "explain names the condition of a block" 0 "no: group is ops, and the block around it wants !group ops" \
    policy explain "$work/main.policy" outbound-ssh group ops
is "explain says by which included rule" 0 "($work/parts/a.policy:3)" \
    policy explain "$work/main.policy" outbound-ssh group a exe /x
is "test names the included file" 0 "ok 1 - $work/parts/a.policy:5: expect" policy test "$work/main.policy"
is "print as JSON names files" 0 '"expect":[{"file":"'"$work"'/parts/a.policy","line":5,' policy print --json "$work/main.policy"

# Two policies that answer differently: by recorded logs, and by what their expect lines ask.
printf 'mode enforce\nalert agent-hijack\nexpect alert agent-hijack user bob\n' >"$work/old.policy"
printf 'mode enforce\nterminate agent-hijack\nalert outbound-ssh\n' >"$work/new.policy"
both="$work/old.policy $work/new.policy"
# shellcheck disable=SC2086 # two words are two arguments
{
	is "diff without a daemon" 3 "--no-history asks what the expect lines ask" policy diff $both
	is "diff against the policy in force" 3 "not running" policy diff --no-history "$work/new.policy"
	is "diff by expect lines" 1 "agent-hijack: alert -> terminate, 1 expect line, by bob" policy diff --no-history $both
	is "diff by a recorded log" 1 "agent-hijack: alert -> terminate, 1 time and 1 expect line, by bob" \
	    policy diff --replay "$log" $both
	is "diff names the rules" 1 "new $work/new.policy:2: terminate agent-hijack" policy diff --replay "$log" $both
	is "diff as JSON" 1 '{"kind":"stopped","activity":"agent-hijack","count":1,"expect":1,' \
	    policy diff --json --replay "$log" $both
	is "diff as JSON ends in a summary" 1 '"stopped":2,"allowed":0,' policy diff --json --replay "$log" $both
	is "diff of one policy" 0 "0 answered differently" policy diff --no-history "$work/old.policy" "$work/old.policy"
	is "diff the other way round" 1 "newly allowed" policy diff --no-history "$work/new.policy" "$work/old.policy"
	is "diff of nothing" 3 "nothing was compared" policy diff --no-history "$work/new.policy" "$work/lab.policy"
	is "diff with a broken policy" 3 "did you mean" policy diff --no-history "$work/old.policy" "$work/bad.policy"
	is "diff by two things" 2 "do not go together" policy diff --no-history --replay "$log" $both
	is "diff by no log" 3 "No such file" policy diff --replay /nonexistent/log $both
}

names=$("$command" --help | sed -n 's/^  \([a-z-]\{1,\}\( [a-z-]\{1,\}\)\{0,1\}\)  .*/\1/p' | tr ' ' +)
for words in $names; do
	name=$(echo "$words" | tr + ' ')
	# shellcheck disable=SC2086 # two words are two arguments
	is "$name --help" 0 "usage: sshtether $name" $name --help
	cp "$work/out" "$work/help"
	for word in $name; do
		grep -q "^\.\(Cm\|It Nm Cm\).*\<$word\>" $page || { echo "$word"; not_ok "$name is in the manual"; }
	done
	for option in $(grep -o -e '--[a-z-]*' "$work/help" | sort -u); do
		grep -q -e "Fl Fl ${option#--}\>" $page ||
		    { echo "$option of $name"; not_ok "$option is in the manual"; }
	done
done
exit $failed

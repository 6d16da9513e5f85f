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
is "help of a command" 0 "usage: sshtether policy check" help policy check
is "help of a group" 0 "policy explain" help policy
is "help of nothing there is" 2 "no command 'dance'" help dance
is "policy --help" 0 "policy explain" policy --help
is "no daemon" 3 "not running" status
is "no daemon, mode" 3 "not running" mode
is "socket is named" 3 "/nonexistent/x" sessions --socket /nonexistent/x
is "replay what?" 2 "which file?" replay
is "replay of no file" 3 "No such file" replay /nonexistent/audit.log
is "replay of a directory" 3 "Is a directory" replay /
is "replay of nothing" 0 "0 findings, 0 alerts among them; 0 logins" replay /dev/null
is "replay with no policy" 3 "/nonexistent/p" replay --policy /nonexistent/p /dev/null
is "replay of a program" 3 "$command: no audit record in" replay "$command"
is "replay of a text" 3 "README.md: no audit record in" replay README.md
gzip -c tests/data/sessions/basic.log >"$work/audit.log.2.gz"
is "replay of a packed log" 3 "audit.log.2.gz: compressed; zcat it" replay "$work/audit.log.2.gz"
is "replay of a packed log among others" 3 "audit.log.2.gz: compressed; zcat it" \
    replay tests/data/sessions/basic.log "$work/audit.log.2.gz"
cat README.md tests/data/sessions/basic.log >"$work/mixed.log"
is "replay of rubbish before records" 0 "malformed" replay "$work/mixed.log"

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

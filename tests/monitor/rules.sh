#!/bin/sh
# The audit rules of the real kernel: what the monitor adds, brings back, takes back and leaves alone.
# Prints short TAP.  Waits for whoever else uses the audit system, needs it untouched, and leaves it so.
set -u
daemon=$1
if ! command -v auditctl >/dev/null; then
	echo 'skip rules - auditctl'
	exit 0
fi
exec 9>/run/sshtether-audit.lock
flock -w 600 9 || { echo 'not ok rules: another user of the audit system does not end'; exit 1; }

state() { auditctl -s 2>/dev/null | grep -E '^(enabled|failure|pid|backlog_limit) '; }
rules() { auditctl -l | grep -v '^No rules'; }
ours() { rules | grep -c 'key=sshtether'; }
before=$(state)
backlog=$(echo "$before" | sed -n "s/^backlog_limit //p")
if [ "$(echo "$before" | head -n 3 | tr '\n' ' ')" != 'enabled 0 failure 1 pid 0 ' ] || [ -n "$(rules)" ]; then
	echo 'skip rules - an audit system that nobody uses'
	exit 0
fi

dir=$(mktemp -d /tmp/st-rules-XXXXXX)
chmod 755 "$dir"
pid=
restore() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
	auditctl -D >/dev/null 2>&1
	auditctl -f 1 -e 0 -b "$backlog" >/dev/null 2>&1
	rm -rf "$dir"
}
trap restore EXIT
trap 'exit 1' HUP INT TERM
# No kernel gates: that is no cgroup.
printf 'user nobody\nrun-dir "%s"\nstate-dir "%s"\nsource netlink\ngate-cgroup "%s"\n' \
    "$dir/run" "$dir/state" "$dir" >"$dir/conf"

start() {
	"$daemon" -f -c "$dir/conf" >>"$dir/log" 2>&1 9>&- &
	pid=$!
	sleep 1
}
stop() {
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null
	pid=
}
failed=0
check() { # name, command …
	name=$1
	shift
	if "$@"; then
		echo "ok rules: $name"
	else
		echo "not ok rules: $name"
		failed=1
	fi
}
equal() { [ "$1" = "$2" ] || { echo "# $1, not $2"; return 1; }; }

auditctl -a always,exit -F arch=b64 -S execve,execveat -F 'auid!=unset' -k site >/dev/null
site=$(rules)
start
all=$(ours)
check 'added beside the site' test "$all" -ge 26
check 'a server that is there' equal "$(rules | grep -c 'exe=/usr/sbin/sshd .*auid=-1')" 2
check 'none for one that is not' equal "$(rules | grep -c 'exe=/usr/libexec/openssh/sshd-session')" 0
check 'not what the site covers' equal "$(rules | grep -c 'arch=b64 -S execve,execveat')" 1
check 'after the site' equal "$(rules | head -n 1)" "$site"
check 'auditing is on' equal "$(state | head -n 1)" 'enabled 1'
auditctl -D >/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	[ "$(ours)" -le "$all" ] || break
	sleep 1
done
check 'back after a flush, with what the site no longer covers' equal "$(ours)" $((all + 1))
stop TERM
check 'taken back at the end' equal "$(rules)" ''
check 'status as before' equal "$(state)" "$before"

start
stop 9
check 'left by a kill -9' equal "$(ours)" $((all + 1))
start
stop TERM
check 'taken back by the next' equal "$(rules)$(state)" "$before"

auditctl -a always,exit -F arch=b64 -S bind -F success=1 -F saddr_fam!=16 -F 'auid!=unset' -k sshtether >/dev/null
site=$(rules)
start
stop TERM
check 'a rule with our key that is not ours stays' equal "$(rules)" "$site"
auditctl -D >/dev/null

auditctl -a never,task >/dev/null
: >"$dir/log"
start
check 'never,task: nothing is changed' equal "$(rules)" '-a never,task'
check 'never,task: the log says what is missing' grep -q 'rules that are missing: exec, ' "$dir/log"
stop TERM
auditctl -D >/dev/null

auditctl -f 2 >/dev/null
start
check 'failure mode 2: nothing is changed' equal "$(rules)$(state | head -n 1)" 'enabled 0'
stop TERM
auditctl -f 1 >/dev/null
check 'all as before' equal "$(rules)$(state)" "$before"
exit $failed

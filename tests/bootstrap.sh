#!/bin/sh
# bootstrap: installs the packages of tests/packages.list that are missing.  Called by `make demo` and
# `make check`; when nothing is missing it asks dpkg once and touches neither network nor machine.
#
# A package that brings a daemon must not change what runs here: while packages are installed no
# service may start, and a daemon that was not there before is not enabled for the next boot either.
set -eu

list=$(dirname "$0")/packages.list
policy=/usr/sbin/policy-rc.d
daemons='auditd:auditd.service openssh-server:ssh.service'

# shellcheck disable=SC2046 # a list of words
wanted() {
	sed 's/#.*//' "$list"
}
present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $(wanted) 2>/dev/null | sed -n 's/ installed$//p') || true
missing=
for package in $(wanted); do
	printf '%s\n' "$present" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "bootstrap: missing packages:$missing" >&2
	echo "bootstrap: run as root, or: apt-get install$missing" >&2
	exit 1
fi

new_units=
for daemon in $daemons; do
	case " $missing " in *" ${daemon%%:*} "*) new_units="$new_units ${daemon#*:}" ;; esac
done

# invoke-rc.d and deb-systemd-invoke ask this file first; 101 is "forbidden" (policy-rc.d specification).
made_policy=
cleanup() {
	[ -z "$made_policy" ] || rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
if [ ! -e "$policy" ]; then
	made_policy=yes
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

echo "bootstrap: installing$missing"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	rm -f "$log"
	echo "bootstrap: apt-get failed" >&2
	exit 1
fi
rm -f "$log"

if command -v systemctl >/dev/null 2>&1; then
	for unit in $new_units; do
		systemctl disable --quiet "$unit" 2>/dev/null || echo "bootstrap: could not disable $unit" >&2
	done
fi

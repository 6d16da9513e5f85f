#!/bin/sh
# exports: what pam_sshtether.so shows to the program that loads it, and what it asks of it.
# Arguments: the module, then the object files of pam_module/.
set -u

module=$1
shift
failed=0

check() { # name, expected, seen
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		printf '# expected: %s\n# seen: %s\n' "$2" "$3"
		failed=1
	fi
}

one_line() {
	sort -u | tr '\n' ' '
}

check 'exports its hooks and nothing else' \
    'pam_sm_acct_mgmt pam_sm_close_session pam_sm_open_session ' \
    "$(nm -D --defined-only "$module" | awk '{print $3}' | one_line)"

# Names that would touch the user's environment, stdio, signals, other processes, or are not safe in
# a program with threads.
unwanted='^(pam_putenv|pam_set_item|pam_misc_.*|putenv|setenv|unsetenv|clearenv|f?printf|puts|fopen|stdin|stdout|stderr|signal|sigaction|sigprocmask|system|popen|fork|execve|getpwnam|getgrnam|strerror|localtime|strtok|setlocale|umask|chdir|_?exit)(_chk)?(@|$)'
check 'imports nothing that touches the caller' '' \
    "$(nm -D --undefined-only "$module" | awk '{print $2}' | sed 's/^__//' | grep -E "$unwanted" | one_line)"

check 'keeps no state of its own' '0 ' \
    "$(size -A "$@" | awk '$1 ~ /^\.(data|bss|tdata|tbss)$/ {n += $2} END {print n + 0}' | one_line)"

check 'no executable stack, no lazy binding' 'BIND_NOW GNU_STACK:RW ' "$({
	readelf -d "$module" | grep -o BIND_NOW
	readelf -lW "$module" | awk '$1 == "GNU_STACK" {print "GNU_STACK:" $7}'
} | one_line)"

exit $failed

"""The kernel's audit state.  It is one for the whole machine: saved before the lab, put back after it.

Only the keeper calls save() and restore(), and only while it holds the audit lock.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator

from .linux import Unavailable

# What `auditctl -s` prints, and the option that sets it.
_SETTINGS = {
    "failure": "-f",
    "rate_limit": "-r",
    "backlog_limit": "-b",
    "backlog_wait_time": "--backlog_wait_time",
}


def _auditctl(*args: str, check: bool = True) -> str:
    done = subprocess.run(["auditctl", *args], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise Unavailable(f"kernel audit (auditctl {' '.join(args)}: {(done.stderr or done.stdout).strip()})")
    return done.stdout


def status() -> dict[str, str]:
    """`auditctl -s` as words: {"enabled": "0", "pid": "0", …}."""
    pairs = (line.split(None, 1) for line in _auditctl("-s").splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def lost() -> int:
    """Records that the kernel could not keep, ever."""
    return int(status()["lost"])


def rules() -> list[str]:
    """`auditctl -l`, one rule a line; empty when there is none."""
    return [line for line in _auditctl("-l").splitlines() if line and line != "No rules"]


def save() -> dict:
    """The state to put back.  Unavailable when the machine's audit belongs to somebody else."""
    if not shutil.which("auditctl"):
        raise Unavailable("auditctl (package auditd)")
    now = status()
    if now.get("pid", "0") != "0":
        raise Unavailable(f"the kernel's audit stream: an auditd of this machine (pid {now['pid']}) has it")
    if now.get("enabled") == "2":
        raise Unavailable("changeable audit rules (they are immutable until the next boot)")
    return {"status": now, "rules": rules()}


def restore(saved: dict) -> list[str]:
    """Puts everything back; returns what could not be (empty: all is as it was)."""
    _release_stream()
    _auditctl("-D", check=False)
    for rule in saved["rules"]:
        _auditctl(*rule.split(), check=False)
    before = saved["status"]
    for name, option in _SETTINGS.items():
        if name in before:
            _auditctl(option, before[name], check=False)
    _auditctl("--reset-lost", check=False)
    _auditctl("-e", before["enabled"], check=False)
    now = status()
    wrong = [
        f"audit {name} was {before[name]}, is {now.get(name)}"
        for name in ("enabled", "pid", *_SETTINGS)
        if name in before and now.get(name) != before[name]
    ]
    if rules() != saved["rules"]:
        wrong.append("audit rules are not as they were")
    return wrong


@contextlib.contextmanager
def short_queue(limit: int, wait: int = 0) -> Iterator[None]:
    """The kernel keeps so many records for auditd; who makes one more waits so many ticks, and then it is lost."""
    before = status()
    _auditctl("-b", str(limit), "--backlog_wait_time", str(wait))
    try:
        yield
    finally:
        for name in ("backlog_limit", "backlog_wait_time"):
            _auditctl(_SETTINGS[name], before[name])


def _release_stream() -> None:
    """A killed auditd stays the kernel's auditd until a record cannot be delivered to it (kernel/audit.c)."""
    for _ in range(200):
        pid = status().get("pid", "0")
        if pid == "0" or os.path.exists(f"/proc/{pid}"):
            return
        _auditctl("-e", "1", check=False)
        _auditctl("-m", "sshtether lab: end", check=False)
        time.sleep(0.02)


AUDITD_CONF = """\
local_events = yes
write_logs = yes
log_file = /var/log/audit/audit.log
log_group = root
log_format = ENRICHED
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 64
num_logs = 2
priority_boost = 4
name_format = NONE
max_log_file_action = ROTATE
space_left = 5
space_left_action = IGNORE
admin_space_left = 4
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
use_libwrap = no
distribute_network = no
q_depth = 20000
overflow_action = SYSLOG
max_restarts = 10
plugin_dir = /etc/audit/plugins.d
end_of_event_timeout = 2
"""

AF_UNIX_CONF = """\
active = yes
direction = out
path = builtin_af_unix
type = builtin
args = 0600 /run/audispd_events
format = string
"""

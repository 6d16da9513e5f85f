"""matrix: the ways round, and what the tests of this run say of each: seen, stopped, its allowed twin left alone."""

from __future__ import annotations

from collections.abc import Mapping

# Way, and the beginnings of the names of the tests that show it; "" where none does.
ROWS = (
    ("sshd's own relays: -J, -W, -L, -D", "hops.seen[relay", "hops.stopped[relay", "hops.allowed_left_alone"),
    ("plain ssh, key on disk", "hops.seen[plain", "hops.stopped[plain", "hops.allowed_left_alone"),
    ("root on another's agent", "sockets.agent_seen[root", "sockets.agent_stopped[root", "sockets.agent_left_alone"),
    ("same user, other login's agent", "sockets.agent_seen[same", "sockets.agent_stopped[same", "sockets.agent_left"),
    ("through tmux", "others.bridge_through_tmux", "", "quiet.tmux_outlives_its_login"),
    ("renamed ssh", "hops.seen[renamed", "hops.stopped[renamed", "hops.allowed_left_alone"),
    ("ssh without a file (memfd)", "hops.seen[ssh without", "hops.stopped[ssh without", "hops.allowed_left_alone"),
    ("dropbear's client", "hops.seen[dbclient", "hops.stopped[dbclient", "hops.allowed_left_alone"),
    ("through ld.so", "hops.seen[ssh through", "hops.stopped[ssh through", "hops.allowed_left_alone"),
    ("nc, bash, non-blocking connect", "others.seen[", "", "others.other_ports_are_no_ssh"),
    ("ControlMaster of another session", "sockets.mux_seen", "sockets.mux_stopped", "sockets.mux_left_alone"),
    ("agent by symbolic link", "sockets.agent_seen[symbolic", "sockets.agent_stopped[symbolic", "sockets.agent_left"),
    ("agent by relative path", "sockets.agent_seen[relative", "sockets.agent_stopped[relative", "sockets.agent_left"),
    ("agent by /proc/PID/root", "sockets.agent_seen[through", "sockets.agent_stopped[through", "sockets.agent_left"),
    ("agent by bind mount", "sockets.agent_seen[bind", "sockets.agent_stopped[bind", "sockets.agent_left"),
    ("agent by -L local:remote.sock", "sockets.agent_forwarded", "", ""),
    ("connected agent left to a child", "", "sockets.agent_cut_for_a_forked_sibling", ""),
    ("login uid dropped by root", "others.escape_by_login_uid", "", "quiet.interactive_admin"),
    ("MSG_FASTOPEN", "others.seen[fast open]", "", ""),
    ("i386 system call", "others.i386_call_seen", "", ""),
    ("records lost on purpose", "daemon.lost_records_are_told", "", ""),
)


def text(passed: Mapping[str, bool]) -> str:
    """A table of comment lines; passed: test name → whether it did."""
    lines = [f"# {'way':36}{'seen':>10}{'stopped':>10}{'twin left alone':>18}"]
    for way, *columns in ROWS:
        seen, stopped, twin = (_word(passed, prefix) for prefix in columns)
        lines.append(f"# {way:36}{seen:>10}{stopped:>10}{twin:>18}")
    return "\n".join(lines)


def _word(passed: Mapping[str, bool], prefix: str) -> str:
    results = [ok for name, ok in passed.items() if prefix and name.startswith(prefix)]
    return "–" if not results else "yes" if all(results) else "NO"

"""The kernel gates under load: nothing passes that should not, and nobody else notices."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator

from lab import audit
from lab.daemon import USUAL_TIMEOUT, program, quiet
from lab.linux import Unavailable, bpftool, traced
from lab.load import Background, Told, Unconfined, Wire, resident_kb, told
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB, DB_OTHER

CLOSED = 7222  # nobody listens there on db: what left the host comes back as "connection refused"
BESIDE = 7223  # the same, for those who may
CONFINED = f"ssh-ports {{ 22, {CLOSED}, {BESIDE} }}\nblock outbound-ssh, relay user alice to {DB}\n"


@contextlib.contextmanager
def wires(stage: Stage) -> Iterator[tuple[Wire, Wire]]:
    counters = [Wire(stage.db, "lan0", port) for port in (CLOSED, BESIDE)]
    try:
        yield counters[0], counters[1]
    finally:
        for counter in counters:
            counter.close()


def _latency(stage: Stage, hammer: str) -> Told:
    """2,000 connections of a process that belongs to no login."""
    return Unconfined(stage.bastion, [hammer, "-n", "2000", "-i", "200", DB, str(BESIDE)]).wait()


def _login_seconds(stage: Stage) -> float:
    begin = time.monotonic()
    assert stage.ssh("bob", "bastion", "echo in", check=True).stdout == "in\n"
    return time.monotonic() - begin


# --- the load that the gates are for ------------------------------------------------------------------------


def test_wire_counts_what_left(stage: Stage) -> None:
    """The twin of what follows: in audit mode each attempt leaves, and is counted on the far side."""
    hammer = program(stage.bastion, "hammer")
    stage.daemon.policy(CONFINED, mode="audit")
    with wires(stage) as (wire, _), stage.login("alice") as session:
        result = told(session.run(f"{hammer} -p 4 -n 250 {DB} {CLOSED}")[1])
        result.only("went")
        assert result.total == wire.count() == 1000, (str(result), wire.count())


def test_ten_thousand_refused(stage: Stage) -> None:
    """From one session, by 8 processes at once: not one SYN leaves, and nobody else notices."""
    hammer = program(stage.bastion, "hammer")
    stage.daemon.policy(CONFINED, mode="enforce")
    pids = (stage.daemon.process.pid, stage.daemon.engine_pid())
    with wires(stage) as (wire, beside), stage.login("alice") as confined, stage.login("bob") as other:
        ses = confined.ses
        before, login_before = _latency(stage, hammer), _login_seconds(stage)
        resident = [resident_kb(pid) for pid in pids]
        allowed = Background(other, hammer, f"-i 1000 {DB} {BESIDE}")
        watch = stage.watch()
        mark = confined.send(f"{hammer} -p 8 -n 10000 {DB} {CLOSED}")
        during = _latency(stage, hammer)
        logins = [_login_seconds(stage) for _ in range(3)]
        status, output = confined.receive(mark)
        others = allowed.stop()
        refused = told(output)
        refused.only("refused")
        others.only("went")
        during.only("went")
        assert (status, refused.total) == (0, 80000), (status, str(refused))
        assert wire.count() == 0, f"{wire.count()} SYNs left"
        assert beside.count() == before.total + during.total + others.total, "the wire counts wrongly"
        alert = watch.wait(activity="outbound-ssh", ses=ses)
        assert (alert["sshtether"]["done"], alert["sshtether"]["level"]) == ("refused", "prevent"), quiet([alert])
        alerts = len(watch.find(ses=ses))
    grown = [resident_kb(pid) - kb for pid, kb in zip(pids, resident)]
    until(lambda: int(audit.status()["backlog"]) < 100, "auditd to have caught up")
    print(f"# 80000 refused in {refused.runs[0].last - refused.runs[0].first:.1f} s; a connect of others "
          f"{before.median_us:.0f} µs, under it {during.median_us:.0f} µs; logins {login_before:.2f} s, "
          f"{max(logins):.2f} s; memory grew {grown} kB; alerts {alerts}")  # fmt: skip
    assert during.median_us < 10 * before.median_us, "connects of others are slow"
    assert max(logins) < 10 * login_before + 2, f"logins are slow: {logins}"
    assert alerts <= 20, f"{alerts} alerts for one thing"
    assert all(kb < 16384 for kb in grown), f"monitor and engine grew by {grown} kB"


# --- from the first instruction on ---------------------------------------------------------------------------


def _first(stage: Stage, words: str) -> Told:
    """A login whose command it is to connect, three times: the session ends with it."""
    done = stage.ssh("alice", "bastion", words)
    return told(done.stdout)


def test_no_window_at_login(stage: Stage) -> None:
    """200 logins, 8 at a time, that connect as the very first thing: not one gets through."""
    hammer = program(stage.bastion, "hammer")
    words = f"{hammer} -n 3 {DB} {CLOSED}"
    stage.daemon.policy(CONFINED, mode="enforce")
    with wires(stage) as (wire, _):
        for _ in range(20):
            _first(stage, words).only("refused")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for result in [pool.submit(_first, stage, words) for _ in range(180)]:
                result.result().only("refused")
        assert wire.count() == 0, f"{wire.count()} SYNs left"


def test_no_window_for_relays(stage: Stage) -> None:
    """The same for sshd's own connections, which need no program at all."""
    stage.daemon.policy(CONFINED, mode="enforce")
    with wires(stage) as (wire, _):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            argv = ["-W", f"{DB}:{CLOSED}", "bastion"]
            for done in [pool.submit(stage.ssh, "alice", *argv) for _ in range(24)]:
                assert done.result().returncode != 0, done.result()
        assert wire.count() == 0, f"{wire.count()} SYNs left"


# --- what changes while sessions live --------------------------------------------------------------------------


def test_mode_takes_effect_at_once(stage: Stage) -> None:
    """Living sessions: all let through again in audit mode, refused again in enforce mode, with the command's end."""
    hammer = program(stage.bastion, "hammer")
    stage.daemon.policy(CONFINED, mode="enforce")
    with stage.login("alice") as session:
        running = Background(session, hammer, f"-i 500 {DB} {CLOSED}")
        ends = []
        for mode in ("audit", "enforce", "audit", "enforce"):
            stage.daemon.ctl("mode", mode)
            ends.append(time.monotonic())
            running.tries()
        runs = running.stop().runs
    assert [run.outcome for run in runs] == ["refused", "went", "refused", "went", "refused"], runs
    for end, old in zip(ends, runs):
        assert old.last < end, f"{old.outcome} {old.last - end:.3f} s after the mode had changed"


def test_reload_leaves_no_gap(stage: Stage) -> None:
    """Two policies in turn, whose classes have nothing in common: what both refuse is refused all the time."""
    hammer = program(stage.bastion, "hammer")
    ports = f"ssh-ports {{ 22, {CLOSED}, {BESIDE} }}\n"
    both = (
        ports + f"block outbound-ssh user alice to {DB}\n",
        ports + "pass outbound-ssh user bob to 172.16.0.0/12\nblock outbound-ssh to { 10.0.0.0/8, 192.168.0.0/16 }\n",
    )
    stage.daemon.policy(both[0], mode="enforce")
    lags = []
    with stage.login("alice") as session:
        never = Background(session, hammer, f"-i 300 {DB} {CLOSED}")
        either = Background(session, hammer, f"-i 300 {DB_OTHER} {BESIDE}")
        for turn in range(1, 21):
            stage.daemon.load(both[turn % 2], mode="enforce")
            loaded = time.monotonic()
            status = turn % 2 == 0
            until(lambda: (session.run(f"{hammer} -n 1 {DB_OTHER} {BESIDE}")[0] == 1) is status, "the new policy's verdict")
            lags.append(time.monotonic() - loaded)
            either.tries()
        never.stop().only("refused")
        runs = either.stop().runs
    assert [run.outcome for run in runs] == ["went", "refused"] * 10 + ["went"], runs
    print(f"# from the load's answer to the new verdict: median {sorted(lags)[10] * 1000:.0f} ms, worst {max(lags) * 1000:.0f} ms")


# --- what it costs ------------------------------------------------------------------------------------------------


def _large(rules: int) -> str:
    """A policy of so many rules about other people, with a table of as many networks; alice's rule is the last."""
    networks = ", ".join(f"10.{64 + i // 256 % 128}.{i % 256}.0/24" for i in range(min(rules, 30000)))
    lines = [f'{("pass", "block")[i % 2]} outbound-ssh, relay user "u{i}" to <many>' for i in range(rules)]
    return f"table <many> {{ {networks} }}\n" + "\n".join(lines) + "\n" + CONFINED.split("\n", 1)[1]


def _three_logins(stage: Stage, words: str) -> list[float]:
    times = []
    for _ in range(3):
        begin = time.monotonic()
        _first(stage, words)
        times.append(time.monotonic() - begin)
    return times


def test_large_policies_delay_nobody(stage: Stage) -> None:
    """In turn: this machine may be busier now than it was a minute ago."""
    words = f"{program(stage.bastion, 'hammer')} -n 3 {DB} {CLOSED}"
    ports = f"ssh-ports {{ 22, {CLOSED}, {BESIDE} }}\n"
    policies = {0: ports} | {rules: ports + _large(rules) for rules in (1000, 20000)}
    times: dict[int, list[float]] = {rules: [] for rules in policies}
    stage.daemon.stop()
    stage.daemon.start(USUAL_TIMEOUT)
    fallback = stage.daemon.status()["logins"]["fallback"]
    for _ in range(3):
        for rules, text in policies.items():
            stage.daemon.policy(text, mode="enforce")
            times[rules] += _three_logins(stage, words)
            _first(stage, words).only("refused" if rules else "went")
    took = {rules: statistics.median(some) for rules, some in times.items()}
    for rules in (1000, 20000):
        print(f"# {rules} rules: a login takes {took[rules] * 1000:.0f} ms, with the empty policy {took[0] * 1000:.0f} ms")
        assert took[rules] < 2 * took[0] + 0.3, f"{rules} rules: {took[rules]:.3f} s instead of {took[0]:.3f} s"
    assert stage.daemon.status()["logins"]["fallback"] == fallback, "the fallback had to answer"
    stage.daemon.afresh()


def _map_fds(pid: int, name: str) -> set[str]:
    """The descriptors by which a process holds the BPF map of that name."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        ids = []
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as info:
            ids = [line.split()[1] for line in info if line.startswith("map_id:")]
        if ids and bpftool("map", "show", "id", ids[0])["name"] == name:
            found.add(fd)
    return found


def _spans_us(trace: str, fds: set[str]) -> list[float]:
    """Of each update of these maps: from the end of the receive before it to its own end."""
    heard, spans = 0.0, []
    for begin, call, rest, took in re.findall(r"^(\d+\.\d+) (\w+)\((.*)<(\d+\.\d+)>$", trace, re.M):
        end = float(begin) + float(took)
        if call.startswith("recv"):
            heard = end
        elif heard and (found := re.match(r"BPF_MAP_UPDATE_ELEM, \{map_fd=(\d+)", rest)) and found[1] in fds:
            spans.append((end - heard) * 1e6)
    return spans


def test_rows_are_written_in_time(stage: Stage) -> None:
    """The monitor's share of a grant, from its request to the kernel's answer, traced call by call: under 1 ms."""
    if not shutil.which("strace"):
        raise Unavailable("strace")
    hammer = program(stage.bastion, "hammer")
    stage.daemon.policy(f"ssh-ports {{ 22, {CLOSED}, {BESIDE} }}\n" + _large(20000), mode="enforce")
    stage.daemon.settled()  # at a renewal's end one request is about all sessions
    monitor = stage.daemon.process.pid
    argv = ["strace", "-p", str(monitor), "-e", "trace=bpf,recvmsg", "-ttt", "-T"]
    with tempfile.TemporaryFile("w+") as trace:
        tracer = subprocess.Popen(argv, stderr=trace, stdin=subprocess.DEVNULL)
        until(lambda: traced(monitor), "the tracer")
        try:
            for _ in range(9):
                _first(stage, f"{hammer} -n 3 {DB} {CLOSED}").only("refused")
        finally:
            tracer.terminate()
            tracer.wait()
        trace.seek(0)
        spans = sorted(_spans_us(trace.read(), _map_fds(monitor, "rows")))
    assert len(spans) >= 9, f"{len(spans)} rows in 9 logins"
    print(f"# {len(spans)} rows written: median {spans[len(spans) // 2]:.0f} µs, worst {spans[-1]:.0f} µs, all of it traced")
    assert spans[len(spans) // 2] < 1000, spans

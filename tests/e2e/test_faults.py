"""Daemons that are stopped, killed and restarted while people work: nobody waits, and nobody is let go."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab import sshd
from lab.daemon import program
from lab.load import Told, told
from lab.stage import Stage
from lab.waiting import PATIENCE, TimedOut, until
from lab.world import DB
from suite import cases

CLOSED = 7222  # nobody listens there on db: what left the host comes back as "connection refused"
POLICY = f"""\
ssh-ports {{ 22, {CLOSED} }}
deny login user deploy
block outbound-ssh, relay user alice
terminate outbound-ssh user mallory
"""

_MODULE_MS = 500  # the module's own patience, for each of its hooks: account, open, close
_PROBE_S = 0.4
_BOUND_S = 3 * _MODULE_MS / 1000 + _PROBE_S + 8  # a login's time-out; the rest is a busy machine's


# --- logins ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """A login whose first program tries to connect from its first instruction on."""

    user: str
    began: float
    ended: float
    status: int
    told: Told

    @property
    def admitted(self) -> bool:
        return bool(self.told.runs)

    @property
    def freed(self) -> bool:
        """It was refused, and later it was not."""
        kinds = [run.outcome for run in self.told.runs]
        return "refused" in kinds and "went" in kinds[kinds.index("refused") :]

    def __str__(self) -> str:
        return f"{self.user} {self.began:.3f}–{self.ended:.3f} status {self.status}: {self.told}"


def attempt(stage: Stage, user: str, hammer: str) -> Outcome:
    argv = [*sshd.ssh(), "bastion", f"{hammer} -t {_PROBE_S} -i 1000 {DB} {CLOSED}"]
    began = time.monotonic()
    try:
        done = stage.laptop.run(argv, user=user, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired as late:
        raise TimedOut(f"the login of {user} does not end") from late
    return Outcome(user, began, time.monotonic(), done.returncode, told(done.stdout))


class Crowd:
    """Logins of several users, one after the other each, until the block ends."""

    USERS = ("alice", "alice", "bob", "deploy", "mallory")

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._hammer = program(stage.bastion, "hammer")
        self._enough = threading.Event()
        self.outcomes: list[Outcome] = []

    def __enter__(self) -> Crowd:
        self._pool = concurrent.futures.ThreadPoolExecutor(len(self.USERS))
        self._work = [self._pool.submit(self._go_on, user) for user in self.USERS]
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._pool.shutdown()
        for work in self._work:
            work.result()

    def _go_on(self, user: str) -> None:
        while not self._enough.is_set():
            self.outcomes.append(attempt(self._stage, user, self._hammer))

    def more(self, n: int) -> None:
        """Waits until that many more logins have ended, whoever's."""
        self.alive()
        want = len(self.outcomes) + n
        until(lambda: len(self.outcomes) >= want or self.alive(), f"{n} more logins", 2 * PATIENCE)

    def alive(self) -> bool:
        for work in self._work:
            if work.done():
                work.result()
        return False


# --- what happens to the daemon ---------------------------------------------------------------------------------


def _nothing(stage: Stage, crowd: Crowd, config: str) -> None:
    crowd.more(len(Crowd.USERS))


def _stopped(stage: Stage, crowd: Crowd, *pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        crowd.more(len(Crowd.USERS))
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def _engine_stopped(stage: Stage, crowd: Crowd, config: str) -> None:
    _stopped(stage, crowd, stage.daemon.engine_pid())


def _engine_killed(stage: Stage, crowd: Crowd, config: str) -> None:
    for _ in range(3):
        engine = stage.daemon.engine_pid()
        os.kill(engine, signal.SIGKILL)
        until(lambda: stage.daemon.status().get("engine", {}).get("pid", engine) != engine, "another engine")
        crowd.more(3)


def _monitor_stopped(stage: Stage, crowd: Crowd, config: str) -> None:
    _stopped(stage, crowd, stage.daemon.process.pid)


def _monitor_killed(stage: Stage, crowd: Crowd, config: str) -> None:
    for _ in range(2):
        engine = stage.daemon.engine_pid()
        stage.daemon.process.kill()
        stage.daemon.process.wait()
        until(lambda: not os.path.exists(f"/proc/{engine}"), "the engine to follow the monitor")
        crowd.more(3)
        stage.daemon.start(config)
        crowd.more(3)


def _restarted(stage: Stage, crowd: Crowd, config: str) -> None:
    for _ in range(2):
        stage.daemon.stop()
        stage.daemon.start(config)
        crowd.more(3)


Fault = Callable[[Stage, Crowd, str], None]

ENGINES: tuple[Fault, ...] = (_nothing, _engine_stopped, _engine_killed)
MONITORS: tuple[Fault, ...] = (_monitor_stopped, _monitor_killed, _restarted)


# --- the outcome that the fail mode names -------------------------------------------------------------------------


@dataclass(frozen=True)
class Modes:
    closed: bool  # login-fail, and the module's own fail=
    keep: bool  # on-exit

    @property
    def config(self) -> str:
        return f"login-fail {'closed' if self.closed else 'open'}\non-exit {'keep' if self.keep else 'release'}\n"

    @property
    def module(self) -> str:
        return f"timeout={_MODULE_MS}ms fail={'closed' if self.closed else 'open'}"


ALL_MODES = {
    f"fail {'closed' if closed else 'open'}, on-exit {'keep' if keep else 'release'}": Modes(closed, keep)
    for closed in (False, True)
    for keep in (False, True)
}


@contextlib.contextmanager
def running(stage: Stage, modes: Modes) -> Iterator[None]:
    """The daemon and the module with these settings, POLICY in force."""
    stage.daemon.stop()
    stage.daemon.pam(modes.module)
    stage.daemon.start(modes.config)
    try:
        stage.daemon.policy(POLICY, mode="enforce")
        yield
    finally:
        stage.daemon.pam()
        if stage.daemon.process.poll() is None:
            stage.daemon.stop()
        stage.daemon.start()


@cases(ALL_MODES)
def test_logins_while_it_dies(stage: Stage, modes: Modes) -> None:
    """Every login ends in time; with fail=open all are let in, with fail=closed none who is free."""
    with running(stage, modes), Crowd(stage) as crowd:
        for faults, judge in ((ENGINES, _judge_engines), (MONITORS, _judge_monitors)):
            begin = len(crowd.outcomes)
            for fault in faults:
                fault(stage, crowd, modes.config)
            for outcome in crowd.outcomes[begin:]:
                _judge(modes, outcome)
                judge(modes, outcome)


def _judge(modes: Modes, outcome: Outcome) -> None:
    """Whatever happened meanwhile."""
    assert outcome.ended - outcome.began < _BOUND_S, f"too late: {outcome}"
    if outcome.user in ("alice", "bob") and not modes.closed:
        assert outcome.admitted, f"refused: {outcome}"
    if modes.keep:
        assert not outcome.freed, f"freed: {outcome}"
    if outcome.user == "bob" and outcome.admitted:
        outcome.told.only("went")


def _judge_engines(modes: Modes, outcome: Outcome) -> None:
    """The monitor is there all the time: what it lets in is confined, by the fallback grant if need be."""
    if outcome.user == "alice" and outcome.admitted:
        outcome.told.only("refused")


def _judge_monitors(modes: Modes, outcome: Outcome) -> None:
    """Without it a module with fail=closed lets nobody in, so who is in was confined at first."""
    if outcome.user == "alice" and outcome.admitted and modes.closed:
        assert outcome.told.runs[0].outcome == "refused", f"never confined: {outcome}"

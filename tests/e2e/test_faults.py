"""Daemons that are stopped, killed and restarted while people work: nobody waits, and nobody is let go."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab import sshd
from lab.daemon import USUAL_TIMEOUT, Daemon, program
from lab.linux import Unavailable, bpftool, is_alive, traced
from lab.load import Background, Told, Unconfined, told
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import PATIENCE, TimedOut, until
from lab.world import DB, DB_OTHER
from suite import cases

CLOSED = 7222  # nobody listens there on db: what left the host comes back as "connection refused"
# What the last two refuse they refuse whoever it is: so does the fallback grant, which knows nobody.
POLICY = f"""\
ssh-ports {{ 22, {CLOSED} }}
deny login user deploy
terminate outbound-ssh user mallory to {DB}
block outbound-ssh, relay to {DB}
"""
FULL_HOUSE = 150
GOALS = {"bob": DB_OTHER}  # he may; everybody else tries DB
PROBES_S = {"mallory": 5.0}  # she is ended by what she does, once it is told

_MODULE_MS = 500  # the module's own patience, for each of its hooks: account, open, close
_PROBE_S = 0.4
_BOUND_S = 3 * _MODULE_MS / 1000 + 8  # a login's time-out, without its probe; the rest is a busy machine's


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

    @property
    def late(self) -> bool:
        return self.ended - self.began > PROBES_S.get(self.user, _PROBE_S) + _BOUND_S

    def __str__(self) -> str:
        return f"{self.user} {self.began:.3f}–{self.ended:.3f} status {self.status}: {self.told}"


def attempt(stage: Stage, user: str, hammer: str) -> Outcome:
    goal = GOALS.get(user, DB)
    argv = [*sshd.ssh(), "bastion", f"{hammer} -t {PROBES_S.get(user, _PROBE_S)} -i 1000 {goal} {CLOSED}"]
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
        self.absences: list[tuple[float, float]] = []

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

    @contextlib.contextmanager
    def absence(self) -> Iterator[None]:
        """In the block there is no monitor, or it may be that there is none."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.absences.append((begin, time.monotonic()))

    def unasked(self, outcome: Outcome) -> bool:
        """There was a while without a monitor before its first try: the module alone may have let it in."""
        last = outcome.told.runs[0].first if outcome.admitted else outcome.ended
        return any(outcome.began < end and last > begin for begin, end in self.absences)

    def alive(self) -> bool:
        """False, or what went wrong."""
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
    for _ in range(2):
        engine = stage.daemon.engine_pid()
        os.kill(engine, signal.SIGKILL)
        stage.daemon.another_engine(engine)
        crowd.more(3)


def _monitor_stopped(stage: Stage, crowd: Crowd, config: str) -> None:
    with crowd.absence():
        _stopped(stage, crowd, stage.daemon.process.pid)


def _monitor_killed(stage: Stage, crowd: Crowd, config: str) -> None:
    for _ in range(2):
        engine = stage.daemon.engine_pid()
        with crowd.absence():
            stage.daemon.process.kill()
            stage.daemon.process.wait()
            until(lambda: not os.path.exists(f"/proc/{engine}"), "the engine to follow the monitor")
            crowd.more(3)
            stage.daemon.start(config)
        crowd.more(2)


def _restarted(stage: Stage, crowd: Crowd, config: str) -> None:
    for _ in range(2):
        with crowd.absence():
            stage.daemon.stop()
            stage.daemon.start(config)
        crowd.more(2)


Fault = Callable[[Stage, Crowd, str], None]

ENGINES: tuple[Fault, ...] = (_engine_stopped, _engine_killed)
MONITORS: tuple[Fault, ...] = (_monitor_stopped, _monitor_killed, _restarted)


# --- the outcome that the fail mode names -------------------------------------------------------------------------


@dataclass(frozen=True)
class Modes:
    closed: bool  # login-fail, and the module's own fail=
    keep: bool  # on-exit

    @property
    def config(self) -> str:
        words = f"login-fail {'closed' if self.closed else 'open'}\non-exit {'keep' if self.keep else 'release'}\n"
        return words + USUAL_TIMEOUT

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
    """Every login ends in time; with fail=open all are let in, with fail=closed none who is free; keep keeps."""
    with running(stage, modes), Crowd(stage) as crowd:
        for faults, judge in (((_nothing,), _judge_calm), (ENGINES, _judge_engines), (MONITORS, _judge_monitors)):
            begin = len(crowd.outcomes)
            for fault in faults:
                fault(stage, crowd, modes.config)
            for outcome in crowd.outcomes[begin:]:
                _judge(modes, outcome)
                absent = crowd.unasked(outcome)
                judge(modes, outcome, absent)
                assert not (modes.keep and outcome.freed) or absent, f"freed: {outcome}"


def _judge(modes: Modes, outcome: Outcome) -> None:
    """Whatever happened meanwhile."""
    assert not outcome.late, f"too late: {outcome}"
    if outcome.user in ("alice", "bob") and not modes.closed:
        assert outcome.admitted, f"refused: {outcome}"
    if outcome.user == "bob" and outcome.admitted:
        outcome.told.only("went")


def _judge_calm(modes: Modes, outcome: Outcome, absent: bool) -> None:
    """Nothing has happened yet: what POLICY says."""
    _judge_engines(modes, outcome, absent)
    if outcome.user in ("alice", "bob"):
        assert outcome.admitted, f"refused: {outcome}"
    if outcome.user == "deploy":
        assert not outcome.admitted, f"let in: {outcome}"
    if outcome.user == "mallory":
        assert outcome.status != 0 and not outcome.admitted, f"not ended: {outcome}"


def _judge_engines(modes: Modes, outcome: Outcome, absent: bool) -> None:
    """The monitor is there all the time: what it lets in is confined, by the fallback grant if need be."""
    if outcome.user == "alice" and outcome.admitted:
        outcome.told.only("refused")


def _judge_monitors(modes: Modes, outcome: Outcome, absent: bool) -> None:
    """Without it a module with fail=closed lets nobody in, so who is in was confined; and is, while gates stay."""
    if outcome.user == "alice" and outcome.admitted and modes.closed and (modes.keep or not absent):
        assert outcome.told.runs[0].outcome == "refused", f"never confined: {outcome}"


# --- nobody waits ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pace:
    """What programs of the host, that belong to no login, have to wait."""

    exec_us: float
    connect_us: float
    loop_us: float  # of a loop that waits for nobody: how busy the machine is


def _pace(stage: Stage, hammer: str) -> Pace:
    """The best of five: what is measured is whether somebody is waited for, not who else is busy."""
    execs, connects, loops = [], [], []
    for _ in range(5):
        loops.append(_turns_us(stage, ":", 50000))
        execs.append(_turns_us(stage, "/bin/true", 100))
        connects.append(Unconfined(stage.bastion, [hammer, "-n", "200", DB, str(CLOSED)]).wait().median_us)
    return Pace(min(execs), min(connects), min(loops))


def _turns_us(stage: Stage, command: str, n: int) -> float:
    begin = time.monotonic()
    stage.bastion.run(["sh", "-c", f"i=0; while [ $i -lt {n} ]; do {command}; i=$((i+1)); done"])
    return (time.monotonic() - begin) / n * 1e6


def _same_pace(now: Pace, before: Pace, when: str) -> None:
    busier = max(1, now.loop_us / before.loop_us)
    assert now.exec_us < 3 * busier * before.exec_us and now.connect_us < 4 * busier * before.connect_us, (
        f"{when}: {now}; before: {before}"
    )


def _tries(session: Login, hammer: str) -> Told:
    return told(session.run(f"{hammer} -n 50 {DB} {CLOSED}")[1])


@cases({"on-exit release": False, "on-exit keep": True})
def test_nobody_waits_for_us(stage: Stage, keep: bool) -> None:
    """Stopped, both of them, and killed: execs and connects go on as before, and the gates are as configured."""
    hammer = program(stage.bastion, "hammer")
    with running(stage, Modes(closed=False, keep=keep)), stage.login("alice", forward=True) as session:
        before = _pace(stage, hammer)
        _tries(session, hammer).only("refused")
        pids = stage.daemon.engine_pid(), stage.daemon.process.pid
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            stopped = _pace(stage, hammer)
            _tries(session, hammer).only("refused")
            assert session.run("ssh db true")[0] != 0, "an SSH client got through while both were stopped"
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        until(stage.daemon.status, "the daemon to go on")
        stage.daemon.kill()
        killed = _pace(stage, hammer)
        _tries(session, hammer).only("refused" if keep else "went")
        assert (session.run("ssh db true")[0] != 0) is keep, "an SSH client found other gates than a connect"
    print(f"# an exec: {before.exec_us:.0f} µs, both stopped {stopped.exec_us:.0f}, killed {killed.exec_us:.0f}; "
          f"a connect: {before.connect_us:.1f} µs, {stopped.connect_us:.1f}, {killed.connect_us:.1f}")  # fmt: skip
    _same_pace(stopped, before, "both stopped")
    _same_pace(killed, before, "both killed")


# --- what is left, and taken over -------------------------------------------------------------------------------


def _objects() -> dict[tuple[str, int], str]:
    """Programs, maps and links in the kernel, by kind and number, with their names."""
    found = {}
    for kind in ("prog", "map", "link"):
        found |= {(kind, one["id"]): one.get("name", one.get("type", "")) for one in bpftool(kind, "list")}
    return found


def _pinned(stage: Stage) -> list[str]:
    place = stage.bastion.path("/sys/fs/bpf/sshtether")
    return sorted(os.listdir(place)) if os.path.isdir(place) else []


def test_release_leaves_nothing(stage: Stage) -> None:
    """Neither after a stop nor after a death; who was confined is free."""
    hammer = program(stage.bastion, "hammer")
    stage.daemon.stop()
    before = _objects()
    stage.daemon.start("on-exit release\n")
    stage.daemon.policy(POLICY, mode="enforce")
    for end in (stage.daemon.stop, stage.daemon.kill):
        with stage.login("alice") as session:
            _tries(session, hammer).only("refused")
            ours = _objects().keys() - before.keys()
            assert ours, "no program of ours is in the kernel"
            end()
            _tries(session, hammer).only("went")
            until(lambda: not ours & _objects().keys(), "our programs, maps and links to be gone")
            assert not _pinned(stage), _pinned(stage)
        stage.daemon.start("on-exit release\n")


def _engine_dies(daemon: Daemon) -> None:
    engine = daemon.engine_pid()
    os.kill(engine, signal.SIGKILL)
    daemon.another_engine(engine)


@cases({"by destination": "to {DB}", "by user": "user alice", "by key": "key {key}"})
def test_keep_is_taken_over(stage: Stage, who: str) -> None:
    """Stops, deaths and starts while a session tries to connect all the time: not once does it, nor is it lost."""
    hammer = program(stage.bastion, "hammer")
    keep = Modes(closed=False, keep=True)
    with running(stage, keep), stage.login("alice") as session:
        ses = session.ses
        key = stage.daemon.sessions()[ses]["sshtether"]["key"]
        rule = f"block outbound-ssh, relay {who.format(DB=DB, key=key)}"
        stage.daemon.policy(f"ssh-ports {{ 22, {CLOSED} }}\n{rule}\n", mode="enforce")
        stage.daemon.settled()
        probes = [Background(session, hammer, f"-i {pause} {DB} {CLOSED}") for pause in (100, 170)]
        for end in (stage.daemon.stop, stage.daemon.kill, stage.daemon.stop, stage.daemon.kill):
            end()
            assert _pinned(stage), "nothing is pinned"
            stage.daemon.start(keep.config)
            stage.daemon.settled()
            assert ses in stage.daemon.sessions(), "the session is lost"
        for _ in range(3):
            _engine_dies(stage.daemon)
            stage.daemon.settled()
        for probe in probes:
            probe.stop().only("refused")
        until(lambda: ses in _with_key(stage.daemon), "it to be known again")
        stage.daemon.policy("")  # the row is a living one
        _tries(session, hammer).only("went")
    assert not _pinned(stage), "left by a daemon that releases"


@cases({"by user": "user alice", "by key": "key {key}"})
def test_newcomer_is_known_again(stage: Stage, who: str) -> None:
    """An engine dies just after somebody came: the next one asks who it is before it gives rows to anybody."""
    hammer = program(stage.bastion, "hammer")
    with stage.login("alice") as session:
        rule = f"block outbound-ssh {who.format(key=stage.daemon.sessions()[session.ses]['sshtether']['key'])}"
    stage.daemon.policy(f"ssh-ports {{ 22, {CLOSED} }}\n{rule}\n", mode="enforce")
    stage.daemon.settled()
    for _ in range(3):
        with stage.login("alice") as session:
            probe = Background(session, hammer, f"-i 100 {DB} {CLOSED}")
            _engine_dies(stage.daemon)
            stage.daemon.settled()
            probe.stop().only("refused")


def _dies_in_renewal(stage: Stage, call: int) -> int | None:
    """A policy is loaded, and at that call of bpf(2) from then on the monitor dies.

    Returns which of the renewal's it was, the first of which makes a map; 0: one of the monitor's own, before
    them; None: there were not so many.
    """
    daemon, engine = stage.daemon, stage.daemon.engine_pid()
    calls = f"{stage.daemon.bastion.path('/tmp')}/bpf.calls"
    argv = ["strace", "-p", str(daemon.process.pid), "-o", calls, "-e", f"inject=bpf:signal=SIGKILL:when={call}"]
    argv += ["-e", "trace=bpf"]
    tracer = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _is_dead(daemon) or traced(daemon.process.pid), "the tracer")
        with contextlib.suppress(AssertionError):  # the daemon is no more
            daemon.load(POLICY, mode="enforce")
        until(lambda: _is_dead(daemon) or _is_settled(daemon), "the renewal's end, or the monitor's")
    finally:
        tracer.terminate()
        tracer.wait()
    if not _is_dead(daemon):
        return None
    until(lambda: not os.path.exists(f"/proc/{engine}"), "the engine to follow the monitor")
    with open(calls, encoding="ascii") as lines:
        made = [line for line in lines if line.startswith("bpf(")]
    first = next((i for i, line in enumerate(made) if line.startswith("bpf(BPF_MAP_CREATE")), len(made))
    return len(made) - first


def _is_dead(daemon: Daemon) -> bool:
    return daemon.process.poll() is not None


def _is_settled(daemon: Daemon) -> bool:
    return daemon.status().get("grants", {}).get("renewing") is False


def test_renewal_that_is_never_finished(stage: Stage) -> None:
    """The monitor dies at each step of a renewal, and another begins one: what both policies refuse is refused."""
    if not shutil.which("strace"):
        raise Unavailable("strace")
    hammer = program(stage.bastion, "hammer")
    keep = Modes(closed=False, keep=True)
    steps, deaths = {0}, 0
    with running(stage, keep), stage.login("alice") as session, stage.login("alice") as other:
        probes = [Background(one, hammer, f"-i 100 {DB} {CLOSED}") for one in (session, other)]
        stage.daemon.settled()
        while (step := _dies_in_renewal(stage, len(steps))) is not None:
            steps.add(step)
            deaths += 1
            assert deaths < 10 + 3 * len(steps), f"{deaths} deaths, at {steps} only"
            stage.daemon.start(keep.config)
            stage.daemon.settled()
        results = [probe.stop() for probe in probes]
    print(f"# a renewal takes {max(steps)} calls of bpf(2); {deaths} deaths")
    for result in results:
        result.only("refused")
    assert max(steps) > 10 and steps == set(range(max(steps) + 1)), f"{steps}: not at each step"


def test_exercise_is_nobody_elses(stage: Stage) -> None:
    """Each start tries a program that everybody runs as an SSH client: who may run no client never notices."""
    keep = Modes(closed=False, keep=True)
    with running(stage, keep), stage.login("alice") as session:
        stage.daemon.policy("block outbound-ssh, relay user alice\n", mode="enforce")
        stage.daemon.settled()
        assert session.run("ssh -V")[0] == 128 + signal.SIGKILL, "an SSH client runs"
        loop = int(session.out("sh -c 'while /bin/true; do :; done' & echo $!"))
        for _ in range(3):
            stage.daemon.stop()
            stage.daemon.start(keep.config)
            assert is_alive(loop), "it was killed"
        assert session.run("ssh -V")[0] == 128 + signal.SIGKILL, "an SSH client runs"
        session.run(f"kill {loop}")


# --- a fault of a test --------------------------------------------------------------------------------------------------


def test_what_fails_leaves_nothing(stage: Stage) -> None:
    """What a test began in a session does not outlive its failure there, whoever's it is by then: others come after."""
    hammer = program(stage.bastion, "hammer")
    stage.daemon.policy("")
    began = []
    with contextlib.suppress(ZeroDivisionError), stage.login("deploy") as session:
        began += [Background(session, hammer, f"-i 1000 {DB_OTHER} {CLOSED}").pid]
        began += [int(session.out("sudo sh -c 'setsid sleep 600 >/dev/null & echo $!'"))]
        session.send("while true; do sleep 0.1; done")
        assert all(map(is_alive, began))
        raise ZeroDivisionError
    assert not any(map(is_alive, began)), began


# --- floods -----------------------------------------------------------------------------------------------------------


def test_flood_neither_delays_nor_opens(stage: Stage) -> None:
    """Records by the ten thousand from one user; then with an engine that answers nobody at all."""
    hammer = program(stage.bastion, "hammer")
    with running(stage, Modes(closed=False, keep=False)), stage.login("bob") as flooder:
        flood = flooder.send(f"{hammer} -p 6 -t 6 127.0.0.1 9; while ! [ -e over ]; do /bin/true; done; rm over")
        flooded = [attempt(stage, "alice", hammer) for _ in range(5)]
        engine = stage.daemon.engine_pid()
        fallback = stage.daemon.status()["logins"]["fallback"]
        os.kill(engine, signal.SIGSTOP)
        try:
            drowned = [attempt(stage, "alice", hammer) for _ in range(3)]
        finally:
            os.kill(engine, signal.SIGCONT)
        stage.bastion.write("/home/bob/over", "")
        flooder.receive(flood)
        until(lambda: stage.daemon.status().get("logins", {}).get("fallback", 0) >= fallback + 3, "the fallback's count")
    for outcome in flooded + drowned:
        assert outcome.admitted, f"refused: {outcome}"
        assert not outcome.late, f"too late: {outcome}"
        outcome.told.only("refused")


def test_a_full_house_is_known_again(stage: Stage) -> None:
    """More sessions than are told, or asked for, at once: none tries in vain to be refused while it is found again."""
    hammer = program(stage.bastion, "hammer")
    with contextlib.ExitStack() as house:
        sessions = [house.enter_context(stage.login("alice")) for _ in range(FULL_HOUSE)]
        key = stage.daemon.sessions()[sessions[0].ses]["sshtether"]["key"]
        stage.daemon.policy(f"ssh-ports {{ 22, {CLOSED} }}\nblock outbound-ssh key {key}\n", mode="enforce")
        stage.daemon.settled()
        probes = [Background(one, hammer, f"-i 1000 {DB} {CLOSED}") for one in sessions[::30]]
        _engine_dies(stage.daemon)
        begun = time.monotonic()
        until(lambda: _with_key(stage.daemon) >= {one.ses for one in sessions}, "all to be known again")
        print(f"# {FULL_HOUSE} sessions are known after {time.monotonic() - begun:.1f} s")
        stage.daemon.settled()
        for probe in probes:
            probe.stop().only("refused")


def test_who_outlives_its_sshd_is_known_again(stage: Stage) -> None:
    """Its user has gone and its sshd with him; engine and daemon die: what goes on in it is refused as before."""
    hammer = program(stage.bastion, "hammer")
    keep = Modes(closed=False, keep=True)
    with running(stage, keep), contextlib.ExitStack() as left_behind:
        with stage.login("alice") as session:
            ses = session.ses
            line = stage.daemon.sessions()[ses]
            rule = f"block outbound-ssh key {line['sshtether']['key']} origin {line['source']['ip']}"
            stage.daemon.policy(f"ssh-ports {{ 22, {CLOSED} }}\n{rule}\n", mode="enforce")
            stage.daemon.settled()
            left = int(session.out(f"setsid {hammer} -i 1000 {DB} {CLOSED} </dev/null >/tmp/left 2>/dev/null & echo $!"))
            left_behind.callback(_end, left)
        until(lambda: not is_alive(line["process"]["pid"]), "sshd to go")
        _engine_dies(stage.daemon)
        stage.daemon.settled()
        until(lambda: ses in _with_key(stage.daemon), "it to be known again")
        assert stage.daemon.sessions()[ses]["sshtether"]["state"] == "closed"
        stage.daemon.kill()
        stage.daemon.start(keep.config)
        stage.daemon.settled()
        until(lambda: ses in _with_key(stage.daemon), "it to be known again")
        _end(left)
        told(stage.bastion.read("/tmp/left")).only("refused")


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    until(lambda: not is_alive(pid), "it to end")


def _with_key(daemon: Daemon) -> set[int]:
    return {ses for ses, line in daemon.sessions().items() if line["sshtether"].get("key")}

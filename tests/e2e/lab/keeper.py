"""keeper: whatever happens to the lab, the machine gets back what the lab borrowed.

    front    what the user started and interrupts; forwards signals; sweeps when the keeper was killed
    keeper   a session of its own; holds the record of what is borrowed; sweeps when the work or the front ends
    work     inside the lab's cgroup and mount namespace; dies with the keeper

Front and keeper share one lock on the machine's audit system, so there is one lab at a time, and a
record that is found under the lock belongs to a lab whose front and keeper both died: it is swept first.
Network namespaces, mounts and links have no names: they go with the processes that hold them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

from . import audit, linux
from .linux import Unavailable

LOCK = "/run/sshtether-audit.lock"
RECORD = "/run/sshtether-lab.json"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EMPTY_PATIENCE = 20.0


class _Stop(BaseException):
    """A signal asked us to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _raise_stop(number: int, _frame: object) -> None:
    raise _Stop(number)


def run(work: Callable[[], int]) -> int:
    """Runs work() inside a fresh lab cgroup; returns its exit status, 128 + n for a signal."""
    if os.geteuid() != 0:
        raise Unavailable("root")
    with locked():
        _sweep_stale()
        record = {"cgroup": _cgroup_root() + f"/sshtether-lab-{os.getpid()}", "audit": audit.save()}
        return _front(record, work)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Nobody else uses the audit system while the block runs."""
    lock = _take_lock()
    try:
        yield
    finally:
        os.close(lock)


def probe() -> None:
    """Raises Unavailable when no lab can be built on this machine."""
    if os.geteuid() != 0:
        raise Unavailable("root")
    _cgroup_root()
    with locked():
        audit.save()


# --- the three processes -------------------------------------------------------------------------


def _front(record: dict, work: Callable[[], int]) -> int:
    front = os.getpid()
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    sys.stdout.flush()
    keeper = os.fork()
    if keeper == 0:
        os._exit(_keeper(front, record, work))
    for number in _SIGNALS:
        signal.signal(number, lambda got, _frame: os.kill(keeper, got))
    try:
        _, status = os.waitpid(keeper, 0)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if os.WIFSIGNALED(status):
        print("lab: the keeper was killed, sweeping", file=sys.stderr)
        _sweep(record)
    return os.waitstatus_to_exitcode(status) % 256


def _keeper(front: int, record: dict, work: Callable[[], int]) -> int:
    os.setsid()
    result = 1
    try:
        for number in _SIGNALS:
            signal.signal(number, _raise_stop)
        linux.die_with_parent(signal.SIGTERM, parent=front)
        _write_record(record | {"keeper": os.getpid()})
        os.mkdir(record["cgroup"])
        worker = _start_work(record, work)
        _, status = os.waitpid(worker, 0)
        result = os.waitstatus_to_exitcode(status) % 256
    except _Stop as stop:
        result = 128 + stop.number
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if _sweep(record):
            result = result or 1
    return result


def _start_work(record: dict, work: Callable[[], int]) -> int:
    keeper = os.getpid()
    worker = os.fork()
    if worker:
        return worker
    status = 1
    try:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        linux.die_with_parent(signal.SIGKILL, parent=keeper)
        _join(record["cgroup"])
        linux.forget_login()
        linux.unshare(linux.CLONE_NEWNS)
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        status = work()
    except Unavailable as missing:
        print(f"lab: this machine lacks {missing}", file=sys.stderr)
        status = 77
    except BaseException:  # whatever it was, it is told and the keeper sweeps
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


# --- what is borrowed, and given back -------------------------------------------------------------


def _take_lock() -> int:
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if _holder(lock) in _ancestors():
            return lock  # flock LOCK run.py …: whoever called us holds it for us
        print(f"lab: waiting for another user of the audit system ({LOCK})", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _holder(lock: int) -> int:
    """The process that took the lock, from /proc/locks (man 5 proc)."""
    inode = str(os.fstat(lock).st_ino)
    with open("/proc/locks", encoding="ascii") as locks:
        for line in locks:
            words = line.split()
            if words[1] == "FLOCK" and words[5].split(":")[2] == inode:
                return int(words[4])
    return 0


def _ancestors() -> set[int]:
    found, pid = set(), os.getppid()
    while pid > 0:
        found.add(pid)
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            pid = int(stat.read().rpartition(")")[2].split()[1])
    return found


def _write_record(record: dict) -> None:
    part = RECORD + ".new"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(record, file)
    os.rename(part, RECORD)


def _sweep_stale() -> None:
    try:
        with open(RECORD, encoding="utf-8") as file:
            record = json.load(file)
    except FileNotFoundError:
        return
    print("lab: sweeping what a killed run left", file=sys.stderr)
    _sweep(record)


def _sweep(record: dict) -> list[str]:
    """Ends every process of the lab, puts audit back, forgets the record.  Safe to repeat."""
    wrong = _empty_cgroup(record["cgroup"])
    wrong += audit.restore(record["audit"])
    for name in (RECORD, RECORD + ".new"):
        if os.path.exists(name):
            os.unlink(name)
    for what in wrong:
        print(f"lab: not cleaned: {what}", file=sys.stderr)
    return wrong


def _cgroup_root() -> str:
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            left, right = line.split(" - ")
            if right.split()[0] == "cgroup2":
                return left.split()[4]
    raise Unavailable("a mounted cgroup v2 hierarchy")


def own_cgroup() -> str:
    """The lab's own, for who runs in it: nothing on the machine outside of it may be touched by a gate."""
    with open("/proc/self/cgroup", encoding="ascii") as lines:
        (name,) = (line.rstrip("\n").split(":")[2] for line in lines if line.startswith("0::"))
    assert "/sshtether-lab-" in name, name
    return _cgroup_root() + name


def _join(cgroup: str) -> None:
    with open(f"{cgroup}/cgroup.procs", "w", encoding="ascii") as procs:
        procs.write(str(os.getpid()))


def _empty_cgroup(cgroup: str) -> list[str]:
    """Kills until nobody is left: a task that forks meanwhile is found by the next round."""
    end = time.monotonic() + _EMPTY_PATIENCE
    while os.path.isdir(cgroup):
        for pid in _pids(cgroup):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.rmdir(cgroup)
        except OSError:
            if time.monotonic() > end:
                return [f"processes {_pids(cgroup)} in {cgroup}"]
            time.sleep(0.01)
        _reap()
    return []


def _pids(cgroup: str) -> list[int]:
    try:
        with open(f"{cgroup}/cgroup.procs", encoding="ascii") as procs:
            return [int(line) for line in procs]
    except OSError:
        return []


def _reap() -> None:
    """The worker is our child: as a zombie it would still stand in its cgroup's count of descendants."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass

#!/usr/bin/env python3
"""cleanup: however the lab ends, the machine is as it was.  Prints TAP.

Each case starts `run.py hold`, ends it in its own way, and compares two pristine.sh snapshots.
"""

from __future__ import annotations

import difflib
import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from lab import keeper  # noqa: E402
from lab.linux import Unavailable  # noqa: E402
from lab.waiting import until  # noqa: E402


def _snapshot() -> list[str]:
    """Taken under the lock: another lab on this machine is none of ours."""
    with keeper.locked():
        done = subprocess.run([os.path.join(HERE, "pristine.sh")], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _start() -> subprocess.Popen:
    """A lab that is up."""
    lab = subprocess.Popen([sys.executable, os.path.join(HERE, "run.py"), "hold"], stdout=subprocess.PIPE, text=True)
    line = lab.stdout.readline()
    if line != "lab: up\n":
        lab.wait()
        raise AssertionError(f"the lab did not start: {line!r}, exit {lab.returncode}")
    return lab


def _pids(lab: subprocess.Popen) -> tuple[int, int, int]:
    """Front, keeper, work."""
    with open(keeper.RECORD, encoding="utf-8") as file:
        record = json.load(file)
    return lab.pid, record["keeper"], _child(record["keeper"])


def _child(pid: int) -> int:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return int(children.read().split()[0])


def _end(lab: subprocess.Popen, *kills: tuple[int, int]) -> None:
    for pid, number in kills:
        os.kill(pid, number)
    lab.wait(60)
    lab.stdout.close()


def interrupted(number: int) -> None:
    lab = _start()
    _end(lab, (lab.pid, number))


def work_killed() -> None:
    lab = _start()
    _end(lab, (_pids(lab)[2], signal.SIGKILL))


def keeper_killed() -> None:
    lab = _start()
    _end(lab, (_pids(lab)[1], signal.SIGKILL))


def front_killed() -> None:
    lab = _start()
    _end(lab, (lab.pid, signal.SIGKILL))


def all_killed() -> None:
    """Nobody is left to sweep: the next lab does it."""
    lab = _start()
    front, guard, _ = _pids(lab)
    _end(lab, (guard, signal.SIGSTOP), (front, signal.SIGKILL), (guard, signal.SIGKILL))
    interrupted(signal.SIGINT)


CASES = {
    "interrupted by SIGINT": lambda: interrupted(signal.SIGINT),
    "interrupted by SIGTERM": lambda: interrupted(signal.SIGTERM),
    "interrupted by SIGHUP": lambda: interrupted(signal.SIGHUP),
    "work killed": work_killed,
    "keeper killed": keeper_killed,
    "front killed": front_killed,
    "all killed, swept by the next run": all_killed,
}


def main() -> int:
    failed = 0
    for name, case in CASES.items():
        before = _snapshot()
        try:
            case()
            until(lambda: not os.path.exists(keeper.RECORD), "the sweep")
            until(lambda: _snapshot() == before, "a pristine machine")
            print(f"ok cleanup: {name}", flush=True)
        except Exception as error:  # a case that fails is told, the others run
            failed += 1
            print(f"not ok cleanup: {name}: {error}", flush=True)
            print("\n".join(difflib.unified_diff(before, _snapshot(), "before", "after", n=0, lineterm="")))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        keeper.probe()
    except Unavailable as missing:
        print(f"skip cleanup: this machine lacks {missing}")
        sys.exit(0)
    sys.exit(main())

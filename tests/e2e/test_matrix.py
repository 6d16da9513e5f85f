"""The table of ways round: each is gone in audit mode (it works, and is told of the right session), under the
same policy in enforce mode (it is stopped, and what the alert says of that), and by somebody who may.
"""

from __future__ import annotations

from collections.abc import Iterator

import matrix
from lab.daemon import Watch, quiet, same, value
from lab.linux import Unavailable
from lab.stage import Stage
from suite import cases
from ways.borrowing import BORROWING
from ways.calls import CALLS
from ways.hops import HOPS
from ways.leaving import LEAVING
from ways.way import RULES, Attempt, Tried, Way, named

WAYS = named(HOPS | CALLS | BORROWING | LEAVING)
_LONG = 25


@cases(WAYS)
def test_seen(stage: Stage, way: Way) -> None:
    stage.daemon.policy(way.rules, mode="audit")
    watch = stage.watch()
    tried = way.go(stage, Attempt())
    assert tried.worked, f"audit mode changed something: {tried.said}"
    if not way.seen:
        matrix.tell(way.row, way.name, seen="no")
        return
    alert = _alert(watch, way, tried)
    ours = alert["sshtether"]
    assert (ours["done"], ours["mode"], ours["action"]) == ("would-have", "audit", "block"), quiet([alert])
    matrix.tell(way.row, way.name, seen="yes")


# Among others that wait, but for what has a policy of its own, or makes records of the others get lost.
_ALONE = {name: way for name, way in WAYS.items() if way.rules != RULES or way.row == 19}


@cases({name: way for name, way in WAYS.items() if name not in _ALONE})
def test_stopped(stage: Stage, way: Way) -> Iterator[None]:
    """A refused connection is told two seconds later: another address might follow."""
    stage.daemon.policy(way.rules, mode="enforce")
    watch = stage.watch()
    tried = way.go(stage, Attempt(hold=_LONG if way.stopped else 0))
    assert tried.worked is not way.stopped, f"it went on: {tried.said}"
    if not way.stopped:
        matrix.tell(way.row, way.name, stopped="no", level="–")
        return
    yield
    alert = _alert(watch, way, tried)
    done, level = alert["sshtether"]["done"], alert["sshtether"]["level"]
    matrix.tell(way.row, way.name, stopped=done, level=level)
    assert same(done, way.done) and same(level, way.level), f"{done}, {level}:\n{quiet([alert])}"


@cases(_ALONE)
def test_stopped_alone(stage: Stage, way: Way) -> None:
    for _ in test_stopped(stage, way):
        pass


@cases({name: name for name in ("systemd-run --user", "lingering user manager")})
def test_real(stage: Stage, name: str) -> None:
    """Those whose PAM service stands for them above: a host of the lab has no init of its own."""
    lacking = "a systemd that is the lab's own"
    matrix.tell(5, name, why=lacking)
    raise Unavailable(lacking)


def test_left_alone(stage: Stage) -> None:
    """The nearest thing that is allowed, under the same policy.  A stop that comes too late is told all the same."""
    stage.daemon.policy(RULES, mode="enforce")
    watch = stage.watch()
    wrong = []
    for way in (way for way in WAYS.values() if way.spared):
        tried = way.go(stage, Attempt(forbidden=False, hold=0.2))
        matrix.tell(way.row, way.name, spared="yes" if tried.worked else "NO")
        if not tried.worked:
            wrong.append(f"{way.row} {way.name}: {tried.said}")
    assert not wrong, "stopped by mistake: " + "\n".join(wrong)
    left = [a for a in stage.fence(watch) if a.get("sshtether", {}).get("action") == "block"]
    assert not left, f"blocked by mistake:\n{quiet(left)}"


_counted: set[str] = set()


def _alert(watch: Watch, way: Way, tried: Tried) -> dict:
    """What tells of it, and of no other way."""
    facts = dict(way.facts)
    program = facts.pop("program", "")
    wanted = {"activity": way.activity, **tried.who, **facts}
    alert = watch.wait(but=_counted, **wanted)
    _counted.add(alert["event"]["id"])
    assert program in (value(alert, "exe") or ""), quiet([alert])
    return alert

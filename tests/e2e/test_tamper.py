"""Hands on the sshd, the agent and the client of another session: what is done, what is said, what comes of it."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator

from lab.daemon import PROGRAMS, quiet, value
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from suite import cases
from test_keys import marks

_TOUCH = f"/usr/bin/python3 {PROGRAMS}/touch.py"

# What the reason says is done; of ssh and the agent "of bob's session", of the session's own sshd the same.
HOW = {
    "attach": "traces",
    "write": "wrote to the memory of",
    "mem-read": "read, through /proc, the memory of",
    "mem-write": "wrote, through /proc, to the memory of",
    "task-read": "read, through /proc, the memory of",
}
WHOM = {"agent": "the agent", "sshd": "sshd", "ssh": "ssh"}
TOUCHES = {f"{how} {whom}": (how, whom) for how, whom in itertools.product(HOW, WHOM)}


@contextlib.contextmanager
def _bob(stage: Stage) -> Iterator[Login]:
    """With an agent and a client of his own, whose memory is guarded."""
    with stage.login("bob", forward=True) as session:
        session.out(
            "rm -f /tmp/bob.*; eval $(ssh-agent) >/dev/null; echo $SSH_AGENT_PID >/tmp/bob.agent; echo $PPID >/tmp/bob.sshd;"
            " SSH_AUTH_SOCK=$(ls -d /tmp/ssh-*/agent.$PPID) ; (exec ssh db sleep 300) >/dev/null 2>&1 & echo $! >/tmp/bob.ssh"
        )
        try:
            yield session
        finally:
            session.run("kill $(cat /tmp/bob.agent /tmp/bob.ssh); rm -f /tmp/bob.*")


def _guarded(stage: Stage, pid: str) -> None:
    """The kernel has the monitor's mark on its memory."""
    inode = os.stat(f"/proc/{pid}/mem").st_ino
    until(lambda: inode in marks(stage), f"the memory of {pid} to be guarded")


@cases(TOUCHES)
def test_tamper_by_root(stage: Stage, row: tuple[str, str]) -> None:
    how, whom = row
    stage.daemon.policy("")
    watch = stage.watch()
    with _bob(stage) as bob, stage.login("mallory") as thief:
        if "-" in how:
            _guarded(stage, bob.out(f"cat /tmp/bob.{whom}"))
        said = thief.out(f"sudo {_TOUCH} {how} $(cat /tmp/bob.{whom})")
        assert said == "done", said
        # Of mem-write the reading comes first, and is told as well.
        until(lambda: any(HOW[how] in value(a, "reason") for a in watch.find(activity="ssh-tamper", ses=thief.ses)), how)
        alert = next(a for a in watch.find(activity="ssh-tamper", ses=thief.ses) if HOW[how] in value(a, "reason"))
    assert f"{HOW[how]} {WHOM[whom]} of bob's session" in value(alert, "reason"), quiet([alert])
    assert "with python3" in value(alert, "reason"), quiet([alert])
    assert (value(alert, "done"), value(alert, "owner")) == ("alerted", "other"), quiet([alert])


def test_tamper_with_ones_own_memory(stage: Stage) -> None:
    stage.daemon.policy("")
    watch = stage.watch()
    with _bob(stage) as bob:
        bob.run(f"{_TOUCH} mem-read $(cat /tmp/bob.ssh)")
        stage.fence(watch)
    assert not watch.find(activity="ssh-tamper"), quiet(watch.alerts)


def test_tamper_stopped(stage: Stage) -> None:
    """In enforce mode who reads an agent's memory through /proc is killed; the agent is not."""
    stage.daemon.policy("block ssh-tamper severity critical\n", mode="enforce")
    watch = stage.watch()
    with _bob(stage) as bob, stage.login("mallory") as thief:
        _guarded(stage, bob.out("cat /tmp/bob.agent"))
        status, said = thief.run(f"sudo env HOLD=20 {_TOUCH} mem-read $(cat /tmp/bob.agent)")
        alert = watch.wait(activity="ssh-tamper", ses=thief.ses)
        assert status != 0 and value(alert, "done") == "killed", (status, said, quiet([alert]))
        bob.out("kill -0 $(cat /tmp/bob.agent)")


def test_tamper_with_a_client_in_the_background(stage: Stage) -> None:
    """`ssh -f` leaves a child that executes nothing: it is found within a while, for nobody tells of it."""
    stage.daemon.policy("")
    watch = stage.watch()
    with stage.login("bob", forward=True) as bob, stage.login("mallory") as thief:
        bob.out("ssh -f db sleep 300 </dev/null >/dev/null 2>&1")
        child = bob.out("pgrep -u bob -f '^ssh -f db'")
        try:
            _guarded(stage, child)
            assert thief.out(f"sudo {_TOUCH} mem-read {child}") == "done"
            alert = watch.wait(activity="ssh-tamper", ses=thief.ses)
        finally:
            bob.run(f"kill {child}")
    assert "read, through /proc, the memory of ssh of bob's session" in value(alert, "reason"), quiet([alert])

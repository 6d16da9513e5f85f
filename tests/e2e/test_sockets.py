"""Borrowed agents and ControlMasters: what a stop leaves to nobody, what is one's own (see ways/borrowing.py)."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import statistics
from collections.abc import Iterator

import cut
from lab.daemon import quiet
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from suite import cases
from ways.borrowing import BLOCK, BORROW, borrow_at_home, brought_home, master, victim

TERMINATE = "terminate agent-hijack owner other  severity critical\n"


# --- agents ----------------------------------------------------------------------------------------------


def test_agent_stopped_every_time(stage: Stage) -> None:
    """What was told once is not told again at once, but it is stopped again."""
    stage.daemon.policy(BLOCK, mode="enforce")
    with victim(stage) as (_, sock), stage.login("mallory") as thief:
        for attempt in ("first", "second", "third"):
            status, output = thief.run(f"sudo {BORROW} 20 {sock}")
            assert status != 0, f"the {attempt} borrower went on: {output}"


@contextlib.contextmanager
def without_gates(stage: Stage) -> Iterator[None]:
    """A host whose kernel has none for us: there the kill comes after the connect."""
    stage.daemon.stop()
    stage.world.restart_auditd()  # there is no netlink for it
    stage.daemon.start(gates=False)
    try:
        yield
    finally:
        stage.daemon.stop()
        stage.daemon.start()


def test_agent_cut_for_a_forked_sibling(stage: Stage) -> None:
    """A kill alone would leave the connection to the child."""
    stage.daemon.policy(BLOCK, mode="enforce")
    stage.bastion.run(["rm", "-f", "/tmp/sibling"])
    with without_gates(stage), victim(stage) as (_, sock), stage.login("mallory") as thief:
        status, output = thief.run(f"sudo {BORROW} sibling 45 {sock}")
        assert status != 0, output
        until(lambda: os.path.exists(stage.bastion.path("/tmp/sibling")), "the sibling to end")
        assert stage.bastion.read("/tmp/sibling") == "sibling cut"


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _listener(stage: Stage, sock: str) -> int:
    """The sshd that listens on that socket, as one that accepts late sees to it."""
    listed = stage.bastion.run(["ss", "-Hxlp", "src", sock]).stdout
    return int(re.search(r"pid=(\d+)", listed)[1])


def test_agent_cut_before_it_is_accepted(stage: Stage) -> None:
    """The connection waits at a listener that is not scheduled, and a kill leaves it to the child."""
    stage.daemon.policy(BLOCK, mode="enforce")
    stage.bastion.run(["rm", "-f", "/tmp/sibling"])
    with without_gates(stage), victim(stage) as (alice, sock), stage.login("mallory") as thief:
        with stopped(_listener(stage, sock)):
            status, output = thief.run(f"sudo {BORROW} sibling 45 {sock}")
            assert status != 0 and "keys" not in output, (status, output)
        until(lambda: os.path.exists(stage.bastion.path("/tmp/sibling")), "the sibling to end")
        assert stage.bastion.read("/tmp/sibling") == "sibling cut"
        assert "ED25519" in alice.out("ssh-add -l"), "the owner lost her agent"


def test_agent_cut_before_a_signature(stage: Stage) -> None:
    """A signature needs a round trip to the owner's machine: most cuts come within 10 ms, on a busy machine all within 100."""
    stage.daemon.policy(BLOCK, mode="enforce")
    _before_a_signature(stage)


def test_agent_cut_in_another_network_namespace(stage: Stage) -> None:
    """A path leads there from anywhere, and the kernel lists the sockets of its own namespace to each."""
    stage.daemon.policy(BLOCK, mode="enforce")
    with without_gates(stage):
        _before_a_signature(stage, "unshare -n")


def _before_a_signature(stage: Stage, by: str = "") -> None:
    race = cut.race(stage, 30, 1, 100, by)
    assert race.signed == 0 and statistics.median(race.us) < 10_000, f"bytes, longest, answers, signatures, µs: {race}"


def test_agent_thief_terminated(stage: Stage) -> None:
    stage.daemon.policy(TERMINATE, mode="enforce")
    watch = stage.watch()
    with victim(stage) as (alice, sock), stage.login("mallory") as thief:
        ses = thief.ses
        thief.send(f"setsid sleep 300 & sudo {BORROW} 45 {sock}")
        assert thief.ended(), "the session goes on"
        alert = watch.wait(activity="agent-hijack", ses=ses)
        assert alert["sshtether"]["done"] == "terminated", quiet([alert])
        until(lambda: not _tasks(ses), f"every task of ses {ses} to be gone")
        assert "ED25519" in alice.out("ssh-add -l"), "the owner was hit as well"
    with stage.login("mallory") as again:
        assert again.out("echo back") == "back", "terminate is no ban"


def _tasks(ses: int) -> str:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/sessionid", encoding="ascii") as file:
                if file.read().strip() == str(ses):
                    found.append(pid)
        except OSError:
            continue
    return " ".join(found)


def test_agent_brought_home_left_alone(stage: Stage) -> None:
    """The same by the same key: her own."""
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with victim(stage) as (_, sock), brought_home(stage, "alice", "id_ed25519", sock) as far:
        done = borrow_at_home(stage, "alice", 1, far)
        assert done.returncode == 0 and "keys 1" in done.stdout, done
    left = stage.fence(watch, ripen=False)
    assert not left, f"alerts on what is one's own:\n{quiet(left)}"


def _her_own(stage: Stage, session: Login, sock: str) -> None:
    assert "ED25519" in session.out("ssh-add -l")


def _her_root(stage: Stage, session: Login, sock: str) -> None:
    """sudo in deploy's own session, through the agent of the invoker."""
    with stage.login("deploy", forward=True) as deploy:
        assert "ED25519" in deploy.out("sudo ssh-add -l")


def _her_other_login(stage: Stage, session: Login, sock: str) -> None:
    with stage.login("alice") as second:
        assert "ED25519" in second.out(f"SSH_AUTH_SOCK={sock} ssh-add -l")


def _her_link(stage: Stage, session: Login, sock: str) -> None:
    assert "ED25519" in session.out(f"ln -sfn {sock} ~/.ssh/sock; SSH_AUTH_SOCK=~/.ssh/sock ssh-add -l")


def _her_hop(stage: Stage, session: Login, sock: str) -> None:
    assert session.out("ssh db hostname") == "db"


def _her_local_agent(stage: Stage, session: Login, sock: str) -> None:
    """ssh-agent that another session of hers started."""
    with stage.login("alice", key="id_other") as other:
        other.out("ssh-agent -a ~/own.sock >own.env")
        try:
            status, output = session.run("SSH_AUTH_SOCK=~/own.sock ssh-add -l")
            assert "no identities" in output, (status, output)
        finally:
            other.out(". ./own.env >/dev/null; ssh-agent -k >/dev/null")


OWN = {
    "own agent": _her_own,
    "own agent by sudo": _her_root,
    "own agent by symbolic link": _her_link,
    "own agent for a hop": _her_hop,
    "agent of another login with the same key": _her_other_login,
    "local ssh-agent of the same user": _her_local_agent,
}


@cases(OWN)
def test_agent_left_alone(stage: Stage, use) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with victim(stage) as (alice, sock):
        use(stage, alice, sock)
    left = stage.fence(watch, ripen=False)
    assert not left, f"alerts on what is one's own:\n{quiet(left)}"


# --- ControlMaster sockets -------------------------------------------------------------------------------


def test_mux_left_alone(stage: Stage) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with master(stage) as (alice, sock), stage.login("alice") as second:
        assert alice.out(f"ssh -S {sock} db hostname") == "db"
        assert second.out(f"ssh -S {sock} db hostname") == "db", "another login with the same key"
    left = stage.fence(watch, ripen=False)
    assert not left, f"alerts on what is one's own:\n{quiet(left)}"

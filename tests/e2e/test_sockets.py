"""Borrowed agents and ControlMasters: rows 3, 4, 9 and 10 of the table of ways round."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from lab import sshd
from lab.daemon import PROGRAMS, quiet
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from lab.world import LAPTOP_OTHER
from suite import cases

BLOCK = "block agent-hijack, mux-hijack  severity critical\n"
TERMINATE = "terminate agent-hijack owner other  severity critical\n"
BORROW = f"/usr/bin/python3 {PROGRAMS}/borrow.py"


@dataclass(frozen=True)
class Way:
    """A shell command of user that does {use} with the socket {sock} ({dir}/{name}) of alice's session."""

    user: str
    owner: str
    command: str
    key: str = "id_ed25519"

    def fill(self, sock: str, use: str) -> str:
        directory, _, name = sock.rpartition("/")
        return self.command.format(sock=sock, dir=directory, name=name, use=use)

    def login(self, stage: Stage):
        """The thief's session: from another address than alice's."""
        return stage.login(self.user, key=self.key, options=["-b", LAPTOP_OTHER])


AGENT_WAYS = {
    "root by sudo": Way("mallory", "other", "sudo {use} {sock}"),
    "root by su": Way("mallory", "other", "sudo su -c '{use} {sock}'"),
    "as the victim herself": Way("mallory", "other", "sudo su alice -s /bin/sh -c '{use} {sock}'"),
    "same user, another key": Way("alice", "same-user", "{use} {sock}", key="id_other"),
    "symbolic link": Way("mallory", "other", "sudo ln -sfn {sock} /run/innocent; sudo {use} /run/innocent"),
    "relative path": Way("mallory", "other", "sudo sh -c 'cd {dir} && {use} ./{name}'"),
    "through /proc/PID/root": Way("mallory", "other", "sudo {use} /proc/self/root{sock}"),
    "bind mount": Way(
        "mallory",
        "other",
        "sudo unshare -m sh -c 'mkdir -p /run/else && mount --bind {dir} /run/else && {use} /run/else/{name}'",
    ),
}


@contextlib.contextmanager
def victim(stage: Stage) -> Iterator[tuple[Login, str]]:
    """alice on the bastion with her agent forwarded; its socket."""
    with stage.login("alice", forward=True) as session:
        yield session, session.out("echo $SSH_AUTH_SOCK")


def _name(stage: Stage, ses: int) -> str:
    return stage.daemon.sessions()[ses]["sshtether"]["session"]


# --- agents ----------------------------------------------------------------------------------------------


@cases(AGENT_WAYS)
def test_agent_seen(stage: Stage, way: Way) -> None:
    stage.daemon.policy(BLOCK, mode="audit")
    watch = stage.watch()
    with victim(stage) as (alice, sock), way.login(stage) as thief:
        status, output = thief.run(way.fill(sock, f"{BORROW} 0.3"))
        assert status == 0 and "keys 1" in output, f"audit mode changed something: {status}, {output}"
        alert = watch.wait(activity="agent-hijack", ses=thief.ses)
        ours = alert["sshtether"]
        assert alert["user"]["name"] == way.user and alert["source"]["ip"] == LAPTOP_OTHER, quiet([alert])
        assert ours["owner"] == way.owner and ours["done"] == "would-have", quiet([alert])
        assert ours["owner_session"] == _name(stage, alice.ses), ours
        ses = thief.ses
        stage.fence(watch, ripen=False)
        assert len(watch.find(activity="agent-hijack", ses=ses)) == 1, watch.text()


@cases(AGENT_WAYS)
def test_agent_stopped(stage: Stage, way: Way) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with victim(stage) as (alice, sock), way.login(stage) as thief:
        status, output = thief.run(way.fill(sock, f"{BORROW} 45"))
        assert status != 0, f"the borrower went on: {output}"
        alert = watch.wait(activity="agent-hijack", ses=thief.ses)
        assert alert["sshtether"]["done"] in ("killed", "cut"), quiet([alert])
        assert thief.out("echo here") == "here", "block ends the process, not the session"
        assert "ED25519" in alice.out("ssh-add -l"), "the owner lost her agent"


def test_agent_stopped_every_time(stage: Stage) -> None:
    """What was told once is not told again at once, but it is stopped again."""
    stage.daemon.policy(BLOCK, mode="enforce")
    with victim(stage) as (_, sock), stage.login("mallory") as thief:
        for attempt in ("first", "second", "third"):
            status, output = thief.run(f"sudo {BORROW} 20 {sock}")
            assert status != 0, f"the {attempt} borrower went on: {output}"


def test_agent_cut_for_a_forked_sibling(stage: Stage) -> None:
    """A kill alone would leave the connection to the child."""
    stage.daemon.policy(BLOCK, mode="enforce")
    stage.bastion.run(["rm", "-f", "/tmp/sibling"])
    with victim(stage) as (_, sock), stage.login("mallory") as thief:
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
    with victim(stage) as (alice, sock), stage.login("mallory") as thief:
        with stopped(_listener(stage, sock)):
            status, output = thief.run(f"sudo {BORROW} sibling 45 {sock}")
            assert status != 0 and "keys" not in output, (status, output)
        until(lambda: os.path.exists(stage.bastion.path("/tmp/sibling")), "the sibling to end")
        assert stage.bastion.read("/tmp/sibling") == "sibling cut"
        assert "ED25519" in alice.out("ssh-add -l"), "the owner lost her agent"


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


@contextlib.contextmanager
def brought_home(stage: Stage, key: str, sock: str) -> Iterator[str]:
    """-L local:remote.sock: sshd itself opens the agent, for a session of alice by that key; the laptop's socket."""
    far = "/home/alice/far.sock"
    argv = [*sshd.ssh(key, ["-N", "-o", "StreamLocalBindUnlink=yes", "-L", f"{far}:{sock}"]), "bastion"]
    stage.laptop.run(["rm", "-f", far])
    forwarder = stage.laptop.popen(argv, user="alice", stderr=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists(stage.laptop.path(far)), "the forwarded socket")
        yield far
        assert forwarder.poll() is None, "the login by which the agent was reached has ended"
    finally:
        forwarder.terminate()
        forwarder.wait()


def borrow_at_home(stage: Stage, seconds: float, far: str) -> subprocess.CompletedProcess:
    program = f"/home/alice/{os.path.basename(BORROW)}"
    stage.laptop.write(program, stage.bastion.read(f"{PROGRAMS}/borrow.py"))
    return stage.laptop.run(["/usr/bin/python3", program, str(seconds), far], user="alice", check=False)


def test_agent_brought_home_seen(stage: Stage) -> None:
    stage.daemon.policy(BLOCK, mode="audit")
    watch = stage.watch()
    with victim(stage) as (alice, sock), brought_home(stage, "id_other", sock) as far:
        done = borrow_at_home(stage, 0.3, far)
        assert done.returncode == 0 and "keys 1" in done.stdout, f"audit mode changed something: {done}"
        ours = watch.wait(activity="agent-hijack", user="alice")["sshtether"]
        assert ours["owner"] == "same-user" and ours["owner_session"] == _name(stage, alice.ses), ours
        assert ours["key"] == stage.world.keys.fingerprints["alice", "id_other"], ours
        assert ours["done"] == "would-have", ours


def test_agent_brought_home_stopped(stage: Stage) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with victim(stage) as (alice, sock), brought_home(stage, "id_other", sock) as far:
        for attempt in ("first", "second"):
            done = borrow_at_home(stage, 45, far)
            assert done.returncode == 3, f"the {attempt} borrower went on: {done}"
        ours = watch.wait(activity="agent-hijack", user="alice")["sshtether"]
        assert ours["done"] == "cut" and ours["owner_session"] == _name(stage, alice.ses), ours
        assert "ED25519" in alice.out("ssh-add -l"), "the owner lost her agent"


def test_agent_brought_home_left_alone(stage: Stage) -> None:
    """The same by the same key: her own."""
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with victim(stage) as (_, sock), brought_home(stage, "id_ed25519", sock) as far:
        done = borrow_at_home(stage, 1, far)
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

MUX_WAYS = {
    "root": Way("mallory", "other", "sudo ssh -S {sock} db {use}"),
    "same user, another key": Way("alice", "same-user", "ssh -S {sock} db {use}", key="id_other"),
    "symbolic link": Way("mallory", "other", "sudo sh -c 'ln -sfn {sock} /run/cm; ssh -S /run/cm db {use}'"),
}


@contextlib.contextmanager
def master(stage: Stage) -> Iterator[tuple[Login, str]]:
    """alice on the bastion with a ControlMaster to db; its socket."""
    sock = "/home/alice/.ssh/cm"
    with stage.login("alice", forward=True) as session:
        session.out(f"ssh -M -S {sock} -o ControlPersist=yes -fN db")
        try:
            yield session, sock
        finally:
            session.run(f"ssh -S {sock} -O exit db")


@cases(MUX_WAYS)
def test_mux_seen(stage: Stage, way: Way) -> None:
    stage.daemon.policy(BLOCK, mode="audit")
    watch = stage.watch()
    with master(stage) as (alice, sock), way.login(stage) as thief:
        status, output = thief.run(way.fill(sock, "hostname"))
        assert (status, output) == (0, "db"), "audit mode changed something"
        alert = watch.wait(activity="mux-hijack", ses=thief.ses)
        ours = alert["sshtether"]
        assert alert["user"]["name"] == way.user and alert["source"]["ip"] == LAPTOP_OTHER, quiet([alert])
        assert ours["owner"] == way.owner and ours["done"] == "would-have", quiet([alert])
        assert ours["owner_session"] == _name(stage, alice.ses), ours


@cases(MUX_WAYS)
def test_mux_stopped(stage: Stage, way: Way) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with master(stage) as (alice, sock), way.login(stage) as thief:
        status, output = thief.run(way.fill(sock, "sleep 45") + " >/dev/null 2>&1")
        assert status != 0, output
        alert = watch.wait(activity="mux-hijack", ses=thief.ses)
        assert alert["sshtether"]["done"] in ("killed", "cut"), quiet([alert])
        assert alice.out(f"ssh -S {sock} db hostname") == "db", "the master was hit as well"


def test_mux_left_alone(stage: Stage) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    watch = stage.watch()
    with master(stage) as (alice, sock), stage.login("alice") as second:
        assert alice.out(f"ssh -S {sock} db hostname") == "db"
        assert second.out(f"ssh -S {sock} db hostname") == "db", "another login with the same key"
    left = stage.fence(watch, ripen=False)
    assert not left, f"alerts on what is one's own:\n{quiet(left)}"

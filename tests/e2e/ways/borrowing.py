"""borrowing: another login's agent or ControlMaster, deploy's.  The twin does the same with her own."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

from lab import sshd
from lab.daemon import PROGRAMS
from lab.linux import bpftool
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from lab.world import LAPTOP_OTHER

from .calls import DIAL
from .hops import tried
from .way import Attempt, Tried, Way

BORROW = f"/usr/bin/python3 {PROGRAMS}/borrow.py"
BLOCK = "block agent-hijack, mux-hijack  severity critical\n"


@contextlib.contextmanager
def victim(stage: Stage, user: str = "alice") -> Iterator[tuple[Login, str]]:
    """user on the bastion with her agent forwarded; its socket."""
    with stage.login(user, forward=True) as session:
        yield session, session.out("echo $SSH_AUTH_SOCK")


@contextlib.contextmanager
def master(stage: Stage, user: str = "alice") -> Iterator[tuple[Login, str]]:
    """user on the bastion with a ControlMaster to db; its socket."""
    sock = f"/home/{user}/.ssh/cm"
    with stage.login(user, forward=True) as session:
        session.out(f"ssh -M -S {sock} -o ControlPersist=yes -fN db")
        try:
            yield session, sock
        finally:
            session.run(f"ssh -S {sock} -O exit db")


def fill(command: str, sock: str, use: str) -> str:
    directory, _, name = sock.rpartition("/")
    return command.format(sock=sock, dir=directory, name=name, use=use)


def gated(owner: Login, sock: str) -> None:
    """The kernel's gate knows the listener, some milliseconds after it was bound; until then who uses it is stopped after."""
    inode = int(owner.out(f"stat -c %i {sock}"))
    until(lambda: inode in _listeners(), f"{sock} to be known to the gate")


def _listeners() -> set[int]:
    found = bpftool("map", "dump", "name", "listeners")
    tables = [table["elements"] for table in found] if found and "elements" in found[0] else [found]
    return {entry["formatted"]["value"]["inode"] for table in tables for entry in table}


def session_name(stage: Stage, ses: int) -> str:
    return stage.daemon.sessions()[ses]["sshtether"]["session"]


# --- ways ------------------------------------------------------------------------------------------------------


def agent(row: int, command: str, user: str = "mallory", key: str = "id_ed25519", use: str = "", **limits) -> Way:
    """A shell command of user that does {use} with the socket {sock} ({dir}/{name}) of deploy's agent."""

    def go(stage: Stage, attempt: Attempt) -> Tried:
        with victim(stage, "deploy") as (owner, sock), _thief(stage, user, key, owner, attempt) as thief:
            gated(owner, sock)
            words = fill(command, sock, use or f"{BORROW} {attempt.hold or 0.3}")
            status, said = thief.run(f"export HOLD={int(attempt.hold)}; {words}")
            assert "ED25519" in owner.out("ssh-add -l"), "the owner lost her agent"
            return tried(thief, status == 0 and "keys 1" in said, said, **_owner(stage, user, owner, attempt))

    return Way(row, "agent-hijack", go, **limits)


def mux(row: int, command: str, user: str = "mallory", key: str = "id_ed25519", **limits) -> Way:
    def go(stage: Stage, attempt: Attempt) -> Tried:
        with master(stage, "deploy") as (owner, sock), _thief(stage, user, key, owner, attempt) as thief:
            gated(owner, sock)
            status, said = thief.run(fill(command, sock, f"'sleep {attempt.hold}; hostname' 2>/dev/null"))
            assert owner.out(f"ssh -S {sock} db hostname") == "db", "the master was hit as well"
            return tried(thief, status == 0 and said == "db", said, **_owner(stage, user, owner, attempt))

    return Way(row, "mux-hijack", go, **limits)


@contextlib.contextmanager
def _thief(stage: Stage, user: str, key: str, owner: Login, attempt: Attempt) -> Iterator[Login]:
    """Another login, from another address; for the twin the owner herself."""
    if not attempt.forbidden:
        yield owner
        return
    with stage.login(user, key=key, options=["-b", LAPTOP_OTHER]) as session:
        yield session


def _owner(stage: Stage, user: str, owner: Login, attempt: Attempt) -> dict[str, object]:
    if not attempt.forbidden:
        return {}
    relation = "same-user" if user == "deploy" else "other"
    return {"owner": relation, "owner_session": session_name(stage, owner.ses), "origin": LAPTOP_OTHER}


# --- through sshd: -L local:remote.sock --------------------------------------------------------------------------


@contextlib.contextmanager
def brought_home(stage: Stage, user: str, key: str, sock: str) -> Iterator[str]:
    """sshd itself opens the agent, for a session of user by that key; the laptop's socket."""
    far = f"/home/{user}/far.sock"
    argv = [*sshd.ssh(key, ["-N", "-o", "StreamLocalBindUnlink=yes", "-L", f"{far}:{sock}"]), "bastion"]
    stage.laptop.run(["rm", "-f", far])
    forwarder = stage.laptop.popen(argv, user=user, stderr=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists(stage.laptop.path(far)), "the forwarded socket")
        yield far
        assert forwarder.poll() is None, "the login by which the agent was reached has ended"
    finally:
        forwarder.terminate()
        forwarder.wait()


def borrow_at_home(stage: Stage, user: str, seconds: float, far: str) -> subprocess.CompletedProcess:
    home = f"/home/{user}/borrow.py"
    stage.laptop.write(home, stage.bastion.read(f"{PROGRAMS}/borrow.py"))
    return stage.laptop.run(["/usr/bin/python3", home, str(seconds), far], user=user, check=False)


def through_sshd(how: str, **limits) -> Way:
    """how: the path that sshd is told, from the agent's own."""

    def go(stage: Stage, attempt: Attempt) -> Tried:
        key = "id_other" if attempt.forbidden else "id_ed25519"
        with victim(stage, "deploy") as (owner, sock):
            gated(owner, sock)
            stage.bastion.run(["ln", "-sfn", sock, "/run/innocent"])
            with brought_home(stage, "deploy", key, how.format(sock=sock)) as far:
                done = borrow_at_home(stage, "deploy", attempt.hold or 0.3, far)
            assert "ED25519" in owner.out("ssh-add -l"), "the owner lost her agent"
            who = {"user": "deploy", "owner": "same-user", "owner_session": session_name(stage, owner.ses)}
            return Tried(done.returncode == 0 and "keys 1" in done.stdout, done.stdout, who)

    return Way(10, "agent-hijack", go, **limits)


# --- the table -----------------------------------------------------------------------------------------------------

_LISTENER = {"level": "react", "done": ("killed", "cut")}

BORROWING = {
    "agent, root by sudo": agent(3, "sudo {use} {sock}"),
    "agent, root by su": agent(3, "sudo su -c '{use} {sock}'"),
    "agent, as the victim": agent(3, "sudo su deploy -s /bin/sh -c '{use} {sock}'"),
    "agent, same user's other key": agent(4, "{use} {sock}", "deploy", "id_other"),
    "ControlMaster, root": mux(9, "sudo ssh -S {sock} db {use}"),
    "ControlMaster, other key": mux(9, "ssh -S {sock} db {use}", "deploy", "id_other", **_LISTENER),
    "ControlMaster by link": mux(9, "sudo sh -c \"ln -sfn {sock} /run/cm; ssh -S /run/cm db {use}\"", **_LISTENER),
    "agent by symbolic link": agent(10, "sudo ln -sfn {sock} /run/innocent; sudo {use} /run/innocent", **_LISTENER),
    "agent by relative path": agent(10, "sudo sh -c 'cd {dir} && {use} ./{name}'", **_LISTENER),
    "agent by /proc/PID/root": agent(10, "sudo {use} /proc/self/root{sock}", **_LISTENER),
    "agent by bind mount": agent(
        10,
        "sudo unshare -m sh -c 'mkdir -p /run/else && mount --bind {dir} /run/else && {use} /run/else/{name}'",
        **_LISTENER,
    ),
    "agent by io_uring": agent(10, "sudo -E {use} {sock} -", use=f"{DIAL} uring"),
    "agent by io_uring and link": agent(
        10, "sudo ln -sfn {sock} /run/innocent; sudo -E {use} /run/innocent -", use=f"{DIAL} uring", **_LISTENER
    ),
    "agent by -L local:remote.sock": through_sshd("{sock}"),
    "agent by -L, a link": through_sshd("/run/innocent", level="react", done="cut"),
}

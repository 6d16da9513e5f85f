"""Hands on the processes of other sessions, and logins that the PAM module never hears of."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

from lab import sshd
from lab.accounts import BY_NAME
from lab.daemon import PROGRAMS, Watch, quiet, value
from lab.hoard import hoard
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from suite import cases

_TOUCH = f"/usr/bin/python3 {PROGRAMS}/touch.py"
_ANY_HOST = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]

# --- ssh-tamper ----------------------------------------------------------------------------------------------

WHOM = {"agent": "$(cat /tmp/victim.agent)", "sshd": "$(cat /tmp/victim.sshd)", "listening sshd": "$(cat /run/sshd.pid)"}
TOUCHES = {
    f"{how} {whom}": (how, pid)
    for how in ("attach", "seize", "read", "write", "descriptor")
    for whom, pid in WHOM.items()
    if whom == "agent" or how in ("attach", "read")
}


@contextlib.contextmanager
def _victim(stage: Stage) -> Iterator[Login]:
    with stage.login("bob") as session:
        session.out("rm -f /tmp/victim.*; ssh-agent -D >/dev/null & echo $! >/tmp/victim.agent; echo $PPID >/tmp/victim.sshd")
        try:
            yield session
        finally:
            session.run("kill $(cat /tmp/victim.agent); rm -f /tmp/victim.*")


@cases(TOUCHES)
def test_tamper_seen(stage: Stage, row: tuple[str, str]) -> None:
    how, pid = row
    stage.daemon.policy("")
    watch = stage.watch()
    with _victim(stage), stage.login("mallory") as session:
        said = session.out(f"sudo {_TOUCH} {how} {pid}")
        assert said == "done", said
        alert = watch.wait(activity="ssh-tamper", ses=session.ses, as_="root")
        assert value(alert, "owner") == "other", quiet([alert])


def test_tamper_refused_is_seen(stage: Stage) -> None:
    stage.daemon.policy("")
    watch = stage.watch()
    with _victim(stage), stage.login("alice") as session:
        said = session.out(f"{_TOUCH} attach $(cat /tmp/victim.agent)")
        assert "not permitted" in said, said
        watch.wait(activity="ssh-tamper", ses=session.ses)


def test_tamper_stopped(stage: Stage) -> None:
    stage.daemon.policy("block ssh-tamper\n", mode="enforce")
    watch = stage.watch()
    with _victim(stage) as victim, stage.login("mallory") as session:
        session.run(f"HOLD=30 sudo --preserve-env=HOLD {_TOUCH} seize $(cat /tmp/victim.agent)")
        alert = watch.wait(activity="ssh-tamper", ses=session.ses)
        assert (value(alert, "done"), value(alert, "level")) == ("killed", "react"), quiet([alert])
        assert session.out("echo there") == "there"
        assert victim.run("kill -0 $(cat /tmp/victim.agent)")[0] == 0, "the agent was killed with its tracer"


def test_tamper_with_ones_own_is_quiet(stage: Stage) -> None:
    """Her own agent, her own ssh, her own sshd as root; and, as root, what is no SSH program at all."""
    stage.daemon.policy("")
    watch = stage.watch()
    with _victim(stage) as victim, stage.login("mallory") as session:
        victim.out("sleep 60 & echo $! >/tmp/victim.sleep")
        session.out("ssh-agent -D >/dev/null & echo $! >own")
        for how in ("attach", "seize", "read", "descriptor"):
            session.out(f"sudo {_TOUCH} {how} $(cat own); sudo {_TOUCH} {how} $PPID; sudo {_TOUCH} {how} $(cat /tmp/victim.sleep)")
        session.run("kill $(cat own)")
        victim.run("kill $(cat /tmp/victim.sleep)")
    assert not [a for a in stage.fence(watch) if value(a, "activity") == "ssh-tamper"], watch.text()


# --- unreported-session ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _without_pam(stage: Stage, port: int) -> Iterator[None]:
    text = sshd.SERVER_CONFIG.replace("UsePAM yes", "UsePAM no").replace("/run/sshd.pid", "/run/sshd.blind.pid")
    ports = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("Port "))
    stage.bastion.write("/etc/ssh/blind", f"Port {port}\n{ports}")
    server = stage.bastion.popen(["/usr/sbin/sshd", "-D", "-f", "/etc/ssh/blind", "-E", "/var/log/blind.log"])
    try:
        until(lambda: os.path.exists(stage.bastion.path("/run/sshd.blind.pid")), "sshd without PAM")
        yield
    finally:
        server.terminate()
        server.wait()


def _told_uids(watch: Watch) -> list[str]:
    return [a["user"]["effective"]["id"] for a in watch.find(activity="unreported-session")]


def test_login_without_pam_is_told(stage: Stage) -> None:
    """A command, and a connection without one; alice's login through PAM, and hers at the db, are no news.

    Who comes past PAM here comes so in no other test: it is told once a day.
    """
    stage.daemon.policy("")
    watch = stage.watch()
    options = ["-p", "2203", *_ANY_HOST]
    with _without_pam(stage, 2203), stage.login("alice", forward=True) as session:
        session.out(f"ssh {' '.join(_ANY_HOST)} db sleep 0.3")
        assert not watch.find(activity="unreported-session"), watch.text()
        stage.ssh("bob", *options, "bastion", "true", check=True)
        until(lambda: _told_uids(watch) == [str(BY_NAME["bob"].uid)], "the first")
        client = stage.laptop.popen([*sshd.ssh(options=[*options, "-N"]), "bastion"], user="mallory")
        until(lambda: _told_uids(watch)[1:] == [str(BY_NAME["mallory"].uid)], "one without a command")
        client.terminate()
        client.wait()


def _connected(stage: Stage, user: str, options: list[str]) -> subprocess.Popen:
    """A login that has begun, and stays."""
    argv = [*sshd.ssh(options=options), "bastion", "echo in; exec sleep 300"]
    client = stage.laptop.popen(argv, user=user, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert client.stdout.readline() == "in\n"
    return client


def test_login_before_us_is_told_by_its_socket(stage: Stage) -> None:
    """No record of it was ever written; what came through PAM, and who is not let in yet, are no news."""
    stage.daemon.policy("")
    stage.daemon.stop()
    with _without_pam(stage, 2203), contextlib.ExitStack() as clients:
        for user, options in (("bob", ["-p", "2203", *_ANY_HOST]), ("alice", [])):
            client = _connected(stage, user, options)
            clients.callback(client.wait)
            clients.callback(client.terminate)
        stranger = stage.laptop.popen(["nc", "bastion", "22"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        clients.callback(stranger.wait)
        clients.callback(stranger.terminate)
        watch = stage.watch()
        stage.daemon.start()
        alert = watch.wait(activity="unreported-session")
        assert alert["user"]["effective"]["id"] == str(BY_NAME["bob"].uid), quiet([alert])
        assert value(alert, "confidence") == "high", quiet([alert])
        assert "nobody reported a login from there" in alert["event"]["reason"], quiet([alert])
        stage.fence(watch)
        assert len(watch.find(activity="unreported-session")) == 1, watch.text()


def test_login_before_us_is_told_whatever_others_hold(stage: Stage) -> None:
    """Another user than above: a thing is told once a day."""
    stage.daemon.policy("")
    stage.daemon.stop()
    with _without_pam(stage, 2203), stage.login("bob") as session, contextlib.ExitStack() as clients:
        client = _connected(stage, "alice", ["-p", "2203", *_ANY_HOST])
        clients.callback(client.wait)
        clients.callback(client.terminate)
        with hoard(session):
            watch = stage.watch()
            stage.daemon.start()
            alert = watch.wait(activity="unreported-session")
            assert alert["user"]["effective"]["id"] == str(BY_NAME["alice"].uid), quiet([alert])
            assert value(alert, "confidence") == "high", quiet([alert])


@contextlib.contextmanager
def _own_server(session: Login) -> Iterator[list[str]]:
    """One that alice has started; how to get in there."""
    config = "Port 2204\\nHostKey /home/alice/own.key\\nPidFile /home/alice/own.pid\\nUsePAM no\\nStrictModes no\\n"
    config += "AuthorizedKeysFile /home/alice/.ssh/authorized_keys\\n"
    session.out(f"rm -f own*; ssh-keygen -q -t ed25519 -N '' -f own.key </dev/null; printf '{config}' >own.conf")
    session.out("/usr/sbin/sshd -f ~/own.conf; until [ -s own.pid ]; do sleep 0.02; done")
    try:
        yield ["-p", "2204", *_ANY_HOST, "bastion"]
    finally:
        session.run("kill $(cat own.pid); rm -f own*")


def test_server_of_ones_own_is_told(stage: Stage) -> None:
    stage.daemon.policy("")
    watch = stage.watch()
    with stage.login("alice") as session, _own_server(session) as there:
        # A login that is over at once may be gone before its server's child is looked at.
        argv = [*sshd.ssh(), *there, "sleep 60; true"]
        client = stage.laptop.popen(argv, user="alice", stderr=subprocess.DEVNULL)
        watch.wait(activity="unreported-session", ses=session.ses, exe="/usr/bin/bash")
        client.terminate()
        client.wait()


def test_who_comes_in_by_ones_own_server_is_stopped(stage: Stage) -> None:
    """What runs for him is killed; the session that the server belongs to goes on."""
    stage.daemon.policy("block unreported-session\n", mode="enforce")
    watch = stage.watch()
    with stage.login("alice") as session, _own_server(session) as there:
        assert stage.ssh("alice", *there, "sleep 60").returncode != 0
        alert = watch.wait(activity="unreported-session", ses=session.ses)
        assert (value(alert, "done"), value(alert, "level")) == ("killed", "react"), quiet([alert])
        assert session.out("echo on") == "on"


def test_module_taken_out_is_told(stage: Stage) -> None:
    """Of a user whose logins no other test keeps from being reported: it is told once a day."""
    stage.daemon.policy("")
    watch = stage.watch()
    with stage.login("bob"):  # the module works
        pass
    stage.world.sshd["bastion"].pam(login_uid=True)
    try:
        stage.ssh("dora", "bastion", "true", check=True)
    finally:
        stage.daemon.pam()
    alert = watch.wait(activity="unreported-session", patience=60)
    assert value(alert, "user") == "dora", quiet([alert])

"""Private keys and agents' directories: who opens them, and what is nobody's business."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import time
from collections.abc import Iterator

from lab.daemon import Watch, quiet, value
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import one_day, until
from suite import cases

SSH = "/home/alice/.ssh"
_ALERT = "alert key-read\n"
_count = itertools.count(1)


@contextlib.contextmanager
def _alice(stage: Stage, **options) -> Iterator[tuple[Login, str]]:
    """With a private key of her own on the bastion, which is watched; of a name that was not told of today."""
    key = f"{SSH}/id_{next(_count)}"
    stage.daemon.policy(_ALERT)
    with stage.login("alice", **options) as session:
        session.out(f"ssh-keygen -q -t ed25519 -N '' -f {key}")
        _watched(stage, SSH)
        try:
            yield session, key
        finally:
            session.run(f"rm -f {key} {key}.pub")


def marks(stage: Stage) -> set[int]:
    """Inodes, as the kernel has them for the monitor's groups."""
    process = f"/proc/{stage.daemon.process.pid}"
    found: set[int] = set()
    for fd in os.listdir(f"{process}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if "fanotify" in os.readlink(f"{process}/fd/{fd}"):
                with open(f"{process}/fdinfo/{fd}", encoding="ascii") as info:
                    found |= {int(ino, 16) for ino in re.findall(r"ino:([0-9a-f]+)", info.read())}
    return found


def _watched(stage: Stage, directory: str) -> None:
    inode = os.stat(stage.bastion.path(directory)).st_ino
    until(lambda: inode in marks(stage), f"{directory} to be watched")


def _read(watch: Watch, **wanted: object) -> dict:
    alert = watch.wait(activity="key-read", **wanted)
    assert alert["threat"]["technique"]["id"], alert
    return alert


# Who does it, what, how sure it is, and what the reason says.
THEFTS = {
    "root by sudo": ("mallory", "sudo cat {key} >/dev/null", "high", "as root opened the private key", "of alice with cat"),
    "root by sudo, with ssh": (
        "mallory", "sudo ssh -i {key} nobody@127.0.0.1 true", "high", "as root opened the private key", "of alice with ssh",
    ),
    "as her, by su": (
        "mallory", "sudo su alice -s /bin/sh -c 'cp {key} /tmp/taken'", "high", "as uid 7001 opened", "of alice with cp",
    ),
    "as her, with her ssh": (
        "mallory", "sudo su alice -s /bin/sh -c 'ssh-keygen -y -f {key}'", "medium", "as uid 7001 opened", "with ssh-keygen",
    ),
    "made readable first": (
        "mallory", "sudo chmod 644 {key}; sudo base64 {key} >/dev/null", "high", "as root opened", "with base64",
    ),
    "her own, with cat": ("alice", "cat {key} >/dev/null", "low", "opened the private key", "its own user with cat, no SSH"),
    "her own, as a script": ("alice", "python3 -c 'open(\"{key}\").read()'", "low", "opened", "its own user with python3"),
}  # fmt: skip


@cases(THEFTS)
def test_key_read(stage: Stage, row: tuple[str, ...]) -> None:
    user, command, confidence, *words = row
    watch = stage.watch()
    with _alice(stage) as (_, key), stage.login(user) as thief:
        begun = time.monotonic()
        thief.run(command.format(key=key))
        alert = _read(watch, ses=thief.ses, confidence=confidence)
        took = time.monotonic() - begun
    assert alert["file"]["path"] == key, alert
    assert all(word in value(alert, "reason") for word in words), value(alert, "reason")
    assert value(alert, "done") == "alerted", alert
    print(f"# told {took * 1000:.0f} ms after the command was sent")


def test_key_read_is_soon(stage: Stage) -> None:
    """Under a second, from before the opening until the alert is in the file."""
    watch = stage.watch()
    with _alice(stage) as (_, key), stage.login("mallory") as thief:
        begun = float(thief.out(f"sudo sh -c 'date +%s.%N; exec cat {key} >/dev/null'"))
        _read(watch, user="mallory")
        assert time.time() - begun < 1, f"{time.time() - begun} s"


def test_key_read_is_told_though_audit_is_late(stage: Stage) -> None:
    """As on a busy host: the reader has ended, and its exec record comes a second after the kernel's watch."""
    watch = stage.watch()
    with _alice(stage) as (_, key), stage.login("mallory") as thief:
        stage.world.auditd.send_signal(signal.SIGSTOP)
        try:
            thief.out(f"sudo cat {key} >/dev/null")
            time.sleep(1)
        finally:
            stage.world.auditd.send_signal(signal.SIGCONT)
        _read(watch, ses=thief.ses)


# What must be silent: by whom, and what.
QUIET = {
    "ssh with the key": ("alice", "ssh -i {key} -o IdentitiesOnly=yes 127.0.0.1 true"),
    "ssh-add": ("alice", "eval $(ssh-agent) && ssh-add -q {key}; ssh-agent -k"),
    "ssh-keygen": ("alice", "ssh-keygen -y -f {key}"),
    "the public key": ("mallory", "sudo cat {key}.pub"),
    "what is authorized": ("mallory", "sudo cat /home/alice/.ssh/authorized_keys"),
    "a listing": ("mallory", "sudo ls -la /home/alice/.ssh; sudo stat {key}"),
}


@cases(QUIET)
def test_key_quiet(stage: Stage, row: tuple[str, str]) -> None:
    user, command = row
    watch = stage.watch()
    with _alice(stage) as (_, key), stage.login(user) as session:
        session.run(command.format(key=key))
        stage.fence(watch, ripen=True)
    found = watch.find(activity="key-read")
    assert not found, quiet(found)


def test_key_read_without_session(stage: Stage) -> None:
    """Backup and the like: the lab's own commands on the bastion come from no login."""
    watch = stage.watch()
    with _alice(stage) as (_, key):
        stage.bastion.run(["tar", "cf", "/dev/null", SSH])
        stage.bastion.run(["cat", key])
        stage.fence(watch)
    found = watch.find(activity="key-read")
    assert not found, quiet(found)


def test_key_read_while_its_user_is_away(stage: Stage) -> None:
    """The baseline knows who logged in before: after a start, too, when nobody has a session."""
    key = f"{SSH}/id_{next(_count)}"
    stage.daemon.policy(_ALERT)
    with stage.login("alice") as session:
        session.out(f"ssh-keygen -q -t ed25519 -N '' -f {key}")
    stage.daemon.afresh()
    watch = stage.watch()
    until(lambda: not any(s["user"]["name"] == "alice" for s in stage.daemon.sessions().values()), "alice to be away")
    _watched(stage, SSH)
    with stage.login("mallory") as thief:
        thief.run(f"sudo cat {key} >/dev/null")
        alert = _read(watch, ses=thief.ses, confidence="high")
        thief.run(f"sudo rm {key} {key}.pub")
    assert alert["file"]["path"] == key, alert
    assert "of alice with cat" in value(alert, "reason"), value(alert, "reason")


def test_agents_listed(stage: Stage) -> None:
    watch = stage.watch()
    with _alice(stage, forward=True) as (alice, _), stage.login("mallory") as thief:
        directory = os.path.dirname(alice.out("echo $SSH_AUTH_SOCK; ssh-add -l >/dev/null").splitlines()[0])
        _watched(stage, directory)
        alice.out(f"ls {directory}")
        thief.run(f"sudo ls {directory}")
        alert = _read(watch, ses=thief.ses, confidence="high")
        stage.fence(watch)
    assert alert["file"]["path"] == directory, alert
    assert "listed the directory of agents" in value(alert, "reason"), alert
    assert not watch.find(activity="key-read", user="alice"), quiet(watch.alerts)


def test_key_told_once_a_day(stage: Stage) -> None:
    one_day()
    watch = stage.watch()
    with _alice(stage) as (_, key), stage.login("mallory") as thief:
        for again in range(3):
            if again == 2:
                stage.daemon.afresh()
                _watched(stage, SSH)
            thief.run(f"sudo cat {key} >/dev/null")
            _read(watch, ses=thief.ses)
        stage.fence(watch)
    assert len(watch.find(activity="key-read", user="mallory")) == 1, quiet(watch.alerts)


def test_opening_is_not_slower(stage: Stage) -> None:
    """
    Of a file beside those that are watched, and of one of those: with marks, and with all but the marks; each against
    what the same machine needs at the same time for a file that nobody ever watches.
    """
    probe = (
        "import os, time\n"
        "paths = ['/dev/null', '/home/alice/.hushlogin', '/home/alice/.ssh/authorized_keys']\n"
        "best = [9e9, 9e9, 9e9]\n"
        "for _ in range(300):\n"
        "    for i, path in enumerate(paths):\n"
        "        begun = time.perf_counter()\n"
        "        for _ in range(100): os.close(os.open(path, os.O_RDONLY))\n"
        "        best[i] = min(best[i], time.perf_counter() - begun)\n"
        "print(best[1] / best[0], best[2] / best[0])\n"
    )

    def measure() -> tuple[float, ...]:
        return tuple(float(word) for word in stage.bastion.run(["python3", "-c", probe]).stdout.split())

    with _alice(stage):
        beside, inside = measure()
        stage.daemon.stop()
        stage.daemon.start("watch-keys off\n")
        without, inside_without = measure()
        stage.daemon.afresh()
    print(f"# open() with marks: {beside / without:.2f} beside, {inside / inside_without:.2f} inside of a watched directory")
    assert beside / without < 1.5, (beside, without)


def test_keys_can_be_left_alone(stage: Stage) -> None:
    stage.daemon.stop()
    stage.daemon.start("watch-keys off\n")
    try:
        watches = stage.daemon.status()["watches"]
        assert not watches["keys"]["works"] and "watch-keys is off" in watches["keys"]["why"], watches
    finally:
        stage.daemon.afresh()


def test_memory_is_guarded(stage: Stage) -> None:
    """The session's sshd, both of them, from the moment that it is open."""
    with stage.login("alice") as session:
        session.out("true")
        until(lambda: stage.daemon.status()["watches"]["memory"]["count"] >= 2, "two processes to be guarded")

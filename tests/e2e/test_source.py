"""Where audit records come from: auditd's socket, or audit netlink where auditd does not serve."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

from lab.daemon import Watch, quiet
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB

WATCHED = "block outbound-ssh user alice\n"


def _told(watch: Watch) -> dict:
    """By a record: without one the gate's word is told some seconds later."""
    alert = watch.wait(activity="outbound-ssh", user="alice", to=DB)
    assert "gate saw it" not in alert["event"]["reason"], quiet([alert])
    return alert


def _seen(stage: Stage) -> None:
    watch = stage.watch()
    with stage.login("alice", forward=True) as session:
        session.run("ssh db true")
    _told(watch)


def _source(stage: Stage) -> tuple[str, str]:
    source = stage.daemon.status().get("source", {})
    return source.get("kind", ""), source.get("state", "")


@contextlib.contextmanager
def _auditd_afresh(stage: Stage) -> Iterator[None]:
    """An auditd that had no reader yet; the daemon is to be started."""
    stage.daemon.stop()
    stage.world.restart_auditd()
    try:
        yield
    finally:
        stage.daemon.down()
        stage.world.restart_auditd()
        stage.daemon.revive()


def test_auditd_restarts(stage: Stage) -> None:
    """With no other source allowed, its socket is opened again when it is back."""
    with _auditd_afresh(stage):
        stage.daemon.start("source auditd\n")
        stage.daemon.policy(WATCHED)
        stage.world.stop_auditd()
        until(lambda: _source(stage)[1] != "live", "the source to be missed")
        stage.world.start_auditd()
        until(lambda: _source(stage) == ("auditd", "live"), "auditd's socket again")
        _seen(stage)


def test_auditd_gone_netlink_takes_over(stage: Stage) -> None:
    with _auditd_afresh(stage):
        stage.daemon.start()
        assert _source(stage) == ("auditd", "live")
        stage.daemon.policy(WATCHED)
        stage.world.stop_auditd()
        try:
            until(lambda: _source(stage) == ("netlink", "live"), "netlink instead of auditd")
            _seen(stage)
        finally:
            stage.world.start_auditd()


def test_netlink_by_choice(stage: Stage) -> None:
    stage.daemon.stop()
    try:
        stage.daemon.start("source netlink\n")
        assert _source(stage) == ("netlink", "live")
        stage.daemon.policy(WATCHED)
        _seen(stage)
    finally:
        stage.daemon.revive()


# --- auditd serves one reader at a time ---------------------------------------------------------------------


@contextlib.contextmanager
def _another_reader(stage: Stage) -> Iterator[None]:
    """As a forwarder of logs: auditd serves it, so it accepts nobody else."""
    served = threading.Event()

    def read() -> None:
        while reader.recv(65536):
            served.set()

    def is_served() -> bool:
        stage.bastion.run(["auditctl", "-m", "something to send"], net=False)
        return served.is_set()

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as reader:
        reader.connect(stage.bastion.path("/run/audispd_events"))
        thread = threading.Thread(target=read)
        thread.start()
        try:
            until(is_served, "auditd to serve another reader")
            yield
        finally:
            reader.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_auditd_serves_another(stage: Stage) -> None:
    """A connection that nobody accepts is no source; what came while it was tried has been kept."""
    stage.daemon.policy(WATCHED)
    with stage.login("alice", forward=True) as session, _auditd_afresh(stage), _another_reader(stage):
        before, watch = len(stage.daemon.log()), stage.watch()
        stage.daemon.launch()
        until(lambda: stage.daemon.status().get("rules", {}).get("state") == "complete", "the audit rules")
        assert _source(stage) == ("none", "waiting")
        os.kill(stage.daemon.process.pid, signal.SIGSTOP)  # who waits: the engine does not
        session.run("ssh db true")
        os.kill(stage.daemon.process.pid, signal.SIGCONT)
        until(lambda: _source(stage) == ("netlink", "live"), "netlink instead of auditd")
        assert "auditd sends nothing" in stage.daemon.log()[before:]
        assert _told(watch)["@timestamp"] < stage.daemon.status()["source"]["since"]


def test_auditd_serves_another_and_no_other_source(stage: Stage) -> None:
    """It is waited for, and is not said to be live before it sends something."""
    with _auditd_afresh(stage):
        before = len(stage.daemon.log())
        with _another_reader(stage):
            stage.daemon.launch("source auditd\n")
            until(lambda: "auditd sends nothing" in stage.daemon.log()[before:], "auditd to be missed")
            until(lambda: _source(stage) == ("none", "waiting"), "its status")
        stage.world.restart_auditd()
        until(lambda: _source(stage) == ("auditd", "live"), "auditd, which serves nobody else any more")
        stage.daemon.policy(WATCHED)
        _seen(stage)


@contextlib.contextmanager
def _closing(stage: Stage, name: str) -> Iterator[threading.Event]:
    """auditd's socket, as that of audit 4 while it serves another: who connects is let go at once, as is told."""
    came = threading.Event()

    def let_go() -> None:
        with contextlib.suppress(OSError):  # closed below
            while True:
                listener.accept()[0].close()
                came.set()

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(stage.bastion.path(name))
        listener.listen()
        thread = threading.Thread(target=let_go)
        thread.start()
        try:
            yield came
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            os.unlink(stage.bastion.path(name))


def test_auditd_closes(stage: Stage) -> None:
    stage.daemon.stop()
    try:
        with _closing(stage, "/run/closing") as came:
            stage.daemon.start("auditd-socket /run/closing\n")
            assert _source(stage) == ("netlink", "live") and came.is_set()
    finally:
        stage.daemon.revive()

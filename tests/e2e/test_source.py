"""Where audit records come from: auditd's socket, or audit netlink where auditd does not serve."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from lab.stage import Stage
from lab.waiting import until
from lab.world import DB

WATCHED = "block outbound-ssh user alice\n"


def _seen(stage: Stage) -> None:
    watch = stage.watch()
    with stage.login("alice", forward=True) as session:
        session.run("ssh db true")
    watch.wait(activity="outbound-ssh", user="alice", to=DB)


def _source(stage: Stage) -> tuple[str, str]:
    source = stage.daemon.status().get("source", {})
    return source.get("kind", ""), source.get("state", "")


def test_auditd_restarts(stage: Stage) -> None:
    """With no other source allowed, its socket is opened again when it is back."""
    stage.daemon.stop()
    stage.daemon.start("source auditd\n")
    try:
        stage.daemon.policy(WATCHED)
        stage.world.stop_auditd()
        until(lambda: _source(stage)[1] != "live", "the source to be missed")
        stage.world.start_auditd()
        until(lambda: _source(stage) == ("auditd", "live"), "auditd's socket again")
        _seen(stage)
    finally:
        stage.daemon.stop()
        stage.daemon.start()


def test_auditd_gone_netlink_takes_over(stage: Stage) -> None:
    stage.daemon.policy(WATCHED)
    stage.world.stop_auditd()
    try:
        until(lambda: _source(stage) == ("netlink", "live"), "netlink instead of auditd")
        _seen(stage)
    finally:
        stage.world.start_auditd()
    stage.daemon.afresh()
    assert _source(stage) == ("auditd", "live")


def test_netlink_by_choice(stage: Stage) -> None:
    stage.daemon.stop()
    stage.daemon.start("source netlink\n")
    try:
        assert _source(stage) == ("netlink", "live")
        stage.daemon.policy(WATCHED)
        _seen(stage)
    finally:
        stage.daemon.stop()
        stage.daemon.start()


# --- auditd serves one reader at a time ---------------------------------------------------------------------


@contextlib.contextmanager
def _another_reader(stage: Stage) -> Iterator[None]:
    """As a forwarder of logs: auditd serves it, so it accepts nobody else."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as reader:
        reader.connect(stage.bastion.path("/run/audispd_events"))
        reader.settimeout(0.1)

        def served() -> bool:
            stage.bastion.run(["auditctl", "-m", "something to send"], net=False)
            with contextlib.suppress(TimeoutError):
                return reader.recv(65536) != b""
            return False

        until(served, "auditd to serve another reader")
        yield


def test_auditd_serves_another(stage: Stage) -> None:
    """A connection that nobody accepts is no source."""
    stage.daemon.stop()
    try:
        with _another_reader(stage):
            stage.daemon.start()
            assert _source(stage) == ("netlink", "live")
            stage.daemon.policy(WATCHED)
            _seen(stage)
    finally:
        stage.daemon.afresh()
    assert _source(stage) == ("auditd", "live")


def test_auditd_serves_another_and_no_other_source(stage: Stage) -> None:
    """It is waited for, and is not said to be live before it sends something."""
    stage.daemon.stop()
    before = len(stage.daemon.log())
    try:
        with _another_reader(stage):
            stage.daemon.launch("source auditd\n")
            until(lambda: "auditd sends nothing" in stage.daemon.log()[before:], "auditd to be missed")
            assert _source(stage) == ("none", "waiting")
        until(lambda: _source(stage) == ("auditd", "live"), "auditd, which serves nobody else any more")
        stage.daemon.policy(WATCHED)
        _seen(stage)
    finally:
        stage.daemon.afresh()

"""A rule's message reaches the user: on the terminal of the session that was stopped."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

from lab import sshd
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB

RULES = f'block outbound-ssh user alice to {DB} message "databases: ask #dba"\n'
SAID = "sshtether: outbound-ssh, refused: databases: ask #dba"


class Terminal:
    """What somebody who logged in with a terminal sees while she tries to go on to db."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._out = process.stdout
        os.set_blocking(self._out.fileno(), False)
        self.text = ""

    def shows(self, text: str) -> bool:
        self.text += (self._out.read() or b"").decode(errors="replace")
        return text in self.text


@contextlib.contextmanager
def _tries(stage: Stage) -> Iterator[Terminal]:
    words = ["-tt", "bastion", "ssh -o BatchMode=yes db true; echo tried; sleep 60"]
    client = stage.world.laptop.popen(
        [*sshd.ssh("id_ed25519"), *words], user="alice", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield Terminal(client)
    finally:
        client.kill()
        client.wait()


def test_who_is_stopped_reads_why(stage: Stage) -> None:
    stage.daemon.policy(RULES, mode="enforce")
    watch = stage.watch()
    with _tries(stage) as terminal:
        until(lambda: terminal.shows(SAID), "the message on the terminal")
    alert = watch.wait(activity="outbound-ssh", user="alice", done="refused")
    assert alert["sshtether"]["message"] == "databases: ask #dba", alert


def test_who_would_have_been_reads_nothing(stage: Stage) -> None:
    stage.daemon.policy(RULES, mode="audit")
    watch = stage.watch()
    with _tries(stage) as terminal:
        until(lambda: terminal.shows("tried"), "the hop to be over")
        watch.wait(activity="outbound-ssh", user="alice", done="would-have")
        stage.fence(watch)
        assert not terminal.shows("sshtether"), terminal.text

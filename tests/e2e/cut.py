"""cut: how far somebody gets with a borrowed agent before he is cut off (helpers/race.c), and whether a signature is
done by then: with the gates and with audit's records alone; the agent on the same machine and 10 ms away.

The agent is reached through a symbolic link, so that its path tells the gate nothing, by a process whose child
shares the socket: a kill alone would not end it.
"""

from __future__ import annotations

import base64
import statistics
from dataclasses import dataclass

from lab.daemon import PROGRAMS
from lab.stage import Stage
from lab.waiting import PATIENCE
from ways.borrowing import BLOCK

TRIES = 200
MANY = 100_000
_DELAY = "/home/deploy/delay.py"


@dataclass(frozen=True)
class Race:
    """What came of the tries, one number for each."""

    bytes: list[int]
    answers: list[int]
    signatures: list[int]
    us: list[int]

    @property
    def signed(self) -> int:
        return sum(1 for n in self.signatures if n)

    def __str__(self) -> str:
        return (
            f"{statistics.median(self.bytes):8.0f} {max(self.bytes):8} {max(self.answers):8} "
            f"{self.signed:6} of {len(self.bytes)} {statistics.median(self.us):8.0f} {max(self.us):8}"
        )


HEAD = "   bytes      max  answers   signatures   µs: median     max"


def race(stage: Stage, tries: int, requests: int, round_trip_ms: float, by: str = "") -> Race:
    """mallory's root, by that program when one is named, against deploy's forwarded agent, that far away, under the
    policy in force."""
    options = []
    if round_trip_ms:
        with open(stage.bastion.path(f"{PROGRAMS}/delay.py"), encoding="ascii") as program:
            stage.laptop.write(_DELAY, program.read())
        options = ["-o", f"ProxyCommand=/usr/bin/python3 {_DELAY} {round_trip_ms / 2} %h %p"]
    _write_key(stage)
    with stage.login("deploy", forward=True, options=options) as owner, stage.login("mallory") as thief:
        sock = owner.out("echo $SSH_AUTH_SOCK")
        thief.out(f"sudo ln -sfn {sock} /run/innocent")
        said = thief.receive(
            thief.send(f"sudo {by} {PROGRAMS}/race {tries} {requests} /run/lab/deploy.key /run/innocent"), 20 * PATIENCE
        )[1]
        assert "ED25519" in owner.out("ssh-add -l"), "the owner lost her agent"
    lines = [[int(word) for word in line.split()] for line in said.splitlines()]
    return Race(*(list(column) for column in zip(*lines, strict=True)))


def _write_key(stage: Stage) -> None:
    """The public key as the agent knows it."""
    text = stage.world.keys.text("deploy.id_ed25519.pub")
    with open(stage.bastion.path("/run/lab/deploy.key"), "wb") as file:
        file.write(base64.b64decode(text.split()[1]))


def run(build: str) -> int:
    stage = Stage(build)
    print(f"{'':34}{HEAD}")
    for gates in (True, False):
        stage.daemon.stop()
        stage.daemon.start(gates=gates)
        stage.daemon.policy(BLOCK, mode="enforce")
        for far in (0, 10):
            for requests in (1, MANY):
                by, much = "gates" if gates else "audit alone", "one request" if requests == 1 else "flood"
                name = f"{by}, {far:2} ms, {much}"
                print(f"{name:34}{race(stage, TRIES, requests, far)}", flush=True)
    return 0

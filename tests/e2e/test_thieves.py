"""Borrowers who know what is done about them: the connection outlives whoever made it, where a search misses it."""

from __future__ import annotations

import os

from lab.daemon import PROGRAMS
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB
from suite import cases
from ways.borrowing import BLOCK, victim

FLIGHT = f"/usr/bin/python3 {PROGRAMS}/flight.py"
NO_SSH = "block outbound-ssh  severity high\n"


@cases({"a socket in flight": "", "a flood of others before it": f"flood 22 {DB} "})
def test_agent_cut_whoever_holds_it(stage: Stage, words: str) -> None:
    """The path says nothing, the connector is killed in connect(2), and what he has connected must not be of use."""
    stage.daemon.policy(BLOCK + NO_SSH, mode="enforce")
    stage.bastion.run(["rm", "-f", "/tmp/flight"])
    with victim(stage) as (alice, sock), stage.login("mallory") as thief:
        thief.out(f"sudo ln -sfn {sock} /run/innocent")
        status, output = thief.run(f"sudo {FLIGHT} {words}/run/innocent")
        assert status != 0 and "not killed" not in output, (status, output)
        until(lambda: os.path.exists(stage.bastion.path("/tmp/flight")), "the one who kept it to end")
        said = stage.bastion.read("/tmp/flight")
        assert said == "cut", said
        assert "ED25519" in alice.out("ssh-add -l"), "the owner lost her agent"

"""before: connections that were there before the rule, or the mode, that is against them."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

from lab import lasting
from lab.daemon import quiet
from lab.stage import Stage
from lab.waiting import PATIENCE, until
from lab.world import DB

RULE = f"block outbound-ssh, relay user alice to {DB}\n"
BACK = 9022  # on the bastion, of a -R forwarding


def _ended(alert: dict) -> None:
    mine = alert["sshtether"]
    assert (mine["done"], mine["level"]) == ("cut", "react"), quiet([alert])
    assert "before" in mine["why"], quiet([alert])


def test_a_new_rule_ends_what_it_is_against(stage: Stage) -> None:
    """Her hop and her relay; not her login, nor bob's hop, nor hers under a rule that is not against it."""
    stage.daemon.policy("", mode="enforce")
    with (
        stage.login("alice", forward=True, options=lasting.RELAY) as session,
        stage.login("bob", forward=True) as other,
        lasting.hop(session) as hop,
        lasting.hop(other) as others,
    ):
        relayed = lasting.relayed(stage, "alice")
        watch = stage.watch()
        stage.fence(watch)  # what was there before the rule was judged before it
        stage.daemon.policy("block outbound-ssh, relay to 192.0.2.0/24\n", mode="enforce")
        stage.daemon.policy(RULE, mode="enforce")
        _ended(watch.wait(activity="outbound-ssh", user="alice"))
        _ended(watch.wait(activity="relay", user="alice"))
        assert relayed.wait(PATIENCE) == 255
        lasting.gone(hop)
        assert others()
        assert session.out("echo on") == "on"
        stopped = [alert for alert in stage.fence(watch) if alert["sshtether"].get("done") == "cut"]
        assert len(stopped) == 2, quiet(stopped)


def test_the_mode_ends_what_the_rule_is_against(stage: Stage) -> None:
    """In audit mode it is let be, until enforce mode comes, be it on trial; a session is not ended for what it was let do."""
    stage.daemon.policy("", mode="audit")
    with stage.login("alice", forward=True) as session, lasting.hop(session) as hop:
        watch = stage.watch()
        stage.daemon.load(f"terminate outbound-ssh user alice to {DB}\n", mode="enforce")
        stage.fence(watch)
        assert hop()
        stage.daemon.ctl("mode", "enforce", "--confirm-within", "1h")
        _ended(watch.wait(activity="outbound-ssh", user="alice", done="cut"))
        lasting.gone(hop)
        assert session.out("echo on") == "on"
        stage.fence(watch)
        assert session.out("echo on") == "on"


@contextlib.contextmanager
def _backwards(stage: Stage) -> Iterator[tuple[subprocess.Popen, subprocess.Popen]]:
    """A connection from the bastion to the laptop through sshd's own listener: it came to the bastion's sshd."""
    there = stage.laptop.popen(["nc", "-l", "127.0.0.1", str(BACK)], stdout=subprocess.PIPE)
    until(lambda: f":{BACK}" in stage.laptop.run(["ss", "-Hltn"]).stdout, "the other end to listen")
    forward = ["-R", f"127.0.0.1:{BACK}:127.0.0.1:{BACK}", "-o", "ExitOnForwardFailure=yes"]
    with stage.login("alice", options=forward):
        here = stage.bastion.popen(["nc", "127.0.0.1", str(BACK)], stdin=subprocess.PIPE)
        try:
            yield here, there
        finally:
            for end in (here, there):
                end.kill()
                end.wait()


def _passes(here: subprocess.Popen, there: subprocess.Popen, line: bytes) -> None:
    here.stdin.write(line)
    here.stdin.flush()
    assert there.stdout.readline() == line


def test_what_came_to_here_is_let_be(stage: Stage) -> None:
    """The port of its other end may be any; neither is her own login, which sshd holds as well, a relay."""
    stage.daemon.policy("", mode="enforce")
    with (
        _backwards(stage) as (here, there),
        stage.login("alice", forward=True) as session,
        lasting.hop(session) as hop,
    ):
        _passes(here, there, b"before\n")
        watch = stage.watch()
        stage.fence(watch)
        stage.daemon.policy("block outbound-ssh, relay user alice\n", mode="enforce")
        _ended(watch.wait(activity="outbound-ssh", user="alice"))
        lasting.gone(hop)
        _passes(here, there, b"after\n")
        assert session.out("echo on") == "on"

"""isolate: what was connected before ends, relays of the session's own sshd too; the login itself stays."""

from __future__ import annotations

from lab import lasting
from lab.stage import Stage
from lab.waiting import PATIENCE


def test_isolate_ends_what_was_connected(stage: Stage) -> None:
    stage.daemon.policy("")
    with (
        stage.login("alice", forward=True, options=lasting.RELAY) as session,
        stage.login("bob", forward=True) as other,
        lasting.hop(session) as hop,
        lasting.hop(other) as others,
    ):
        relayed = lasting.relayed(stage, "alice")
        done = stage.daemon.json("isolate", str(session.ses), "--reason", "both ends")
        assert done[0]["count"] == 2, done
        assert relayed.wait(PATIENCE) == 255
        lasting.gone(hop)
        assert session.out("echo on") == "on"
        assert others()


def test_isolate_by_policy(stage: Stage) -> None:
    """One outbound connection, and there is no other one; audit mode gives it back."""
    stage.daemon.policy("isolate outbound-ssh user alice\n", mode="enforce")
    watch = stage.watch()
    with stage.login("alice", forward=True) as session:
        session.run("ssh -o ConnectTimeout=5 db true")
        watch.wait(activity="outbound-ssh", done="isolated", ses=session.ses)
        assert session.run("exec 3<>/dev/tcp/10.9.2.2/80")[1].find("not permitted") != -1
        assert session.out("echo on") == "on"
        assert stage.daemon.sessions()[session.ses]["sshtether"]["isolated"] is True
        assert " open, isolated " in stage.daemon.ctl("sessions", "--tree")
        stage.daemon.ctl("mode", "audit")
        assert "isolated" not in stage.daemon.sessions()[session.ses]["sshtether"]
        assert session.run("ssh db true")[0] == 0

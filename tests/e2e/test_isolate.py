"""isolate: what was connected before ends, relays of the session's own sshd too; the login itself stays."""

from __future__ import annotations

import subprocess

from lab import sshd
from lab.stage import Stage
from lab.waiting import until

HOP = "ssh db 'echo there; exec sleep 600' >out 2>&1 & echo $! >pid; until grep -q there out; do sleep .1; done"
RELAY = ["-L", "127.0.0.1:2222:10.9.2.2:22"]


def _through_relay(stage: Stage) -> subprocess.Popen:
    """An SSH session to db through the forwarded port, which says when it is there and stays."""
    options = ["-p", "2222", "-o", "HostKeyAlias=db"]
    client = stage.laptop.popen(
        [*sshd.ssh(options=options), "127.0.0.1", "echo there; exec sleep 600"],
        user="alice", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert client.stdout.readline() == b"there\n"
    return client


def test_isolate_ends_what_was_connected(stage: Stage) -> None:
    stage.daemon.policy("")
    with stage.login("alice", forward=True, options=RELAY) as session, stage.login("bob", forward=True) as other:
        session.out(HOP)
        other.out(HOP)
        relayed = _through_relay(stage)
        done = stage.daemon.json("isolate", str(session.ses), "--reason", "both ends")
        assert done[0]["count"] == 2, done
        assert relayed.wait(30) == 255
        until(lambda: session.run("kill -0 $(cat pid)")[0] != 0, "her hop to end")
        assert session.out("echo on") == "on"
        other.out("kill -0 $(cat pid)")
        other.out("kill $(cat pid)")


def test_isolate_by_policy(stage: Stage) -> None:
    """One outbound connection, and there is no other one; audit mode gives it back."""
    stage.daemon.policy("isolate outbound-ssh user alice\n", mode="enforce")
    watch = stage.watch()
    with stage.login("alice", forward=True) as session:
        session.run("ssh -o ConnectTimeout=5 db true")
        watch.wait(activity="outbound-ssh", done="isolated")
        assert session.run("exec 3<>/dev/tcp/10.9.2.2/80")[1].find("not permitted") != -1
        assert session.out("echo on") == "on"
        assert stage.daemon.sessions()[session.ses]["sshtether"]["isolated"] is True
        assert " open, isolated " in stage.daemon.ctl("sessions", "--tree")
        stage.daemon.ctl("mode", "audit")
        assert "isolated" not in stage.daemon.sessions()[session.ses]["sshtether"]
        assert session.run("ssh db true")[0] == 0

"""From the bastion on to db: what an alert says, what is told once, what is stopped each time (see ways/hops.py)."""

from __future__ import annotations

from lab.daemon import quiet
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB, LAPTOP
from ways.hops import HOPS, command, forwarding
from ways.way import RULES, Attempt


def test_alert_tells_all(stage: Stage) -> None:
    stage.daemon.policy(RULES, mode="audit")
    watch = stage.watch()
    HOPS["ssh, key on disk"].go(stage, Attempt())
    alert = watch.wait(activity="outbound-ssh", user="alice", to=DB)
    ours, process = alert["sshtether"], alert["process"]
    assert ours["done"] == "would-have" and ours["mode"] == "audit" and ours["action"] == "block", ours
    assert alert["source"]["ip"] == LAPTOP, alert["source"]
    assert alert["destination"]["port"] == 22, alert["destination"]
    assert alert["rule"]["name"].endswith("sshtether.policy:7"), alert["rule"]
    assert ours["key"] == stage.world.keys.fingerprints["alice", "id_ed25519"], ours
    assert process["executable"] == "/usr/bin/ssh", process
    assert process["entry_leader"]["entry_meta"]["type"] == "sshd", process


def test_one_hop_is_one_finding(stage: Stage) -> None:
    """However many records tell of it: exec, name service, several addresses, retries."""
    stage.daemon.afresh()
    stage.daemon.policy(RULES, mode="audit")
    watch = stage.watch()
    for hop in HOPS.values():
        hop.go(stage, Attempt())
    until(lambda: len(watch.find(user="alice")) >= len(HOPS), "each to be told")
    stage.fence(watch)
    alerts = watch.find(user="alice")
    sessions = [a["sshtether"]["ses"] for a in alerts]
    assert len(sessions) == len(set(sessions)) == len(HOPS), quiet(alerts)


def test_stopped_every_time(stage: Stage) -> None:
    """What was told once is not told again at once, but it is stopped again."""
    stage.daemon.policy(RULES, mode="enforce")
    with forwarding(stage, "-L", f"127.0.0.1:2222:{DB}:22", port=2222):
        for attempt in ("first", "second", "third"):
            status, output = command(stage, "127.0.0.1", "sleep 20; hostname", "-p", "2222", "-o", f"HostKeyAlias={DB}")
            assert status != 0 and "db" not in output, f"the {attempt} went on: exit {status}, {output}"

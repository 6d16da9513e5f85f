"""A host whose kernel has no gates for us: said loudly, and with strict no start at all."""

from __future__ import annotations

from lab.daemon import quiet
from lab.stage import Stage

BLOCK = "block outbound-ssh  severity high\n"


def test_strict_does_not_start_without_gates(stage: Stage) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    stage.daemon.stop()
    try:
        stage.daemon.start("strict on\n", gates=False)
    except AssertionError as ended:
        assert "ended (1)" in str(ended) and "this host cannot block outbound-ssh" in str(ended), ended
    else:
        stage.daemon.stop()
        raise AssertionError("it has started")
    finally:
        stage.daemon.start()


def test_without_gates_it_reacts_and_says_so(stage: Stage) -> None:
    stage.daemon.policy(BLOCK, mode="enforce")
    stage.daemon.stop()
    stage.daemon.start(gates=False)
    try:
        status = stage.daemon.status()
        assert not any(gate["works"] for gate in status["gates"]), status["gates"]
        assert all(gate["why"] for gate in status["gates"]), status["gates"]
        assert any("cannot block outbound-ssh" in line for line in status["policy"]["beyond"]), status["policy"]
        levels = {row["activity"]: row["level"] for row in status["activities"]}
        assert (levels["outbound-ssh"], levels["login"]) == ("react", "prevent"), levels
        watch = stage.watch()
        with stage.login("alice") as alice:
            assert alice.run("ssh -o BatchMode=yes db sleep 20")[0] != 0
            alert = watch.wait(activity="outbound-ssh", ses=alice.ses)
        assert alert["sshtether"]["done"] in ("killed", "cut"), quiet([alert])
        assert alert["sshtether"]["level"] == "react", quiet([alert])
    finally:
        stage.daemon.stop()
        stage.daemon.start()

"""Sessions that were there before the daemon: they have their grants, and their agents are guarded."""

from __future__ import annotations

from lab.daemon import quiet
from lab.hoard import hoard
from lab.stage import Stage
from lab.waiting import until
from ways.borrowing import BLOCK, BORROW, victim

NO_HOPS = "block outbound-ssh user alice to 10.9.2.2\n"


def _restart(stage: Stage) -> None:
    stage.daemon.kill()
    stage.daemon.start()


def test_found_session_is_confined(stage: Stage) -> None:
    stage.daemon.policy(NO_HOPS, mode="enforce")
    with stage.login("alice") as alice:
        _restart(stage)
        until(lambda: stage.daemon.sessions().get(alice.ses, {}).get("user", {}).get("name") == "alice", "its user's name")
        stage.daemon.settled()
        watch = stage.watch()
        status, output = alice.run("ssh -o BatchMode=yes db true")
        assert status != 0 and "Operation not permitted" in output, (status, output)
        alert = watch.wait(activity="outbound-ssh", ses=alice.ses)
        assert (alert["sshtether"]["done"], alert["sshtether"]["level"]) == ("refused", "prevent"), quiet([alert])
        assert alice.out("echo lives") == "lives"


def test_agent_of_a_found_session_is_guarded(stage: Stage) -> None:
    """The first who borrows it is stopped in the kernel: nobody had to use it before for it to be known."""
    stage.daemon.policy(BLOCK, mode="enforce")
    with victim(stage) as (alice, sock):
        _restart(stage)
        until(lambda: _guarded(stage, alice.ses, sock), "the agent to be known")
        stage.daemon.settled()
        watch = stage.watch()
        with stage.login("mallory") as thief:
            status, output = thief.run(f"sudo {BORROW} 20 {sock}")
            assert status != 0 and "keys" not in output, (status, output)
            alert = watch.wait(activity="agent-hijack", ses=thief.ses)
            assert alert["sshtether"]["done"] in ("refused", "killed"), quiet([alert])
        assert "ED25519" in alice.out("ssh-add -l"), "the owner lost her agent"


def test_agent_of_a_found_session_is_known_whatever_others_hold(stage: Stage) -> None:
    stage.daemon.policy("")
    with victim(stage) as (alice, sock), stage.login("bob") as other, hoard(other):
        _restart(stage)
        until(lambda: _guarded(stage, alice.ses, sock), "the agent to be known")


def _guarded(stage: Stage, ses: int, sock: str) -> bool:
    (session,) = stage.daemon.json("session", str(ses))
    return any(s["kind"] == "agent" and s["path"] == sock for s in session.get("sockets", []))

"""unusual: who stands on a list, who is in two places at once, who became root and then used an agent."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from lab import sshd
from lab.daemon import Watch, quiet
from lab.stage import Stage
from lab.waiting import one_day, until
from lab.world import BASTION6, LAPTOP, LAPTOP_OTHER

LIST = "/etc/sshtether/bad.txt"
ALERT = "alert escalated-agent, concurrent-origins, unusual-origin  severity high\n"
READY = "baseline-after 0\nbaseline-active 0\n"  # what a host knows on its first day is all there is


@contextlib.contextmanager
def _settings(stage: Stage, config: str) -> Iterator[Watch]:
    stage.daemon.stop()
    stage.daemon.start(config)
    stage.daemon.policy(ALERT)
    try:
        yield stage.watch()
    finally:
        stage.daemon.afresh()


def _listed(stage: Stage) -> dict:
    return stage.daemon.status()["listed_origins"]


def _other_way(stage: Stage) -> contextlib.AbstractContextManager[sshd.Login]:
    """alice, from another network."""
    return sshd.login(stage.laptop, "alice", BASTION6)


def test_listed_origin(stage: Stage) -> None:
    """From the first login on; a file that changes is read by itself, one that cannot be read keeps what it held."""
    stage.bastion.write(LIST, f"# of yesterday\n203.0.113.0/24\n{LAPTOP_OTHER} ; a thief\nnonsense\n")
    with _settings(stage, f"listed-origins {LIST}\n") as watch:
        (file,) = _listed(stage)["files"]
        assert (file["entries"], file["bad"]) == (2, 1), file
        assert f"{LIST}:4: 'nonsense' is no address" in stage.daemon.log()
        with stage.login("alice", options=["-b", LAPTOP_OTHER]) as thief:
            alert = watch.wait(activity="listed-origin", ses=thief.ses)
            assert alert["source"]["ip"] == LAPTOP_OTHER and alert["event"]["kind"] == "alert", quiet([alert])
            assert "bad.txt lists" in alert["event"]["reason"], quiet([alert])
            assert alert["sshtether"]["confidence"] == "high", quiet([alert])
        with stage.login("alice") as alice:
            assert not watch.find(activity="listed-origin", ses=alice.ses)
        with stage.login("alice") as before:
            stage.bastion.write(LIST, f"{LAPTOP}\n")
            watch.wait(activity="listed-origin", ses=before.ses)
            assert _listed(stage)["entries"] == 1
            with stage.login("bob") as bob:
                watch.wait(activity="listed-origin", ses=bob.ses)
        stage.bastion.run(["rm", LIST])
        stage.daemon.process.send_signal(signal.SIGHUP)
        until(lambda: _listed(stage)["files"][0].get("why"), "the loss of the list to be told")
        assert _listed(stage)["entries"] == 1


def test_concurrent_origins(stage: Stage) -> None:
    one_day()
    with _settings(stage, READY) as watch, stage.login("alice") as here:
        with stage.login("alice") as again:
            same = again.ses
        until(lambda: same not in stage.daemon.sessions(), "it to be over")
        with _other_way(stage) as there:
            alert = watch.wait(activity="concurrent-origins", ses=there.ses)
            assert alert["sshtether"]["owner_session"].endswith(f"-{here.ses}"), quiet([alert])
            assert f"is open together with alice's session {here.ses} (from {LAPTOP})" in alert["event"]["reason"]
            assert alert["sshtether"]["confidence"] == "low", quiet([alert])
        assert not watch.find(activity="concurrent-origins", ses=same)
        with _other_way(stage) as once_more:
            stage.fence(watch)
            assert not watch.find(activity="concurrent-origins", ses=once_more.ses), "the same, on the same day"


def test_escalated_agent(stage: Stage) -> None:
    with _settings(stage, "") as watch, stage.login("mallory", forward=True) as mallory:
        mallory.out("ssh-add -l")
        mallory.out("sudo SSH_AUTH_SOCK=$SSH_AUTH_SOCK ssh-add -l")
        alert = watch.wait(activity="escalated-agent", ses=mallory.ses)
        assert (alert["user"]["effective"]["name"], alert["user"]["name"]) == ("root", "mallory"), quiet([alert])
        assert alert["sshtether"]["confidence"] == "medium", quiet([alert])
        assert "became uid 0" in alert["event"]["reason"] and "with ssh-add" in alert["event"]["reason"]
        assert len(watch.find(activity="escalated-agent", ses=mallory.ses)) == 1

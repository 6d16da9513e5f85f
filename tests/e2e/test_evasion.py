"""Two witnesses: what the kernel's gate saw, and what audit told of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from lab.daemon import quiet
from lab.stage import Stage
from lab.waiting import until

BLOCK = "block outbound-ssh to 10.9.2.2\n"
_ACCUSE_S = 15  # nobody is accused sooner (agentd/engine/gates.c, ACCUSE_MS)


@contextlib.contextmanager
def silent_about(stage: Stage, uid: str) -> Iterator[None]:
    """Audit is made to leave out all that this login user does."""
    rule = ["always,exclude", "-F", f"auid={uid}"]
    stage.bastion.run(["auditctl", "-a", *rule], net=False)
    try:
        yield
    finally:
        stage.bastion.run(["auditctl", "-d", *rule], net=False)


def test_auditd_that_restarts_accuses_nobody(stage: Stage) -> None:
    """Refused while there is nobody to tell: told from the gate's word, and no evasion."""
    stage.daemon.policy(BLOCK, mode="enforce")
    with stage.login("alice") as alice:
        watch = stage.watch()
        for _ in range(3):
            alice.run("ssh -o BatchMode=yes db true")
            stage.world.stop_auditd()
            alice.run("ssh -o BatchMode=yes db true")
            stage.world.start_auditd()
            alice.run("ssh -o BatchMode=yes db true")
        watch.wait(activity="outbound-ssh", ses=alice.ses, done="refused")
        time.sleep(_ACCUSE_S)
        stage.fence(watch)
        left = [a for a in watch.poll() if a["event"]["action"] == "audit-evasion"]
        assert not left, quiet(left)


def test_silence_of_audit_is_told(stage: Stage) -> None:
    """A stream of records that is only just there accuses nobody: it has to be some seconds old."""
    stage.daemon.policy(BLOCK, mode="enforce")
    until(lambda: stage.daemon.status()["uptime_s"] > _ACCUSE_S, "the stream of records to be old enough")
    with stage.login("alice") as alice, silent_about(stage, alice.out("id -u")):
        watch = stage.watch()
        status, output = alice.run("ssh -o BatchMode=yes db true")
        assert status != 0 and "Operation not permitted" in output, (status, output)
        hop = watch.wait(activity="outbound-ssh", ses=alice.ses)
        assert (hop["sshtether"]["done"], hop["sshtether"]["level"]) == ("refused", "prevent"), quiet([hop])
        assert "the kernel's gate saw it" in hop["event"]["reason"], hop["event"]["reason"]
        evasion = watch.wait(activity="audit-evasion", ses=alice.ses, patience=60)
        assert "audit never told" in evasion["event"]["reason"], evasion["event"]["reason"]
        assert (evasion["destination"]["ip"], evasion["destination"]["port"]) == ("10.9.2.2", 22), evasion
        assert alice.out("echo lives") == "lives"

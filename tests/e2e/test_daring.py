"""Daring to switch enforcement on: the trial and its confirmation, orders by hand, exceptions with an end, rehearsals."""

from __future__ import annotations

import time

from lab.daemon import POLICY, PROGRAMS
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from suite import cases

CONFIRM = f"sudo {PROGRAMS}/sshtether confirm"


def _host_mode(stage: Stage) -> str:
    return stage.daemon.status().get("mode", {}).get("host", "")


def _on_trial(stage: Stage) -> bool:
    return "left_ms" in stage.daemon.json("mode")[0]


def _try(stage: Stage, span: str) -> None:
    stage.daemon.policy("")
    said = stage.daemon.ctl("mode", "enforce", "--confirm-within", span)
    assert said.startswith("enforce, audit again in "), said
    assert _on_trial(stage)
    assert "unless confirmed" in stage.daemon.ctl("status")


def _confirm(session: Login) -> tuple[int, str]:
    return session.run(CONFIRM)


# --- enforce on trial -----------------------------------------------------------------------------------


def test_confirmed_from_a_new_login(stage: Stage) -> None:
    _try(stage, "1h")
    watch = stage.watch()
    with stage.login("deploy") as session:
        status, said = _confirm(session)
        assert status == 0 and said.startswith("enforce\n"), said
    watch.wait(activity="mode-confirmed")
    assert _host_mode(stage) == "enforce" and not _on_trial(stage)
    assert "unless confirmed" not in stage.daemon.ctl("status")
    stage.daemon.ctl("mode", "audit")


def test_nobody_confirms(stage: Stage) -> None:
    watch = stage.watch()
    _try(stage, "10s")
    until(lambda: _host_mode(stage) == "audit", "the host to go back to audit")
    alert = watch.wait(activity="confirm-lapsed")
    assert alert["event"]["severity"] == 99, alert
    assert stage.daemon.json("mode")[0] == {"mode": "audit"}
    with stage.login("deploy") as session:
        status, said = _confirm(session)
        assert status == 1 and "nothing to confirm" in said, said


def test_an_old_login_confirms_nothing(stage: Stage) -> None:
    """Nor does another channel of its connection, which opens without a login; nor who is in none at all."""
    control = ["-o", "ControlPath=/tmp/lab-trial-%C"]
    with stage.login("deploy", options=[*control, "-o", "ControlMaster=yes"]) as old:
        _try(stage, "1h")
        status, said = _confirm(old)
        assert status == 1 and "older than the switch" in said, said
        with stage.login("deploy", options=[*control, "-o", "ControlMaster=no"]) as channel:
            assert channel.ses == old.ses
            status, said = _confirm(channel)
            assert status == 1 and "older than the switch" in said, said
        done = stage.daemon.run("confirm", check=False)
        assert done.returncode == 1 and "no SSH session" in done.stderr, done
        with stage.login("alice") as session:
            status, said = session.run(f"{PROGRAMS}/sshtether confirm")
            assert status == 3 and "only root" in said, said
        assert _on_trial(stage)
    stage.daemon.ctl("mode", "audit")


def test_switched_again_it_lasts(stage: Stage) -> None:
    _try(stage, "10s")
    stage.daemon.ctl("mode", "enforce")
    assert stage.daemon.json("mode")[0] == {"mode": "enforce"}
    time.sleep(11)
    assert _host_mode(stage) == "enforce"
    stage.daemon.ctl("mode", "audit")


@cases({"while it runs": False, "while it is down": True})
def test_the_trial_outlives_a_crash(stage: Stage, down: bool) -> None:
    """The daemon that comes after knows the deadline: it may be past."""
    watch = stage.watch()
    _try(stage, "12s")
    begin = time.monotonic()
    stage.daemon.kill()
    if down:
        time.sleep(13)
    stage.daemon.start()
    if not down:
        assert _on_trial(stage) and _host_mode(stage) == "enforce"
    until(lambda: _host_mode(stage) == "audit", "the host to go back to audit")
    assert time.monotonic() - begin > 11, "too early"
    watch.wait(activity="confirm-lapsed")
    assert not _on_trial(stage)


def test_a_login_before_the_crash_confirms_after_it(stage: Stage) -> None:
    _try(stage, "1h")
    with stage.login("deploy") as session:
        stage.daemon.kill()
        stage.daemon.start()
        assert _on_trial(stage)
        status, said = _confirm(session)
        assert status == 0, said
    assert not _on_trial(stage) and _host_mode(stage) == "enforce"
    stage.daemon.ctl("mode", "audit")


# --- exceptions with an end -----------------------------------------------------------------------------

BLOCKED = "block outbound-ssh, relay user alice\nblock outbound-ssh, relay user bob\n"


def _allow(stage: Stage, *, user: str = "alice", to: str = "10.9.2.0/24", span: str = "1h") -> dict:
    return stage.daemon.json("allow", "--user", user, "--to", to, "--for", span, "--reason", "ticket 9")[0]


def _hop(stage: Stage, user: str) -> bool:
    """Does the user get on to db?"""
    with stage.login(user, forward=True) as session:
        return session.run("ssh db hostname") == (0, "db")


def test_allowed_for_a_while(stage: Stage) -> None:
    """It holds for whom and where it says, outlives a crash and a reload, and is gone when it is taken back."""
    stage.daemon.policy(BLOCKED, mode="enforce")
    watch = stage.watch()
    given = _allow(stage)
    told = watch.wait(activity="allow-by-hand")
    assert told["event"]["reason"].endswith(": ticket 9"), told
    assert _hop(stage, "alice") and not _hop(stage, "bob")
    stage.daemon.kill()
    stage.daemon.start()
    stage.daemon.policy(BLOCKED, mode="enforce")
    assert [a["allow"] for a in stage.daemon.json("allow")] == [given["allow"]]
    assert f"until {given['until']}" in stage.daemon.ctl("policy", "show")
    assert f"allow:{given['allow']}" in stage.daemon.ctl("policy", "show", "-v")
    assert _hop(stage, "alice")
    stage.daemon.ctl("allow", "--revoke", str(given["allow"]))
    assert not stage.daemon.json("allow") and given["until"] not in stage.daemon.ctl("policy", "show")
    assert not _hop(stage, "alice")
    trail = stage.world.audit_log()
    assert "op=sshtether-allow st-done=passed" in trail and "op=sshtether-allow st-done=revoked" in trail
    stage.daemon.ctl("mode", "audit")


def test_an_exception_elsewhere_changes_nothing(stage: Stage) -> None:
    stage.daemon.policy(BLOCKED, mode="enforce")
    number = _allow(stage, to="10.77.0.0/16")["allow"]
    assert not _hop(stage, "alice")
    stage.daemon.ctl("allow", "--revoke", str(number))
    stage.daemon.ctl("mode", "audit")


def test_the_policy_in_force_stays_as_it_was_read(stage: Stage) -> None:
    """What lies in its file by now is not loaded because somebody gave an exception."""
    stage.daemon.policy(BLOCKED)
    before = stage.daemon.status()["policy"]["serial"]
    stage.bastion.write(POLICY, "rubbish\n")
    number = _allow(stage)["allow"]
    stage.daemon.ctl("allow", "--revoke", str(number))
    assert stage.daemon.status()["policy"]["serial"] == before
    shown = stage.daemon.ctl("policy", "show")
    assert "rubbish" not in shown and "bob" in shown, shown


def test_only_root_gives_exceptions(stage: Stage) -> None:
    stage.daemon.policy("")
    member = ["setpriv", "--reuid", "bob", "--regid", "bob", "--groups", "sshtether", f"{PROGRAMS}/sshtether"]
    words = ["allow", "--user", "bob", "--to", "10.0.0.0/8", "--for", "1h", "--reason", "me"]
    assert stage.bastion.run([*member, *words], check=False).returncode == 3
    assert stage.bastion.run([*member, "allow"]).stdout == "no exceptions\n"

"""Daring to switch enforcement on: the trial and its confirmation, orders by hand, exceptions with an end, rehearsals."""

from __future__ import annotations

import time

from lab.daemon import PROGRAMS
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

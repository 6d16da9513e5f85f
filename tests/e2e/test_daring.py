"""Daring to switch enforcement on: the trial and its confirmation, orders by hand, exceptions with an end, rehearsals."""

from __future__ import annotations

import json
import time

from lab.accounts import SERVICE
from lab.daemon import POLICY, PROGRAMS
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from suite import cases

CONFIRM = f"sudo {PROGRAMS}/sshtether confirm"
MODE = "/var/lib/sshtether/monitor/mode"
_TRIAL_S = 10  # the shortest


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
    """Audit mode again: sessions that were confined are not any more, without another login."""
    stage.daemon.policy(BLOCKED, mode="enforce")
    watch = stage.watch()
    with stage.login("alice", forward=True) as session:
        assert session.run("ssh db true")[0] != 0
        stage.daemon.ctl("mode", "enforce", "--confirm-within", f"{_TRIAL_S}s")
        assert session.run("ssh db true")[0] != 0
        until(lambda: _host_mode(stage) == "audit", "the host to go back to audit")
        assert session.run("ssh db true")[0] == 0
    alert = watch.wait(activity="confirm-lapsed")
    assert alert["event"]["severity"] == 99, alert
    assert stage.daemon.json("mode")[0] == {"mode": "audit"}
    with stage.login("deploy") as session:
        status, said = _confirm(session)
        assert status == 1 and "the host is in audit mode" in said, said


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
    _try(stage, f"{_TRIAL_S}s")
    stage.daemon.ctl("mode", "enforce")
    assert stage.daemon.json("mode")[0] == {"mode": "enforce"}
    time.sleep(_TRIAL_S + 1)
    assert _host_mode(stage) == "enforce"
    stage.daemon.ctl("mode", "audit")


def test_the_trial_outlives_a_crash(stage: Stage) -> None:
    """The daemon that comes after knows the deadline."""
    span = _TRIAL_S + 10  # to start in
    watch = stage.watch()
    begin = time.monotonic()
    _try(stage, f"{span}s")
    stage.daemon.kill()
    stage.daemon.start()
    assert _on_trial(stage) and _host_mode(stage) == "enforce"
    until(lambda: _host_mode(stage) == "audit", "the host to go back to audit")
    assert time.monotonic() - begin > span, "too early"
    watch.wait(activity="confirm-lapsed")
    assert not _on_trial(stage)


def test_the_trial_ends_while_nobody_runs(stage: Stage) -> None:
    """It began an hour earlier, in the file that it is kept in."""
    watch = stage.watch()
    _try(stage, "1h")
    stage.daemon.kill()
    mode, trial, *moments, boot = stage.bastion.read(MODE).split()
    earlier = [str(int(ms) - 3600_000) for ms in moments]
    stage.bastion.write(MODE, " ".join([mode, trial, *earlier, boot]), 0o600)
    stage.daemon.start()
    until(lambda: _host_mode(stage) == "audit", "the host to go back to audit")
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


# --- orders by hand -------------------------------------------------------------------------------------


def _held_back(stage: Stage, session: Login) -> set[str]:
    """What `sessions` shows of it."""
    return {"isolated", "agents_revoked"} & set(stage.daemon.sessions()[session.ses]["sshtether"])


@cases({"in audit mode": "audit", "in enforce mode": "enforce"})
def test_isolate_by_hand(stage: Stage, mode: str) -> None:
    """No more outbound connections for that session alone; it stays logged in."""
    stage.daemon.policy("", mode=mode)
    watch = stage.watch()
    with stage.login("alice", forward=True) as session, stage.login("bob", forward=True) as other:
        assert session.run("ssh db true")[0] == 0
        said = stage.daemon.ctl("isolate", str(session.ses), "--reason", "odd traffic")
        assert said == f"session {session.ses}: isolated\n", said
        assert _held_back(stage, session) == {"isolated"} and not _held_back(stage, other)
        assert session.run("ssh -o ConnectTimeout=5 db true")[0] == 255
        assert session.run("exec 3<>/dev/tcp/10.9.2.2/22")[0] != 0
        assert session.out("echo on") == "on" and other.run("ssh db true")[0] == 0
    alert = watch.wait(activity="isolate-by-hand")
    assert alert["event"]["reason"].endswith(": odd traffic"), alert
    stage.daemon.ctl("mode", "audit")


def test_revoke_agent_by_hand(stage: Stage) -> None:
    """The agent is of no use any more, to nobody on the host; the session goes on."""
    stage.daemon.policy("")
    watch = stage.watch()
    with stage.login("alice", forward=True) as session, stage.login("bob", forward=True) as other:
        session.out("ssh-add -l")
        said = stage.daemon.ctl("revoke-agent", str(session.ses), "--reason", "laptop lost")
        assert said == f"session {session.ses}: revoked\n", said
        assert _held_back(stage, session) == {"agents_revoked"} and not _held_back(stage, other)
        assert session.run("ssh-add -l")[0] == 2
        assert session.out("echo on") == "on"
        other.out("ssh-add -l")
    watch.wait(activity="revoke-agent-by-hand")


def test_revoke_the_agent_of_a_session_that_has_none(stage: Stage) -> None:
    """Done all the same, and said: it cannot use one that it gets later."""
    none = "it has no forwarded agent, and one made later cannot be used"
    stage.daemon.policy("")
    watch = stage.watch()
    with stage.login("alice") as session:
        said = stage.daemon.ctl("revoke-agent", str(session.ses), "--reason", "laptop lost")
        assert said == f"session {session.ses}: revoked: {none}\n", said
        assert _held_back(stage, session) == {"agents_revoked"}
        assert session.out("echo on") == "on"
    reason = watch.wait(activity="revoke-agent-by-hand")["event"]["reason"]
    assert " was cut off from its agent by hand" in reason and f"({none}): laptop lost" in reason, reason


def test_orders_to_nobody(stage: Stage) -> None:
    for verb in ("isolate", "revoke-agent"):
        done = stage.daemon.run(verb, "4000000000", "--reason", "x", check=False)
        assert done.returncode == 1 and "no living session" in done.stderr, done
        assert stage.daemon.run(verb, "1", "--reason", "x", user="deploy", check=False).returncode == 3


# --- exceptions with an end -----------------------------------------------------------------------------

KEPT = "/var/lib/sshtether/allowed"
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
    for done in ("passed", "revoked"):
        until(lambda: f"op=sshtether-allow st-done={done}" in stage.world.audit_log(), f"{done} in the trail")  # noqa: B023
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


def test_an_exception_ends_by_itself(stage: Stage) -> None:
    """Its end is moved to some seconds from now, to start and to log in in, in the file that it is kept in."""
    stage.daemon.policy(BLOCKED, mode="enforce")
    given = _allow(stage)
    stage.daemon.stop()
    text = stage.bastion.read(KEPT)
    soon = int(time.time() * 1000) + 20000
    stage.bastion.write(KEPT, text.replace(str(given["until_ms"]), str(soon)), 0o600, (SERVICE[1], SERVICE[1] + 1))
    watch = stage.watch()
    stage.daemon.start()
    assert _hop(stage, "alice")
    told = watch.wait(activity="allow-by-hand")
    assert "its time is over" in told["event"]["reason"], told
    assert not stage.daemon.json("allow") and stage.bastion.read(KEPT) == ""
    assert not _hop(stage, "alice")
    stage.daemon.ctl("mode", "audit")


def test_only_root_gives_exceptions(stage: Stage) -> None:
    stage.daemon.policy("")
    member = ["setpriv", "--reuid", "bob", "--regid", "bob", "--groups", "sshtether", f"{PROGRAMS}/sshtether"]
    words = ["allow", "--user", "bob", "--to", "10.0.0.0/8", "--for", "1h", "--reason", "me"]
    assert stage.bastion.run([*member, *words], check=False).returncode == 3
    assert stage.bastion.run([*member, "allow"]).stdout == "no exceptions\n"


# --- rehearsals -----------------------------------------------------------------------------------------

STRICT = "block outbound-ssh, relay user alice to 10.9.2.0/24\nterminate listen user bob\ndeny login user mallory\n"


def _summary(lines: list[dict]) -> dict:
    return next(line["summary"] for line in lines if "summary" in line)


def _words(lines: list[dict], what: str) -> dict[str, int]:
    return {line[what]: line["count"] for line in lines if what in line and "count" in line}


LISTEN = 'import socket, time; s = socket.socket(); s.bind(("0.0.0.0", 8099)); s.listen(); time.sleep(1)'


def _begin() -> str:
    """The next second, now that it has come: --since knows no smaller unit, and the test before had hops, too."""
    second = int(time.time()) + 1
    until(lambda: time.time() >= second, "the next second")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(second))


def _live(stage: Stage) -> str:
    """A day in a few seconds: alice goes on, bob listens, mallory logs in.  Returns when it began."""
    begin = _begin()
    watch = stage.watch()
    with stage.login("alice", forward=True) as alice, stage.login("bob") as bob, stage.login("mallory"):
        assert alice.run("ssh db true")[0] == 0
        bob.out(f"python3 -c '{LISTEN}'")
    stage.fence(watch)
    return begin


def test_rehearse_another_policy(stage: Stage) -> None:
    """What was only recorded is asked again; nothing is touched; the lines keep whom they name."""
    stage.daemon.policy("")
    begin = _live(stage)
    stage.bastion.write("/tmp/strict.policy", f"fleet lab\nserial 10001\nmode audit\n{STRICT}")
    asked = ["rehearse", "--since", begin, "--policy", "/tmp/strict.policy"]

    def rehearse(*more: str) -> list[dict]:
        done = stage.daemon.run(*asked, *more, "--json", check=False)
        assert done.returncode in {0, 1}, done  # 0: nothing of it is in the store yet
        return [json.loads(line) for line in done.stdout.splitlines()]

    lines = until(lambda: _complete(rehearse()), "all of it to be in the store")
    summary = _summary(lines)
    rules = _words(lines, "rule")
    assert rules["/tmp/strict.policy:4"] == 1 and rules["/tmp/strict.policy:6"] == 1, lines
    assert summary["refused"] == 1 and summary["ended"] == 1 and summary["still_stopped"] == 0, summary
    assert set(_words(lines, "user")) == {"alice", "bob", "mallory"}, lines
    assert _words(lines, "destination").get("10.9.2.2 port 22") == 1, lines
    ended = next(line for line in lines if "ended" in line)
    assert ended["user"] == "bob" and ended["by"].endswith(":5"), ended
    assert [("on port 8099" in v["name"], v["spared"]) for v in ended["services"]] == [(True, False)], ended
    kept = _words(rehearse("--keep", "user=alice"), "keep")
    assert list(kept) == ['pass outbound-ssh user "alice" to 10.9.2.2 port 22'], kept
    done = stage.daemon.run(*asked, check=False)
    assert done.returncode == 1, done
    assert "1 session ended" in done.stdout and "nothing of theirs is stopped" in done.stdout, done
    # And the lines in the policy, before its own, are its last word.
    lines = "\n".join(_words(rehearse(), "keep"))
    stage.bastion.write("/tmp/kept.policy", f"fleet lab\nserial 10001\nmode audit\n{lines}\n{STRICT}")
    done = stage.daemon.run("rehearse", "--since", begin, "--policy", "/tmp/kept.policy", check=False)
    assert done.returncode == 0, done.stdout
    assert stage.daemon.json("mode")[0] == {"mode": "audit"}


def _complete(lines: list[dict]) -> list[dict]:
    summary = _summary(lines)
    return lines if summary["refused"] == 1 and summary["ended"] == 1 and _words(lines, "destination") else []


def test_rehearse_the_policy_in_force(stage: Stage) -> None:
    stage.daemon.policy(BLOCKED)
    begin = _begin()
    watch = stage.watch()
    assert _hop(stage, "alice")
    watch.wait(activity="outbound-ssh", user="alice")

    def stopped() -> dict[str, int]:
        done = stage.daemon.run("rehearse", "--since", begin, "--json", check=False)
        return _words([json.loads(line) for line in done.stdout.splitlines()], "rule")

    rules = until(stopped, "the finding in the store")
    assert rules == {f"{POLICY}:5": 1}, rules
    number = _allow(stage)["allow"]
    assert stage.daemon.run("rehearse", "--since", begin, check=False).returncode == 0
    stage.daemon.ctl("allow", "--revoke", str(number))

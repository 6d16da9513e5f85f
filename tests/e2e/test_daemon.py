"""sshtetherd among the things that happen to daemons: reloads, restarts, lost records, kills, full disks."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from lab import audit
from lab.daemon import ALERTS, POLICY, STORE, quiet
from lab.stage import Stage
from lab.waiting import PATIENCE, until
from lab.world import DB
from suite import cases

WATCHED = "block outbound-ssh user alice\n"


def _hop(stage: Stage, user: str = "alice") -> None:
    """The user goes on to db; with WATCHED in force alice's alerts."""
    with stage.login(user, forward=True) as session:
        session.run("ssh db true")


def _seen(stage: Stage) -> None:
    watch = stage.watch()
    _hop(stage)
    watch.wait(activity="outbound-ssh", user="alice", to=DB)


# --- policy and mode ------------------------------------------------------------------------------------


def test_reload_on_sighup(stage: Stage) -> None:
    stage.daemon.policy("")
    text = stage.bastion.read(POLICY)
    serial = int(text.split("serial ")[1].split()[0]) + 1
    stage.bastion.write(POLICY, f"fleet lab\nserial {serial}\nmode audit\n{WATCHED}")
    stage.daemon.process.send_signal(signal.SIGHUP)
    until(lambda: stage.daemon.status()["policy"]["serial"] == serial, "the new serial")
    _seen(stage)


def test_failed_expect_does_not_load(stage: Stage) -> None:
    stage.daemon.policy(WATCHED)
    before = stage.daemon.status()["policy"]["serial"]
    stage.bastion.write(
        POLICY, "fleet lab\nserial 9999\npass relay\nexpect block relay user alice origin 10.9.1.2 to 10.9.2.2 port 22\n"
    )
    done = stage.daemon.run("policy", "load", POLICY, check=False)
    assert done.returncode == 1 and "sshtether.policy:4" in done.stdout + done.stderr, done
    assert stage.daemon.status()["policy"]["serial"] == before


def test_policy_show_counts_hits(stage: Stage) -> None:
    stage.daemon.policy(WATCHED)
    _seen(stage)
    rules = [line for line in stage.daemon.json("policy", "show", "-v") if "hits" in line]
    assert rules and rules[0]["hits"] >= 1, rules


def test_mode_audit_stops_all_actions_at_once(stage: Stage) -> None:
    stage.daemon.policy(WATCHED, mode="enforce")
    stage.daemon.ctl("mode", "audit")
    watch = stage.watch()
    with stage.login("alice", forward=True) as session:
        assert session.out("ssh db 'sleep 1; hostname'") == "db"
    watch.wait(activity="outbound-ssh", done="would-have")


def test_mode_is_the_monitors(stage: Stage) -> None:
    """Only uid 0 may change it; the group may look."""
    stage.daemon.policy("")
    assert stage.daemon.run("mode", "enforce", user="deploy", check=False).returncode != 0
    assert stage.daemon.run("sessions", user="alice", check=False).returncode != 0


def test_group_reads_and_no_more(stage: Stage) -> None:
    stage.daemon.policy("")
    stage.bastion.write("/tmp/empty.policy", "fleet lab\nserial 10000\n")
    member = ["setpriv", "--reuid", "bob", "--regid", "bob", "--groups", "sshtether", "/run/lab/sshtether"]
    assert stage.bastion.run([*member, "sessions"]).returncode == 0
    assert stage.bastion.run([*member, "policy", "load", "/tmp/empty.policy"], check=False).returncode != 0
    assert stage.bastion.run([*member, "mode", "enforce"], check=False).returncode != 0
    with stage.login("alice") as session:
        ended = stage.bastion.run([*member, "terminate", str(session.ses), "--reason", "no"], check=False)
        assert ended.returncode != 0 and session.out("echo on") == "on"


def test_stop_limit_returns_to_audit(stage: Stage) -> None:
    """Users are counted, not stops: one alone cannot switch enforcement off."""
    stage.daemon.policy("stop-limit 1 in 10m\nblock outbound-ssh\n", mode="enforce")
    watch = stage.watch()
    for _ in range(3):
        _hop(stage)
    assert stage.daemon.status()["mode"]["host"] == "enforce"
    _hop(stage, "bob")
    until(lambda: stage.daemon.status()["mode"]["host"] == "audit", "the host to go back to audit")
    bobs = watch.find(activity="outbound-ssh", user="bob")
    assert all(a["sshtether"]["done"] != "killed" for a in bobs), bobs


@cases({"in audit mode": "audit", "in enforce mode": "enforce"})
def test_terminate_by_hand(stage: Stage, mode: str) -> None:
    """Root's own word holds in both modes."""
    stage.daemon.policy("", mode=mode)
    watch = stage.watch()
    with stage.login("alice") as session, stage.login("bob") as other:
        ses = session.ses
        said = stage.daemon.ctl("terminate", str(ses), "--reason", "left the company")
        assert said == f"session {ses}: terminated\n", said
        assert session.ended(), "the session goes on"
        assert other.out("echo on") == "on"
    alert = watch.wait(activity="terminate-by-hand")
    assert alert["event"]["reason"].endswith(": left the company"), alert


def test_logins_are_no_news_to_the_log(stage: Stage) -> None:
    """A process that ended before it could be looked at is normal life."""
    stage.daemon.policy("")
    before = len(stage.daemon.log())
    logins = []
    for _ in range(5):
        with stage.login("alice") as session:
            logins.append(f"session {session.ses} ")
            session.run("for i in 1 2 3 4 5 6; do /bin/true; done")
    time.sleep(1)
    lines = stage.daemon.log()[before:].splitlines()
    said = [line for line in lines if "request " in line and any(ses in line for ses in logins) or "like this" in line]
    assert not said, said


def test_session_tree(stage: Stage) -> None:
    stage.daemon.policy("")
    with stage.login("alice", forward=True) as session:
        ses = session.ses
        session.out("sleep 600 & ssh db sleep 600 &")
        until(lambda: "ssh db" in stage.daemon.ctl("sessions", "--tree"), "the hop in the tree")
        text = stage.daemon.ctl("session", str(ses))
        assert "alice" in text and "sleep 600" in text, text
        session.run("kill %1 %2")


# --- audit rules --------------------------------------------------------------------------------------------


def test_rules_come_back_after_a_flush(stage: Stage) -> None:
    stage.daemon.policy(WATCHED)
    before = audit.rules()
    stage.bastion.run(["auditctl", "-D"], net=False)
    until(lambda: set(before) <= set(audit.rules()), "the rules to be added again")
    ours = sum("sshtether" in rule for rule in before)
    until(lambda: stage.daemon.status()["rules"]["added"] == ours > 0, "the status to count them")
    _seen(stage)


def test_rules_of_the_site_stay(stage: Stage) -> None:
    """Ours come after, and only they go when the daemon stops."""
    stage.daemon.stop()
    left = audit.rules()
    site = ["-w", "/etc/shadow", "-p", "wa", "-k", "site"]
    stage.bastion.run(["auditctl", *site], net=False)
    try:
        stage.daemon.start()
        assert any("site" in rule for rule in audit.rules())
        stage.daemon.stop()
        ours = [rule for rule in audit.rules() if "sshtether" in rule]
        assert any("site" in rule for rule in audit.rules()) and not ours, audit.rules()
        assert not left, f"rules were left by the stop before: {left}"
    finally:
        stage.bastion.run(["auditctl", "-D"], net=False)
        stage.daemon.start()


def test_stalled_auditd_does_not_hold_the_monitor(stage: Stage) -> None:
    """With the backlog full the kernel makes whoever sends to its audit wait for 15 s or more: never the loop."""
    stage.daemon.policy("")
    flood = "echo 7001 >/proc/self/loginuid; while :; do /bin/true; done"
    with audit.short_queue(16, wait=15000):
        stage.world.auditd.send_signal(signal.SIGSTOP)
        crowd = [stage.bastion.popen(["sh", "-c", flood], net=False) for _ in range(24)]
        try:
            time.sleep(3)  # asking how full it is would have to wait, too
            for mode in ("enforce", "audit", "enforce", "audit"):
                start = time.monotonic()
                stage.daemon.ctl("mode", mode)
                took = time.monotonic() - start
                assert took < 10, f"the monitor answered after {took:.1f} s"
        finally:
            stage.world.auditd.send_signal(signal.SIGCONT)
            for process in crowd:
                process.kill()
                process.wait()


def test_lost_records_are_told(stage: Stage) -> None:
    """The kernel drops records while nobody may send: its lost counter goes up, and that is an alert."""
    stage.daemon.policy("")
    watch = stage.watch()
    before = stage.daemon.status()["source"]["lost"]
    with audit.short_queue(1):
        stage.bastion.run(
            ["sh", "-c", "echo 7001 >/proc/self/loginuid; for i in $(seq 400); do /bin/true & done; wait"], net=False
        )
        until(lambda: stage.daemon.status()["source"]["lost"] > before, "the lost records to be counted")
    watch.wait(activity="records-lost")


# --- deaths -------------------------------------------------------------------------------------------------


def test_killed_with_living_sessions(stage: Stage) -> None:
    stage.daemon.policy(WATCHED)
    with stage.login("alice", forward=True) as session:
        ses = session.ses
        stage.daemon.kill()
        stage.daemon.start()
        line = until(lambda: _named(stage, ses), "the session and its user's name")
        assert line["user"]["name"] == "alice" and line["sshtether"]["state"] == "open", line
        watch = stage.watch()
        session.run("ssh db true")
        alert = watch.wait(activity="outbound-ssh", ses=ses)
        assert alert["source"]["ip"] == "10.9.1.2", quiet([alert])


def _named(stage: Stage, ses: int) -> dict:
    line = stage.daemon.sessions().get(ses, {})
    return line if line.get("user", {}).get("name") else {}


def test_engine_killed(stage: Stage) -> None:
    """The monitor starts another, and it knows the sessions."""
    stage.daemon.policy(WATCHED)
    with stage.login("alice", forward=True) as session:
        engine = stage.daemon.engine_pid()
        os.kill(engine, signal.SIGKILL)
        stage.daemon.another_engine(engine)
        assert session.ses in stage.daemon.sessions()
        watch = stage.watch()
        session.run("ssh db true")
        watch.wait(activity="outbound-ssh", ses=session.ses)


ROUNDS = 4
ROWS = 3000


def _rows(number: int) -> str:
    """An export that has a value of its own for each row."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    row = '{{"kind":"destination","user":"user{0}","value":"round{1} {2}","day":"{3}","count":1}}'
    return '{"baseline":1}\n' + "".join(row.format(i % 40, number, i, day) + "\n" for i in range(ROWS))


def test_engine_killed_while_it_writes(stage: Stage) -> None:
    """At random moments; what it answered for is there afterwards, and the store is sound."""
    seed = int(time.time())
    dice, said = random.Random(seed), []
    stage.daemon.policy("")
    for number in range(ROUNDS):
        stage.bastion.write("/tmp/rows.jsonl", _rows(number))
        engine = stage.daemon.engine_pid()
        merge = stage.bastion.popen(["/run/lab/sshtether", "baseline", "merge", "/tmp/rows.jsonl"], stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, 0.4))
        os.kill(engine, signal.SIGKILL)
        said += [number] if merge.wait(PATIENCE) == 0 else []
        stage.daemon.another_engine(engine)
    stage.daemon.kill()
    with tempfile.TemporaryDirectory() as copy:
        for name in ("", "-wal"):  # a path into the lab is none that SQLite opens
            shutil.copy(stage.bastion.path(STORE + name), f"{copy}/store.db{name}")
        with contextlib.closing(sqlite3.connect(f"{copy}/store.db")) as store:
            assert store.execute("PRAGMA quick_check").fetchone() == ("ok",), seed
            kept = dict(store.execute("SELECT substr(value, 1, 6), count(*) FROM usual WHERE kind = 'destination' GROUP BY 1"))
    assert all(kept.get(f"round{number}") == ROWS for number in said), (seed, said, kept)
    stage.daemon.start()
    stage.daemon.ctl("baseline", "reset", "--yes")


def test_store_corrupt(stage: Stage) -> None:
    stage.daemon.policy(WATCHED)
    _seen(stage)
    stage.daemon.stop()
    stage.bastion.write(STORE, "this is no database " * 500, 0o600, (7100, 7101))
    for name in ("-wal", "-shm"):
        if os.path.exists(stage.bastion.path(STORE + name)):
            os.unlink(stage.bastion.path(STORE + name))
    stage.daemon.start()
    _seen(stage)
    until(lambda: len(stage.daemon.json("alerts", "--activity", "outbound-ssh")) >= 1, "the new store to answer")
    store = stage.daemon.status()["store"]
    assert store["state"] == "ok" and store.get("set_aside"), store


def test_alerts_are_kept(stage: Stage) -> None:
    """The store answers for what happened, also after a restart."""
    stage.daemon.policy(WATCHED)
    begin = time.strftime("%Y-%m-%dT%H:%M:%S")
    _seen(stage)
    until(lambda: stage.daemon.json("alerts", "--since", begin, "--user", "alice"), "the alert in the store")
    stage.daemon.stop()
    stage.daemon.start()
    kept = stage.daemon.json("alerts", "--since", begin, "--user", "alice", "--activity", "outbound-ssh")
    assert kept and kept[-1]["destination"]["ip"] == DB, kept


def test_alert_file_moved_away(stage: Stage) -> None:
    """As log rotation does it: SIGHUP opens a new one."""
    stage.daemon.policy(WATCHED)
    os.rename(stage.bastion.path(ALERTS), stage.bastion.path(ALERTS + ".1"))
    stage.daemon.process.send_signal(signal.SIGHUP)
    until(lambda: os.path.exists(stage.bastion.path(ALERTS)) or _try(stage), "a new alert file")


def _try(stage: Stage) -> bool:
    _hop(stage)
    return os.path.exists(stage.bastion.path(ALERTS))


def test_audit_trail(stage: Stage) -> None:
    """Alerts stand in the audit log itself, written by the monitor."""
    stage.daemon.policy(WATCHED)
    _seen(stage)
    until(lambda: "sshtether" in _anomalies(stage), "an ANOM record")


def _anomalies(stage: Stage) -> str:
    lines = stage.world.audit_log().splitlines()
    return "\n".join(line for line in lines if line.startswith(("type=ANOM_", "type=RESP_")))


def test_syslog(stage: Stage) -> None:
    stage.daemon.policy(WATCHED)
    mark = stage.world.syslog.mark()
    _seen(stage)
    until(lambda: stage.world.syslog.since(mark, "outbound-ssh"), "the alert in syslog")

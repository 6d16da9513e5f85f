"""What passes through the bastion: counted by the kernel, in by a session and out by it (agentd/engine/volumes.c).

The same user, destination and grade is told once a day, restarts or not: each test has its own.
"""

from __future__ import annotations

import json
import os
import signal
import time

from lab.stage import Stage
from lab.waiting import one_day, until
from lab.world import DB, DB_OTHER, LAPTOP
from ways.hops import jump, prepare

MUCH = 20_000_000
SOME = 1_000_000
LITTLE = 300_000
FAR_MORE = 100_000_000
# What SSH puts around it: under one percent of packets of 32 KB; a login is 10 KB in all.
AROUND = 0.03
LOGIN = 20_000
USERS = {"alice": (7001, 7001), "bob": (7002, 7002)}
POLICY = "alert ssh-proxy\nalert outbound-ssh\nalert relay\n"


def near(have: int, want: int) -> bool:
    return want <= have <= want * (1 + AROUND) + LOGIN


def shell(stage: Stage, words: str, user: str = "alice") -> str:
    """A command line on the laptop, where ssh knows the user's key."""
    home, ids = f"/home/{user}/.ssh", USERS[user]
    stage.laptop.write(
        f"{home}/config", f"Host *\n IdentityFile {home}/id_ed25519\n IdentitiesOnly yes\n", 0o600, ids
    )
    return stage.laptop.run(["sh", "-c", words], user=user).stdout.strip()


def totals(stage: Stage, ses: int) -> tuple[int, int]:
    ours = stage.daemon.json("session", str(ses))[0]["sshtether"]
    return ours["bytes_in"], ours["bytes_out"]


def begin(stage: Stage):
    one_day()
    stage.daemon.afresh()
    stage.daemon.policy(POLICY)
    return stage.watch()


def went(watch, activity: str, user: str) -> list[int]:
    """Which of the user's sessions went on to there."""
    return [hop["sshtether"]["ses"] for hop in watch.find(activity=activity, user=user, to=DB)]


def detected(stage: Stage, watch, activity: str, *, user: str = "alice", port: int = 22, but: int = 0) -> None:
    """One alert of what went through, as soon as it is seen; in the end as many bytes in as out as there were."""
    hops = until(lambda: [ses for ses in went(watch, activity, user) if ses != but], f"{user} to go on to {DB}")
    ses = hops[0]
    alert = watch.wait(activity="ssh-proxy", user=user, ses=ses, grade="detected")
    ours = alert["sshtether"]
    assert LITTLE < ours["bytes_out"] <= MUCH * (1 + AROUND) + LOGIN, "told on the way or at the end"
    fewer, more = sorted((ours["bytes_in"], ours["bytes_out"]))
    assert fewer / more >= 0.9, ours
    assert ours["confidence"] == "high" and ours["activity"] == "ssh-proxy", ours
    assert alert["source"]["ip"] == LAPTOP and alert["destination"] == {"ip": DB, "port": port}, alert
    assert "% alike" in alert["event"]["reason"], alert["event"]
    until(lambda: all(near(n, MUCH) for n in totals(stage, ses)), f"the totals of session {ses}: {totals(stage, ses)}")


def test_sent_through_a_jump(stage: Stage) -> None:
    watch = begin(stage)
    for _ in range(2):
        shell(stage, f"head -c {MUCH} /dev/zero | ssh -J bastion {DB} 'cat >/dev/null'")
    detected(stage, watch, "relay")
    stage.fence(watch)
    assert len(watch.find(activity="ssh-proxy")) == 1, watch.text()


def test_fetched_through_a_relay(stage: Stage) -> None:
    watch = begin(stage)
    got = shell(stage, f"ssh -p 2022 -o ProxyCommand='ssh -W %h:%p bastion' {DB} 'head -c {MUCH} /dev/zero' | wc -c")
    assert int(got) == MUCH, got
    detected(stage, watch, "relay", port=2022)


def idle(session, *names: int) -> None:
    """Clients that wait, each until it is told to go."""
    for name in names:
        session.out(f"ssh -f -M -S .ssh/idle.{name} -i .ssh/hop {DB} sleep 300 </dev/null >/dev/null 2>&1")


def go(session, *names: int) -> None:
    for name in names:
        session.run(f"ssh -S .ssh/idle.{name} -O exit {DB}")


def test_fetched_by_a_client_in_the_session(stage: Stage) -> None:
    """Another session of the user has clients to the same place; some are there when the engine begins."""
    stage.bastion.write("/home/bob/.ssh/hop", stage.laptop.read("/home/bob/.ssh/id_ed25519"), 0o600, USERS["bob"])
    with stage.login("bob") as other:
        try:
            idle(other, 0, 1, 2)
            watch = begin(stage)
            idle(other, 3, 4, 5)
            got = shell(stage, f"ssh bastion ssh -i .ssh/hop {DB} head -c {MUCH} /dev/zero | wc -c", "bob")
            assert int(got) == MUCH, got
            detected(stage, watch, "outbound-ssh", user="bob", but=other.ses)
        finally:
            go(other, *range(6))


def test_heard_of_late(stage: Stage) -> None:
    """An engine that is behind hears of the connection when it is over, and cannot look which it was."""
    stage.bastion.write("/home/bob/.ssh/hop", stage.laptop.read("/home/bob/.ssh/id_ed25519"), 0o600, USERS["bob"])
    watch = begin(stage)
    with stage.login("bob") as session:
        ses, engine = session.ses, stage.daemon.engine_pid()
        os.kill(engine, signal.SIGSTOP)
        try:
            session.out(f"ssh -i .ssh/hop {DB_OTHER} 'head -c {SOME} /dev/zero | base64 -w 0 | head -c {SOME}'")
        finally:
            os.kill(engine, signal.SIGCONT)
        watch.wait(activity="ssh-proxy", user="bob", ses=ses, grade="detected")
        until(lambda: near(totals(stage, ses)[1], SOME), "what went out")


def test_what_ends_here_is_no_proxy(stage: Stage) -> None:
    """A file for the bastion itself, and one hop from a session that carries as much."""
    prepare(stage)
    watch = begin(stage)
    shell(stage, f"head -c {MUCH} /dev/zero >file; scp -q file bastion:/dev/null; rm file")
    with stage.login("alice") as session:
        ses = session.ses
        session.out(f"ssh -i .ssh/hop {DB} true; head -c {SOME} /dev/zero | base64 -w 0 | head -c {SOME}")
        until(lambda: near(totals(stage, ses)[0], SOME), "what the login carried")
        carried, out = totals(stage, ses)
        assert 0 < out < LOGIN, (carried, out)
    stage.fence(watch)
    assert not watch.find(activity="ssh-proxy"), watch.text()


def test_short_ones_are_exact(stage: Stage) -> None:
    """They are over before anybody asks: the kernel's own word at their end has all that they carried."""
    watch = begin(stage)
    for _ in range(3):
        status, _ = jump(stage, DB, f"head -c {LITTLE} /dev/zero >&2")
        assert status == 0
    until(lambda: len(watch.find(activity="relay", user="alice", to=DB)) >= 3, "three relays to be told")
    stage.fence(watch)
    relays = watch.find(activity="relay", user="alice", to=DB)
    assert len(relays) == 3, watch.text()
    for alert in relays:
        ses = alert["sshtether"]["ses"]
        until(lambda: near(totals(stage, ses)[1], LITTLE), f"the totals of session {ses}")  # noqa: B023
        assert near(totals(stage, ses)[0], LITTLE), totals(stage, ses)


# --- more than ever ---


def used_to(stage: Stage, user: str, days: int) -> None:
    """What the user did today, and nothing else, is what was done on each of so many days before."""
    today = time.time()
    kinds = {"destination", "origin", "pair", "volume"}
    done = until(lambda: learned(stage, user, kinds), f"what {user} did to be learned")
    before = [time.strftime("%Y-%m-%d", time.gmtime(today - ago * 86400)) for ago in range(1, days + 1)]
    head, *_ = stage.daemon.ctl("baseline", "export").splitlines()
    rows = [json.dumps({**row, "day": day}) for row in done for day in before]
    stage.bastion.write("/tmp/used-to.jsonl", "\n".join([head, *rows, ""]))
    stage.daemon.ctl("baseline", "merge", "/tmp/used-to.jsonl")


def learned(stage: Stage, user: str, kinds: set[str]) -> list[dict]:
    """The rows of the user, and those of the host; none before there is one of each kind."""
    rows = [json.loads(line) for line in stage.daemon.ctl("baseline", "export").splitlines()[1:]]
    rows = [row for row in rows if row.get("user", user) == user]
    return rows if kinds <= {row["kind"] for row in rows} else []


def test_more_than_ever(stage: Stage) -> None:
    """The usual way and the usual place, so it is no proxy; but no session of hers had half as much."""
    begin(stage)
    stage.daemon.ctl("baseline", "reset", "--yes")
    try:
        shell(stage, f"head -c {SOME} /dev/zero | ssh -J bastion {DB} 'cat >/dev/null'")
        used_to(stage, "alice", 20)
        watch = stage.watch()
        shell(stage, f"head -c {FAR_MORE} /dev/zero | ssh -J bastion {DB} 'cat >/dev/null'")
        alert = watch.wait(activity="ssh-proxy", user="alice", grade="high-volume")
        ours = alert["sshtether"]
        assert min(ours["bytes_in"], ours["bytes_out"]) > 64 << 20 and ours["confidence"] == "medium", ours
        assert "no session of the user had" in alert["event"]["reason"], alert["event"]
        assert alert["destination"] == {"ip": DB, "port": 22}, alert
        stage.fence(watch)
        assert [a["sshtether"]["grade"] for a in watch.find(activity="ssh-proxy")] == ["high-volume"], watch.text()
    finally:
        stage.daemon.ctl("baseline", "reset", "--yes")

"""What is usual, by hand: import of old logs and of a wtmp, show, export, merge, reset; and what the daemon makes of it."""

from __future__ import annotations

import contextlib
import json
import struct
import time
from collections.abc import Iterator

from lab.stage import Stage
from lab.waiting import one_day

DAY_S = 86400
LOG = "/tmp/old-audit.log"
WTMP = "/tmp/old-wtmp"
EXPORT = "/tmp/baseline.jsonl"
OFFICE = "192.0.2.7"

_SERIAL = iter(range(1, 1 << 30))


# --- old logs ---


def _record(kind: str, at: float, ses: int, user: str, origin: str, op: str) -> str:
    stamp = f"audit({at:.3f}:{next(_SERIAL)})"
    who = f"pid={20000 + ses} uid=0 auid=1001 ses={ses}"
    return (
        f'type={kind} msg={stamp}: {who} msg=\'op={op} acct="{user}" exe="/usr/sbin/sshd" '
        f"hostname={origin} addr={origin} terminal=ssh res=success'\n"
    )


def _session(at: float, ses: int, user: str, origin: str, span_s: int) -> list[tuple[float, str]]:
    return [
        (at, _record("USER_START", at, ses, user, origin, "PAM:session_open")),
        (at + span_s, _record("USER_END", at + span_s, ses, user, origin, "PAM:session_close")),
    ]


def _morning(days_ago: int) -> float:
    """Half past eight, UTC."""
    return (time.time() // DAY_S - days_ago) * DAY_S + 8.5 * 3600


def _log(days: int, users: dict[str, str]) -> str:
    """Each user logs in once a day for an hour, from where she always does."""
    records = []
    for ago in range(days, 0, -1):
        for i, (user, origin) in enumerate(users.items()):
            records += _session(_morning(ago) + 60 * i, 1000 * ago + i, user, origin, 3600)
    return "".join(text for _, text in sorted(records, key=lambda record: record[0]))


def _entry(kind: int, line: str, user: str, host: str, at: float) -> bytes:
    """struct utmp of glibc."""
    words = [int(part) for part in host.split(".")] if host.count(".") == 3 else []
    address = bytes(words) + bytes(16 - len(words))
    head = struct.pack("<h2xi32s4s32s256s", kind, 4711, line.encode(), line[-4:].encode(), user.encode(), host.encode())
    return head + struct.pack("<hhiii16s20x", 0, 0, 0, int(at), 0, address)


def _wtmp(days: int) -> bytes:
    entries = [_entry(2, "~", "reboot", "6.1.0", _morning(days) - 3600)]
    for ago in range(days, 0, -1):
        at = _morning(ago)
        entries += [_entry(7, "pts/0", "carol", OFFICE, at), _entry(7, "pts/1", "carol", "tmux(7).%0", at + 9)]
        entries += [_entry(8, "pts/1", "", "", at + 1700), _entry(8, "pts/0", "", "", at + 1800)]
    return b"".join(entries)


# --- the command ---


def _put(stage: Stage, name: str, content: bytes) -> None:
    with open(stage.bastion.path(name), "wb") as file:
        file.write(content)


def _show(stage: Stage, user: str) -> dict:
    return stage.daemon.json("baseline", "show", user)[0]


def _rows(stage: Stage) -> list[dict]:
    """An export's rows; whoever logs in meanwhile, today, is no part of it."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    lines = stage.daemon.ctl("baseline", "export").splitlines()
    assert json.loads(lines[0])["baseline"] == 1, lines[0]
    return [row for row in map(json.loads, lines[1:]) if row["day"] != today]


@contextlib.contextmanager
def _blank(stage: Stage) -> Iterator[None]:
    """Nothing is usual at the beginning, nor for the test after this one."""
    one_day()
    stage.daemon.ctl("baseline", "reset", "--yes")
    try:
        yield
    finally:
        stage.daemon.ctl("baseline", "reset", "--yes")


def _values(of: list[dict]) -> list[str]:
    return [value["value"] for value in of]


def test_old_logs_make_a_host_ready(stage: Stage) -> None:
    """20 days of audit log: the next login from elsewhere is unusual, that from where she always came is not."""
    stage.daemon.policy("alert unusual-origin severity low\n")
    stage.bastion.write(LOG, _log(20, {"alice": OFFICE, "bob": "10.9.1.2"}))
    with _blank(stage):
        dry = stage.daemon.json("baseline", "import", LOG, "--dry-run")[0]
        assert dry["users"] == 2 and dry["days_learned"] == 20 and dry["dry_run"], dry
        assert not _rows(stage), "a dry run is none"
        first = stage.daemon.json("baseline", "import", LOG)[0]
        assert first["days"] == 20 and first["changed"] == first["rows"] > 100, first
        again = stage.daemon.json("baseline", "import", LOG)[0]
        assert again["changed"] == 0, again
        said = stage.daemon.ctl("baseline", "import", LOG)
        assert "learned: 2 users on 20 days" in said and said.endswith("what is unusual is found\n"), said
        alice = _show(stage, "alice")
        assert alice["judged"] and alice["active_days"] == 20, alice
        assert _values(alice["origins"]) == ["192.0.2.0/24"] and alice["origins"][0]["days"] == 20, alice
        assert sum(alice["hours_utc"]) == 20 and alice["duration_s"]["usual"] >= 3600, alice
        watch = stage.watch()
        for user in ("bob", "alice"):
            with stage.login(user):
                pass
        alert = watch.wait(activity="unusual-origin", user="alice")
        assert "20 active days" in alert["event"]["reason"], alert["event"]["reason"]
        assert not [a for a in stage.fence(watch, ripen=False) if a["event"]["action"] == "unusual-origin" and a != alert]
        assert "unusual-origin 10.9.1.0/24" in stage.daemon.ctl("baseline", "show", "alice")


def test_a_wtmp_is_learned_from(stage: Stage) -> None:
    """Logins over the network alone, with how long they lasted; what is no wtmp is said to be none."""
    _put(stage, WTMP, _wtmp(16))
    _put(stage, "/tmp/btmp", _entry(6, "ssh:notty", "root", OFFICE, _morning(1)) * 3)
    with _blank(stage):
        done = stage.daemon.json("baseline", "import", WTMP)[0]
        assert done["wtmp_logins"] == 16 and done["wtmp_malformed"] == 0 and done["days"] == 16, done
        carol = _show(stage, "carol")
        assert carol["judged"] and _values(carol["origins"]) == ["192.0.2.0/24"], carol
        assert 1800 <= carol["duration_s"]["highest"] < 3600 and not carol["keys"], carol
        none = stage.daemon.run("baseline", "import", "/tmp/btmp", check=False)
        assert none.returncode == 1 and "is it a btmp?" in none.stderr, none
        text = stage.daemon.run("baseline", "import", "/etc/passwd", check=False)
        assert text.returncode == 3 and "is it an audit log, or a wtmp?" in text.stderr, text


def test_what_one_host_knows_goes_to_another(stage: Stage) -> None:
    """Exported, forgotten, merged: the same is known, and after a restart; twice changes nothing."""
    stage.bastion.write(LOG, _log(20, {"alice": OFFICE, "bob": "198.51.100.9"}))
    with _blank(stage):
        stage.daemon.ctl("baseline", "import", LOG)
        before, shown = _rows(stage), _show(stage, "alice")
        stage.bastion.write(EXPORT, stage.daemon.ctl("baseline", "export"))
        stage.daemon.ctl("baseline", "reset", "--yes")
        assert stage.daemon.run("baseline", "show", "alice", check=False).returncode == 1
        stage.daemon.afresh()
        assert not _rows(stage), "forgotten, but for the store"
        done = stage.daemon.json("baseline", "merge", EXPORT)[0]
        assert done["changed"] == done["rows"] >= len(before) and done["days"] == 20, done
        assert stage.daemon.json("baseline", "merge", EXPORT)[0]["changed"] == 0
        assert _rows(stage) == before and _show(stage, "alice") == shown
        stage.daemon.kill()
        stage.daemon.start()
        assert _rows(stage) == before, "what was merged is kept before it is answered"
        stage.daemon.ctl("baseline", "reset", "alice", "--yes")
        assert {row.get("user") for row in _rows(stage)} == {None, "bob"}
        assert [line["user"]["name"] for line in stage.daemon.json("baseline", "show")[1:]] == ["bob"]


def test_what_is_wrong_with_an_export(stage: Stage) -> None:
    """Every line that is wrong is told with its place, and nothing of the file is taken."""
    good = '{"kind":"origin","user":"mallory","value":"203.0.113.0/24","day":"2026-01-01","count":1}\n'
    stage.bastion.write(EXPORT, '{"baseline":1}\n' + good + "{\n" + good.replace("origin", "orgin"))
    with _blank(stage):
        done = stage.daemon.run("baseline", "merge", EXPORT, check=False)
        assert done.returncode == 1 and "nothing was merged" in done.stderr, done
        assert f"{EXPORT}:3: not a JSON object" in done.stderr, done
        assert f"{EXPORT}:4: no kind of row that is known here" in done.stderr, done
        stage.bastion.write(EXPORT, good)
        headless = stage.daemon.run("baseline", "merge", EXPORT, check=False)
        assert headless.returncode == 1 and f"{EXPORT}:1: the first line of an export" in headless.stderr, headless
        stage.bastion.write(LOG, _log(3, {"alice": OFFICE}))
        log = stage.daemon.run("baseline", "merge", LOG, check=False)
        assert f"{LOG}:1: " in log.stderr and f"{LOG}:2: " not in log.stderr and "baseline import" in log.stderr, log
        missing = stage.daemon.run("baseline", "merge", "/tmp/none", check=False)
        assert missing.returncode == 3 and "/tmp/none: No such file" in missing.stderr, missing
        assert not _rows(stage)


def test_only_root_changes_it(stage: Stage) -> None:
    """Others are told so at once, and by the daemon; each change by root is told, and stands in the audit trail."""
    stage.bastion.write(LOG, _log(3, {"alice": OFFICE}), mode=0o644)
    with _blank(stage):
        for words in (("import", LOG), ("merge", LOG), ("reset", "--yes")):
            done = stage.daemon.run("baseline", *words, user="alice", check=False)
            assert done.returncode == 3 and f"only root may {words[0]} what is usual" in done.stderr, done
        done = stage.daemon.run("baseline", "show", user="alice", check=False)
        assert done.returncode == 3 and "no permission to ask sshtetherd" in done.stderr, done
        assert stage.daemon.run("baseline", "import", LOG, "--dry-run", user="alice").stdout.count("1 user on 3 days")
        watch = stage.watch()
        stage.daemon.ctl("baseline", "import", LOG)
        told = watch.wait(activity="baseline-merge")
        assert "added to by hand (import)" in told["event"]["reason"] and "by uid 0" in told["event"]["reason"], told
        unsure = stage.bastion.run(["/run/lab/sshtether", "baseline", "reset"], check=False, stdin="")
        assert unsure.returncode == 2 and "--yes says that it is" in unsure.stderr, unsure
        stage.daemon.ctl("baseline", "reset", "alice", "--yes")
        assert "forgotten by hand: of alice" in watch.wait(activity="baseline-reset")["event"]["reason"]

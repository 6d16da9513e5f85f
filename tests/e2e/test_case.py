"""Cases: what was found of one session is one alert and one sheet, and the commands on the sheet work."""

from __future__ import annotations

import json

from lab.daemon import PROGRAMS
from lab.stage import Stage
from lab.waiting import until
from ways.borrowing import victim

_YES = {"simultaneous-sessions", "escalation", "keys-or-agents"}


def _sheet(stage: Stage, ident: object) -> dict:
    return stage.daemon.json("case", str(ident))[0]


def _answers(sheet: dict) -> dict[str, str]:
    return {one["question"]: one["answer"] for one in sheet["questions"]}


def _commands(sheet: dict, action: str) -> list[str]:
    return [one["command"] for one in sheet["actions"] if one["action"] == action and "command" in one]


def _paste(stage: Stage, command: str) -> str:
    """As root would, into a shell."""
    path = f"PATH={PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin"
    return stage.bastion.run(["/usr/bin/env", path, "bash", "-c", command]).stdout


def _over(stage: Stage, ses: int) -> dict:
    until(lambda: stage.daemon.sessions("--all").get(ses, {}).get("sshtether", {}).get("state", "over") == "over",
          "the session to be over")  # fmt: skip
    return _sheet(stage, ses)


def test_a_hijack_is_one_case(stage: Stage) -> None:
    """Login from the laptop, sudo to root, another's agent, onward: one alert of the case, critical, and the sheet."""
    stage.daemon.policy("")
    watch = stage.watch()
    with victim(stage) as (alice, sock), stage.login("mallory") as before, stage.login("mallory") as thief:
        ses, owner = thief.ses, alice.ses
        thief.out(f"sudo env SSH_AUTH_SOCK={sock} ssh-add -l")
        thief.run(f"sudo env SSH_AUTH_SOCK={sock} ssh -o BatchMode=yes -l alice db true")
        told = watch.wait(activity="case", ses=ses)
        assert (told["event"]["kind"], told["event"]["severity"]) == ("alert", 99), told
        assert told["user"]["name"] == "mallory" and told["source"]["ip"], told
        assert f"session {ses} from " in told["event"]["reason"] and "agent-hijack as root" in told["event"]["reason"]
        hijack = watch.wait(activity="agent-hijack", ses=ses)
        assert hijack["sshtether"]["case"]["id"] == hijack["sshtether"]["session"], hijack
        stage.fence(watch)
        assert len(watch.find(activity="case", ses=ses)) == 1, watch.text()
        assert not watch.find(activity="case", ses=owner), watch.text()

        kept = stage.daemon.json("alerts", "--activity", "case", "--session", str(ses))
        assert [alert["event"]["id"] for alert in kept] == [told["event"]["id"]], kept

        sheet = _sheet(stage, ses)
        answers = _answers(sheet)
        assert {name for name, answer in answers.items() if answer == "yes"} == _YES, answers
        assert (answers["origin"], answers["agent-forwarded"]) == ("unknown", "no"), answers
        assert {one["ses"] for one in sheet["seen"]["sessions"]} == {before.ses}, sheet["seen"]
        text = stage.daemon.ctl("case", str(ses))
        for words in ("was there escalation? yes", sock, f"sshtether terminate {sheet['sshtether']['session']} --reason"):
            assert words in text, text
        _obey(stage, sheet, owner)
        assert thief.ended(), "it was terminated by the command of the sheet"
    kept = _over(stage, ses)
    assert kept["sshtether"]["over"] > kept["sshtether"]["opened"], kept["sshtether"]
    assert _answers(kept) == answers and not _commands(kept, "terminate"), kept["actions"]
    _outlives(stage, ses, answers)
    assert len(watch.find(activity="case", ses=ses)) == 1, watch.text()


def _obey(stage: Stage, sheet: dict, owner: int) -> None:
    """Each command of the sheet, the end of the session last; what it says of the policy is a policy."""
    assert any(str(owner) in command for command in _commands(sheet, "revoke-agent")), sheet["actions"]
    for action in ("isolate", "revoke-agent"):
        for command in _commands(sheet, action):
            _paste(stage, command)
    keys = _commands(sheet, "rotate-key")
    assert keys, sheet["actions"]
    assert any(sheet["sshtether"]["key"] in _paste(stage, command) for command in keys), keys
    for command in _commands(sheet, "disable-forwarding"):
        write, check, reload = command.partition(" && sshd -t && ")
        assert check and reload == "xargs kill -HUP </run/sshd.pid", command
        name = write.rpartition(">")[2]
        for _ in range(2):  # pasted once more it is the same
            _paste(stage, f"mkdir -p /etc/ssh/sshd_config.d && {write}")
            assert len(stage.bastion.read(name).splitlines()) == 2, name
        _paste(stage, f"sshd -t -h /etc/ssh/lab_host_key -f {name}")
    lines = [one["policy"] for one in sheet["actions"] if "policy" in one]
    assert any("agent-hijack" in line for line in lines), lines
    stage.bastion.write("/tmp/case.policy", "\n".join(["fleet lab", "serial 1", "mode enforce", *lines, ""]))
    _paste(stage, "sshtether policy check /tmp/case.policy")
    (end,) = _commands(sheet, "terminate")
    _paste(stage, end)


def _outlives(stage: Stage, ses: int, answers: dict[str, str]) -> None:
    """It is in the store: an engine that starts again answers the same."""
    stage.daemon.afresh()
    assert _answers(_sheet(stage, ses)) == answers
    rows = {row["sshtether"]["ses"]: row for row in stage.daemon.json("case", "--user", "mallory", "--min-severity", "high")}
    assert rows[ses]["sshtether"]["case"]["severity"] == "critical", json.dumps(rows)
    assert rows[ses]["sshtether"]["state"] == "over"


def test_alert_list_and_sheet_agree(stage: Stage) -> None:
    """Another's agent, and nothing else: what one alert calls critical nobody reads of as less."""
    stage.daemon.policy("")
    watch = stage.watch()
    with victim(stage) as (_, sock), stage.login("mallory") as thief:
        thief.run(f"SSH_AUTH_SOCK={sock} ssh-add -l")
        alert = watch.wait(activity="agent-hijack", ses=thief.ses)
        assert alert["event"]["severity"] == 99, alert
        (row,) = [row for row in stage.daemon.json("case") if row["sshtether"]["ses"] == thief.ses]
        said = (alert, row, _sheet(stage, thief.ses))
        assert {one["sshtether"]["case"]["severity"] for one in said} == {"critical"}, said
        assert _answers(said[2])["escalation"] == "no", said[2]["questions"]


def test_everyday_work_is_no_case(stage: Stage) -> None:
    """A forwarded agent of one's own, a hop, sudo: context, and nothing that counts."""
    stage.daemon.policy("")
    watch = stage.watch()
    with stage.login("alice", forward=True) as alice, stage.login("mallory") as admin:
        alice.out("ssh-add -l")
        alice.out("ssh -o BatchMode=yes db true")
        admin.out("sudo id -u")
        mine = {alice.ses, admin.ses}
        stage.fence(watch)
    assert not [a for a in watch.find(activity="case") if a["sshtether"]["ses"] in mine], watch.text()
    assert not [row for row in stage.daemon.json("case") if row["sshtether"]["ses"] in mine]
    done = stage.daemon.run("case", str(min(mine)), check=False)
    assert done.returncode == 1 and "no case of this session" in done.stderr, done.stderr

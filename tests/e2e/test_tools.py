"""The policy's tools on a living bastion: diff, learn, explain of an alert, tests beside a policy."""

from __future__ import annotations

import json
import os
import time

from lab.daemon import POLICY, PROGRAMS
from lab.stage import Stage
from lab.waiting import until
from ways.borrowing import victim

NEW = "/tmp/new.policy"
PART = "/etc/sshtether/parts/alice.policy"
LEARNED = "/tmp/learned.policy"


def _begin() -> str:
    """The next second, now that it has come: --since knows no smaller unit, and the test before had hops, too."""
    second = int(time.time()) + 1
    until(lambda: time.time() >= second, "the next second")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(second))


def _hop(stage: Stage, user: str) -> bool:
    with stage.login(user, forward=True) as session:
        return session.run("ssh db hostname") == (0, "db")


def _policy_file(stage: Stage, text: str, mode: str = "enforce") -> None:
    stage.bastion.write(NEW, f"fleet lab\nserial 10001\nmode {mode}\n{text}")


def _lines(stage: Stage, *words: str) -> list[dict]:
    done = stage.daemon.run(*words, "--json", check=False)
    assert done.returncode in {0, 1}, done
    return [json.loads(line) for line in done.stdout.splitlines()]


def _same_rule(stage: Stage, group: dict) -> bool:
    """What diff gives as an example is what explain takes."""
    said = stage.daemon.ctl("policy", "explain", NEW, group["example"])
    return f"({'line ' + str(group['new']['line'])})" in said


def test_diff_with_the_policy_in_force(stage: Stage) -> None:
    """What was allowed an hour ago would be stopped; the groups name the rules of the files that they came from."""
    stage.bastion.mkdir(os.path.dirname(PART))
    stage.bastion.write(PART, "# alice\nalert outbound-ssh user alice\n")
    stage.daemon.policy('include "parts/*.policy"\nrecord any\n')
    begin = _begin()
    watch = stage.watch()
    assert _hop(stage, "alice")
    watch.wait(activity="outbound-ssh", user="alice")
    _policy_file(stage, "block outbound-ssh user alice to 10.9.2.0/24 severity high\n")

    def stopped() -> list[dict]:
        lines = _lines(stage, "policy", "diff", "--since", begin, NEW)
        return [line for line in lines if line.get("kind") == "stopped"]

    (group,) = until(stopped, "the finding in the store")
    assert group["users"] == ["alice"] and group["to"] == ["10.9.2.2"] and group["ports"] == ["22"], group
    assert (group["old"]["file"], group["old"]["line"], group["old"]["answer"]) == (PART, 2, "alert"), group
    assert (group["new"]["file"], group["new"]["line"], group["new"]["answer"]) == (NEW, 4, "block"), group
    assert _same_rule(stage, group), group
    text = stage.daemon.run("policy", "diff", "--since", begin, NEW, check=False)
    assert text.returncode == 1 and "newly stopped\n  outbound-ssh: alert -> block, 1 time, by alice" in text.stdout, text
    assert stage.daemon.run("policy", "diff", "--since", begin, POLICY).stdout.endswith("; 0 answered differently\n")
    assert stage.daemon.run("policy", "diff", "--since", begin, POLICY, POLICY).returncode == 0
    assert stage.daemon.json("mode")[0] == {"mode": "audit"}


def test_explain_an_alert(stage: Stage) -> None:
    """By its id or the beginning of it, by the policy in force or by another, with the facts of then."""
    stage.daemon.policy("pass outbound-ssh user bob\nmatch user alice {\n\talert outbound-ssh severity high\n}\n")
    watch = stage.watch()
    assert _hop(stage, "alice")
    alert = watch.wait(activity="outbound-ssh", user="alice")
    ident = alert["event"]["id"]
    said = stage.daemon.ctl("policy", "explain", "--alert", ident)
    assert f"then: alert by {POLICY}:7 of serial" in said, said
    assert f"{POLICY}:5: pass outbound-ssh user bob\n    no: user is alice, and the rule wants user bob\n" in said, said
    assert "yes: this rule decides" in said and said.endswith("The answer is what it was then.\n"), said
    assert f"id {ident[:12]};" in stage.daemon.ctl("alerts", "--user", "alice"), "no id among the alerts"
    _policy_file(stage, "block outbound-ssh to 10.9.2.2 port 22\n")
    other = stage.daemon.json("policy", "explain", NEW, "--alert", ident[:12])[0]
    assert other["differs"] and not other["short_of_facts"] and other["alert"]["id"] == ident, other
    assert (other["now"]["action"], other["now"]["line"]) == ("block", 4), other
    none = stage.daemon.run("policy", "explain", "--alert", "0" * 32, check=False)
    assert none.returncode == 1 and "the store knows no alert whose id begins with 000" in none.stderr, none


def test_tests_need_neither_root_nor_the_daemon(stage: Stage) -> None:
    _policy_file(stage, "block outbound-ssh user alice to 10.9.2.0/24\nexpect record login\n")
    stage.bastion.write("/tmp/more.tests", "expect block outbound-ssh user alice to 10.9.2.2\nexpect block relay\n")
    done = stage.daemon.run("policy", "test", "--tests", "/tmp/more.tests", NEW, user="alice", check=False)
    assert done.returncode == 1 and done.stdout.startswith("TAP version 13\nok 1 - "), done
    assert "\nok 2 - /tmp/more.tests:1: " in done.stdout and "\nnot ok 3 - /tmp/more.tests:2: " in done.stdout, done
    assert done.stdout.endswith("\n1..3\n") and not done.stderr, done


def test_what_was_learned_is_kept(stage: Stage) -> None:
    """Observed in audit mode, reviewed by nobody, enforced with a last word: who hopped hops on, another does not."""
    stage.daemon.policy("")
    begin = _begin()
    watch = stage.watch()
    assert _hop(stage, "alice")
    stage.fence(watch)

    def learned() -> str:
        text = stage.daemon.ctl("policy", "learn", "--since", begin, "--activity", "outbound-ssh")
        return text if "pass " in text else ""

    text = until(learned, "the finding in the store")
    assert "pass outbound-ssh user alice to 10.9.2.2 port 22\n" in text and "bob" not in text, text
    assert " key SHA256:" in stage.daemon.ctl("policy", "learn", "--since", begin, "--by-key")
    stage.bastion.write(LEARNED, text)
    assert stage.daemon.run("policy", "check", "--lint", LEARNED).returncode == 0
    kept = _lines(stage, "policy", "diff", "--since", begin, LEARNED)
    assert {line["new"]["action"] for line in kept if line.get("activity") == "outbound-ssh"} == {"pass"}, kept
    stage.daemon.policy(f"{text}block outbound-ssh\n", mode="enforce")
    stage.daemon.settled()
    assert _hop(stage, "alice") and not _hop(stage, "bob")
    stage.daemon.ctl("mode", "audit")


def test_a_session_whose_case_alerted_is_not_learned(stage: Stage) -> None:
    """Neither its login nor what was only recorded of it; the victim's session beside it is."""
    stage.daemon.policy("")
    begin = _begin()
    watch = stage.watch()
    with victim(stage) as (_alice, sock), stage.login("mallory") as thief:
        thief.out(f"sudo env SSH_AUTH_SOCK={sock} ssh-add -l")
        watch.wait(activity="case", ses=thief.ses)

    def learned() -> str:
        text = stage.daemon.ctl("policy", "learn", "--since", begin)
        return text if "login user mallory" in text and "login user alice" in text else ""

    text = until(learned, "both logins in the store")
    assert not [line for line in text.splitlines() if line.startswith("pass ") and "mallory" in line], text
    (line,) = [line for line in text.splitlines() if " login user mallory " in line]
    assert line.startswith("#   1 time ") and "the case of its session alerted" in line, text
    assert "pass login user alice" in text, text


def test_only_who_may_ask_is_answered(stage: Stage) -> None:
    for words in (["learn"], ["diff", POLICY], ["explain", "--alert", "0123456789ab"]):
        done = stage.bastion.run([f"{PROGRAMS}/sshtether", "policy", *words], user="alice", check=False)
        assert done.returncode == 3 and "no permission" in done.stderr, done

"""demo: the story, told while it happens.  Succeeds only when all of it happened.

alice works on the bastion with her agent forwarded and goes on to the database by plain ssh, by ssh -J and
by a renamed ssh.  mallory, another user who can become root there, borrows alice's agent.  First the policy
only watches; then it is enforced.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import textwrap
from collections.abc import Callable

from lab.daemon import PROGRAMS, Watch, brief, value
from lab.sshd import Login
from lab.stage import Stage

_HERE = os.path.dirname(os.path.abspath(__file__))
_BOLD, _DIM, _GREEN, _RED, _PLAIN = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 5
)
_LONG = "echo on $(hostname); sleep 20; echo still on $(hostname)"
_SHORT = "echo on $(hostname)"
_KILLED = re.compile(r"^bash: line \d+:\s+\d+ (Killed)\b.*", re.M)


class Story:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.watch: Watch = stage.watch()
        self.told = 0
        self.seen = 0
        self.stopped = 0
        self.wrong: list[str] = []

    # --- telling ---

    def chapter(self, title: str) -> None:
        print(f"\n{_BOLD}{title}{_PLAIN}\n{'─' * len(title)}")

    def say(self, text: str) -> None:
        print("\n" + textwrap.fill(" ".join(text.split()), 100))

    def show(self, who: str, command: str, output: str = "") -> None:
        print(f"  {_DIM}{who}${_PLAIN} {command}")
        for line in output.splitlines():
            print(f"      {line}")

    def alert(self, alert: dict) -> None:
        where = value(alert, "to") or value(alert, "socket") or ""
        port = f" port {value(alert, 'port')}" if value(alert, "to") else ""
        program = os.path.basename(str(value(alert, "exe") or "sshd"))
        done = str(value(alert, "done"))
        colour = _GREEN if done == "would-have" else _RED
        print(
            f"  {colour}▶ alert{_PLAIN}  {value(alert, 'activity')}: {value(alert, 'user')} from"
            f" {value(alert, 'origin')}, {program} → {where}{port}  {colour}{done}{_PLAIN}"
            f"  {_DIM}({os.path.basename(str(value(alert, 'rule')))}){_PLAIN}"
        )

    def expect(self, done: tuple[str, ...], **wanted: object) -> None:
        """An alert that has to come, and what must have become of it."""
        try:
            alert = self.watch.wait(done=done, **wanted)
        except AssertionError as late:
            self.fail(str(late))
            return
        self.watch.alerts.remove(alert)
        self.alert(alert)
        if "would-have" in done:
            self.seen += 1
        else:
            self.stopped += 1

    def check(self, ok: bool, otherwise: str) -> None:
        if not ok:
            self.fail(otherwise)

    def fail(self, what: str) -> None:
        self.wrong.append(what)
        print(f"  {_RED}✗ {what}{_PLAIN}")

    # --- the people ---

    def hops(self, alice: Login) -> dict[str, tuple[str, Callable[[str], tuple[int, str]]]]:
        """alice's three ways to a host: activity, and how to run a command there."""
        return {
            "ssh {to}": ("outbound-ssh", lambda line: alice.run(f"ssh {line}")),
            "ssh -J bastion {to}": ("relay", self._jump),
            "./backup-tool {to}": ("outbound-ssh", lambda line: alice.run(f"./backup-tool {line}")),
        }

    def _jump(self, line: str) -> tuple[int, str]:
        to, command = line.split(" ", 1)
        done = self.stage.laptop.run(
            ["ssh", "-J", "bastion", to, shlex.split(command)[0]],
            user="alice",
            env=self.stage.agent("alice").env,
            check=False,
        )
        return done.returncode, done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def run(build: str) -> int:
    print("sshtether demo: building three hosts  laptop ── bastion ── db  …", flush=True)
    stage = Stage(build)
    stage.world.sshd["bastion"].without("pam_motd")  # its scripts fill the tree of sessions
    stage.daemon.pam()
    story = Story(stage)
    _opening(story)
    with _alice(story) as alice:
        _load(story, "demo-audit.policy", "audit")
        _first_week(story, alice)
        _load(story, "demo-enforce.policy", "enforce")
        _after(story, alice)
    return _closing(story)


@contextlib.contextmanager
def _alice(story: Story):
    with story.stage.login("alice", forward=True) as alice:
        alice.out("cp /usr/bin/ssh backup-tool")
        yield alice


def _opening(story: Story) -> None:
    story.say(
        """Each host has its own network, files, users and a real sshd; the bastion also runs auditd and sshtetherd,
        and its sshd asks pam_sshtether.so at each login. The laptop cannot reach db; the bastion can. That is what
        bastions are for, and why intruders like them."""
    )


def _load(story: Story, name: str, mode: str) -> None:
    path = f"/etc/sshtether/{name}"
    with open(os.path.join(_HERE, name), encoding="utf-8") as policy:
        text = policy.read()
    story.stage.bastion.write(path, text)
    if mode == "audit":
        story.chapter("1. Audit mode: everything works, and is told")
        story.say("The policy of the first week. sshtether sees what it forbids, says so, and touches nothing:")
        for line in text.splitlines():
            if line.startswith(("mode", "pass", "block", "terminate")):
                print(f"      {line}")
    else:
        story.chapter("2. Enforce mode: the same people, the same commands")
        story.say("A week later nothing surprising is left in the alerts. One word of the policy changes: mode enforce.")
    print()
    for words in (("policy", "load", path), ("mode", mode)):
        story.show("root@bastion", f"sshtether {' '.join(words)}", story.stage.daemon.ctl(*words).strip())


def _first_week(story: Story, alice: Login) -> None:
    story.say("alice logs in to the bastion with her agent forwarded, and hops on to db in three ways.")
    for way, (activity, hop) in story.hops(alice).items():
        status, output = hop(f"db {shlex.quote(_SHORT)}")
        story.show("alice", way.format(to="db"), output)
        story.check(status == 0 and output == "on db", f"audit mode changed something: {output}")
        story.expect(("would-have",), activity=activity, user="alice")
    story.say(
        """mallory has a login of his own and can become root. alice's agent socket lies in /tmp: root may open it,
        and whoever opens it can sign in as alice. No ssh of hers is involved."""
    )
    with story.stage.login("mallory") as mallory:
        command = f"sudo SSH_AUTH_SOCK={alice.out('echo $SSH_AUTH_SOCK')} ssh-add -l"
        status, output = mallory.run(command)
        story.show("mallory", command, output)
        story.check("ED25519" in output, f"audit mode changed something: {output}")
        story.expect(("would-have",), activity="agent-hijack", user="mallory", owner="other")
        story.say("Which login did what? sshtether knows them from PAM, and what they run from the audit records:")
        alice_waits = alice.send("ssh 10.9.2.3 sleep 2")
        story.show("root@bastion", "sshtether sessions --tree", story.stage.daemon.ctl("sessions", "--tree"))
        alice.receive(alice_waits)


def _after(story: Story, alice: Login) -> None:
    story.say(
        """alice's hops to the database are refused now: by the kernel, before a packet leaves, where it has the gates.
        Her session on the bastion goes on."""
    )
    for way, (activity, hop) in story.hops(alice).items():
        status, output = hop(f"db {shlex.quote(_LONG)}")
        output = _KILLED.sub(r"\1", output)
        story.show("alice", way.format(to="db"), output)
        story.check(status != 0 and "still" not in output, "the hop went on")
        story.expect(("refused", "killed", "cut"), activity=activity, user="alice")
    story.say("mallory reaches for the agent again, with a program that would hold the connection.")
    with story.stage.login("mallory") as mallory:
        socket = alice.out("echo $SSH_AUTH_SOCK")
        story.show("mallory", f"sudo python3 borrow.py 30 {socket}")
        mallory.send(f"sudo /usr/bin/python3 {PROGRAMS}/borrow.py 30 {socket}")
        story.expect(("terminated",), activity="agent-hijack", user="mallory", owner="other")
        story.check(mallory.ended(), "mallory's session goes on")
    story.say(
        """mallory's whole session is gone. And alice? Her agent, her session and the hop that the policy allows, to
        db's backup address, are untouched."""
    )
    for command, want in (("ssh-add -l", "ED25519"), (f"ssh 10.9.2.3 '{_SHORT}'", "on db")):
        status, output = alice.run(command)
        story.show("alice", command, output)
        story.check(status == 0 and want in output, f"her own work was hit: {output}")


def _closing(story: Story) -> int:
    alerts = [a for a in story.watch.poll() if a["event"]["kind"] == "alert"]
    cases = [a for a in alerts if value(a, "activity") == "case" and value(a, "user") == "mallory"]
    story.check(len(cases) == 2, "mallory's two sessions are not a case each:\n" + "\n".join(map(brief, cases)))
    left = [a for a in alerts if a not in cases]
    story.check(not left, "alerts that nobody expected:\n" + "\n".join(map(brief, left)))
    story.say("All of it is kept, with the login, its key, the process and its parents up to sshd:")
    story.show("root@bastion", "sshtether alerts --since today", story.stage.daemon.ctl("alerts", "--since", "today"))
    story.chapter("What happened")
    print(
        f"seen {story.seen} of 4 in audit mode (nothing touched), stopped {story.stopped} of 4 in enforce mode:"
        " hops by ssh, ssh -J and a renamed ssh, and a borrowed agent; alice's allowed work went on."
    )
    if story.wrong:
        print(f"{_RED}NOT as it should be: {len(story.wrong)} of the above{_PLAIN}")
    return 1 if story.wrong or (story.seen, story.stopped) != (4, 4) else 0

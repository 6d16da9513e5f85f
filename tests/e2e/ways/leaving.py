"""leaving: work that is done by, or as, somebody else than the login that wanted it done."""

from __future__ import annotations

import subprocess

from lab import audit, sshd
from lab.daemon import PROGRAMS
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB_OTHER

from .calls import DIAL
from .hops import prepare, tried
from .way import RULES, Attempt, Tried, Way

def dial(attempt: Attempt) -> str:
    return f"env HOLD={int(attempt.hold)} {DIAL} connect {attempt.target} 22"


def went(said: str) -> bool:
    return said.startswith("banner SSH-2.0-")


# --- row 5: another session of the same user does it --------------------------------------------------------


def tmux(stage: Stage, attempt: Attempt) -> Tried:
    """In a window of the server that another login of hers started."""
    with stage.login("alice") as owner, stage.login("alice", key="id_other") as other:
        owner.out("rm -f said; tmux -L bridge new-session -d -s work 'bash --norc'")
        try:
            other.out(f"tmux -L bridge new-window -d -t work '{dial(attempt)} >said.new; mv said.new said'")
            said = _result(owner, "said")
            return tried(owner, went(said), said, to=attempt.target)
        finally:
            owner.run("tmux -L bridge kill-server")


def left_behind(stage: Stage, attempt: Attempt) -> Tried:
    """By a process that waits until its login is over."""
    with stage.login("alice") as session:
        ses = session.ses
        words = f"sleep 1; {dial(attempt)} >said.new; mv said.new said"
        session.out(f"rm -f said; setsid sh -c '{words}' >/dev/null 2>&1 &")
    with stage.login("bob") as other:
        said = _result(other, "/home/alice/said")
    return Tried(went(said), said, {"ses": ses, "to": attempt.target})


def _result(session: Login, file: str) -> str:
    until(lambda: session.run(f"test -e {file}")[0] == 0, file, 60)
    return session.out(f"cat {file}")


def job(service: str) -> Way:
    """By a service that opens a session of its own for it (helpers/job.c), while she is logged in."""

    def go(stage: Stage, attempt: Attempt) -> Tried:
        stage.bastion.write(f"/etc/pam.d/{service}", _JOB_STACK)
        with stage.login("alice") as session:
            done = stage.bastion.run([f"{PROGRAMS}/job", service, "alice", dial(attempt)], check=False)
            assert session.out("echo still here") == "still here", "her own login has ended"
            return Tried(went(done.stdout), done.stdout, {"user": "alice", "to": attempt.target})

    return Way(5, "outbound-ssh", go)


_JOB_STACK = """\
session required pam_loginuid.so
session required pam_limits.so
@include common-session-noninteractive
"""


# --- row 12: another process is made to do it -----------------------------------------------------------------


def inject(stage: Stage, attempt: Attempt, hold: float) -> tuple[Tried, int]:
    """An ssh of another login of hers, to where it may go, is made to connect elsewhere; and the tracer's session."""
    prepare(stage)
    with stage.login("alice") as owner, stage.login("alice", key="id_other") as other:
        pid = owner.out(f"rm -f up; ssh -i .ssh/hop -N -M -S up {DB_OTHER} >/dev/null 2>&1 & echo $!")
        until(lambda: other.run("test -S up")[0] == 0, "her ssh to be logged in")
        _, said = other.run(f"HOLD={int(hold)} {PROGRAMS}/inject {pid} {attempt.target} 22")
        owner.run(f"kill {pid}")
        return tried(owner, went(said), said, to=attempt.target), other.ses


def injected(stage: Stage, attempt: Attempt) -> Tried:
    return inject(stage, attempt, 0)[0]


def traced(stage: Stage, attempt: Attempt) -> Tried:
    its, tracer = inject(stage, attempt, attempt.hold)
    return Tried(its.worked, its.said, {"ses": tracer})


# --- row 13: an sshd that nobody knows of ----------------------------------------------------------------------

_OWN_SSHD = """\
Port {port}
HostKey {key}
PidFile /home/alice/own.pid
UsePAM no
StrictModes no
AuthorizedKeysFile /home/alice/.ssh/authorized_keys
"""


def _log_in_there(stage: Stage, port: int, command: str) -> str:
    options = ["-p", str(port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    done = stage.laptop.run([*sshd.ssh(options=options), "bastion", command], user="alice", check=False)
    return done.stdout or done.stderr


def own_sshd(stage: Stage, attempt: Attempt) -> Tried:
    """She starts one in her session, and comes in through it."""
    with stage.login("alice") as session:
        session.out("rm -f own*; ssh-keygen -q -t ed25519 -N '' -f own_key")
        stage.bastion.write("/home/alice/own.conf", _OWN_SSHD.format(port=2200, key="/home/alice/own_key"))
        session.out("/usr/sbin/sshd -f ~/own.conf; until [ -s own.pid ]; do sleep 0.02; done")
        try:
            said = _log_in_there(stage, 2200, dial(attempt))
        finally:
            session.run("kill $(cat own.pid); rm -f own*")
        return tried(session, went(said), said, to=attempt.target)


def blind_sshd(stage: Stage, attempt: Attempt) -> Tried:
    """Root runs one without PAM: what it lets in belongs to no login."""
    settings = _OWN_SSHD.format(port=2201, key="/etc/ssh/lab_host_key")
    stage.bastion.write("/etc/ssh/blind.conf", settings)
    server = stage.bastion.popen(["/usr/sbin/sshd", "-D", "-f", "/etc/ssh/blind.conf"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: ":2201 " in stage.bastion.run(["ss", "-Hltn"]).stdout, "port 2201")
        said = _log_in_there(stage, 2201, dial(attempt))
        return Tried(went(said), said, {})
    finally:
        server.terminate()
        server.wait()


# --- row 14: root leaves the login --------------------------------------------------------------------------------


def login_uid(value: int) -> Way:
    def go(stage: Stage, attempt: Attempt) -> Tried:
        leave = f"echo {value} >/proc/self/loginuid;" if attempt.forbidden else ""
        with stage.login("mallory") as session:
            status, said = session.run(f"sudo sh -c '{leave} exec {dial(attempt)}'")
            return tried(session, status == 0 and went(said), said)

    return Way(14, "session-escape", go, stopped=False)


# --- row 19: audit is flooded until it loses records ----------------------------------------------------------------


def flood(stage: Stage, attempt: Attempt) -> Tried:
    """A bounded burst at a short queue: nobody waits for room in it, and it is emptied no faster than auditd can."""
    before = audit.lost()
    with stage.login("alice") as session, stage.login("alice", key="id_other") as noise:
        with audit.short_queue(64):
            mark = noise.send(f"{PROGRAMS}/hammer -p 4 -n 5000 127.0.0.1 1")
            status, said = session.run(dial(attempt))
            noise.receive(mark)
        if attempt.forbidden:
            assert audit.lost() > before, "not one record was lost"
        return tried(session, status == 0 and went(said), said, to=attempt.target)


LEAVING = {
    "window of another login's tmux": Way(5, "outbound-ssh", tmux),
    "process that outlives its login": Way(5, "outbound-ssh", left_behind),
    "at (its PAM service)": job("atd"),
    "cron (its PAM service)": job("cron"),
    "systemd-run, lingering (PAM)": job("systemd-user"),
    "ptrace of another login's ssh": Way(
        12, "ssh-tamper", traced, level="react", done="killed", spared=False, rules=RULES + "block ssh-tamper\n"
    ),
    "what that makes the ssh do": Way(12, "outbound-ssh", injected),
    "sshd of the user": Way(13, "outbound-ssh", own_sshd),
    "sshd without PAM, by root": Way(
        13, "unreported-session", blind_sshd, stopped=False, rules=RULES + "block unreported-session\n"
    ),
    "login uid dropped by root": login_uid(4294967295),
    "login uid changed by root": login_uid(7002),
    "audit flooded": Way(19, "outbound-ssh", flood),
}

"""hops: from the bastion on to db, through sshd's own relays and with SSH clients under whatever name."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Callable, Iterator

from lab import sshd
from lab.daemon import PROGRAMS
from lab.sshd import Login
from lab.stage import Stage
from lab.waiting import until

from .way import Attempt, Tried, Way

Result = tuple[int, str]


# --- clients inside her session ------------------------------------------------------------------------


def client(row: int, program: str, options: str = "-i .ssh/hop", exe: str = "", port: int = 22, **limits) -> Way:
    def go(stage: Stage, attempt: Attempt) -> Tried:
        prepare(stage)
        with stage.login("alice") as session:
            command = shlex.quote(f"sleep {attempt.hold}; hostname")
            status, output = session.run(f"{program} {options} {attempt.target} {command}")
            return tried(session, status == 0 and output.endswith("db"), output, **to(attempt))

    def to(attempt: Attempt) -> dict[str, object]:
        """A program that never ran has named no destination."""
        return {"to": attempt.target, "port": port} if port else {}

    name = (exe or program.split()[-1]).rsplit("/", 1)[-1]
    return Way(row, "outbound-ssh", go, facts={"program": name}, **limits)


def tried(session: Login, worked: bool, said: str, **who: object) -> Tried:
    assert session.out("echo still here").endswith("still here"), "block ends no session"
    return Tried(worked, said, {"ses": session.ses, **who})


def prepare(stage: Stage) -> None:
    """Her key on the bastion, in the formats of other clients too, and copies of ssh."""
    key = stage.laptop.read("/home/alice/.ssh/id_ed25519")
    stage.bastion.write("/home/alice/.ssh/hop", key, 0o600, (7001, 7001))
    stage.bastion.run(
        ["sh", "-c", "dropbearconvert openssh dropbear .ssh/hop .ssh/hop.dropbear && cp /usr/bin/ssh backup-tool"],
        user="alice",
    )


# --- relays through her session's sshd ------------------------------------------------------------------


def relay(go: Callable[[Stage, str, str], Result]) -> Way:
    def attempt_it(stage: Stage, attempt: Attempt) -> Tried:
        status, output = go(stage, attempt.target, f"sleep {attempt.hold}; hostname")
        worked = status == 0 and output.endswith("db")
        return Tried(worked, output, {"user": "alice", "to": attempt.target})

    return Way(1, "relay", attempt_it, facts={"port": 22, "program": "sshd"})


def command(stage: Stage, target: str, words: str, *options: str) -> Result:
    done = stage.laptop.run([*sshd.ssh(options=options), target, words], user="alice", check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def jump(stage: Stage, target: str, words: str) -> Result:
    stage.laptop.write(
        "/home/alice/.ssh/config", "Host *\n IdentityFile ~/.ssh/id_ed25519\n IdentitiesOnly yes\n", 0o600, (7001, 7001)
    )
    return command(stage, target, words, "-J", "bastion")


def stdio(stage: Stage, target: str, words: str) -> Result:
    return command(stage, target, words, "-o", "ProxyCommand=ssh -i .ssh/id_ed25519 -W %h:%p bastion")


def local_forward(stage: Stage, target: str, words: str) -> Result:
    with forwarding(stage, "-L", f"127.0.0.1:2222:{target}:22", port=2222):
        return command(stage, "127.0.0.1", words, "-p", "2222", "-o", f"HostKeyAlias={target}")


def socks(stage: Stage, target: str, words: str) -> Result:
    with forwarding(stage, "-D", "127.0.0.1:1080", port=1080):
        return command(stage, target, words, "-o", "ProxyCommand=socat - SOCKS4:127.0.0.1:%h:%p,socksport=1080")


@contextlib.contextmanager
def forwarding(stage: Stage, *options: str, port: int) -> Iterator[None]:
    argv = [*sshd.ssh(options=["-N", "-o", "ExitOnForwardFailure=yes", *options]), "bastion"]
    forwarder = stage.laptop.popen(argv, user="alice", stderr=subprocess.DEVNULL)
    try:
        until(lambda: f":{port}" in stage.laptop.run(["ss", "-Hltn"]).stdout, f"port {port} on the laptop")
        yield
        assert forwarder.poll() is None, "the forwarding session itself was ended"
    finally:
        forwarder.terminate()
        forwarder.wait()


# --- the table ---------------------------------------------------------------------------------------------

_PARAMIKO = f"/usr/bin/python3 {PROGRAMS}/paramiko_run.py"
_PROXY = "/usr/bin/ssh -i .ssh/hop -p 2022 -o ProxyCommand="

# A program that this host has not seen is looked at while it runs already.
_NEW = {"level": ("prevent", "react"), "done": ("refused", "killed", "cut")}
_NOWHERE = "block outbound-ssh user alice\n"

HOPS = {
    "relay -J": relay(jump),
    "relay -W": relay(stdio),
    "relay -L": relay(local_forward),
    "relay -D": relay(socks),
    "ssh, key on disk": client(2, "/usr/bin/ssh"),
    "ssh that does not block": client(2, "/usr/bin/ssh", "-i .ssh/hop -o ConnectTimeout=9"),
    "ssh renamed": client(6, "./backup-tool"),
    "ssh without a file (memfd)": client(6, f"/usr/bin/python3 {PROGRAMS}/memfd.py /usr/bin/ssh", exe="memfd"),
    "ssh without a file, another port": client(
        6, f"/usr/bin/python3 {PROGRAMS}/memfd.py /usr/bin/ssh", "-i .ssh/hop -p 2022", exe="memfd", port=2022, **_NEW
    ),
    "dropbear's client": client(7, "/usr/bin/dbclient", "-y -i .ssh/hop.dropbear"),
    "paramiko": client(7, _PARAMIKO, ".ssh/hop", exe="python3"),
    "ssh, no destination allowed": client(8, "/usr/bin/ssh", port=0, done="killed", rules=_NOWHERE),
    "ssh renamed, another port": client(8, "./backup-tool", "-i .ssh/hop -p 2022", port=2022),
    "ssh by ld.so": client(8, "/lib64/ld-linux-x86-64.so.2 /usr/bin/ssh", exe="ld-linux-x86-64.so.2"),
    "nc as proxy, another port": client(8, f"{_PROXY}'nc %h %p'", "", exe="nc", port=2022),
    "socat as proxy, another port": client(8, f"{_PROXY}'socat - TCP:%h:%p'", "", exe="socat", port=2022),
}

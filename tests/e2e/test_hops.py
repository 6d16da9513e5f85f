"""From the bastion on to db: sshd's own relays and SSH clients under whatever name.

Rows 1, 2, 6, 7 and part of 8 of the table of ways round.  Each way is seen in audit mode, with the right
session and origin; ended in enforce mode; and left alone where the policy passes it.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab import sshd
from lab.daemon import PROGRAMS, quiet
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB, DB_OTHER, LAPTOP
from suite import cases

RULES = f"""
pass  outbound-ssh, relay to {DB_OTHER}
block outbound-ssh, relay user alice  severity high
"""

Result = tuple[int, str]


@dataclass(frozen=True)
class Hop:
    """How alice runs a command on another host; go(stage, target, command) returns status and output."""

    activity: str
    exe: str
    go: Callable[[Stage, str, str], Result]
    port: int = 22


# --- clients inside her session ------------------------------------------------------------------------


def client(program: str, options: str = "-i .ssh/hop", exe: str = "", port: int = 22) -> Hop:
    def go(stage: Stage, target: str, command: str) -> Result:
        _prepare(stage)
        with stage.login("alice") as session:
            result = session.run(f"{program} {options} {target} {shlex.quote(command)}")
            assert session.out("echo still here") == "still here"
            return result

    return Hop("outbound-ssh", exe or program.split()[-1], go, port)


def _prepare(stage: Stage) -> None:
    """Her key on the bastion, also in dropbear's format, and copies of ssh."""
    key = stage.laptop.read("/home/alice/.ssh/id_ed25519")
    stage.bastion.write("/home/alice/.ssh/hop", key, 0o600, (7001, 7001))
    stage.bastion.run(
        ["sh", "-c", "dropbearconvert openssh dropbear .ssh/hop .ssh/hop.dropbear && cp /usr/bin/ssh backup-tool"],
        user="alice",
    )


# --- relays through her session's sshd ------------------------------------------------------------------


def _command(stage: Stage, target: str, command: str, *options: str) -> Result:
    done = stage.laptop.run([*sshd.ssh(options=options), target, command], user="alice", check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def jump(stage: Stage, target: str, command: str) -> Result:
    stage.laptop.write(
        "/home/alice/.ssh/config", "Host *\n IdentityFile ~/.ssh/id_ed25519\n IdentitiesOnly yes\n", 0o600, (7001, 7001)
    )
    return _command(stage, target, command, "-J", "bastion")


def stdio(stage: Stage, target: str, command: str) -> Result:
    return _command(stage, target, command, "-o", "ProxyCommand=ssh -i .ssh/id_ed25519 -W %h:%p bastion")


def local_forward(stage: Stage, target: str, command: str) -> Result:
    with _forwarding(stage, "-L", f"127.0.0.1:2222:{target}:22", port=2222):
        return _command(stage, "127.0.0.1", command, "-p", "2222", "-o", f"HostKeyAlias={target}")


def socks(stage: Stage, target: str, command: str) -> Result:
    with _forwarding(stage, "-D", "127.0.0.1:1080", port=1080):
        return _command(stage, target, command, "-o", "ProxyCommand=socat - SOCKS4:127.0.0.1:%h:%p,socksport=1080")


@contextlib.contextmanager
def _forwarding(stage: Stage, *options: str, port: int) -> Iterator[None]:
    argv = [*sshd.ssh(options=["-N", "-o", "ExitOnForwardFailure=yes", *options]), "bastion"]
    forwarder = stage.laptop.popen(argv, user="alice", stderr=subprocess.DEVNULL)
    try:
        until(lambda: f":{port}" in stage.laptop.run(["ss", "-Hltn"]).stdout, f"port {port} on the laptop")
        yield
        assert forwarder.poll() is None, "the forwarding session itself was ended"
    finally:
        forwarder.terminate()
        forwarder.wait()


HOPS = {
    "relay -J": Hop("relay", "sshd", jump),
    "relay -W": Hop("relay", "sshd", stdio),
    "relay -L": Hop("relay", "sshd", local_forward),
    "relay -D": Hop("relay", "sshd", socks),
    "plain ssh": client("/usr/bin/ssh"),
    "ssh with ConnectTimeout": client("/usr/bin/ssh", "-i .ssh/hop -o ConnectTimeout=9"),
    "renamed ssh": client("./backup-tool", exe="/home/alice/backup-tool"),
    "renamed ssh, another port": client(
        "./backup-tool", "-i .ssh/hop -p 2022", exe="/home/alice/backup-tool", port=2022
    ),
    "ssh without a file": client(f"/usr/bin/python3 {PROGRAMS}/memfd.py /usr/bin/ssh", exe="memfd"),
    "dbclient": client("/usr/bin/dbclient", "-y -i .ssh/hop.dropbear", exe="dbclient"),
    "ssh through ld.so": client("/lib64/ld-linux-x86-64.so.2 /usr/bin/ssh", exe="ld-linux-x86-64.so.2"),
}


@cases(HOPS)
def test_seen(stage: Stage, hop: Hop) -> None:
    stage.daemon.policy(RULES, mode="audit")
    watch = stage.watch()
    status, output = hop.go(stage, DB, "hostname")
    assert status == 0 and "db" in output, f"audit mode changed something: exit {status}, {output}"
    alert = watch.wait(activity=hop.activity, user="alice", to=DB)
    ours, process = alert["sshtether"], alert["process"]
    assert ours["done"] == "would-have" and ours["mode"] == "audit" and ours["action"] == "block", ours
    assert alert["source"]["ip"] == LAPTOP, alert["source"]
    assert alert["destination"]["port"] == hop.port, alert["destination"]
    assert alert["rule"]["name"].endswith("sshtether.policy:7"), alert["rule"]
    assert ours["key"] == stage.world.keys.fingerprints["alice", "id_ed25519"], ours
    assert hop.exe.rsplit("/", 1)[-1] in process.get("executable", ""), process
    assert process["entry_leader"]["entry_meta"]["type"] == "sshd", process


def test_one_hop_is_one_finding(stage: Stage) -> None:
    """However many records tell of it: exec, name service, several addresses, retries."""
    stage.daemon.policy(RULES, mode="audit")
    watch = stage.watch()
    for hop in HOPS.values():
        hop.go(stage, DB, "hostname")
    stage.fence(watch)
    alerts = watch.find(user="alice")
    sessions = [a["sshtether"]["ses"] for a in alerts]
    assert len(sessions) == len(set(sessions)) == len(HOPS), quiet(alerts)


@cases(HOPS)
def test_stopped(stage: Stage, hop: Hop) -> None:
    stage.daemon.policy(RULES, mode="enforce")
    watch = stage.watch()
    status, output = hop.go(stage, DB, "sleep 45; hostname")
    assert status != 0 and output.splitlines()[-1:] != ["db"], f"it went on: exit {status}, {output}"
    alert = watch.wait(activity=hop.activity, user="alice", to=DB)
    expected = ("cut",) if hop.activity == "relay" else ("killed",)
    assert alert["sshtether"]["done"] in expected, quiet([alert])


def test_stopped_every_time(stage: Stage) -> None:
    """What was told once is not told again at once, but it is stopped again."""
    stage.daemon.policy(RULES, mode="enforce")
    with _forwarding(stage, "-L", f"127.0.0.1:2222:{DB}:22", port=2222):
        for attempt in ("first", "second", "third"):
            status, output = _command(stage, "127.0.0.1", "sleep 20; hostname", "-p", "2222", "-o", f"HostKeyAlias={DB}")
            assert status != 0 and "db" not in output, f"the {attempt} went on: exit {status}, {output}"


def test_allowed_left_alone(stage: Stage) -> None:
    stage.daemon.policy(RULES, mode="enforce")
    watch = stage.watch()
    for name, hop in HOPS.items():
        status, output = hop.go(stage, DB_OTHER, "sleep 1; hostname")
        assert status == 0 and "db" in output, f"{name} stopped by mistake: exit {status}, {output}\n{watch.text()}"
    left = [a for a in stage.fence(watch) if a["user"]["name"] == "alice"]
    assert not left, f"alerts on what is allowed:\n{quiet(left)}"

"""The other activities, and connections made in ways that few programs use."""

from __future__ import annotations

import subprocess

from lab import sshd
from lab.daemon import PROGRAMS, program, quiet
from lab.linux import Unavailable
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB
from suite import cases

ALERTED = "alert outbound-ssh, relay, listen, session-bridge, session-escape, agent-use, mux-use\n"
_DIAL = f"/usr/bin/python3 {PROGRAMS}/dial.py"


# --- connections ---------------------------------------------------------------------------------------------

DIALS = {
    "nc": f"nc -z {DB} 22",
    "bash /dev/tcp": f"exec 9<>/dev/tcp/{DB}/22; exec 9>&-",
    "non-blocking": f"{_DIAL} slow {DB} 22",
    "fast open": f"{_DIAL} fastopen {DB} 22",
}


@cases(DIALS)
def test_seen(stage: Stage, command: str) -> None:
    stage.daemon.policy(ALERTED)
    watch = stage.watch()
    with stage.login("alice") as session:
        session.out(f"( {command} )")
        watch.wait(activity="outbound-ssh", ses=session.ses, to=DB, port=22)


def test_i386_call_seen(stage: Stage) -> None:
    stage.daemon.policy(ALERTED)
    compat = program(stage.bastion, "compat")
    watch = stage.watch()
    with stage.login("alice") as session:
        status, _ = session.run(f"{compat} {DB} 22")
        if status != 0:
            raise Unavailable("i386 system calls (CONFIG_IA32_EMULATION)")
        watch.wait(activity="outbound-ssh", ses=session.ses, to=DB, port=22)


def test_lookup_is_no_connection(stage: Stage) -> None:
    """The resolver sorts addresses by connecting UDP sockets to them, at the port that was asked for."""
    stage.daemon.policy(ALERTED)
    watch = stage.watch()
    with stage.login("alice") as session:
        session.out(f"{_DIAL} lookup db 22; getent ahosts db")
        ses = session.ses
    stage.fence(watch)
    assert not watch.find(ses=ses), quiet(watch.find(ses=ses))


def test_other_ports_are_no_ssh(stage: Stage) -> None:
    stage.daemon.policy(ALERTED)
    watch = stage.watch()
    with stage.login("alice") as session:
        session.run(f"nc -w 1 -z {DB} 80; curl -s -m 2 http://{DB}:2022/; scp -q /etc/hosts /tmp/scp.copy; git --version")
        ses = session.ses
    stage.fence(watch)
    assert not watch.find(ses=ses), quiet(watch.find(ses=ses))


# --- listening -------------------------------------------------------------------------------------------------


def test_remote_forward_listens(stage: Stage) -> None:
    stage.daemon.policy(ALERTED)
    watch = stage.watch()
    argv = [*sshd.ssh(options=["-N", "-R", "127.0.0.1:8088:127.0.0.1:22"]), "bastion"]
    forwarder = stage.laptop.popen(argv, user="alice", stderr=subprocess.DEVNULL)
    try:
        until(lambda: ":8088" in stage.bastion.run(["ss", "-Hltn"]).stdout, "the forwarded port")
        watch.wait(activity="listen", user="alice")
    finally:
        forwarder.terminate()
        forwarder.wait()


def test_process_listens(stage: Stage) -> None:
    stage.daemon.policy(ALERTED)
    watch = stage.watch()
    with stage.login("alice") as session:
        session.out("timeout 1 nc -l 127.0.0.1 9401 || true")
        watch.wait(activity="listen", ses=session.ses)


# --- leaving the session -----------------------------------------------------------------------------------------


def test_escape_by_login_uid(stage: Stage) -> None:
    """By default, too, this alerts."""
    stage.daemon.policy("")
    watch = stage.watch()
    with stage.login("mallory") as session:
        ses = session.ses
        session.out("sudo sh -c 'echo 4294967295 >/proc/self/loginuid; id'")
        alert = watch.wait(activity="session-escape")
        assert alert["user"]["name"] == "mallory" and alert["sshtether"]["ses"] == ses, quiet([alert])


def test_bridge_through_tmux(stage: Stage) -> None:
    """A window that another login asks for runs in the session of the server."""
    stage.daemon.policy(ALERTED)
    watch = stage.watch()
    with stage.login("alice") as owner, stage.login("alice", key="id_other") as other:
        owner.out("tmux -L bridge new-session -d -s work 'bash --norc'")
        other.out("tmux -L bridge new-window -t work 'sleep 1; true'")
        alert = watch.wait(activity="session-bridge", user="alice")
        assert alert["sshtether"].get("via") == "tmux", quiet([alert])
        owner.run("tmux -L bridge kill-server")

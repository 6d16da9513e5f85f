"""The other activities, and what is none."""

from __future__ import annotations

import subprocess

from lab import sshd
from lab.daemon import PROGRAMS, quiet
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB

ALERTED = "alert outbound-ssh, relay, listen, session-bridge, session-escape, agent-use, mux-use\n"


# --- what is no connection ---------------------------------------------------------------------------------------


def test_lookup_is_no_connection(stage: Stage) -> None:
    """The resolver sorts addresses by connecting UDP sockets to them, at the port that was asked for."""
    stage.daemon.policy(ALERTED)
    watch = stage.watch()
    with stage.login("alice") as session:
        session.out(f"{PROGRAMS}/dial lookup db 22; getent ahosts db")
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
        status, output = session.run("timeout 1 nc -l 127.0.0.1 9401")
        assert status == 124, (status, output)
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

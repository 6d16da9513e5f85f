"""The module in sshd's stack: what it reports, what it refuses, and that it never locks anybody out."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator

from lab import sshd
from lab.daemon import MODULE, POLICY, PROGRAMS
from lab.stage import Stage
from lab.waiting import PATIENCE, until
from lab.world import BASTION6, LAPTOP, LAPTOP6, LAPTOP_OTHER
from suite import cases

EXEMPT = "/etc/sshtether/exempt"
_TIMEOUT_MS = 500
_HOOKS = 3  # account, open, close: each waits for itself
_SLACK_S = 3.0  # of a busy machine, not of the module


def _refused(stage: Stage, user: str, **options) -> bool:
    return stage.ssh(user, "bastion", "true", **options).returncode != 0


@contextlib.contextmanager
def module_options(stage: Stage, options: str = "", module: str = MODULE) -> Iterator[None]:
    """Other options in the PAM line while the block runs."""
    stage.daemon.pam(options, module=module)
    try:
        yield
    finally:
        stage.daemon.pam()


@contextlib.contextmanager
def no_daemon(stage: Stage) -> Iterator[None]:
    stage.daemon.stop()
    try:
        yield
    finally:
        stage.daemon.start()


# --- what is reported ------------------------------------------------------------------------------------


def test_reports_key_and_origin(stage: Stage) -> None:
    stage.daemon.policy("")
    with stage.login("alice", options=["-b", LAPTOP_OTHER]) as session:
        port = int(session.out("echo $SSH_CONNECTION").split()[1])
        line = stage.daemon.sessions()[session.ses]
        ours = line["sshtether"]
        assert line["user"] == {"name": "alice", "id": line["user"]["id"]}
        assert (line["source"]["ip"], line["source"]["port"]) == (LAPTOP_OTHER, port), line
        assert ours["known_by"] == "report" and ours["state"] == "open" and ours["ssh"] is True, ours
        assert ours["auid"] == 7001 and ours["method"] == "publickey" and ours["service"] == "sshd", ours
        assert ours["key"] == stage.world.keys.fingerprints["alice", "id_ed25519"], ours
        assert ours["key_type"] == "ssh-ed25519" and "alice" in ours["groups"], ours
        monitor = line["process"]["pid"]
        assert os.readlink(f"/proc/{monitor}/exe").endswith(("sshd", "sshd-session")), monitor
        ses = session.ses
    until(lambda: ses not in stage.daemon.sessions(), "the session to be over")


def test_reports_certificate(stage: Stage) -> None:
    stage.daemon.policy("")
    with stage.login("contractor") as session:
        ours = stage.daemon.sessions()[session.ses]["sshtether"]
        assert ours["cert_id"] == "ticket-17 contractor" and ours["cert_serial"] == 17, ours
        assert ours["principals"] == ["contractor", "audited"], ours
        assert ours["ca"] == stage.world.keys.ca_fingerprint, ours
        assert ours["key"] == stage.world.keys.fingerprints["contractor", "id_ed25519"], ours


def test_reports_ipv6(stage: Stage) -> None:
    stage.daemon.policy("")
    with sshd.login(stage.laptop, "alice", BASTION6) as session:
        assert stage.daemon.sessions()[session.ses]["source"]["ip"] == LAPTOP6


def test_multiplexed_shells_are_one_session(stage: Stage) -> None:
    stage.daemon.policy("")
    mux = ["-o", "ControlPath=.ssh/one", "-o", "ControlMaster=auto"]
    with stage.login("alice", options=mux) as session:
        before = set(stage.daemon.sessions())  # others may be over meanwhile
        done = stage.ssh("alice", *mux, "bastion", "cat /proc/self/sessionid", check=True)
        assert int(done.stdout) == session.ses
        assert set(stage.daemon.sessions()) <= before


# --- what is refused ---------------------------------------------------------------------------------------


def test_login_denied_by_user(stage: Stage) -> None:
    stage.daemon.policy('deny login user bob  severity high  message "not today"\n', mode="enforce")
    watch = stage.watch()
    done = stage.ssh("bob", "bastion", "echo in")
    assert done.returncode != 0 and "in\n" not in done.stdout
    assert "not today" in done.stderr + done.stdout, done.stderr
    alert = watch.wait(activity="login", user="bob", done="refused")
    assert alert["source"]["ip"] == LAPTOP
    assert not _refused(stage, "alice"), "somebody else was refused"


def test_login_denied_by_key(stage: Stage) -> None:
    """The key is not known in account: open_session refuses, and the connection ends at once."""
    key = stage.world.keys.fingerprints["alice", "id_other"]
    stage.daemon.policy(f'deny login key "{key}"  severity high  message "this key is lost"\n', mode="enforce")
    watch = stage.watch()
    done = stage.ssh("alice", "bastion", "echo in", key="id_other")
    assert done.returncode != 0 and "in\n" not in done.stdout
    watch.wait(activity="login", user="alice", done="refused")
    assert not _refused(stage, "alice"), "her other key was refused"


def test_refusal_ends_a_client_without_command(stage: Stage) -> None:
    """ssh -N would stay connected after an error of open_session alone."""
    key = stage.world.keys.fingerprints["alice", "id_other"]
    stage.daemon.policy(f'deny login key "{key}"\n', mode="enforce")
    client = stage.laptop.popen([*sshd.ssh("id_other", ["-N"]), "bastion"], user="alice", stderr=subprocess.DEVNULL)
    try:
        assert client.wait(PATIENCE) != 0
    finally:
        client.kill()


def test_audit_mode_refuses_nobody(stage: Stage) -> None:
    stage.daemon.policy("deny login user bob\n", mode="audit")
    watch = stage.watch()
    assert not _refused(stage, "bob")
    watch.wait(activity="login", user="bob", done="would-have")


def test_never_stop_outranks_deny(stage: Stage) -> None:
    stage.daemon.policy("never-stop group breakglass\ndeny login\n", mode="enforce")
    assert not _refused(stage, "rescue")
    assert _refused(stage, "bob")


# --- when something is broken --------------------------------------------------------------------------------


def _timed(stage: Stage, user: str, **options) -> tuple[bool, float]:
    begin = time.monotonic()
    refused = _refused(stage, user, **options)
    return refused, time.monotonic() - begin


def _said(stage: Stage, mark: int, *words: str) -> None:
    """Syslog has, since then, a line with all of these words."""
    until(lambda: any(all(word in line for word in words) for line in stage.world.syslog.since(mark, words[0])), f"{words} in syslog")


def _bound(hooks: int = _HOOKS) -> float:
    return hooks * _TIMEOUT_MS / 1000 + _SLACK_S


def test_daemon_absent_open(stage: Stage) -> None:
    with no_daemon(stage):
        mark = stage.world.syslog.mark()
        refused, seconds = _timed(stage, "alice")
        assert not refused and seconds < _bound(), seconds
        _said(stage, mark, "pam_sshtether")


def test_daemon_absent_closed(stage: Stage) -> None:
    stage.bastion.write(EXEMPT, "# the way in\nuser rescue\n", 0o600)
    with no_daemon(stage), module_options(stage, f"fail=closed exempt={EXEMPT}"):
        mark = stage.world.syslog.mark()
        refused, seconds = _timed(stage, "alice")
        assert refused and seconds < _bound(), (refused, seconds)
        assert not _refused(stage, "rescue"), "the exempt user is locked out"
        _said(stage, mark, "pam_sshtether", "exempt", "rescue")


def test_exempt_group_and_key(stage: Stage) -> None:
    key = stage.world.keys.fingerprints["alice", "id_other"]
    stage.bastion.write(EXEMPT, f"group breakglass\nkey {key}\n", 0o600)
    with no_daemon(stage), module_options(stage, f"fail=closed exempt={EXEMPT}"):
        assert not _refused(stage, "rescue")
        assert not _refused(stage, "alice", key="id_other")
        assert _refused(stage, "alice")


def test_exempt_file_of_somebody_else_counts_for_nothing(stage: Stage) -> None:
    stage.bastion.write(EXEMPT, "user rescue\n", 0o666, (7003, 7003))
    try:
        with no_daemon(stage), module_options(stage, f"fail=closed exempt={EXEMPT}"):
            assert _refused(stage, "rescue")
    finally:
        os.unlink(stage.bastion.path(EXEMPT))


@contextlib.contextmanager
def stopped(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def test_daemon_hung(stage: Stage) -> None:
    with module_options(stage), stopped(stage.daemon.process.pid, stage.daemon.engine_pid()):
        refused, seconds = _timed(stage, "alice")
    assert not refused and seconds < _bound(), (refused, seconds)
    until(lambda: stage.daemon.status(), "the daemon to go on")


def test_engine_hung(stage: Stage) -> None:
    """The monitor answers for it, within its own, shorter time."""
    stage.daemon.stop()
    stage.daemon.start(f"login-timeout {_TIMEOUT_MS}ms\n")
    with module_options(stage, "fail=closed timeout=20s"):
        with stopped(stage.daemon.engine_pid()):
            refused, seconds = _timed(stage, "alice")
        assert not refused, "the fallback verdict of the monitor is to allow"
        assert seconds < _bound(), seconds
        until(lambda: stage.daemon.status().get("logins", {}).get("fallback", 0) > 0, "the fallback to be counted")
    stage.daemon.afresh()


def test_module_deleted(stage: Stage) -> None:
    with module_options(stage, "fail=closed", module=f"{PROGRAMS}/nowhere.so"):
        assert not _refused(stage, "alice"), "a missing module locks everybody out"


def test_module_broken(stage: Stage) -> None:
    stage.bastion.write(f"{PROGRAMS}/broken.so", "this is no library\n")
    with module_options(stage, "fail=closed", module=f"{PROGRAMS}/broken.so"):
        assert not _refused(stage, "alice"), "a broken module locks everybody out"


def test_unknown_option_is_logged(stage: Stage) -> None:
    mark = stage.world.syslog.mark()
    with module_options(stage, "fial=open"):
        stage.ssh("alice", "bastion", "true")
    _said(stage, mark, "fial=open")


def test_policy_broken(stage: Stage) -> None:
    """A load of it changes nothing; a start with it lets people in."""
    stage.daemon.policy("deny login user bob\n", mode="enforce")
    stage.bastion.write(POLICY, "fleet lab\nserial 9999\ndeny everybody everything\n")
    assert stage.daemon.run("policy", "load", POLICY, check=False).returncode != 0
    assert _refused(stage, "bob"), "the policy in force went away"
    stage.daemon.stop()
    stage.daemon.start()
    assert not _refused(stage, "alice")
    stage.daemon.policy("")
    assert not _refused(stage, "bob")


LIARS = ("rubbish", "half", "close", "mute", "magic")


@cases({how: how for how in LIARS})
def test_liar(stage: Stage, how: str) -> None:
    """Somebody who answers wrongly counts as nobody: fail=open lets in, fail=closed does not, both in time."""
    socket = f"/run/liar.{how}"
    liar = stage.bastion.popen(
        ["/usr/bin/python3", f"{PROGRAMS}/liar.py", socket, how], stdout=subprocess.PIPE, text=True
    )
    try:
        assert liar.stdout.readline() == "listening\n"
        for fail, expected in (("open", False), ("closed", True)):
            with module_options(stage, f"socket={socket} fail={fail}"):
                refused, seconds = _timed(stage, "alice")
            assert refused is expected and seconds < _bound(), (fail, refused, seconds)
    finally:
        liar.kill()
        liar.wait()


def test_listener_must_be_root(stage: Stage) -> None:
    """A user who takes the socket's place cannot answer for the daemon."""
    socket = "/home/mallory/report.sock"
    liar = stage.bastion.popen(
        ["/usr/bin/python3", f"{PROGRAMS}/liar.py", socket, "mute"], user="mallory", stdout=subprocess.PIPE, text=True
    )
    try:
        assert liar.stdout.readline() == "listening\n"
        mark = stage.world.syslog.mark()
        with module_options(stage, f"socket={socket} timeout=30s fail=closed"):
            refused, seconds = _timed(stage, "alice")
        assert refused and seconds < 30, (refused, seconds)
        _said(stage, mark, "root")
    finally:
        liar.kill()
        liar.wait()


def test_environment_is_left_alone(stage: Stage) -> None:
    """Nothing of the module in the user's environment."""
    output = stage.ssh("alice", "bastion", "env", check=True).stdout
    assert "sshtether" not in output.lower(), output

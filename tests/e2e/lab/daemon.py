"""sshtetherd on the bastion, its settings and policy, and the sshtether command."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Collection, Iterable

from . import audit
from .accounts import SERVICE
from .host import Host
from .keeper import own_cgroup
from .linux import Unavailable
from .waiting import PATIENCE, Tail, TimedOut, until
from .world import World

PROGRAMS = "/run/lab"  # on the bastion; everybody may pass, as in /usr/sbin
ALERTS = "/var/log/sshtether/alerts.jsonl"
POLICY = "/etc/sshtether/sshtether.policy"
CONFIG = "/etc/sshtether/sshtetherd.conf"
STORE = "/var/lib/sshtether/store.db"
MODULE = f"{PROGRAMS}/pam_sshtether.so"

_PATIENT = "login-timeout 5s\n"
USUAL_TIMEOUT = "login-timeout 250ms\n"  # as without a word of it: sshtetherd.conf(5)
_PATIENT_MODULE = "timeout=20s"
_HELPERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "helpers")

ACCOUNT_LINE = "account [success=ok perm_denied=die default=ignore] {module}{options}\n"
SESSION_LINE = "session [success=ok perm_denied=die session_err=die default=ignore] {module}{options}\n"


class Daemon:
    def __init__(self, world: World, build: str) -> None:
        self.world = world
        self.bastion = world.bastion
        self.process: subprocess.Popen | None = None
        self._serial = 0
        self._lost_before = 0
        self._install(build)

    def _install(self, build: str) -> None:
        bastion = self.bastion
        bastion.mkdir(PROGRAMS)
        for name in ("sshtetherd", "sshtether", "pam_sshtether.so"):
            shutil.copy(os.path.join(build, name), bastion.path(f"{PROGRAMS}/{name}"))
        for helper in os.listdir(_HELPERS):
            shutil.copy(os.path.join(_HELPERS, helper), bastion.path(f"{PROGRAMS}/{helper}"))
            if helper.endswith(".c"):
                program(bastion, helper.removesuffix(".c"))
        service = (SERVICE[1], SERVICE[1] + 1)
        bastion.mkdir("/etc/sshtether")
        bastion.mkdir("/run/sshtether", 0o755)
        bastion.mkdir("/var/lib/sshtether", 0o750, service)
        bastion.mkdir("/var/log/sshtether", 0o750, service)

    # --- PAM ---

    def pam(self, options: str = _PATIENT_MODULE, *, module: str = MODULE) -> None:
        """Puts the documented lines into the bastion's sshd stack."""
        words = {"module": module, "options": f" {options}" if options else ""}
        self.world.sshd["bastion"].pam(
            login_uid=True, account=ACCOUNT_LINE.format(**words), session=SESSION_LINE.format(**words)
        )

    # --- the daemon ---

    def start(self, config: str = "", *, gates: bool = True) -> None:
        """launch(), until it knows what is usual, has put its audit rules in force, and gets records."""
        self.launch(config, gates=gates)
        try:
            until(self._ready, "sshtetherd to read audit records, and to know what is usual")
        except TimedOut as late:
            status = self.status()
            of_source = [line for line in self.log().splitlines() if "source" in line or "auditd" in line]
            raise TimedOut(f"{of_source[-2:]} {status.get('baseline')} {late}\n{self.log()[-2000:]}") from late

    def launch(self, config: str = "", *, gates: bool = True) -> None:
        """The caps on actions are lifted: a run of the tests has more to stop than a host has in a year.

        No login is answered by the fallback, which knows nobody, because this machine is busy; but where config says.
        Without gates: as on a host whose kernel has none for us.
        """
        self._lost_before = audit.lost()
        patient = "" if "login-timeout" in config else _PATIENT
        self.bastion.write(CONFIG, f"action-rate 10000\ngate-cgroup {own_cgroup()}\n{patient}{config}")
        log = open(self.bastion.path("/var/log/sshtetherd.err"), "ab")
        without = [] if gates else ["setpriv", "--bounding-set", "-bpf,-perfmon,-sys_admin"]
        self.process = self.bastion.popen([*without, f"{PROGRAMS}/sshtetherd", "-f"], stdout=log, stderr=log)
        log.close()

    def _ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"sshtetherd ended ({self.process.returncode}): {self.log()[-3000:]}")
        status = self.status()
        source, usual, rules = (status.get(part, {}).get("state") for part in ("source", "baseline", "rules"))
        return source == "live" and usual != "restoring" and rules != "unknown"

    def log(self) -> str:
        return self.bastion.read("/var/log/sshtetherd.err")

    def said(self) -> list[str]:
        """To a test that failed: what it could not do, and its last words."""
        with contextlib.suppress(Exception):  # of one that may be dead, or have been made so
            failures = [f"{f['name']} {f['count']}" for f in self.status().get("failures", [])]
            return [f"sshtetherd: failures: {', '.join(failures) or 'none'}", *self.log().splitlines()[-8:]]
        return ["sshtetherd: does not answer"]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as late:
            raise TimedOut("sshtetherd does not end on SIGTERM") from late
        assert status == 0, f"sshtetherd ended with {status}: {self.log()[-3000:]}"

    def afresh(self) -> None:
        """Another daemon: what was still to be told of earlier logins goes with the one before."""
        self.stop()
        self.start()

    def lives(self) -> None:
        status = self.process.poll()
        assert status is None, f"sshtetherd ended with {status}: {self.log()[-3000:]}"

    def down(self) -> None:
        """Whatever has become of it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            try:
                self.stop()
            except AssertionError:  # told by the test already, or not its matter
                self.process.kill()
                self.process.wait()

    def revive(self) -> None:
        """With the usual settings, whatever has become of it."""
        self.down()
        self.pam()
        self.start()

    def kill(self) -> None:
        """As a crash would: monitor and engine at once."""
        engine = self.engine_pid()
        for pid in (self.process.pid, engine):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not os.path.exists(f"/proc/{engine}"), "the engine to be gone")

    def another_engine(self, before: int) -> None:
        """After the death of the one before, which tells nothing any more: as after a start."""
        until(lambda: self.status().get("engine", {}).get("pid", before) != before and self._ready(), "another engine")

    def engine_pid(self) -> int:
        return int(self.status()["engine"]["pid"])

    def misses_records(self) -> bool:
        """The kernel says itself that it lost some since the daemon began."""
        return audit.lost() > self._lost_before

    # --- policy and mode ---

    def policy(self, text: str, *, mode: str = "audit") -> None:
        """Puts a policy in force; text has the rules only, from line 5.  The host's mode is set to the same."""
        self.load(text, mode=mode)
        self.ctl("mode", mode)

    def load(self, text: str, *, mode: str) -> None:
        """A policy of that mode; the host's stays what it is."""
        self._serial += 1
        limit = "" if "stop-limit" in text else "stop-limit off"
        self.bastion.write(POLICY, f"fleet lab\nserial {self._serial}\nmode {mode}\n{limit}\n{text}")
        self.ctl("policy", "load", POLICY)

    def settled(self) -> None:
        """What the kernel refuses is what the policy in force says: classes and rows are in, nothing is on its way."""
        until(lambda: all(line["user"].get("name") for line in self.sessions().values()), "the users' names")
        until(lambda: not self.status()["grants"]["renewing"], "the grants to be renewed")

    # --- the command ---

    def run(self, *args: str, user: str = "root", check: bool = True) -> subprocess.CompletedProcess:
        return self.bastion.run([f"{PROGRAMS}/sshtether", *args], user=user, check=check)

    def ctl(self, *args: str) -> str:
        return self.run(*args).stdout

    def json(self, *args: str) -> list[dict]:
        return [json.loads(line) for line in self.ctl(*args, "--json").splitlines()]

    def status(self) -> dict:
        done = self.run("status", "--json", check=False)
        return json.loads(done.stdout.splitlines()[0]) if done.returncode == 0 and done.stdout else {}

    def sessions(self, *args: str) -> dict[int, dict]:
        return {line["sshtether"]["ses"]: line for line in self.json("sessions", *args)}

    def watch(self) -> Watch:
        return Watch(self.bastion.path(ALERTS))


def program(bastion: Host, name: str) -> str:
    """Where a helper written in C lies on the bastion; it is compiled when it is first asked for."""
    place = f"{PROGRAMS}/{name}"
    path = bastion.path(place)
    if not os.path.exists(path):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            raise Unavailable("a C compiler")
        argv = [compiler, "-O2", "-o", path, f"{path}.c", "-Wl,--as-needed", "-lpam"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return place


class Watch:
    """The alerts from now on."""

    def __init__(self, path: str) -> None:
        self._tail = Tail(path)
        self.alerts: list[dict] = []

    def poll(self) -> list[dict]:
        self.alerts += [json.loads(line) for line in self._tail.lines()]
        return self.alerts

    def find(self, **wanted: object) -> list[dict]:
        """Alerts with these values; see value() for the names."""
        return [a for a in self.poll() if all(same(value(a, name), want) for name, want in wanted.items())]

    def wait(self, *, patience: float = PATIENCE, but: Collection[str] = (), **wanted: object) -> dict:
        """The first alert with these values, and none of those ids."""

        def found() -> list[dict]:
            return [alert for alert in self.find(**wanted) if alert["event"].get("id") not in but]

        try:
            return until(found, f"an alert with {wanted}", patience)[0]
        except TimedOut as late:
            raise TimedOut(f"{late}; there were:\n{self.text()}") from None

    def text(self) -> str:
        return "\n".join(brief(alert) for alert in self.poll()) or "  no alert"


_FIELDS = {
    "activity": ("event", "action"),
    "reason": ("event", "reason"),
    "user": ("user", "name"),
    "as_": ("user", "effective", "name"),
    "origin": ("source", "ip"),
    "origin_port": ("source", "port"),
    "to": ("destination", "ip"),
    "socket": ("sshtether", "to"),
    "port": ("destination", "port"),
    "rule": ("rule", "name"),
    "pid": ("process", "pid"),
    "exe": ("process", "executable"),
}


def value(alert: dict, name: str) -> object:
    """A field by its short name: those of _FIELDS, any other stands under "sshtether"."""
    found: object = alert
    for key in _FIELDS.get(name, ("sshtether", name)):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def same(have: object, want: object) -> bool:
    """Whether it is what is wanted, or one of those."""
    if isinstance(want, (set, frozenset, tuple)):
        return have in want
    return have == want


def brief(alert: dict) -> str:
    words = ("activity", "user", "as_", "origin", "session", "owner", "to", "port", "exe", "done", "why", "rule",
             "reason")  # fmt: skip
    pairs = ((name, value(alert, name)) for name in words)
    return "  " + " ".join(f"{name.strip('_')}={got}" for name, got in pairs if got not in (None, ""))


def quiet(alerts: Iterable[dict]) -> str:
    return "\n".join(brief(alert) for alert in alerts)

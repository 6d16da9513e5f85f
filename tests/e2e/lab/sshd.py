"""A host's sshd, and SSH logins as its users make them."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence

from . import linux
from .accounts import CAS, Keys
from .host import Host
from .waiting import PATIENCE, TimedOut, until

# The default key exchange takes a quarter of a second of both processors; a run makes thousands.
CLIENT_CONFIG = """\
Host *
    KexAlgorithms curve25519-sha256
    BatchMode yes
    StrictHostKeyChecking yes
    UpdateHostKeys no
    GSSAPIAuthentication no
"""

SERVER_CONFIG = """\
Port 22
Port 2022
HostKey /etc/ssh/lab_host_key
PidFile /run/sshd.pid
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
TrustedUserCAKeys /etc/ssh/lab_ca.pub
AllowAgentForwarding yes
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
MaxStartups 200:30:400
UseDNS no
PrintMotd no
LogLevel VERBOSE
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""

_LOGINUID = re.compile(r"^session\s+\S+\s+pam_loginuid\.so.*\n", re.M)


class Sshd:
    def __init__(self, host: Host, keys: Keys) -> None:
        self.host = host
        host.mkdir("/run/sshd")
        private = keys.host_key(host.name)
        with open(private, encoding="ascii") as file:
            host.write("/etc/ssh/lab_host_key", file.read(), 0o600)
        host.write("/etc/ssh/lab_ca.pub", "".join(keys.text(f"{ca}.pub") for ca in CAS))
        host.write("/etc/ssh/lab_sshd_config", SERVER_CONFIG)
        self.process: subprocess.Popen | None = None

    def pam(self, *, login_uid: bool, account: str = "", session: str = "") -> None:
        """The distribution's own stack; ours goes first in account and right after pam_loginuid in session."""
        path = "/etc/pam.d/sshd"
        original = path + ".distribution"
        if not os.path.exists(self.host.path(original)):
            self.host.write(original, self.host.read(path))
        text = self.host.read(original)
        line = _LOGINUID.search(text)
        assert line, "the distribution's pam.d/sshd has no pam_loginuid line"
        text = text.replace(line.group(), (line.group() if login_uid else "") + session, 1)
        self.host.write(path, account + text)

    def without(self, module: str) -> None:
        """Takes a module out of the distribution's stack; pam() then builds on what is left."""
        path = "/etc/pam.d/sshd.distribution"
        lines = self.host.read(path).splitlines(keepends=True)
        self.host.write(path, "".join(line for line in lines if module not in line))

    def start(self) -> None:
        self.process = self.host.popen(
            ["/usr/sbin/sshd", "-D", "-f", "/etc/ssh/lab_sshd_config", "-E", "/var/log/sshd.log"]
        )
        until(lambda: os.path.exists(self.host.path("/run/sshd.pid")), f"sshd of {self.host.name}")

    def log(self) -> str:
        return self.host.read("/var/log/sshd.log")


def trust(host: Host, names: dict[str, Sequence[str]], keys: Keys) -> None:
    """known_hosts and client settings: names is host name → its names and addresses."""
    lines = []
    for name, aliases in names.items():
        every = [*aliases, *(f"[{alias}]:2022" for alias in aliases)]
        lines.append(f"{','.join(every)} {keys.text(f'host.{name}.pub')}")
    host.write("/etc/ssh/ssh_known_hosts", "".join(lines))
    host.write("/etc/ssh/ssh_config.d/lab.conf", CLIENT_CONFIG)


class Agent:
    """An ssh-agent of a user on the host where she sits."""

    def __init__(self, host: Host, user: str, keys: Sequence[str] = ("id_ed25519",)) -> None:
        self.socket = f"{host.home(user)}/.ssh/agent.sock"
        self.env = {"SSH_AUTH_SOCK": self.socket}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = host.popen(["ssh-agent", "-D", "-a", self.socket], user=user, **quiet)
        until(lambda: os.path.exists(host.path(self.socket)), f"the agent of {user}")
        for key in keys:
            host.run(["ssh-add", "-q", f".ssh/{key}"], user=user, env=self.env)


class Login:
    """An SSH session that stays open: a shell that takes one command after the other."""

    _count = itertools.count(1)

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        os.set_blocking(process.stdout.fileno(), False)
        self._buffer = b""
        self._ses = linux.UNSET  # as it began

    def begin(self) -> None:
        """Waits for its shell."""
        self._ses = int(self.out("read ses </proc/self/sessionid; echo $ses"))

    def send(self, command: str) -> str:
        """Starts a command without waiting; returns the mark that ends its output."""
        mark = f"--lab-{next(self._count)}--"
        line = f"{{ {command}\n}} </dev/null 2>&1; s=$?; echo; echo {mark} $s\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        return mark

    def receive(self, mark: str, patience: float = PATIENCE) -> tuple[int, str]:
        """Exit status and output of the command of that mark; EOFError when the session ended."""
        end = time.monotonic() + patience
        tail = re.compile(rf"\n?{re.escape(mark)} (\d+)\n".encode())
        while not (found := tail.search(self._buffer)):
            self._more(end, mark)
        output, self._buffer = self._buffer[: found.start()], self._buffer[found.end() :]
        return int(found.group(1)), output.decode(errors="replace").strip("\n")

    def run(self, command: str, patience: float = PATIENCE) -> tuple[int, str]:
        return self.receive(self.send(command), patience)

    def out(self, command: str) -> str:
        """Output of a command that must succeed."""
        status, output = self.run(command)
        assert status == 0, f"{command}: exit {status}: {output}"
        return output

    @property
    def ses(self) -> int:
        """The shell may tell of a job that ended before it."""
        return int(self.out("cat /proc/self/sessionid").splitlines()[-1])

    def _more(self, end: float, what: str) -> None:
        chunk = self.process.stdout.read(65536)
        if chunk == b"":
            raise EOFError(f"the session ended: {self._buffer[-400:].decode(errors='replace')}")
        if chunk is None:
            if time.monotonic() > end:
                raise TimedOut(f"no answer in the session ({what}); so far: {self._buffer[-400:]!r}")
            time.sleep(0.01)
            return
        self._buffer += chunk

    def ended(self, patience: float = PATIENCE) -> bool:
        """Waits for the client to end."""
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def abandon(self) -> None:
        """Ends whatever runs in the session: a test has failed, and the next is not to meet what it began."""
        while pids := _living(self._ses):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def _living(ses: int) -> list[int]:
    """The processes of a login, whosever they are by now."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc")) if ses != linux.UNSET else ()):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/sessionid", encoding="ascii") as own:
            if int(own.read()) == ses and linux.is_alive(pid):
                found.append(pid)
    return found


def ssh(key: str = "id_ed25519", options: Sequence[str] = ()) -> list[str]:
    """The client's command line up to the host name; key "" leaves the choice to agent and defaults."""
    identity = ["-i", f".ssh/{key}", "-o", "IdentitiesOnly=yes"] if key else []
    return ["ssh", *identity, *options]


@contextlib.contextmanager
def login(
    host: Host,
    user: str,
    to: str,
    *,
    key: str = "id_ed25519",
    agent: Agent | None = None,
    options: Sequence[str] = (),
) -> Iterator[Login]:
    """A session that stays open while the block runs; with agent it is forwarded (-A)."""
    forward = ["-A"] if agent else []
    process = host.popen(
        [*ssh(key, [*forward, *options]), to, "bash --norc --noprofile"],
        user=user,
        env=agent.env if agent else None,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    session = Login(process)
    try:
        session.begin()
        yield session
    except BaseException:
        session.abandon()
        raise
    finally:
        session.close()


def quoted(argv: Sequence[str]) -> str:
    return shlex.join(argv)

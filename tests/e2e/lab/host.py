"""host: one machine of the lab, made of a mount, a UTS and a network namespace.

Its /etc is a copy that may be changed; /run, /tmp, /home, /root, /dev and the writable parts of /var are
empty file systems of its own.  Programs and libraries are the machine's.  A holder process keeps the
namespaces; with it they end.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from . import linux

_EMPTY = {
    "/run": "0755",
    "/tmp": "1777",
    "/home": "0755",
    "/root": "0700",
    "/var/lib": "0755",
    "/var/log": "0755",
    "/var/spool": "0755",
    "/var/tmp": "1777",
}
_BPFFS = "/sys/fs/bpf"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_NAMESPACES = {"mount": "-m", "uts": "-u", "net": "-n"}
# sshd and ssh send small pieces, and wait for an acknowledgement that is delayed by 40 ms, twice a login.
_AT_ONCE = ("quickack", "1")


class Host:
    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = self._start()
        self._children: list[subprocess.Popen] = []
        self.run(["ip", "link", "set", "lo", "up"])

    # --- running things ---

    def command(
        self,
        argv: Sequence[str],
        *,
        user: str = "root",
        env: Mapping[str, str] | None = None,
        net: bool = True,
    ) -> list[str]:
        """The command line that runs argv on this host as user; net=False leaves it in the machine's network."""
        enter = [flag for name, flag in _NAMESPACES.items() if net or name != "net"]
        pairs = [f"{key}={value}" for key, value in (env or {}).items()]
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env", "--"]
        return [
            "nsenter", "-t", str(self.pid), *enter, "--", *become,
            "env", "-C", self.home(user), "LC_ALL=C.UTF-8", *pairs, *argv,
        ]  # fmt: skip

    def popen(self, argv: Sequence[str], *, user: str = "root", env=None, net=True, **options) -> subprocess.Popen:
        options.setdefault("stdin", subprocess.DEVNULL)
        child = subprocess.Popen(self.command(argv, user=user, env=env, net=net), **options)
        self._children.append(child)
        return child

    def children(self) -> list[subprocess.Popen]:
        """What was started here with popen(), and lives."""
        return [child for child in self._children if child.poll() is None]

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str = "root",
        env=None,
        net: bool = True,
        check: bool = True,
        timeout: float = 60,
        stdin: str | None = None,
    ) -> subprocess.CompletedProcess:
        """Runs to the end; out and err as text.  An error tells what the command said."""
        done = subprocess.run(
            self.command(argv, user=user, env=env, net=net),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}),
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"{self.name}: {user}$ {' '.join(argv)}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    @staticmethod
    def home(user: str) -> str:
        return "/root" if user == "root" else "/" if user.startswith("_") else f"/home/{user}"

    # --- its files ---

    def path(self, name: str) -> str:
        """How the lab, outside of the host's mount namespace, reaches its files."""
        return f"/proc/{self.pid}/root{name}"

    def read(self, name: str) -> str:
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def write(self, name: str, text: str, mode: int = 0o644, owner: tuple[int, int] = (0, 0)) -> None:
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chown(path, *owner)
        os.chmod(path, mode)

    def mkdir(self, name: str, mode: int = 0o755, owner: tuple[int, int] = (0, 0)) -> None:
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        os.chown(path, *owner)
        os.chmod(path, mode)

    # --- how it is made ---

    def _start(self) -> int:
        ready, tell = os.pipe()
        lab = os.getpid()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            try:
                linux.die_with_parent(parent=lab)
                linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWNET)
                linux.sethostname(self.name)
                _mounts()
                os.close(ready)
                os.write(tell, b"+")
                os.close(tell)
                while True:
                    signal.pause()
            except BaseException:  # told to the parent by the closed pipe
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(1)
        os.close(tell)
        with os.fdopen(ready, "rb") as pipe:
            if pipe.read(1) != b"+":
                raise RuntimeError(f"host {self.name} did not start")
        return pid


def connect(a: Host, a_if: str, a_addrs: Sequence[str], b: Host, b_if: str, b_addrs: Sequence[str]) -> None:
    """A cable between two hosts; addresses with prefix length."""
    subprocess.run(
        ["ip", "link", "add", a_if, "netns", str(a.pid), "type", "veth",
         "peer", "name", b_if, "netns", str(b.pid)],
        check=True,
    )  # fmt: skip
    for host, name, addresses in ((a, a_if, a_addrs), (b, b_if, b_addrs)):
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            host.run(["ip", "addr", "add", address, "dev", name, "noprefixroute", *nodad])
        host.run(["ip", "link", "set", name, "up"])
        for network in dict.fromkeys(str(ipaddress.ip_interface(address).network) for address in addresses):
            host.run(["ip", "route", "add", network, "dev", name, *_AT_ONCE])


def _mounts() -> None:
    """Runs in the holder.  Devices are opened before they are hidden, and bound back."""
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    devices = {f"/dev/{name}": os.open(f"/dev/{name}", os.O_PATH | os.O_CLOEXEC) for name in _DEVICES}
    for path, mode in _EMPTY.items():
        linux.mount("lab", path, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, f"mode={mode}")
    if os.path.isdir(_BPFFS):
        linux.mount("lab", _BPFFS, "bpf")
    _copy_etc()
    _private_dev(devices)


def _copy_etc() -> None:
    copy = "/run/.lab/etc"
    os.makedirs(copy)
    os.chmod("/run/.lab", 0o700)
    subprocess.run(["cp", "-a", "/etc/.", copy], check=True)
    linux.mount(copy, "/etc", flags=linux.MS_BIND)


def _private_dev(devices: Mapping[str, int]) -> None:
    linux.mount("lab", "/dev", "tmpfs", linux.MS_NOSUID, "mode=0755")
    for path, descriptor in devices.items():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o666))
        linux.mount(f"/proc/self/fd/{descriptor}", path, flags=linux.MS_BIND)
    for name in ("pts", "shm"):
        os.mkdir(f"/dev/{name}")
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID, "newinstance,ptmxmode=0666,mode=0620,gid=5")
    linux.mount("lab", "/dev/shm", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=1777")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd"}
    links |= {name: f"/proc/self/fd/{n}" for n, name in enumerate(("stdin", "stdout", "stderr"))}
    for name, target in links.items():
        os.symlink(target, f"/dev/{name}")

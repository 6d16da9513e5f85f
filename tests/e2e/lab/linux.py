"""The few system calls that Python 3.11 does not wrap.  Numbers from <sched.h>, <sys/mount.h>, <sys/prctl.h>."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 2
MS_NODEV = 4
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

_PR_SET_PDEATHSIG = 1
_LOGINUID = "/proc/self/loginuid"
UNSET = 4294967295


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


@contextlib.contextmanager
def network(pid: int) -> Iterator[None]:
    """This thread is in the network of that process while the block runs; a socket made there stays there."""
    own, other = (os.open(f"/proc/{who}/ns/net", os.O_RDONLY | os.O_CLOEXEC) for who in ("thread-self", pid))
    try:
        _check(_libc.setns(other, CLONE_NEWNET), "setns")
        try:
            yield
        finally:
            _check(_libc.setns(own, CLONE_NEWNET), "setns")
    finally:
        os.close(own)
        os.close(other)


def bpftool(*words: str) -> Any:
    """What bpftool says of the kernel's BPF programs, maps and links."""
    try:
        done = subprocess.run(["bpftool", "-j", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unavailable("bpftool") from None
    if done.returncode != 0:
        raise Unavailable(f"bpftool {' '.join(words)} ({done.stdout.strip()})")
    return json.loads(done.stdout)


def is_alive(pid: int) -> bool:
    """Nobody may ever ask for the status of one that has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "XZ"
    except OSError:
        return False


def traced(pid: int) -> bool:
    """Whether a tracer has attached to the process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return any(line.startswith("TracerPid:") and int(line.split()[1]) != 0 for line in status)


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    _check(
        _libc.mount(
            source.encode(),
            target.encode(),
            fstype.encode() or None,
            ctypes.c_ulong(flags),
            data.encode() or None,
        ),
        f"mount {target}",
    )


def sethostname(name: str) -> None:
    _check(_libc.sethostname(name.encode(), len(name.encode())), "sethostname")


def die_with_parent(sig: int = signal.SIGKILL, parent: int | None = None) -> None:
    """The kernel sends sig when the thread that forked us ends; parent closes the race before this call."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, sig, 0, 0, 0), "prctl")
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def forget_login() -> None:
    """Unsets the login uid that a developer's own login left on us, so that lab tasks start as boot's do."""
    with open(_LOGINUID, encoding="ascii") as current:
        if int(current.read()) == UNSET:
            return
    try:
        with open(_LOGINUID, "w", encoding="ascii") as loginuid:
            loginuid.write(str(UNSET))
    except OSError as error:
        raise Unavailable(f"an audit login uid that can be unset ({error.strerror})") from error


class Unavailable(Exception):
    """The machine lacks a facility that the lab needs; the text names it."""

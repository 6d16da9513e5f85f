"""load: connections by the thousand and what became of them (helpers/hammer.c), SYNs counted on the far side."""

from __future__ import annotations

import ctypes
import socket
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from . import linux
from .host import Host
from .sshd import Login
from .waiting import until

_SOL_PACKET = 263
_PACKET_STATISTICS = 6  # linux/if_packet.h
_SO_ATTACH_FILTER = 26
_ETH_P_ALL = 3


# --- what a hammer tells ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """Attempts in a row that ended alike; times are those of time.monotonic()."""

    outcome: str  # refused, went, failed
    count: int
    first: float
    last: float
    error: int


@dataclass(frozen=True)
class Told:
    runs: list[Run]
    medians_us: list[float]  # of each process

    def count(self, outcome: str) -> int:
        return sum(run.count for run in self.runs if run.outcome == outcome)

    @property
    def total(self) -> int:
        return sum(run.count for run in self.runs)

    @property
    def median_us(self) -> float:
        return sorted(self.medians_us)[len(self.medians_us) // 2]

    def only(self, outcome: str) -> None:
        """Nothing else became of them."""
        assert self.runs and self.count(outcome) == self.total, f"not all {outcome}: {self}"

    def __str__(self) -> str:
        return "; ".join(f"{r.outcome} {r.count} ({r.first:.3f}–{r.last:.3f}, errno {r.error})" for r in self.runs)


def told(text: str) -> Told:
    runs, medians = [], []
    for line in text.splitlines():
        words = line.split()
        if words[0] == "median":
            medians.append(int(words[1]) / 1000)
        else:
            runs.append(Run(words[0], int(words[1]), float(words[2]), float(words[3]), int(words[4])))
    return Told(runs, medians)


class Background:
    """A hammer in a session, that goes on until it is told to stop, or a test fails in the session's block."""

    _count = 0

    def __init__(self, session: Login, program: str, words: str) -> None:
        Background._count += 1
        self._session = session
        self._file = f"/tmp/hammer.{Background._count}"
        self.pid = int(session.out(f"{program} {words} >{self._file} & echo $!"))

    def _naps(self) -> int:
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches:"))

    def tries(self) -> None:
        """Returns when it has begun and ended one more attempt: it sleeps after each, and may in it."""
        enough = self._naps() + 3
        until(lambda: self._naps() >= enough, "another attempt")

    def stop(self) -> Told:
        self._session.run(f"kill {self.pid}; while [ -e /proc/{self.pid} ]; do sleep 0.02; done")
        return told(self._session.out(f"cat {self._file}"))


class Unconfined:
    """The same by a process of the host that belongs to no login."""

    def __init__(self, host: Host, argv: Sequence[str]) -> None:
        self._process = host.popen(argv, stdout=subprocess.PIPE, text=True)

    def stop(self) -> Told:
        self._process.terminate()
        return self.wait()

    def wait(self, patience: float = 60) -> Told:
        output, _ = self._process.communicate(timeout=patience)
        return told(output)


# --- what arrives -------------------------------------------------------------------------------------------


class Wire:
    """Counts the SYNs to a port that arrive at a host, whether anybody takes them or not.

    The kernel counts what passes the filter of a packet socket, what found no room in its queue too.
    """

    def __init__(self, host: Host, interface: str, port: int) -> None:
        with linux.network(host.pid):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC)
        code = b"".join(struct.pack("=HBBI", *instruction) for instruction in _syn_to(port))
        buffer = ctypes.create_string_buffer(code)
        program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        self._socket.bind((interface, _ETH_P_ALL))
        self._total = 0

    def count(self) -> int:
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self._total += struct.unpack("=II", statistics)[0]  # reading it clears it
        return self._total

    def close(self) -> None:
        self._socket.close()


def _syn_to(port: int) -> list[tuple[int, int, int, int]]:
    """Classic BPF (linux/filter.h): TCP with SYN and without ACK to that port, in IPv4 or IPv6, on Ethernet."""
    half, byte, equal, jump, mask, back = 0x28, 0x30, 0x15, 0x05, 0x54, 0x06
    return [
        (half, 0, 0, 12), (equal, 0, 6, 0x0800),
        (byte, 0, 0, 23), (equal, 0, 13, 6), (half, 0, 0, 36), (equal, 0, 11, port), (byte, 0, 0, 47), (jump, 0, 0, 6),
        (equal, 0, 8, 0x86DD),
        (byte, 0, 0, 20), (equal, 0, 6, 6), (half, 0, 0, 56), (equal, 0, 4, port), (byte, 0, 0, 67),
        (mask, 0, 0, 0x12), (equal, 0, 1, 0x02), (back, 0, 0, 64), (back, 0, 0, 0),
    ]  # fmt: skip


# --- what it costs -------------------------------------------------------------------------------------------


def resident_kb(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

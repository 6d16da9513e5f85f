"""lasting: connections that stay until somebody ends them."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator

from . import sshd
from .sshd import Login
from .stage import Stage
from .waiting import until
from .world import DB

PORT = 2222  # of a login with RELAY, on the laptop: db's sshd, through the bastion's
RELAY = ["-L", f"127.0.0.1:{PORT}:{DB}:22"]

_STAY = "echo there; exec sleep 600"


@contextlib.contextmanager
def hop(session: Login) -> Iterator[Callable[[], bool]]:
    """ssh to db from the session; tells whether it goes on.  It outlives its login, but not the block."""
    pid = session.out(f"ssh db '{_STAY}' >out 2>&1 & echo $!")
    session.out("until grep -q there out; do sleep .1; done")
    try:
        yield lambda: session.run(f"kill -0 {pid}")[0] == 0
    finally:
        session.run(f"kill {pid}")


def relayed(stage: Stage, user: str) -> subprocess.Popen:
    """An SSH session to db through the forwarded port of a login with RELAY."""
    options = ["-p", str(PORT), "-o", "HostKeyAlias=db"]
    client = stage.laptop.popen(
        [*sshd.ssh(options=options), "127.0.0.1", _STAY],
        user=user, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert client.stdout.readline() == b"there\n"
    return client


def gone(goes_on: Callable[[], bool]) -> None:
    until(lambda: not goes_on(), "the connection to end")

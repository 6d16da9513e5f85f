"""A user with more open descriptors than anybody reads in a second."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab.daemon import PROGRAMS
from lab.sshd import Login

_MANY = 400000


@contextlib.contextmanager
def hoard(session: Login) -> Iterator[None]:
    pids = session.out(f"/usr/bin/python3 {PROGRAMS}/hoard.py {_MANY}").split()
    try:
        yield
    finally:
        session.run(f"kill {' '.join(pids)}")

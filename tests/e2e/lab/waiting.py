"""Waiting for events, each with a limit; the limits are generous because only a failure reaches them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
_STEP = 0.02
_DAY_S = 86400


class TimedOut(AssertionError):
    """Something that had to happen did not."""


def until(happened: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Returns the first true value of happened()."""
    end = time.monotonic() + patience
    while True:
        value = happened()
        if value:
            return value
        if time.monotonic() > end:
            raise TimedOut(f"waited {patience:g} s for {what}")
        time.sleep(_STEP)


def one_day() -> None:
    """Who counts what comes once a day (UTC) does not begin just before midnight, but after it."""
    today = time.time() // _DAY_S
    if (time.time() + 2 * PATIENCE) // _DAY_S > today:
        until(lambda: time.time() // _DAY_S > today, "midnight", 3 * PATIENCE)


class Tail:
    """The lines that a growing file gets from now on (or from its beginning)."""

    def __init__(self, path: str, *, start: bool = False) -> None:
        self.path = path
        self._offset = 0 if start else self._size()
        self._rest = b""

    def _size(self) -> int:
        try:
            return os.stat(self.path).st_size
        except FileNotFoundError:
            return 0

    def lines(self) -> list[str]:
        """The complete lines since the last call."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self._offset)
                new = file.read()
        except FileNotFoundError:
            return []
        self._offset += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

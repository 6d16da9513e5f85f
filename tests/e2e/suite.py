"""suite: runs the functions named test_* of the modules test_*.py, one after the other, on one stage.

A test gets the stage, and fails by raising.  Its name is MODULE.FUNCTION without "test_".  Each prints a
line; a test that raises Unavailable is skipped by the name of what is missing.

A test that yields has done its part, and what it wants to see takes its time: the next rows of its table go
meanwhile, a few at most.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import importlib
import pathlib
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import matrix
from lab.linux import Unavailable
from lab.stage import Stage

Rest = Generator[None, None, None]
Test = tuple[str, Callable[[Stage], Rest | None]]
_OPEN_MAX = 8  # tests that have yielded


def cases(table: Mapping[str, object]) -> Callable:
    """Makes one test of each row: the function gets (stage, row)."""

    def mark(function: Callable) -> Callable:
        function.cases = table
        return function

    return mark


def tests(words: Sequence[str]) -> Iterator[Test]:
    here = pathlib.Path(__file__).parent
    for file in sorted(here.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, function in list(vars(module).items()):
            if name.startswith("test_") and callable(function):
                for full, test in _cases(f"{file.stem}.{name}".replace("test_", ""), function):
                    if not words or any(word in full for word in words):
                        yield full, test


def _cases(name: str, function: Callable) -> Iterator[Test]:
    if not hasattr(function, "cases"):
        yield name, function
        return
    for row, value in function.cases.items():
        yield f"{name}[{row}]", functools.partial(_call, function, value)


def _call(function: Callable, value: object, stage: Stage) -> Rest | None:
    return function(stage, value)


@dataclass
class _Running:
    name: str
    test: Callable[[Stage], Rest | None]
    rest: Rest | None = None
    seconds: float = 0.0

    @property
    def table(self) -> str:
        return self.name.split("[")[0]

    def go_on(self, stage: Stage) -> bool:
        """To its next yield (true), or to its end."""
        begin = time.monotonic()
        try:
            if self.rest is None:
                self.rest = self.test(stage)
            if self.rest is not None:
                with contextlib.suppress(StopIteration):
                    next(self.rest)
                    return True
            stage.daemon.lives()
            stage.world.lives()
            return False
        finally:
            self.seconds += time.monotonic() - begin


class _Suite:
    def __init__(self, build: str) -> None:
        self.stage = Stage(build)
        self.failed = False
        self._open: collections.deque[_Running] = collections.deque()

    def start(self, name: str, test: Callable[[Stage], Rest | None]) -> None:
        one = _Running(name, test)
        if self._open and self._open[0].table != one.table:
            self.finish()
        self._step(one)
        self.finish(_OPEN_MAX)

    def finish(self, but: int = 0) -> None:
        """Those that have yielded, the oldest first."""
        while len(self._open) > but:
            self._step(self._open.popleft())

    def _step(self, one: _Running) -> None:
        try:
            if one.go_on(self.stage):
                self._open.append(one)
            else:
                print(f"ok {one.name} ({one.seconds:.1f} s)", flush=True)
        except Unavailable as missing:
            print(f"skip {one.name} - {missing}", flush=True)
        except Exception as error:  # a test that fails is told, the others run
            self.failed = True
            print(f"not ok {one.name} ({one.seconds:.1f} s)", flush=True)
            _explain(error)
            print("".join(f"  {line}\n" for line in self.stage.daemon.said()), end="", flush=True)
            self.finish()  # those that wait still want what there is now
            self.stage.clear()


def run(build: str, words: Sequence[str]) -> int:
    suite = _Suite(build)
    for name, test in tests(words):
        suite.start(name, test)
    suite.finish()
    print(matrix.text(), end="\n" if matrix.text() else "")
    return 1 if suite.failed else 0


def _explain(error: Exception) -> None:
    """The message, and the line of the test that raised it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/test_" in f.filename]
    for frame in frames:
        print(f"  {pathlib.Path(frame.filename).name}:{frame.lineno}: {frame.line}")
    for line in f"{type(error).__name__}: {error}".splitlines():
        print(f"  {line}")
    sys.stdout.flush()

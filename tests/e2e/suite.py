"""suite: runs the functions named test_* of the modules test_*.py, one after the other, on one stage.

A test gets the stage, and fails by raising.  Its name is MODULE.FUNCTION without "test_".  Each prints a
line; a test that raises Unavailable is skipped by the name of what is missing.
"""

from __future__ import annotations

import functools
import importlib
import pathlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence

import matrix
from lab.linux import Unavailable
from lab.stage import Stage

Test = tuple[str, Callable[[Stage], None]]


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
        for name, function in vars(module).items():
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


def _call(function: Callable, value: object, stage: Stage) -> None:
    function(stage, value)


def run(build: str, words: Sequence[str]) -> int:
    stage = Stage(build)
    passed: dict[str, bool] = {}
    for name, test in tests(words):
        begin = time.monotonic()
        try:
            test(stage)
            stage.daemon.lives()
            passed[name] = True
            print(f"ok {name} ({time.monotonic() - begin:.1f} s)", flush=True)
        except Unavailable as missing:
            print(f"skip {name} - {missing}", flush=True)
        except Exception as error:  # a test that fails is told, the others run
            passed[name] = False
            print(f"not ok {name} ({time.monotonic() - begin:.1f} s)", flush=True)
            _explain(error)
            stage.daemon.revive()
    print(matrix.text(), end="\n" if matrix.text() else "")
    return 0 if all(passed.values()) else 1


def _explain(error: Exception) -> None:
    """The message, and the line of the test that raised it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/test_" in f.filename]
    for frame in frames:
        print(f"  {pathlib.Path(frame.filename).name}:{frame.lineno}: {frame.line}")
    for line in f"{type(error).__name__}: {error}".splitlines():
        print(f"  {line}")
    sys.stdout.flush()

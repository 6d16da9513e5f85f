#!/usr/bin/env python3
"""run: the lab's entry: the end-to-end tests, the demo, or a shell on its hosts.

    run.py test [-b BUILD] [WORD…]   tests whose name holds one of the words (default: all)
    run.py demo [-b BUILD]
    run.py cut [-b BUILD]            how much of a borrowed agent is used before the cut: a measurement
    run.py hold                      builds the lab, says "lab: up" and waits (for the clean-up test)
    run.py shell [HOST]              a root shell on a host (default: bastion)
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import cut  # noqa: E402
import demo  # noqa: E402
import suite  # noqa: E402
from lab import keeper  # noqa: E402
from lab.linux import Unavailable  # noqa: E402
from lab.world import World  # noqa: E402


def hold(options: argparse.Namespace) -> int:
    World().start()
    print("lab: up", flush=True)
    signal.pause()
    return 0


def shell(options: argparse.Namespace) -> int:
    world = World()
    world.start()
    host = next(host for host in world.hosts if host.name == (options.words or ["bastion"])[0])
    with open("/dev/tty", "r+b", buffering=0) as tty:
        return subprocess.call(host.command(["bash"]), stdin=tty, stdout=tty, stderr=tty)


def test(options: argparse.Namespace) -> int:
    return suite.run(options.build, options.words)


def show(options: argparse.Namespace) -> int:
    return demo.run(options.build)


def measure(options: argparse.Namespace) -> int:
    return cut.run(options.build)


COMMANDS = {"cut": measure, "demo": show, "hold": hold, "shell": shell, "test": test}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("-b", "--build", default=os.environ.get("B", "build"), type=os.path.realpath)
    parser.add_argument("words", nargs="*")
    options = parser.parse_intermixed_args()
    try:
        return keeper.run(lambda: COMMANDS[options.command](options))
    except Unavailable as missing:
        print(f"lab: this machine lacks {missing}", file=sys.stderr)
        return 77


if __name__ == "__main__":
    sys.exit(main())

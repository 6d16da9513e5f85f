"""hoard N: has N descriptors open, in as many processes as that takes; prints their numbers once all are there."""

import os
import resource
import signal
import sys

ALL = int(sys.argv[1])
EACH = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 20, 20000)


def hold(ready: int) -> None:
    nowhere = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    for _ in range(EACH):
        os.dup(nowhere)
    os.write(ready, b"x")
    signal.pause()


resource.setrlimit(resource.RLIMIT_NOFILE, (EACH + 20, EACH + 20))
heard, ready = os.pipe()
for _ in range(ALL // EACH + 1):
    pid = os.fork()
    if pid == 0:
        hold(ready)
    print(pid, flush=True)
    os.read(heard, 1)

"""touch HOW PID: lays a hand on another process.  Says what came of it.

attach, seize, read, write (process_vm_…), descriptor; mem-read, mem-write: through /proc/PID/mem; task-read: by the
other name of that.

It lets go at once.  HOLD in the environment: seconds that it stays afterwards.
"""

import ctypes
import os
import sys
import time

ATTACH, DETACH, SEIZE = 16, 17, 0x4206
PTRACE, READV, WRITEV, PIDFD_GETFD = 101, 310, 311, 438

_libc = ctypes.CDLL(None, use_errno=True)


class Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def call(number: int, *args: object) -> int:
    result = _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def trace(request: int, pid: int) -> None:
    call(PTRACE, request, pid, 0, 0)
    if request == ATTACH:
        os.waitpid(pid, 0x40000000)  # __WALL
        call(PTRACE, DETACH, pid, 0, 0)


def stack(pid: int) -> int:
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        return next(int(line.split("-")[0], 16) for line in maps if "[stack]" in line)


def file(path: str, pid: int, write: bool) -> None:
    """Read, and written back as it was."""
    descriptor = os.open(path, os.O_RDWR if write else os.O_RDONLY)
    was = os.pread(descriptor, 8, stack(pid))
    if write:
        os.pwrite(descriptor, was, stack(pid))


def memory(number: int, pid: int) -> None:
    """Its stack pointer's page, read; written back as it was."""
    start = stack(pid)
    room = ctypes.create_string_buffer(8)
    ours, theirs = Iovec(ctypes.addressof(room), 8), Iovec(start, 8)
    call(READV, pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    if number == WRITEV:
        call(WRITEV, pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)


WAYS = {
    "attach": lambda pid: trace(ATTACH, pid),
    "seize": lambda pid: trace(SEIZE, pid),
    "read": lambda pid: memory(READV, pid),
    "write": lambda pid: memory(WRITEV, pid),
    "mem-read": lambda pid: file(f"/proc/{pid}/mem", pid, write=False),
    "mem-write": lambda pid: file(f"/proc/{pid}/mem", pid, write=True),
    "task-read": lambda pid: file(f"/proc/{pid}/task/{pid}/mem", pid, write=False),
    "descriptor": lambda pid: call(PIDFD_GETFD, os.pidfd_open(pid), 0, 0),
}

if __name__ == "__main__":
    try:
        WAYS[sys.argv[1]](int(sys.argv[2]))
        print("done", flush=True)
    except OSError as error:
        print(error, flush=True)
    time.sleep(float(os.environ.get("HOLD", "0")))

"""delay MILLISECONDS HOST PORT: a ProxyCommand whose other end is that far away: what it reads goes on as much later."""

import os
import queue
import socket
import sys
import threading
import time

LATE = float(sys.argv[1]) / 1000


def carry(read, write, close):
    """One thread takes what comes and notes when; the other hands it on when its time is there."""
    line = queue.SimpleQueue()

    def take():
        while data := read(65536):
            line.put((time.monotonic() + LATE, data))
        line.put((0, b""))

    threading.Thread(target=take, daemon=True).start()
    while True:
        when, data = line.get()
        if not data:
            return close()
        while (left := when - time.monotonic()) > 0:
            time.sleep(left)
        write(data)


far = socket.create_connection((sys.argv[2], int(sys.argv[3])))
far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
out = threading.Thread(
    target=carry, args=(lambda n: os.read(0, n), far.sendall, lambda: far.shutdown(socket.SHUT_WR)), daemon=True
)
out.start()
carry(far.recv, lambda data: os.write(1, data), lambda: None)

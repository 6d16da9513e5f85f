"""borrow [sibling] SECONDS SOCKET: keeps asking an SSH agent for its keys over one connection.

Prints "keys N" after the first answer.  Exit 0 when the time is over, 3 when the connection was cut.  With
"sibling" a child shares the socket by fork before it is connected, as an intruder would have it who expects
to be killed at once; what became of the child's copy is then written to /tmp/sibling.
"""

import os
import socket
import sys
import time

REQUEST = b"\0\0\0\1\x0b"  # SSH_AGENTC_REQUEST_IDENTITIES


def read(sock, n):
    data = b""
    while len(data) < n:
        chunk = sock.recv(n - len(data))
        if not chunk:
            raise ConnectionResetError
        data += chunk
    return data


def ask(sock):
    sock.sendall(REQUEST)
    body = read(sock, int.from_bytes(read(sock, 4), "big"))
    return int.from_bytes(body[1:5], "big")


def hold(sock, seconds, told):
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            keys = ask(sock)
            if not told:
                print("keys", keys, flush=True)
                told = True
            time.sleep(0.02)
    except OSError:
        return 3
    return 0


def wait_connected(sock, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return sock.getpeername()
        except OSError:
            time.sleep(0.001)
    sys.exit("never connected")


def main():
    *mode, seconds, path = sys.argv[1:]
    seconds = float(seconds)
    sock = socket.socket(socket.AF_UNIX)
    if mode == ["sibling"] and os.fork() == 0:
        wait_connected(sock, seconds)
        result = hold(sock, seconds, True)
        with open("/tmp/sibling.new", "w", encoding="ascii") as file:
            file.write("sibling cut" if result else "sibling went on")
        os.rename("/tmp/sibling.new", "/tmp/sibling")  # whole, once it is there
        os._exit(result)
    sock.connect(path)
    sys.exit(hold(sock, seconds, False))


main()

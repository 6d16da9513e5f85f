"""borrow [sibling] SECONDS SOCKET: keeps asking an SSH agent for its keys over one connection.

Prints "keys N" after the first answer.  Exit 0 when the time is over, 3 when the connection was cut.  With
"sibling" the process that connected hands the descriptor to a child by fork, as an intruder would who
expects to be killed; what became of the child's copy is then written to /tmp/sibling.
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


def main():
    *mode, seconds, path = sys.argv[1:]
    seconds = float(seconds)
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    if mode == ["sibling"] and os.fork() == 0:
        result = hold(sock, seconds, True)
        with open("/tmp/sibling", "w", encoding="ascii") as file:
            file.write("sibling cut" if result else "sibling went on")
        os._exit(result)
    sys.exit(hold(sock, seconds, False))


main()

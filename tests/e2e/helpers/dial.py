"""dial HOW ADDRESS PORT: one unusual connection.  HOW: fastopen, lookup (no
connection at all), slow (non-blocking)."""

import select
import socket
import sys

how, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if how == "lookup":
    print(socket.getaddrinfo(address, port))
elif how == "fastopen":
    sock = socket.socket()
    sock.sendto(b"SSH-2.0-dial\r\n", socket.MSG_FASTOPEN, (address, port))
    print(sock.recv(100))
elif how == "slow":
    sock = socket.socket()
    sock.setblocking(False)
    print(sock.connect_ex((address, port)))
    select.select([], [sock], [], 10)

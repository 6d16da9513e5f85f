"""liar PATH HOW: listens where sshtetherd would and answers reports wrongly.

HOW: rubbish (another size), half (cut short), close (no answer), mute (never answers), magic (right size,
wrong content).
"""

import socket
import sys
import time

ANSWERS = {"rubbish": b"?" * 17, "half": b"VHTS\1\0\0\0", "magic": b"\xff" * 528}

listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(sys.argv[1])
listener.listen(8)
how = sys.argv[2]
print("listening", flush=True)
held = []
while True:
    peer, _ = listener.accept()
    if how == "mute":
        held.append(peer)
        continue
    peer.recv(65536)
    if how in ANSWERS:
        peer.send(ANSWERS[how])
        time.sleep(0.05)
    peer.close()

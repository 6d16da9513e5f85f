"""A /dev/log for a host: what its programs tell syslog, as lines."""

from __future__ import annotations

import os
import socket
import threading

from .host import Host


class Syslog:
    def __init__(self, host: Host) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        path = host.path("/dev/log")
        self._socket.bind(path)
        os.chmod(path, 0o666)
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            self.lines.append(self._socket.recv(65536).decode(errors="replace").rstrip("\0\n"))

    def mark(self) -> int:
        """A place to look from later."""
        return len(self.lines)

    def since(self, mark: int, word: str) -> list[str]:
        return [line for line in self.lines[mark:] if word in line]

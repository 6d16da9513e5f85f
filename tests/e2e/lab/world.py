"""world: laptop — bastion — db, users, sshd on each, auditd on the bastion."""

from __future__ import annotations

import os
import signal
import subprocess

from . import accounts, audit, linux, sshd
from .host import Host, connect
from .syslog import Syslog
from .waiting import PATIENCE, until

LAPTOP = "10.9.1.2"
LAPTOP_OTHER = "10.9.1.7"  # a second origin
LAPTOP_THIRD = "10.9.1.8"
LAPTOP6 = "fd00:9:1::2"
BASTION = "10.9.1.1"
BASTION6 = "fd00:9:1::1"
BASTION_INSIDE = "10.9.2.1"
DB = "10.9.2.2"
DB_OTHER = "10.9.2.3"
DB6 = "fd00:9:2::2"

NAMES = {
    "laptop": ("laptop", LAPTOP, LAPTOP_OTHER, LAPTOP_THIRD, LAPTOP6),
    "bastion": ("bastion", BASTION, BASTION_INSIDE, BASTION6),
    "db": ("db", DB, DB_OTHER, DB6),
}

_AUDITD_SOCKET = "/run/audispd_events"


class World:
    """Everything that stands before sshtetherd comes."""

    def __init__(self) -> None:
        linux.mount("lab", "/run", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=0755")
        self.laptop, self.bastion, self.db = (Host(name) for name in NAMES)
        self.hosts = (self.laptop, self.bastion, self.db)
        self._cables()
        self.keys = accounts.Keys("/run/keys")
        self.keys.make()
        self.sshd = {host.name: sshd.Sshd(host, self.keys) for host in self.hosts}
        for host in self.hosts:
            accounts.install(host, self.keys, private=host is self.laptop)
            host.write("/etc/hosts", _hosts_file())
            sshd.trust(host, NAMES, self.keys)
        self.syslog = Syslog(self.bastion)
        self.auditd: subprocess.Popen | None = None

    def start(self) -> None:
        self.start_auditd()
        for host in self.hosts:
            self.sshd[host.name].pam(login_uid=host is self.bastion)
            self.sshd[host.name].start()

    def _cables(self) -> None:
        connect(
            self.laptop, "lan0", [f"{LAPTOP}/24", f"{LAPTOP_OTHER}/24", f"{LAPTOP_THIRD}/24", f"{LAPTOP6}/64"],
            self.bastion, "lan0", [f"{BASTION}/24", f"{BASTION6}/64"],
        )  # fmt: skip
        connect(
            self.bastion, "lan1", [f"{BASTION_INSIDE}/24", "fd00:9:2::1/64"],
            self.db, "lan0", [f"{DB}/24", f"{DB_OTHER}/24", f"{DB6}/64"],
        )  # fmt: skip

    # --- auditd: in the bastion's files, in the machine's network (its netlink socket) ---

    def start_auditd(self) -> None:
        bastion = self.bastion
        bastion.mkdir("/var/log/audit", 0o700)
        bastion.write("/etc/audit/auditd.conf", audit.AUDITD_CONF, 0o640)
        for name in os.listdir(bastion.path("/etc/audit/plugins.d")):
            os.unlink(bastion.path(f"/etc/audit/plugins.d/{name}"))
        bastion.write("/etc/audit/plugins.d/af_unix.conf", audit.AF_UNIX_CONF, 0o640)
        self.auditd = bastion.popen(["/sbin/auditd", "-n"], net=False, stderr=subprocess.PIPE)
        until(self._auditd_ready, "auditd to take the audit stream")

    def _auditd_ready(self) -> bool:
        assert self.auditd is not None
        if self.auditd.poll() is not None:
            raise AssertionError(f"auditd ended: {self.auditd.stderr.read().decode(errors='replace')}")
        return audit.status().get("pid") == str(self.auditd.pid) and os.path.exists(
            self.bastion.path(_AUDITD_SOCKET)
        )

    def stop_auditd(self) -> None:
        assert self.auditd is not None
        self.auditd.send_signal(signal.SIGTERM)
        self.auditd.wait(PATIENCE)
        until(lambda: audit.status().get("pid") == "0", "the kernel to let go of auditd")

    def restart_auditd(self) -> None:
        """For who needs its socket: once a reader has gone it may accept nobody any more (agentd/monitor/hail.h)."""
        self.stop_auditd()
        self.start_auditd()

    def lives(self) -> None:
        status = self.auditd.poll()
        assert status is None, f"auditd ended with {status}"

    def audit_log(self) -> str:
        return self.bastion.read("/var/log/audit/audit.log")


def _hosts_file() -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    lines += [f"{addresses[0]} {name}" for name, *addresses in NAMES.values()]
    return "\n".join(lines) + "\n"

"""calls: the same TCP connection by system calls that few programs use, and from inside containers.

helpers/dial.c makes it, to the SSH port, and says what sshd there said first.
"""

from __future__ import annotations

from lab.daemon import PROGRAMS
from lab.stage import Stage

from .hops import tried
from .way import Attempt, Tried, Way

DIAL = f"{PROGRAMS}/dial"


def dial(
    row: int, how: str, wrap: str = "{}", user: str = "alice", host: str = "{}", port: int = 22, **limits
) -> Way:
    """user's session dials; wrap: the command around it; host: how the address is written."""

    def go(stage: Stage, attempt: Attempt) -> Tried:
        with stage.login(user) as session:
            words = wrap.format(f"{DIAL} {how} {host.format(attempt.target)} {port}")
            status, said = session.run(f"export HOLD={int(attempt.hold)}; {words}")
            return tried(session, status == 0 and said.startswith("banner SSH-2.0-"), said, to=attempt.target)

    return Way(row, "outbound-ssh", go, facts={"port": port}, **limits)


def own_host(row: int, how: str, host: str) -> Way:
    """To the bastion's own sshd: forbidden to alice, not to bob."""

    def go(stage: Stage, attempt: Attempt) -> Tried:
        with stage.login("alice" if attempt.forbidden else "bob") as session:
            status, said = session.run(f"HOLD={int(attempt.hold)} {DIAL} {how} {host} 22")
            return tried(session, status == 0 and said.startswith("banner SSH-2.0-"), said, port=22)

    return Way(row, "outbound-ssh", go)


def plain(row: int, text: str) -> Way:
    """A program that is no SSH client, at the SSH port."""

    def go(stage: Stage, attempt: Attempt) -> Tried:
        with stage.login("alice") as session:
            status, said = session.run(f"( {text.format(attempt.target)} )")
            return tried(session, status == 0, said, to=attempt.target)

    return Way(row, "outbound-ssh", go, facts={"port": 22})


CALLS = {
    "home-made client, another port": dial(8, "connect", port=2022, seen=False, stopped=False),
    "nc, no SSH at all": plain(8, "nc -z {} 22"),
    "bash /dev/tcp": plain(8, "exec 9<>/dev/tcp/{}/22; read -u 9 banner"),
    "connect that does not block": dial(8, "slow"),
    "address written as ::ffff:": dial(8, "connect", host="::ffff:{}"),
    "own host as 0.0.0.0": own_host(8, "connect", "0.0.0.0"),
    "own host as ::": own_host(8, "connect", "::"),
    "MPTCP": dial(8, "mptcp"),
    "user namespace": dial(15, "connect", "unshare -Ur {}"),
    "container (pid, mount, ipc)": dial(15, "connect", "sudo unshare -pfmi --mount-proc {}", "mallory"),
    "nsenter": dial(15, "connect", "sudo nsenter -t $$ -m -u -i {}", "mallory"),
    "io_uring": dial(16, "uring"),
    "io_uring, submission thread": dial(16, "sqpoll"),
    "sendto MSG_FASTOPEN": dial(17, "fastopen"),
    "sendmsg MSG_FASTOPEN": dial(17, "fastmsg"),
    "i386 connect": dial(18, "i386"),
    "i386 socketcall": dial(18, "socketcall"),
}

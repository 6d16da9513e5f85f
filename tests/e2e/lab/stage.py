"""stage: the world with sshtetherd on the bastion, and what most tests do on it."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator

from . import sshd
from .daemon import Daemon, Watch
from .sshd import Agent, Login
from .world import World

# A detector may hold a finding back for this long after its last record (an SSH client that has not
# connected yet, a program not yet looked at).
_RIPENING_S = 2.5


class Stage:
    def __init__(self, build: str) -> None:
        self.world = World()
        self.laptop, self.bastion, self.db = self.world.hosts
        self.world.start()
        self.daemon = Daemon(self.world, build)
        self.daemon.pam()
        self.daemon.start()
        self._agents: dict[str, Agent] = {}

    def agent(self, user: str) -> Agent:
        """The user's agent on the laptop, with her first key."""
        if user not in self._agents:
            self._agents[user] = Agent(self.laptop, user)
        return self._agents[user]

    @contextlib.contextmanager
    def login(self, user: str, *, forward: bool = False, **options) -> Iterator[Login]:
        """user's session from the laptop on the bastion; forward: with her agent."""
        agent = self.agent(user) if forward else None
        with sshd.login(self.laptop, user, "bastion", agent=agent, **options) as session:
            yield session

    def clear(self) -> None:
        """After a test that failed: nothing that it began or changed is there for the next one."""
        self.daemon.revive()
        lasting = [self.daemon.process, self.world.auditd]
        lasting += [server.process for server in self.world.sshd.values()]
        lasting += [agent.process for agent in self._agents.values()]
        for host in self.world.hosts:
            for child in host.children():
                if child not in lasting:
                    child.terminate()
                    self._see_off(child)

    @staticmethod
    def _see_off(child: subprocess.Popen) -> None:
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def ssh(self, user: str, *words: str, key: str = "id_ed25519", check: bool = False, agent: bool = False):
        """One ssh command of user on the laptop, to its end."""
        env = self.agent(user).env if agent else None
        return self.laptop.run([*sshd.ssh(key), *words], user=user, env=env, check=check)

    def watch(self) -> Watch:
        return self.daemon.watch()

    def fence(self, watch: Watch, *, ripen: bool = True) -> list[dict]:
        """Everything that happened before has been judged: what was alerted up to here.

        Root of another login uses an agent: that alerts under every policy of the tests, in every mode,
        and records arrive in their order.  Then, with ripen, nothing more may ripen.
        """
        with self.login("bob", forward=True) as victim, self.login("deploy") as borrower:
            socket = victim.out("echo $SSH_AUTH_SOCK")
            ses = borrower.ses
            borrower.run(f"sudo env SSH_AUTH_SOCK={socket} ssh-add -l")
            watch.wait(activity="agent-hijack", user="deploy", ses=ses)
        if ripen:
            time.sleep(_RIPENING_S)
        asked = self._asked_for()
        return [a for a in watch.poll() if a.get("sshtether", {}).get("ses") != ses and a["event"]["action"] not in asked]

    def _asked_for(self) -> set[str]:
        """Words of the daemon on itself and the host that had to come, whoever did nothing."""
        usual = {"mode-changed", "policy-loaded"}
        return usual | {"records-lost"} if self.daemon.misses_records() else usual

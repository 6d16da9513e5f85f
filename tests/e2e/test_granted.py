"""What the kernel refuses is what the policy refuses: addresses and ports of every kind, one by one."""

from __future__ import annotations

import ipaddress
import json
import random

from lab.daemon import POLICY, PROGRAMS
from lab.stage import Stage
from lab.world import BASTION, BASTION6, BASTION_INSIDE, DB, DB6, LAPTOP

KNOCK = f"/usr/bin/python3 {PROGRAMS}/knock.py"

# Nested, with holes, of both families; every port that is tried is SSH, whatever the program.
RULES = """
ssh-ports { 20-30, 2222, 8000-8999 }
table <inside> { 10.0.0.0/8, !10.9.0.0/16, 10.9.2.0/24, !10.9.2.3, 2001:db8::/32, !2001:db8:9::/48 }
table <wide>   { 0.0.0.0/0, !172.16.0.0/12, ::/0, !fd00::/8 }
never-stop user carol
pass  outbound-ssh user alice to self port { 22, 2222 }
block outbound-ssh user alice to self
pass  outbound-ssh user alice to <inside> port 22
terminate outbound-ssh user bob to <inside> port { 25-27, 2222 } mode audit
block outbound-ssh user alice to 10.9.2.3 !port 22
block outbound-ssh user alice !to <wide> !port 8000-8499
pass  outbound-ssh user alice to { 192.0.2.0/24, ::1, fd00:9:2::2 } port { 22-24, 8100 }
block outbound-ssh user alice port { 20-24, 8000-8999 }
"""

_NETS = ["10.0.0.0/8", "10.9.0.0/16", "10.9.2.0/24", "10.9.2.3/32", "172.16.0.0/12", "192.0.2.0/24", "127.0.0.0/8",
         "2001:db8::/32", "2001:db8:9::/48", "fd00::/8"]  # fmt: skip
_PORTS = [20, 21, 22, 23, 24, 25, 27, 30, 2222, 8000, 8100, 8499, 8500, 8999]


def _places() -> list[tuple[str, int]]:
    """Own addresses, those at both sides of every border, and some."""
    chance = random.Random(9)
    addresses = {BASTION, BASTION_INSIDE, BASTION6, DB, DB6, LAPTOP, "0.0.0.0", "::", "::1", "127.1.2.3",
                 "255.255.255.254"}  # fmt: skip
    for text in _NETS:
        net = ipaddress.ip_network(text)
        for number in (int(net[0]) - 1, int(net[0]), int(net[-1]), int(net[-1]) + 1):
            addresses.add(str(type(net[0])(number)))
    return [(address, port) for address in sorted(addresses) for port in chance.sample(_PORTS, 4)]


def _refuses(stage: Stage, user: str, address: str, port: int) -> bool:
    own = address in (BASTION, BASTION_INSIDE, BASTION6, "0.0.0.0", "::")
    to = ["to", "self"] if own else ["to", address]
    asked = ["outbound-ssh", "user", user, *to, "port", str(port)]
    answer = json.loads(stage.daemon.ctl("policy", "explain", "--json", POLICY, *asked))
    assert not answer["undetermined"], answer
    stops = answer["action"] in ("block", "terminate")
    return stops and answer["mode"] == "enforce" and not answer["never_stop"]


def test_kernel_and_policy_agree(stage: Stage) -> None:
    stage.daemon.policy(RULES, mode="enforce")
    places = _places()
    for user in ("alice", "bob"):
        with stage.login(user) as session:
            words = " ".join(f"{address} {port}" for address, port in places)
            told = [line.split() for line in session.out(f"{KNOCK} {words}").splitlines()]
        assert len(told) == len(places), told[-3:]
        wrong = [line for line in told if (line[0] == "refused") != _refuses(stage, user, line[1], int(line[2]))]
        assert not wrong, f"{user}: {len(wrong)} of {len(told)}: {wrong[:10]}"
        refused = sum(line[0] == "refused" for line in told)
        assert (refused > 50) == (user == "alice"), f"{user}: {refused} refused"
        print(f"# {user}: {refused} of {len(told)} refused, each as the policy says")


def test_check_knows_the_host(stage: Stage) -> None:
    """Levels of `policy check` are those of `status`; without gates they are others."""
    stage.daemon.policy("block outbound-ssh user nobody\nisolate relay user nobody\n")
    status = stage.daemon.status()
    [checked] = stage.daemon.json("policy", "check", POLICY)
    assert checked["as_if_every_gate_worked"] is False
    assert checked["gates"] == [gate["name"] for gate in status["gates"] if gate["works"]]
    levels = {row["activity"]: row["level"] for row in status["activities"]}
    assert [rule["level"] for rule in checked["rules"]] == [levels["outbound-ssh"], levels["relay"]]
    assert levels["outbound-ssh"] == "prevent", status["gates"]

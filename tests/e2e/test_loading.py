"""loading: which policy is in force: signed, by whom, not older, of this fleet; and which when there is none."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

from lab.daemon import POLICY, PROGRAMS, USUAL_TIMEOUT, Watch
from lab.stage import Stage
from lab.waiting import until
from lab.world import DB

KEYS = "/root/signing"
SIGNERS = "/etc/sshtether/allowed_signers"
PARTS = "/etc/sshtether/parts"
INCLUDED = f"{PARTS}/10-hops.policy"
TABLE = "/etc/sshtether/db.txt"
LOOSE = "/etc/sshtether/feed.txt"
SPACE = "sshtether-policy"
KINDS = {"ops": "ed25519", "dba": "rsa", "net": "ecdsa", "late": "ed25519", "eve": "ed25519"}
TRUSTED = {"ops": "", "dba": "", "net": "", "late": ',valid-before="20200101"'}
CONFIG = "require-signature on\nfleet loading\n"
KNOCK = f"/usr/bin/python3 {PROGRAMS}/knock.py {DB} 22"

MAIN = """fleet loading
serial {serial}
mode enforce
stop-limit off
table <db> file "db.txt"
table <feed> file "feed.txt" unsigned
include "parts/10-hops.policy"
"""
HOPS = "block outbound-ssh user alice to <db>\nblock outbound-ssh user bob to <feed>\n"


class Fleet:
    """A signed policy of three signed files and one that needs no signature, as a fleet would send it."""

    last = 0

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.host = stage.bastion
        self.serial = Fleet.last = Fleet.last + 100
        if not os.path.exists(self.host.path(KEYS)):
            self._make_keys()
        self.host.mkdir(PARTS)
        self.send()

    def _make_keys(self) -> None:
        self.host.mkdir(KEYS, 0o700)
        for name, kind in KINDS.items():
            self.host.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", f"{KEYS}/{name}"])

    def trust(self, **signers: str) -> None:
        """Who may sign, each with his options; by default one with each kind of key, and one whose time is over."""
        lines = []
        for name, options in (signers or TRUSTED).items():
            key = " ".join(self.host.read(f"{KEYS}/{name}.pub").split()[:2])
            lines.append(f'{name}@example.org namespaces="{SPACE}"{options} {key}\n')
        self.host.write(SIGNERS, "".join(lines))

    def _signature(self, text: str, key: str = "ops", space: str = SPACE) -> str:
        return self.host.run(["ssh-keygen", "-q", "-Y", "sign", "-f", f"{KEYS}/{key}", "-n", space], stdin=text).stdout

    def sign(self, path: str, key: str = "ops", space: str = SPACE) -> None:
        self.host.write(f"{path}.sig", self._signature(self.host.read(path), key, space))

    def unsign(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.host.path(f"{path}.sig"))

    def main(self) -> str:
        return MAIN.format(serial=self.serial)

    def pattern(self) -> str:
        return self.main().replace(INCLUDED.removeprefix(PARTS), "/*.policy")

    def put(self, path: str, text: str, **how: str) -> None:
        """Both at once: a daemon that watches waits two seconds for what belongs together, and ssh-keygen may take longer."""
        signature = self._signature(text, **how)
        self.host.write(path, text)
        self.host.write(f"{path}.sig", signature)

    def send(self) -> None:
        """All of it, good."""
        self.trust()
        self.put(TABLE, f"{DB}\n", key="dba")
        self.put(INCLUDED, HOPS, key="net")
        self.host.write(LOOSE, "192.0.2.0/24\n")
        self.unsign(LOOSE)
        self.put(POLICY, self.main())

    def clear(self) -> None:
        for path in (POLICY, TABLE, LOOSE):
            self.unsign(path)
        shutil.rmtree(self.host.path(PARTS), ignore_errors=True)

    # --- what is in force ---

    def state(self) -> dict:
        return self.stage.daemon.status()["policy"]

    def load(self, path: str = POLICY) -> tuple[int, str]:
        done = self.stage.daemon.run("policy", "load", path, check=False)
        return done.returncode, done.stdout + done.stderr

    def hup(self) -> None:
        self.stage.daemon.process.send_signal(signal.SIGHUP)

    def knock(self, user: str = "alice") -> str:
        """What becomes of a hop: refused, or went."""
        with self.stage.login(user) as session:
            return session.out(KNOCK).split()[0]


@contextlib.contextmanager
def _fleet(stage: Stage, config: str = CONFIG) -> Iterator[Fleet]:
    """The daemon with a good signed policy in force; afterwards as it was."""
    fleet = Fleet(stage)
    stage.daemon.stop()
    stage.daemon.start(config)
    try:
        status, said = fleet.load()
        assert status == 0, said
        stage.daemon.ctl("mode", "enforce")
        stage.daemon.settled()
        yield fleet
    finally:
        stage.daemon.ctl("mode", "audit")
        stage.daemon.stop()
        fleet.clear()
        stage.bastion.write(POLICY, "mode audit\n")
        stage.daemon.start()


def _loaded(watch: Watch, by: str, **fields: object) -> dict:
    return watch.wait(activity="policy-loaded", by=by, **fields)


# --- signatures ---------------------------------------------------------------------------------------------


def test_signed(stage: Stage) -> None:
    """It says who signed, everywhere; and it is in force."""
    watch = stage.watch()
    with _fleet(stage) as fleet:
        alert = _loaded(watch, "hand", file=POLICY)
        assert alert["sshtether"]["signer"] == "ops@example.org" and alert["sshtether"]["rules"] == 2, alert
        assert alert["sshtether"]["policy_serial"] == fleet.serial and alert["sshtether"]["fleet"] == "loading", alert
        state = fleet.state()
        assert state["signer"] == "ops@example.org" and state["signer_key"].startswith("SHA256:"), state
        [shown] = stage.daemon.json("policy", "show")
        assert shown["signer"] == "ops@example.org", shown
        assert fleet.knock() == "refused"
        assert fleet.knock("bob") == "went"
        fleet.host.write(LOOSE, f"{DB}\n")  # a feed is nobody's to sign
        fleet.hup()
        _loaded(watch, "SIGHUP")
        stage.daemon.settled()
        assert fleet.knock("bob") == "refused"


Spoil = Callable[[Fleet], None]

BAD: dict[str, tuple[Spoil, str, str]] = {
    # what is done to it; in which file it shows; and what is said
    "unsigned": (lambda f: f.unsign(POLICY), POLICY, "no signature: "),
    "another key": (lambda f: f.sign(POLICY, "eve"), POLICY, "not among the allowed signers"),
    "another namespace": (lambda f: f.sign(POLICY, space="file"), POLICY, "signed for another purpose"),
    "an expired signer": (lambda f: f.sign(POLICY, "late"), POLICY, "no longer accepted"),
    "changed since": (lambda f: f.host.write(POLICY, f.main() + "# \n"), POLICY, "not of this file"),
    "an include changed": (lambda f: f.host.write(INCLUDED, "pass outbound-ssh\n"), INCLUDED, "not of this file"),
    "an include without": (lambda f: f.unsign(INCLUDED), INCLUDED, "no signature: "),
    "a pattern": (lambda f: f.put(POLICY, f.pattern()), f"{PARTS}/*.policy", "nobody signs which files a pattern finds"),
    "a table changed": (lambda f: f.host.write(TABLE, "192.0.2.1\n"), TABLE, "not of this file"),
    "a table without": (lambda f: f.unsign(TABLE), TABLE, "no signature: "),
    "no signers": (lambda f: os.unlink(f.host.path(SIGNERS)), POLICY, "allowed signers, /etc/sshtether/allowed_signers"),
    "anybody's signers": (lambda f: os.chmod(f.host.path(SIGNERS), 0o666), POLICY, "written by its group or by others"),
    "another fleet": (lambda f: f.put(POLICY, f.main().replace("fleet loading", "fleet other")), POLICY,
                      'policies of fleet "loading"'),  # fmt: skip
    "older": (lambda f: f.put(POLICY, MAIN.format(serial=1)), POLICY, "is older than"),
    "broken": (lambda f: f.put(POLICY, f.main() + "blokc relay\n"), POLICY, "did you mean 'block'?"),
}


def test_refused_and_the_one_in_force_stays(stage: Stage) -> None:
    with _fleet(stage) as fleet:
        before = fleet.state()
        for what, (spoil, where, words) in BAD.items():
            watch = stage.watch()
            fleet.serial += 1
            fleet.send()
            spoil(fleet)
            status, said = fleet.load()
            assert status == 1 and words in said and where in said, f"{what}: {said}"
            alert = watch.wait(activity="policy-refused", by="hand", file=POLICY)
            assert alert["event"]["severity"] == 73 and alert["sshtether"]["error"], alert
            after = fleet.state()
            assert (after["serial"], after["signer"]) == (before["serial"], before["signer"]), f"{what}: {after}"
            assert after["error"], f"{what}: {after}"
            print(f"# {what}: {said.splitlines()[0]}")
        assert fleet.knock() == "refused"
        fleet.serial += 1
        fleet.send()
        assert fleet.load()[0] == 0
        assert "error" not in fleet.state()


def test_unasked_a_bad_signature_is_a_warning(stage: Stage) -> None:
    with _fleet(stage, "") as fleet:
        fleet.sign(INCLUDED, "eve")
        status, said = fleet.load()
        assert status == 0 and INCLUDED in said and "with require-signature it would be refused" in said, said


# --- over a restart -------------------------------------------------------------------------------------------


def _restart(stage: Stage, config: str = CONFIG) -> Watch:
    watch = stage.watch()
    stage.daemon.stop()
    stage.daemon.start(config)
    stage.daemon.settled()
    return watch


def _is_last_good(fleet: Fleet, watch: Watch, serial: int) -> None:
    watch.wait(activity="policy-last-good")
    state = fleet.state()
    assert state["last_good"] is True and state["serial"] == serial and state["error"], state
    assert fleet.knock() == "refused"


STARTS: dict[str, Spoil] = {
    "missing": lambda f: os.unlink(f.host.path(POLICY)),
    "broken": lambda f: f.put(POLICY, "blokc everything\n"),
    "unsigned": lambda f: f.unsign(POLICY),
    "empty": lambda f: f.host.write(POLICY, ""),
    "a table gone": lambda f: os.unlink(f.host.path(TABLE)),
    "older": lambda f: f.put(POLICY, "fleet loading\nserial 2\n"),
    "of another fleet": lambda f: f.put(POLICY, "fleet other\nserial 999\n"),
}


def test_the_last_good_one_at_a_start(stage: Stage) -> None:
    """Whatever has become of the configured one; and it is loaded again when it is good again."""
    with _fleet(stage) as fleet:
        for what, spoil in STARTS.items():
            spoil(fleet)
            watch = _restart(stage)
            watch.wait(activity="policy-refused", by="start")
            _is_last_good(fleet, watch, fleet.serial)
            print(f"# {what}: {fleet.state()['error']}")
            fleet.serial += 1
            fleet.send()
            fleet.hup()
            _loaded(watch, "SIGHUP", policy_serial=fleet.serial)
            assert fleet.state()["last_good"] is False


def test_who_is_struck_from_the_list_has_signed_nothing(stage: Stage) -> None:
    """An expiry takes no policy from a host, a removal does."""
    with _fleet(stage) as fleet:
        os.unlink(fleet.host.path(POLICY))
        over = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 2))
        fleet.trust(**{name: f',valid-before="{over}"' for name in ("ops", "dba", "net")})
        while time.strftime("%Y%m%d%H%M%SZ", time.gmtime()) <= over:
            time.sleep(0.1)
        status, said = fleet.load(INCLUDED)
        assert status == 1 and "no longer accepted" in said, said
        _is_last_good(fleet, _restart(stage), fleet.serial)
        fleet.trust(late="")
        watch = _restart(stage)
        watch.wait(activity="policy-refused")
        alert = watch.wait(activity="policy-none")
        assert "nor the last good one that was kept" in alert["event"]["reason"], alert
        assert fleet.state()["last_good"] is False and fleet.state()["rules"] == 0, fleet.state()
        assert fleet.knock() == "went"


def test_the_serial_survives(stage: Stage) -> None:
    with _fleet(stage) as fleet:
        high = fleet.serial
        _restart(stage)
        fleet.put(POLICY, MAIN.format(serial=high - 1))
        status, said = fleet.load()
        assert status == 1 and f"serial {high - 1} is older than {high}" in said, said
        os.kill(stage.daemon.engine_pid(), signal.SIGKILL)
        until(lambda: stage.daemon.status().get("policy", {}).get("serial") == high, "an engine with a policy")
        status, said = fleet.load()
        assert status == 1 and f"serial {high - 1} is older than {high}" in said, said


# --- by itself -----------------------------------------------------------------------------------------------


def _rename(fleet: Fleet) -> None:
    """As Ansible and rsync do: beside it, then in its place; the signature after it."""
    for path in (POLICY, f"{POLICY}.sig"):
        new = fleet.host.path(f"{path}.new")
        shutil.copy(fleet.host.path(f"/root/next{path.removeprefix(POLICY)}"), new)
        os.rename(new, fleet.host.path(path))


def _checkout(fleet: Fleet) -> None:
    """As git does: gone, then made."""
    for path in (POLICY, f"{POLICY}.sig"):
        os.unlink(fleet.host.path(path))
        shutil.copy(fleet.host.path(f"/root/next{path.removeprefix(POLICY)}"), fleet.host.path(path))


def test_watched(stage: Stage) -> None:
    with _fleet(stage, f"{CONFIG}policy-watch on\n") as fleet:
        watch = stage.watch()
        for how in (_rename, _checkout):
            fleet.serial += 1
            fleet.put("/root/next", fleet.main())
            how(fleet)
            _loaded(watch, "watch", policy_serial=fleet.serial)
        fleet.host.write(INCLUDED, HOPS + "# said\n")
        watch.wait(activity="policy-refused", by="watch")
        fleet.put(INCLUDED, HOPS + "alert login user eve\n")
        _loaded(watch, "watch", rules=3)
        n = len(watch.find(activity="policy-loaded"))
        assert n == 3, watch.text()
        os.utime(fleet.host.path(POLICY))
        fleet.sign(POLICY)  # ed25519 signs the same each time
        fleet.put(TABLE, f"{DB}\n192.0.2.7\n")
        until(lambda: len(watch.find(activity="policy-loaded")) > n, "the table to be read")
        assert len(watch.find(activity="policy-loaded")) == n + 1, watch.text()


def test_what_a_pattern_finds_is_watched(stage: Stage) -> None:
    """Where nobody asks for signatures."""
    with _fleet(stage, "policy-watch on\n") as fleet:
        watch = stage.watch()
        fleet.host.write(POLICY, fleet.pattern())
        fleet.sign(POLICY)
        assert fleet.load()[0] == 0
        fleet.host.write(f"{PARTS}/20-more.policy", "alert login user eve\n")
        _loaded(watch, "watch", rules=3)


# --- alerts ---------------------------------------------------------------------------------------------------


def test_at_most(stage: Stage) -> None:
    """A loop of hops is one alert, with its tags; the store has all of them; bob's are his own."""
    stage.daemon.policy("alert outbound-ssh user { alice, bob } at most 1/1h tag { pci, team-a }\n")
    watch = stage.watch()
    for user in ("alice", "alice", "alice", "bob"):
        with stage.login(user, forward=True) as session:
            session.run("ssh db true")
    watch.wait(activity="outbound-ssh", user="bob")
    alerts = [a for a in stage.fence(watch) if a["event"]["action"] == "outbound-ssh"]
    assert [a["user"]["name"] for a in alerts] == ["alice", "bob"], watch.text()
    assert all(a["tags"] == ["pci", "team-a"] for a in alerts), alerts
    ids = {a["event"]["id"] for a in alerts}
    stored = stage.daemon.json("alerts", "--since", "1h", "--user", "alice", "--activity", "outbound-ssh")
    assert len([a for a in stored if a.get("tags") == ["pci", "team-a"]]) >= 3, stored
    assert ids & {a["event"]["id"] for a in stored}


def test_noise_takes_no_place(stage: Stage) -> None:
    """What a session in a flood does is told by its number alone; the rule's one alert a day is still to come."""
    stage.daemon.policy("ssh-ports { 22, 2000-2200 }\nalert outbound-ssh user alice port 22 at most 1/1d\nalert outbound-ssh user alice\n")
    watch = stage.watch()
    noise = " ".join(f"{DB} {port}" for port in range(2000, 2130))
    with stage.login("alice") as session:
        session.run(f"/usr/bin/python3 {PROGRAMS}/knock.py {noise} {DB} 22 >/dev/null")
    stage.fence(watch)
    assert not watch.find(activity="outbound-ssh", port=22), watch.text()
    with stage.login("alice") as session:
        session.run(KNOCK)
    watch.wait(activity="outbound-ssh", user="alice", port=22)


# --- beside logins ----------------------------------------------------------------------------------------------


def _large(fleet: Fleet) -> str:
    """10,000 rules, and a table of 1,000,000 addresses."""
    chance = random.Random(4)
    addresses = "".join(f"{address}\n" for address in map(ipaddress.ip_address, chance.sample(range(1 << 24, 1 << 31), 1_000_000)))
    fleet.put("/etc/sshtether/large.txt", addresses)
    rules = "".join(f"pass outbound-ssh user u{n} to 10.{n >> 8}.{n & 255}.0/24\n" for n in range(9_999))
    return f'{fleet.main()}table <large> file "large.txt"\n{rules}block outbound-ssh user alice to <large>\n'


def test_a_large_load_holds_up_no_login(stage: Stage) -> None:
    with _fleet(stage, CONFIG + USUAL_TIMEOUT) as fleet:
        fleet.serial += 1
        fleet.put("/etc/sshtether/large.policy", _large(fleet))
        before = stage.daemon.status()["logins"]
        load = stage.bastion.popen([f"{PROGRAMS}/sshtether", "policy", "load", "/etc/sshtether/large.policy"],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
        begin, worst, n = time.monotonic(), 0.0, 0
        while load.poll() is None or stage.daemon.status()["grants"]["renewing"]:
            at = time.monotonic()
            stage.ssh("alice", "bastion", "true", check=True)
            worst, n = max(worst, time.monotonic() - at), n + 1
        seconds = time.monotonic() - begin
        after = stage.daemon.status()["logins"]
        late = {name: after[name] - before[name] for name in ("fallback", "late")}
        print(f"# {load.stdout.read().strip()}: {n} logins in {seconds:.1f} s, the slowest took {worst * 1000:.0f} ms, {late}")
        assert n > 0 and late == {"fallback": 0, "late": 0}, late

"""fleets: an example policy as it stands in policy/fleets, brought to the lab: its addresses are the lab's.

Nothing else is changed but what every load needs here: enforce mode, and no limit on how many may be stopped.  The
files are signed, and the daemon takes no others.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .accounts import SIGNER
from .daemon import POLICY, Watch, quiet, value
from .stage import Stage
from .waiting import TimedOut, until

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "policy" / "fleets"
_SIGNERS = "/etc/sshtether/allowed_signers"
_SIGNED = f"require-signature on\nallowed-signers {_SIGNERS}\n"


# --- the files --------------------------------------------------------------------------------------------------------


def _pattern(words: Mapping[str, str]) -> re.Pattern:
    """Whole addresses and words, the longest first."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile(r"(?<![\w.:])(?:" + "|".join(map(re.escape, longest)) + r")(?![\w.:]*[\w:]|/\d)")


def brought(text: str, words: Mapping[str, str]) -> str:
    return _pattern(words).sub(lambda found: words[found.group()], text)


def _files(fleet: str) -> dict[str, str]:
    """The fleet's, and those that it names, by where they lie beside the policy in force."""
    main = (EXAMPLES / f"{fleet}.policy").read_text()
    names = re.findall(r'^(?:table .* file|include)\s+"([^"]+)"', main, re.M)
    return {POLICY: main} | {
        os.path.join(os.path.dirname(POLICY), name): (EXAMPLES / name).read_text() for name in names
    }


def _for_the_lab(text: str) -> str:
    text = re.sub(r"^stop-limit .*\n", "", text, flags=re.M)
    text, found = re.subn(r"^mode    audit$", "mode    enforce\nstop-limit off", text, flags=re.M)
    assert found == 1, "it begins in audit mode"
    return text


def _install(stage: Stage, fleet: str, words: Mapping[str, str]) -> None:
    files = _files(fleet)
    whole = "".join(files.values())
    unused = [word for word in words if brought(whole, {word: ""}) == whole]
    assert not unused, f"{fleet} names none of {unused}"
    for place, text in files.items():
        text = brought(text, words)
        if place == POLICY:
            text = _for_the_lab(text)
        stage.bastion.mkdir(os.path.dirname(place))
        stage.bastion.write(place, text)
        stage.bastion.write(f"{place}.sig", stage.world.keys.signature(text))
    signer = " ".join(stage.world.keys.text(f"{SIGNER}.pub").split()[:2])
    stage.bastion.write(_SIGNERS, f'{SIGNER} namespaces="sshtether-policy" {signer}\n')


@contextlib.contextmanager
def in_force(stage: Stage, fleet: str, words: Mapping[str, str]) -> Iterator[Watch]:
    """In enforce mode, by a daemon that has not seen what was before; the alerts from then on."""
    stage.daemon.stop()
    _install(stage, fleet, words)
    try:
        stage.daemon.start(_SIGNED)
        stage.daemon.ctl("policy", "load", POLICY)
        stage.daemon.ctl("mode", "enforce")
        stage.daemon.settled()
        yield stage.watch()
    finally:
        stage.bastion.run(["rm", "-f", f"{POLICY}.sig"])
        stage.daemon.afresh()


# --- what is told -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Told:
    """What the alerts on one thing say; of a case, which has no level, how bad it stands."""

    user: str
    activity: str
    done: str
    level: str
    tags: str = "-"

    def __str__(self) -> str:
        return f"{self.user} {self.activity} {self.done} {self.level} {self.tags}"


def _told(alert: dict) -> Told:
    level = value(alert, "level") or alert["sshtether"]["case"]["severity"]
    return Told(*(value(alert, name) for name in ("user", "activity", "done")), level, ",".join(alert.get("tags", "-")))


def told(watch: Watch) -> set[Told]:
    """Of people's sessions; what the daemon says of itself is left out."""
    return {
        _told(alert)
        for alert in watch.poll()
        if alert.get("user", {}).get("name")
    }


def tells(watch: Watch, wanted: str) -> None:
    """All of this (a line each: user, activity, done, level, tags) is told, and nothing else is."""
    want = {Told(*line.split()) for line in wanted.strip().splitlines()}
    with contextlib.suppress(TimedOut):
        until(lambda: want <= told(watch), "the alerts")
    have = told(watch)
    lacks, more = ("\n".join(map(str, sorted(some))) for some in (want - have, have - want))
    assert have == want, f"not told:\n{lacks}\ntold beside:\n{more}\nof\n{quiet(watch.poll())}"

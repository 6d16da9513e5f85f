"""way: one way round, and what an attempt to go it came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lab.stage import Stage
from lab.world import DB, DB_OTHER

# Whoever goes a way is alice or mallory, by another login than deploy's; DB is forbidden, DB_OTHER is not.
RULES = f"""
pass  outbound-ssh, relay to {DB_OTHER}
block outbound-ssh, relay user {{ alice, mallory }}  severity high
block agent-hijack, mux-hijack, session-escape  severity critical
"""


@dataclass(frozen=True)
class Attempt:
    """forbidden: what RULES block; else the nearest thing that they do not.  hold: seconds to go on with it."""

    forbidden: bool = True
    hold: float = 0

    @property
    def target(self) -> str:
        return DB if self.forbidden else DB_OTHER


@dataclass(frozen=True)
class Tried:
    """worked: to its end.  who: what an alert on it says, as Watch.find() takes it."""

    worked: bool
    said: str
    who: Mapping[str, object]


@dataclass(frozen=True)
class Way:
    row: int
    activity: str
    go: Callable[[Stage, Attempt], Tried]
    level: str | tuple[str, ...] = "prevent"
    done: str | tuple[str, ...] = "refused"
    facts: Mapping[str, object] = field(default_factory=dict)  # what the alert says beside who
    # Limits that are known, and written up in SECURITY.md:
    seen: bool = True
    stopped: bool = True
    spared: bool = True  # there is a twin that is allowed
    rules: str = RULES
    name: str = ""


def named(ways: Mapping[str, Way]) -> dict[str, Way]:
    """By row and name, as the tests call them."""
    return {f"{way.row} {name}": replace(way, name=name) for name, way in ways.items()}

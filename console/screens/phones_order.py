"""What the rows of the Phones screen are put in order by. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from console.screens.phones_columns import at_work, is_on, is_other
from engine.insight.values import ResourceLine

_URGENT: Final = ("unknown", "started", "starting", "stopping", "off", "expired")


def _rank(line: ResourceLine) -> tuple[int, int, str]:
    place = _URGENT.index(line.state) if line.state in _URGENT else len(_URGENT)
    return (0 if is_on(line) else 1, place, line.label)


_VALUES: Final[Mapping[str, Callable[[ResourceLine], Any]]] = {
    "alarm": lambda line: (not line.orphan, is_other(line), not is_on(line), line.label),
    "phone": lambda line: line.label,
    "state": _rank,
    "since": lambda line: line.since,
    "on": lambda line: -line.since.timestamp() if line.since and is_on(line) else None,
    "job": lambda line: line.job_id if at_work(line) else None,
    "worker": lambda line: line.slot if at_work(line) else None,
    "phase": lambda line: line.phase or None,
    "est": lambda line: line.cost or None,
    "today": lambda line: line.posts_today if line.in_campaign else None,
    "last": lambda line: line.last_result or None,
    "rate": lambda line: line.rate_30_days,
    "code": lambda line: line.code or None,
    "note": lambda line: line.note or None,
    "id": lambda line: line.id,
}
_LARGEST_FIRST: Final = frozenset({"on", "est", "today", "since"})


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are in order of; rows with nothing in that column come last either way."""

    column: str = "alarm"
    """``alarm`` is the order at first: alarms, then ours, by name."""
    largest_first: bool = False

    @property
    def sign(self) -> Literal["^", "v"]:
        return "v" if self.largest_first else "^"

    @property
    def text(self) -> str:
        """``on v``."""
        return f"{self.column} {self.sign}"

    @property
    def turned(self) -> Order:
        """The other way round."""
        return Order(self.column, not self.largest_first)

    def following(self, shown: Sequence[str]) -> Order:
        """The next of the columns on screen that rows can be put in order of."""
        keys = ["alarm", *(key for key in shown if key in _VALUES)]
        place = keys.index(self.column) + 1 if self.column in keys else 0
        key = keys[place % len(keys)]
        return Order(key, key in _LARGEST_FIRST)

    def sort(self, lines: Sequence[ResourceLine]) -> list[ResourceLine]:
        """In this order; equal rows by name."""
        value = _VALUES[self.column]
        named = sorted(lines, key=lambda line: line.label)
        known = [line for line in named if value(line) is not None]
        known.sort(key=value, reverse=self.largest_first)
        return known + [line for line in named if value(line) is None]

"""What a run told that a person should know: alarms, workers' ends, its own failure.

Folded from the events of the run directory, from the start of the latest run on; the rest of the
events is passed over undecoded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.run_state import RunDirectory

ALARMS_KEPT: Final = 20
_EXITS_KEPT: Final = 10
_NAMES: Final = ("run_started", "run_failed", "alarm", "released", "worker_ended")


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """Something that the run called out."""

    at: datetime | None
    text: str
    slot: int | None = None
    resource: str = ""
    """Id of the resource that it is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """One worker process that did not end cleanly."""

    at: datetime
    reason: str


class Happenings:
    """The latest run's alarms, exits and failure; costs only what is new."""

    def __init__(self, run_dir: RunDirectory) -> None:
        self._tail = run_dir.tail(whole=True).only(*_NAMES)
        self._start_over()

    def _start_over(self) -> None:
        self._alarms: dict[str, Alarm] = {}
        self._exits: dict[int, deque[Exit]] = {}
        self.failure: Alarm | None = None
        """What ended the run before its end."""

    def update(self) -> bool:
        """Take what is new; True if anything changed."""
        events = self._tail.read()
        for event in events:
            self._take(event)
        return bool(events)

    @property
    def alarms(self) -> Sequence[Alarm]:
        """The last ones, each text once with the moment when it was last said; oldest first."""
        return tuple(self._alarms.values())

    @property
    def exits(self) -> Mapping[int, Sequence[Exit]]:
        """Each worker's last exits that were not clean, oldest first."""
        return self._exits

    def _take(self, event: Mapping[str, Any]) -> None:
        name, at, slot = event.get("event"), _moment(event.get("ts")), event.get("worker")
        slot = slot if isinstance(slot, int) else None
        text = str(event.get("text", ""))
        if name == "run_started":
            self._start_over()
        elif name == "run_failed":
            self.failure = Alarm(at=at, text=text)
        elif name == "alarm":
            self._alarms.pop(text, None)
            self._alarms[text] = Alarm(
                at=at, text=text, slot=slot, resource=str(event.get("id") or "")
            )
            while len(self._alarms) > ALARMS_KEPT:
                del self._alarms[next(iter(self._alarms))]
        elif name == "released":
            self._solve(str(event.get("id") or ""))
        elif name == "worker_ended" and slot is not None and at and not event.get("clean"):
            exits = self._exits.setdefault(slot, deque(maxlen=_EXITS_KEPT))
            exits.append(Exit(at=at, reason=str(event.get("reason") or "for an unknown reason")))

    def _solve(self, resource: str) -> None:
        """A resource was seen off: what was said about it is no alarm any more."""
        for text in [one.text for one in self._alarms.values() if one.resource == resource]:
            if resource:
                del self._alarms[text]


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Columns of the Phones screen: what stands in them, and what rows are put in order by.

Pure: resource lines in, cells out (console-features 6.9). Costs are our own minutes times the price
in the settings; what a phone is billed by is known only where that price applies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.times import NOTHING, TimeStyle, whole_span, written
from console.widgets.columns import Column
from console.widgets.tones import Cell, Tone
from engine.insight.values import ResourceLine

ASKING: Final = "asking..."
"""Stands for a state that nobody has told yet."""
STALE_SECONDS: Final = 60
"""An answer older than this is greyed (console-features 6.9)."""
NOT_ON: Final = frozenset({"off", "expired"})
"""States that cost nothing; everything else is on, or may be."""
_TONES: Final[Mapping[str, Tone]] = {
    "started": "good",
    "starting": "busy",
    "stopping": "warn",
    "unknown": "warn",
    "off": "dim",
    "expired": "dim",
}
_MOMENT: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How the operator wants to see things, at this moment, and how fresh they are."""

    now: datetime
    style: TimeStyle = TimeStyle.CLOCK
    start: datetime | None = None
    """Of the run."""
    price: float = 0.0
    """Of a minute; 0 where nothing is billed."""
    asked_at: datetime | None = None
    """When the provider answered last; None = never yet."""
    problem: str = ""
    """Why it could not be asked the last time."""
    local: bool = False
    """They are processes of this host: there is no provider, and nothing that it says."""

    @property
    def asking(self) -> bool:
        """Nobody has answered yet, nor failed to."""
        return self.asked_at is None and not self.problem

    @property
    def stale(self) -> bool:
        """What is shown is too old to be relied on."""
        if self.asked_at is None:
            return not self.asking
        return self.now - self.asked_at > timedelta(seconds=STALE_SECONDS)

    def moment(self, moment: datetime | None) -> str:
        """A time that fits its column: one of another day has its day instead of seconds."""
        text = written(moment, self.style, self.now, self.start, seconds=True)
        if moment is None or len(text) <= _MOMENT:
            return text
        if self.style is TimeStyle.CLOCK:
            return f"{moment.astimezone(self.now.tzinfo):%d %H:%M}"
        return text


def is_on(line: ResourceLine) -> bool:
    """It costs, or may."""
    return line.state not in NOT_ON


def is_other(line: ResourceLine) -> bool:
    """Neither started by us nor of this campaign's accounts."""
    return not (line.ours or line.in_campaign)


def at_work(line: ResourceLine) -> bool:
    """There is a job for which it is on now."""
    stopping = line.state == "stopping" and not line.phase
    return bool(line.job_id) and is_on(line) and not line.orphan and not stopping


def on_seconds(line: ResourceLine, look: Look) -> float | None:
    """How long it has been on, as far as our records know."""
    if line.since is None or not is_on(line):
        return None
    return max(0.0, (look.now - line.since).total_seconds())


def estimate(line: ResourceLine, look: Look) -> float | None:
    """Dollars so far; None where no price applies or nobody knows since when."""
    seconds = on_seconds(line, look)
    return None if seconds is None or not look.price else seconds / 60 * look.price


def dollars(amount: float | None) -> str:
    """``$0.14``."""
    return NOTHING if amount is None else f"${amount:.2f}"


def _phone(line: ResourceLine, _look: Look) -> Cell:
    return line.label, "bad" if line.orphan else ""


def _state(line: ResourceLine, look: Look) -> Cell:
    if look.asking and line.state == "unknown":
        return ASKING, "dim"
    return line.state, _TONES.get(line.state, "warn")


def _today(line: ResourceLine) -> str:
    if not line.in_campaign:
        return NOTHING
    return f"{line.posts_today}/{line.cap}" if line.cap else str(line.posts_today)


def _last(line: ResourceLine) -> Cell:
    result = line.last_result
    if not result:
        return NOTHING, ""
    return (result, "") if result.startswith("ok ") else (f"x {result}", "bad")


def _note(line: ResourceLine) -> Cell:
    parts = [line.note] if line.note else []
    if is_other(line) and is_on(line):
        parts.insert(0, "not started by us")
    return "; ".join(parts), "warn" if line.orphan or line.stopping_since else ""


def _plain(text: Callable[[ResourceLine], str]) -> Callable[[ResourceLine, Look], Cell]:
    return lambda line, _look: (text(line), "")


_CELLS: Final[Mapping[str, Callable[[ResourceLine, Look], Cell]]] = {
    "phone": _phone,
    "state": _state,
    "since": lambda line, look: (look.moment(line.since) if is_on(line) else NOTHING, ""),
    "on": lambda line, look: (whole_span(on_seconds(line, look)), ""),
    "job": _plain(lambda line: line.job_id if at_work(line) else NOTHING),
    "worker": _plain(
        lambda line: f"W{line.slot}" if at_work(line) and line.slot is not None else NOTHING
    ),
    "phase": _plain(lambda line: line.phase or NOTHING),
    "billed": lambda line, look: (NOTHING if estimate(line, look) is None else "minute", ""),
    "est": lambda line, look: (dollars(estimate(line, look)), ""),
    "today": _plain(_today),
    "last": lambda line, _look: _last(line),
    "rate": _plain(
        lambda line: NOTHING if line.rate_30_days is None else f"{line.rate_30_days:.0f}%"
    ),
    "code": _plain(lambda line: line.code or NOTHING),
    "note": lambda line, _look: _note(line),
    "id": _plain(lambda line: line.id),
}


def cell(line: ResourceLine, column: str, look: Look) -> Cell:
    """What stands in a column of a row; all of it is grey where it is too old."""
    text, tone = _CELLS[column](line, look)
    return (text, "dim") if look.stale and not line.orphan else (text, tone)


def changing(look: Look) -> tuple[str, ...]:
    """Columns that change with the time alone."""
    return ("since", "on", "est") if look.style is TimeStyle.AGE else ("on", "est")


# -- sets of columns -----------------------------------------------------------------------------

SETS: Final = ("narrow", "wide", "all")
_NARROW: Final = "phone state on job worker billed est today"
_WIDE: Final = "phone state since on job worker phase billed est today last rate code note"
_KEYS: Final = {"narrow": _NARROW, "wide": _WIDE, "all": f"{_WIDE} id"}
_OF_A_PROVIDER: Final = ("billed", "est", "code")
_TITLES: Final[Mapping[str, str]] = {
    "on": "ON FOR",
    "worker": "W",
    "last": "LAST RESULT",
    "rate": "30 DAYS",
    "code": "VENDOR CODE",
}
_WIDTHS: Final[Mapping[str, int]] = {
    "state": 9,
    "since": _MOMENT,
    "on": 7,
    "worker": 2,
    "phase": 10,
    "billed": 6,
    "est": 6,
    "today": 5,
    "last": 14,
    "rate": 7,
    "code": 11,
    "note": 16,
    "id": 19,
}
_RIGHT: Final = frozenset({"on", "est", "today", "rate"})


def columns(
    which: str, lines: Sequence[ResourceLine], label: str, look: Look | None = None
) -> list[Column]:
    """One of the sets; ``label`` is what a resource is called. What has no room falls away, and
    what there is nothing to say about: money where nothing is billed, codes of no provider."""
    most = 15 if which == "narrow" else 22
    names = max((len(line.label) for line in lines), default=0)
    jobs = max((len(line.job_id) for line in lines), default=0)
    widths = {
        **_WIDTHS,
        "phone": max(8, len(label), min(names, 14 if which == "narrow" else 18)),
        "job": max(11, min(jobs, most)),
    }
    titles = {**_TITLES, "phone": label.upper()}
    left_out = _OF_A_PROVIDER if look is not None and look.local and not look.price else ()
    return [
        Column(
            key,
            titles.get(key, key.upper()),
            widths[key],
            "right" if key in _RIGHT else "left",
            flex=key == "note",
        )
        for key in _KEYS[which].split()
        if key not in left_out
    ]

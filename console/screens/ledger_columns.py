"""Columns of the Ledger: what stands in them, and what rows are put in order by.

Pure: job lines in, cells out (console-features 6.6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from console.glyphs import drawn
from console.times import NOTHING, TimeStyle, span, written
from console.top_rows import short_run
from console.widgets.columns import Column
from console.widgets.tones import Drawn, Tone
from engine.filters.rows import changed_at, why
from engine.insight.values import JobLine
from engine.workloads.labels import GENERIC, Labels

_TONES: Final[Mapping[str, Tone]] = {
    "+": "good",
    ">": "busy",
    "~": "warn",
    "x": "bad",
    "?": "warn",
    "-": "dim",
}
_URGENT: Final = "?x~>.+-"
"""Glyphs, most urgent first: the order of STATUS."""
_MOMENT: Final = 8
"""Cells of a time: ``12:02:20``, ``+1:37:01``."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the operator wants to see things, at this moment."""

    style: TimeStyle
    now: datetime
    start: datetime | None
    """Of the run."""
    unicode: bool = False
    labels: Labels = GENERIC
    """The trade's own words."""

    def moment(self, moment: datetime | None, *, seconds: bool = False) -> str:
        """A time that fits its column: one of another day has its day instead of seconds."""
        text = written(moment, self.style, self.now, self.start, seconds=seconds)
        if moment is None or len(text) <= _MOMENT:
            return text
        local = moment.astimezone(self.now.tzinfo)
        if self.style is TimeStyle.CLOCK:
            return f"{local:%d %H:%M}"
        days, rest = divmod(int(abs((self.now - moment).total_seconds())), 86_400)
        return f"{days}d{rest // 3600:02}h" if days else text


@dataclass(frozen=True, slots=True)
class Extent:
    """Characters of the longest job id and account."""

    job: int = 0
    account: int = 0


def status(line: JobLine, look: Look) -> str:
    """The glyph that says who acts next, and the ledger's own word."""
    return f"{drawn(line.glyph, unicode=look.unicode)} {line.job.status}"


def took(line: JobLine) -> str:
    """``4:40``, ``1h04m``."""
    if line.took is None or line.took < 3600:
        return span(line.took)
    hours, rest = divmod(int(line.took), 3600)
    return f"{hours}h{rest // 60:02}m"


_CELLS: Final[Mapping[str, Callable[[JobLine, Look], Drawn]]] = {
    "job": lambda line, _: line.job.job_id,
    "account": lambda line, _: line.job.account or NOTHING,
    "status": lambda line, look: (status(line, look), _TONES.get(line.glyph, "")),
    "try": lambda line, _: f"{line.job.attempts}/{line.limit}",
    "next": lambda line, _: line.next,
    "pass": lambda line, _: str(line.job.pass_number),
    "worker": lambda line, _: line.job.worker_id or NOTHING,
    "claimed": lambda line, look: look.moment(line.job.claimed_at, seconds=True),
    "took": lambda line, _: took(line),
    "when": lambda line, look: look.moment(changed_at(line.job)),
    "class": lambda line, _: line.job.error_category or "",
    "why": lambda line, _: why(line.job),
    "error": lambda line, _: line.job.error,
    "video": lambda line, _: _last_part(line.job.video_path),
    "run": lambda line, _: short_run(line.job.run_id) if line.job.run_id else "",
    "caption": lambda line, _: line.job.caption,
}
CHANGING: Final = ("when", "claimed")
"""Columns that change with the time alone, where times are ages."""


def cell(line: JobLine, column: str, look: Look) -> Drawn:
    """What stands in a column of a job's row."""
    return _CELLS[column](line, look)


def _last_part(path: str) -> str:
    """Name of a file, whichever system wrote its path."""
    return path.replace("\\", "/").rpartition("/")[2]


# -- sets of columns -----------------------------------------------------------------------------

SETS: Final = ("narrow", "wide", "all")
_NARROW: Final = "job account status try next when why"
_WIDE: Final = "job account status try next pass worker claimed took class why error"
_ALL: Final = (
    "job account status try next pass worker claimed took when class why error video run caption"
)
_KEYS: Final = {"narrow": _NARROW, "wide": _WIDE, "all": _ALL}
_LONGEST: Final = {"narrow": (15, 10), "wide": (26, 16), "all": (26, 16)}
"""Most cells of JOB and ACCOUNT."""
_TITLES: Final[Mapping[str, str]] = {"worker": "W"}
_WIDTHS: Final[Mapping[str, int]] = {
    "status": 10,
    "try": 3,
    "next": 8,
    "pass": 4,
    "worker": 2,
    "claimed": _MOMENT,
    "took": 5,
    "when": _MOMENT,
    "class": 14,
    "why": 18,
    "error": 16,
    "video": 14,
    "run": 9,
    "caption": 24,
}
_RIGHT: Final = frozenset({"pass", "worker", "took"})


def columns(which: str, extent: Extent | None = None, labels: Labels = GENERIC) -> list[Column]:
    """One of the sets; what has no room falls away from the right. The titles are the trade's."""
    most_job, most_account = _LONGEST[which]
    longest = extent or Extent()
    widths = {
        **_WIDTHS,
        "job": min(max(longest.job, 11), most_job),
        "account": min(max(longest.account, 8), most_account),
        "pass": max(_WIDTHS["pass"], len(labels.stage)),
    }
    titles = {
        **_TITLES,
        "account": labels.key.upper(),
        "pass": labels.stage.upper(),
        "video": labels.content.upper(),
        "caption": labels.text.upper(),
    }
    if which == "narrow":
        widths["why"] = 8
    keys = _KEYS[which].split()
    flexible = "why" if which == "narrow" else "error"
    return [
        Column(
            key,
            titles.get(key, "NEXT TRY" if key == "next" and which != "narrow" else key.upper()),
            widths[key],
            "right" if key in _RIGHT else "left",
            flex=key == flexible,
        )
        for key in keys
    ]


# -- order -----------------------------------------------------------------------------------------

_VALUES: Final[Mapping[str, Callable[[JobLine], Any]]] = {
    "job": lambda line: line.job.job_id,
    "account": lambda line: line.job.account or None,
    "status": lambda line: _URGENT.find(line.glyph),
    "try": lambda line: line.job.attempts,
    "next": lambda line: line.next or None,
    "pass": lambda line: line.job.pass_number,
    "worker": lambda line: _numbered(line.job.worker_id),
    "claimed": lambda line: _seconds(line.job.claimed_at),
    "took": lambda line: line.took,
    "when": lambda line: _seconds(changed_at(line.job)),
    "class": lambda line: line.job.error_category or None,
    "why": lambda line: why(line.job) or None,
    "error": lambda line: line.job.error or None,
    "video": lambda line: line.job.video_path or None,
    "run": lambda line: line.job.run_id or None,
    "caption": lambda line: line.job.caption or None,
}
_LARGEST_FIRST: Final = frozenset({"try", "pass", "claimed", "took", "when", "run"})


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are in order of; rows with nothing in that column come last either way."""

    column: str = "when"
    largest_first: bool = True

    @property
    def text(self) -> str:
        """``when v``."""
        return f"{self.column} {self.sign}"

    @property
    def sign(self) -> Literal["^", "v"]:
        return "v" if self.largest_first else "^"

    @property
    def turned(self) -> Order:
        """The other way round."""
        return Order(self.column, not self.largest_first)

    def following(self, shown: Sequence[str]) -> Order:
        """The next of the columns that are on screen; ``when`` is always one of them."""
        keys = [*shown, *(() if "when" in shown else ("when",))]
        place = keys.index(self.column) + 1 if self.column in keys else 0
        key = keys[place % len(keys)]
        return Order(key, key in _LARGEST_FIRST)

    def sort(self, lines: Sequence[JobLine]) -> list[JobLine]:
        """In this order; equal rows stay as they stand in the file."""
        # Each value is asked for once. No pairs of key and row: a hundred thousand of them wake the
        # collector for 200 ms.
        values: list[Any] = list(map(_VALUES[self.column], lines))
        known = [place for place, value in enumerate(values) if value is not None]
        known.sort(key=values.__getitem__, reverse=self.largest_first)
        empty = [line for line, value in zip(lines, values, strict=True) if value is None]
        return [lines[place] for place in known] + empty


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _numbered(worker: str) -> str | None:
    """Workers by number; names of older systems after them."""
    return worker.zfill(6) if worker else None

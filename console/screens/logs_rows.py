"""Rows around the log: what is shown, where the cursor's line stands, the last sixty minutes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rich.text import Text

from console.log_text import place
from console.plain import fit, plain
from console.screens.logs_choice import Chosen, is_appium
from console.times import beat
from console.widgets.bar import sparkline
from engine.log_stream import ErrorCluster, Level, MinuteCount, Record, SourceState

_ATTEMPT: Final = re.compile(rb" attempt=(\d{1,3})\b")
_PATTERN_CELLS: Final = 24
_RATE_SECONDS: Final = 60
_BESIDE: Final = 22
"""Cells of a histogram's name, brackets and figure."""


@dataclass(slots=True)
class Figures:
    """Counts over all that was read; renewed every few seconds, counted on in between."""

    sources: Mapping[str, SourceState] = field(default_factory=dict)
    minutes: Sequence[MinuteCount] = ()
    cluster: ErrorCluster | None = None
    lines: int = 0
    errors: int = 0
    warnings: int = 0

    def take(self, sources: Mapping[str, SourceState], chosen: Chosen) -> None:
        """Counts of the logs that are shown."""
        self.sources = sources
        shown = [state for name, state in sources.items() if chosen.shown.has(name)]
        self.lines = sum(state.lines for state in shown)
        self.errors = sum(state.errors for state in shown)
        self.warnings = sum(state.warnings for state in shown)

    def count(self, records: Sequence[Record], chosen: Chosen, *, following: bool) -> None:
        """Count new records in; while the log is paused its lines are counted as held back."""
        for record in records:
            if record.kind == "record" and chosen.shown.has(record.source):
                self.lines += following
                self.errors += record.level is Level.ERROR
                self.warnings += record.level is Level.WARN


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What the row above the log tells."""

    chosen: Chosen
    only: bool
    hits: int
    following: bool
    held_back: int


def chips(shown: Shown, figures: Figures, width: int) -> Text:
    """``W0 W1 orch   level>=INFO   /died/   FOLLOW   err 3  warn 9``, boxed and longer if wide."""
    wide = width >= 120
    gap = "   "
    follow = "FOLLOWING" if wide else "FOLLOW"
    if not shown.following:
        follow = f"+{shown.held_back} new" if shown.held_back else "PAUSED"
    words = [f"level>={shown.chosen.level.value}", *_search(shown, wide=wide)]
    if shown.chosen.job:
        words.append(f"job {plain(shown.chosen.job)}")
    counts = (
        f"errors {figures.errors}{gap}warnings {figures.warnings}{gap}{figures.lines:,} lines{gap}"
        f"{len(figures.sources)} files"
        if wide
        else f"err {figures.errors}  warn {figures.warnings}"
    )
    right = gap.join(words)
    rest = len(right) + len(follow) + len(counts) + 3 * len(gap) + 1
    line = Text(f" {_sources(shown.chosen, list(figures.sources), width - rest, wide=wide)}{gap}")
    line.append(f"{right}{gap}")
    line.append(follow, style="bold" if shown.following else "bold reverse")
    line.append(f"{gap}{counts}")
    if line.cell_len > width:
        line.truncate(width)
    return line


def _search(shown: Shown, *, wide: bool) -> list[str]:
    if not shown.chosen.pattern:
        return []
    pattern = plain(shown.chosen.pattern)
    if len(pattern) > _PATTERN_CELLS:
        pattern = fit(pattern, _PATTERN_CELLS)
    only = "& " if shown.only else ""
    if not wide:
        return [f"{only}/{pattern} {shown.hits}"]
    return [f"{only}search /{pattern}/  {shown.hits} hit{'s' * (shown.hits != 1)}"]


def _sources(chosen: Chosen, known: Sequence[str], room: int, *, wide: bool) -> str:
    """The logs that are shown; runs of workers are drawn together where room is short."""
    known = sorted(known, key=_rank)
    on = [plain(name) for name in known if chosen.shown.has(name)]
    servers = [name for name in known if is_appium(name) and not chosen.shown.has(name)]
    off = f"  {_servers(servers)} off" if wide and servers else ""
    written = "".join(f"[{name}]" for name in on) if wide else " ".join(on)
    if len(written) + len(off) <= room or not on:
        return (written or "no log") + off
    short = " ".join(_runs(on))
    if len(short) + len(off) > room:
        off = ""
    return fit(short, min(len(short), max(8, room))) + off


def _rank(name: str) -> int:
    """Workers first, as they are what is read; the sort keeps the order among them."""
    return 0 if name[:1] == "W" and name[1:].isdigit() else 2 if is_appium(name) else 1


def _servers(names: Sequence[str]) -> str:
    first, last = names[0][1:], names[-1][1:]
    return f"appium_{first}" if len(names) == 1 else f"appium_{first}..{last}"


def _runs(names: Sequence[str]) -> list[str]:
    """``W0..9 orch``: neighbours by number as one word."""
    runs: list[tuple[str, int, int] | str] = []
    for name in names:
        letter, number = name[:1], name[1:]
        if not number.isdecimal():
            runs.append(name)
            continue
        last = runs[-1] if runs else ""
        if isinstance(last, tuple) and last[0] == letter and last[2] + 1 == int(number):
            runs[-1] = (letter, last[1], int(number))
        else:
            runs.append((letter, int(number), int(number)))
    return [
        run
        if isinstance(run, str)
        else f"{run[0]}{run[1]}"
        if run[1] == run[2]
        else f"{run[0]}{run[1]}..{run[2]}"
        for run in runs
    ]


def attempt(record: Record, limits: Mapping[str, int]) -> str:
    """``attempt 2 of 3``; empty where the line names none."""
    found = _ATTEMPT.search(record.mentions)
    if found is None:
        return ""
    limit = limits.get(record.job)
    return f"attempt {int(found[1])}" + (f" of {limit}" if limit else "")


def place_row(record: Record | None, limits: Mapping[str, int], now: datetime) -> str:
    """``worker_3.log:20418   job DL3kk2Rt5ye   attempt 2 of 3   10s before now``."""
    if record is None:
        return " up and down choose a line; enter opens its record"
    if record.kind == "notice":
        return f" {plain(record.path.name)}"
    parts = [place(record)]
    if record.job:
        parts.append(f"job {plain(record.job)}")
    if record.key:
        parts.append(plain(record.key))
    parts.append(attempt(record, limits))
    if record.ts is not None:
        parts.append(f"{beat(record.ts, now)} before now")
    return " " + "   ".join(part for part in parts if part)


def hint_row(*, following: bool, held_back: int) -> str:
    """What scrolling does."""
    if following:
        return " scrolling up pauses (0 held back), G follows again"
    return f" paused ({held_back} held back), G follows again; above the first line is older"


def minutes_rows(
    figures: Figures, record: Record | None, limits: Mapping[str, int], now: datetime, width: int
) -> list[str]:
    """The panel of the last sixty minutes."""
    minutes = figures.minutes
    cells = next((cells for cells in (60, 30, 20, 12) if cells <= width - _BESIDE), 10)
    lines = [minute.lines for minute in minutes]
    per_second = sum(lines[-2:]) / (_RATE_SECONDS + now.second + 1)
    rows = [
        _histogram("lines/s", lines, f"now {per_second:.1f}", cells),
        _histogram(
            "errors", [m.errors for m in minutes], str(sum(m.errors for m in minutes)), cells
        ),
        _histogram(
            "warnings", [m.warnings for m in minutes], str(sum(m.warnings for m in minutes)), cells
        ),
        "",
    ]
    if figures.cluster is not None:
        rows.append(cluster_row(figures.cluster, now, width))
    if record is not None and record.job:
        tried = attempt(record, limits)
        rows.append(f"job {plain(record.job)}{', ' * bool(tried)}{tried}   (g job)")
    return rows


def _histogram(name: str, values: Sequence[int], figure: str, cells: int) -> str:
    return f"{name:<8} [{sparkline(values, cells).rjust(cells, '.')}]  {figure}"


def cluster_row(cluster: ErrorCluster, now: datetime, width: int) -> str:
    """``same error twice: W1 11:58, W3 12:04``, with as many of the newest as there is room."""
    times = "twice" if cluster.count == 2 else f"{cluster.count} times"
    start = f"same error {times}: "
    where = ""
    left = cluster.count
    for source, at in reversed(cluster.sightings):
        more = f"{plain(source)} {at.astimezone(now.tzinfo):%H:%M}{', ' * bool(where)}{where}"
        if where and len(start) + len(more) + 3 > width:
            break
        where, left = more, left - 1
    return f"{start}{'.. ' * bool(left)}{where}"

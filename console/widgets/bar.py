"""Counts as pictures of one kind of character each: the jobs of a day, a chart, a small line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import ClassVar, Final

from rich.style import Style

from console.plain import plain
from console.widgets import tones
from console.widgets.chart import Bucket, chart
from console.widgets.painted import Painted
from console.widgets.tones import Run, Tone

_LEAST_BAR: Final = 10
_SIGNS: Final[tuple[tuple[str, Tone], ...]] = (
    ("+", "good"),
    (">", "busy"),
    (".", ""),
    ("~", "warn"),
    ("x", "bad"),
    ("?", "bad"),
    ("-", "dim"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Jobs by who acts next, in the order in which the bar shows them (console-features 6.1)."""

    success: int = 0
    claimed: int = 0
    pending: int = 0
    retrying: int = 0
    """Failed or retrying, and will be tried again."""
    final: int = 0
    doubt: int = 0
    skipped: int = 0


def shares(counts: Sequence[int], width: int) -> list[int]:
    """Cells for each count, in proportion; together ``width``, and none that counts is unseen."""
    total = sum(counts)
    if total <= 0 or width <= 0:
        return [0] * len(counts)
    exact = [count * width / total for count in counts]
    cells = [max(1, int(share)) if count else 0 for count, share in zip(counts, exact, strict=True)]
    while sum(cells) > width:  # more small counts than room for them: the widest give way
        cells[max(range(len(cells)), key=lambda place: cells[place] - exact[place] / width)] -= 1
    while sum(cells) < width:
        cells[max(range(len(cells)), key=lambda place: exact[place] - cells[place])] += 1
    return cells


class ProgressStrip(Painted):
    """The bar of a day's jobs, ``[++++>>...~~xx]``, with a note behind it; 66 bytes to update."""

    PREFIX = "progress-strip"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("progress-strip")
    DEFAULT_CSS = """
    ProgressStrip { height: 1; }
    ProgressStrip > .progress-strip--dim { text-style: dim; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._counts = Counts()
        self._note = ""

    def set_counts(self, counts: Counts, note: str = "") -> None:
        """Show these counts; ``note`` stands behind the bar, such as ``62%   eta 12:38``."""
        self._counts, self._note = counts, plain(note)
        self.redraw()

    def draw(self, y: int, width: int) -> list[Run]:
        """The bar, as long as the note leaves room."""
        if y:
            return []
        note = f"  {self._note}" if self._note else ""
        room = max(_LEAST_BAR, width - 2 - len(note))
        null = Style.null()
        runs = [("[", null)]
        for (sign, tone), cells in zip(_SIGNS, shares(astuple(self._counts), room), strict=True):
            runs.append((sign * cells, self._palette.style(tone)))
        if not any(astuple(self._counts)):
            runs.append((" " * room, null))
        return [*runs, ("]" + note, null)]


class ChartStrip(Painted):
    """Successes above and failures below a line, a column for each span of time."""

    PREFIX = "chart-strip"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("chart-strip")
    DEFAULT_CSS = """
    ChartStrip { height: 8; }
    ChartStrip > .chart-strip--dim { text-style: dim; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._buckets: tuple[Bucket, ...] = ()

    def set_buckets(self, buckets: Sequence[Bucket]) -> None:
        """Show these spans, the oldest first; where room is short, the newest stay."""
        self._buckets = tuple(buckets)
        self.redraw()

    def draw(self, y: int, width: int) -> list[Run]:
        """One row of the chart."""
        rows = chart(self._buckets, width, self.size.height)
        row = rows[y] if y < len(rows) else []
        return [(text, self._palette.style(tone)) for text, tone in row]


def sparkline(values: Sequence[float], width: int) -> str:
    """The values in ``.:|``: nothing, up to half of the largest, more; at most ``width`` long.

    Where there are more values than room, neighbours are added up.
    """
    if width <= 0 or not values:
        return ""
    each = -(-len(values) // width)
    short = -len(values) % each  # the oldest group is the one that is not full
    groups = [sum(values[max(0, at) : at + each]) for at in range(-short, len(values), each)]
    top = max(groups)
    return "".join("." if value <= 0 else ":" if value * 2 <= top else "|" for value in groups)

"""A chart of two figures a span of time, drawn with letters: one up, one down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.plain import fit
from console.widgets.tones import Tone

_AXIS: Final = 7
"""Cells of the figures at the left and of the axis, ``    8 |``."""
_PITCHES: Final = ((6, 2, 2), (3, 0, 2), (2, 0, 1), (1, 0, 1))
"""Cells for a span, blank before its column, and the column's width, from the best to the least."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened in one span of time; ``label`` is when it began, in five characters."""

    label: str
    up: int
    down: int


Row = list[tuple[str, Tone]]


def chart(buckets: Sequence[Bucket], width: int, height: int) -> list[Row]:
    """The rows of the chart, top to bottom: up, the line of nothing, down, and the labels.

    Empty where there is nothing to show, or less than four rows or one span's width for it.
    """
    room = width - _AXIS
    if not buckets or height < 4 or room < 6:
        return []
    pitch, blank, bar = next(
        (kind for kind in _PITCHES if kind[0] * len(buckets) <= room), _PITCHES[-1]
    )
    shown = buckets[-(room // pitch) :]
    most_up = max(bucket.up for bucket in shown)
    most_down = max(bucket.down for bucket in shown)
    step = _step(most_up, most_down, height - 2)

    def column(sign: str) -> str:
        return (" " * blank + sign * bar).ljust(pitch)

    rows: list[Row] = []
    for level in range(-(-most_up // step), 0, -1):
        cells = [column("+" if bucket.up > (level - 1) * step else " ") for bucket in shown]
        rows.append([(f"{level * step:5} |", ""), ("".join(cells), "good")])
    rows.append([(f"{0:5} +" + "-" * (pitch * len(shown)), "")])
    for level in range(1, -(-most_down // step) + 1):
        cells = [column("x" if bucket.down > (level - 1) * step else " ") for bucket in shown]
        rows.append([(f"{-level * step:5} |", ""), ("".join(cells), "bad")])
    every = -(-6 // pitch)
    labels = [fit(bucket.label, 5) + " " * (every * pitch - 5) for bucket in shown[::every]]
    rows.append([(" " * _AXIS + "".join(labels), "dim")])
    return rows


def _step(most_up: int, most_down: int, rows: int) -> int:
    """What one row stands for: 1, 2, 5, 10, 20 ... so that both directions have room."""
    scale = 1
    while True:
        for step in (scale, 2 * scale, 5 * scale):
            if -(-most_up // step) + -(-most_down // step) <= rows:
                return step
        scale *= 10

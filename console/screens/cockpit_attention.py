"""What needs a person: the lines of attention. Values in, text out (console-features 6.5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console.action_table import ACTIONS
from console.screens.cockpit_lines import Pick
from console.screens.cockpit_workers import Clockwork
from console.times import TimeStyle, beat, written
from engine.insight.values import Level

if TYPE_CHECKING:
    from engine.insight.values import Attention, Overview

_ACTING: Final = frozenset(key for action in ACTIONS if action.acts for key in action.keys)
NOTHING: Final = Pick("", Text("nothing needs attention", style="dim"))
_TIME: Final = 8


def waiting(overview: Overview, dismissed: Collection[str]) -> list[Attention]:
    """What is not solved and was not put aside."""
    return [line for line in overview.attention if line.id not in dismissed]


def picks(
    lines: Sequence[Attention],
    clockwork: Clockwork,
    *,
    wide: bool,
    observe: bool = False,
) -> list[Pick]:
    """One row a line: sign, time (wide), words, age; at the right end the keys that help.

    Keys that act are not named where the cockpit only observes: there they do nothing.
    """
    gap = "   " if wide else "  "
    hidden = _ACTING if observe else frozenset[str]()
    return [
        Pick(
            line.id,
            _row(line, clockwork, wide=wide),
            gap.join(f"{key} {word}" for key, word in line.keys if key not in hidden),
        )
        for line in lines
    ]


def _row(line: Attention, clockwork: Clockwork, *, wide: bool) -> Text:
    row = Text("! ", style="bad" if line.level is Level.ALARM else "warn")
    words = Text()
    if wide:
        style, start = clockwork.style, clockwork.start
        moment = written(line.since, style, clockwork.now, start, seconds=True)
        words.append(f"{moment:<{_TIME}}  ")
    words.append(line.text)
    if line.since is not None and not (wide and clockwork.style is TimeStyle.AGE):
        words.append(f" ({beat(line.since, clockwork.now)})", style="dim")
    return Text.assemble(row, words)

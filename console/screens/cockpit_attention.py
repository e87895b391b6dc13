"""What needs a person: the lines of attention, and what happened while nobody looked.

Values in, text out (console-features 6.5, and 4 point 16).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console.action_table import ACTIONS
from console.screens.cockpit_lines import Pick
from console.screens.cockpit_workers import Clockwork
from console.times import TimeStyle, beat, clock, written
from engine.insight.values import Level

if TYPE_CHECKING:
    from engine.insight.values import Attention, Overview

AWAY_SECONDS: Final = 120.0
"""Without a key for so long, the operator has left."""
_ACTING: Final = frozenset(key for action in ACTIONS if action.acts for key in action.keys)
NOTHING: Final = Pick("", Text("nothing needs attention", style="dim"))
_TIME: Final = 8
_TIMES: Final = ("", "once", "twice", "three times", "four times")


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


# -- since you left -------------------------------------------------------------------------------


@dataclass(slots=True)
class Absence:
    """What changed since the operator's last key.

    After two minutes without a key the line tells it; the key that ends the absence lets it stand
    as it was, until he leaves again.
    """

    left_at: datetime | None = None
    before: Overview | None = None
    kept: str = ""

    def key(self, now: datetime, overview: Overview | None) -> None:
        """The operator is here."""
        told = self.line(now, overview)
        if told:
            self.kept = told
        self.left_at, self.before = now, overview

    def line(self, now: datetime, overview: Overview | None) -> str:
        """``since you left at 11:50:  +3 ok  +3 to retry``; empty while there is nothing."""
        if self.left_at is None or self.before is None:
            self.left_at, self.before = now, overview
        if overview is None or self.before is None:
            return ""
        if (now - self.left_at).total_seconds() < AWAY_SECONDS:
            return self.kept
        changes = happened(self.before, overview)
        return f"since you left at {clock(self.left_at, now)}:  {'  '.join(changes) or 'nothing'}"


def happened(before: Overview, after: Overview) -> list[str]:
    """What is different, in words."""
    if before.run_id != after.run_id and after.live:
        return ["another run began"]
    changes = [
        f"+{grown} {word}"
        for word, grown in (
            ("ok", after.by_status.get("success", 0) - before.by_status.get("success", 0)),
            ("to retry", after.to_retry - before.to_retry),
            ("in doubt", after.in_doubt - before.in_doubt),
            ("final", after.final - after.in_doubt - before.final + before.in_doubt),
        )
        if grown > 0
    ]
    if after.live and after.stage > before.stage > 0:
        changes.append(f"{after.labels.stage} {after.stage} began")
    changes += _restarts(before, after)
    if before.word != after.word:
        changes.append(f"{before.word} became {after.word}")
    return changes


def _restarts(before: Overview, after: Overview) -> list[str]:
    earlier = {worker.slot: worker.restarts for worker in before.workers}
    parts: list[str] = []
    for worker in after.workers:
        more = worker.restarts - earlier.get(worker.slot, 0)
        if more > 0:
            times = _TIMES[more] if more < len(_TIMES) else f"{more} times"
            parts.append(f"worker {worker.slot} {'restarted ' * (not parts)}{times}")
    return [", ".join(parts)] if parts else []

"""What happened while nobody looked (console-features 4 point 16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console.times import clock

if TYPE_CHECKING:
    from engine.insight.values import Overview

AWAY_SECONDS: Final = 120.0
"""Without a key for so long, the operator has left."""
_TIMES: Final = ("", "once", "twice", "three times", "four times")


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
    began = after.live and before.run_id != after.run_id
    changes = ["another run began" if before.live else "a run began"] if began else []
    changes += [
        f"+{grown} {word}"
        for word, grown in (
            ("ok", after.by_status.get("success", 0) - before.by_status.get("success", 0)),
            ("to retry", after.to_retry - before.to_retry),
            ("in doubt", after.in_doubt - before.in_doubt),
            ("final", after.final - after.in_doubt - before.final + before.in_doubt),
        )
        if grown > 0
    ]
    if began:
        return changes  # stages, restarts and words of two runs say nothing of each other
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

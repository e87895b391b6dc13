"""Which alarms are new since the last look: each of them rings once (console-features 7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.insight.values import Level

if TYPE_CHECKING:
    from engine.insight.values import Attention


class Alarms:
    """Alarms that stand; what is there at the first look is on the screen and rings not."""

    def __init__(self) -> None:
        self._standing: frozenset[str] | None = None

    def news(self, attention: Iterable[Attention]) -> bool:
        """Whether one of these lines is an alarm that did not stand at the last look."""
        standing = frozenset(line.id for line in attention if line.level is Level.ALARM)
        before, self._standing = self._standing, standing
        return before is not None and not standing <= before
